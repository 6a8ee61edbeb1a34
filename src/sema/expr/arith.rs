//! Arithmetic, with units.

use super::super::hir::{ArithOp, Expr, ExprKind};
use super::{Typer, convert};
use crate::data::{Length, Type};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast;

impl Typer<'_, '_> {
    pub(super) fn arith(
        &mut self,
        e: &ast::Expr,
        op: ArithOp,
        op_span: Span,
        left: &ast::Expr,
        right: &ast::Expr,
        expect: Option<&Type>,
    ) -> Option<Expr> {
        if matches!(op, ArithOp::Add | ArithOp::Sub)
            && (self.is_length(right) || op == ArithOp::Add && self.is_length(left))
        {
            let (time, length) = if self.is_length(right) { (left, right) } else { (right, left) };
            if !self.is_length(time) {
                let typed = self.expr(time, None)?;
                if matches!(typed.ty, Type::Date | Type::Timestamp) {
                    let by = self.moving_length(length)?;
                    let by = if op == ArithOp::Sub { by.checked_neg()? } else { by };
                    return Some(shift(typed, by, e.span));
                }
            }
        }
        // Numbers beside something with a unit stay numbers; only sums hand their own type down.
        let numeric = |t: Option<&Type>| t.filter(|t| matches!(t, Type::Decimal)).cloned();
        let hint = numeric(expect);
        let (left, right) = match (op, hint) {
            (_, Some(hint)) if self.is_flexible(left) && self.is_flexible(right) => {
                (self.expr(left, Some(&hint))?, self.expr(right, Some(&hint))?)
            }
            (ArithOp::Add | ArithOp::Sub, _) => self.pair(left, right)?,
            _ => {
                let (left, right) = (self.expr(left, None), self.expr(right, None));
                (left?, right?)
            }
        };
        self.combine(e.span, op, op_span, left, right)
    }

    fn combine(&self, span: Span, op: ArithOp, op_span: Span, left: Expr, right: Expr) -> Option<Expr> {
        use Type::*;
        let verb = match op {
            ArithOp::Add => "add",
            ArithOp::Sub => "subtract",
            ArithOp::Mul => "multiply",
            ArithOp::Div => "divide",
        };
        let number = |t: &Type| matches!(t, Int | Decimal);
        let scaled = |t: &Type| matches!(t, Money | Duration | Bytes);
        let (mut left, mut right) = (left, right);
        match (&left.ty, &right.ty) {
            (Int, Decimal) => left = convert(left, Decimal),
            (Decimal, Int) => right = convert(right, Decimal),
            (Percent, Int) if op == ArithOp::Mul => right = convert(right, Decimal),
            (Int, Percent) if op == ArithOp::Mul => left = convert(left, Decimal),
            (Date, Timestamp) if op == ArithOp::Sub => left = convert(left, Timestamp),
            (Timestamp, Date) if op == ArithOp::Sub => right = convert(right, Timestamp),
            (Date, Duration) if matches!(op, ArithOp::Add | ArithOp::Sub) => left = convert(left, Timestamp),
            (Duration, Date) if op == ArithOp::Add => right = convert(right, Timestamp),
            _ => {}
        }
        let ty = match (op, &left.ty, &right.ty) {
            (ArithOp::Add | ArithOp::Sub | ArithOp::Mul, Int, Int) => Int,
            (ArithOp::Div, Int, Int) => Decimal,
            (_, Decimal, Decimal) => Decimal,
            (ArithOp::Add | ArithOp::Sub, Percent, Percent) => Percent,
            (ArithOp::Mul, Percent, Percent | Decimal) | (ArithOp::Mul, Decimal, Percent) => Decimal,
            (ArithOp::Add | ArithOp::Sub, a, b) if a == b && scaled(a) => a.clone(),
            (ArithOp::Div, a, b) if a == b && scaled(a) => Decimal,
            (ArithOp::Mul | ArithOp::Div, a, b) if scaled(a) && (number(b) || *b == Percent) => a.clone(),
            (ArithOp::Mul, a, b) if scaled(b) && (number(a) || *a == Percent) => b.clone(),
            (ArithOp::Sub, Timestamp, Timestamp) | (ArithOp::Sub, Date, Date) => Duration,
            (ArithOp::Add | ArithOp::Sub, Timestamp, Duration) => Timestamp,
            (ArithOp::Add, Duration, Timestamp) => {
                std::mem::swap(&mut left, &mut right);
                Timestamp
            }
            _ => return self.bad_arithmetic(&left, &right, op_span, verb),
        };
        if left.ty == Money && right.ty == Money {
            self.same_currency(&left, &right, span, verb)?;
        }
        let optional = left.optional || right.optional;
        Some(Expr { kind: ExprKind::Arith { op, left: Box::new(left), right: Box::new(right) }, ty, optional, span })
    }

    fn bad_arithmetic(&self, left: &Expr, right: &Expr, op_span: Span, verb: &str) -> Option<Expr> {
        let (l, r) = (self.quote(left.span), self.quote(right.span));
        let message = match verb {
            "subtract" => format!("cannot subtract `{r}` from `{l}`"),
            "divide" => format!("cannot divide `{l}` by `{r}`"),
            verb => format!("cannot {verb} `{l}` and `{r}`"),
        };
        let d = Diagnostic::error(Code::BadArithmetic, message, op_span, "these have no common unit")
            .label(left.span, format!("this is {}", self.a_type(&left.ty)))
            .label(right.span, format!("this is {}", self.a_type(&right.ty)));
        let advised = match (&left.ty, &right.ty, verb) {
            (Type::Date | Type::Timestamp, Type::Date | Type::Timestamp, "add") => {
                d.help("times have a difference, not a sum: `later - earlier`")
            }
            (Type::Money, Type::Money, "multiply") => d.help("an amount is multiplied by a number"),
            (Type::Text, _, _) | (_, Type::Text, _) => d.help("text cannot be calculated with"),
            (Type::Date | Type::Timestamp, Type::Int | Type::Decimal, _) => {
                let days = format!("{r} days");
                self.world.report.rewrite(d, "say of what:", right.span, &days)
            }
            (_, _, "add" | "subtract") => self.advise(d, left, right),
            _ => d.help(
                "numbers, and amounts, sizes or durations by a number, can be multiplied and divided; two of one unit give a number",
            ),
        };
        self.fail(advised)
    }
}

/// A time plus a length. A part of a day makes a time of a date.
fn shift(time: Expr, by: Length, span: Span) -> Expr {
    let time = if time.ty == Type::Date && by.nanos != 0 { convert(time, Type::Timestamp) } else { time };
    let (ty, optional) = (time.ty.clone(), time.optional);
    Expr { kind: ExprKind::Shift { time: Box::new(time), by }, ty, optional, span }
}
