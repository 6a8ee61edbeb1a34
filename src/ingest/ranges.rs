//! Lines of an input that can be read anywhere, in ranges that any thread takes: a line belongs to the range
//! in which it begins.

use super::chunks::broken;
use super::{InputError, ReadAt};
use crate::diag::Code;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Read beyond a range at first, for the end of its last line.
const BEYOND: usize = 4 << 10;
/// Read before a range, of which the last byte tells whether a line begins with it. So many that the bytes stand in the
/// buffer as they do in the pages of the file: copied to an odd place, they took up to three times as long.
const BEFORE: u64 = 64;

pub struct Ranges<'a> {
    of: &'a dyn ReadAt,
    size: u64,
    /// Of a range.
    length: u64,
    /// How long a line may be.
    most: u64,
    next: AtomicUsize,
}

/// A range, read.
pub struct Read {
    /// Its bytes, those of lines that began before it too.
    pub size: u64,
    /// Line ends among them.
    pub line_ends: u64,
    /// Line ends among them before the first line that begins in it.
    pub lines_before: u64,
    /// The lines that begin in it, in the buffer; none where none does.
    pub records: Option<Range<usize>>,
    /// Of the first of these lines, in the input.
    pub offset: u64,
    /// The last of them has no end within the length that a record may have.
    pub too_long: bool,
}

impl<'a> Ranges<'a> {
    pub fn new(of: &'a dyn ReadAt, length: usize, most: u64) -> Ranges<'a> {
        Ranges { of, size: of.size(), length: length.max(1) as u64, most, next: AtomicUsize::new(0) }
    }

    /// The next range that nobody has.
    pub fn take(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// None after the last.
    pub fn read(&self, index: usize, buffer: &mut Vec<u8>) -> Result<Option<Read>, InputError> {
        let from = index as u64 * self.length;
        if from >= self.size {
            return Ok(None);
        }
        let size = self.length.min(self.size - from);
        let lead = from.min(BEFORE) as usize;
        let end = lead + size as usize;
        self.fill(buffer, 0, from - lead as u64, end + BEYOND)?;
        let line_ends = bytecount::count(&buffer[lead..end], b'\n') as u64;
        let mut read = Read { size, line_ends, lines_before: 0, records: None, offset: from, too_long: false };
        let start = match lead {
            0 => Some(0),
            _ => memchr::memchr(b'\n', &buffer[lead - 1..end - 1]).map(|at| lead + at),
        };
        let Some(start) = start else { return Ok(Some(read)) };
        read.lines_before = u64::from(start > lead);
        read.offset = from - lead as u64 + start as u64;
        let (mut seen, mut wanted) = (end - 1, end + BEYOND);
        let stop = loop {
            if let Some(at) = memchr::memchr(b'\n', &buffer[seen..]) {
                break seen + at + 1;
            }
            if buffer.len() < wanted {
                break buffer.len();
            }
            if (buffer.len() - start) as u64 > self.most.saturating_add(end as u64) {
                read.too_long = true;
                break buffer.len();
            }
            seen = buffer.len();
            wanted = buffer.len() * 2;
            self.fill(buffer, seen, from - lead as u64, wanted)?;
        };
        read.records = Some(start..stop);
        Ok(Some(read))
    }

    /// Makes the buffer so long, with what stands from an offset on, or ends with the input. Its first bytes are kept.
    fn fill(&self, buffer: &mut Vec<u8>, kept: usize, offset: u64, length: usize) -> Result<(), InputError> {
        let length = length.min(usize::try_from(self.size - offset).unwrap_or(usize::MAX));
        buffer.resize(length, 0);
        read_full(self.of, &mut buffer[kept..], offset + kept as u64)
    }
}

/// Fills the buffer from an offset.
pub fn read_full(of: &dyn ReadAt, buffer: &mut [u8], offset: u64) -> Result<(), InputError> {
    let mut at = 0;
    while at < buffer.len() {
        match of.read_at(&mut buffer[at..], offset + at as u64) {
            Ok(0) => {
                let message = format!("became shorter while it was read: it ends at byte {}", offset + at as u64);
                return Err(InputError::new(Code::BrokenInput, message));
            }
            Ok(got) => at += got,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(broken(&error, offset + at as u64)),
        }
    }
    Ok(())
}
