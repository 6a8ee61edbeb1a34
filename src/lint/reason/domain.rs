//! Sets of values that one term can have.

use crate::data::{EnumId, Schema, Type, Value};
use crate::sema::hir::CompareOp;
use std::collections::BTreeSet;

/// A set of values. Those with an order are whole numbers, closed ranges of them in order; a decimal is its count of
/// 10⁻¹⁸.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    values: Values,
    /// That there is no value is in the set.
    absent: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Values {
    Numbers(Vec<(i128, i128)>),
    /// These texts; or all but these.
    Texts {
        listed: BTreeSet<String>,
        but: bool,
    },
}

/// The place of a value in its type's order.
pub fn number(value: &Value) -> Option<i128> {
    Some(match value {
        Value::Bool(b) => i128::from(*b),
        Value::Int(n) | Value::Timestamp(n) | Value::Duration(n) | Value::Bytes(n) => i128::from(*n),
        Value::Date(day) => i128::from(*day),
        Value::Decimal(d) | Value::Percent(d) => d.raw(),
        Value::Money(m) => m.amount.raw(),
        Value::Enum(_, word) => i128::from(*word),
        Value::Text(_) | Value::List(_) => return None,
    })
}

impl Domain {
    pub fn numbers(low: i128, high: i128) -> Domain {
        let ranges = if low <= high { vec![(low, high)] } else { Vec::new() };
        Domain { values: Values::Numbers(ranges), absent: false }
    }

    pub fn truth(holds: bool) -> Domain {
        Domain::numbers(i128::from(holds), i128::from(holds))
    }

    pub fn text(text: impl Into<String>) -> Domain {
        Domain { values: Values::Texts { listed: BTreeSet::from([text.into()]), but: false }, absent: false }
    }

    /// All values of a type.
    pub fn all(ty: &Type, schema: &Schema) -> Option<Domain> {
        Some(match ty {
            Type::Bool => Domain::numbers(0, 1),
            Type::Enum(id) => Domain::numbers(0, words(*id, schema) - 1),
            Type::Int
            | Type::Decimal
            | Type::Percent
            | Type::Date
            | Type::Timestamp
            | Type::Duration
            | Type::Bytes
            | Type::Money => Domain::numbers(i128::MIN, i128::MAX),
            Type::Text => Domain { values: Values::Texts { listed: BTreeSet::new(), but: true }, absent: false },
            Type::Ref(table) => return Domain::all(schema.key_type(*table), schema),
            Type::Struct | Type::List(_) | Type::Set(_) => return None,
        })
    }

    pub fn with_absent(self, absent: bool) -> Domain {
        Domain { absent, ..self }
    }

    pub fn may_be_absent(&self) -> bool {
        self.absent
    }

    /// The values that compare so with a constant.
    pub fn compared(op: CompareOp, value: &Value) -> Option<Domain> {
        if let Value::Text(text) = value {
            let equal = Domain::text(text.as_str());
            return match op {
                CompareOp::Eq => Some(equal),
                CompareOp::Ne => Some(equal.complement()),
                _ => None,
            };
        }
        let n = number(value)?;
        let (low, high) = (i128::MIN, i128::MAX);
        Some(match op {
            CompareOp::Eq => Domain::numbers(n, n),
            CompareOp::Ne => Domain::numbers(n, n).complement(),
            CompareOp::Lt => n.checked_sub(1).map_or(Domain::numbers(1, 0), |n| Domain::numbers(low, n)),
            CompareOp::Le => Domain::numbers(low, n),
            CompareOp::Gt => n.checked_add(1).map_or(Domain::numbers(1, 0), |n| Domain::numbers(n, high)),
            CompareOp::Ge => Domain::numbers(n, high),
        })
    }

    /// All other values; absence is no value.
    pub fn complement(&self) -> Domain {
        let values = match &self.values {
            Values::Texts { listed, but } => Values::Texts { listed: listed.clone(), but: !but },
            Values::Numbers(ranges) => {
                let mut rest = Vec::new();
                let mut next = Some(i128::MIN);
                for (low, high) in ranges {
                    if let Some(from) = next
                        && from < *low
                    {
                        rest.push((from, low - 1));
                    }
                    next = high.checked_add(1);
                }
                rest.extend(next.map(|from| (from, i128::MAX)));
                Values::Numbers(rest)
            }
        };
        Domain { values, absent: false }
    }

    pub fn and(&self, other: &Domain) -> Domain {
        let values = match (&self.values, &other.values) {
            (Values::Numbers(a), Values::Numbers(b)) => {
                let mut both = Vec::new();
                for (low, high) in a {
                    for (other_low, other_high) in b {
                        let (low, high) = (*low.max(other_low), *high.min(other_high));
                        if low <= high {
                            both.push((low, high));
                        }
                    }
                }
                Values::Numbers(both)
            }
            (Values::Texts { listed: a, but: x }, Values::Texts { listed: b, but: y }) => {
                let (listed, but) = match (x, y) {
                    (false, false) => (a & b, false),
                    (false, true) => (a - b, false),
                    (true, false) => (b - a, false),
                    (true, true) => (a | b, true),
                };
                Values::Texts { listed, but }
            }
            // Of two types: the checker has told.
            (a, _) => a.clone(),
        };
        Domain { values, absent: self.absent && other.absent }
    }

    pub fn or(&self, other: &Domain) -> Domain {
        let both = self.complement().and(&other.complement()).complement();
        Domain { absent: self.absent || other.absent, ..both }
    }

    pub fn is_empty(&self) -> bool {
        let none = match &self.values {
            Values::Numbers(ranges) => ranges.is_empty(),
            Values::Texts { listed, but } => !but && listed.is_empty(),
        };
        none && !self.absent
    }

    /// Where it is of numbers, its ranges.
    pub fn ranges(&self) -> &[(i128, i128)] {
        match &self.values {
            Values::Numbers(ranges) => ranges,
            Values::Texts { .. } => &[],
        }
    }
}

fn words(id: EnumId, schema: &Schema) -> i128 {
    schema.enum_def(id).words.len() as i128
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_numbers() {
        let over = Domain::compared(CompareOp::Gt, &Value::Int(4)).unwrap();
        let under = Domain::compared(CompareOp::Lt, &Value::Int(5)).unwrap();
        assert!(over.and(&under).is_empty());
        let not_four = Domain::compared(CompareOp::Ne, &Value::Int(4)).unwrap();
        assert_eq!(not_four.ranges(), [(i128::MIN, 3), (5, i128::MAX)]);
        assert_eq!(not_four.complement().ranges(), [(4, 4)]);
        assert_eq!(over.or(&under), Domain::numbers(i128::MIN, i128::MAX));
        assert_eq!(over.complement().ranges(), [(i128::MIN, 4)]);
    }

    #[test]
    fn sets_of_texts() {
        let (a, b) = (Domain::text("a"), Domain::text("b"));
        assert!(a.and(&b).is_empty());
        assert!(!a.complement().and(&b.complement()).is_empty());
        assert!(a.or(&b).and(&a.complement()).and(&b.complement()).is_empty());
        assert!(!a.and(&b).with_absent(true).is_empty());
    }
}
