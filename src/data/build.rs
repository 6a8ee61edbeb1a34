//! Arrow columns built one cell at a time, and batches from typed cells.

use super::{Batch, ColumnId, Decimal, Defect, KindId, Money, Place, Schema, Type, Value, decimal};
use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, StringBuilder,
    TimestampNanosecondBuilder, UInt16Builder,
};
use arrow_array::{Array, ArrayRef, ListArray, StructArray};
use arrow_buffer::{NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Fields, TimeUnit};
use std::sync::Arc;

/// Digits of a decimal column.
const PRECISION: u8 = 38;

/// The Arrow type of a column; see the table at [`Type`].
pub fn array_type(schema: &Schema, ty: &Type) -> DataType {
    match resolved(schema, ty) {
        Type::Bool | Type::Struct => DataType::Boolean,
        Type::Int | Type::Bytes | Type::Duration => DataType::Int64,
        Type::Decimal | Type::Percent => DataType::Decimal128(PRECISION, decimal::SCALE as i8),
        Type::Text | Type::Ref(_) => DataType::Utf8,
        Type::Date => DataType::Date32,
        Type::Timestamp => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
        Type::Money => DataType::Struct(money_fields()),
        Type::Enum(_) => DataType::UInt16,
        Type::List(of) | Type::Set(of) => DataType::List(item_field(array_type(schema, of))),
    }
}

/// What a column of this type holds: for a `ref`, the type of the table's key.
pub fn resolved<'s>(schema: &'s Schema, ty: &'s Type) -> &'s Type {
    let mut ty = ty;
    // A key may itself be a `ref`; a circle of such keys is refused by the checker, and ends here as text.
    for _ in 0..=schema.kinds.len() {
        match ty {
            Type::Ref(table) => ty = schema.key_type(*table),
            other => return other,
        }
    }
    &Type::Text
}

fn money_fields() -> Fields {
    Fields::from(vec![
        Field::new("amount", DataType::Decimal128(PRECISION, decimal::SCALE as i8), true),
        Field::new("currency", DataType::Utf8, true),
    ])
}

fn item_field(of: DataType) -> Arc<Field> {
    Arc::new(Field::new("item", of, true))
}

/// A column that grows.
#[derive(Debug)]
pub enum ColumnBuilder {
    Bool(BooleanBuilder),
    /// `int`, `bytes`, `duration`.
    Int(Int64Builder),
    Decimal(Decimal128Builder),
    Text(StringBuilder),
    Date(Date32Builder),
    Timestamp(TimestampNanosecondBuilder),
    Enum(UInt16Builder),
    Money {
        amount: Decimal128Builder,
        currency: StringBuilder,
        present: NullBufferBuilder,
    },
    List {
        items: Box<ColumnBuilder>,
        item: DataType,
        ends: Vec<i32>,
        present: NullBufferBuilder,
    },
}

/// So many rows have room at first: of many kinds few are kept.
const AT_FIRST: usize = 64;

impl ColumnBuilder {
    pub fn new(schema: &Schema, ty: &Type) -> ColumnBuilder {
        let decimals = || Decimal128Builder::with_capacity(AT_FIRST).with_data_type(array_type(schema, &Type::Decimal));
        let times = || TimestampNanosecondBuilder::with_capacity(AT_FIRST).with_timezone("UTC");
        let texts = || StringBuilder::with_capacity(AT_FIRST, AT_FIRST * 16);
        match resolved(schema, ty) {
            Type::Bool | Type::Struct => ColumnBuilder::Bool(BooleanBuilder::with_capacity(AT_FIRST)),
            Type::Int | Type::Bytes | Type::Duration => ColumnBuilder::Int(Int64Builder::with_capacity(AT_FIRST)),
            Type::Decimal | Type::Percent => ColumnBuilder::Decimal(decimals()),
            Type::Text | Type::Ref(_) => ColumnBuilder::Text(texts()),
            Type::Date => ColumnBuilder::Date(Date32Builder::with_capacity(AT_FIRST)),
            Type::Timestamp => ColumnBuilder::Timestamp(times()),
            Type::Enum(_) => ColumnBuilder::Enum(UInt16Builder::with_capacity(AT_FIRST)),
            Type::Money => {
                ColumnBuilder::Money { amount: decimals(), currency: texts(), present: NullBufferBuilder::new(0) }
            }
            Type::List(of) | Type::Set(of) => ColumnBuilder::List {
                items: Box::new(ColumnBuilder::new(schema, of)),
                item: array_type(schema, of),
                ends: vec![0],
                present: NullBufferBuilder::new(0),
            },
        }
    }

