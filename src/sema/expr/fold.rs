//! Constants, worked out.

use super::super::hir::{ArithOp, Expr, ExprKind};
use crate::data::calendar::{NANOS_PER_DAY, Zone, add_to_date};
use crate::data::{Decimal, Money, Type, Value};

/// The value of an expression of constants, with days as they are in the zone; none where it reads anything else, or leaves the range.
pub fn fold(expr: &Expr, zone: &Zone) -> Option<Value> {
    let fold = |expr: &Expr| fold(expr, zone);
    match &expr.kind {
        ExprKind::Constant(value) => Some(value.clone()),
        ExprKind::Named { body, .. } => fold(body),
        ExprKind::Convert(of) => match (fold(of)?, &expr.ty) {
            (Value::Int(n), Type::Decimal) => Some(Value::Decimal(Decimal::from_int(n))),
            (Value::Date(day), Type::Timestamp) => zone.start_of(day).map(Value::Timestamp),
            (Value::Timestamp(at), Type::Date) => Some(Value::Date(zone.date_at(at))),
            _ => None,
        },
        ExprKind::Neg(of) => Some(match fold(of)? {
            Value::Int(n) => Value::Int(n.checked_neg()?),
            Value::Decimal(d) => Value::Decimal(d.checked_neg()?),
            Value::Percent(d) => Value::Percent(d.checked_neg()?),
            Value::Duration(n) => Value::Duration(n.checked_neg()?),
            Value::Bytes(n) => Value::Bytes(n.checked_neg()?),
            Value::Money(m) => Value::Money(Money { amount: m.amount.checked_neg()?, ..m }),
            _ => return None,
        }),
        ExprKind::Arith { op, left, right } => calculate(*op, fold(left)?, fold(right)?),
        ExprKind::Shift { time, by } => match fold(time)? {
            Value::Date(day) => add_to_date(day, *by).map(Value::Date),
            Value::Timestamp(at) => zone.add(at, *by).map(Value::Timestamp),
            _ => None,
        },
        _ => None,
    }
}

fn calculate(op: ArithOp, left: Value, right: Value) -> Option<Value> {
    let decimals = |a: Decimal, b: Decimal| match op {
        ArithOp::Add => a.checked_add(b),
        ArithOp::Sub => a.checked_sub(b),
        ArithOp::Mul => a.checked_mul(b),
        ArithOp::Div => a.checked_div(b),
    };
    let ints = |a: i64, b: i64| match op {
        ArithOp::Add => a.checked_add(b),
        ArithOp::Sub => a.checked_sub(b),
        ArithOp::Mul => a.checked_mul(b),
        ArithOp::Div => None,
    };
    let number = |v: &Value| match v {
        Value::Int(n) => Some(Decimal::from_int(*n)),
        Value::Decimal(d) | Value::Percent(d) => Some(*d),
        _ => None,
    };
    Some(match (&left, &right) {
        (Value::Int(a), Value::Int(b)) if op != ArithOp::Div => Value::Int(ints(*a, *b)?),
        (Value::Percent(a), Value::Percent(b)) if matches!(op, ArithOp::Add | ArithOp::Sub) => {
            Value::Percent(decimals(*a, *b)?)
        }
        (Value::Duration(a), Value::Duration(b)) if op != ArithOp::Div => Value::Duration(ints(*a, *b)?),
        (Value::Duration(a), Value::Int(b)) if op == ArithOp::Mul => Value::Duration(a.checked_mul(*b)?),
        (Value::Int(a), Value::Duration(b)) if op == ArithOp::Mul => Value::Duration(a.checked_mul(*b)?),
        (Value::Timestamp(a), Value::Timestamp(b)) if op == ArithOp::Sub => Value::Duration(a.checked_sub(*b)?),
        (Value::Date(a), Value::Date(b)) if op == ArithOp::Sub => {
            Value::Duration((i64::from(*a) - i64::from(*b)).checked_mul(NANOS_PER_DAY)?)
        }
        (Value::Bytes(a), Value::Bytes(b)) if op != ArithOp::Div => Value::Bytes(ints(*a, *b)?),
        (Value::Bytes(a), Value::Int(b)) if op == ArithOp::Mul => Value::Bytes(a.checked_mul(*b)?),
        (Value::Int(a), Value::Bytes(b)) if op == ArithOp::Mul => Value::Bytes(a.checked_mul(*b)?),
        (Value::Money(a), Value::Money(b)) if op == ArithOp::Div && a.currency == b.currency => {
            Value::Decimal(decimals(a.amount, b.amount)?)
        }
        (Value::Money(a), Value::Money(b)) if a.currency == b.currency => {
            Value::Money(Money { amount: decimals(a.amount, b.amount)?, ..*a })
        }
        (Value::Money(m), by) => Value::Money(Money { amount: decimals(m.amount, number(by)?)?, ..*m }),
        (by, Value::Money(m)) if op == ArithOp::Mul => {
            Value::Money(Money { amount: decimals(number(by)?, m.amount)?, ..*m })
        }
        (a, b) => Value::Decimal(decimals(number(a)?, number(b)?)?),
    })
}
