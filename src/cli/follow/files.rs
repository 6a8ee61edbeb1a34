//! Files that grow. A file is known by what the system calls it and by what stands in it, not by its name: so one that
//! was renamed goes on, and one that took another's name, or was written anew, is read from its beginning.

use super::super::disk::plain_io_error;
use super::super::{Failure, records};
use super::input::{Chunk, Named, Origin, Piece, cannot_follow, not_packed};
use crate::data::Reading;
use crate::data::mapping::Format;
use crate::diag::Code;
use crate::ingest::{self, Route};
use crate::io::join;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tracing::{info, warn};

/// So much of the beginning, and of what was read last, tells a file from another.
const PRINT: u64 = 1024;
/// A record of more bytes is none.
const LONGEST: usize = 65 << 20;
/// A file that nothing calls by its name any more is let go when nothing was added for so long.
const ALONE: Duration = Duration::from_secs(60);

/// How far a file was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileState {
    pub origin: Origin,
    /// Device and number, where the system has them.
    pub node: Option<(u64, u64)>,
    pub offset: u64,
    /// From 1: of what comes next.
    pub line: u64,
    /// Of the beginning: bytes, and their SHA-256.
    pub head: (u64, Vec<u8>),
    /// The bytes before `offset`.
    pub tail: Vec<u8>,
    /// It is not read any more.
    pub closed: bool,
}

/// What was named: files, or patterns of files that may come.
#[derive(Clone, Debug)]
pub struct Target {
    pub pattern: String,
    pub route: Option<Route>,
}

/// A file that is read.
pub struct Followed {
    pub id: u32,
    pub state: FileState,
    file: Option<File>,
    /// Since when no name leads to it.
    alone: Option<Instant>,
    /// It was told that the last line is not whole.
    told: bool,
}

fn node(meta: &Metadata) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Some((meta.dev(), meta.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = meta;
        None
    }
}

fn unreadable(name: &str, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot read `{name}`: {}", plain_io_error(error))).code(Code::Unreadable)
}

/// The targets' routes anew, under another policy.
pub fn targets(args: &[String], reading: &Reading) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::new();
    if args.is_empty() {
        for (i, source) in reading.sources.iter().enumerate() {
            for glob in &source.files {
                let pattern = join(&glob::Pattern::escape(&source.folder), glob);
                targets.push(Target { pattern, route: Some(Route::Sources(vec![i])) });
            }
        }
        if targets.is_empty() {
            return Err(Failure::new("no records were named")
                .code(Code::Routing)
                .help("name them on the command line, or give the policy's sources `files`"));
        }
    }
    for arg in args {
        let (route, pattern) = records::named(arg, reading)?;
        if records::is_pipe(Path::new(&pattern)) && !Path::new(&pattern).is_dir() {
            return Err(Failure::new(format!("`{pattern}` is a pipe"))
                .code(Code::Routing)
                .help("name it as `-`, on standard input: `< PIPE`"));
        }
        if Path::new(&pattern).is_dir() {
            return Err(Failure::new(format!("`{pattern}` is a folder")).code(Code::Routing).help(format!(
                "name its files, for instance with a glob: '{}/*.ndjson'",
                pattern.trim_end_matches('/')
            )));
        }
        targets.push(Target { pattern, route });
    }
    Ok(targets)
}

impl Target {
    /// Whether no file is there yet.
    pub fn is_missing(&self) -> Result<bool, Failure> {
        self.paths().map(|paths| paths.is_empty())
    }

    fn paths(&self) -> Result<Vec<PathBuf>, Failure> {
        if Path::new(&self.pattern).is_file() {
            return Ok(vec![PathBuf::from(&self.pattern)]);
        }
        if self.pattern.contains(['*', '?', '[']) { records::expand(&self.pattern) } else { Ok(Vec::new()) }
    }
}