    pub fn append_null(&mut self) {
        match self {
            ColumnBuilder::Bool(b) => b.append_null(),
            ColumnBuilder::Int(b) => b.append_null(),
            ColumnBuilder::Decimal(b) => b.append_null(),
            ColumnBuilder::Text(b) => b.append_null(),
            ColumnBuilder::Date(b) => b.append_null(),
            ColumnBuilder::Timestamp(b) => b.append_null(),
            ColumnBuilder::Enum(b) => b.append_null(),
            ColumnBuilder::Money { amount, currency, present } => {
                amount.append_null();
                currency.append_null();
                present.append_null();
            }
            ColumnBuilder::List { ends, present, .. } => {
                ends.push(*ends.last().unwrap_or(&0));
                present.append_null();
            }
        }
    }

    pub fn append_money(&mut self, money: Money) {
        if let ColumnBuilder::Money { amount, currency, present } = self {
            amount.append_value(money.amount.raw());
            currency.append_value(money.currency.as_str());
            present.append_non_null();
        }
    }

    /// Appends a value; a null, and false, where it is not of the column's type.
    pub fn append(&mut self, value: &Value) -> bool {
        match (&mut *self, value) {
            (ColumnBuilder::Bool(b), Value::Bool(v)) => b.append_value(*v),
            (ColumnBuilder::Int(b), Value::Int(v) | Value::Bytes(v) | Value::Duration(v)) => b.append_value(*v),
            (ColumnBuilder::Decimal(b), Value::Decimal(v) | Value::Percent(v)) => b.append_value(v.raw()),
            (ColumnBuilder::Decimal(b), Value::Int(v)) => b.append_value(Decimal::from_int(*v).raw()),
            (ColumnBuilder::Text(b), Value::Text(v)) => b.append_value(v),
            (ColumnBuilder::Date(b), Value::Date(v)) => b.append_value(*v),
            (ColumnBuilder::Timestamp(b), Value::Timestamp(v)) => b.append_value(*v),
            (ColumnBuilder::Enum(b), Value::Enum(_, v)) => b.append_value(*v),
            (ColumnBuilder::Money { .. }, Value::Money(v)) => self.append_money(*v),
            (ColumnBuilder::List { items, ends, present, .. }, Value::List(values)) => {
                let misfits = values.iter().filter(|v| !items.append(v)).count();
                ends.push(items.len() as i32);
                present.append_non_null();
                return misfits == 0;
            }
            _ => {
                self.append_null();
                return false;
            }
        }
        true
    }

    /// Appends what was read: a null where it is absent, or could not be read.
    pub fn append_read<E>(&mut self, read: Result<Option<Value>, E>) -> Result<(), E> {
        match read {
            Ok(Some(value)) => {
                self.append(&value);
                Ok(())
            }
            Ok(None) => {
                self.append_null();
                Ok(())
            }
            Err(error) => {
                self.append_null();
                Err(error)
            }
        }
    }

    /// Appends a list, of which some elements may be none; a null, and false, where it is no list of such.
    pub fn append_items(&mut self, values: &[Option<Value>]) -> bool {
        let ColumnBuilder::List { items, ends, present, .. } = self else {
            self.append_null();
            return false;
        };
        let mut fits = true;
        for value in values {
            match value {
                Some(value) => fits &= items.append(value),
                None => items.append_null(),
            }
        }
        ends.push(items.len() as i32);
        present.append_non_null();
        fits
    }

