//! A policy set as one file, which every command reads as it would the files.
//!
//! The file is JSON of one form only: what is read is written again and has to be the same bytes. Its `digest` is
//! SHA-256 over a line for each file, as `sha256sum` prints it.

use crate::io::MemoryFiles;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

pub const SCHEMA: &str = "bylaws.bundle/1";
/// Larger files are refused before they are read.
pub const LARGEST: u64 = 64 << 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "schema")]
    _schema: String,
    digest: String,
    files: Vec<File>,
}

/// What any version of the schema says.
#[derive(Deserialize)]
struct Head {
    schema: String,
}

/// A policy file: its path from the bundle's root, and its text without a byte order mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub path: String,
    pub text: String,
}

/// The files of a policy set in the order in which they are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    files: Vec<File>,
}

/// Why files are no bundle, or bytes are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    TooLarge,
    NotText {
        at: usize,
    },
    Cut,
    Json(String),
    Schema(String),
    Empty,
    Path {
        path: String,
        why: &'static str,
    },
    /// Two paths that are one on a disk that does not tell capital and small letters apart.
    Twice(String, String),
    /// A file that is a folder too.
    Folder(String, String),
    Digest,
    Form,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |text: &str| text.escape_debug().take(200).collect::<String>();
        match self {
            Wrong::TooLarge => write!(f, "it is larger than {} MiB", LARGEST >> 20),
            Wrong::NotText { at } => write!(f, "byte {at} is not part of UTF-8 text"),
            Wrong::Cut => f.write_str("it is cut off"),
            Wrong::Json(why) => write!(f, "it is no bundle: {why}"),
            Wrong::Schema(schema) => {
                write!(f, "it is of the schema `{}`; this version reads `{SCHEMA}`", shown(schema))
            }
            Wrong::Empty => f.write_str("there is no file in it"),
            Wrong::Path { path, why } => write!(f, "a file in it has the path `{}`, {why}", shown(path)),
            Wrong::Twice(a, b) if a == b => write!(f, "`{}` is in it twice", shown(a)),
            Wrong::Twice(a, b) => {
                write!(f, "`{}` and `{}` are in it, which are one file on some disks", shown(a), shown(b))
            }
            Wrong::Folder(a, b) => write!(f, "`{}` is a file in it, and a folder by `{}`", shown(a), shown(b)),
            Wrong::Digest => f.write_str("its files are not those that its digest is of"),
            Wrong::Form => f.write_str("its bytes are not as they were written"),
        }
    }
}

impl std::error::Error for Wrong {}

impl Bundle {
    pub fn new(files: Vec<File>) -> Result<Bundle, Wrong> {
        if files.is_empty() {
            return Err(Wrong::Empty);
        }
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for File { path, .. } in &files {
            if let Some(why) = bad(path) {
                return Err(Wrong::Path { path: path.clone(), why });
            }
            if let Some(before) = seen.insert(path.to_lowercase(), path) {
                return Err(Wrong::Twice(before.to_owned(), path.clone()));
            }
        }
        for (lower, path) in &seen {
            let folders = lower.match_indices('/').map(|(at, _)| &lower[..at]);
            if let Some(file) = folders.filter_map(|folder| seen.get(folder)).next() {
                return Err(Wrong::Folder((*file).to_owned(), (*path).to_owned()));
            }
        }
        let bundle = Bundle { files };
        if bundle.text().len() as u64 > LARGEST { Err(Wrong::TooLarge) } else { Ok(bundle) }
    }

