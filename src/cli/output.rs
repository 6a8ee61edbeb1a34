//! Where reports go: the terminal, a pipe, a file.

use super::Failure;
use super::disk::plain_io_error;
use super::temporary::Temporary;
use std::fs;
use std::io::{BufWriter, ErrorKind, IsTerminal, Write, stderr, stdout};
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ColorChoice {
    /// Colours on a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

impl ColorChoice {
    fn on(self, terminal: bool) -> bool {
        match self {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                let asked_not_to = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
                terminal && !asked_not_to && std::env::var_os("TERM").is_none_or(|t| t != "dumb")
            }
        }
    }

    pub fn stdout(self) -> bool {
        self.on(stdout().is_terminal())
    }

    pub fn stderr(self) -> bool {
        self.on(stderr().is_terminal())
    }
}

/// Writes to standard output. A reader that has gone away (`| head`) is no error.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    to_stdout(|out| out.write_all(text.as_bytes()))
}

pub(super) fn to_stdout(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::with_capacity(1 << 16, stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write the output: {}", plain_io_error(&error))))
        }
        _ => Ok(()),
    }
}

/// Writes to standard error; nothing can be told if that fails.
pub(super) fn tell(text: &str) {
    let _ = stderr().lock().write_all(text.as_bytes());
}

/// Writes a file whole or not at all: beside it first, then renamed into its place.
pub(super) fn to_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Failure> {
    let failed =
        |error: std::io::Error| Failure::new(format!("cannot write `{}`: {}", path.display(), plain_io_error(&error)));
    // A device or a pipe cannot be replaced.
    if fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir()) {
        let mut out = BufWriter::new(fs::OpenOptions::new().write(true).open(path).map_err(failed)?);
        return write(&mut out).and_then(|()| out.flush()).map_err(failed);
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut temporary = Temporary::beside(&folder).map_err(failed)?;
    {
        let mut out = BufWriter::with_capacity(1 << 16, temporary.file().map_err(failed)?);
        write(&mut out).and_then(|()| out.flush()).map_err(failed)?;
    }
    // Some file systems tell only now that there was no room.
    temporary.file().and_then(|file| file.sync_all()).map_err(failed)?;
    // The finished file has the rights of the one that it replaces.
    if let Ok(before) = fs::metadata(path) {
        let _ = fs::set_permissions(temporary.path(), before.permissions());
    }
    temporary.persist(path).map_err(failed)
}