    pub fn len(&self) -> usize {
        match self {
            ColumnBuilder::Bool(b) => b.len(),
            ColumnBuilder::Int(b) => b.len(),
            ColumnBuilder::Decimal(b) => b.len(),
            ColumnBuilder::Text(b) => b.len(),
            ColumnBuilder::Date(b) => b.len(),
            ColumnBuilder::Timestamp(b) => b.len(),
            ColumnBuilder::Enum(b) => b.len(),
            ColumnBuilder::Money { present, .. } => present.len(),
            ColumnBuilder::List { ends, .. } => ends.len() - 1,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The array of all that was appended; the builder is empty again. Where it is of texts or times, which all batches
    /// have, it has room for as many.
    pub fn finish(&mut self) -> ArrayRef {
        match self {
            ColumnBuilder::Bool(b) => Arc::new(b.finish()),
            ColumnBuilder::Int(b) => Arc::new(b.finish()),
            ColumnBuilder::Decimal(b) => Arc::new(b.finish()),
            ColumnBuilder::Text(b) => {
                let texts = b.finish();
                *b = StringBuilder::with_capacity(texts.len(), texts.value_data().len());
                Arc::new(texts)
            }
            ColumnBuilder::Date(b) => Arc::new(b.finish()),
            ColumnBuilder::Timestamp(b) => {
                let times = b.finish();
                *b = TimestampNanosecondBuilder::with_capacity(times.len()).with_timezone("UTC");
                Arc::new(times)
            }
            ColumnBuilder::Enum(b) => Arc::new(b.finish()),
            ColumnBuilder::Money { amount, currency, present } => {
                let columns: Vec<ArrayRef> = vec![Arc::new(amount.finish()), Arc::new(currency.finish())];
                Arc::new(StructArray::new(money_fields(), columns, present.finish()))
            }
            ColumnBuilder::List { items, item, ends, present } => {
                let ends = std::mem::replace(ends, vec![0]);
                let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
                Arc::new(ListArray::new(item_field(item.clone()), offsets, items.finish(), present.finish()))
            }
        }
    }
}

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum CellValue {
    Known(Value),
    /// Nothing: absent, or missing where the column is required.
    Absent,
    /// A text that is not of the column's type.
    Malformed(String),
}

/// A batch of rows that stand in memory: each row has one cell for each column of `projection`.
/// A value that is not of its column's type becomes a defect.
pub fn batch_from_cells(
    schema: &Schema,
    kind: KindId,
    projection: Arc<[ColumnId]>,
    rows: &[Vec<CellValue>],
    places: Vec<Place>,
) -> Batch {
    let mut builders: Vec<_> =
        projection.iter().map(|&c| ColumnBuilder::new(schema, &schema.column(kind, c).ty)).collect();
    let mut defects = Vec::new();
    for (row, cells) in rows.iter().enumerate() {
        for (column, builder) in builders.iter_mut().enumerate() {
            let found = match cells.get(column).unwrap_or(&CellValue::Absent) {
                CellValue::Known(value) if builder.append(value) => continue,
                CellValue::Known(value) => format!("{value:?}"),
                CellValue::Absent => {
                    builder.append_null();
                    continue;
                }
                CellValue::Malformed(text) => {
                    builder.append_null();
                    text.clone()
                }
            };
            let ty = &schema.column(kind, projection[column]).ty;
            defects.push(Defect {
                row: row as u32,
                column: column as u32,
                found: shortened(&found),
                expected: format!("a value of type `{}`", schema.type_name(ty)),
            });
        }
    }
    let columns = builders.iter_mut().map(ColumnBuilder::finish).collect();
    Batch { kind, projection, columns, places, defects, left: Vec::new() }
}

/// At most eighty characters, on one line.
pub fn shortened(text: &str) -> String {
    let mut out: String = text.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(80).is_some() {
        out.pop();
        out.push('…');
    }
    out
}
