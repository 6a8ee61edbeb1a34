//! The names of people in a batch.

use super::rows::{BatchError, FlawKind, Rows};
use super::world::cell_type;
use crate::data::calendar::Zone;
use crate::data::{Batch, ColumnId, Schema, Value, display};
use std::collections::BTreeSet;

/// All values of a batch's columns as identities have them, and texts in them that could not be read.
///
/// # Errors
/// Where the batch does not fit the schema.
pub fn texts(batch: Batch, schema: &Schema) -> Result<BTreeSet<String>, BatchError> {
    let columns: Vec<ColumnId> = batch.projection.to_vec();
    let rows = Rows::of(batch, schema, &columns)?;
    let mut texts = BTreeSet::new();
    let mut see = |value: &Value| {
        texts.insert(display::exact(value, schema, &Zone::utc()));
    };
    for column in columns {
        let ty = cell_type(schema, rows.kind, column);
        for row in 0..rows.len() {
            match rows.cols[column.0 as usize].value(row, &ty) {
                Some(Value::List(items)) => items.iter().for_each(&mut see),
                Some(value) => see(&value),
                None => {
                    if let Some(FlawKind::Malformed { found, .. }) = rows.flaw(row, column).map(|f| &f.kind) {
                        see(&Value::Text(found.clone()));
                    }
                }
            }
        }
    }
    Ok(texts)
}
