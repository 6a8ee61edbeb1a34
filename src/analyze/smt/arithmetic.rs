//! Calculations, as the evaluator makes them: exact, but for a product or quotient of too many places.

use super::Reader;
use super::term::{ONE, Sort, Term, number, scaled};
use crate::analyze::lower::Whole;
use crate::analyze::scalar::constant;
use crate::data::calendar::NANOS_PER_DAY;
use crate::data::{Type, Value};
use crate::sema::hir::{ArithOp, Expr};

impl Reader<'_, '_> {
    /// What is too large for its type is unknown to the evaluator and a value here: that makes more records possible
    /// than there are, and never fewer.
    pub fn calculated(&mut self, e: &Expr, op: ArithOp, sides: (&Expr, &Expr), terms: (Term, Term)) -> Term {
        let (left, right) = sides;
        let (a, b) = terms;
        if a.sort != Sort::Int || b.sort != Sort::Int {
            return self.whole(e, Whole::Arithmetic);
        }
        let sign = if op == ArithOp::Add { "+" } else { "-" };
        let sum = matches!(op, ArithOp::Add | ArithOp::Sub);
        let (x, y) = (&a.value, &b.value);
        let body = match (&left.ty, &right.ty) {
            (Type::Date, Type::Date) => format!("(* {NANOS_PER_DAY} (- {x} {y}))"),
            (Type::Timestamp, Type::Timestamp) => format!("(- {x} {y})"),
            (Type::Timestamp, _) | (_, Type::Timestamp) if sum => format!("({sign} {x} {y})"),
            (Type::Date, _) if sum => format!("({sign} {x} (div {y} {NANOS_PER_DAY}))"),
            (Type::Money, Type::Money) if sum => format!("({sign} {x} {y})"),
            (l, r) if sum && places(l) == places(r) && places(l) == places(&e.ty) => format!("({sign} {x} {y})"),
            _ if sum => return self.whole(e, Whole::Arithmetic),
            _ => match self.product(e, op, sides, (x, y)) {
                Some(body) => body,
                None => return self.whole(e, Whole::Arithmetic),
            },
        };
        let q = &mut self.question;
        let value = q.define("Int", &body);
        let absent = q.define("Bool", &format!("(or {} {})", a.absent, b.absent));
        // Amounts of two currencies have no sum; with rates it may be anything.
        let (mut known, mut currency) = (format!("(and {} {})", a.known, b.known), None);
        match (&a.currency, &b.currency) {
            (Some(one), Some(other)) => {
                known = format!("(and {known} (= {one} {other}))");
                currency = (e.ty == Type::Money).then(|| one.clone());
            }
            (one, other) if e.ty == Type::Money => currency = one.clone().or(other.clone()),
            _ => {}
        }
        if op == ArithOp::Div {
            known = format!("(and {known} (not (= {y} 0)))");
        }
        let known = q.define("Bool", &known);
        Term { value, known, absent, sort: Sort::Int, currency }
    }

    /// The product or quotient, exact where one side is a constant.
    fn product(&mut self, e: &Expr, op: ArithOp, sides: (&Expr, &Expr), (x, y): (&str, &str)) -> Option<String> {
        let (left, right) = sides;
        let (l, r, out) = (unit(&left.ty)?, unit(&right.ty)?, unit(&e.ty)?);
        let (a, b) = (raw(left), raw(right));
        // The value is x·up/down, each side being counted in its own unit.
        Some(match (op, a, b) {
            (ArithOp::Mul, _, Some(b)) => scaled(x, b.checked_mul(out)?, l.checked_mul(r)?),
            (ArithOp::Mul, Some(a), _) => scaled(y, a.checked_mul(out)?, l.checked_mul(r)?),
            (ArithOp::Mul, None, None) if l == 1 && r == 1 && out == 1 => format!("(* {x} {y})"),
            (ArithOp::Div, _, Some(b)) if b != 0 => scaled(x, r.checked_mul(out)?, l.checked_mul(b)?),
            (ArithOp::Mul, None, None) => {
                // Rounded at most by half of the last place.
                let result = self.question.free(self.names.schema, &self.names.text(e), &e.ty, false).value;
                let (up, down) = (number(out), number(l.checked_mul(r)?));
                let off = format!("(- (* {result} {down}) (* {up} {x} {y}))");
                self.question.assert(&format!("(and (<= (* 2 {off}) {down}) (<= (- {down}) (* 2 {off})))"));
                result
            }
            (ArithOp::Div, _, None) => {
                let result = self.question.free(self.names.schema, &self.names.text(e), &e.ty, false).value;
                let (up, down) = (number(r.checked_mul(out)?), number(l));
                let off = format!("(- (* {result} {down} {y}) (* {up} {x}))");
                let most = format!("(* {down} (abs {y}))");
                self.question
                    .assert(&format!("(=> (not (= {y} 0)) (and (<= (* 2 {off}) {most}) (<= (- {most}) (* 2 {off}))))"));
                result
            }
            _ => return None,
        })
    }
}

/// How many of it make one.
fn unit(ty: &Type) -> Option<i128> {
    Some(match ty {
        Type::Decimal | Type::Percent | Type::Money => ONE,
        Type::Int | Type::Bytes | Type::Duration => 1,
        _ => return None,
    })
}

fn places(ty: &Type) -> Option<i128> {
    unit(ty)
}

/// A constant, counted in the unit of its type.
fn raw(e: &Expr) -> Option<i128> {
    Some(match constant(e)? {
        Value::Int(n) | Value::Bytes(n) | Value::Duration(n) => i128::from(n),
        Value::Decimal(d) | Value::Percent(d) => d.raw(),
        Value::Money(m) => m.amount.raw(),
        _ => return None,
    })
}
