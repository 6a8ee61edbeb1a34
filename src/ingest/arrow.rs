//! Records that stand in columns already: Arrow batches, from a Parquet file or from another program. A row is a record,
//! columns go by name; fields of nested groups by their dotted path. A row's place is its number. A float is read by
//! its shortest decimal text: 12.1 is 12.1.

pub mod cells;
pub mod columns;

use super::layout::Layout;
use super::worker::{Job, Worker, near_field};
use super::{InputError, InputReport, Route};
use crate::data::Reading;
use crate::diag::{Code, did_you_mean};
use crate::threads::{lock, on_all, unlock};
use arrow_array::RecordBatchReader;
use arrow_schema::{DataType, Schema};
use columns::Way;
use std::sync::Mutex;

/// Reads all batches; the first row has this number, from 0.
pub fn read(
    reading: &Reading,
    job: &Job,
    batches: &mut (dyn RecordBatchReader + Send),
    first: u64,
) -> Result<InputReport, InputError> {
    if job.spec.route == Route::Tagged {
        return Err(InputError::new(Code::WithoutKind, "a table does not say which records it holds")
            .help("name the kind or a source"));
    }
    let layout = Layout::new(reading, &job.spec.route, true);
    let schema = batches.schema();
    let ways = ways(&layout, &schema)?;
    let next = Mutex::new((batches, first));
    let failed: Mutex<Option<InputError>> = Mutex::new(None);
    let run = || {
        let mut worker = Worker::new(reading, &layout, job);
        loop {
            let (batch, row) = {
                let mut next = lock(&next);
                let row = next.1;
                let Some(batch) = next.0.next() else { break };
                next.1 += batch.as_ref().map_or(0, |b| b.num_rows() as u64);
                (batch, row)
            };
            match batch {
                Ok(batch) => columns::rows(&mut worker, job.spec.id, &batch, row, &ways),
                Err(error) => {
                    let error = InputError::new(Code::BrokenInput, format!("its batches end early: {error}"));
                    lock(&failed).get_or_insert(error);
                    break;
                }
            }
        }
        worker.finish()
    };
    let mut report = InputReport::default();
    on_all(job.options.threads, &run).into_iter().for_each(|r| report.add(r));
    if let Some(error) = unlock(failed) {
        return Err(error);
    }
    if let Route::Kind(kind) = job.spec.route {
        let names = schema.fields().iter();
        report.notes.extend(names.filter_map(|f| near_field(reading, kind, "", f.name())));
    }
    Ok(report)
}

/// Where each slot's values are.
///
/// # Errors
/// Where a column is not there that must be, or is there twice.
pub fn ways(layout: &Layout, schema: &Schema) -> Result<Vec<Option<Way>>, InputError> {
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    let mut ways = Vec::new();
    for (path, needed_by) in layout.slots.paths.iter().zip(&layout.slots.needed_by) {
        let name = path.join(".");
        if names.iter().filter(|n| **n == name).count() > 1 {
            return Err(InputError::new(Code::HeadingTwice, format!("two columns are called `{name}`")));
        }
        let way = match names.iter().position(|n| *n == name) {
            Some(_) => Some(vec![name.clone()]),
            None => type_at(schema, path).map(|_| path.clone()),
        };
        if let (None, Some(needed_by)) = (&way, needed_by) {
            let message = format!("there is no column `{name}`, which `{needed_by}` reads");
            let error = InputError::new(Code::HeadingMissing, message);
            return Err(match did_you_mean(&name, names.iter().copied()) {
                Some(meant) => error.help(format!("did you mean `{meant}`?")),
                None => error.help(format!("its columns are `{}`", names.join("`, `"))),
            });
        }
        ways.push(way);
    }
    Ok(ways)
}

/// The type of a column or field.
pub fn type_at<'s>(schema: &'s Schema, way: &[String]) -> Option<&'s DataType> {
    let (first, rest) = way.split_first()?;
    let mut ty = schema.field_with_name(first).ok()?.data_type();
    for key in rest {
        let DataType::Struct(fields) = ty else { return None };
        ty = fields.find(key)?.1.data_type();
    }
    Some(ty)
}
