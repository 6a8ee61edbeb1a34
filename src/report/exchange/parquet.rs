//! A row a verdict, in a Parquet file, for data tools. The columns are those of the CSV, with times as instants.

use super::{Notice, Run, Standing};
use arrow_array::builder::{StringBuilder, StringDictionaryBuilder, TimestampMillisecondBuilder, UInt64Builder};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::io::{Error, Result, Write};
use std::sync::Arc;

/// Rows that are laid in columns at once.
const ROWS: usize = 8192;

/// Writes as notices come.
pub(crate) struct Sheet<'a> {
    run: &'a Run,
    waiting: Vec<Notice>,
    file: ArrowWriter<Vec<u8>>,
}

impl<'a> Sheet<'a> {
    pub fn new(run: &'a Run) -> Result<Sheet<'a>> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(concat!("bylaws ", env!("CARGO_PKG_VERSION")).into())
            .build();
        let schema = rows(run, &[])?.schema();
        let file = ArrowWriter::try_new(Vec::new(), schema, Some(properties)).map_err(Error::other)?;
        Ok(Sheet { run, waiting: Vec::new(), file })
    }

    pub fn add(&mut self, notice: Notice, out: &mut dyn Write) -> Result<()> {
        self.waiting.push(notice);
        match self.waiting.len() < ROWS {
            true => Ok(()),
            false => self.flush(out),
        }
    }

    pub fn finish(mut self, out: &mut dyn Write) -> Result<()> {
        self.flush(out)?;
        out.write_all(&self.file.into_inner().map_err(Error::other)?)
    }

    fn flush(&mut self, out: &mut dyn Write) -> Result<()> {
        let rows = rows(self.run, &std::mem::take(&mut self.waiting))?;
        self.file.write(&rows).map_err(Error::other)?;
        // The writer counts for itself what it has written: what is complete can go.
        out.write_all(&std::mem::take(self.file.inner_mut()))
    }
}

fn rows(run: &Run, notices: &[Notice]) -> Result<RecordBatch> {
    let rule = |n: &Notice| &run.rules[n.rule];
    let columns: [(&str, ArrayRef, bool); 17] = [
        ("id", texts(notices, |n| Some(&n.id)), false),
        ("rule", words(notices, |n| Some(&rule(n).id)), false),
        ("revision", words(notices, |n| n.revision.as_deref()), true),
        ("severity", words(notices, |n| Some(n.grade.as_str())), false),
        ("verdict", words(notices, |n| Some(n.outcome.as_str())), false),
        ("baseline", words(notices, |n| n.standing.map(Standing::as_str)), true),
        ("subject", texts(notices, |n| n.subject.as_deref()), true),
        ("time", texts(notices, |n| n.time.as_ref().map(|(shown, _)| shown.as_str())), true),
        ("instant", instants(notices), true),
        ("about", texts(notices, |n| Some(&n.about)), false),
        ("message", texts(notices, |n| Some(&n.message)), false),
        ("because", texts(notices, |n| n.because.as_deref()), true),
        ("cite", words(notices, |n| rule(n).cite.as_deref()), true),
        ("policy", words(notices, |n| rule(n).policy.as_deref()), true),
        ("title", words(notices, |n| Some(&rule(n).title)), false),
        ("file", words(notices, |n| n.place().map(|p| p.file.as_str())), true),
        ("line", numbers(notices, |n| n.place().map(|p| p.line)), true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).map_err(Error::other)
}

fn texts<'n>(notices: &'n [Notice], of: impl Fn(&'n Notice) -> Option<&'n str>) -> ArrayRef {
    let mut column = StringBuilder::new();
    notices.iter().for_each(|n| column.append_option(of(n)));
    Arc::new(column.finish())
}

/// Of few different ones.
fn words<'n>(notices: &'n [Notice], of: impl Fn(&'n Notice) -> Option<&'n str>) -> ArrayRef {
    let mut column = StringDictionaryBuilder::<Int32Type>::new();
    notices.iter().for_each(|n| column.append_option(of(n)));
    Arc::new(column.finish())
}

fn numbers(notices: &[Notice], of: impl Fn(&Notice) -> Option<u64>) -> ArrayRef {
    let mut column = UInt64Builder::new();
    notices.iter().for_each(|n| column.append_option(of(n)));
    Arc::new(column.finish())
}

fn instants(notices: &[Notice]) -> ArrayRef {
    let mut column = TimestampMillisecondBuilder::new().with_timezone("UTC");
    let at = |n: &Notice| n.time.as_ref().and_then(|(_, at)| at.map(|at| at.div_euclid(1_000_000)));
    notices.iter().for_each(|n| column.append_option(at(n)));
    Arc::new(column.finish())
}
