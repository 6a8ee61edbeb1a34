//! What is followed, and what comes from it.

use super::super::Failure;
use super::files::FileState;
use super::nats::NatsState;
use crate::data::mapping::Format;
use crate::data::{Place, Reading};
use crate::ingest::{self, Route};
use serde::{Deserialize, Serialize};

/// An input as the store keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum State {
    File(FileState),
    /// What came before does not come again.
    Stdin(Origin),
    Nats(NatsState),
}

/// What all inputs have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// As reports show it.
    pub name: String,
    pub route: Named,
    pub csv: bool,
    /// Of CSV: the heading, with its end.
    pub heading: Vec<u8>,
    /// The latest moment of its records.
    pub latest: Option<i64>,
}

/// A route by the names of sources and kinds, which stay when a policy changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Named {
    Tagged,
    Sources(Vec<String>),
    Kind(String),
}

impl State {
    pub fn origin(&self) -> &Origin {
        match self {
            State::File(file) => &file.origin,
            State::Stdin(origin) => origin,
            State::Nats(stream) => &stream.origin,
        }
    }
}

impl Origin {
    pub fn format(&self) -> Format {
        if self.csv { Format::Csv } else { Format::Ndjson }
    }
}

impl Named {
    pub fn of(route: &Route, reading: &Reading) -> Named {
        match route {
            Route::Tagged => Named::Tagged,
            Route::Kind(kind) => Named::Kind(reading.schema.kind(*kind).name.clone()),
            Route::Sources(all) => {
                Named::Sources(all.iter().filter_map(|&i| Some(reading.sources.get(i)?.name.clone())).collect())
            }
        }
    }

    /// # Errors
    /// Where the policy has no such source or kind any more: its name.
    pub fn route(&self, reading: &Reading) -> Result<Route, String> {
        match self {
            Named::Tagged => Ok(Route::Tagged),
            Named::Kind(name) => reading.schema.kind_named(name).map(Route::Kind).ok_or_else(|| name.clone()),
            Named::Sources(names) => {
                let at =
                    |name: &String| reading.sources.iter().position(|s| s.name == *name).ok_or_else(|| name.clone());
                names.iter().map(at).collect::<Result<_, _>>().map(Route::Sources)
            }
        }
    }

    pub fn delimiter(&self, name: &str, reading: &Reading) -> u8 {
        let source = match self {
            Named::Sources(names) => reading.sources.iter().find(|s| names.contains(&s.name)),
            _ => None,
        };
        source.map_or(if name.ends_with(".tsv") { b'\t' } else { b',' }, |s| s.delimiter)
    }
}

/// Whole records that have come from one input.
#[derive(Clone, Debug, Default)]
pub struct Chunk {
    pub input: u32,
    pub bytes: Vec<u8>,
    /// Where its pieces stand in the input, in order.
    pub pieces: Vec<Piece>,
    /// There is more that has not been read.
    pub more: bool,
}

/// Records that stand together in an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// In the chunk: byte, and line from 0.
    pub at: u64,
    pub line: u64,
    /// In the input: byte, and line from 1.
    pub of: (u64, u64),
}

impl Chunk {
    /// The place in the input of a place in the chunk, whose heading is of so many bytes and lines.
    pub fn placed(&self, place: Place, heading: (u64, u64)) -> Place {
        let at = place.offset.saturating_sub(heading.0);
        let line = place.line.saturating_sub(1 + heading.1);
        let piece = self.pieces.partition_point(|p| p.at <= at).checked_sub(1).and_then(|i| self.pieces.get(i));
        let Some(piece) = piece else { return place };
        let (offset, first) = piece.of;
        Place {
            offset: offset.saturating_add(at.saturating_sub(piece.at)),
            line: first.saturating_add(line.saturating_sub(piece.line)),
            ..place
        }
    }
}

/// What cannot be followed, with what can be done.
/// What is compressed is not whole before its end.
pub fn not_packed(name: &str, head: &[u8]) -> Result<(), Failure> {
    match ingest::is_packed(head) {
        false => Ok(()),
        true => Err(Failure::new(format!("`{name}` cannot be followed: it is compressed"))
            .help("followed are NDJSON and CSV as they are written; `bylaws audit` reads compressed files")),
    }
}

pub fn cannot_follow(name: &str, format: Format) -> Failure {
    Failure::new(format!(
        "`{name}` cannot be followed: a {} file does not grow",
        super::super::records::format_name(format)
    ))
    .help("followed are NDJSON and CSV, not compressed; `bylaws audit` reads the others")
}
