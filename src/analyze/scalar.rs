//! Constants of policies, and where they lie: on the line of their type, or among words.

use super::order::Sides;
use crate::data::{Currency, Decimal, EnumId, Money, Schema, Type, Value};
use crate::sema::hir::{CompareOp, Expr, ExprKind};
use std::cmp::Ordering;

/// A constant, on the line of its type or as a word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scalar {
    Number(i128),
    Word(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sort {
    Truth,
    /// Numbers so far apart at the least, as counts of 10⁻¹⁸ for what has places; none: as fine as there is.
    Line {
        step: i128,
        of: Type,
        currency: Option<Currency>,
    },
    Words,
    /// Of two values, where they lie on one line.
    Pair(Option<Box<Sides>>),
}

/// The words for which a comparison of an enum holds: in another set they may have other places.
pub fn words(schema: &Schema, of: EnumId, op: CompareOp, word: u16) -> Vec<Scalar> {
    let words = schema.enum_def(of).words.iter().enumerate();
    let fits = words.filter(|(i, _)| holds(op, (*i as u16).cmp(&word)));
    fits.map(|(_, w)| Scalar::Word(w.name.clone())).collect()
}

pub fn is_word(ty: &Type) -> bool {
    matches!(ty, Type::Text | Type::Enum(_) | Type::Ref(_))
}

/// The line that values of the type lie on. Numbers are counted in 10⁻¹⁸, so that whole ones and others share it.
pub fn line(ty: &Type, currency: Option<Currency>) -> Option<Sort> {
    let one = Decimal::from_int(1).raw();
    let step = match ty {
        Type::Int => one,
        Type::Decimal | Type::Percent | Type::Money => 1,
        Type::Date | Type::Timestamp | Type::Duration | Type::Bytes => 1,
        _ => return None,
    };
    Some(Sort::Line { step, of: ty.clone(), currency })
}

pub fn scalar(value: &Value, schema: &Schema) -> Option<(Scalar, Option<Currency>)> {
    let number = |n: i128| Some((Scalar::Number(n), None));
    match value {
        Value::Int(n) => number(Decimal::from_int(*n).raw()),
        Value::Decimal(d) | Value::Percent(d) => number(d.raw()),
        Value::Date(n) => number(i128::from(*n)),
        Value::Timestamp(n) | Value::Duration(n) | Value::Bytes(n) => number(i128::from(*n)),
        Value::Money(Money { amount, currency }) => Some((Scalar::Number(amount.raw()), Some(*currency))),
        Value::Text(text) => Some((Scalar::Word(text.clone()), None)),
        Value::Enum(of, word) => {
            Some((Scalar::Word(schema.enum_def(*of).words.get(usize::from(*word))?.name.clone()), None))
        }
        Value::Bool(_) | Value::List(_) => None,
    }
}

/// The value of an expression that has one whatever the record.
pub fn constant(e: &Expr) -> Option<Value> {
    match &e.kind {
        ExprKind::Constant(value) => Some(value.clone()),
        ExprKind::Named { body, .. } => constant(body),
        ExprKind::Convert(of) if e.ty == Type::Decimal => match constant(of)? {
            Value::Int(n) => Some(Value::Decimal(Decimal::from_int(n))),
            _ => None,
        },
        _ => None,
    }
}

pub fn holds(op: CompareOp, order: Ordering) -> bool {
    match op {
        CompareOp::Eq => order == Ordering::Equal,
        CompareOp::Ne => order != Ordering::Equal,
        CompareOp::Lt => order == Ordering::Less,
        CompareOp::Le => order != Ordering::Greater,
        CompareOp::Gt => order == Ordering::Greater,
        CompareOp::Ge => order != Ordering::Less,
    }
}
