//! A row a verdict, in a Parquet file, for data tools. The columns are those of the CSV, with times as instants.

use super::table::rows;
use super::{Notice, Run};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::io::{Error, Result, Write};

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
        let schema = rows(run, &[]).map_err(Error::other)?.schema();
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
        let rows = rows(self.run, &std::mem::take(&mut self.waiting)).map_err(Error::other)?;
        self.file.write(&rows).map_err(Error::other)?;
        // The writer counts for itself what it has written: what is complete can go.
        out.write_all(&std::mem::take(self.file.inner_mut()))
    }
}
