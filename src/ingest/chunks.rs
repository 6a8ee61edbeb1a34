//! An input cut into pieces of whole records, worked on by several threads.

use super::layout::Layout;
use super::ranges::{Ranges, read_full};
use super::unpack;
use super::worker::{Job, Worker};
use super::{InputError, InputReport, ReadAt};
use crate::data::{Reading, limits};
use crate::diag::Code;
use crate::io::plain_io_error;
use crate::threads::{lock, on_all, unlock};
use std::borrow::Cow;
use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Bytes of an input, uncompressed.
pub enum Content<'a> {
    Bytes(&'a [u8]),
    At(Arc<dyn ReadAt>),
    Stream(Box<dyn Read + Send + 'a>),
}

impl<'a> Content<'a> {
    /// From the first byte to the last.
    pub fn in_sequence(self) -> Box<dyn Read + Send + 'a> {
        match self {
            Content::Bytes(bytes) => Box::new(bytes),
            Content::At(of) => Box::new(Sequence { of, at: 0 }),
            Content::Stream(reader) => reader,
        }
    }

    /// All of it in memory, where it is no longer than so much.
    pub fn whole(self, most: u64) -> Result<Cow<'a, [u8]>, InputError> {
        let over = |is: String| {
            let message = format!("is {is}, and is read whole: more than {}", limits::bytes(most));
            Err(InputError::over(message, "document-bytes"))
        };
        match self {
            Content::Bytes(bytes) if bytes.len() as u64 > most => over(limits::bytes(bytes.len() as u64)),
            Content::At(of) if of.size() > most => over(limits::bytes(of.size())),
            Content::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
            Content::At(of) => {
                let mut bytes = vec![0; usize::try_from(of.size()).unwrap_or(usize::MAX)];
                read_full(&*of, &mut bytes, 0)?;
                Ok(Cow::Owned(bytes))
            }
            Content::Stream(mut reader) => {
                let mut bytes = Vec::new();
                let read = reader.by_ref().take(most).read_to_end(&mut bytes);
                read.map_err(|e| broken(&e, bytes.len() as u64))?;
                let ended = (bytes.len() as u64) < most || reader.read(&mut [0]).is_ok_and(|n| n == 0);
                if ended { Ok(Cow::Owned(bytes)) } else { over("longer unpacked".into()) }
            }
        }
    }
}

/// From a place on.
pub struct Sequence {
    pub of: Arc<dyn ReadAt>,
    pub at: u64,
}

impl Read for Sequence {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let got = self.of.read_at(buffer, self.at)?;
        self.at += got as u64;
        Ok(got)
    }
}

pub fn broken(error: &std::io::Error, at: u64) -> InputError {
    if let Some(over) = unpack::over(error) {
        return over;
    }
    InputError::new(Code::BrokenInput, format!("cannot be read beyond byte {at}: {}", plain_io_error(error)))
}

/// A piece of whole records, or the beginning of one that is too long.
pub struct Chunk<'a> {
    pub bytes: &'a [u8],
    pub offset: u64,
    /// Line of its first byte, from 1.
    pub line: u64,
    pub too_long: bool,
}

struct Piece<'a> {
    index: usize,
    bytes: Cow<'a, [u8]>,
    offset: u64,
    too_long: bool,
}

/// Where the last record that is whole ends in these bytes, which begin with a record.
type Cut<'c> = &'c (dyn Fn(&[u8]) -> Option<usize> + Sync);

/// Where records end.
#[derive(Clone, Copy)]
pub enum Ends<'c> {
    /// At every line end.
    Lines,
    Cut(Cut<'c>),
}

fn last_line_end(bytes: &[u8]) -> Option<usize> {
    memchr::memrchr(b'\n', bytes).map(|at| at + 1)
}

enum Feed<'a> {
    Bytes(&'a [u8]),
    Stream { reader: Box<dyn Read + Send + 'a>, held: Vec<u8>, ended: bool },
}

struct Pieces<'a> {
    feed: Feed<'a>,
    offset: u64,
    next: usize,
    size: usize,
    /// How long a record may be.
    most: u64,
    /// Buffers that have been worked through.
    spare: Vec<Vec<u8>>,
}

