//! Parquet: a row a record, columns by name; fields of nested groups by their dotted path. A row's place
//! is its number. A float is read by its shortest decimal text: 12.1 is 12.1.

mod bare;
mod outlook;
mod source;

use super::arrow::columns::{self, Way};
use super::arrow::{cells, ways};
use super::chunks::Content;
use super::csv::within_columns;
use super::excerpts::{gets, heading_of};
use super::layout::{Layout, Target};
use super::veil::Veils;
use super::worker::{Job, Outlook, Worker, near_field};
use super::{Excerpt, InputError, InputReport, InputSpec, Route, Wanted};
use crate::data::{Limits, People, Reading, limits};
use crate::diag::Code;
use crate::threads::{lock, on_all, unlock};
use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, FieldRef, Schema};
pub use bare::bare;
use outlook::Ends;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::Length;
use parquet::schema::types::SchemaDescriptor;
use source::Source;
use std::cell::Cell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const BATCH_ROWS: usize = 8192;

struct File {
    source: Source,
    metadata: ArrowReaderMetadata,
    /// First row of each group, and the number of rows at the end.
    starts: Vec<u64>,
}

impl File {
    fn open(content: Content, limits: &Limits) -> Result<File, InputError> {
        let source = Source::new(content, limits.document_bytes)?;
        // Without the writer's own Arrow schema, dictionaries and large texts come as plain texts.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let plain = ArrowReaderMetadata::load(&source, options).map_err(|e| not_parquet(&e))?;
        within(plain.metadata(), limits)?;
        let fields: Vec<FieldRef> = plain.schema().fields().iter().map(viewed).collect();
        let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
        let metadata = ArrowReaderMetadata::try_new(plain.metadata().clone(), options).map_err(|e| not_parquet(&e))?;
        let mut starts = vec![0u64];
        for group in metadata.metadata().row_groups() {
            let rows = u64::try_from(group.num_rows()).unwrap_or(0);
            starts.push(starts[starts.len() - 1].saturating_add(rows));
        }
        Ok(File { source, metadata, starts })
    }

    fn schema(&self) -> &Schema {
        self.metadata.schema()
    }

    fn group(&self, group: usize, mask: ProjectionMask) -> ParquetRecordBatchReaderBuilder<Source> {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(self.source.clone(), self.metadata.clone());
        builder.with_row_groups(vec![group]).with_batch_size(BATCH_ROWS).with_projection(mask)
    }

    fn parquet_schema(&self) -> &SchemaDescriptor {
        self.metadata.parquet_schema()
    }

    /// The columns and fields on these ways, with all that is in them.
    fn mask(&self, ways: &[Option<Way>]) -> ProjectionMask {
        let schema = self.parquet_schema();
        let leaves = schema.columns().iter().enumerate().filter(|(_, leaf)| {
            let parts = leaf.path().parts();
            ways.iter().flatten().any(|way| parts.starts_with(way))
        });
        ProjectionMask::leaves(schema, leaves.map(|(at, _)| at).collect::<Vec<_>>())
    }
}

/// Whether what a file claims to hold may be.
fn within(metadata: &ParquetMetaData, limits: &Limits) -> Result<(), InputError> {
    within_columns(metadata.file_metadata().schema_descr().num_columns(), limits)?;
    for (n, group) in metadata.row_groups().iter().enumerate() {
        let rows = u64::try_from(group.num_rows()).unwrap_or(0);
        if rows > limits.group_rows {
            let (rows, most) = (limits::grouped(rows), limits::grouped(limits.group_rows));
            let message = format!("claims {rows} rows in row group {}: more than {most}", n + 1);
            return Err(InputError::over(message, "group-rows"));
        }
        let size = |of: i64| u64::try_from(of).unwrap_or(0);
        let packed: u64 = group.columns().iter().map(|c| size(c.compressed_size())).fold(0, u64::saturating_add);
        let unpacked: u64 = group.columns().iter().map(|c| size(c.uncompressed_size())).fold(0, u64::saturating_add);
        if unpacked > limits.expansion_bytes && unpacked > packed.saturating_mul(limits.expansion) {
            let (times, unpacked) = (limits::grouped(limits.expansion), limits::grouped(unpacked));
            let packed = limits::grouped(packed);
            let of = format!("row group {} claims {unpacked} bytes from {packed}", n + 1);
            let message = format!("becomes more than {times} times larger unpacked: {of}");
            return Err(InputError::over(message, "expansion"));
        }
    }
    Ok(())
}

/// Texts, also in groups, as views into their pages: nothing is copied.
fn viewed(field: &FieldRef) -> FieldRef {
    let ty = match field.data_type() {
        DataType::Utf8 => DataType::Utf8View,
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(viewed).collect()),
        _ => return field.clone(),
    };
    Arc::new(Field::clone(field).with_data_type(ty))
}

