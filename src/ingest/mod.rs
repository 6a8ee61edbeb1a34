//! Records from files and streams: NDJSON, JSON, CSV and Parquet, as columns.
//!
//! [`Ingest::new`] prepares what a run reads once. [`Ingest::read`] takes one input at a time, its bytes
//! or a reader, in parallel where the format allows, and gives [`Batch`]es, [`Reject`]s and, at the end, an
//! [`InputReport`]. Batches and rejects come in any order; each row and each reject has its [`Place`].
//! [`Ingest::excerpts`] goes back to places, for reports that show the record.
//!
//! What a value may look like stands at [`values`]; paths, filters and `each` at [`rows`].
//! No file, clock or environment is read here.

mod arrow;
mod bare;
mod chunks;
mod csv;
mod excerpts;
mod filling;
mod formats;
mod json;
mod layout;
mod ndjson;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(not(feature = "parquet"))]
#[path = "parquet_left_out.rs"]
mod parquet;
mod paths;
mod ranges;
mod rows;
mod scan;
mod shapes;
mod unpack;
mod values;
mod veil;
mod worker;

#[cfg(test)]
mod tests;

pub use bare::{BareSpec, Shape, bare};
pub use excerpts::{Excerpt, Wanted};
pub use formats::{format_of, is_packed};
pub use parquet::is_guarded;

use crate::data::mapping::Format;
use crate::data::{Batch, ColumnId, InputId, KindId, LetGo, Limits, People, Place, Reading, Sieve};
use crate::diag::{Code, did_you_mean};
use arrow_array::RecordBatchReader;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;

/// Which records an input holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// JSON objects that name their kind in `kind` and their fields by name.
    Tagged,
    /// These of [`Reading::sources`], in one pass.
    Sources(Vec<usize>),
    /// All are of one kind, with fields or columns by name.
    Kind(KindId),
}

impl Route {
    /// By the name of a source or of a kind.
    ///
    /// # Errors
    /// A name that is neither's.
    pub fn named(name: &str, reading: &Reading) -> Result<Route, InputError> {
        if let Some(i) = reading.sources.iter().position(|s| s.name == name) {
            return Ok(Route::Sources(vec![i]));
        }
        if let Some(kind) = reading.schema.kind_named(name) {
            return Ok(Route::Kind(kind));
        }
        let names =
            || reading.sources.iter().map(|s| &*s.name).chain(reading.schema.declared().iter().map(|k| &*k.name));
        let error = InputError::new(Code::Routing, format!("the policy has no source, record or table `{name}`"));
        Err(match did_you_mean(name, names()) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help(format!("it has `{}`", names().collect::<Vec<_>>().join("`, `"))),
        })
    }
}

#[derive(Clone, Debug)]
pub struct InputSpec {
    pub id: InputId,
    /// As the user gave it: for messages, and for the format where nothing else tells it.
    pub name: String,
    /// None: what the sources say, then the name, then the content.
    pub format: Option<Format>,
    pub route: Route,
}

/// Gzip and zstd are recognised by their content in both.
pub enum Input<'a> {
    Bytes(&'a [u8]),
    /// A file: it is not held in memory, and several threads read it at once.
    At(Arc<dyn ReadAt>),
    Reader(Box<dyn Read + Send + 'a>),
}

/// Bytes that can be read from any place on.
pub trait ReadAt: Send + Sync {
    /// How many there are. What is added later is not read.
    fn size(&self) -> u64;

    /// Reads some of them into the buffer; none only where there are none.
    ///
    /// # Errors
    /// Where they cannot be read.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize>;
}

/// Where records go. Called from several threads.
#[derive(Clone, Copy)]
pub struct Sink<'a> {
    pub batch: &'a (dyn Fn(Batch) + Sync),
    pub reject: &'a (dyn Fn(Reject) + Sync),
    /// Uncompressed bytes done since the last call (in Parquet: of the file).
    pub advance: &'a (dyn Fn(u64) + Sync),
}

