//! Literals, and lengths of time.

use super::super::hir::{Constant, Expr, ExprKind};
use super::super::units::{self, Quantity, Unit};
use super::super::world::Decl;
use super::Typer;
use crate::data::{Length, Type, Value};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast;

impl<'a> Typer<'_, 'a> {
    pub(super) fn literal(&mut self, e: &ast::Expr, expect: Option<&Type>) -> Option<Expr> {
        use ast::ExprKind as K;
        let report = &self.world.report;
        let (value, ty) = match &e.kind {
            K::Bool(b) => (Value::Bool(*b), Type::Bool),
            K::Number(digits) => self.number(digits, e.span, expect)?,
            K::Text(text) => (Value::Text(text.clone()), Type::Text),
            K::Date(text) => (Value::Date(units::date(report, text, e.span)?), Type::Date),
            K::Timestamp(text) => {
                let zone = &self.world.policy(self.file).zone;
                (Value::Timestamp(units::timestamp(report, text, e.span, zone)?), Type::Timestamp)
            }
            K::Quantity { number, unit } => match units::quantity(report, number, unit, e.span)? {
                Quantity::Value(value @ Value::Money(_)) => (value, Type::Money),
                Quantity::Value(value) => (value, Type::Bytes),
                Quantity::Length(length) => match units::nanos(length) {
                    Some(nanos) => (Value::Duration(nanos), Type::Duration),
                    None => return self.calendar_length(e.span),
                },
            },
            K::Percent(digits) => {
                let hundredths = units::number(report, digits, e.span)?;
                let fraction = hundredths.checked_div(crate::data::Decimal::from_int(100))?;
                (Value::Percent(fraction), Type::Percent)
            }
            _ => return None,
        };
        Some(Expr { kind: ExprKind::Constant(value), ty, optional: false, span: e.span })
    }

    fn number(&self, digits: &str, span: Span, expect: Option<&Type>) -> Option<(Value, Type)> {
        let report = &self.world.report;
        let fraction = digits.contains(['.', 'e', 'E']);
        if fraction || expect == Some(&Type::Decimal) {
            return Some((Value::Decimal(units::number(report, digits, span)?), Type::Decimal));
        }
        Some((Value::Int(units::int(report, digits, span)?), Type::Int))
    }

    pub(super) fn negative(&mut self, e: &ast::Expr, of: &ast::Expr, expect: Option<&Type>) -> Option<Expr> {
        // The least `int` has no positive counterpart.
        if let ast::ExprKind::Number(digits) = &of.kind {
            let digits = format!("-{digits}");
            let (value, ty) = self.number(&digits, e.span, expect)?;
            return Some(Expr { kind: ExprKind::Constant(value), ty, optional: false, span: e.span });
        }
        let of_expr = self.expr(of, expect)?;
        let ok = matches!(
            of_expr.ty,
            Type::Int | Type::Decimal | Type::Percent | Type::Money | Type::Duration | Type::Bytes
        );
        if !ok {
            let is = self.a_type(&of_expr.ty);
            return self.fail(
                Diagnostic::error(
                    Code::BadArithmetic,
                    format!("`{}` has no negative", self.quote(of.span)),
                    of.span,
                    format!("this is {is}"),
                )
                .help("a sign stands before numbers, amounts, sizes and durations"),
            );
        }
        let (ty, optional) = (of_expr.ty.clone(), of_expr.optional);
        Some(Expr { kind: ExprKind::Neg(Box::new(of_expr)), ty, optional, span: e.span })
    }

    pub(super) fn calendar_length<T>(&self, span: Span) -> Option<T> {
        self.fail(
            Diagnostic::error(
                Code::CalendarLength,
                format!("`{}` has no exact duration", self.quote(span)),
                span,
                "months and years differ in length",
            )
            .help(
                "use days where a duration is compared, or add the months to a date:\n    `ended > started + 3 months` instead of `ended - started > 3 months`",
            ),
        )
    }

    /// Whether it is written as a length of time: `30 days`, or the name of one.
    pub(super) fn is_length(&self, e: &ast::Expr) -> bool {
        use ast::ExprKind as K;
        match &e.kind {
            K::Quantity { unit, .. } => {
                matches!(
                    units::unit(&unit.text),
                    Some(Unit::Nanos(_) | Unit::Days(_) | Unit::Months(_) | Unit::BusinessDays)
                )
            }
            K::Name(name) => match self.plain_decl(&name.text) {
                Some(Decl::Param(_)) => {
                    matches!(self.world.params.get(name.text.as_str()), Some((_, Constant::Length(_))))
                }
                Some(Decl::Let(item)) => self.is_length(&item.value),
                _ => false,
            },
            K::Neg(of) => self.is_length(of),
            K::Arith { op: ast::ArithOp::Add | ast::ArithOp::Sub, left, right, .. } => {
                self.is_length(left) && self.is_length(right)
            }
            _ => false,
        }
    }

    /// The `let`, `define` or `param` that a name stands for, where no field or alias hides it.
    pub(super) fn plain_decl(&self, name: &str) -> Option<Decl<'a>> {
        if self.scope.names.iter().any(|n| n.name == name) || self.world.broken.contains(name) {
            return None;
        }
        if let Some(root) = self.scope.bare {
            let info = &self.world.infos[self.roots[root as usize].0.0 as usize];
            if info.columns.contains_key(name) || info.groups.contains_key(name) || info.broken.contains(name) {
                return None;
            }
        }
        self.world.values.get(name).copied()
    }

    /// A constant length of time, without business days; told where it is not one.
    pub fn length(&mut self, e: &ast::Expr) -> Option<Length> {
        let length = self.any_length(e)?;
        if length.business == 0 {
            return Some(length);
        }
        self.fail(
            Diagnostic::error(
                Code::BadWindow,
                "business days are not counted here",
                e.span,
                "only in windows of history, and from a date or time",
            )
            .help("use plain days"),
        )
    }

    /// A constant length of time, which may have the business days that the policy declares.
    pub fn moving_length(&mut self, e: &ast::Expr) -> Option<Length> {
        let length = self.any_length(e)?;
        if length.business == 0 {
            return Some(length);
        }
        if self.world.policy(self.file).clock.business.is_none() {
            return self.fail(
                Diagnostic::error(
                    Code::BadBusinessDays,
                    "the policy does not say which days are business days",
                    e.span,
                    "counted in business days",
                )
                .help("say so in the policy of this file:\n    business_days monday to friday except holiday"),
            );
        }
        if length.business.unsigned_abs() > 10_000 {
            return self.fail(
                Diagnostic::error(Code::BadWindow, "more than 10,000 business days", e.span, "too many to count")
                    .help("use plain days or years"),
            );
        }
        Some(length)
    }

    /// A constant length of time; told where it is not one.
    pub fn any_length(&mut self, e: &ast::Expr) -> Option<Length> {
        use ast::ExprKind as K;
        let report = &self.world.report;
        match &e.kind {
            K::Error => None,
            K::Quantity { number, unit } => match units::quantity(report, number, unit, e.span)? {
                Quantity::Length(length) => Some(length),
                Quantity::Value(_) => self.no_length(e),
            },
            K::Name(name) => match self.plain_decl(&name.text) {
                Some(Decl::Param(_)) => match self.param_value(name)? {
                    (_, Constant::Length(length)) => Some(*length),
                    _ => self.no_length(e),
                },
                Some(Decl::Let(item)) if self.is_length(&item.value) => {
                    self.world.named_value(name);
                    self.any_length(&item.value)
                }
                Some(_) => self.no_length(e),
                None => {
                    self.name_of_length(e)?;
                    self.no_length(e)
                }
            },
            K::Neg(of) => {
                let of = self.any_length(of)?;
                of.checked_neg()
            }
            K::Arith { op: op @ (ast::ArithOp::Add | ast::ArithOp::Sub), left, right, .. } => {
                let (left, right) = (self.any_length(left), self.any_length(right));
                let right = if *op == ast::ArithOp::Sub { right?.checked_neg()? } else { right? };
                units::add_lengths(left?, right)
            }
            _ => self.no_length(e),
        }
    }

    /// Tells unknown names as such, rather than as no lengths.
    fn name_of_length(&mut self, e: &ast::Expr) -> Option<()> {
        self.with(true, true, |t| t.expr(e, None)).map(|_| ())
    }

    fn no_length(&self, e: &ast::Expr) -> Option<Length> {
        let d = Diagnostic::error(
            Code::BadWindow,
            format!("`{}` is no constant length of time", self.quote(e.span)),
            e.span,
            "a length such as `30 days`",
        );
        self.fail(match &e.kind {
            ast::ExprKind::Number(n) => self.world.report.rewrite(d, "say of what:", e.span, &format!("{n} days")),
            _ => d.help("write a number with its unit, or the name of a `param` or `let` of type `duration`"),
        })
    }
}
