//! Arithmetic over known values, exact or refused.

use super::mismatch::mismatch;
use super::val::Val;
use crate::data::calendar::NANOS_PER_DAY;
use crate::data::{Decimal, Type};
use crate::sema::hir::ArithOp;

/// What absence and ignorance make of a result; none where all are known.
pub fn blank<'a>(parts: &[Val<'a>]) -> Option<Val<'a>> {
    let any = |f: fn(&Val<'_>) -> bool| parts.iter().any(f);
    if any(|v| matches!(v, Val::Absent)) {
        Some(Val::Absent)
    } else if any(|v| matches!(v, Val::Pending)) {
        Some(Val::Pending)
    } else if any(|v| matches!(v, Val::Unknown)) {
        Some(Val::Unknown)
    } else {
        None
    }
}

/// `left op right` as a value of type `ty`; unknown where it overflows, divides by zero or mixes currencies.
pub fn arith<'a>(op: ArithOp, left: Val<'a>, right: Val<'a>, ty: &Type) -> Val<'a> {
    if let Some(blank) = blank(&[left, right]) {
        return blank;
    }
    known(op, left, right, ty).unwrap_or(Val::Unknown)
}

fn known<'a>(op: ArithOp, left: Val<'a>, right: Val<'a>, ty: &Type) -> Option<Val<'a>> {
    use Val::*;
    Some(match (left, right) {
        (Date(a), Date(b)) if op == ArithOp::Sub => Int((a as i64 - b as i64).checked_mul(NANOS_PER_DAY)?),
        (Timestamp(a), Timestamp(b)) if op == ArithOp::Sub => Int(a.checked_sub(b)?),
        (Timestamp(t), Int(d)) => Timestamp(match op {
            ArithOp::Add => t.checked_add(d)?,
            ArithOp::Sub => t.checked_sub(d)?,
            _ => return mismatch(None, &(op, left, right)),
        }),
        (Int(d), Timestamp(t)) if op == ArithOp::Add => Timestamp(t.checked_add(d)?),
        (Date(t), Int(d)) => {
            let days = i32::try_from(d.div_euclid(NANOS_PER_DAY)).ok()?;
            Date(match op {
                ArithOp::Add => t.checked_add(days)?,
                ArithOp::Sub => t.checked_sub(days)?,
                _ => return mismatch(None, &(op, left, right)),
            })
        }
        (Money(a, x), Money(b, y)) => {
            if x != y && x.is_some() && y.is_some() {
                return None;
            }
            match op {
                ArithOp::Add => Money(a.checked_add(b)?, x.or(y)),
                ArithOp::Sub => Money(a.checked_sub(b)?, x.or(y)),
                ArithOp::Div => Decimal(a.checked_div(b)?),
                ArithOp::Mul => return mismatch(None, &(op, left, right)),
            }
        }
        (Money(a, x), n) => match op {
            ArithOp::Mul => Money(a.checked_mul(number(n)?)?, x),
            ArithOp::Div => Money(a.checked_div(number(n)?)?, x),
            _ => return mismatch(None, &(op, left, right)),
        },
        (n, Money(a, x)) if op == ArithOp::Mul => Money(number(n)?.checked_mul(a)?, x),
        (Int(a), Int(b)) if whole(ty) && op != ArithOp::Div => Int(match op {
            ArithOp::Add => a.checked_add(b)?,
            ArithOp::Sub => a.checked_sub(b)?,
            _ => a.checked_mul(b)?,
        }),
        (a, b) => {
            let (a, b) = (number(a)?, number(b)?);
            let result = match op {
                ArithOp::Add => a.checked_add(b)?,
                ArithOp::Sub => a.checked_sub(b)?,
                ArithOp::Mul => a.checked_mul(b)?,
                ArithOp::Div => a.checked_div(b)?,
            };
            if whole(ty) { Int(rounded(result)?) } else { Decimal(result) }
        }
    })
}

fn whole(ty: &Type) -> bool {
    matches!(ty, Type::Int | Type::Bytes | Type::Duration)
}

fn number(value: Val<'_>) -> Option<Decimal> {
    match value {
        Val::Int(n) => Some(Decimal::from_int(n)),
        Val::Decimal(d) => Some(d),
        other => mismatch(None, &other),
    }
}

/// To a whole number, half to even.
fn rounded(value: Decimal) -> Option<i64> {
    let one = Decimal::from_int(1).raw();
    let (floor, rest) = (value.raw().div_euclid(one), value.raw().rem_euclid(one));
    let up = rest * 2 > one || (rest * 2 == one && floor % 2 != 0);
    i64::try_from(floor + i128::from(up)).ok()
}

pub fn neg(value: Val<'_>) -> Val<'_> {
    match value {
        Val::Int(n) => n.checked_neg().map_or(Val::Unknown, Val::Int),
        Val::Decimal(d) => d.checked_neg().map_or(Val::Unknown, Val::Decimal),
        Val::Money(a, c) => a.checked_neg().map_or(Val::Unknown, |a| Val::Money(a, c)),
        blank @ (Val::Absent | Val::Pending | Val::Unknown) => blank,
        other => mismatch(Val::Unknown, &other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Currency;

    #[test]
    fn units() {
        let d = |t: &str| Val::Decimal(Decimal::parse(t).unwrap());
        let cny = |t: &str| Val::Money(Decimal::parse(t).unwrap(), Currency::parse("CNY"));
        let usd = |t: &str| Val::Money(Decimal::parse(t).unwrap(), Currency::parse("USD"));
        let show = |op, a, b, ty: Type| format!("{:?}", arith(op, a, b, &ty));
        use ArithOp::*;
        assert_eq!(show(Add, cny("1"), cny("2.5"), Type::Money), "Money(3.5, Some(CNY))");
        assert_eq!(show(Add, cny("1"), usd("2.5"), Type::Money), "Unknown");
        assert_eq!(show(Mul, d("0.15"), cny("200"), Type::Money), "Money(30, Some(CNY))");
        assert_eq!(show(Div, cny("1"), cny("4"), Type::Decimal), "Decimal(0.25)");
        assert_eq!(show(Div, Val::Int(1), Val::Int(0), Type::Decimal), "Unknown");
        assert_eq!(show(Div, Val::Int(1), Val::Int(2), Type::Decimal), "Decimal(0.5)");
        assert_eq!(show(Div, Val::Int(5), Val::Int(2), Type::Bytes), "Int(2)");
        assert_eq!(show(Div, Val::Int(-3), Val::Int(2), Type::Duration), "Int(-2)");
        assert_eq!(show(Add, Val::Int(i64::MAX), Val::Int(1), Type::Int), "Unknown");
        assert_eq!(show(Sub, Val::Date(3), Val::Date(1), Type::Duration), format!("Int({})", 2 * NANOS_PER_DAY));
        assert_eq!(show(Add, Val::Absent, Val::Unknown, Type::Int), "Absent");
        assert_eq!(show(Add, Val::Pending, Val::Unknown, Type::Int), "Pending");
    }
}
