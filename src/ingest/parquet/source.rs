//! A Parquet file, of which only the pages that are needed are read.

use super::super::InputError;
use super::super::ReadAt;
use super::super::chunks::{Content, Sequence};
use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use std::io::{BufReader, Read};
use std::sync::Arc;

#[derive(Clone)]
pub enum Source {
    Bytes(Bytes),
    At(Arc<dyn ReadAt>),
}

impl Source {
    /// `most`: how much of it may be held, where it cannot be read in parts.
    pub fn new(content: Content, most: u64) -> Result<Source, InputError> {
        Ok(match content {
            Content::At(of) => Source::At(of),
            other => Source::Bytes(Bytes::from(other.whole(most)?.into_owned())),
        })
    }
}

pub enum Reader {
    Bytes(bytes::buf::Reader<Bytes>),
    At(BufReader<Sequence>),
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Reader::Bytes(reader) => reader.read(buffer),
            Reader::At(reader) => reader.read(buffer),
        }
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        match self {
            Source::Bytes(bytes) => bytes.len() as u64,
            Source::At(of) => of.size(),
        }
    }
}

impl ChunkReader for Source {
    type T = Reader;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Reader> {
        match self {
            Source::Bytes(bytes) => bytes.get_read(start).map(Reader::Bytes),
            Source::At(of) if start <= of.size() => {
                // For the header of a page, no more.
                Ok(Reader::At(BufReader::with_capacity(512, Sequence { of: of.clone(), at: start })))
            }
            Source::At(_) => Err(beyond(start)),
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        match self {
            Source::Bytes(bytes) => bytes.get_bytes(start, length),
            Source::At(of) => {
                // No room for more than there is: a length in a damaged file may be any.
                if start.checked_add(length as u64).is_none_or(|end| end > of.size()) {
                    return Err(beyond(start));
                }
                let mut bytes = Vec::with_capacity(length);
                Sequence { of: of.clone(), at: start }.take(length as u64).read_to_end(&mut bytes)?;
                if bytes.len() < length {
                    return Err(beyond(start));
                }
                Ok(bytes.into())
            }
        }
    }
}

fn beyond(start: u64) -> ParquetError {
    ParquetError::EOF(format!("what begins at byte {start} goes beyond the file's end"))
}
