//! Packed input, and the end of it where it becomes too large: a small file may unpack to any size.

use super::InputError;
use crate::data::{Limits, limits};
use crate::diag::Code;
use crate::io::plain_io_error;
use std::io::{Error, Read, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts what the decoder has read.
pub struct Counted<R> {
    reader: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let got = self.reader.read(buffer)?;
        self.read.fetch_add(got as u64, Ordering::Relaxed);
        Ok(got)
    }
}

/// What a decoder gives, as long as that is in proportion.
struct Bounded<D> {
    decoder: D,
    packed: Arc<AtomicU64>,
    unpacked: u64,
    /// So many bytes may come of any input.
    floor: u64,
    times: u64,
}

impl<D: Read> Read for Bounded<D> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let got = self.decoder.read(buffer)?;
        self.unpacked += got as u64;
        let packed = self.packed.load(Ordering::Relaxed);
        if self.unpacked > self.floor && self.unpacked > packed.saturating_mul(self.times) {
            return Err(Error::other(Over { packed, unpacked: self.unpacked, times: self.times }));
        }
        Ok(got)
    }
}

/// A reader of what a decoder makes of packed bytes.
pub fn bounded<'a, D: Read + Send + 'a>(
    reader: Box<dyn Read + Send + 'a>,
    limits: &Limits,
    decoder: impl FnOnce(Counted<Box<dyn Read + Send + 'a>>) -> Result<D>,
) -> std::result::Result<Box<dyn Read + Send + 'a>, InputError> {
    let packed = Arc::new(AtomicU64::new(0));
    let decoder = decoder(Counted { reader, read: packed.clone() }).map_err(|e| unreadable(&e))?;
    let (floor, times) = (limits.expansion_bytes, limits.expansion);
    Ok(Box::new(Bounded { decoder, packed, unpacked: 0, floor, times }))
}

#[derive(Clone, Copy, Debug)]
struct Over {
    packed: u64,
    unpacked: u64,
    times: u64,
}

impl std::fmt::Display for Over {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (packed, unpacked) = (limits::grouped(self.packed), limits::grouped(self.unpacked));
        let times = limits::grouped(self.times);
        write!(f, "becomes more than {times} times larger unpacked: its first {packed} bytes are {unpacked} already")
    }
}

impl std::error::Error for Over {}

/// Why a read failed, where that is because of a limit.
pub fn over(error: &Error) -> Option<InputError> {
    let over = error.get_ref()?.downcast_ref::<Over>()?;
    Some(InputError::over(over.to_string(), "expansion"))
}

pub fn unreadable(error: &Error) -> InputError {
    over(error)
        .unwrap_or_else(|| InputError::new(Code::BrokenInput, format!("cannot be read: {}", plain_io_error(error))))
}
