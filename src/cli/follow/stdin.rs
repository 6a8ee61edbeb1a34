//! Standard input, read beside all else. What was read and not written down is gone with the process: nothing sends it
//! again.

use super::super::Failure;
use super::input::{Chunk, Named, Origin, Piece, cannot_follow, not_packed};
use crate::data::Reading;
use crate::data::mapping::Format;
use crate::ingest::{self, Route};
use std::io::Read;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

/// Bytes at once.
const SOME: usize = 1 << 16;
/// So many of these may wait.
const WAITING: usize = 64;

pub struct Stdin {
    pub id: u32,
    /// None before the first line.
    pub origin: Option<Origin>,
    route: Option<Route>,
    from: Receiver<std::io::Result<Vec<u8>>>,
    held: Vec<u8>,
    offset: u64,
    line: u64,
    pub ended: bool,
}

impl Stdin {
    pub fn begin(id: u32, route: Option<Route>) -> Stdin {
        let (send, from) = sync_channel(WAITING);
        std::thread::spawn(move || {
            let mut stdin = std::io::stdin().lock();
            loop {
                let mut some = vec![0; SOME];
                let read = stdin.read(&mut some);
                let last = !matches!(read, Ok(1..));
                let sent = send.send(read.map(|n| {
                    some.truncate(n);
                    some
                }));
                if last || sent.is_err() {
                    return;
                }
            }
        });
        Stdin { id, origin: None, route, from, held: Vec::new(), offset: 0, line: 1, ended: false }
    }

    /// Whole records that have come.
    pub fn read(&mut self, most: usize, reading: &Reading) -> Result<Option<Chunk>, Failure> {
        while self.held.len() < most && !self.ended {
            match self.from.try_recv() {
                Ok(Ok(some)) if some.is_empty() => self.ended = true,
                Ok(Ok(some)) => self.held.extend(some),
                Ok(Err(error)) => {
                    let why = super::super::disk::plain_io_error(&error);
                    return Err(Failure::new(format!("cannot read standard input: {why}")));
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => self.ended = true,
            }
        }
        if self.origin.is_none() {
            if !self.held.contains(&b'\n') && !self.ended || self.held.is_empty() {
                return Ok(None);
            }
            self.origin = Some(self.origin(reading)?);
        }
        let Some(origin) = &mut self.origin else { return Ok(None) };
        let (format, delimiter) = (origin.format(), origin.route.delimiter("-", reading));
        let end = match ingest::whole(format, &self.held, delimiter) {
            // The last line may have no end.
            _ if self.ended && self.held.len() < most => self.held.len(),
            Some(end) => end,
            None => return Ok(None),
        };
        if end == 0 {
            return Ok(None);
        }
        let mut bytes: Vec<u8> = self.held.drain(..end).collect();
        let lines = |bytes: &[u8]| memchr::memchr_iter(b'\n', bytes).count() as u64;
        let (mut from, mut line) = (self.offset, self.line);
        self.offset += bytes.len() as u64;
        self.line += lines(&bytes);
        if origin.csv && origin.heading.is_empty() {
            let first = ingest::first(format, &bytes, delimiter).unwrap_or(bytes.len());
            origin.heading = bytes.drain(..first).collect();
            from += first as u64;
            line += lines(&origin.heading);
        }
        let pieces = vec![Piece { at: 0, line: 0, of: (from, line) }];
        Ok(Some(Chunk { input: self.id, bytes, pieces, more: !self.ended && self.held.len() >= most }))
    }

    fn origin(&self, reading: &Reading) -> Result<Origin, Failure> {
        not_packed("-", &self.held)?;
        let route = match &self.route {
            Some(route) => route.clone(),
            None => super::super::records::route_of_head("-", &self.held, reading)?,
        };
        let declared = match &route {
            Route::Sources(all) => all.iter().find_map(|&i| reading.sources.get(i)?.format),
            _ => None,
        };
        let format = declared.unwrap_or_else(|| ingest::format_of("-", &self.held));
        if !matches!(format, Format::Ndjson | Format::Csv) {
            return Err(cannot_follow("-", format));
        }
        let route = Named::of(&route, reading);
        Ok(Origin { name: "<stdin>".into(), route, csv: format == Format::Csv, heading: Vec::new(), latest: None })
    }
}
