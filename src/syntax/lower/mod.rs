//! From what the grammar matched to [`ast`](super::ast).

mod charter;
mod conditions;
mod history;
mod items;
mod metrics;
mod rules;
mod sources;
mod template;
pub mod tests;
mod waivers;

use super::ast::{Ident, Str};
use super::parse::{Node, Rule};
use super::scan::Scanned;
use crate::diag::{Code, Diagnostic};
use crate::source::{FileId, Span};

/// Where nodes lie, and where errors go.
pub struct Lower<'a> {
    pub file: FileId,
    pub scanned: &'a Scanned<'a>,
    /// Where the scanned text begins in the file.
    pub origin: usize,
    /// Where the part that was read begins in the scanned text.
    pub part: usize,
    pub errors: &'a mut Vec<Diagnostic>,
}

impl<'a> Lower<'a> {
    /// The place of a node, without the blanks and remarks behind it.
    pub(in crate::syntax) fn span(&self, node: &Node<'_>) -> Span {
        let span = node.as_span();
        let (start, end) = (self.part + span.start(), self.part + span.end());
        // A remark has a line end behind it, but for one that ends the text.
        let (text, last) = (node.get_input(), node.as_str().bytes().next_back());
        let is_trimmed = span.end() < text.len() && last.is_some_and(|b| !b.is_ascii_whitespace());
        let end = if is_trimmed { end } else { self.scanned.trim_end(start, end) };
        Span::new(self.file, self.origin + start, self.origin + end)
    }

    /// The place of a node that is one word or sign.
    fn word_span(&self, node: &Node<'_>) -> Span {
        let (span, base) = (node.as_span(), self.origin + self.part);
        Span::new(self.file, base + span.start(), base + span.end())
    }

    fn ident(&self, node: &Node<'_>) -> Ident {
        Ident { text: node.as_str().to_owned(), span: self.word_span(node) }
    }

    /// A dotted path: the words in it.
    fn path(&self, node: Node<'_>) -> Vec<Ident> {
        node.into_inner().filter(|n| n.as_rule() != Rule::dot).map(|n| self.ident(&n)).collect()
    }

    /// A text without its quotes and backslashes.
    fn string(&mut self, node: &Node<'_>) -> Str {
        let span = self.word_span(node);
        let text = self.unescape(inner_text(node.as_str()), span.start as usize + 1);
        Str { text, span }
    }

    /// `at` is where `raw` begins in the file.
    fn unescape(&mut self, raw: &str, at: usize) -> String {
        if !raw.contains('\\') {
            return raw.to_owned();
        }
        let mut text = String::with_capacity(raw.len());
        let mut chars = raw.char_indices();
        while let Some((i, c)) = chars.next() {
            if c != '\\' {
                text.push(c);
                continue;
            }
            match chars.next() {
                Some((_, c @ ('"' | '\\'))) => text.push(c),
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, c)) => {
                    let span = Span::new(self.file, at + i, at + i + 1 + c.len_utf8());
                    self.error(
                        Diagnostic::error(
                            Code::SyntaxError,
                            format!("`\\{c}` has no meaning in a text"),
                            span,
                            "not known",
                        )
                        .help(format!(
                            "in a text there are `\\\"`, `\\\\`, `\\n` and `\\t`; a backslash itself is written `\\\\`: `\\\\{c}`"
                        ))
                        .fix("write the backslash twice", span, format!("\\\\{c}")),
                    );
                }
                None => {}
            }
        }
        text
    }

    /// The `///` lines directly before a node.
    fn doc(&self, node: &Node<'_>) -> Option<String> {
        self.scanned.doc_before(self.part + node.as_span().start())
    }

    fn error(&mut self, diagnostic: Diagnostic) {
        self.errors.push(diagnostic);
    }
}

/// Without the first and last sign.
fn inner_text(quoted: &str) -> &str {
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default()
}

/// The first node inside of this rule.
fn child<'t>(node: &Node<'t>, rule: Rule) -> Option<Node<'t>> {
    node.clone().into_inner().find(|n| n.as_rule() == rule)
}