/// Rows that no rule can find anything in are told as they are read, and only the sieve's rest of them is given out.
/// [`InputReport::malformed`] does not count values of theirs that nobody looked at.
#[derive(Clone, Copy)]
pub struct Sift<'a> {
    pub sieve: &'a dyn Sieve,
    /// Called from several threads.
    pub rest: &'a (dyn Fn(LetGo) + Sync),
}

#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub threads: usize,
    /// About how much is worked on at once by one thread. It changes no outcome.
    pub chunk_bytes: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { threads: 1, chunk_bytes: 3 << 17 }
    }
}

/// What cannot be a record at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    pub place: Place,
    pub code: Code,
    pub reason: String,
    /// The record as it stands in the input; the first megabyte of a longer one.
    pub text: Vec<u8>,
}

/// Why an input as a whole could not be read. What was read before it was given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    pub code: Code,
    pub message: String,
    pub help: Option<String>,
}

impl InputError {
    fn new(code: Code, message: impl Into<String>) -> InputError {
        InputError { code, message: message.into(), help: None }
    }

    /// Over one of the limits, which may be set higher.
    fn over(message: impl Into<String>, limit: &str) -> InputError {
        InputError::new(Code::InputOverLimit, message)
            .help(format!("if that is right, allow more: `--limit {limit}=…`"))
    }

    fn help(mut self, help: impl Into<String>) -> InputError {
        self.help = Some(help.into());
        self
    }
}

impl std::fmt::Display for InputError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for InputError {}

/// A field that is not declared, close to one that is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    pub kind: KindId,
    /// Dotted, as it stands in the records.
    pub field: String,
    pub meant: String,
}

/// What an input held. It does not depend on the number of threads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputReport {
    pub format: Option<Format>,
    pub records: BTreeMap<KindId, u64>,
    pub rejected: u64,
    /// Records of kinds that the policy does not declare, by the name that they give; where they are of very
    /// many names, the rest is counted as `(others)`.
    pub undeclared: BTreeMap<String, u64>,
    /// Records that none of the sources takes.
    pub unclaimed: u64,
    /// Values that are not of their column's type.
    pub malformed: u64,
    pub notes: BTreeSet<Note>,
    /// Uncompressed.
    pub bytes: u64,
}

impl InputReport {
    fn add(&mut self, other: InputReport) {
        for (kind, count) in other.records {
            *self.records.entry(kind).or_default() += count;
        }
        for (name, count) in other.undeclared {
            *self.undeclared.entry(name).or_default() += count;
        }
        self.rejected += other.rejected;
        self.unclaimed += other.unclaimed;
        self.malformed += other.malformed;
        self.bytes += other.bytes;
        self.notes.extend(other.notes);
    }
}

/// The end of the last record that is whole, of NDJSON or CSV that is still being written.
pub fn whole(format: Format, bytes: &[u8], delimiter: u8) -> Option<usize> {
    match format {
        Format::Csv => csv::cut(bytes, delimiter),
        _ => memchr::memrchr(b'\n', bytes).map(|at| at + 1),
    }
}

/// The end of the first record, of NDJSON or CSV.
pub fn first(format: Format, bytes: &[u8], delimiter: u8) -> Option<usize> {
    let mut ends = memchr::memchr_iter(b'\n', bytes).map(|at| at + 1);
    match format {
        // A newline in quotes is none.
        Format::Csv => ends.find(|&end| csv::cut(&bytes[..end], delimiter) == Some(end)),
        _ => ends.next(),
    }
}

/// A field, and the names that lead to where it stands.
pub type StandsAt = (ColumnId, Vec<String>);

/// Prepared once for a run.
pub struct Ingest {
    reading: Reading,
    limits: Limits,
}

impl Ingest {
    pub fn new(reading: &Reading) -> Ingest {
        Ingest { reading: reading.clone(), limits: Limits::default() }
    }

    /// With other limits.
    pub fn within(self, limits: &Limits) -> Ingest {
        Ingest { limits: *limits, ..self }
    }

    /// Reads one input to its end.
    ///
    /// # Errors
    /// Where the input cannot be read, is not of its format, or lacks a column that is named.
    pub fn read(
        &self,
        spec: &InputSpec,
        input: Input<'_>,
        options: Options,
        sink: Sink<'_>,
    ) -> Result<InputReport, InputError> {
        self.sift(spec, input, options, sink, None)
    }

