//! `test` items.

use super::{Lower, child};
use crate::syntax::ast::{Expr, ExprKind, GivenField, GivenValue, TestClause, TestItem};
use crate::syntax::parse::{Node, Rule};

impl Lower<'_> {
    pub(super) fn test(&mut self, node: Node<'_>) -> Option<TestItem> {
        let mut test = self.test_head(&child(&node, Rule::test_head)?)?;
        for node in node.into_inner() {
            test.clauses.extend(self.test_clause(node));
        }
        Some(test)
    }

    pub fn test_head(&mut self, node: &Node<'_>) -> Option<TestItem> {
        Some(TestItem { title: self.string(&child(node, Rule::string)?), clauses: Vec::new() })
    }

    /// None for what is no clause: the head and braces of a test.
    pub fn test_clause(&mut self, node: Node<'_>) -> Option<TestClause> {
        let span = self.span(&node);
        Some(match node.as_rule() {
            Rule::given_clause => TestClause::Given {
                kind: self.head_name(&node)?,
                alias: child(&node, Rule::alias).and_then(|n| self.alias(&n)),
                fields: self.given_fields(child(&node, Rule::given_fields)?),
                span,
            },
            Rule::as_of_clause => TestClause::AsOf(self.expr(child(&node, Rule::expr)?)),
            Rule::set_clause => {
                TestClause::Set { param: self.head_name(&node)?, value: self.expr(child(&node, Rule::expr)?) }
            }
            Rule::expect_clause => {
                let what = node.into_inner().nth(1)?;
                match what.as_rule() {
                    Rule::nothing_else => TestClause::NothingElse(span),
                    Rule::message => TestClause::Message(self.string(&child(&what, Rule::string)?)),
                    _ => {
                        let words = what.into_inner().filter(|n| n.as_rule() == Rule::word);
                        let mut words = words.map(|n| self.ident(&n));
                        TestClause::Expect { verdict: words.next()?, rule: words.next()?, on: words.next(), span }
                    }
                }
            }
            _ => return None,
        })
    }

    fn given_fields(&mut self, node: Node<'_>) -> Vec<GivenField> {
        node.into_inner().filter_map(|n| self.given_field(n)).collect()
    }

    pub fn given_field(&mut self, node: Node<'_>) -> Option<GivenField> {
        if node.as_rule() != Rule::given_field {
            return None;
        }
        let span = self.span(&node);
        let name = self.head_name(&node)?;
        let value = node.into_inner().nth(2)?;
        let place = self.span(&value);
        let value = match value.as_rule() {
            Rule::malformed => GivenValue::Malformed(self.string(&child(&value, Rule::string)?)),
            Rule::given_fields => GivenValue::Record(self.given_fields(value)),
            Rule::given_list => GivenValue::List(self.list(value).0, place),
            Rule::expr => GivenValue::Expr(self.expr(value)),
            _ => GivenValue::Expr(Expr { kind: ExprKind::Error, span: place }),
        };
        Some(GivenField { name, value, span })
    }

    /// What stands before the fields of a `given` whose fields do not all fit.
    pub fn given_head(&mut self, nodes: &mut dyn Iterator<Item = Node<'_>>) -> Option<TestClause> {
        let (mut kind, mut alias) = (None, None);
        for node in nodes {
            match node.as_rule() {
                Rule::word => kind = Some(self.ident(&node)),
                Rule::alias => alias = self.alias(&node),
                _ => {}
            }
        }
        let kind = kind?;
        Some(TestClause::Given { span: kind.span, kind, alias, fields: Vec::new() })
    }
}
