//! Expressions: from a row of operands and operators to a tree by precedence.

use super::{Lower, inner_text};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{ArithOp, CompareOp, Expr, ExprKind, Str, TextOp};
use crate::syntax::parse::{Node, Rule};
use crate::syntax::split::MAX_DEPTH;

/// An expression and how high its tree is, so that no later pass can run out of stack.
pub(super) struct Built {
    pub expr: Expr,
    height: usize,
    /// A comparison or an `and`, `or` that is not in parentheses.
    bare: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Op {
    Or,
    And,
    Not,
    Compare(CompareOp),
    In { negated: bool },
    Text(TextOp),
    Overlaps,
    Under,
    Coalesce,
    Arith(ArithOp),
    Neg,
}

impl Op {
    /// A higher one binds more tightly.
    fn power(self) -> u8 {
        match self {
            Op::Or => 1,
            Op::And => 2,
            Op::Not => 3,
            Op::Compare(_) | Op::In { .. } | Op::Text(_) | Op::Overlaps | Op::Under => COMPARISON,
            Op::Coalesce => 5,
            Op::Arith(ArithOp::Add | ArithOp::Sub) => 6,
            Op::Arith(ArithOp::Mul | ArithOp::Div) => 7,
            Op::Neg => 8,
        }
    }

    fn infix(text: &str) -> Op {
        match text {
            "or" => Op::Or,
            "and" => Op::And,
            "==" => Op::Compare(CompareOp::Eq),
            "!=" => Op::Compare(CompareOp::Ne),
            "<" => Op::Compare(CompareOp::Lt),
            "<=" => Op::Compare(CompareOp::Le),
            ">" => Op::Compare(CompareOp::Gt),
            ">=" => Op::Compare(CompareOp::Ge),
            "in" => Op::In { negated: false },
            "starts_with" => Op::Text(TextOp::StartsWith),
            "ends_with" => Op::Text(TextOp::EndsWith),
            "contains" => Op::Text(TextOp::Contains),
            "overlaps" => Op::Overlaps,
            "in_domain" => Op::Text(TextOp::InDomain),
            "under" => Op::Under,
            "??" => Op::Coalesce,
            "+" => Op::Arith(ArithOp::Add),
            "-" => Op::Arith(ArithOp::Sub),
            "*" => Op::Arith(ArithOp::Mul),
            "/" => Op::Arith(ArithOp::Div),
            // `not in`, whatever blanks are between
            _ => Op::In { negated: true },
        }
    }
}

const COMPARISON: u8 = 4;

struct Pending {
    op: Op,
    span: Span,
    ignoring_case: bool,
}

/// Operands and operators that wait for what follows.
#[derive(Default)]
struct Stack {
    operands: Vec<Built>,
    operators: Vec<Pending>,
}

impl Lower<'_> {
    pub(in crate::syntax) fn expr(&mut self, node: Node<'_>) -> Expr {
        self.built(node).expr
    }

    /// A row of operands and operators: `expr`, `sum_expr`.
    pub(super) fn built(&mut self, node: Node<'_>) -> Built {
        // what nests, nests through here
        stacker::maybe_grow(128 << 10, 1 << 20, || self.by_precedence(node))
    }

    fn by_precedence(&mut self, node: Node<'_>) -> Built {
        let whole = self.span(&node);
        let mut stack = Stack::default();
        let mut nodes = node.into_inner().peekable();
        while let Some(node) = nodes.next() {
            match node.as_rule() {
                Rule::prefix | Rule::minus => {
                    let op = if node.as_str() == "-" { Op::Neg } else { Op::Not };
                    stack.operators.push(Pending { op, span: self.word_span(&node), ignoring_case: false });
                }
                Rule::operand => {
                    let operand = self.operand(node);
                    stack.operands.push(operand);
                }
                Rule::infix | Rule::arith_op => {
                    let op = Op::infix(node.as_str());
                    self.reduce(&mut stack, op.power());
                    stack.operators.push(Pending { op, span: self.word_span(&node), ignoring_case: false });
                }
                Rule::matches => {
                    self.reduce(&mut stack, COMPARISON);
                    let Some(regex) = nodes.next() else { break };
                    let ignoring_case = nodes.next_if(|n| n.as_rule() == Rule::ignoring_case).is_some();
                    let pattern = self.regex(&regex);
                    if let Some(left) = stack.operands.pop() {
                        let built = self.matches(left, pattern, ignoring_case);
                        stack.operands.push(built);
                    }
                }
                Rule::ignoring_case => {
                    self.reduce(&mut stack, COMPARISON + 1);
                    match stack.operators.last_mut() {
                        Some(pending) if pending.op.power() == COMPARISON => pending.ignoring_case = true,
                        _ => self.misplaced_ignoring_case(&node),
                    }
                }
                _ => {}
            }
        }
        self.reduce(&mut stack, 0);
        stack.operands.pop().unwrap_or_else(|| Built::error(whole))
    }