    /// As [`Ingest::read`]; of rows that the sieve lets go, only its rest is read.
    ///
    /// # Errors
    /// As those of [`Ingest::read`].
    pub fn sift(
        &self,
        spec: &InputSpec,
        input: Input<'_>,
        options: Options,
        sink: Sink<'_>,
        sift: Option<Sift<'_>>,
    ) -> Result<InputReport, InputError> {
        let opened = formats::open(&self.reading, spec, input, &self.limits)?;
        let job = worker::Job { spec, options, limits: self.limits, sink, delimiter: opened.delimiter, sift };
        let mut report = match opened.format {
            Format::Ndjson => ndjson::read(&self.reading, &job, opened.content)?,
            Format::Json => json::read(&self.reading, &job, opened.content)?,
            Format::Csv => csv::read(&self.reading, &job, opened.content)?,
            Format::Parquet => parquet::read(&self.reading, &job, opened.content)?,
        };
        report.format = Some(opened.format);
        Ok(report)
    }

    /// Reads rows of columns that are in memory, or come from another program. The first row has this number, from 0.
    /// Of rows that the sieve lets go, only its rest is read.
    ///
    /// # Errors
    /// Where a column that is named is not there, and where the batches end in an error.
    pub fn columns(
        &self,
        spec: &InputSpec,
        (batches, first): (&mut (dyn RecordBatchReader + Send), u64),
        options: Options,
        sink: Sink<'_>,
        sift: Option<Sift<'_>>,
    ) -> Result<InputReport, InputError> {
        let job = worker::Job { spec, options, limits: self.limits, sink, delimiter: b',', sift };
        arrow::read(&self.reading, &job, batches, first)
    }

    /// What is read of a table's columns: names, from a column down to a field in it, for those by the dotted name too.
    pub fn paths(&self, route: &Route) -> Vec<Vec<String>> {
        layout::Layout::new(&self.reading, route, true).slots.paths
    }

    /// The fields that are what stands in a column or a field in it, by the kinds that a table of this route may hold; none
    /// where a row may be several records.
    pub fn as_they_stand(&self, route: &Route) -> Option<Vec<(KindId, Vec<StandsAt>)>> {
        let layout = layout::Layout::new(&self.reading, route, true);
        let of = |target: &layout::Target| {
            let columns = target.projection.iter().flat_map(|p| p.iter()).zip(&target.columns);
            let path = |expr: &rows::Expr| layout.slots.paths.get(expr.as_it_stands()? as usize).cloned();
            let found = columns.filter_map(|(column, expr)| Some((*column, path(expr)?))).collect();
            target.each.is_none().then_some((target.kind, found))
        };
        layout.targets.iter().map(of).collect()
    }

    /// Goes back to records of an input: their text, and where in it the values of these columns stand.
    /// The input must be the same as it was read.
    ///
    /// # Errors
    /// Where the input cannot be read.
    pub fn excerpts(
        &self,
        spec: &InputSpec,
        input: Input<'_>,
        wanted: &[Wanted],
        people: &People,
    ) -> Result<Vec<Option<Excerpt>>, InputError> {
        let opened = formats::open(&self.reading, spec, input, &Limits::NONE)?;
        excerpts::excerpts(&self.reading, spec, opened, wanted, people)
    }

    /// What of the rejected records of an input may be shown: all where no field that it may hold is `@sensitive` and
    /// people keep their names; else what is declared of a JSON object, and nothing of any other text.
    pub fn shown<'p>(&self, spec: &InputSpec, people: &'p People) -> impl Fn(&Reject) -> Option<Vec<u8>> + 'p {
        let veil = veil::Veil::new(&self.reading, &spec.route, None, people);
        move |reject| {
            let Some(veil) = &veil else { return Some(reject.text.clone()) };
            let text = std::str::from_utf8(&reject.text).ok().filter(|t| t.trim_ascii_start().starts_with('{'))?;
            let whole = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
            whole.then(|| veil.json(text).text.into_bytes())
        }
    }
}
