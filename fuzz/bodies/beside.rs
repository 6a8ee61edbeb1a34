//! What stands beside rules and records: baselines, saved plans, settings, catalogues, an editor's messages.

use super::policy::{text, told_in_place};
use super::records;
use bylaws::internals::bundle::Bundle;
use bylaws::internals::eval::{Said, Standing, Stream};
use bylaws::internals::lint::Settings;
use bylaws::internals::plan::saved;
use bylaws::internals::{handbook, lsp, report};
use bylaws::{EvalOptions, Evaluator, MemoryFiles, PolicySet, SourceMap};
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, OnceLock};

/// What is a baseline is written so that it is one, and the same.
pub fn baseline(bytes: &[u8]) {
    let Some((_, text)) = text(bytes) else { return };
    match report::baseline(text) {
        Ok(written) => assert_eq!(report::baseline(&written).as_deref(), Ok(&*written)),
        Err(why) => assert!(!why.is_empty()),
    }
}

/// A bundle is what was written, byte by byte, and its files are a set that can be checked.
pub fn bundle(bytes: &[u8]) {
    match Bundle::read(bytes) {
        Ok(bundle) => {
            assert_eq!(bundle.text().as_bytes(), bytes);
            let (files, paths) = bundle.in_memory();
            let mut policies = PolicySet::load(&files, &paths).expect("all files are there");
            let checked = policies.check(&[]);
            told_in_place(policies.sources(), checked.diagnostics());
        }
        Err(why) => assert!(!why.to_string().is_empty()),
    }
}

/// A ledger without its last line is one with an entry less.
pub fn ledger(bytes: &[u8]) {
    let whole = report::ledger(bytes);
    assert_eq!(whole, report::ledger(bytes));
    let lines = bytes.strip_suffix(b"\n").map(|lines| lines.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1));
    if let (Ok((entries, _)), Some(last)) = (&whole, lines) {
        let less = report::ledger(&bytes[..last]);
        assert!(less.is_ok_and(|(before, _)| before + 1 == *entries), "{entries}");
    }
}

/// A receipt is written so that it is one again, which does not differ from it; and what differs from another is told on
/// lines that say nothing to a terminal.
pub fn receipt(bytes: &[u8]) {
    let Some((_, text)) = text(bytes) else { return };
    let other = include_str!("../corpus/receipt/signed");
    match report::receipt(text, other) {
        Ok((written, told)) => {
            assert!(told.iter().all(|line| !line.chars().any(char::is_control)), "{told:?}");
            let again = report::receipt(&written, text);
            assert_eq!(again, Ok((written, Vec::new())));
        }
        Err(why) => assert!(!why.is_empty()),
    }
}

/// What a follower knows of a stream, as it is kept, and what becomes of the records that come then.
pub fn state(bytes: &[u8]) {
    let Ok(standing) = serde_json::from_slice::<Standing>(bytes) else { return };
    let written = serde_json::to_vec(&standing).expect("it can be written");
    assert_eq!(serde_json::from_slice::<Standing>(&written).ok().as_ref(), Some(&standing));
    let Ok(mut stream) = Stream::new(records::fixed(), standing, Said::default()) else { return };
    for batch in records::batches(include_bytes!("../corpus/ndjson/every_type")) {
        stream.take(batch).expect("it fits");
    }
    stream.complete(1_767_700_000_000_000_000);
    if let Ok(Some(judged)) = stream.judge(1) {
        stream.let_go(&judged);
    }
    let ended = stream.end(1).expect("the plan can be run");
    assert!(ended.new.iter().all(|i| *i < ended.findings.len()));
}

/// `bylaws.toml`.
pub fn settings(bytes: &[u8]) {
    let Some((file, text)) = text(bytes) else { return };
    let mut sources = SourceMap::default();
    sources.add("bylaws.toml", text);
    if let Err(told) = Settings::read(file, text) {
        assert!(!told.is_empty());
        told_in_place(&sources, &told);
    }
}

/// Two Fluent texts with a form feed between them: a handbook's catalogue, and what the authors call their rules.
pub fn catalogue(bytes: &[u8]) {
    let Some((_, text)) = text(bytes) else { return };
    let (catalogue, names) = text.split_once('\x0c').unwrap_or((text, ""));
    let files = MemoryFiles::from_iter([("p.bylaw", include_str!("records.bylaw"))]);
    let mut policies = PolicySet::load(&files, &["p.bylaw"]).expect("the file is there");
    match handbook::pages_by(&mut policies, catalogue, names) {
        Ok(pages) => assert_eq!(Ok(pages), handbook::pages_by(&mut policies, catalogue, names)),
        Err(why) => assert!(why.iter().all(|line| !line.is_empty())),
    }
}

/// Saved plans as they come: the bytes that were written, or an error.
pub fn saved_plan(bytes: &[u8]) {
    if let Ok(loaded) = saved::load(bytes) {
        assert!(loaded.hir().is_ok());
    }
}

/// The parts of a saved plan, as one who can work out digests would change them: the first three bytes say where in
/// the parts the rest stands. What can still be loaded is used.
pub fn forged_plan(bytes: &[u8]) {
    let [high, middle, low, ref change @ ..] = *bytes else { return };
    let whole = plan_bytes();
    let front = front(whole);
    let lengths: Vec<usize> = (0..3).map(|i| number(&whole[front + i * 40..][..8])).collect();
    let mut parts = whole[front + 120..].to_vec();
    let at = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
    for (byte, new) in parts.iter_mut().skip(at % (lengths.iter().sum::<usize>())).zip(change) {
        *byte = *new;
    }
    let mut forged = whole[..front].to_vec();
    let mut rest = &parts[..];
    for length in lengths {
        let part;
        (part, rest) = rest.split_at(length);
        forged.extend((length as u64).to_le_bytes());
        forged.extend(Sha256::digest(part));
    }
    forged.extend(parts);
    let Ok(loaded) = saved::load(&forged) else { return };
    if let Ok(hir) = loaded.hir() {
        drop(format!("{hir:?}"));
    }
    let Ok(evaluator) = Evaluator::new(loaded.plan, EvalOptions::default()) else { return };
    evaluator.finish();
}

/// Where the table of the parts begins.
fn front(plan: &[u8]) -> usize {
    16 + 4 + 1 + usize::from(plan[20])
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |n, b| n << 8 | usize::from(*b))
}

fn plan_bytes() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let files = MemoryFiles::from_iter([("p.bylaw", include_str!("records.bylaw"))]);
        let mut policies = PolicySet::load(&files, &["p.bylaw"]).expect("the file is there");
        let checked = policies.check(&[]);
        checked.save(policies.sources()).expect("the policy is right")
    })
}

/// Messages of an editor, a line each; a line that is no JSON goes out as it is, without a length.
pub fn editor(bytes: &[u8]) {
    let mut wire = Vec::new();
    for line in bytes.split(|b| *b == b'\n').take(64) {
        if serde_json::from_slice::<serde_json::Value>(line).is_ok() {
            wire.extend(format!("Content-Length: {}\r\n\r\n", line.len()).bytes());
            wire.extend(line);
        } else {
            wire.extend(line);
            wire.extend(b"\r\n");
        }
    }
    let files = MemoryFiles::from_iter([("/w/p.bylaw", include_str!("records.bylaw"))]);
    let answers = Answers::default();
    lsp::serve(&files, std::io::Cursor::new(wire), answers.clone());
    let answers = answers.0.lock().expect("no thread panics");
    assert!(std::str::from_utf8(&answers).is_ok());
}

#[derive(Clone, Default)]
struct Answers(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Answers {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no thread panics").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