    fn misplaced_ignoring_case(&mut self, node: &Node<'_>) {
        let span = self.span(node);
        self.error(
            Diagnostic::error(Code::SyntaxError, "`ignoring case` without a comparison before it", span, "not here")
                .help("it stands after a comparison of texts: `name == \"cash\" ignoring case`"),
        );
    }

    /// Applies the waiting operators that bind at least as tightly as `power`.
    fn reduce(&mut self, stack: &mut Stack, power: u8) {
        while let Some(pending) = stack.operators.pop_if(|p| p.op.power() >= power) {
            let Some(right) = stack.operands.pop() else { return };
            let built = match pending.op {
                Op::Not | Op::Neg => self.unary(pending, right),
                _ => {
                    let Some(left) = stack.operands.pop() else { return };
                    self.binary(pending, left, right)
                }
            };
            stack.operands.push(built);
        }
    }

    fn unary(&mut self, pending: Pending, of: Built) -> Built {
        let span = pending.span.to(of.expr.span);
        let height = of.height;
        let of = Box::new(of.expr);
        let kind = if pending.op == Op::Not { ExprKind::Not(of) } else { ExprKind::Neg(of) };
        self.build(kind, span, height, false)
    }

    fn binary(&mut self, pending: Pending, left: Built, right: Built) -> Built {
        let Pending { op, span: op_span, ignoring_case } = pending;
        let span = left.expr.span.to(right.expr.span);
        if op.power() == COMPARISON && (left.is_bare_comparison() || right.is_bare_comparison()) {
            return self.chained(left, right, span, op_span);
        }
        let height = left.height.max(right.height);
        let (left_height, left_bare, right_height) = (left.height, left.bare, right.height);
        let (left, right) = (left.expr, right.expr);
        match (op, left.kind) {
            (Op::And, ExprKind::And(mut parts)) if left_bare => {
                parts.push(right);
                self.build(ExprKind::And(parts), span, (left_height - 1).max(right_height), true)
            }
            (Op::Or, ExprKind::Or(mut parts)) if left_bare => {
                parts.push(right);
                self.build(ExprKind::Or(parts), span, (left_height - 1).max(right_height), true)
            }
            (op, kind) => {
                let left = Expr { kind, span: left.span };
                let kind = match op {
                    Op::And => ExprKind::And(vec![left, right]),
                    Op::Or => ExprKind::Or(vec![left, right]),
                    Op::Compare(op) => {
                        ExprKind::Compare { op, op_span, left: Box::new(left), right: Box::new(right), ignoring_case }
                    }
                    Op::In { negated } => {
                        ExprKind::In { item: Box::new(left), set: Box::new(right), negated, ignoring_case }
                    }
                    Op::Text(op) => {
                        ExprKind::TextTest { op, op_span, left: Box::new(left), right: Box::new(right), ignoring_case }
                    }
                    Op::Overlaps => {
                        ExprKind::Overlaps { op_span, left: Box::new(left), right: Box::new(right), ignoring_case }
                    }
                    Op::Coalesce => ExprKind::Coalesce(Box::new(left), Box::new(right)),
                    Op::Arith(op) => ExprKind::Arith { op, op_span, left: Box::new(left), right: Box::new(right) },
                    Op::Under => ExprKind::Under { op_span, left: Box::new(left), right: Box::new(right) },
                    Op::Not | Op::Neg => ExprKind::Error,
                };
                self.build(kind, span, height, true)
            }
        }
    }

    fn matches(&mut self, left: Built, pattern: Str, ignoring_case: bool) -> Built {
        let span = left.expr.span.to(pattern.span);
        let height = left.height;
        self.build(ExprKind::Matches { left: Box::new(left.expr), pattern, ignoring_case }, span, height, true)
    }

