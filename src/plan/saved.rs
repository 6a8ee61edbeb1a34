//! A checked policy set with its plan, as bytes to be read again: what `bylaws compile` writes.
//!
//! In front stand a magic number, [`VERSION`], the version of this crate and the lengths of two parts; then these: the
//! policy texts with what was said of them, and the plan; and in the end the SHA-256 of all that. The bytes mean something
//! to the same version of this crate only; any other version says so. They may come from anybody, who can work out a digest
//! too: so what was read is only used once it is sound (`plan::sound`), and the typed rules are not in it, but read from
//! the texts again.

use super::sound::is_sound;
use super::{Plan, VERSION};
use crate::data::Limits;
use crate::diag::{Diagnostic, Level};
use crate::sema::hir::Hir;
use crate::sema::{self, CheckInput};
use crate::source::{FileId, SourceMap};
use crate::syntax::{self, ast};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The first byte is in no text, and the line end shows what was done to line ends on the way.
const MAGIC: &[u8; 16] = b"\x89bylaws plan\r\n\x1a\n";
const MADE_BY: &str = env!("CARGO_PKG_VERSION");
const PARTS: usize = 2;
const LENGTH: usize = 8;
const DIGEST: usize = 32;

/// Why bytes are no plan that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SavedError {
    /// They do not begin as a saved plan does.
    Foreign,
    /// They end before the plan does, or go on behind it.
    Cut { expected: u64, found: u64 },
    /// Of another format.
    Format { found: u32 },
    /// Of another version of this crate.
    Version { found: String },
    /// They are not those that were written.
    Damaged,
    /// They were written so that their digests fit; but not from a policy set.
    Unsound,
    /// Its plan is none of its policy texts.
    Untrue,
}

impl std::fmt::Display for SavedError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SavedError::Foreign => f.write_str("this is not a compiled policy set"),
            SavedError::Cut { expected, found } if found < expected => {
                write!(f, "the compiled policy set is cut off: {found} of {expected} bytes are there")
            }
            SavedError::Cut { expected, found } => {
                write!(f, "the compiled policy set is damaged: it has {found} bytes and should have {expected}")
            }
            SavedError::Format { found } => {
                write!(f, "the compiled policy set has format {found}, and this bylaws reads format {VERSION}")
            }
            SavedError::Version { found } => {
                write!(f, "the policy set was compiled by bylaws {found}, and this is bylaws {MADE_BY}")
            }
            SavedError::Damaged => f.write_str("the compiled policy set is damaged: its digest does not fit"),
            SavedError::Unsound => f.write_str("the compiled policy set is damaged: it names what it does not have"),
            SavedError::Untrue => {
                f.write_str("the compiled policy set is damaged: its rules are not those of its texts")
            }
        }
    }
}

impl std::error::Error for SavedError {}

/// A policy set without errors, ready to be evaluated, with what reports say of it.
#[derive(Debug)]
pub struct Saved {
    pub sources: SourceMap,
    /// What checking the set had to say; no errors.
    pub warnings: Vec<Diagnostic>,
    pub plan: Arc<Plan>,
    /// Of all the bytes.
    pub sha256: [u8; DIGEST],
    roles: Roles,
}

/// What the texts are to the policy set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles {
    /// The policy files, in the order in which they were read.
    pub files: Vec<FileId>,
    /// Values that parameters were given: name and text.
    pub set: Vec<(String, FileId)>,
}

impl Saved {
    /// The typed rules, read from the texts again.
    ///
    /// # Errors
    /// Where the plan is not that of these rules.
    pub fn hir(&self) -> Result<Hir, SavedError> {
        self.read_again().ok_or(SavedError::Untrue)
    }

