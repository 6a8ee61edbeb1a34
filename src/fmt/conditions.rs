//! Conditions and values: lines end before operators, `where`, keys and windows.

use super::page::Indent;
use super::write::{Gap, Writer, parts};
use crate::syntax::{SyntaxElement, SyntaxKind as K, SyntaxNode};

impl Writer<'_> {
    /// The parts of a node, one after the other.
    pub fn walk(&mut self, node: &SyntaxNode) {
        for part in parts(node) {
            self.part(&part);
        }
    }

    pub fn part(&mut self, part: &SyntaxElement) {
        match part {
            SyntaxElement::Token(_) => self.token(),
            SyntaxElement::Node(node) => self.node(node),
        }
    }

    pub fn node(&mut self, node: &SyntaxNode) {
        match node.kind() {
            K::Expr | K::SumExpr if is_sole_set(node) => self.walk(node),
            K::Expr | K::SumExpr => {
                self.open_here(0);
                self.operators(node);
                self.close();
            }
            K::MapCond => {
                self.open_here(0);
                self.joints(node);
                self.close();
            }
            K::MapExpr => self.alternatives(node, "??"),
            K::CastWord => {
                self.open_here(2);
                self.alternatives(node, "|");
                self.close();
            }
            K::Paren | K::MapParen | K::MapTest => self.brackets(node),
            K::HistoryCall | K::MedianCall => self.brackets(node),
            K::History | K::Step => {
                self.open_here(2);
                self.history(node);
                self.close();
            }
            K::Filter => self.filter(node),
            K::Call | K::MapCall => self.call(node),
            K::Set
            | K::EnumBody
            | K::GivenList
            | K::GivenFields
            | K::CastWords
            | K::Fields
            | K::DefineParams
            | K::LaterValues => self.list(node),
            K::Grid => self.grid(node),
            _ => self.walk(node),
        }
    }

    /// Operands and what stands between them. Where lines end before several operators, those that bind least come
    /// first.
    fn operators(&mut self, node: &SyntaxNode) {
        let mut after_operand = false;
        for part in parts(node) {
            if let (true, Some(token)) = (after_operand, part.as_token()) {
                let (rank, deeper) = match token.text() {
                    "or" => (0, 0),
                    "and" => (1, 0),
                    "??" => (3, 2),
                    "+" | "-" => (4, 2),
                    "*" | "/" => (5, 2),
                    _ => (2, 2),
                };
                self.gap(Gap::Break { rank, deeper });
            }
            after_operand = part.as_node().is_some() || part.kind() == K::Regex;
            match part.as_node().filter(|n| n.kind() == K::SumExpr || n.kind() == K::Expr) {
                Some(inner) => self.operators(inner),
                None => self.part(&part),
            }
        }
    }

    /// `and` and `or` between the tests of a source.
    fn joints(&mut self, node: &SyntaxNode) {
        for part in parts(node) {
            if part.as_token().is_some_and(|t| matches!(t.text(), "and" | "or")) {
                self.gap(Gap::Break { rank: u8::from(part.as_token().is_some_and(|t| t.text() == "and")), deeper: 0 });
            }
            self.part(&part);
        }
    }

    /// Values, of which the first that is there counts, or words for one value.
    fn alternatives(&mut self, node: &SyntaxNode, between: &str) {
        for part in parts(node) {
            if part.as_token().is_some_and(|t| t.text() == between) {
                self.gap(Gap::Break { rank: 0, deeper: if between == "|" { 0 } else { 2 } });
            }
            self.part(&part);
        }
    }

    /// What stands in parentheses is aligned behind the opening one.
    fn brackets(&mut self, node: &SyntaxNode) {
        let mut open = false;
        for part in parts(node) {
            match part.kind() {
                K::OpenParen => {
                    self.token();
                    self.open(Indent::Here(0));
                    open = true;
                }
                K::CloseParen => {
                    self.lead();
                    if std::mem::take(&mut open) {
                        self.close();
                    }
                    self.token();
                }
                K::Expr => self.operators_of(&part),
                K::MapCond => {
                    if let Some(node) = part.as_node() {
                        self.joints(node);
                    }
                }
                _ => self.history_part(&part),
            }
        }
    }

    fn operators_of(&mut self, part: &SyntaxElement) {
        if let Some(node) = part.as_node() {
            self.operators(node);
        }
    }

    /// Which records, and those that count.
    pub fn history(&mut self, node: &SyntaxNode) {
        for part in parts(node) {
            self.history_part(&part);
        }
    }

    pub fn history_part(&mut self, part: &SyntaxElement) {
        match part.kind() {
            K::Filter => self.gap(Gap::Break { rank: 0, deeper: 0 }),
            K::Keys | K::Window | K::PerPeriod | K::SequenceWithin => self.gap(Gap::Break { rank: 1, deeper: 0 }),
            _ => {}
        }
        self.part(part);
    }

    /// `where …`: the lines of its condition are indented under it.
    fn filter(&mut self, node: &SyntaxNode) {
        self.open_here(2);
        for part in parts(node) {
            match part.kind() {
                K::Expr => self.operators_of(&part),
                _ => self.part(&part),
            }
        }
        self.close();
    }

    fn call(&mut self, node: &SyntaxNode) {
        let name = self.upcoming().text;
        let is_history =
            matches!(name, "count" | "sum" | "min" | "max" | "avg" | "distinct" | "first" | "last" | "median");
        for part in parts(node) {
            if part.kind() == K::OpenParen {
                // A function of such a name is one only where the parenthesis is not on its line.
                if is_history && self.upcoming().begins_line() {
                    self.gap(Gap::Hard);
                }
                self.list_from(node, K::OpenParen);
                return;
            }
            self.part(&part);
        }
    }
}

/// A set and nothing else: its lines are not aligned with its brace.
pub fn is_sole_set(node: &SyntaxNode) -> bool {
    let mut inner = parts(node);
    let (Some(first), None) = (inner.next(), inner.next()) else { return false };
    let Some(operand) = first.as_node().filter(|n| n.kind() == K::Operand) else { return false };
    let mut of = parts(operand);
    of.next().is_some_and(|e| e.kind() == K::Set) && of.next().is_none()
}