    /// `a < b < c`
    fn chained(&mut self, left: Built, right: Built, span: Span, op_span: Span) -> Built {
        let help = match &left.expr.kind {
            ExprKind::Compare { right: middle, .. } => {
                let text = |span: Span| self.text(span);
                format!(
                    "write `{} and {} {} {}`",
                    text(left.expr.span),
                    text(middle.span),
                    text(op_span),
                    text(right.expr.span)
                )
            }
            _ => "put one of them in parentheses, or join them with `and`".to_owned(),
        };
        self.error(
            Diagnostic::error(Code::SyntaxError, "comparisons do not chain", op_span, "a second comparison")
                .label(left.expr.span, "the first")
                .help(help),
        );
        Built::error(span)
    }

    /// The text of a place in this file.
    pub(super) fn text(&self, span: Span) -> &str {
        let range = span.range();
        self.scanned.text.get(range.start.wrapping_sub(self.origin)..range.end.wrapping_sub(self.origin)).unwrap_or("")
    }

    /// Puts a node on operands of this height.
    fn build(&mut self, kind: ExprKind, span: Span, height: usize, bare: bool) -> Built {
        if height < MAX_DEPTH {
            return Built { expr: Expr { kind, span }, height: height + 1, bare };
        }
        if height < TOLD {
            self.error(super::super::split::too_deep(span, MAX_DEPTH));
        }
        Built { expr: Expr { kind: ExprKind::Error, span }, height: TOLD, bare: false }
    }

    /// A value with its fields and question marks.
    pub(super) fn operand(&mut self, node: Node<'_>) -> Built {
        let whole = self.span(&node);
        let mut nodes = node.into_inner();
        let mut built = match nodes.next() {
            Some(primary) => self.primary(primary),
            None => return Built::error(whole),
        };
        for node in nodes {
            let end = self.word_span(&node);
            let span = built.expr.span.to(end);
            let height = built.height;
            let of = Box::new(built.expr);
            let kind = match node.as_rule() {
                Rule::word => ExprKind::Field { of, name: self.ident(&node) },
                Rule::optional => ExprKind::Optional(of),
                Rule::presence => ExprKind::Present { of, negated: node.as_str() == "absent" },
                // the dot before a field's name
                _ => {
                    built.expr = *of;
                    continue;
                }
            };
            built = self.build(kind, span, height, false);
        }
        built
    }

    fn primary(&mut self, node: Node<'_>) -> Built {
        let span = self.span(&node);
        let leaf = |kind| Built { expr: Expr { kind, span }, height: 1, bare: false };
        match node.as_rule() {
            Rule::name => leaf(ExprKind::Name(self.ident(&node))),
            Rule::string | Rule::sole_text => leaf(ExprKind::Text(self.string(&node).text)),
            Rule::bool => leaf(ExprKind::Bool(node.as_str() == "true")),
            Rule::number => leaf(ExprKind::Number(self.number(&node))),
            Rule::date => leaf(ExprKind::Date(node.as_str().to_owned())),
            Rule::timestamp => leaf(ExprKind::Timestamp(node.as_str().to_owned())),
            Rule::quantity | Rule::length => leaf(self.quantity(node)),
            Rule::percent => {
                let number = node.into_inner().next();
                leaf(ExprKind::Percent(number.map(|n| self.number(&n)).unwrap_or_default()))
            }
            Rule::paren => {
                let inner = node.into_inner().find(|n| n.as_rule() == Rule::expr);
                let mut built = inner.map_or_else(|| Built::error(span), |n| self.built(n));
                built.expr.span = span;
                built.bare = false;
                built
            }
            Rule::set => {
                let (parts, height) = self.list(node);
                self.build(ExprKind::Set(parts), span, height, false)
            }
            Rule::call => {
                let name = node.clone().into_inner().next().map(|n| self.ident(&n));
                let (args, height) = self.list(node);
                match name {
                    Some(name) => self.build(ExprKind::Call { name, args }, span, height, false),
                    None => Built::error(span),
                }
            }
            Rule::history | Rule::history_call | Rule::median_call => {
                let (history, height) = match node.as_rule() {
                    Rule::median_call => self.median(node),
                    _ => self.history(node),
                };
                match history {
                    Some(history) => self.build(ExprKind::History(Box::new(history)), span, height, false),
                    None => Built::error(span),
                }
            }
            Rule::every_of => {
                let height = node.as_str().matches('.').count().min(MAX_DEPTH) + 3;
                let Expr { kind, span } = self.every_of(node);
                self.build(kind, span, height - 1, false)
            }
            _ => Built::error(span),
        }
    }

