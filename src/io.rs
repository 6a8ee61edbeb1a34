//! How policy texts reach the library. It opens no file by itself: whoever embeds it hands in a [`Files`].

use std::collections::BTreeMap;

/// Where policy files come from: a disk, a map in memory, an archive.
///
/// Paths are text with `/` between their parts, as the user gave them or joined from such.
pub trait Files {
    /// The whole content of a file.
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError>;

    /// The whole content of a file that has at most so many bytes.
    ///
    /// # Errors
    /// [`FileError::TooLarge`] where it has more; as those of [`Files::read`].
    fn read_within(&self, path: &str, most: u64) -> Result<Vec<u8>, FileError> {
        let bytes = self.read(path)?;
        if bytes.len() as u64 > most { Err(FileError::TooLarge) } else { Ok(bytes) }
    }

    /// The policy files (`*.bylaw`) in a folder and in the folders in it, sorted; none where `path` is a file.
    fn list(&self, path: &str) -> Result<Option<Vec<String>>, FileError>;

    /// Where a file or folder really is, where its path may lead over links.
    fn real(&self, path: &str) -> Result<String, FileError> {
        Ok(normalize(path))
    }
}

/// Why a file or folder could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileError {
    NotFound,
    /// It has more bytes than it may have.
    TooLarge,
    /// In the words of the operating system, or of the embedder.
    Other(String),
}

impl std::fmt::Display for FileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FileError::NotFound => f.write_str("no such file or folder"),
            FileError::TooLarge => f.write_str("it is too large"),
            FileError::Other(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for FileError {}

/// Policy files held in memory, by path.
///
/// ```
/// use bylaws::{Files, MemoryFiles};
/// let files = MemoryFiles::from_iter([("rules/gifts.bylaw", "policy gifts {}"), ("rules/notes.txt", "")]);
/// assert_eq!(files.list("rules").unwrap().unwrap(), ["rules/gifts.bylaw"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    files: BTreeMap<String, Vec<u8>>,
}

impl MemoryFiles {
    pub fn insert(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), content.into());
    }
}

impl<P: Into<String>, C: Into<Vec<u8>>> FromIterator<(P, C)> for MemoryFiles {
    fn from_iter<I: IntoIterator<Item = (P, C)>>(files: I) -> MemoryFiles {
        MemoryFiles { files: files.into_iter().map(|(p, c)| (p.into(), c.into())).collect() }
    }
}

impl Files for MemoryFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        self.files.get(path).cloned().ok_or(FileError::NotFound)
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>, FileError> {
        if self.files.contains_key(path) {
            return Ok(None);
        }
        let folder = match path.trim_end_matches('/') {
            "" | "." => String::new(),
            folder => format!("{folder}/"),
        };
        let mut inside = self.files.keys().filter(|p| p.starts_with(&folder)).peekable();
        if inside.peek().is_none() {
            return Err(FileError::NotFound);
        }
        Ok(Some(inside.filter(|p| p.ends_with(".bylaw")).cloned().collect()))
    }
}

/// The system's words without its number: "permission denied".
pub(crate) fn plain_io_error(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// A path with its `.` and `..` parts worked out; `..` beyond the start stays.
pub(crate) fn normalize(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|p| *p != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if rooted { format!("/{joined}") } else { joined }
}

/// The folder that a path is in; empty for the current one.
pub(crate) fn folder_of(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) => "/",
        Some(i) => &path[..i],
        None => "",
    }
}

/// `path` as seen from `folder`.
pub(crate) fn join(folder: &str, path: &str) -> String {
    match folder {
        "" => path.to_owned(),
        folder if folder.ends_with('/') => format!("{folder}{path}"),
        folder => format!("{folder}/{path}"),
    }
}

/// Whether a normalized path is in a normalized folder, or in one below it.
pub(crate) fn is_within(path: &str, folder: &str) -> bool {
    match folder {
        "" => !path.starts_with('/') && path != ".." && !path.starts_with("../"),
        "/" => path.starts_with('/'),
        folder => {
            path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
                && !(folder.split('/').all(|p| p == "..") && path[folder.len()..].starts_with("/.."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (path, is) in [
            ("a/./b/../c", "a/c"),
            ("./a", "a"),
            ("../a/../../b", "../../b"),
            ("/a/../../b", "/b"),
            (".", ""),
            ("a//b/", "a/b"),
        ] {
            assert_eq!(normalize(path), is, "{path}");
        }
        assert_eq!(folder_of("a/b.bylaw"), "a");
        assert_eq!(folder_of("b.bylaw"), "");
        assert_eq!(folder_of("/b.bylaw"), "/");
    }

    #[test]
    fn escapes_are_seen() {
        assert!(is_within("a/b", ""));
        assert!(is_within("a/b", "a"));
        assert!(!is_within("ab/c", "a"));
        assert!(!is_within("../a", ""));
        assert!(is_within("../a/b", "../a"));
        assert!(!is_within("../../b", ".."));
        assert!(!is_within("/etc/x", "a"));
    }
}
