//! The ledger of findings: a run adds what is new and nothing else, what was changed in it is named, and what broke off is
//! mended.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn project(set: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let from = root().join("tests/cli").join(set);
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_file() {
            fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
    }
    if !folder.path().join("log.ndjson").exists() {
        fs::copy(root().join("tests/cli/log.ndjson"), folder.path().join("log.ndjson")).unwrap();
    }
    folder
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bylaws"));
    command.current_dir(folder).env("NO_COLOR", "1").args(args).stdin(Stdio::null());
    command
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn bylaws(folder: &Path, args: &[&str]) -> (i32, String, String) {
    told(&command(folder, args).output().unwrap())
}

const AUDIT: [&str; 8] = ["audit", "--policy", ".", "log.ndjson", "--ledger", "l", "--fail-on", "never"];

/// What a run says of the ledger.
fn audit(folder: &Path, more: &[&str]) -> String {
    let (code, _, err) = bylaws(folder, &[&AUDIT, more].concat());
    assert!(matches!(code, 0 | 3), "{err}");
    err.lines().filter(|line| line.starts_with("ledger l")).map(|line| format!("{line}\n")).collect()
}

fn ledger(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("l")).unwrap()
}

fn verify(folder: &Path, more: &[&str]) -> (i32, String) {
    let (code, out, err) = bylaws(folder, &[&["ledger", "verify", "l"], more].concat());
    assert!(!err.contains("panicked"), "{err}");
    (code, out + &err)
}

/// The hash of the last entry.
fn head(folder: &Path) -> String {
    let (_, out) = verify(folder, &[]);
    out.lines().find_map(|line| line.strip_prefix("head ")).unwrap().to_owned()
}

#[test]
fn a_verdict_is_added_once() {
    let folder = project("conduct");
    let here = folder.path();
    assert!(audit(here, &[]).starts_with("ledger l: 7 verdicts added, entries now 9, head "));
    let first = ledger(here);
    assert!(audit(here, &[]).starts_with("ledger l: 0 verdicts added, entries now 9, head "));
    assert_eq!(ledger(here), first);
    let head_then = head(here);
    // Later, what was pending is a finding: that is an entry of its own, behind what is there.
    assert!(audit(here, &["--as-of", "2025-12-31"]).starts_with("ledger l: 1 verdict added, entries now 11, head "));
    assert!(ledger(here).starts_with(&first));
    let (code, out) = verify(here, &["--head", &head_then]);
    assert_eq!(code, 0);
    assert!(out.contains("the head that was given is entry 8: all up to it is as it was then, 2 came after"), "{out}");
    // Another policy that finds the same is a run, and no verdict.
    let text = fs::read_to_string(here.join("rules.bylaw")).unwrap();
    fs::write(here.join("rules.bylaw"), text + "// a remark\n").unwrap();
    assert!(audit(here, &["--as-of", "2025-12-31"]).starts_with("ledger l: 0 verdicts added, entries now 12, head "));
    let (code, out, _) = bylaws(here, &["ledger", "show", "l", "--id", "a9483409"]);
    assert_eq!(code, 0);
    let verdicts: Vec<&str> = out.lines().map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!(verdicts, ["pending", "finding"]);
}

