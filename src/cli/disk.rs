//! Policy files on the disk.

pub(super) use crate::io::plain_io_error;
use crate::io::{FileError, Files, join};
use std::fs;
use std::io::{ErrorKind, Read};

pub(super) struct Disk;

/// So much of a file is given room before it is read.
const AT_ONCE: u64 = 16 << 20;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        fs::read(path).map_err(file_error)
    }

    fn read_within(&self, path: &str, most: u64) -> Result<Vec<u8>, FileError> {
        let mut file = fs::File::open(path).map_err(file_error)?;
        // Of a file that says that it is very long it is seen how long it is.
        let length = file.metadata().map_or(0, |known| known.len()).min(AT_ONCE);
        let mut bytes = Vec::with_capacity(length as usize + 1);
        file.by_ref().take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(file_error)?;
        if bytes.len() as u64 > most { Err(FileError::TooLarge) } else { Ok(bytes) }
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>, FileError> {
        if !fs::metadata(path).map_err(file_error)?.is_dir() {
            return Ok(None);
        }
        let mut found = Vec::new();
        let mut folders = vec![path.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).map_err(file_error)? {
                let entry = entry.map_err(file_error)?;
                // A link to a folder is not followed: it may lead back up.
                let kind = entry.file_type().map_err(file_error)?;
                let name = match entry.file_name().into_string() {
                    Ok(name) => name,
                    Err(name) if kind.is_dir() || name.as_encoded_bytes().ends_with(b".bylaw") => {
                        let shown = join(&folder, &name.to_string_lossy());
                        return Err(FileError::Other(format!("the name of `{shown}` is not UTF-8")));
                    }
                    Err(_) => continue,
                };
                let path = join(&folder, &name);
                if kind.is_dir() {
                    folders.push(path);
                } else if name.ends_with(".bylaw") {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(Some(found))
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        let real = fs::canonicalize(path).map_err(file_error)?;
        Ok(real.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"))
    }
}

pub(super) fn file_error(error: std::io::Error) -> FileError {
    match error.kind() {
        ErrorKind::NotFound => FileError::NotFound,
        _ => FileError::Other(plain_io_error(&error)),
    }
}
