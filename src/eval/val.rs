//! Values as the interpreter holds them: borrowed, with absence and ignorance inside.

use super::Truth;
use super::mismatch::mismatch;
use super::rows::{Col, Rows};
use crate::data::{ColumnId, Currency, Decimal, Money, Schema, Type, Value};
use crate::plan::stored_as;
use crate::sema::hir::CompareOp;
use std::cmp::Ordering;

#[derive(Clone, Copy, Debug)]
pub enum Val<'a> {
    Absent,
    Unknown,
    Pending,
    Bool(bool),
    /// `int`, `bytes` and `duration`.
    Int(i64),
    /// `decimal` and `percent`.
    Decimal(Decimal),
    Text(&'a str),
    Date(i32),
    Timestamp(i64),
    /// No currency: nothing of any.
    Money(Decimal, Option<Currency>),
    Enum(u16),
    /// Elements of a list column.
    Items(&'a Col, usize, usize),
    List(&'a [Value]),
}

impl<'a> Val<'a> {
    pub fn is_known(&self) -> bool {
        !matches!(self, Val::Absent | Val::Unknown | Val::Pending)
    }

    pub fn of(value: &'a Value) -> Val<'a> {
        match value {
            Value::Bool(b) => Val::Bool(*b),
            Value::Int(n) | Value::Bytes(n) | Value::Duration(n) => Val::Int(*n),
            Value::Decimal(d) | Value::Percent(d) => Val::Decimal(*d),
            Value::Text(t) => Val::Text(t),
            Value::Date(d) => Val::Date(*d),
            Value::Timestamp(t) => Val::Timestamp(*t),
            Value::Money(Money { amount, currency }) => Val::Money(*amount, Some(*currency)),
            Value::Enum(_, word) => Val::Enum(*word),
            Value::List(items) => Val::List(items),
        }
    }

    /// A cell: absent only where its column is optional and nothing stood there.
    pub fn cell(rows: &'a Rows, row: usize, column: ColumnId, optional: bool) -> Val<'a> {
        // What the plan does not name as needed is not there to be read.
        let Some(col) = rows.cols.get(column.0 as usize).filter(|c| !matches!(c, Col::None)) else {
            return mismatch(Val::Unknown, &(rows.kind, column));
        };
        if col.is_null(row) {
            return if rows.is_absent(row, column, optional) { Val::Absent } else { Val::Unknown };
        }
        Val::stored(col, row)
    }

    /// A value that is not null.
    fn stored(col: &'a Col, row: usize) -> Val<'a> {
        match col {
            Col::None => Val::Unknown,
            Col::Bool(a) => Val::Bool(a.value(row)),
            Col::Int(a) => Val::Int(a.value(row)),
            Col::Decimal(a) => Val::Decimal(Decimal::from_raw(a.value(row))),
            Col::Text(a) => Val::Text(a.value(row)),
            Col::Date(a) => Val::Date(a.value(row)),
            Col::Timestamp(a) => Val::Timestamp(a.value(row)),
            Col::Money { .. } => col.money(row).map_or(Val::Unknown, |m| Val::Money(m.amount, Some(m.currency))),
            Col::Enum(a) => Val::Enum(a.value(row)),
            Col::List { offsets, items, .. } => Val::Items(items, offsets[row] as usize, offsets[row + 1] as usize),
        }
    }

    /// The elements of a list.
    pub fn items(self) -> impl Iterator<Item = Val<'a>> {
        let (column, constants): (Option<(&Col, usize, usize)>, &[Value]) = match self {
            Val::Items(col, from, to) => (Some((col, from, to)), &[]),
            Val::List(items) => (None, items),
            _ => (None, &[]),
        };
        column
            .into_iter()
            .flat_map(|(col, from, to)| {
                (from..to).map(move |i| if col.is_null(i) { Val::Unknown } else { Val::stored(col, i) })
            })
            .chain(constants.iter().map(Val::of))
    }

    /// Owned, of the type that the expression has; none where it is not known.
    pub fn owned(self, ty: &Type, schema: &Schema) -> Option<Value> {
        let ty = stored_as(schema, ty);
        Some(match self {
            Val::Absent | Val::Unknown | Val::Pending => return None,
            Val::Bool(b) => Value::Bool(b),
            Val::Int(n) => match ty {
                Type::Bytes => Value::Bytes(n),
                Type::Duration => Value::Duration(n),
                Type::Int => Value::Int(n),
                _ => return mismatch(None, &(self, ty)),
            },
            Val::Decimal(d) if *ty == Type::Percent => Value::Percent(d),
            Val::Decimal(d) => Value::Decimal(d),
            Val::Text(t) => Value::Text(t.to_string()),
            Val::Date(d) => Value::Date(d),
            Val::Timestamp(t) => Value::Timestamp(t),
            Val::Money(amount, Some(currency)) => Value::Money(Money { amount, currency }),
            // Nothing of any currency is shown as a plain zero.
            Val::Money(amount, None) => Value::Decimal(amount),
            Val::Enum(word) => match ty {
                Type::Enum(id) => Value::Enum(*id, word),
                _ => return mismatch(None, &(self, ty)),
            },
            Val::Items(..) | Val::List(_) => {
                let of = match ty {
                    Type::List(of) | Type::Set(of) => of,
                    _ => return mismatch(None, &(self, ty)),
                };
                Value::List(self.items().filter_map(|v| v.owned(of, schema)).collect())
            }
        })
    }

    /// Appends what the value is, so that equal values and only these give equal bytes; false where it
    /// is not known (or a list).
    pub fn encode(self, out: &mut Vec<u8>) -> bool {
        match self {
            Val::Bool(b) => out.push(b as u8),
            Val::Int(n) | Val::Timestamp(n) => out.extend(n.to_le_bytes()),
            Val::Decimal(d) => out.extend(d.raw().to_le_bytes()),
            Val::Text(t) => {
                out.extend((t.len() as u32).to_le_bytes());
                out.extend(t.as_bytes());
            }
            Val::Date(d) => out.extend(d.to_le_bytes()),
            Val::Enum(w) => out.extend(w.to_le_bytes()),
            Val::Money(amount, currency) => {
                out.extend(amount.raw().to_le_bytes());
                out.extend(currency.map_or([0; 3], |c| {
                    let b = c.as_str().as_bytes();
                    [b[0], b[1], b[2]]
                }));
            }
            Val::Absent | Val::Unknown | Val::Pending | Val::Items(..) | Val::List(_) => return false,
        }
        true
    }
}

/// What an unknown side makes of a test; none where both are known.
pub fn unknown_side(left: &Val<'_>, right: &Val<'_>) -> Option<Truth> {
    match (left, right) {
        (Val::Absent, _) | (_, Val::Absent) => Some(Truth::False),
        (Val::Pending, _) | (_, Val::Pending) => Some(Truth::Pending),
        (Val::Unknown, _) | (_, Val::Unknown) => Some(Truth::Unknown),
        _ => None,
    }
}

/// Of known values of one type; none where they cannot be compared (two currencies).
pub fn order(left: &Val<'_>, right: &Val<'_>) -> Option<Ordering> {
    Some(match (left, right) {
        (Val::Bool(a), Val::Bool(b)) => a.cmp(b),
        (Val::Int(a), Val::Int(b)) | (Val::Timestamp(a), Val::Timestamp(b)) => a.cmp(b),
        (Val::Decimal(a), Val::Decimal(b)) => a.cmp(b),
        (Val::Text(a), Val::Text(b)) => a.cmp(b),
        (Val::Date(a), Val::Date(b)) => a.cmp(b),
        (Val::Enum(a), Val::Enum(b)) => a.cmp(b),
        (Val::Money(a, x), Val::Money(b, y)) if x == y || x.is_none() || y.is_none() => a.cmp(b),
        (Val::Money(..), Val::Money(..)) => return None,
        known => return mismatch(None, &known),
    })
}

pub fn compare(op: CompareOp, left: &Val<'_>, right: &Val<'_>, ignoring_case: bool) -> Truth {
    if let Some(truth) = unknown_side(left, right) {
        return truth;
    }
    let ordering = match (left, right) {
        (Val::Text(a), Val::Text(b)) if !ignoring_case && op == CompareOp::Eq => return Truth::of(a == b),
        (Val::Text(a), Val::Text(b)) if ignoring_case => {
            Some(a.chars().flat_map(char::to_lowercase).cmp(b.chars().flat_map(char::to_lowercase)))
        }
        (Val::Items(..) | Val::List(_), Val::Items(..) | Val::List(_)) => return lists_equal(op, *left, *right),
        _ => order(left, right),
    };
    ordering.map_or(Truth::Unknown, |o| Truth::of(holds(op, o)))
}

/// Whether two lists have an element in common. Where one is empty, it does not matter what is in the other.
pub fn overlap(left: Val<'_>, right: Val<'_>, ignoring_case: bool) -> Truth {
    let is_list = |v: &Val<'_>| matches!(v, Val::Items(..) | Val::List(_));
    let is_empty = |v: Val<'_>| is_list(&v) && v.items().next().is_none();
    if is_empty(left) || is_empty(right) {
        return Truth::False;
    }
    if let Some(truth) = unknown_side(&left, &right) {
        return truth;
    }
    if !is_list(&left) || !is_list(&right) {
        return mismatch(Truth::Unknown, &(left, right));
    }
    let mut found = Truth::False;
    for a in left.items() {
        for b in right.items() {
            found = found.or(compare(CompareOp::Eq, &a, &b, ignoring_case));
            if found == Truth::True {
                return found;
            }
        }
    }
    found
}

fn lists_equal(op: CompareOp, left: Val<'_>, right: Val<'_>) -> Truth {
    let (mut a, mut b) = (left.items(), right.items());
    let mut equal = Truth::True;
    loop {
        match (a.next(), b.next()) {
            (None, None) => break,
            (Some(x), Some(y)) => equal = equal.and(compare(CompareOp::Eq, &x, &y, false)),
            _ => {
                equal = Truth::False;
                break;
            }
        }
    }
    match op {
        CompareOp::Eq => equal,
        CompareOp::Ne => equal.not(),
        _ => mismatch(Truth::Unknown, &op),
    }
}

pub fn holds(op: CompareOp, ordering: Ordering) -> bool {
    match op {
        CompareOp::Eq => ordering.is_eq(),
        CompareOp::Ne => ordering.is_ne(),
        CompareOp::Lt => ordering.is_lt(),
        CompareOp::Le => ordering.is_le(),
        CompareOp::Gt => ordering.is_gt(),
        CompareOp::Ge => ordering.is_ge(),
    }
}

/// Comparison of two ranges, each from its lowest to its highest possible value: true or false where it
/// is so for all of them.
pub fn compare_ranges(op: CompareOp, left: (Val<'_>, Val<'_>), right: (Val<'_>, Val<'_>)) -> Truth {
    for (a, b) in [(&left.0, &right.0), (&left.1, &right.1), (&left.0, &left.1), (&right.0, &right.1)] {
        if let Some(truth) = unknown_side(a, b) {
            return truth;
        }
    }
    let (Some(low_high), Some(high_low), Some(low_low), Some(high_high)) =
        (order(&left.0, &right.1), order(&left.1, &right.0), order(&left.0, &right.0), order(&left.1, &right.1))
    else {
        return Truth::Unknown;
    };
    match op {
        CompareOp::Eq | CompareOp::Ne => {
            let equal = if low_high.is_gt() || high_low.is_lt() {
                Truth::False
            } else if low_high.is_eq() && high_low.is_eq() && low_low.is_eq() && high_high.is_eq() {
                Truth::True
            } else {
                Truth::Unknown
            };
            if op == CompareOp::Eq { equal } else { equal.not() }
        }
        _ => match (holds(op, low_high), holds(op, high_low)) {
            (true, true) => Truth::True,
            (false, false) => Truth::False,
            _ => Truth::Unknown,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_for_all_or_none() {
        let r = |a, b| (Val::Int(a), Val::Int(b));
        use CompareOp::*;
        assert_eq!(compare_ranges(Gt, r(4, 6), r(3, 3)), Truth::True);
        assert_eq!(compare_ranges(Gt, r(2, 6), r(3, 3)), Truth::Unknown);
        assert_eq!(compare_ranges(Gt, r(2, 3), r(3, 3)), Truth::False);
        assert_eq!(compare_ranges(Ge, r(3, 5), r(3, 3)), Truth::True);
        assert_eq!(compare_ranges(Le, r(1, 3), r(3, 9)), Truth::True);
        assert_eq!(compare_ranges(Eq, r(1, 3), r(3, 3)), Truth::Unknown);
        assert_eq!(compare_ranges(Eq, r(1, 2), r(3, 3)), Truth::False);
        assert_eq!(compare_ranges(Ne, r(3, 3), r(3, 3)), Truth::False);
        assert_eq!(compare_ranges(Eq, (Val::Unknown, Val::Unknown), r(1, 1)), Truth::Unknown);
    }

    #[test]
    fn an_empty_list_has_nothing_in_common_with_any() {
        let texts = |all: &[&str]| all.iter().map(|t| Value::Text((*t).into())).collect::<Vec<_>>();
        let (none, ab, bc, upper) = (texts(&[]), texts(&["a", "b"]), texts(&["b", "c"]), texts(&["B"]));
        let cases = [
            (Val::List(&ab), Val::List(&bc), Truth::True),
            (Val::List(&ab), Val::List(&upper), Truth::False),
            (Val::List(&none), Val::List(&none), Truth::False),
            (Val::List(&none), Val::Unknown, Truth::False),
            (Val::Unknown, Val::List(&none), Truth::False),
            (Val::List(&ab), Val::Unknown, Truth::Unknown),
            (Val::Absent, Val::Unknown, Truth::False),
        ];
        for (left, right, wanted) in cases {
            assert_eq!(overlap(left, right, false), wanted, "{left:?} {right:?}");
        }
        assert_eq!(overlap(Val::List(&ab), Val::List(&upper), true), Truth::True);
    }

    #[test]
    fn absence_is_false_before_the_unknown_is_unknown() {
        assert_eq!(compare(CompareOp::Ne, &Val::Absent, &Val::Int(1), false), Truth::False);
        assert_eq!(compare(CompareOp::Eq, &Val::Absent, &Val::Unknown, false), Truth::False);
        assert_eq!(compare(CompareOp::Eq, &Val::Unknown, &Val::Int(1), false), Truth::Unknown);
        let money = |n, c: &str| Val::Money(Decimal::from_int(n), Currency::parse(c));
        assert_eq!(compare(CompareOp::Lt, &money(1, "USD"), &money(2, "CNY"), false), Truth::Unknown);
        assert_eq!(compare(CompareOp::Lt, &money(0, ""), &money(2, "CNY"), false), Truth::True);
        assert_eq!(compare(CompareOp::Eq, &Val::Text("ÄB"), &Val::Text("äb"), true), Truth::True);
    }
}
