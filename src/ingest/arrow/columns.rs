//! The columns of a batch, each with all that its rows' values hang on looked up once.

use super::super::rows::Cells;
use super::super::values::Scalar;
use super::super::worker::Worker;
use super::cells;
use crate::data::{InputId, Place};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, StringViewArray};
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
    Plain(StringArray),
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
        let array = plain(array);
        let values = match array.data_type() {
            DataType::Utf8 => Values::Plain(array.as_string().clone()),
            DataType::Utf8View => Values::Text(array.as_string_view().clone()),
            DataType::Int64 => Values::Int(array.as_primitive::<Int64Type>().clone()),
            DataType::Boolean => Values::Bool(array.as_boolean().clone()),
            _ => Values::Other(array),
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
            Values::Plain(array) => Scalar::Cell(array.value(row)),
            Values::Int(array) => Scalar::Whole(array.value(row)),
            Values::Bool(array) => Scalar::Bool(array.value(row)),
            Values::Other(array) => cells::scalar(array, row),
        }
    }
}

/// What a dictionary stands for; other arrays as they are.
fn plain(array: &ArrayRef) -> ArrayRef {
    let words = array.as_any_dictionary_opt();
    let laid = words.and_then(|d| arrow_select::take::take(d.values(), d.keys(), None).ok());
    laid.unwrap_or_else(|| array.clone())
}

/// Gives the rows of a batch, of which the first has this number, to a worker.
pub fn rows(worker: &mut Worker, input: InputId, batch: &RecordBatch, first: u64, ways: &[Option<Way>]) {
    let columns: Vec<Option<Column>> = ways.iter().map(|w| Column::new(batch, w.as_ref()?)).collect();
    for (row, at) in (0..batch.num_rows()).zip(first..) {
        let place = Place { input, offset: at, line: at + 1, element: 0 };
        worker.row_record(&Row { columns: &columns, row }, place, b"");
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