/// Looks for files that are new, renamed, replaced or gone. Those that are new get ids from `next` on.
pub fn look(
    targets: &[Target],
    files: &mut Vec<Followed>,
    next: &mut u32,
    reading: &Reading,
    finish: bool,
) -> Result<(), Failure> {
    let mut seen: Vec<u32> = Vec::new();
    for target in targets {
        for path in target.paths()? {
            let name = records::shown(&path);
            let Ok(file) = File::open(&path) else {
                // It was renamed a moment ago, or may not be read: then the next look tells.
                File::open(&path)
                    .map_err(|e| unreadable(&name, &e))
                    .map(drop)
                    .or_else(|failure| if path.exists() { Err(failure) } else { Ok(()) })?;
                continue;
            };
            let meta = file.metadata().map_err(|e| unreadable(&name, &e))?;
            let node = node(&meta);
            let same = |f: &Followed| {
                !f.state.closed && if node.is_some() { f.state.node == node } else { f.state.origin.name == name }
            };
            let known = files.iter().position(same);
            let known = match known {
                Some(at) if files[at].goes_on(&file, &meta)? => Some(at),
                Some(at) => {
                    warn!(file = %name, offset = files[at].state.offset, "the file was written anew or made shorter: it is read from its beginning");
                    files[at].state.closed = true;
                    None
                }
                None => None,
            };
            if let Some(at) = known {
                let of = &mut files[at];
                if of.state.origin.name != name && !seen.contains(&of.id) {
                    info!(file = %name, before = %of.state.origin.name, "the file was renamed: it is read on");
                    of.state.origin.name = name;
                }
                of.file.get_or_insert(file);
                seen.push(of.id);
                continue;
            }
            let Some(origin) = origin(&name, &path, target.route.as_ref(), reading, finish)? else { continue };
            if let Some(before) = files.iter().find(|f| f.state.origin.name == name && !f.state.closed) {
                if before.file.is_none() {
                    warn!(file = %name, offset = before.state.offset, "another file has this name now, and the one that was read is not there any more: what was added to it behind the offset was not read");
                } else {
                    info!(file = %name, offset = before.state.offset, "another file has this name now: the one before it is read to its end");
                }
            } else {
                info!(file = %name, "a file is followed");
            }
            let state = FileState {
                origin,
                node,
                offset: 0,
                line: 1,
                head: (0, Sha256::digest([]).to_vec()),
                tail: Vec::new(),
                closed: false,
            };
            seen.push(*next);
            files.push(Followed { id: *next, state, file: Some(file), alone: None, told: false });
            *next += 1;
        }
    }
    for file in files.iter_mut().filter(|f| !f.state.closed) {
        file.alone = if seen.contains(&file.id) { None } else { file.alone.or_else(|| Some(Instant::now())) };
    }
    Ok(())
}

/// What a file is, once its first line is there.
fn origin(
    name: &str,
    path: &Path,
    route: Option<&Route>,
    reading: &Reading,
    finish: bool,
) -> Result<Option<Origin>, Failure> {
    let head = records::head(path).map_err(|e| unreadable(name, &e))?;
    let mut start = [0; 4];
    let n = File::open(path).and_then(|mut f| f.read(&mut start)).unwrap_or(0);
    not_packed(name, &start[..n])?;
    if !head.contains(&b'\n') && head.len() < 1 << 16 && (!finish || head.is_empty()) {
        return Ok(None);
    }
    let route = match route {
        Some(route) => route.clone(),
        None => records::route_of(name, path, reading)?,
    };
    let declared = match &route {
        Route::Sources(all) => all.iter().find_map(|&i| reading.sources.get(i)?.format),
        _ => None,
    };
    let format = declared.unwrap_or_else(|| ingest::format_of(name, &head));
    match format {
        Format::Ndjson | Format::Csv => {}
        other => return Err(cannot_follow(name, other)),
    }
    let csv = format == Format::Csv;
    let route = Named::of(&route, reading);
    Ok(Some(Origin { name: name.into(), route, csv, heading: Vec::new(), latest: None }))
}

impl Followed {
    /// As the store had it.
    pub fn resumed(id: u32, state: FileState) -> Followed {
        Followed { id, state, file: None, alone: None, told: false }
    }

