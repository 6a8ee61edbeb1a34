//! A file that is only added to. What was written behind the last step, when the process ended, stays and counts: a
//! finding that is in the file is not written again. Only a line that is not whole is taken back.

use super::super::Failure;
use super::super::disk::plain_io_error;
use crate::data::Verdict;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write, stdout};
use std::path::{Path, PathBuf};
use tracing::info;

pub struct Sink {
    /// None: standard output.
    to: Option<(PathBuf, File)>,
    length: u64,
    waiting: Vec<u8>,
    known: Vec<([u8; 16], Verdict)>,
}

fn cannot(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot write `{}`: {}", path.display(), plain_io_error(error)))
}

impl Sink {
    pub fn stdout() -> Sink {
        Sink { to: None, length: 0, waiting: Vec::new(), known: Vec::new() }
    }

    /// Goes on with a file of which so much is done. `ids`: what stands behind it is read, and kept; otherwise it is
    /// written anew.
    pub fn open(path: &Path, done: u64, ids: bool) -> Result<Sink, Failure> {
        let fail = |e: std::io::Error| cannot(path, &e);
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(fail)?;
        let length = file.metadata().map_err(fail)?.len();
        if length < done {
            return Err(Failure::new(format!(
                "`{}` has {length} bytes, where {done} had been written: it was changed by something else",
                path.display()
            ))
            .help("put it back as it was; or move it away and begin anew with another `--state`"));
        }
        let mut known = Vec::new();
        let mut end = done;
        if ids && length > done {
            let mut rest = Vec::new();
            file.seek(SeekFrom::Start(done)).map_err(fail)?;
            file.read_to_end(&mut rest).map_err(fail)?;
            for line in rest.split_inclusive(|b| *b == b'\n').filter(|l| l.ends_with(b"\n")) {
                known.push(said(line).ok_or_else(|| {
                    Failure::new(format!("`{}` holds something else than findings at byte {end}", path.display()))
                        .help("give a file of its own with `--output`")
                })?);
                end += line.len() as u64;
            }
            info!(file = %path.display(), findings = known.len(), "findings that were written before the last end are kept");
        }
        file.set_len(end).map_err(fail)?;
        file.seek(SeekFrom::Start(end)).map_err(fail)?;
        Ok(Sink { to: Some((path.to_owned(), file)), length: end, waiting: Vec::new(), known })
    }

    /// What stood behind the last step.
    pub fn known(&self) -> &[([u8; 16], Verdict)] {
        &self.known
    }

    pub fn write(&mut self, line: &[u8]) {
        self.waiting.extend_from_slice(line);
    }

    /// Writes what waits so that it stays. The file, and how long it is.
    pub fn flush(&mut self) -> Result<(Option<&Path>, u64), Failure> {
        let waiting = std::mem::take(&mut self.waiting);
        match &mut self.to {
            None => {
                let mut out = stdout().lock();
                out.write_all(&waiting)
                    .and_then(|()| out.flush())
                    .map_err(|e| Failure::new(format!("cannot write the output: {}", plain_io_error(&e))))?;
                Ok((None, 0))
            }
            Some((path, file)) => {
                if !waiting.is_empty() {
                    file.write_all(&waiting).and_then(|()| file.sync_data()).map_err(|e| cannot(path, &e))?;
                    self.length += waiting.len() as u64;
                }
                Ok((Some(path), self.length))
            }
        }
    }
}

/// The id and verdict of a line.
fn said(line: &[u8]) -> Option<([u8; 16], Verdict)> {
    let line: serde_json::Value = serde_json::from_slice(line).ok()?;
    let text = line.get("id")?.as_str()?;
    let verdict = line.get("verdict")?.as_str()?;
    let verdict = Verdict::ALL.into_iter().find(|v| v.as_str() == verdict)?;
    let mut id = [0; 16];
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    for (i, byte) in id.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
    }
    Some((id, verdict))
}