impl<'a> Pieces<'a> {
    fn piece(&mut self, cut: Cut) -> Result<Option<Piece<'a>>, InputError> {
        let mut size = self.size.max(1);
        loop {
            let (len, ended) = self.fill(size)?;
            if len == 0 {
                return Ok(None);
            }
            let window = match &self.feed {
                Feed::Bytes(rest) => &rest[..len],
                Feed::Stream { held, .. } => &held[..len],
            };
            if let Some(end) = if ended { Some(len) } else { cut(window).filter(|e| *e > 0) } {
                return Ok(Some(self.take(end, false)));
            }
            if len as u64 > self.most {
                let piece = self.take(len, true);
                self.skip_line()?;
                return Ok(Some(piece));
            }
            size = size.saturating_mul(2);
        }
    }

    /// Makes so many bytes ready, or all that are left (then true).
    fn fill(&mut self, size: usize) -> Result<(usize, bool), InputError> {
        match &mut self.feed {
            Feed::Bytes(rest) => Ok((rest.len().min(size), rest.len() <= size)),
            Feed::Stream { reader, held, ended } => {
                if held.len() < size && !*ended {
                    let wanted = (size - held.len()) as u64;
                    let got = reader.by_ref().take(wanted).read_to_end(held);
                    let got = got.map_err(|e| broken(&e, self.offset + held.len() as u64))?;
                    *ended = (got as u64) < wanted;
                }
                Ok((held.len().min(size), *ended && held.len() <= size))
            }
        }
    }

    fn take(&mut self, end: usize, too_long: bool) -> Piece<'a> {
        let bytes = match &mut self.feed {
            Feed::Bytes(rest) => {
                let (piece, left) = rest.split_at(end);
                *rest = left;
                Cow::Borrowed(piece)
            }
            Feed::Stream { held, .. } => {
                let mut left = self.spare.pop().unwrap_or_default();
                left.clear();
                left.extend_from_slice(&held[end..]);
                held.truncate(end);
                Cow::Owned(std::mem::replace(held, left))
            }
        };
        let piece = Piece { index: self.next, offset: self.offset, bytes, too_long };
        self.next += 1;
        self.offset += end as u64;
        piece
    }

    /// Passes over the rest of a line, and keeps its end for the count of lines.
    fn skip_line(&mut self) -> Result<(), InputError> {
        loop {
            let (len, ended) = self.fill(self.size.max(1))?;
            let window = match &self.feed {
                Feed::Bytes(rest) => &rest[..len],
                Feed::Stream { held, .. } => &held[..len],
            };
            let end = memchr::memchr(b'\n', window);
            match &mut self.feed {
                Feed::Bytes(rest) => *rest = &rest[end.unwrap_or(len)..],
                Feed::Stream { held, .. } => drop(held.drain(..end.unwrap_or(len))),
            }
            self.offset += end.unwrap_or(len) as u64;
            if end.is_some() || ended {
                return Ok(());
            }
        }
    }
}

/// On which line each piece begins. That is known as soon as all before it are counted, which their
/// threads do before anything else.
#[derive(Default)]
struct Lines {
    known: Mutex<Known>,
    counted: Condvar,
}

#[derive(Default)]
struct Known {
    /// Line breaks before each piece, as far as they are known.
    before: Vec<u64>,
    /// Line breaks in each piece.
    counts: Vec<Option<u64>>,
    /// A piece could not be read: no line after it is known.
    given_up: bool,
}

