//! `because "{actor.name} sent {size}"`: a text with expressions in it.

use super::{Lower, inner_text};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Template, TemplatePart};
use crate::syntax::explain;
use crate::syntax::parse::{Node, Rule, read};
use crate::syntax::scan::scan;
use crate::syntax::split;

impl Lower<'_> {
    pub(super) fn template(&mut self, node: &Node<'_>) -> Template {
        let span = self.word_span(node);
        let raw = inner_text(node.as_str());
        let start = span.start as usize + 1;
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut at = 0;
        while at < raw.len() {
            let rest = &raw[at..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                text.push_str(&rest[..1]);
                at += 2;
            } else if let Some(inner) = rest.strip_prefix('{') {
                let Some(len) = inner.find(['{', '}']).filter(|&i| inner.as_bytes()[i] == b'}') else {
                    self.brace(Span::new(self.file, start + at, start + at + 1), "{");
                    break;
                };
                if !text.is_empty() {
                    parts.push(TemplatePart::Text(std::mem::take(&mut text)));
                }
                parts.push(TemplatePart::Expr(self.inserted(&inner[..len], start + at + 1)));
                at += len + 2;
            } else if rest.starts_with('}') {
                self.brace(Span::new(self.file, start + at, start + at + 1), "}");
                at += 1;
            } else {
                let len = rest.find(['{', '}']).unwrap_or(rest.len());
                text += &self.unescape(&rest[..len], start + at);
                at += len;
            }
        }
        if !text.is_empty() {
            parts.push(TemplatePart::Text(text));
        }
        Template { parts, span }
    }

    /// A brace that opens or closes nothing.
    fn brace(&mut self, span: Span, sign: &str) {
        let error = if sign == "{" {
            Diagnostic::error(Code::SyntaxError, "`{` without its `}` in a text", span, "opened here")
        } else {
            Diagnostic::error(Code::SyntaxError, "`}` without its `{` in a text", span, "closes nothing")
        };
        self.error(
            error
                .help(format!("`{{actor.name}}` puts a value in; the sign itself is written twice: `{sign}{sign}`"))
                .fix("write the sign twice", span, sign.repeat(2)),
        );
    }

    fn inserted(&mut self, text: &str, origin: usize) -> Expr {
        let scanned = scan(text);
        let span = Span::new(self.file, origin, origin + text.len());
        let failed = Expr { kind: ExprKind::Error, span };
        if let Some(deep) = split::deepest(&scanned, 0..scanned.tokens.len() - 1, split::MAX_DEPTH) {
            self.error(split::too_deep(Span::new(self.file, origin + deep, origin + deep + 1), split::MAX_DEPTH));
            return failed;
        }
        match read(Rule::only_expr, text) {
            Ok(nodes) => {
                let mut lower =
                    Lower { file: self.file, scanned: &scanned, origin, part: 0, errors: &mut *self.errors };
                nodes.into_iter().find(|n| n.as_rule() == Rule::expr).map_or(failed, |node| lower.expr(node))
            }
            Err(failure) => {
                let place = explain::Place { file: self.file, scanned: &scanned, origin };
                let error = explain::inserted(&place, &failure);
                self.error(error);
                failed
            }
        }
    }
}