    /// Whether a file of the same number is the one that was read: it is no shorter, and what was read is there.
    fn goes_on(&self, file: &File, meta: &Metadata) -> Result<bool, Failure> {
        let state = &self.state;
        if meta.len() < state.offset {
            return Ok(false);
        }
        let fail = |e: std::io::Error| unreadable(&state.origin.name, &e);
        let tail = state.offset.saturating_sub(state.tail.len() as u64);
        Ok(range(file, tail, state.tail.len() as u64).map_err(fail)? == state.tail
            && Sha256::digest(range(file, 0, state.head.0).map_err(fail)?).as_slice() == state.head.1)
    }

    /// Whole records that were added, at most about so many bytes. `last`: nothing comes any more.
    pub fn read(&mut self, most: usize, last: bool, reading: &Reading) -> Result<Option<Chunk>, Failure> {
        let name = self.state.origin.name.clone();
        let fail = |e: std::io::Error| unreadable(&name, &e);
        let Some(file) = self.file.as_ref().filter(|_| !self.state.closed) else { return Ok(None) };
        let size = file.metadata().map_err(fail)?.len();
        let delimiter = self.state.origin.route.delimiter(&name, reading);
        let format = self.state.origin.format();
        let alone = self.alone.is_some_and(|since| since.elapsed() > ALONE);
        let mut want = most;
        let (bytes, end) = loop {
            let bytes = range(file, self.state.offset, want as u64).map_err(fail)?;
            let at_end = self.state.offset + bytes.len() as u64 >= size;
            let whole = ingest::whole(format, &bytes, delimiter);
            match whole {
                Some(end) => break (bytes, end),
                None if bytes.is_empty() => {
                    if alone {
                        info!(file = %name, "nothing is added to the file any more, and it has no name: it is let go");
                        self.state.closed = true;
                        self.file = None;
                    }
                    return Ok(None);
                }
                None if at_end && (last || alone) => {
                    let end = bytes.len();
                    break (bytes, end);
                }
                None if at_end => {
                    if !std::mem::replace(&mut self.told, true) {
                        tracing::debug!(file = %name, offset = self.state.offset, "the last record is not whole yet");
                    }
                    return Ok(None);
                }
                None if want > LONGEST => {
                    return Err(Failure::new(format!(
                        "`{name}` has a record of more than 64 MiB at byte {}",
                        self.state.offset
                    ))
                    .help("a line of that length is none; where it is CSV, a quote may not be closed"));
                }
                None => want *= 4,
            }
        };
        // It may have been cut and written anew while it was read: the next look tells.
        if !self.goes_on(file, &file.metadata().map_err(fail)?)? {
            return Ok(None);
        }
        self.told = false;
        let mut bytes = bytes;
        bytes.truncate(end);
        let (from, line) = (self.state.offset, self.state.line);
        self.state.offset += end as u64;
        self.state.line += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        // What was read last, and the beginning.
        let mut tail = std::mem::take(&mut self.state.tail);
        tail.extend_from_slice(&bytes[bytes.len().saturating_sub(PRINT as usize)..]);
        let over = tail.len().saturating_sub(64);
        self.state.tail = tail.split_off(over);
        let head = self.state.offset.min(PRINT);
        if head > self.state.head.0 {
            self.state.head = (head, Sha256::digest(range(file, 0, head).map_err(fail)?).to_vec());
        }
        let mut at = 0;
        let mut first = 0;
        if format == Format::Csv && self.state.origin.heading.is_empty() {
            at = ingest::first(format, &bytes, delimiter).unwrap_or(bytes.len());
            first = memchr::memchr_iter(b'\n', &bytes[..at]).count() as u64;
            self.state.origin.heading = bytes[..at].to_vec();
            bytes.drain(..at);
        }
        let pieces = vec![Piece { at: 0, line: 0, of: (from + at as u64, line + first) }];
        let more = self.state.offset < size;
        Ok(Some(Chunk { input: self.id, bytes, pieces, more }))
    }
}

/// Bytes of a file, as many as there are.
fn range(mut file: &File, from: u64, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}