    fn read_again(&self) -> Option<Hir> {
        let text = |id: FileId| self.sources.get(id).map(|file| &*file.text);
        let mut files: Vec<(FileId, ast::File)> = Vec::new();
        for &id in &self.roles.files {
            let parsed = syntax::parse(id, text(id)?);
            parsed.errors.is_empty().then(|| files.push((id, parsed.file)))?;
        }
        let mut set = Vec::new();
        for (name, id) in &self.roles.set {
            set.push((name.clone(), *id, syntax::parse_expr(*id, text(*id)?).ok()?));
        }
        let files: Vec<(FileId, &ast::File)> = files.iter().map(|(id, file)| (*id, file)).collect();
        let input = CheckInput { sources: &self.sources, files: &files, set: &set };
        // What was taken in may be much; of a pattern it is never more.
        let limits = Limits { pattern_bytes: Limits::default().pattern_bytes, ..Limits::NONE };
        let (mut hir, told) = sema::check_within(input, &limits);
        if told.iter().any(|told| told.level == Level::Error) {
            return None;
        }
        // Where a bundle lay when it was compiled is not in the texts.
        hir.sources.clone_from(&self.plan.sources);
        (Plan::compile(&hir) == *self.plan).then_some(hir)
    }
}

/// Name and text.
type Text = (String, String);

/// The bytes for [`load`].
///
/// # Errors
/// Where they cannot be written.
pub fn save(sources: &SourceMap, roles: &Roles, warnings: &[Diagnostic], plan: &Plan) -> Result<Vec<u8>, SavedError> {
    let texts: Vec<(&str, &str)> = sources.files().map(|(_, f)| (f.name.as_str(), &*f.text)).collect();
    let parts = [encode(&(texts, roles, warnings))?, encode(plan)?];
    let mut bytes = MAGIC.to_vec();
    bytes.extend(VERSION.to_le_bytes());
    bytes.push(MADE_BY.len() as u8);
    bytes.extend(MADE_BY.bytes());
    parts.iter().for_each(|part| bytes.extend((part.len() as u64).to_le_bytes()));
    parts.iter().for_each(|part| bytes.extend(part));
    bytes.extend(Sha256::digest(&bytes));
    Ok(bytes)
}

/// What was saved.
///
/// # Errors
/// Bytes that [`save`] of this version did not write.
pub fn load(bytes: &[u8]) -> Result<Saved, SavedError> {
    let mut rest = bytes;
    let given = bytes.len().min(MAGIC.len());
    if given == 0 || bytes[..given] != MAGIC[..given] {
        return Err(SavedError::Foreign);
    }
    take(bytes, &mut rest, MAGIC.len())?;
    let format = number(take(bytes, &mut rest, 4)?) as u32;
    if format != VERSION {
        return Err(SavedError::Format { found: format });
    }
    let length = number(take(bytes, &mut rest, 1)?) as usize;
    let made_by = take(bytes, &mut rest, length)?;
    if made_by != MADE_BY.as_bytes() {
        // What is no version is not shown as one.
        let plain = made_by.iter().all(|b| b.is_ascii_alphanumeric() || b".-+".contains(b));
        return Err(match plain {
            true => SavedError::Version { found: String::from_utf8_lossy(made_by).into_owned() },
            false => SavedError::Damaged,
        });
    }
    let lengths = take(bytes, &mut rest, PARTS * LENGTH)?.chunks(LENGTH).map(number);
    let all = lengths.clone().try_fold(DIGEST as u64, u64::checked_add).ok_or(SavedError::Damaged)?;
    if all != rest.len() as u64 {
        let front = (bytes.len() - rest.len()) as u64;
        return Err(SavedError::Cut { expected: front.saturating_add(all), found: bytes.len() as u64 });
    }
    let mut parts = Vec::new();
    for length in lengths {
        parts.push(take(bytes, &mut rest, length as usize)?);
    }
    let mut hash = Sha256::new_with_prefix(&bytes[..bytes.len() - rest.len()]);
    if hash.clone().finalize().as_slice() != rest {
        return Err(SavedError::Damaged);
    }
    hash.update(rest);
    let sha256 = hash.finalize().into();
    let (texts, roles, warnings): (Vec<Text>, Roles, Vec<Diagnostic>) = decode(parts[0])?;
    let mut sources = SourceMap::default();
    for (name, text) in texts {
        sources.add(name, text);
    }
    let plan: Plan = decode(parts[1])?;
    if !is_sound(&plan, &sources, &warnings) {
        return Err(SavedError::Unsound);
    }
    Ok(Saved { sources, warnings, plan: Arc::new(plan), sha256, roles })
}

