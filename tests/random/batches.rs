//! Records as columns, without any text format between.

use crate::reference::{Cell, Record};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, ListArray, StringArray, StructArray,
    TimestampNanosecondArray, UInt16Array,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field};
use bylaws::internals::data::{Batch, ColumnId, Defect, InputId, KindId, Place, Role, Schema, Type, Value};
use std::sync::Arc;

/// Records of one kind, in the order given; `place.line` is the record's place, from 1.
pub fn batch(schema: &Schema, kind: KindId, projection: &Arc<[ColumnId]>, records: &[&Record]) -> Batch {
    let columns = projection.iter().map(|c| array(schema, &schema.column(kind, *c).ty, &cells(records, *c))).collect();
    let mut defects = Vec::new();
    for (row, record) in records.iter().enumerate() {
        for (column, id) in projection.iter().enumerate() {
            if let Some(Cell::Malformed(found)) = record.cells.get(id) {
                let (row, column) = (row as u32, column as u32);
                defects.push(Defect { row, column, found: found.clone(), expected: "something else".into() });
            }
        }
    }
    let places = records.iter().map(|r| place(r.place)).collect();
    Batch { kind, projection: projection.clone(), columns, places, defects, left: Vec::new() }
}

pub fn place(number: usize) -> Place {
    Place { input: InputId(0), offset: number as u64 * 100, line: number as u64 + 1, element: 0 }
}

fn cells(records: &[&Record], column: ColumnId) -> Vec<Option<Value>> {
    let cell = |r: &&Record| match r.cells.get(&column) {
        Some(Cell::Value(v)) => Some(v.clone()),
        _ => None,
    };
    records.iter().map(cell).collect()
}

fn decimals(raws: Vec<Option<i128>>) -> Decimal128Array {
    Decimal128Array::from(raws).with_precision_and_scale(38, 18).unwrap()
}

fn array(schema: &Schema, ty: &Type, cells: &[Option<Value>]) -> ArrayRef {
    macro_rules! each {
        ($array:ty, $($pattern:pat => $value:expr),+) => {
            Arc::new(<$array>::from(
                cells.iter().map(|c| c.as_ref().map(|v| match v { $($pattern => $value,)+ v => panic!("{v:?}") })).collect::<Vec<_>>(),
            ))
        };
    }
    match ty {
        Type::Bool | Type::Struct => each!(BooleanArray, Value::Bool(b) => *b),
        Type::Int | Type::Bytes | Type::Duration => {
            each!(Int64Array, Value::Int(n) | Value::Bytes(n) | Value::Duration(n) => *n)
        }
        Type::Decimal | Type::Percent => Arc::new(decimals(
            cells
                .iter()
                .map(|c| match c {
                    Some(Value::Decimal(d) | Value::Percent(d)) => Some(d.raw()),
                    _ => None,
                })
                .collect(),
        )),
        Type::Ref(table) => {
            let Role::Table { key, .. } = schema.kind(*table).role else { panic!("not a table") };
            array(schema, &schema.column(*table, key).ty, cells)
        }
        Type::Text => each!(StringArray, Value::Text(t) => t.as_str()),
        Type::Date => each!(Date32Array, Value::Date(d) => *d),
        Type::Timestamp => {
            let instants = cells.iter().map(|c| if let Some(Value::Timestamp(t)) = c { Some(*t) } else { None });
            Arc::new(TimestampNanosecondArray::from(instants.collect::<Vec<_>>()).with_timezone("UTC"))
        }
        Type::Enum(_) => each!(UInt16Array, Value::Enum(_, word) => *word),
        Type::Money => {
            let money: Vec<_> =
                cells.iter().map(|c| if let Some(Value::Money(m)) = c { Some(m) } else { None }).collect();
            let amounts = decimals(money.iter().map(|m| m.map(|m| m.amount.raw())).collect());
            let currencies =
                StringArray::from(money.iter().map(|m| m.map(|m| m.currency.as_str())).collect::<Vec<_>>());
            let fields = vec![
                Field::new("amount", DataType::Decimal128(38, 18), true),
                Field::new("currency", DataType::Utf8, true),
            ];
            let there = NullBuffer::from(money.iter().map(Option::is_some).collect::<Vec<_>>());
            Arc::new(StructArray::new(fields.into(), vec![Arc::new(amounts), Arc::new(currencies)], Some(there)))
        }
        Type::List(of) | Type::Set(of) => {
            let items = |c: &Option<Value>| match c {
                Some(Value::List(items)) => items.iter().cloned().map(Some).collect(),
                _ => Vec::new(),
            };
            let all: Vec<Vec<Option<Value>>> = cells.iter().map(items).collect();
            let offsets = OffsetBuffer::from_lengths(all.iter().map(Vec::len));
            let values = array(schema, of, &all.concat());
            let field = Arc::new(Field::new("item", values.data_type().clone(), true));
            let there = NullBuffer::from(cells.iter().map(Option::is_some).collect::<Vec<_>>());
            Arc::new(ListArray::new(field, offsets, values, Some(there)))
        }
    }
}
