//! The charter.

use super::{Lower, child};
use crate::syntax::ast::{CharterItem, CharterKind, CharterLine, Ident};
use crate::syntax::parse::{Node, Rule};

impl Lower<'_> {
    pub(super) fn charter(&mut self, node: Node<'_>) -> Option<CharterItem> {
        let mut item = self.charter_head(&child(&node, Rule::charter_head)?);
        for node in node.into_inner() {
            item.lines.extend(self.charter_line(node));
        }
        Some(item)
    }

    pub fn charter_head(&mut self, node: &Node<'_>) -> CharterItem {
        CharterItem { title: child(node, Rule::string).map(|n| self.string(&n)), lines: Vec::new() }
    }

    /// None for what is no line: the head and braces.
    pub fn charter_line(&mut self, node: Node<'_>) -> Option<CharterLine> {
        let span = self.span(&node);
        let kind = match node.as_rule() {
            Rule::exempt_line => CharterKind::NoOneExempt,
            Rule::every_line if child(&node, Rule::kw_cites).is_some() => CharterKind::EveryRuleCites,
            Rule::every_line => CharterKind::EveryRuleIsTested,
            Rule::waivers_line => CharterKind::WaiversAtMost(self.expr(child(&node, Rule::sum_expr)?)),
            Rule::self_line => CharterKind::NoSelfApproval(self.paths(node)),
            Rule::severity_line => {
                let mut words = node.into_inner().filter(|n| n.as_rule() == Rule::word).map(|n| self.ident(&n));
                CharterKind::SeverityHas { severity: words.next()?, clause: words.next()? }
            }
            Rule::rank_line => CharterKind::RankIs(self.paths(node)),
            _ => return None,
        };
        Some(CharterLine { kind, span })
    }

    fn paths(&self, node: Node<'_>) -> Vec<Vec<Ident>> {
        node.into_inner().filter(|n| n.as_rule() == Rule::path).map(|n| self.path(n)).collect()
    }
}
