//! Files that stay only once they are whole: taken away where the work fails, and where the process is interrupted.

use super::signals;
use crate::threads::lock;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once};
use tempfile::{Builder, NamedTempFile};

/// All that there are now. Whoever makes, keeps or removes one holds the lock meanwhile.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// None once it is kept.
#[derive(Debug)]
pub(super) struct Temporary(Option<NamedTempFile>);

impl Temporary {
    /// Beside the file whose place it takes once it is whole, with the rights that a new file has.
    pub fn beside(folder: &Path) -> io::Result<Temporary> {
        let mut builder = Builder::new();
        builder.prefix(".bylaws-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        Temporary::made(|| builder.tempfile_in(folder))
    }

    /// For what is read only once, with no rights for others.
    pub fn kept_back() -> io::Result<Temporary> {
        Temporary::made(|| NamedTempFile::with_prefix("bylaws-"))
    }

    fn made(make: impl FnOnce() -> io::Result<NamedTempFile>) -> io::Result<Temporary> {
        static HANDLER: Once = Once::new();
        // Where there can be no handler, an interrupt may leave a file behind. A follower has its own, and stops.
        HANDLER.call_once(|| {
            drop(signals::on_end(end_by));
            signals::no_end_by_size();
        });
        let mut unfinished = unfinished();
        let file = make()?;
        unfinished.push(file.path().to_owned());
        Ok(Temporary(Some(file)))
    }

    pub fn path(&self) -> &Path {
        self.0.as_ref().map_or(Path::new(""), NamedTempFile::path)
    }

    pub fn file(&mut self) -> io::Result<&mut File> {
        let file = self.0.as_mut().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(file.as_file_mut())
    }

    /// Puts it in the place of a file, or where none is.
    pub fn persist(mut self, path: &Path) -> io::Result<()> {
        let Some(file) = self.0.take() else { return Ok(()) };
        let mut unfinished = unfinished();
        unfinished.retain(|p| p != file.path());
        file.persist(path).map(drop).map_err(|e| e.error)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(file) = self.0.take() {
            let mut unfinished = unfinished();
            unfinished.retain(|p| p != file.path());
            drop(file);
        }
    }
}

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    lock(&UNFINISHED)
}

/// Takes all away, and ends the process by a signal. Holds the lock until then: no other file is made, and none is put in
/// its place.
pub(super) fn end_by(signal: i32) {
    let unfinished = unfinished();
    for path in unfinished.iter() {
        let _ = std::fs::remove_file(path);
    }
    signals::end_by(signal);
}