#[test]
fn an_entry_is_a_digest_of_what_is_reported() {
    let folder = project("conduct");
    let here = folder.path();
    audit(here, &[]);
    let (_, lines, _) = bylaws(here, &["audit", "--policy", ".", "log.ndjson", "--format", "ndjson"]);
    let text = String::from_utf8(ledger(here)).unwrap();
    for line in lines.lines() {
        use sha2::{Digest, Sha256};
        let sum: String = Sha256::digest(line.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
        assert!(text.contains(&format!("\"entry\":\"{sum}\"")), "{line}");
    }
    assert_eq!(lines.lines().count(), 7);
    // A folder, a bundle and a compiled set of the same texts are the same rules.
    bylaws(here, &["bundle", ".", "-o", "rules.bundle"]);
    bylaws(here, &["compile", ".", "-o", "rules.plan"]);
    for policy in [["--policy", "rules.bundle"], ["--plan", "rules.plan"]] {
        let (_, _, err) = bylaws(here, &[&["audit", "log.ndjson", "--ledger", "l"], &policy[..]].concat());
        assert!(err.contains("ledger l: 0 verdicts added, entries now 9"), "{err}");
    }
}

#[test]
fn nothing_of_records_is_in_a_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let policy = r#"
record gift at day by who identity id {
  id: text, day: date, who: text @person, diagnosis: text @sensitive, value: money,
}
forbid large "No gift of more than 500 CNY" {
  on gift when value > 500 CNY and diagnosis != "none" because "{who} received {value}"
}
"#;
    fs::write(here.join("p.bylaw"), policy).unwrap();
    let record = r#"{"kind": "gift", "id": "G1", "day": "2025-03-01", "who": "Ana Example", "diagnosis": "made-up-flu", "value": "650 CNY"}"#;
    fs::write(here.join("log.ndjson"), format!("{record}\n")).unwrap();
    assert!(audit(here, &[]).starts_with("ledger l: 1 verdict added"));
    let text = String::from_utf8(ledger(here)).unwrap() + &bylaws(here, &["ledger", "show", "l"]).1;
    // No word that digits of a hash could be.
    for word in ["made-up-flu", "Ana Example", "650 CNY", "650.00", "G1"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
}

#[test]
fn what_was_changed_is_named_and_nothing_is_added_to_it() {
    let folder = project("conduct");
    let here = folder.path();
    audit(here, &[]);
    let whole = String::from_utf8(ledger(here)).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let without = |at: usize| [&lines[..at], &lines[at + 1..]].concat().concat();
    let cases = [
        ("changed", whole.replace("excepted", "compliant"), "l: line 4: entry 3 is not as it was written"),
        ("missing", without(4), "l: line 5: entry 5 stands where entry 4 should: that is missing or moved"),
        ("first", without(0), "l: line 1: entry 1 stands where entry 0 should: that is missing or moved"),
        (
            "twice",
            [&lines[..6], &lines[5..]].concat().concat(),
            "l: line 7: entry 5 stands where entry 6 should: it is there twice or moved",
        ),
        ("blank", whole.replacen('\n', "\n\n", 3), "l: line 2: entry 1 is not as it was written"),
        ("text", format!("{whole}and so on\n"), "l: line 10: entry 9 is not as it was written"),
        ("spaced", whole.replacen("{\"seq\":2,", "{\"seq\": 2,", 1), "l: line 3: entry 2 is not as it was written"),
        (
            "windows",
            whole.replace('\n', "\r\n"),
            "l: line 1: this is no ledger, or its first entry is not as it was written",
        ),
    ];
    for (name, text, expected) in cases {
        fs::write(here.join("l"), &text).unwrap();
        assert_eq!(verify(here, &[]), (1, format!("{expected}\n")), "{name}");
        let (code, out, err) = bylaws(here, &AUDIT);
        assert_eq!((code, out.as_str()), (2, ""), "{name}: {err}");
        assert!(err.contains("is not as it was written"), "{name}: {err}");
        assert_eq!(fs::read_to_string(here.join("l")).unwrap(), text, "{name}");
        assert_eq!(bylaws(here, &["ledger", "show", "l"]).0, 1);
    }
}

#[test]
fn the_end_is_held_by_the_head() {
    let folder = project("conduct");
    let here = folder.path();
    audit(here, &["--receipt", "r.json"]);
    let (whole, head) = (ledger(here), head(here));
    assert_eq!(bylaws(here, &["verify", "r.json"]).0, 0);
    assert_eq!(verify(here, &["--head", &head.to_uppercase()]).0, 0);
    let last = whole[..whole.len() - 1].iter().rposition(|b| *b == b'\n').unwrap() + 1;
    fs::write(here.join("l"), &whole[..last]).unwrap();
    // By itself it is a ledger, which it was at some time.
    assert_eq!(verify(here, &[]).0, 0);
    let (code, out) = verify(here, &["--head", &head]);
    assert_eq!(code, 1);
    assert!(out.contains("the head that was given is not in it: entries were cut off"), "{out}");
    let (code, out, _) = bylaws(here, &["verify", "r.json"]);
    assert_eq!(code, 1);
    assert!(out.contains("ledger: l does not hold what was its last entry (of 9)"), "{out}");
    // What is added again is as it was, but for the run's time; more may come behind it.
    audit(here, &[]);
    fs::write(here.join("l"), &whole).unwrap();
    audit(here, &["--as-of", "2025-12-31"]);
    assert_eq!(bylaws(here, &["verify", "r.json"]).0, 0);
    fs::write(here.join("l"), "").unwrap();
    assert_eq!(verify(here, &[]), (1, "l: there is no entry in it\n".into()));
    for wrong in ["", "abc", &"g".repeat(64)] {
        assert_eq!(bylaws(here, &["ledger", "verify", "l", "--head", wrong]).0, 2);
    }
    assert_eq!(bylaws(here, &["ledger", "verify", "nowhere"]).0, 2);
    assert_eq!(bylaws(here, &["ledger", "verify", "."]).0, 2);
}

#[test]
fn a_write_that_was_cut_off_is_mended_by_the_next_run() {
    let folder = project("conduct");
    let here = folder.path();
    audit(here, &[]);
    let whole = ledger(here);
    let count = |bytes: &[u8]| bytes.iter().filter(|b| **b == b'\n').count();
    let ends: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] == b'\n').collect();
    let last = ends[ends.len() - 2] + 1;
    let cuts = [1, 40, last - 1, last + 1, last + 9, whole.len() - 70, whole.len() - 2, whole.len() - 1];
    for cut in cuts {
        fs::write(here.join("l"), &whole[..cut]).unwrap();
        let (code, out) = verify(here, &[]);
        assert_eq!(code, 1, "{cut}: {out}");
        assert!(out.contains("whose write was cut off") || out.contains("its write was cut off"), "{cut}: {out}");
        let said = audit(here, &[]);
        assert!(said.contains("the last write was cut off") || said.contains("had no line end"), "{cut}: {said}");
        let (code, out) = verify(here, &[]);
        assert_eq!(code, 0, "{cut}: {out}");
        // The same verdicts, whole lines first as they were.
        let now = ledger(here);
        let kept = whole[..cut].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        assert_eq!(now[..kept], whole[..kept], "{cut}");
        assert!(out.contains("7 verdicts"), "{cut}: {out}");
        assert!(count(&now) >= 9, "{cut}");
        let zeros = [&whole[..cut.min(whole.len() - 2)], &[0; 50]].concat();
        fs::write(here.join("l"), zeros).unwrap();
        audit(here, &[]);
        assert_eq!(verify(here, &[]).0, 0, "{cut}, with zeros");
    }
    // What is no beginning of an entry is not from a write that was cut off.
    for odd in ["{\"seq\":9,\"previous\":\"0\"}", "x", "{\"seq\":9}junk", "\u{b}"] {
        let text = [&whole, odd.as_bytes()].concat();
        fs::write(here.join("l"), &text).unwrap();
        assert_eq!(verify(here, &[]).0, 1, "{odd:?}");
        assert_eq!(bylaws(here, &AUDIT).0, 2, "{odd:?}");
        assert_eq!(ledger(here), text, "{odd:?}");
    }
}

