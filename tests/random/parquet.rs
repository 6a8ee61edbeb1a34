//! Records as a Parquet file with columns of their own types.

use super::batches::batch;
use super::records::{Datum, Raw};
use super::schema::{Schema, Ty};
use super::text::plain;
use crate::reference::Record;
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use bylaws::internals::data::{self, ColumnId};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use std::sync::Arc;

/// A typed column has no place for what is not of its type.
pub fn fits(raws: &[&Raw]) -> bool {
    !raws.is_empty() && raws.iter().all(|r| r.fields.values().all(|d| !matches!(d, Datum::Bad(_))))
}

/// Records of one flat kind. Amounts, words and durations are text; the rest is typed.
pub fn file(own: &Schema, schema: &data::Schema, raws: &[&Raw], records: &[&Record], group_rows: usize) -> Vec<u8> {
    let kind = &own.kinds[raws[0].kind];
    let all: Arc<[ColumnId]> = (0..kind.fields.len() as u32).map(ColumnId).collect();
    let typed = batch(schema, records[0].kind, &all, records).columns;
    // In some files numbers are text too.
    let spelt = group_rows.is_multiple_of(2);
    let columns = kind.fields.iter().enumerate().map(|(i, field)| {
        let array: ArrayRef = match field.ty {
            Ty::Int | Ty::Decimal if !spelt => typed[i].clone(),
            Ty::Money | Ty::Enum(_) | Ty::Duration | Ty::Int | Ty::Decimal => {
                let texts = raws.iter().map(|r| r.fields.get(&i).map(|d| plain(own, d, field.ty)));
                Arc::new(texts.collect::<StringArray>())
            }
            _ => typed[i].clone(),
        };
        (field.name.as_str(), array, true)
    });
    let rows = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group_rows)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), Some(properties)).unwrap();
    writer.write(&rows).unwrap();
    writer.into_inner().unwrap()
}
