//! Values, absence and the unknown, one at a time.

use super::time::{Moment, zone};
use bylaws::internals::data::{Clock, Decimal, Money, Type, Value};
use bylaws::internals::eval::Truth;
use bylaws::internals::sema::hir::{ArithOp, CompareOp, TextOp};
use std::cmp::Ordering;

#[derive(Clone, Debug, PartialEq)]
pub enum Val {
    Known(Value),
    /// A sum of no money: it compares with any currency.
    Nothing,
    /// At least the first, at most the second; they differ.
    Between(Value, Value),
    Absent,
    Unknown,
    Pending,
}

impl Val {
    pub fn known(&self) -> Option<&Value> {
        if let Val::Known(v) = self { Some(v) } else { None }
    }
}

pub fn truth_of(v: &Val) -> Truth {
    match v {
        Val::Known(Value::Bool(true)) => Truth::True,
        Val::Known(Value::Bool(false)) | Val::Absent => Truth::False,
        Val::Pending => Truth::Pending,
        _ => Truth::Unknown,
    }
}

pub fn val_of(truth: Truth) -> Val {
    match truth {
        Truth::True => Val::Known(Value::Bool(true)),
        Truth::False => Val::Known(Value::Bool(false)),
        Truth::Unknown => Val::Unknown,
        Truth::Pending => Val::Pending,
    }
}

pub fn and(sides: impl IntoIterator<Item = Truth>) -> Truth {
    let sides: Vec<Truth> = sides.into_iter().collect();
    if sides.contains(&Truth::False) {
        Truth::False
    } else if sides.contains(&Truth::Pending) {
        Truth::Pending
    } else if sides.contains(&Truth::Unknown) {
        Truth::Unknown
    } else {
        Truth::True
    }
}

pub fn or(sides: impl IntoIterator<Item = Truth>) -> Truth {
    not(and(sides.into_iter().map(not)))
}

pub fn not(truth: Truth) -> Truth {
    match truth {
        Truth::True => Truth::False,
        Truth::False => Truth::True,
        other => other,
    }
}

/// What two sides that are not both plainly known come to: absence wins, then what is to come, then a gap.
pub fn gap<'a>(sides: impl IntoIterator<Item = &'a Val>) -> Option<Val> {
    let sides: Vec<&Val> = sides.into_iter().collect();
    [Val::Absent, Val::Pending, Val::Unknown].into_iter().find(|g| sides.contains(&g))
}

