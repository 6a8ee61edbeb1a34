//! What the command holds, and that it says the same whatever it holds.

use assert_cmd::Command;
use std::path::Path;

const POLICY: &str = r#"policy memory { timezone "UTC" }
record gift at time by actor identity id { id: text, time: timestamp, actor: text, giver: text, worth: int }
forbid dear { on gift when worth > 1_000 }
"#;

fn gift(id: usize, giver: &str, worth: u64) -> String {
    format!(
        r#"{{"kind":"gift","id":"G{id}","time":"2025-03-01T09:00:{:02}Z","actor":"E{}","giver":"{giver}","worth":{worth}}}"#,
        id % 60,
        id % 7
    )
}

/// Code, standard output and standard error of an audit in a folder.
fn audit(folder: &Path, args: &[&str], stdin: &[u8]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("bylaws").unwrap();
    let args = [&["audit", "--policy", "p.bylaw", "--format", "ndjson"], args].concat();
    let output = command.current_dir(folder).env("NO_COLOR", "1").args(args).write_stdin(stdin).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    // Errors are broken into lines.
    let said = text(output.stderr).replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
    (output.status.code().unwrap(), text(output.stdout), said)
}

/// Repeats of records that no rule finds anything in are told as such; where they differ in what a rule needs, it is
/// said that they do, with each value.
#[test]
fn repeats_of_what_was_let_go() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    std::fs::write(folder.join("p.bylaw"), POLICY).unwrap();
    let mut lines: Vec<String> = (0..3000).map(|i| gift(i, "acme", 10)).collect();
    lines.push(gift(17, "acme", 10));
    lines.push(gift(18, "acme", 11));
    lines.push(gift(19, "acme", 2_000));
    lines.push(gift(5_000, "acme", 3_000));
    // What no rule reads may differ.
    lines.push(gift(20, "another", 10));
    std::fs::write(folder.join("log.ndjson"), lines.join("\n")).unwrap();
    let (code, found, said) = audit(folder, &["log.ndjson", "--max-indeterminate", "2"], b"");
    assert_eq!(code, 1, "{said}");
    let found: Vec<serde_json::Value> = found.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let verdict = |id: &str| {
        let of: Vec<_> = found.iter().filter(|f| f["records"][0]["identity"] == format!("id = {id}")).collect();
        assert_eq!(of.len(), 1, "{id} {found:?}");
        (of[0]["verdict"].as_str().unwrap().to_owned(), of[0]["gaps"].to_string())
    };
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(verdict("G5000").0, "finding");
    for (id, values) in [("G18", "[\"10\",\"11\"]"), ("G19", "[\"10\",\"2000\"]")] {
        let (verdict, gaps) = verdict(id);
        assert_eq!(verdict, "indeterminate");
        assert!(gaps.contains(values), "{gaps}");
    }
    assert!(said.contains("4 repeats"), "{said}");
    // As it is from a pipe.
    let (code, piped, _) = audit(folder, &["-", "--max-indeterminate", "2"], lines.join("\n").as_bytes());
    assert_eq!((code, piped.replace("<stdin>", "log.ndjson").lines().count()), (1, 3));
}

/// What comes only once is held whole.
#[cfg(unix)]
#[test]
fn a_pipe_is_read_once() {
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("p.bylaw"), POLICY).unwrap();
    let lines = [gift(1, "acme", 10), gift(2, "acme", 2_000), gift(1, "acme", 20)].map(|l| l + "\n").concat();
    let (code, found, said) = audit(scratch.path(), &["gift=/dev/stdin", "--max-indeterminate", "1"], lines.as_bytes());
    assert_eq!((code, found.lines().count()), (1, 2), "{said}");
}

/// It ends by itself before the system ends it, and says what took the memory.
#[test]
fn a_limit_of_memory() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let sums = "limit many { on gift count per actor over 30 days to 5_000 }\n";
    std::fs::write(folder.join("p.bylaw"), format!("{POLICY}{sums}")).unwrap();
    let lines: Vec<String> = (0..3000).map(|i| gift(i, "acme", 10)).collect();
    std::fs::write(folder.join("log.ndjson"), lines.join("\n")).unwrap();
    let (code, found, said) = audit(folder, &["log.ndjson", "--memory-limit", "100 kB"], b"");
    assert_eq!((code, found.as_str()), (2, ""), "{said}");
    assert!(said.contains("stopped at the memory limit of 100.0 kB"), "{said}");
    assert!(said.contains("those of `gift` take the most") && said.contains("held for `many`, `dear`"), "{said}");
    assert!(said.contains("--memory-limit") && said.contains("`bylaws.spill`"), "{said}");
    for enough in ["4 GB", "100%", "unlimited"] {
        let (code, _, said) = audit(folder, &["log.ndjson", "--memory-limit", enough], b"");
        assert_eq!(code, 0, "{enough} {said}");
    }
    let (code, _, said) = audit(folder, &["log.ndjson", "--memory-limit", "much"], b"");
    assert!(code == 2 && said.contains("expected a size like `4 GB`"), "{said}");
}