impl Lines {
    fn before(&self, index: usize, count: u64) -> u64 {
        let mut known = lock(&self.known);
        if known.counts.len() <= index {
            known.counts.resize(index + 1, None);
        }
        known.counts[index] = Some(count);
        if known.before.is_empty() {
            known.before.push(0);
        }
        while let Some(Some(count)) = known.counts.get(known.before.len() - 1) {
            let next = known.before[known.before.len() - 1] + count;
            known.before.push(next);
        }
        self.counted.notify_all();
        loop {
            match known.before.get(index) {
                Some(before) => return *before,
                None if known.given_up => return 0,
                None => {}
            }
            known = self.counted.wait(known).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What was waited for does not come; the input has failed, and what is read of it still is not reported.
    fn give_up(&self) {
        lock(&self.known).given_up = true;
        self.counted.notify_all();
    }
}

/// Works through an input on several threads. `skip` bytes at its start are none of the records'.
pub fn work(
    reading: &Reading,
    layout: &Layout,
    job: &Job,
    content: Content<'_>,
    (skip, line): (u64, u64),
    ends: Ends,
    each: &(dyn Fn(&mut Worker, Chunk) + Sync),
) -> Result<InputReport, InputError> {
    let feed = match (content, ends) {
        (Content::Bytes(bytes), _) => Feed::Bytes(bytes),
        (Content::At(of), Ends::Lines) if skip == 0 => return lines_at(reading, layout, job, &*of, line, each),
        (other, _) => Feed::Stream { reader: other.in_sequence(), held: Vec::new(), ended: false },
    };
    let cut = match ends {
        Ends::Lines => &last_line_end,
        Ends::Cut(cut) => cut,
    };
    let (size, most) = (job.options.chunk_bytes, job.limits.record_bytes);
    let pieces = Pieces { feed, offset: skip, next: 0, size, most, spare: Vec::new() };
    let pieces = Mutex::new(Ok(pieces));
    let lines = Lines::default();
    let run = || {
        let mut worker = Worker::new(reading, layout, job);
        loop {
            let piece = match &mut *lock(&pieces) {
                Ok(pieces) => pieces.piece(cut),
                Err(_) => break,
            };
            match piece {
                Ok(Some(piece)) => {
                    let bytes = piece.bytes.len() as u64;
                    let count = bytecount::count(&piece.bytes, b'\n') as u64;
                    let line = line + lines.before(piece.index, count);
                    let Piece { bytes: content, offset, too_long, .. } = piece;
                    each(&mut worker, Chunk { bytes: &content, offset, line, too_long });
                    worker.done(bytes);
                    if let (Cow::Owned(spare), Ok(pieces)) = (content, &mut *lock(&pieces)) {
                        pieces.spare.push(spare);
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    *lock(&pieces) = Err(error);
                    break;
                }
            }
        }
        worker.finish()
    };
    let mut report = InputReport::default();
    on_all(job.options.threads, &run).into_iter().for_each(|r| report.add(r));
    match unlock(pieces) {
        Ok(_) => Ok(report),
        Err(error) => Err(error),
    }
}

/// The same pieces on one thread, in order, until no more are wanted.
pub fn in_order(
    content: Content<'_>,
    (skip, mut line): (u64, u64),
    ends: Ends,
    (size, most): (usize, u64),
    each: &mut dyn FnMut(Chunk) -> bool,
) -> Result<(), InputError> {
    let feed = match content {
        Content::Bytes(bytes) => Feed::Bytes(bytes),
        other => Feed::Stream { reader: other.in_sequence(), held: Vec::new(), ended: false },
    };
    let cut = match ends {
        Ends::Lines => &last_line_end,
        Ends::Cut(cut) => cut,
    };
    let mut pieces = Pieces { feed, offset: skip, next: 0, size, most, spare: Vec::new() };
    while let Some(Piece { bytes, offset, too_long, .. }) = pieces.piece(cut)? {
        if !each(Chunk { bytes: &bytes, offset, line, too_long }) {
            break;
        }
        line += bytecount::count(&bytes, b'\n') as u64;
        if let Cow::Owned(spare) = bytes {
            pieces.spare.push(spare);
        }
    }
    Ok(())
}

/// As [`work`], of lines that each thread reads for itself.
fn lines_at(
    reading: &Reading,
    layout: &Layout,
    job: &Job,
    of: &dyn ReadAt,
    line: u64,
    each: &(dyn Fn(&mut Worker, Chunk) + Sync),
) -> Result<InputReport, InputError> {
    let ranges = Ranges::new(of, job.options.chunk_bytes, job.limits.record_bytes);
    let lines = Lines::default();
    let broken = Mutex::new(None);
    let run = || {
        let mut worker = Worker::new(reading, layout, job);
        let mut buffer = Vec::new();
        while lock(&broken).is_none() {
            let index = ranges.take();
            match ranges.read(index, &mut buffer) {
                Ok(Some(range)) => {
                    let line = line + lines.before(index, range.line_ends) + range.lines_before;
                    if let Some(records) = range.records {
                        let chunk =
                            Chunk { bytes: &buffer[records], offset: range.offset, line, too_long: range.too_long };
                        each(&mut worker, chunk);
                    }
                    worker.done(range.size);
                }
                Ok(None) => break,
                Err(error) => {
                    lines.give_up();
                    *lock(&broken) = Some(error);
                }
            }
        }
        worker.finish()
    };
    let mut report = InputReport::default();
    on_all(job.options.threads, &run).into_iter().for_each(|r| report.add(r));
    match unlock(broken) {
        None => Ok(report),
        Some(error) => Err(error),
    }
}