    /// `every manager of actor`
    pub(super) fn every_of(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(&node);
        let (mut column, mut of) = (Vec::new(), None);
        for node in node.into_inner() {
            match (node.as_rule(), &of) {
                (Rule::path, _) if column.is_empty() => column = self.path(node),
                (Rule::path, _) => of = Some(self.path_expr(node)),
                (Rule::optional, Some(_)) => {
                    let end = self.word_span(&node);
                    of = of.map(|e: Expr| Expr { span: e.span.to(end), kind: ExprKind::Optional(Box::new(e)) });
                }
                _ => {}
            }
        }
        match of {
            Some(of) => Expr { kind: ExprKind::Every { column, of: Box::new(of) }, span },
            None => Expr { kind: ExprKind::Error, span },
        }
    }

    /// The expressions in a set, call or list, and the height of the highest.
    pub(super) fn list(&mut self, node: Node<'_>) -> (Vec<Expr>, usize) {
        let mut height = 0;
        let nodes = node.into_inner();
        // Every other is a comma or a bracket.
        let mut parts = Vec::with_capacity(nodes.len() / 2);
        for node in nodes {
            let built = match node.as_rule() {
                Rule::expr => self.built(node),
                Rule::sole_text => self.primary(node),
                _ => continue,
            };
            height = height.max(built.height);
            parts.push(built.expr);
        }
        (parts, height)
    }

    /// `30 days`, or a bare number.
    fn quantity(&mut self, node: Node<'_>) -> ExprKind {
        let mut nodes = node.into_inner();
        let number = nodes.next().map(|n| self.number(&n)).unwrap_or_default();
        match nodes.next() {
            Some(unit) => ExprKind::Quantity { number, unit: self.ident(&unit) },
            None => ExprKind::Number(number),
        }
    }

    /// The digits without `_`.
    pub(super) fn number(&mut self, node: &Node<'_>) -> String {
        let text = node.as_str();
        if text.len() > 1 && text.starts_with('0') && !text.starts_with("0.") {
            self.leading_zero(node);
        }
        text.replace('_', "")
    }

    fn leading_zero(&mut self, node: &Node<'_>) {
        let span = self.word_span(node);
        let before = &self.scanned.text[..span.start as usize - self.origin];
        let head = before.strip_suffix(',').unwrap_or("");
        let digits = head.len() - head.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_').len();
        let error = if digits > 0 {
            let whole = Span { start: span.start - 1 - digits as u32, ..span };
            let joined = format!("{}_{}", &head[head.len() - digits..], node.as_str());
            Diagnostic::error(Code::SyntaxError, "a comma does not group the digits of a number", whole, "two numbers")
                .help(format!("write `{joined}`"))
                .fix("group the digits with `_`", whole, joined)
        } else {
            let digits = node.as_str().trim_start_matches(['0', '_']);
            let digits = if digits.is_empty() { "0" } else { digits };
            Diagnostic::error(Code::SyntaxError, "a number does not begin with `0`", span, "digits of no meaning").help(
                format!("write `{digits}`, or `\"{}\"` where it is a text, such as a number in a form", node.as_str()),
            )
        };
        self.error(error);
    }

    /// A pattern without its slashes.
    pub(super) fn regex(&self, node: &Node<'_>) -> Str {
        let mut text = String::new();
        let mut chars = inner_text(node.as_str()).chars();
        while let Some(c) = chars.next() {
            match (c, chars.clone().next()) {
                ('\\', Some('/')) => {}
                ('\\', Some(next)) => {
                    text.extend([c, next]);
                    chars.next();
                }
                _ => text.push(c),
            }
        }
        Str { text, span: self.word_span(node) }
    }
}

/// The height of what was too high; its error has been told.
const TOLD: usize = MAX_DEPTH + 1;

impl Built {
    pub(super) fn error(span: Span) -> Built {
        Built { expr: Expr { kind: ExprKind::Error, span }, height: 1, bare: false }
    }

    pub(super) fn height(&self) -> usize {
        self.height
    }

    fn is_bare_comparison(&self) -> bool {
        self.bare
            && matches!(
                self.expr.kind,
                ExprKind::Compare { .. }
                    | ExprKind::In { .. }
                    | ExprKind::TextTest { .. }
                    | ExprKind::Overlaps { .. }
                    | ExprKind::Matches { .. }
                    | ExprKind::Under { .. }
            )
    }
}