fn not_parquet(error: &dyn std::fmt::Display) -> InputError {
    InputError::new(Code::NotThisFormat, format!("is not a sound Parquet file: {error}"))
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread, now, is an error that will be told.
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// The decoder meets damaged files with errors, as a rule, but not in every corner.
fn guarded<T>(run: impl FnOnce() -> Result<T, InputError>) -> Result<T, InputError> {
    let before = GUARDED.replace(true);
    let ran = catch_unwind(AssertUnwindSafe(run));
    GUARDED.set(before);
    ran.unwrap_or_else(|_| Err(not_parquet(&"its pages contradict themselves")))
}

pub fn read(reading: &Reading, job: &Job, content: Content) -> Result<InputReport, InputError> {
    let layout = Layout::new(reading, &job.spec.route, true);
    let file = guarded(|| File::open(content, &job.limits))?;
    let ways = ways(&layout, file.schema())?;
    let mask = file.mask(&ways);
    // Without those that only tell whether a row is anything to a rule.
    let rest_of = |t: &Target| t.slots_of_rest(&job.sift.map_or([].into(), |sift| sift.sieve.rest(t.kind)));
    let kept: Vec<u32> = layout.targets.iter().flat_map(rest_of).collect();
    let rest_ways: Vec<Option<Way>> =
        (0..).zip(&ways).map(|(slot, way)| way.clone().filter(|_| kept.contains(&slot))).collect();
    let rest_mask = file.mask(&rest_ways);
    let next = AtomicUsize::new(0);
    let failed: Mutex<Option<InputError>> = Mutex::new(None);
    let failure = || lock(&failed);
    let run = || {
        let mut worker = Worker::new(reading, &layout, job);
        loop {
            let group = next.fetch_add(1, Ordering::Relaxed);
            if group + 1 >= file.starts.len() || failure().is_some() {
                break;
            }
            worker.outlook = worker.outlook_of(&Ends::new(&file, group, &ways));
            let read = guarded(|| match worker.outlook {
                Outlook::Open => rows(&mut worker, job, &file, group, &mask, &ways),
                Outlook::LetGo => rows(&mut worker, job, &file, group, &rest_mask, &rest_ways),
                Outlook::Unclaimed => {
                    worker.report.unclaimed += file.starts[group + 1] - file.starts[group];
                    Ok(())
                }
            });
            if let Err(error) = read {
                failure().get_or_insert(error);
                break;
            }
            let size = file.metadata.metadata().row_group(group).compressed_size();
            worker.done(u64::try_from(size).unwrap_or(0));
        }
        worker.finish()
    };
    let mut report = InputReport::default();
    on_all(job.options.threads, &run).into_iter().for_each(|r| report.add(r));
    if let Some(error) = unlock(failed) {
        return Err(error);
    }
    report.bytes = file.source.len();
    if let Route::Kind(kind) = job.spec.route {
        let names = file.schema().fields().iter();
        report.notes.extend(names.filter_map(|f| near_field(reading, kind, "", f.name())));
    }
    Ok(report)
}

fn rows(
    worker: &mut Worker,
    job: &Job,
    file: &File,
    group: usize,
    mask: &ProjectionMask,
    ways: &[Option<Way>],
) -> Result<(), InputError> {
    let reader = file.group(group, mask.clone()).build().map_err(|e| not_parquet(&e))?;
    let mut row = file.starts[group];
    for batch in reader {
        let batch = batch.map_err(|e| not_parquet(&e))?;
        columns::rows(worker, job.spec.id, &batch, row, ways);
        row += batch.num_rows() as u64;
    }
    Ok(())
}

pub fn excerpts(
    reading: &Reading,
    spec: &InputSpec,
    content: Content,
    wanted: &[Wanted],
    people: &People,
) -> Result<Vec<Option<Excerpt>>, InputError> {
    let layout = Layout::new(reading, &spec.route, true);
    let veils = Veils::new(reading, &spec.route, people);
    guarded(|| {
        let mut veils = veils;
        let file = File::open(content, &Limits::NONE)?;
        let mut found = vec![None; wanted.len()];
        for group in 0..file.starts.len() - 1 {
            let span = file.starts[group]..file.starts[group + 1];
            let mut rows: Vec<u64> = wanted.iter().map(|w| w.place.offset).filter(|r| span.contains(r)).collect();
            rows.sort_unstable();
            rows.dedup();
            let mut shown = rows.iter();
            for batch in selected(&file, group, &rows)? {
                let batch = batch.map_err(|e| not_parquet(&e))?;
                for n in 0..batch.num_rows() {
                    let Some(row) = shown.next() else { break };
                    let (text, values) = show(&batch, n);
                    for (want, found) in wanted.iter().zip(&mut found).filter(|(w, _)| w.place.offset == *row) {
                        let fields = want.columns.iter().map(|c| {
                            let mut names = gets(&layout, want, *c).into_iter().map(|(target, get)| {
                                let list = target.each.as_ref().map(|e| &e.list);
                                heading_of(&layout, if get.item { list.unwrap_or(get) } else { get })
                            });
                            names.find_map(|name| value_range(&values, &name?))
                        });
                        let cells = values.iter().map(|(name, range)| (name.as_str(), range.clone()));
                        let veiled = veils.of(want.kind).map(|v| v.row(&text, cells));
                        *found = Some(Excerpt { text: text.clone(), fields: fields.collect() }.veiled(veiled));
                    }
                }
            }
        }
        Ok(found)
    })
}

fn selected(file: &File, group: usize, rows: &[u64]) -> Result<ParquetRecordBatchReader, InputError> {
    let start = file.starts[group];
    let ranges = rows.iter().map(|r| (r - start) as usize..(r - start) as usize + 1);
    let selection = RowSelection::from_consecutive_ranges(ranges, (file.starts[group + 1] - start) as usize);
    file.group(group, ProjectionMask::all()).with_row_selection(selection).build().map_err(|e| not_parquet(&e))
}

/// The columns as `heading = value` lines, and where each value stands.
fn show(batch: &RecordBatch, row: usize) -> (String, Vec<(String, Range<usize>)>) {
    let mut text = String::new();
    let mut values = Vec::new();
    for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(field.name());
        text.push_str(" = ");
        let start = text.len();
        cells::show(array, row, &mut text);
        values.push((field.name().clone(), start..text.len()));
    }
    (text, values)
}

fn value_range(values: &[(String, Range<usize>)], name: &str) -> Option<Range<usize>> {
    let root = name.split('.').next().unwrap_or(name);
    let named = |n: &str| values.iter().find(|v| v.0 == n).map(|v| v.1.clone());
    named(name).or_else(|| named(root))
}