/// A disk that is full after `blocks` of 512 bytes.
#[cfg(unix)]
fn with_room(folder: &Path, blocks: usize, told: bool) -> Output {
    let trap = if told { "trap '' XFSZ; " } else { "" };
    let script = format!("{trap}ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.current_dir(folder).env("NO_COLOR", "1").args(["-c", &script, env!("CARGO_BIN_EXE_bylaws")]).args(AUDIT);
    command.output().unwrap()
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_whole_entries_and_the_next_run_goes_on() {
    let folder = project("conduct");
    let here = folder.path();
    audit(here, &[]);
    let whole = ledger(here);
    for told_so in [true, false] {
        for blocks in 0..=whole.len() / 512 {
            fs::remove_file(here.join("l")).unwrap();
            let output = with_room(here, blocks, told_so);
            if told_so {
                let (code, _, err) = told(&output);
                assert_eq!(code, 2, "{blocks}: {err}");
                assert!(err.contains("cannot write `l`: "), "{blocks}: {err}");
            } else {
                // Ended in the middle of the write.
                assert_eq!(output.status.code(), None, "{blocks}");
                assert_eq!(ledger(here).len(), blocks * 512);
            }
            let said = audit(here, &[]);
            assert!(
                said.contains("7 verdicts added") || said.contains("entries now 9") || !told_so,
                "{blocks}: {said}"
            );
            let (code, out) = verify(here, &[]);
            assert_eq!(code, 0, "{blocks}: {out}");
            assert!(out.contains("7 verdicts"), "{blocks}: {out}");
        }
    }
}

#[test]
fn two_runs_at_once_write_one_after_the_other() {
    let folder = project("conduct");
    let here = folder.path();
    let days: Vec<String> = (1..=8).map(|day| format!("2025-12-{:02}", day * 3)).collect();
    let running: Vec<_> = days
        .iter()
        .map(|day| {
            let args = [&AUDIT[..], &["--as-of", day]].concat();
            command(here, &args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in running {
        let output = child.wait_with_output().unwrap();
        let (code, _, err) = told(&output);
        assert!(matches!(code, 0 | 3), "{err}");
    }
    let (code, out) = verify(here, &[]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("runs, "), "{out}");
}

#[test]
fn a_ledger_that_is_held_is_not_written_to() {
    let folder = project("conduct");
    let here = folder.path();
    audit(here, &[]);
    let file = fs::File::open(here.join("l")).unwrap();
    file.lock().unwrap();
    let (code, out, err) = bylaws(here, &AUDIT);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(err.contains("another run is writing to `l`"), "{err}");
    drop(file);
    audit(here, &[]);
    fs::remove_file(here.join("l")).unwrap();
    fs::create_dir(here.join("l")).unwrap();
    let (code, _, err) = bylaws(here, &AUDIT);
    assert!(code == 2 && err.contains("`l` is no file"), "{err}");
}

fn snapshot(name: &str, args: &[&str]) {
    let (code, out, err) = bylaws(&root().join("examples/signed"), args);
    let text = format!("$ bylaws {}\nexit code: {code}\n---- stdout\n{out}---- stderr\n{err}", args.join(" "));
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

/// Written by an earlier version, as the ledgers that are kept.
#[test]
fn what_people_read_of_a_ledger() {
    snapshot("ledger_verify", &["ledger", "verify", "findings.ledger"]);
    snapshot("ledger_show", &["ledger", "show", "findings.ledger"]);
    snapshot("ledger_verify_help", &["ledger", "verify", "--help"]);
    snapshot("ledger_show_help", &["ledger", "show", "--help"]);
    snapshot("ledger_no_ledger", &["ledger", "verify", "log.ndjson"]);
    snapshot("ledger_bad_head", &["ledger", "verify", "findings.ledger", "--head", "4f0c"]);
}