/// None where two currencies meet.
pub fn order(left: &Value, right: &Value) -> Option<Ordering> {
    Some(match (left, right) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Decimal(a), Value::Decimal(b)) | (Value::Percent(a), Value::Percent(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(b),
        (Value::Duration(a), Value::Duration(b)) | (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        (Value::Money(a), Value::Money(b)) if a.currency == b.currency => a.amount.cmp(&b.amount),
        (Value::Money(_), Value::Money(_)) => return None,
        (Value::Enum(_, a), Value::Enum(_, b)) => a.cmp(b),
        (a, b) => panic!("{a:?} and {b:?} are not of one type"),
    })
}

fn holds(op: CompareOp, order: Ordering) -> bool {
    match op {
        CompareOp::Eq => order.is_eq(),
        CompareOp::Ne => order.is_ne(),
        CompareOp::Lt => order.is_lt(),
        CompareOp::Le => order.is_le(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Ge => order.is_ge(),
    }
}

pub fn folded(value: Value) -> Value {
    match value {
        Value::Text(text) => Value::Text(text.to_lowercase()),
        other => other,
    }
}

pub fn compare(op: CompareOp, left: Val, right: Val, ignoring_case: bool) -> Truth {
    match gap([&left, &right]) {
        Some(Val::Absent) => return Truth::False,
        Some(g) => return truth_of(&g),
        None => {}
    }
    let fold = |v: Value| if ignoring_case { folded(v) } else { v };
    let bounds = |v: Val, other: &Val| match v {
        Val::Known(v) => (fold(v.clone()), fold(v)),
        Val::Between(low, high) => (low, high),
        _ => {
            let zero = match other {
                Val::Known(Value::Money(m)) | Val::Between(Value::Money(m), _) => {
                    Value::Money(Money { amount: Decimal::ZERO, ..*m })
                }
                _ => Value::Int(0),
            };
            (zero.clone(), zero)
        }
    };
    let ((l0, l1), (r0, r1)) = (bounds(left.clone(), &right), bounds(right.clone(), &left));
    // The least and the greatest of the orders that are possible.
    let (Some(least), Some(greatest)) = (order(&l0, &r1), order(&l1, &r0)) else { return Truth::Unknown };
    let possible = [Ordering::Less, Ordering::Equal, Ordering::Greater]
        .into_iter()
        .filter(|o| *o == least || *o == greatest || (least < *o && *o < greatest));
    let results: Vec<bool> = possible.map(|o| holds(op, o)).collect();
    match (results.contains(&true), results.contains(&false)) {
        (true, false) => Truth::True,
        (false, true) => Truth::False,
        _ => Truth::Unknown,
    }
}

pub fn member(item: &Val, set: &[Value], ignoring_case: bool) -> Truth {
    let item = match item {
        Val::Known(v) => v.clone(),
        Val::Absent => return Truth::False,
        Val::Pending => return Truth::Pending,
        _ => return Truth::Unknown,
    };
    let items = if let Value::List(items) = item { items } else { vec![item] };
    or(items.iter().flat_map(|item| {
        set.iter().map(|word| compare(CompareOp::Eq, Val::Known(item.clone()), Val::Known(word.clone()), ignoring_case))
    }))
}

/// An element of one is among the other's. An empty list has none, so that the other need not be known; an absent one
/// makes the test false.
pub fn overlap(left: &Val, right: &Val, ignoring_case: bool) -> Truth {
    let empty = Val::Known(Value::List(vec![]));
    if [left, right].iter().any(|side| **side == empty || **side == Val::Absent) {
        return Truth::False;
    }
    match (left, right) {
        (Val::Known(Value::List(items)), Val::Known(Value::List(set))) => {
            or(items.iter().map(|item| member(&Val::Known(item.clone()), set, ignoring_case)))
        }
        _ => truth_of(&gap([left, right]).unwrap_or_else(|| panic!("{left:?} beside {right:?}: two lists are needed"))),
    }
}

pub fn text_test(op: TextOp, left: &Val, right: &Val, ignoring_case: bool) -> Truth {
    match (left, right) {
        (Val::Known(Value::Text(l)), Val::Known(Value::Text(r))) => {
            let fold = |t: &str| if ignoring_case { t.to_lowercase() } else { t.to_string() };
            let (l, r) = (fold(l), fold(r));
            let yes = match op {
                TextOp::StartsWith => l.starts_with(&r),
                TextOp::EndsWith => l.ends_with(&r),
                TextOp::Contains => l.contains(&r),
            };
            if yes { Truth::True } else { Truth::False }
        }
        _ => match gap([left, right]) {
            Some(Val::Absent) => Truth::False,
            Some(g) => truth_of(&g),
            None => panic!("a text test on {left:?} and {right:?}"),
        },
    }
}

pub fn in_domain(host: &Val, domains: &[String]) -> Truth {
    match host {
        Val::Known(Value::Text(host)) => {
            let host = host.to_lowercase();
            let yes = domains.iter().any(|d| host == *d || host.ends_with(&format!(".{d}")));
            if yes { Truth::True } else { Truth::False }
        }
        other => truth_of(other),
    }
}

/// Unknown where it is beyond the range of the type.
pub fn convert(v: Val, to: &Type, clock: &Clock) -> Val {
    let one = |v: Value| match (v, to) {
        (Value::Int(n), Type::Decimal) => Some(Value::Decimal(Decimal::from_int(n))),
        (Value::Int(n), Type::Percent) => Some(Value::Percent(Decimal::from_int(n))),
        (Value::Date(d), Type::Timestamp) => {
            let start = super::time::start_of_day(super::time::from_days(d), &zone(clock));
            start.as_nanosecond().try_into().ok().map(Value::Timestamp)
        }
        (Value::Timestamp(t), Type::Date) => {
            let zone = zone(clock);
            Some(Moment::Day(Moment::Instant(super::time::from_nanos(t)).day(&zone)).value())
        }
        (v, _) => Some(v),
    };
    match v {
        Val::Known(v) => one(v).map_or(Val::Unknown, Val::Known),
        Val::Between(low, high) => match (one(low), one(high)) {
            (Some(low), Some(high)) => Val::Between(low, high),
            _ => Val::Unknown,
        },
        other => other,
    }
}

pub fn negate(v: Val) -> Val {
    let Val::Known(v) = v else { return if let Val::Between(..) = v { Val::Unknown } else { v } };
    let done = match v {
        Value::Int(n) => n.checked_neg().map(Value::Int),
        Value::Decimal(d) => d.checked_neg().map(Value::Decimal),
        Value::Percent(d) => d.checked_neg().map(Value::Percent),
        Value::Duration(n) => n.checked_neg().map(Value::Duration),
        Value::Bytes(n) => n.checked_neg().map(Value::Bytes),
        Value::Money(m) => m.amount.checked_neg().map(|amount| Value::Money(Money { amount, ..m })),
        other => panic!("the negative of {other:?}"),
    };
    done.map_or(Val::Unknown, Val::Known)
}

pub fn arith(op: ArithOp, left: Val, right: Val) -> Val {
    if let Some(g) = gap([&left, &right]) {
        return g;
    }
    // A sum of no money is the zero of the other side's currency, and stays nothing under a factor.
    let (left, right) = match (left, right) {
        (Val::Between(..), _) | (_, Val::Between(..)) => return Val::Unknown,
        (Val::Nothing, Val::Nothing) => return if op == ArithOp::Div { Val::Unknown } else { Val::Nothing },
        (Val::Nothing, Val::Known(Value::Money(m))) => {
            (Value::Money(Money { amount: Decimal::ZERO, ..m }), Value::Money(m))
        }
        (Val::Known(Value::Money(m)), Val::Nothing) => {
            (Value::Money(m), Value::Money(Money { amount: Decimal::ZERO, ..m }))
        }
        (Val::Nothing, Val::Known(by)) => {
            return if op == ArithOp::Div && number(&by) == Some(Decimal::ZERO) { Val::Unknown } else { Val::Nothing };
        }
        (Val::Known(_), Val::Nothing) => return Val::Nothing,
        (Val::Known(l), Val::Known(r)) => (l, r),
        _ => unreachable!(),
    };
    known_arith(op, left, right).map_or(Val::Unknown, Val::Known)
}

fn number(v: &Value) -> Option<Decimal> {
    match v {
        Value::Int(n) => Some(Decimal::from_int(*n)),
        Value::Decimal(d) | Value::Percent(d) => Some(*d),
        _ => None,
    }
}

fn decimal_op(op: ArithOp, a: Decimal, b: Decimal) -> Option<Decimal> {
    match op {
        ArithOp::Add => a.checked_add(b),
        ArithOp::Sub => a.checked_sub(b),
        ArithOp::Mul => a.checked_mul(b),
        ArithOp::Div => a.checked_div(b),
    }
}

fn int_op(op: ArithOp, a: i64, b: i64) -> Option<i64> {
    match op {
        ArithOp::Add => a.checked_add(b),
        ArithOp::Sub => a.checked_sub(b),
        ArithOp::Mul => a.checked_mul(b),
        ArithOp::Div => None,
    }
}

/// A count (bytes, nanoseconds) times or by a number, to the nearest whole, half to even.
fn scaled(op: ArithOp, count: i64, by: Decimal) -> Option<i64> {
    let exact = decimal_op(op, Decimal::from_int(count), by)?;
    half_even(exact)
}

pub fn half_even(d: Decimal) -> Option<i64> {
    let one = 10i128.pow(18);
    let (floor, rest) = (d.raw().div_euclid(one), d.raw().rem_euclid(one));
    let up = rest * 2 > one || (rest * 2 == one && floor % 2 != 0);
    i64::try_from(floor + up as i128).ok()
}

fn known_arith(op: ArithOp, left: Value, right: Value) -> Option<Value> {
    use ArithOp::{Add, Div, Mul, Sub};
    Some(match (left, right) {
        (Value::Int(a), Value::Int(b)) if op != Div => Value::Int(int_op(op, a, b)?),
        (Value::Percent(a), Value::Percent(b)) if matches!(op, Add | Sub) => Value::Percent(decimal_op(op, a, b)?),
        (Value::Money(a), Value::Money(b)) => {
            if a.currency != b.currency {
                return None;
            }
            let amount = decimal_op(op, a.amount, b.amount)?;
            if op == Div { Value::Decimal(amount) } else { Value::Money(Money { amount, ..a }) }
        }
        (Value::Money(m), by) => Value::Money(Money { amount: decimal_op(op, m.amount, number(&by)?)?, ..m }),
        (by, Value::Money(m)) => Value::Money(Money { amount: decimal_op(op, number(&by)?, m.amount)?, ..m }),
        (Value::Bytes(a), Value::Bytes(b)) if op == Div => {
            Value::Decimal(Decimal::from_int(a).checked_div(Decimal::from_int(b))?)
        }
        (Value::Duration(a), Value::Duration(b)) if op == Div => {
            Value::Decimal(Decimal::from_int(a).checked_div(Decimal::from_int(b))?)
        }
        (Value::Bytes(a), Value::Bytes(b)) => Value::Bytes(int_op(op, a, b)?),
        (Value::Duration(a), Value::Duration(b)) => Value::Duration(int_op(op, a, b)?),
        (Value::Bytes(a), by) => Value::Bytes(scaled(op, a, number(&by)?)?),
        (by, Value::Bytes(a)) if op == Mul => Value::Bytes(scaled(op, a, number(&by)?)?),
        (Value::Timestamp(a), Value::Timestamp(b)) => Value::Duration(a.checked_sub(b)?),
        (Value::Date(a), Value::Date(b)) => Value::Duration((a - b) as i64 * 86_400_000_000_000),
        (Value::Timestamp(a), Value::Duration(b)) => Value::Timestamp(int_op(op, a, b)?),
        // Whole days only: a date has no time of day.
        (Value::Date(a), Value::Duration(b)) => {
            Value::Date(int_op(op, a as i64, b.div_euclid(86_400_000_000_000))?.try_into().ok()?)
        }
        (Value::Duration(a), by) => Value::Duration(scaled(op, a, number(&by)?)?),
        (by, Value::Duration(a)) if op == Mul => Value::Duration(scaled(op, a, number(&by)?)?),
        (Value::Percent(a), Value::Int(b)) if matches!(op, Mul | Div) => {
            Value::Percent(decimal_op(op, a, Decimal::from_int(b))?)
        }
        (a, b) => Value::Decimal(decimal_op(op, number(&a)?, number(&b)?)?),
    })
}
