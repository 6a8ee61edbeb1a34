//! The ledger of findings: a line for each, which is only ever added to, and each bound to all before it by a hash.
//!
//! A line is JSON of one form only: what is read is written again and has to be the same bytes. Its `hash` is SHA-256 over
//! the line without it, and `previous` is the hash of the line before.

use super::entry::{Context, Entry};
use super::json;
use crate::data::{Severity, Verdict};
use crate::source::SourceMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, Read, Result};

const SCHEMA: &str = "bylaws.ledger/1";
/// Of the first entry's `previous`.
const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// No entry is longer: more cannot stand on a command line.
const LONGEST: u64 = 64 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    seq: u64,
    previous: String,
    entry: What,
    hash: String,
}

/// What is hashed of a line.
#[derive(Serialize)]
struct Body<'a> {
    seq: u64,
    previous: &'a str,
    entry: &'a What,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    Begin(Begin),
    Run(Run),
    Verdict(Noted),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Begin {
    schema: String,
}

/// A run that had something to add, or was not as the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Run {
    /// By the clock of the machine.
    pub written: String,
    /// Of `bylaws`.
    pub version: String,
    /// [`policy_digest`].
    pub policy: String,
    /// Who signed the policy, where that was asked for.
    pub signer: Option<String>,
    pub set: BTreeMap<String, String>,
    pub records: Vec<String>,
    pub as_of: Option<String>,
    /// The fingerprint of the key by which people are called, where there is one: ids differ from key to key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonyms: Option<String>,
}

/// A verdict. No name of a person and no value of a record is in it: they are in what `entry` is a digest of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Noted {
    pub id: String,
    pub verdict: Verdict,
    pub rule: String,
    pub severity: Severity,
    /// When it happened, as reports show it.
    pub time: Option<String>,
    /// SHA-256 of the line that `audit --format ndjson` writes.
    pub entry: String,
}

/// What a ledger came to.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    /// How many entries there are; the next one has this number.
    pub entries: u64,
    /// Hash of the last entry.
    pub head: String,
    pub verdicts: u64,
    pub runs: u64,
    last: HashMap<String, Verdict>,
    run: Option<Run>,
}

/// How the text behind the last whole line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    /// There is none.
    Whole,
    /// A whole entry, of which only the line end is missing, that should be here.
    NoLineEnd { at: u64 },
    /// The beginning of an entry, whose writing was cut off.
    Torn { from: u64, bytes: u64 },
}

/// The first entry that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub line: u64,
    pub why: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

/// Lines to be written, and what the chain is once they are.
pub(crate) struct Batch {
    pub text: String,
    entries: u64,
    head: String,
    verdicts: Vec<(String, Verdict)>,
    runs: u64,
    run: Option<Run>,
}

impl Noted {
    pub fn of<'a>(context: &Context, entry: &Entry<'a>, written: &mut json::Written<'a>) -> Result<Noted> {
        let mut line = Vec::new();
        json::write(context, entry, None, written, &mut line)?;
        Ok(Noted::as_written(entry, &line))
    }

    /// Of an entry that was written as this line, without its end.
    pub fn as_written(entry: &Entry, line: &[u8]) -> Noted {
        let rule = entry.rule();
        Noted {
            id: entry.id(),
            verdict: entry.verdict(),
            rule: rule.name.clone(),
            severity: rule.severity,
            time: entry.time.clone(),
            entry: sha256(line),
        }
    }
}

impl Run {
    /// Whether it is the same run, at whatever time.
    pub fn is_again(&self, other: &Run) -> bool {
        *self == Run { written: self.written.clone(), ..other.clone() }
    }
}

impl Default for Chain {
    fn default() -> Chain {
        Chain { entries: 0, head: NOTHING.into(), verdicts: 0, runs: 0, last: HashMap::new(), run: None }
    }
}

