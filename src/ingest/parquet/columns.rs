//! The columns of a batch, each with all that its rows' values hang on looked up once.

use super::super::rows::Cells;
use super::super::values::Scalar;
use super::cells;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, StringViewArray};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;

/// Names from a column down to a field in it.
pub type Way = Vec<String>;

pub struct Column {
    values: Values,
    /// Where it and all groups around it are there.
    there: Option<NullBuffer>,
}

enum Values {
    Text(StringViewArray),
    Int(Int64Array),
    Bool(BooleanArray),
    Other(ArrayRef),
}

impl Column {
    pub fn new(batch: &RecordBatch, way: &Way) -> Option<Column> {
        let (root, fields) = way.split_first()?;
        let mut array = batch.column_by_name(root)?;
        let mut there = array.logical_nulls();
        for field in fields {
            array = array.as_struct_opt()?.column_by_name(field)?;
            there = NullBuffer::union(there.as_ref(), array.logical_nulls().as_ref());
        }
        let values = match array.data_type() {
            DataType::Utf8View => Values::Text(array.as_string_view().clone()),
            DataType::Int64 => Values::Int(array.as_primitive::<Int64Type>().clone()),
            DataType::Boolean => Values::Bool(array.as_boolean().clone()),
            _ => Values::Other(array.clone()),
        };
        Some(Column { values, there: there.filter(|t| t.null_count() > 0) })
    }

    #[inline]
    fn scalar(&self, row: usize) -> Scalar<'_> {
        if self.there.as_ref().is_some_and(|there| there.is_null(row)) {
            return Scalar::Absent;
        }
        match &self.values {
            Values::Text(array) => Scalar::Cell(array.value(row)),
            Values::Int(array) => Scalar::Whole(array.value(row)),
            Values::Bool(array) => Scalar::Bool(array.value(row)),
            Values::Other(array) => cells::scalar(array, row),
        }
    }
}

pub struct Row<'r> {
    /// By slot.
    pub columns: &'r [Option<Column>],
    pub row: usize,
}

impl Cells for Row<'_> {
    #[inline]
    fn get(&self, _item: bool, slot: u32) -> Scalar<'_> {
        match self.columns.get(slot as usize) {
            Some(Some(column)) => column.scalar(self.row),
            _ => Scalar::Absent,
        }
    }
}
