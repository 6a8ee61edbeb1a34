//! Rows with all that is in them.

use super::super::InputError;
use super::super::arrow::cells;
use super::super::bare::{BareSpec, of_json, once};
use super::super::chunks::Content;
use super::super::values::Scalar;
use super::{File, guarded, not_parquet};
use crate::data::Place;
use crate::data::found::{Bare, Found, See};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, Field};
use parquet::arrow::ProjectionMask;

/// As [`super::super::bare::bare`]; gives names that several columns have.
pub fn bare(spec: &BareSpec, content: Content, see: See, advance: &dyn Fn(u64)) -> Result<Vec<String>, InputError> {
    let input = spec.id;
    let file = guarded(|| File::open(content, &spec.limits))?;
    let (columns, twice) = once(file.schema().fields().iter().map(|f| f.name().as_str()));
    for group in 0..file.starts.len() - 1 {
        let more = guarded(|| {
            let reader = file.group(group, ProjectionMask::all()).build().map_err(|e| not_parquet(&e))?;
            let mut row = file.starts[group];
            for batch in reader {
                let batch = batch.map_err(|e| not_parquet(&e))?;
                let schema = batch.schema();
                for n in 0..batch.num_rows() {
                    let place = Place { input, offset: row, line: row + 1, element: 0 };
                    let cells = columns.iter().map(|at| (schema.field(*at), batch.column(*at)));
                    if !see(place, Bare::Record(&members(cells, n))) {
                        return Ok(false);
                    }
                    row += 1;
                }
            }
            Ok(true)
        })?;
        advance(u64::try_from(file.metadata.metadata().row_group(group).compressed_size()).unwrap_or(0));
        if !more {
            break;
        }
    }
    Ok(twice)
}

fn members<'a>(cells: impl Iterator<Item = (&'a Field, &'a ArrayRef)>, row: usize) -> Found<'a> {
    Found::Group(cells.map(|(field, array)| (field.name().as_str().into(), found(array, row))).collect())
}

fn found(array: &ArrayRef, row: usize) -> Found<'_> {
    if row >= array.len() || array.is_null(row) {
        return Found::Absent;
    }
    if let DataType::Struct(fields) = array.data_type() {
        return members(fields.iter().map(|f| &**f).zip(array.as_struct().columns()), row);
    }
    match cells::scalar(array, row) {
        Scalar::Absent => Found::Absent,
        Scalar::Text(text) => Found::Text(text),
        Scalar::Cell(text) => Found::Cell(text.into()),
        Scalar::Number(text) => Found::Number(text),
        Scalar::Whole(n) => Found::Number(n.to_string().into()),
        Scalar::Bool(b) => Found::Bool(b),
        Scalar::Date(days) => Found::Date(days),
        Scalar::Instant(t) => Found::Instant(t),
        Scalar::Local(days, nanos) => Found::Local(days, nanos),
        Scalar::List(text) | Scalar::Object(text) => match of_json(&text) {
            Ok(found) => owned(found),
            Err(key) => Found::Misfit(format!("`{key}` twice").into()),
        },
        Scalar::Items(items) => Found::Misfit(format!("{} values", items.len()).into()),
        Scalar::Misfit { found, .. } => Found::Misfit(found),
    }
}

fn owned(found: Found<'_>) -> Found<'static> {
    match found {
        Found::Absent => Found::Absent,
        Found::Text(t) => Found::Text(t.into_owned().into()),
        Found::Cell(t) => Found::Cell(t.into_owned().into()),
        Found::Number(t) => Found::Number(t.into_owned().into()),
        Found::Bool(b) => Found::Bool(b),
        Found::Date(days) => Found::Date(days),
        Found::Instant(t) => Found::Instant(t),
        Found::Local(days, nanos) => Found::Local(days, nanos),
        Found::List(items) => Found::List(items.into_iter().map(owned).collect()),
        Found::Group(members) => {
            Found::Group(members.into_iter().map(|(k, v)| (k.into_owned().into(), owned(v))).collect())
        }
        Found::Misfit(t) => Found::Misfit(t.into_owned().into()),
    }
}
