//! Waivers.

use super::{Lower, child};
use crate::syntax::ast::{Cover, Str, WaiveClause, WaiveClauseKind, WaiveItem};
use crate::syntax::parse::{Node, Rule};

impl Lower<'_> {
    pub(super) fn waive(&mut self, node: Node<'_>) -> Option<WaiveItem> {
        let mut item = self.waive_head(&child(&node, Rule::waive_head)?)?;
        for node in node.into_inner() {
            item.clauses.extend(self.waive_clause(node));
        }
        Some(item)
    }

    pub fn waive_head(&mut self, node: &Node<'_>) -> Option<WaiveItem> {
        let mut covers = Vec::new();
        for cover in node.clone().into_inner().filter(|n| n.as_rule() == Rule::waive_cover) {
            let field = self.path_expr(child(&cover, Rule::path)?);
            let value = self.expr(child(&cover, Rule::sum_expr)?);
            covers.push(Cover { field, value, span: self.span(&cover) });
        }
        Some(WaiveItem { rule: self.head_name(node)?, covers, clauses: Vec::new() })
    }

    /// None for what is no clause: the head and braces.
    pub fn waive_clause(&mut self, node: Node<'_>) -> Option<WaiveClause> {
        let keyword = self.word_span(&node.clone().into_inner().next()?);
        let kind = match node.as_rule() {
            Rule::from_clause => WaiveClauseKind::From(self.expr(child(&node, Rule::sum_expr)?)),
            Rule::until_clause => WaiveClauseKind::Until(self.expr(child(&node, Rule::sum_expr)?)),
            Rule::approved_clause => WaiveClauseKind::ApprovedBy(match child(&node, Rule::string) {
                Some(text) => self.string(&text),
                None => {
                    let number = child(&node, Rule::number)?;
                    Str { text: number.as_str().replace('_', ""), span: self.word_span(&number) }
                }
            }),
            Rule::reason_clause => WaiveClauseKind::Reason(self.string(&child(&node, Rule::string)?)),
            _ => return None,
        };
        Some(WaiveClause { kind, keyword })
    }
}