impl Chain {
    /// Reads a ledger from its beginning, entry by entry. What is seen of each is shown to `see`, with its hash.
    ///
    /// # Errors
    /// Where it cannot be read; within, the first fault in it.
    pub fn read(
        text: &mut dyn BufRead,
        see: &mut dyn FnMut(u64, &What, &str),
    ) -> Result<std::result::Result<(Chain, Tail), Fault>> {
        let mut chain = Chain::default();
        let mut line = Vec::new();
        let (mut from, mut number) = (0, 0);
        loop {
            number += 1;
            line.clear();
            let bytes = (&mut *text).take(LONGEST).read_until(b'\n', &mut line)? as u64;
            let fault = |why: String| Ok(Err(Fault { line: number, why }));
            // Where a disk had room but no content yet, there are zeros.
            let zeros = line.iter().rev().take_while(|b| **b == 0).count();
            let whole = match line.strip_suffix(b"\n") {
                Some(whole) => whole,
                None if bytes == 0 => return Ok(Ok((chain, Tail::Whole))),
                None if bytes == LONGEST => return fault("it is longer than any entry".into()),
                None if is_torn(&line[..line.len() - zeros]) => return Ok(Ok((chain, Tail::Torn { from, bytes }))),
                None => &line[..line.len() - zeros],
            };
            match chain.follow(whole) {
                Ok((seq, what, hash)) => see(seq, &what, &hash),
                Err(why) => return fault(why),
            }
            if !line.ends_with(b"\n") {
                return Ok(Ok((chain, Tail::NoLineEnd { at: from + whole.len() as u64 })));
            }
            from += bytes;
        }
    }

    /// Takes the next line up, if it follows.
    fn follow(&mut self, text: &[u8]) -> std::result::Result<(u64, What, String), String> {
        let due = self.entries;
        let changed = || match due {
            0 => "this is no ledger, or its first entry is not as it was written".to_owned(),
            _ => format!("entry {due} is not as it was written"),
        };
        let line: Line = serde_json::from_slice(text).map_err(|_| changed())?;
        let (written, hash) = written(line.seq, &line.previous, &line.entry).map_err(|_| changed())?;
        if written.as_bytes() != text {
            return Err(changed());
        }
        if line.seq > due {
            return Err(format!("entry {} stands where entry {due} should: that is missing or moved", line.seq));
        }
        if line.seq < due {
            return Err(format!("entry {} stands where entry {due} should: it is there twice or moved", line.seq));
        }
        if line.previous != self.head {
            return Err(format!("entry {due} does not follow the one before: one of them was written anew"));
        }
        match &line.entry {
            What::Begin(Begin { schema }) if due == 0 && schema == SCHEMA => {}
            What::Begin(Begin { schema }) if due == 0 => {
                return Err(format!("it is of the schema `{}`; this version reads `{SCHEMA}`", schema.escape_debug()));
            }
            What::Run(_) | What::Verdict(_) if due == 0 => return Err("entry 0 does not begin a ledger".into()),
            What::Begin(_) => return Err(format!("entry {due} begins a ledger again")),
            What::Run(run) => {
                self.runs += 1;
                self.run = Some(run.clone());
            }
            What::Verdict(noted) => {
                self.verdicts += 1;
                self.last.insert(noted.id.clone(), noted.verdict);
            }
        }
        self.entries += 1;
        self.head.clone_from(&hash);
        Ok((line.seq, line.entry, hash))
    }

    /// Whether the verdict is another than the ledger's last one of this id. What is not in it is compliant.
    pub fn is_news(&self, id: &str, verdict: Verdict) -> bool {
        self.last.get(id).copied().unwrap_or(Verdict::Compliant) != verdict
    }

    /// Whether the last run in it was not this one.
    pub fn is_another_run(&self, run: &Run) -> bool {
        !self.run.as_ref().is_some_and(|last| last.is_again(run))
    }

    /// The lines of a run, where it is to be written, and of verdicts.
    pub fn batch(&self, run: Option<&Run>, verdicts: Vec<Noted>) -> Result<Batch> {
        let begin = (self.entries == 0).then(|| What::Begin(Begin { schema: SCHEMA.into() }));
        let changes = verdicts.iter().map(|noted| (noted.id.clone(), noted.verdict)).collect();
        let run_too = run.map(|run| What::Run(run.clone()));
        let mut batch = Batch {
            text: String::new(),
            entries: self.entries,
            head: self.head.clone(),
            verdicts: changes,
            runs: u64::from(run.is_some()),
            run: run.cloned(),
        };
        for what in begin.into_iter().chain(run_too).chain(verdicts.into_iter().map(What::Verdict)) {
            let (line, hash) = written(batch.entries, &batch.head, &what)?;
            batch.text.push_str(&line);
            batch.text.push('\n');
            batch.entries += 1;
            batch.head = hash;
        }
        Ok(batch)
    }

