//! Policy files and records on the disk.

use bylaws::{FileError, Files, Input, ReadAt};
use std::fs::{self, File};
use std::io::{Error, ErrorKind};
use std::path::Path;
use std::sync::Arc;

pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        fs::read(path).map_err(file_error)
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
                let is_folder = entry.file_type().map_err(file_error)?.is_dir();
                let name = match entry.file_name().into_string() {
                    Ok(name) => name,
                    Err(name) if is_folder || name.as_encoded_bytes().ends_with(b".bylaw") => {
                        let shown = format!("{folder}/{}", name.to_string_lossy());
                        return Err(FileError::Other(format!("the name of `{shown}` is not UTF-8")));
                    }
                    Err(_) => continue,
                };
                let path = format!("{}/{name}", folder.trim_end_matches('/'));
                if is_folder {
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

fn file_error(error: Error) -> FileError {
    match error.kind() {
        ErrorKind::NotFound => FileError::NotFound,
        _ => FileError::Other(error.to_string()),
    }
}

/// Opens a file of records.
pub fn open(path: &Path) -> std::io::Result<Input<'static>> {
    let file = File::open(path)?;
    let data = file.metadata()?;
    if data.is_dir() {
        return Err(Error::new(ErrorKind::IsADirectory, "it is a folder"));
    }
    match data.is_file() {
        true => Ok(Input::At(Arc::new(Regular { size: data.len(), file }))),
        false => Ok(Input::Reader(Box::new(file))),
    }
}

/// A file of a size, which several threads may read.
struct Regular {
    size: u64,
    file: File,
}

impl ReadAt for Regular {
    fn size(&self) -> u64 {
        self.size
    }

    #[cfg(unix)]
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.file, buffer, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.file, buffer, offset)
    }
}