fn encode(part: &impl Serialize) -> Result<Vec<u8>, SavedError> {
    postcard::to_allocvec(part).map_err(|_| SavedError::Damaged)
}

/// The whole of a part.
fn decode<T: DeserializeOwned>(part: &[u8]) -> Result<T, SavedError> {
    match postcard::take_from_bytes(part) {
        Ok((value, [])) => Ok(value),
        _ => Err(SavedError::Unsound),
    }
}

fn take<'a>(all: &[u8], rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], SavedError> {
    let front = all.len() - rest.len();
    let (taken, behind) = rest
        .split_at_checked(length)
        .ok_or(SavedError::Cut { expected: (front + length) as u64, found: all.len() as u64 })?;
    *rest = behind;
    Ok(taken)
}

/// Lowest byte first.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sema, syntax};

    const POLICY: &str = r#"
        policy gifts { timezone "Asia/Shanghai" }
        record gift at received by actor identity id { id: text, received: date, actor: text, value: money }
        forbid large_gift "No gift of more than 500 CNY" {
          on gift  when value > 500.5 CNY and actor matches /E[0-9]+/  because "{actor} received {value}"
        }
        limit many "At most two gifts a year" { on gift  count per actor over 365 days  to 2 }
    "#;

    fn saved() -> (Hir, Plan, Vec<u8>) {
        let mut sources = SourceMap::default();
        let id = sources.add("gifts.bylaw", POLICY);
        let parsed = syntax::parse(id, POLICY);
        let (hir, told) = sema::check(sema::CheckInput { sources: &sources, files: &[(id, &parsed.file)], set: &[] });
        assert!(parsed.errors.is_empty() && !hir.rules.is_empty(), "{:?} {told:?}", parsed.errors);
        let plan = Plan::compile(&hir);
        let bytes = save(&sources, &Roles { files: vec![id], set: vec![] }, &told, &plan).unwrap();
        (hir, plan, bytes)
    }

    #[test]
    fn what_was_saved_comes_back() {
        let (hir, plan, bytes) = saved();
        let back = load(&bytes).unwrap();
        assert_eq!(*back.plan, plan);
        assert_eq!(back.hir().unwrap(), hir);
        let file = back.sources.files().next().unwrap().1;
        assert_eq!((file.name.as_str(), &*file.text), ("gifts.bylaw", POLICY));
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_an_error() {
        let bytes = saved().2;
        for end in 0..bytes.len() {
            let error = load(&bytes[..end]).unwrap_err();
            assert!(matches!(error, SavedError::Cut { .. } | SavedError::Foreign), "{end}: {error:?}");
        }
        for at in 0..bytes.len() {
            for bit in [1, 0x80] {
                let mut other = bytes.clone();
                other[at] ^= bit;
                assert!(load(&other).is_err(), "byte {at}");
            }
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(matches!(load(&longer), Err(SavedError::Cut { .. })));
    }

    #[test]
    fn other_versions_and_other_files_are_told_apart() {
        let bytes = saved().2;
        let mut other = bytes.clone();
        other[16] += 1;
        assert_eq!(load(&other).unwrap_err(), SavedError::Format { found: VERSION + 1 });
        let mut other = bytes.clone();
        other[21] = b'9';
        assert!(matches!(load(&other), Err(SavedError::Version { found }) if found.starts_with('9')));
        for foreign in ["", "policy gifts { }", "\u{feff}", "\x7fELF", "PAR1"] {
            assert_eq!(load(foreign.as_bytes()).unwrap_err(), SavedError::Foreign, "{foreign}");
        }
    }
}
