//! Records in columns, each row with its place in the input that it came from.

use super::{ColumnId, KindId};
use arrow_array::ArrayRef;
use serde::{Deserialize, Serialize};

/// Index of an input (a file, or standard input) of one run, in the order of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InputId(pub u32);

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    pub input: InputId,
    /// Byte offset of the record's first byte in the (uncompressed) input; in Parquet, the row from 0.
    pub offset: u64,
    /// Line from 1 (of the record's first byte); in Parquet, the row from 1.
    pub line: u64,
    /// Which element of `each`, from 0.
    pub element: u32,
}

/// A value that was there but could not be read as its column's type. The cell is null.
///
/// A null cell of a required column without a defect is a missing value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defect {
    pub row: u32,
    /// Index into the batch's columns.
    pub column: u32,
    /// The text found, shortened to 80 characters.
    pub found: String,
    /// What would have been right: "a date like 2025-01-31".
    pub expected: String,
}

/// Rows of one kind. `columns[i]` holds the kind's column `projection[i]`, in the array of its type
/// (see [`super::Type`]); all have `places.len()` rows.
#[derive(Clone, Debug)]
pub struct Batch {
    pub kind: KindId,
    pub projection: std::sync::Arc<[ColumnId]>,
    pub columns: Vec<ArrayRef>,
    pub places: Vec<Place>,
    /// Sorted by row, then column.
    pub defects: Vec<Defect>,
    /// By row, so many words each: for whom a [`Sieve`](super::Sieve) left it. Empty where none has told of all rows.
    pub left: Vec<u128>,
}

impl Batch {
    pub fn rows(&self) -> usize {
        self.places.len()
    }
}
