//! Values to try: near a bound, other than one, or any at all.

use super::super::interp::Context;
use super::super::world::{World, cell_type};
use crate::data::{ColumnId, Decimal, KindId, Money, Role, Schema, Type, Value};
use crate::sema::hir::CompareOp;

pub struct Values<'a> {
    pub cx: Context<'a>,
    pub world: &'a World,
}

/// Records whose values are looked at for another one.
const LOOKED_AT: u32 = 1000;
/// Of a field, so many other values are tried.
const OTHERS: usize = 6;

impl Values<'_> {
    /// Other values that the field could have: those of other records first.
    pub fn others(&self, kind: KindId, column: ColumnId, not: &[Value]) -> Vec<Value> {
        let schema = &self.cx.plan.schema;
        let declared = &schema.column(kind, column).ty;
        let mut values: Vec<Value> = Vec::new();
        match cell_type(schema, kind, column) {
            Type::Bool => values.extend([true, false].map(Value::Bool)),
            Type::Enum(id) => {
                values.extend((0..schema.enum_def(id).words.len() as u16).map(|w| Value::Enum(id, w)));
            }
            Type::Text => {
                self.seen(kind, column, &mut values, not);
                if let Type::Ref(table) = declared
                    && let Role::Table { key, .. } = schema.kind(*table).role
                {
                    self.seen(*table, key, &mut values, not);
                } else {
                    values.push(Value::Text("something else".into()));
                }
            }
            _ => {
                for value in not {
                    values.extend(stepped(value, -1, schema));
                    values.extend(stepped(value, 1, schema));
                }
                self.seen(kind, column, &mut values, not);
            }
        }
        values.retain(|v| !not.contains(v));
        values.truncate(OTHERS);
        values
    }

    fn seen(&self, kind: KindId, column: ColumnId, values: &mut Vec<Value>, not: &[Value]) {
        let ty = cell_type(&self.cx.plan.schema, kind, column);
        let number = self.world.len(kind);
        for id in (0..number).rev().take(LOOKED_AT as usize) {
            let frame = self.world.frame(kind, id);
            if let Some(value) = frame.rows.cols[column.0 as usize].value(frame.row, &ty)
                && !values.contains(&value)
                && !not.contains(&value)
            {
                values.push(value);
            }
            if values.len() >= 3 {
                return;
            }
        }
    }

    /// Any value that the field could have: another record's, or a plain one of its type.
    pub fn sample(&self, kind: KindId, column: ColumnId) -> Option<Value> {
        let mut seen = Vec::new();
        self.seen(kind, column, &mut seen, &[]);
        if let Some(first) = seen.into_iter().next() {
            return Some(first);
        }
        Some(match cell_type(&self.cx.plan.schema, kind, column) {
            Type::Bool => Value::Bool(false),
            Type::Int => Value::Int(0),
            Type::Bytes => Value::Bytes(0),
            Type::Duration => Value::Duration(0),
            Type::Decimal => Value::Decimal(Decimal::ZERO),
            Type::Percent => Value::Percent(Decimal::ZERO),
            Type::Text => Value::Text("something".into()),
            Type::Enum(id) => Value::Enum(id, 0),
            Type::List(_) | Type::Set(_) => Value::List(Vec::new()),
            _ => return None,
        })
    }
}

/// The next value of the type, or the one before: a cent, a day, a second.
pub fn stepped(value: &Value, by: i64, schema: &Schema) -> Option<Value> {
    const SECOND: i64 = 1_000_000_000;
    let cent = |d: Decimal| Decimal::parse(if by < 0 { "-0.01" } else { "0.01" }).ok().and_then(|c| d.checked_add(c));
    Some(match value {
        Value::Int(n) => Value::Int(n.checked_add(by)?),
        Value::Bytes(n) => Value::Bytes(n.checked_add(by)?),
        Value::Duration(n) => Value::Duration(n.checked_add(by * SECOND)?),
        Value::Timestamp(n) => Value::Timestamp(n.checked_add(by * SECOND)?),
        Value::Date(d) => Value::Date(d.checked_add(by as i32)?),
        Value::Decimal(d) => Value::Decimal(cent(*d)?),
        Value::Percent(d) => Value::Percent(cent(*d)?),
        Value::Money(m) => Value::Money(Money { amount: cent(m.amount)?, ..*m }),
        Value::Enum(id, word) => {
            let to = i64::from(*word) + by;
            let words = schema.enum_def(*id).words.len() as i64;
            Value::Enum(*id, u16::try_from(to).ok().filter(|_| to < words)?)
        }
        _ => return None,
    })
}

pub fn opposite(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Eq => CompareOp::Ne,
        CompareOp::Ne => CompareOp::Eq,
        CompareOp::Lt => CompareOp::Ge,
        CompareOp::Le => CompareOp::Gt,
        CompareOp::Gt => CompareOp::Le,
        CompareOp::Ge => CompareOp::Lt,
    }
}

pub fn mirrored(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::Le => CompareOp::Ge,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::Ge => CompareOp::Le,
        same => same,
    }
}