    /// The lines have been written.
    pub fn accept(&mut self, batch: Batch) {
        self.entries = batch.entries;
        self.head = batch.head;
        self.verdicts += batch.verdicts.len() as u64;
        self.runs += batch.runs;
        self.last.extend(batch.verdicts);
        if batch.run.is_some() {
            self.run = batch.run;
        }
    }
}

/// An entry's line, and its hash.
fn written(seq: u64, previous: &str, entry: &What) -> Result<(String, String)> {
    let mut text = serde_json::to_string(&Body { seq, previous, entry })?;
    let hash = sha256(text.as_bytes());
    text.pop();
    text.push_str(&format!(",\"hash\":\"{hash}\"}}"));
    Ok((text, hash))
}

/// Whether a line without an end is what a write leaves that was cut off: the beginning of an entry.
fn is_torn(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text).or_else(|e| match e.error_len() {
        // Within a letter of several bytes.
        None => std::str::from_utf8(&text[..e.valid_up_to()]),
        Some(_) => Err(e),
    }) else {
        return false;
    };
    text.is_empty() || serde_json::from_str::<Line>(text).is_err_and(|e| e.is_eof())
}

/// Over a line for each policy file, sorted: SHA-256 of its text. Where the files are and what they are called is left out,
/// so that a folder, a bundle and a compiled set of the same texts have the same digest.
pub(crate) fn policy_digest(sources: &SourceMap) -> String {
    let line = |file: &crate::source::SourceFile| match file.name.strip_prefix("--set ") {
        Some(name) => format!("{}  {name}\n", sha256(file.text.as_bytes())),
        None => format!("{}\n", sha256(file.text.as_bytes())),
    };
    let mut lines: Vec<String> = sources.files().map(|(_, file)| line(file)).collect();
    lines.sort();
    sha256(lines.concat().as_bytes())
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(policy: &str) -> Run {
        Run {
            written: "2026-01-01T00:00:00Z".into(),
            version: "0.0.0".into(),
            policy: policy.into(),
            signer: None,
            set: BTreeMap::new(),
            records: vec!["log.ndjson".into()],
            as_of: None,
            pseudonyms: None,
        }
    }

    fn noted(id: &str, verdict: Verdict) -> Noted {
        Noted {
            id: id.into(),
            verdict,
            rule: "large_gift".into(),
            severity: Severity::Major,
            time: Some("2025-03-01".into()),
            entry: sha256(id.as_bytes()),
        }
    }

    fn read(text: &[u8]) -> std::result::Result<(Chain, Tail), Fault> {
        Chain::read(&mut &*text, &mut |_, _, _| ()).unwrap()
    }

    /// Six entries.
    fn small() -> String {
        let mut chain = Chain::default();
        let first =
            chain.batch(Some(&run("a")), vec![noted("1", Verdict::Pending), noted("2", Verdict::Finding)]).unwrap();
        let mut text = first.text.clone();
        chain.accept(first);
        text.push_str(&chain.batch(Some(&run("b")), vec![noted("1", Verdict::Finding)]).unwrap().text);
        text
    }

    /// The line that a byte is in, from 1.
    fn line_of(text: &str, at: usize) -> u64 {
        1 + text.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() as u64
    }

    #[test]
    fn what_is_written_is_read() {
        let text = small();
        let (chain, tail) = read(text.as_bytes()).unwrap();
        assert_eq!((chain.entries, chain.runs, chain.verdicts, tail), (6, 2, 3, Tail::Whole));
        assert!(text.lines().last().unwrap().ends_with(&format!(",\"hash\":\"{}\"}}", chain.head)));
        assert!(!chain.is_news("1", Verdict::Finding) && chain.is_news("1", Verdict::Pending));
        assert!(chain.is_news("3", Verdict::Finding) && !chain.is_news("3", Verdict::Compliant));
        assert!(chain.is_another_run(&run("a")));
        assert!(!chain.is_another_run(&Run { written: "2027-01-01T00:00:00Z".into(), ..run("b") }));
    }

    #[test]
    fn every_flipped_bit_is_named() {
        let text = small();
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                match read(&bytes) {
                    Err(fault) => assert!(fault.line <= line_of(&text, at), "byte {at}, bit {bit}: {fault}"),
                    Ok((chain, tail)) => panic!("byte {at}, bit {bit}: {} entries, {tail:?}", chain.entries),
                }
            }
        }
    }

    #[test]
    fn every_cut_is_torn_or_shorter() {
        let text = small();
        let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
        for end in 0..text.len() {
            let (chain, tail) = read(&text.as_bytes()[..end]).unwrap();
            let whole = ends.iter().filter(|e| **e <= end).count();
            let from = if whole == 0 { 0 } else { ends[whole - 1] };
            let expected = match end {
                _ if end == from => (whole, Tail::Whole),
                _ if end + 1 == ends[whole] => (whole + 1, Tail::NoLineEnd { at: end as u64 }),
                _ => (whole, Tail::Torn { from: from as u64, bytes: (end - from) as u64 }),
            };
            assert_eq!((chain.entries as usize, tail), expected, "the first {end} bytes");
            let zeros = [&text.as_bytes()[..end], &[0; 9]].concat();
            let then = match tail {
                Tail::Whole => Tail::Torn { from: end as u64, bytes: 9 },
                Tail::Torn { from, bytes } => Tail::Torn { from, bytes: bytes + 9 },
                Tail::NoLineEnd { .. } => tail,
            };
            let (chain, tail) = read(&zeros).unwrap();
            assert_eq!((chain.entries as usize, tail), (expected.0, then), "the first {end} bytes, and zeros");
        }
    }

    #[test]
    fn entries_moved_left_out_or_repeated_are_named() {
        let text = small();
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let fault = |lines: &[&str]| read(lines.concat().as_bytes()).map(|(chain, _)| chain.entries);
        for i in 0..lines.len() {
            for j in i + 1..lines.len() {
                let mut swapped = lines.clone();
                swapped.swap(i, j);
                assert_eq!(fault(&swapped).unwrap_err().line, i as u64 + 1, "{i} and {j} swapped");
                let mut moved = lines.clone();
                let line = moved.remove(i);
                moved.insert(j, line);
                assert_eq!(fault(&moved).unwrap_err().line, i as u64 + 1, "{i} moved to {j}");
                let mut without = lines.clone();
                without.remove(j);
                without.remove(i);
                match (i, j) {
                    // What is cut off at the end leaves a whole ledger: this is what the head is for.
                    (4, 5) => assert_eq!(fault(&without), Ok(4)),
                    (i, _) => assert_eq!(fault(&without).unwrap_err().line, i as u64 + 1, "without {i} and {j}"),
                }
            }
            let mut twice = lines.clone();
            twice.insert(i, lines[i]);
            assert_eq!(fault(&twice).unwrap_err().line, i as u64 + 2, "{i} twice");
        }
    }

    #[test]
    fn another_ledger_cannot_be_joined() {
        let first = small();
        let mut chain = Chain::default();
        let other = chain.batch(Some(&run("c")), vec![noted("9", Verdict::Finding); 5]).unwrap();
        let other_text = other.text.clone();
        chain.accept(other);
        let mixed: String =
            first.split_inclusive('\n').take(3).chain(other_text.split_inclusive('\n').skip(3)).collect();
        let fault = read(mixed.as_bytes()).unwrap_err();
        assert_eq!((fault.line, fault.why.contains("does not follow")), (4, true), "{fault}");
    }

    #[test]
    fn what_is_no_ledger_is_told() {
        for bytes in
            [&b"\n"[..], b"hello\n", b"{}\n", b"[1]\n", b"\xff\n", b"null\n", b"{\"seq\":0}\n", b"hello", b"\xff"]
        {
            assert_eq!(read(bytes).unwrap_err().line, 1, "{bytes:?}");
        }
        let long = vec![b'['; LONGEST as usize + 1];
        assert_eq!(read(&long).unwrap_err().why, "it is longer than any entry");
        let later = Chain::default();
        let (line, _) = written(0, NOTHING, &What::Begin(Begin { schema: "bylaws.ledger/2".into() })).unwrap();
        assert!(read(format!("{line}\n").as_bytes()).unwrap_err().why.contains("`bylaws.ledger/2`"));
        assert_eq!(later.entries, 0);
    }
}