    /// # Errors
    /// Bytes that [`Bundle::text`] did not write.
    pub fn read(bytes: &[u8]) -> Result<Bundle, Wrong> {
        if bytes.len() as u64 > LARGEST {
            return Err(Wrong::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|e| Wrong::NotText { at: e.valid_up_to() })?;
        let json = |e: serde_json::Error| if e.is_eof() { Wrong::Cut } else { Wrong::Json(e.to_string()) };
        let Head { schema } = serde_json::from_str(text).map_err(json)?;
        if schema != SCHEMA {
            return Err(Wrong::Schema(schema));
        }
        let document: Document = serde_json::from_str(text).map_err(json)?;
        let bundle = Bundle::new(document.files)?;
        if bundle.digest() != document.digest {
            return Err(Wrong::Digest);
        }
        if bundle.text() == text { Ok(bundle) } else { Err(Wrong::Form) }
    }

    /// The file's content.
    pub fn text(&self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let files: Vec<String> = self
            .files
            .iter()
            .map(|f| format!("{{\"path\": {}, \"text\": {}}}", quoted(&f.path), quoted(&f.text)))
            .collect();
        let digest = self.digest();
        format!(
            "{{\n\"schema\": \"{SCHEMA}\",\n\"digest\": \"{digest}\",\n\"files\": [\n{}\n]\n}}\n",
            files.join(",\n")
        )
    }

    /// A line for each file: SHA-256, two spaces, path.
    pub fn listing(&self) -> String {
        self.files.iter().map(|f| format!("{}  {}\n", hex(f.text.as_bytes()), f.path)).collect()
    }

    pub fn digest(&self) -> String {
        format!("sha256:{}", hex(self.listing().as_bytes()))
    }

    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// To be loaded, by their paths in order.
    pub fn in_memory(self) -> (MemoryFiles, Vec<String>) {
        let paths = self.files.iter().map(|f| f.path.clone()).collect();
        (self.files.into_iter().map(|f| (f.path, f.text)).collect(), paths)
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Why a path cannot stand in a bundle: it has to mean the same file within one folder on every system.
fn bad(path: &str) -> Option<&'static str> {
    let parts = || path.split('/');
    Some(match path {
        "" => "which is empty",
        p if p.starts_with('/') => "which is absolute",
        p if p.contains(|c: char| c.is_control()) => "which has a control character",
        p if p.contains('\\') => "which has a backslash",
        p if p.contains(':') => "which has a colon, as drives do",
        _ if parts().any(|part| part == "..") => "which leads out of the bundle",
        _ if parts().any(|part| part.is_empty() || part == ".") => "which has a part that says nothing",
        _ if parts().any(|part| part.ends_with(['.', ' '])) => "of which a part ends in a dot or a space",
        p if !p.ends_with(".bylaw") => "which does not end in `.bylaw`",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(paths: &[&str]) -> Result<Bundle, Wrong> {
        Bundle::new(paths.iter().map(|p| File { path: (*p).into(), text: format!("// {p}\n") }).collect())
    }

    #[test]
    fn what_is_written_is_read() {
        let files =
            [("a.bylaw", ""), ("sub/b.bylaw", "enum e { x } // \"é\u{2028}\u{0}\\\n"), ("A/礼品.bylaw", "\r\n")];
        let files = files.map(|(path, text)| File { path: path.into(), text: text.into() });
        let bundle = Bundle::new(files.to_vec()).unwrap();
        assert_eq!(Bundle::read(bundle.text().as_bytes()), Ok(bundle.clone()));
        assert_eq!(bundle.listing().lines().next().unwrap(), format!("{}  a.bylaw", hex(b"")));
    }

    #[test]
    fn every_changed_byte_is_seen() {
        let text = of(&["a.bylaw", "b.bylaw"]).unwrap().text();
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                assert!(Bundle::read(&bytes).is_err(), "byte {at}, bit {bit}");
            }
        }
        for end in 0..text.len() {
            assert!(Bundle::read(&text.as_bytes()[..end]).is_err(), "the first {end} bytes");
        }
    }

    #[test]
    fn paths_stay_inside() {
        for path in [
            "",
            "/etc/x.bylaw",
            "../x.bylaw",
            "a/../../x.bylaw",
            "a/..",
            "a//x.bylaw",
            "./x.bylaw",
            "a/",
            "C:/x.bylaw",
            "c:x.bylaw",
            "\\\\host\\x.bylaw",
            "a\\..\\x.bylaw",
            "x\0.bylaw",
            "x\u{1b}[2J.bylaw",
            "a /x.bylaw",
            "a./x.bylaw",
            "x.bylaw ",
            "passwd",
            "x.bylaw.",
        ] {
            assert!(matches!(of(&[path]), Err(Wrong::Path { .. })), "{path:?}");
        }
        assert!(of(&["a/b.c/..x.bylaw"]).is_ok());
        assert!(matches!(of(&["a.bylaw", "b.bylaw", "a.bylaw"]), Err(Wrong::Twice(..))));
        assert!(matches!(of(&["a/x.bylaw", "A/X.bylaw"]), Err(Wrong::Twice(..))));
        assert!(matches!(of(&["a.bylaw", "A.bylaw/x.bylaw"]), Err(Wrong::Folder(..))));
        assert_eq!(of(&[]), Err(Wrong::Empty));
    }

    #[test]
    fn hostile_bytes_are_told() {
        let good = of(&["a.bylaw"]).unwrap().text();
        let deep = format!("{{\"schema\": \"{SCHEMA}\", \"files\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let newer = good.replace("bundle/1", "bundle/2");
        let told = |bytes: &[u8]| Bundle::read(bytes).unwrap_err().to_string();
        assert_eq!(told(b""), "it is cut off");
        assert_eq!(told(&good.as_bytes()[..100]), "it is cut off");
        assert_eq!(told(b"{\xff"), "byte 1 is not part of UTF-8 text");
        assert_eq!(
            told(newer.as_bytes()),
            "it is of the schema `bylaws.bundle/2`; this version reads `bylaws.bundle/1`"
        );
        assert!(told(deep.as_bytes()).contains("invalid type: sequence"), "{}", told(deep.as_bytes()));
        assert_eq!(told(good.replace("// a", "// b").as_bytes()), "its files are not those that its digest is of");
        assert_eq!(told(good.replace("\"path\": ", "\"path\":").as_bytes()), "its bytes are not as they were written");
        assert!(told(good.replace("\"files\"", "\"also\": 1, \"files\"").as_bytes()).contains("unknown field `also`"));
        assert!(told(good.replace("// a", "\\ud800").as_bytes()).starts_with("it is no bundle"));
        assert_eq!(told(&vec![b' '; LARGEST as usize + 1]), "it is larger than 64 MiB");
    }
}
