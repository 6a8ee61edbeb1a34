//! What stands beside rules and records: baselines, saved plans, settings, catalogues, an editor's messages.

use super::policy::{text, told_in_place};
use super::records;
use bylaws::internals::bundle::{self, Bundle};
use bylaws::internals::eval::{Said, Standing, Stream};
use bylaws::internals::lint::Settings;
use bylaws::internals::plan::saved;
use bylaws::internals::{handbook, lsp, report};
use bylaws::{MemoryFiles, PolicySet, SourceMap};
use serde_json::Value;
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

/// A bundle is what was written, byte by byte, and its files are a set that can be checked. What is none may be the files
/// of one: between form feeds, a path on the first line, and a text on the others.
pub fn bundle(bytes: &[u8]) {
    match Bundle::read(bytes) {
        Ok(bundle) => {
            assert_eq!(bundle.text().as_bytes(), bytes);
            can_be_checked(bundle);
        }
        Err(why) => assert!(!why.to_string().is_empty()),
    }
    let Some((_, text)) = text(bytes) else { return };
    let files = text.split('\x0c').map(|file| file.split_once('\n').unwrap_or((file, "")));
    match Bundle::new(files.map(|(path, text)| bundle::File { path: path.into(), text: text.into() }).collect()) {
        Ok(bundle) => {
            assert_eq!(Bundle::read(bundle.text().as_bytes()).as_ref(), Ok(&bundle));
            can_be_checked(bundle);
        }
        Err(why) => assert!(!why.to_string().is_empty()),
    }
}

fn can_be_checked(bundle: Bundle) {
    let (files, paths) = bundle.in_memory();
    let mut policies = PolicySet::load(&files, &paths).expect("all files are there");
    let checked = policies.check(&[]);
    told_in_place(policies.sources(), checked.diagnostics());
}

/// A ledger without its last line is one with an entry less: as it comes, and with numbers and hashes that are right.
pub fn ledger(bytes: &[u8]) {
    shorter_by_one(bytes);
    shorter_by_one(&bound(bytes));
}

fn shorter_by_one(ledger: &[u8]) {
    let whole = report::ledger(ledger);
    assert_eq!(whole, report::ledger(ledger));
    let lines = ledger.strip_suffix(b"\n").map(|lines| lines.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1));
    if let (Ok((entries, _)), Some(last)) = (&whole, lines) {
        let less = report::ledger(&ledger[..last]);
        assert!(less.is_ok_and(|(before, _)| before + 1 == *entries), "{entries}");
    }
}

/// A receipt is written so that it is one again, and what differs from another is told on lines that say nothing to a
/// terminal.
pub fn receipt(bytes: &[u8]) {
    let Some((_, text)) = text(bytes) else { return };
    let other = include_str!("../corpus/receipt/signed");
    match report::receipt(text, other) {
        Ok((written, told)) => {
            assert!(told.iter().all(|line| !line.chars().any(char::is_control)), "{told:?}");
            let again = report::receipt(&written, text);
            assert_eq!(again.map(|(text, _)| text), Ok(written));
        }
        Err(why) => assert!(!why.is_empty()),
    }
}

/// What the lines say, bound to each other anew.
fn bound(ledger: &[u8]) -> Vec<u8> {
    let entry = |line: &'_ str| Some(line.split_once("\"entry\":")?.1.rsplit_once(",\"hash\":")?.0.to_owned());
    let lines = String::from_utf8_lossy(ledger);
    let (mut bound, mut previous) = (String::new(), "0".repeat(64));
    for (seq, entry) in lines.lines().filter_map(entry).enumerate() {
        let body = format!("{{\"seq\":{seq},\"previous\":\"{previous}\",\"entry\":{entry}");
        previous = Sha256::digest(format!("{body}}}")).iter().map(|b| format!("{b:02x}")).collect();
        bound.push_str(&format!("{body},\"hash\":\"{previous}\"}}\n"));
    }
    bound.into_bytes()
}

/// What a follower knows of a stream, as it is kept, and what becomes of the records that come then.
pub fn state(bytes: &[u8]) {
    let Ok(standing) = serde_json::from_slice::<Standing>(bytes) else { return };
    let written = serde_json::to_vec(&standing).expect("it can be written");
    assert_eq!(serde_json::from_slice::<Standing>(&written).ok().as_ref(), Some(&standing));
    let Ok(mut stream) = Stream::new(records::fixed(), standing, Said::default()) else { return };
    for batch in records::batches(&records::fixed(), include_bytes!("../corpus/ndjson/every_type")) {
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

/// Saved plans as they come, and one that was damaged: the bytes that were written, or an error.
pub fn saved_plan(bytes: &[u8]) {
    for plan in [bytes, &changed(plan_bytes(), bytes)] {
        match saved::load(plan) {
            Ok(_) => assert_eq!(plan, plan_bytes()),
            Err(why) => assert!(!why.to_string().is_empty()),
        }
    }
}

/// Three bytes say where, one how many of the bytes behind it stand there instead, and so on. What is instead of nothing
/// ends there.
pub fn changed(whole: &[u8], mut changes: &[u8]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    while let [high, middle, low, length, ref behind @ ..] = *changes {
        let new;
        (new, changes) = behind.split_at(usize::from(length).min(behind.len()));
        let at = (usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low)) % whole.len();
        if length == 0 {
            bytes.truncate(at);
        }
        bytes.iter_mut().skip(at).zip(new).for_each(|(byte, new)| *byte = *new);
    }
    bytes
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
        if serde_json::from_slice::<Value>(line).is_ok() {
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
    let answers = std::str::from_utf8(&answers).expect("it is text");
    if let Some(mut asked) = asked(bytes) {
        for message in answers.split("Content-Length: ").filter_map(|message| message.split_once("\r\n\r\n")) {
            let message: Value = serde_json::from_str(message.1).expect("it is a message");
            if let (None, Some(at)) = (message.get("method"), asked.iter().position(|id| *id == message["id"])) {
                asked.remove(at);
            }
        }
        assert!(asked.is_empty(), "no answer to {asked:?}\n{answers}");
    }
}

/// The ids of what has to be answered, where it can be told from the lines.
fn asked(bytes: &[u8]) -> Option<Vec<Value>> {
    let mut ids = Vec::new();
    for line in bytes.split(|b| *b == b'\n').take(64) {
        let message: Value = serde_json::from_slice(line).ok()?;
        let text = std::str::from_utf8(line).ok()?;
        // A field that is there twice makes it another message, or none.
        if ["jsonrpc", "id", "method", "result", "error"].iter().any(|f| text.matches(&format!("\"{f}\"")).count() > 1)
            || text.contains('\\')
            || text.contains("Content-Length")
        {
            return None;
        }
        match (message.get("id"), message.get("method")?.as_str()?) {
            (None, "exit") => break,
            // The tests that it runs may end behind the messages.
            (_, "workspace/executeCommand") | (None, _) => {}
            (Some(id), _) if id.is_string() || id.as_i64().is_some_and(|id| i32::try_from(id).is_ok()) => {
                ids.push(id.clone());
            }
            _ => return None,
        }
    }
    Some(ids)
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
