//! Pseudonyms as people use them: a key, the same names from run to run, and the way back.

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const POLICY: &str = r#"
table employee key id { id: text @person, name: text @person @sensitive, unit: text }

record gift at day by person identity id {
  id: int, day: date, person: ref employee, giver: text @person, note: text, value: money, pay: money @sensitive,
}

forbid large { on gift  when value > 100 EUR  because "{person} took {value} from {giver}: {note}" }
forbid paid { on gift when pay > 1 EUR }
limit many { on gift count per person over 365 days to 1 }
"#;

const LOG: &str = r#"{"kind": "employee", "id": "E1", "name": "Ana Example", "unit": "sales"}
{"kind": "employee", "id": "E2", "name": "Bo Example", "unit": "lab"}
{"kind": "gift", "id": 1, "day": "2026-01-05", "person": "E1", "giver": "Cy Sample", "note": "seen by bo example", "value": "200 EUR", "pay": "5 EUR"}
{"kind": "gift", "id": 2, "day": "2026-01-06", "person": "E1", "giver": "E2", "note": "with E1, not E10", "value": "300 EUR", "pay": "much"}
{"kind": "gift", "id": 3, "day": "2026-01-07", "person": "E2", "giver": "Cy Sample", "note": "-", "value": "1 EUR", "pay": "6 EUR"}
{"kind": "gift", "id": 4, "pay": 7
"#;

fn bench() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rules.bylaw"), POLICY).unwrap();
    fs::write(folder.path().join("log.ndjson"), LOG).unwrap();
    // The same in another order, and in two files.
    let mut lines: Vec<&str> = LOG.lines().collect();
    lines.reverse();
    fs::write(folder.path().join("a.ndjson"), lines[..2].join("\n")).unwrap();
    fs::write(folder.path().join("b.ndjson"), lines[2..].join("\n")).unwrap();
    for (name, from) in [("one.key", 0), ("two.key", 100)] {
        fs::write(folder.path().join(name), (from..from + 40).collect::<Vec<u8>>()).unwrap();
        private(&folder.path().join(name));
    }
    folder
}

fn private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = path;
}

fn bylaws(folder: &Path, args: &[&str], input: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bylaws"));
    command.current_dir(folder).env("NO_COLOR", "1").args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the built command runs");
    // It may end before it has read all.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

fn audit(folder: &Path, records: &[&str], more: &[&str]) -> Value {
    let args = [&["audit", "--policy", "rules.bylaw", "--format", "json"], records, more].concat();
    let (code, stdout, stderr) = bylaws(folder, &args, "");
    assert_eq!(code, 1, "{stderr}");
    serde_json::from_str(&stdout).unwrap()
}

fn messages(audit: &Value) -> Vec<String> {
    let of = |rule: &str| {
        let found = audit["findings"].as_array().unwrap().iter().filter(move |f| f["rule"] == rule);
        found.map(|f| f["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut all = of("large");
    all.sort();
    all
}

#[test]
fn one_name_from_run_to_run() {
    let bench = bench();
    let folder = bench.path();
    let keyed = audit(folder, &["log.ndjson"], &["--pseudonymize", "one.key"]);
    let pseudonym = |name: &str| {
        let (code, stdout, _) = bylaws(folder, &["pseudonym", "--key", "one.key", name], "");
        assert_eq!(code, 0);
        let (pseudonym, told) = stdout.trim_end().split_once('\t').unwrap();
        assert_eq!(told, name);
        pseudonym.to_owned()
    };
    let [e1, e2, bo, cy] = ["E1", "E2", "Bo Example", "Cy Sample"].map(pseudonym);
    let mut expected = [
        format!("{e1} took 200.00 EUR from {cy}: seen by {bo}"),
        format!("{e1} took 300.00 EUR from {e2}: with {e1}, not E10"),
    ];
    expected.sort();
    assert_eq!(messages(&keyed), expected);

    // In any order, from any files, ids and all.
    let again = audit(folder, &["a.ndjson", "b.ndjson"], &["--pseudonymize", "one.key"]);
    let told = |audit: &Value| -> Vec<(Value, Value, Value)> {
        let found = audit["findings"].as_array().unwrap();
        found.iter().map(|f| (f["id"].clone(), f["subject"].clone(), f["message"].clone())).collect()
    };
    assert_eq!(told(&keyed), told(&again));

    // With another key, or none: other names and ids, and the same verdicts.
    let (other, plain) =
        (audit(folder, &["log.ndjson"], &["--pseudonymize", "two.key"]), audit(folder, &["log.ndjson"], &[]));
    for run in [&other, &plain] {
        assert_eq!(run["summary"]["rules"], keyed["summary"]["rules"]);
        let ids: Vec<Value> = told(run).into_iter().map(|t| t.0).collect();
        assert!(told(&keyed).iter().all(|t| !ids.contains(&t.0)));
    }
    assert_eq!(messages(&plain)[0], "E1 took 200.00 EUR from Cy Sample: seen by bo example");
    assert!(plain["summary"].get("pseudonyms").is_none());
    assert_ne!(keyed["summary"]["pseudonyms"], other["summary"]["pseudonyms"]);

    // An id leads on with its key, and so does a pseudonym.
    let id = keyed["findings"][0]["id"].as_str().unwrap();
    let explain = ["explain-finding", id, "--policy", "rules.bylaw", "log.ndjson"];
    assert_eq!(bylaws(folder, &explain, "").0, 2);
    assert_eq!(bylaws(folder, &[&explain[..], &["--pseudonymize", "one.key"]].concat(), "").0, 0);
    let record = format!("employee:{e1}");
    let why = ["why-not", "large", &record, "--policy", "rules.bylaw", "log.ndjson", "--pseudonymize", "one.key"];
    let (code, stdout, stderr) = bylaws(folder, &why, "");
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains(&e1) && !stdout.contains("E1 "), "{stdout}");
}

#[test]
fn the_way_back() {
    let bench = bench();
    let names = "E1\nE2\nAna Example\n";
    let all = bylaws(bench.path(), &["pseudonym", "--key", "one.key", "-"], names);
    assert_eq!((all.0, all.1.lines().count()), (0, 3));
    let wanted = all.1.lines().nth(1).unwrap().split('\t').next().unwrap();
    let args = ["pseudonym", "--key", "one.key", "-", "--find", wanted];
    assert_eq!(bylaws(bench.path(), &args, names).1, format!("{wanted}\tE2\n"));
    let args = ["pseudonym", "--key", "two.key", "-", "--find", wanted];
    let none = bylaws(bench.path(), &args, names);
    assert_eq!((none.0, none.1.as_str()), (1, ""));
    assert_eq!(none.2, "none of these names has this pseudonym with this key\n");
    let wrong = bylaws(bench.path(), &["pseudonym", "--key", "one.key", "E1", "--find", "E1"], "");
    assert_eq!(wrong.0, 2);
    assert!(wrong.2.contains("`E1` is no pseudonym"), "{}", wrong.2);
}

#[test]
fn a_key_is_made_once_and_for_its_owner() {
    let bench = bench();
    let made = bylaws(bench.path(), &["pseudonym", "--new-key", "new.key"], "");
    assert_eq!((made.0, made.1.as_str()), (0, ""));
    assert!(made.2.starts_with("a new key is in new.key; its fingerprint is "), "{}", made.2);
    let path = bench.path().join("new.key");
    let key = fs::read(&path).unwrap();
    assert_eq!(key.len(), 65);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let again = bylaws(bench.path(), &["pseudonym", "--new-key", "new.key"], "");
    assert_eq!(again.0, 2);
    assert!(again.2.contains("a key that is lost takes its pseudonyms with it"), "{}", again.2);
    assert_eq!(fs::read(&path).unwrap(), key);
    assert_eq!(bylaws(bench.path(), &["pseudonym", "--key", "new.key", "E1"], "").0, 0);
}

#[test]
fn what_is_no_key() {
    let bench = bench();
    for (name, bytes) in [
        ("empty", vec![]),
        ("short", (0..31).collect()),
        ("alike", vec![7; 64]),
        ("few", [1, 2].repeat(40)),
        ("long", (0..=255).cycle().take(5000).collect()),
    ] {
        fs::write(bench.path().join(name), bytes).unwrap();
        private(&bench.path().join(name));
    }
    for (key, told) in [
        ("empty", "`empty` is no key: it is empty"),
        ("short", "`short` is no key: it has 31 bytes; a key has at least 32"),
        ("alike", "`alike` is no key: it is one byte over and over; a key is random"),
        ("few", "`few` is no key: it is made of 2 different bytes; a key is random"),
        ("long", "`long` is no key: it has more than 4096 bytes, and is hardly a key"),
        ("nowhere", "cannot read the key `nowhere`"),
    ] {
        let args = ["audit", "--policy", "rules.bylaw", "log.ndjson", "--pseudonymize", key];
        let (code, stdout, stderr) = bylaws(bench.path(), &args, "");
        assert_eq!((code, stdout.as_str()), (2, ""));
        assert!(stderr.contains(told) && stderr.contains("bylaws pseudonym --new-key"), "{stderr}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open = bench.path().join("one.key");
        fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
        let told = bylaws(bench.path(), &["pseudonym", "--key", "one.key", "E1"], "").2;
        assert!(told.starts_with("warning: the key `one.key` can be read by every user of this machine"), "{told}");
    }
}

#[test]
fn another_key_is_told() {
    let bench = bench();
    let folder = bench.path();
    let audit = ["audit", "--policy", "rules.bylaw", "log.ndjson", "--max-indeterminate", "unlimited"];
    let first = ["--pseudonymize", "one.key", "--baseline", "b.json", "--update-baseline", "--receipt", "r.json"];
    assert_eq!(bylaws(folder, &[&audit[..], &first].concat(), "").0, 0);
    let beside = |more: &[&str]| bylaws(folder, &[&audit[..], &["--baseline", "b.json"], more].concat(), "");
    assert_eq!(beside(&["--pseudonymize", "one.key"]).0, 0);
    for more in [&["--pseudonymize", "two.key"][..], &[]] {
        let (code, _, stderr) = beside(more);
        assert_eq!(code, 2);
        assert!(stderr.contains("`b.json` was written with the key of the fingerprint"), "{stderr}");
    }
    let verify = |more: &[&str]| bylaws(folder, &[&["verify", "r.json"], more].concat(), "");
    assert_eq!(verify(&["--pseudonymize", "one.key"]).0, 0);
    for more in [&["--pseudonymize", "two.key"][..], &[]] {
        let (code, _, stderr) = verify(more);
        assert_eq!(code, 2);
        assert!(stderr.contains("the receipt was made with the key of the fingerprint"), "{stderr}");
    }
    let report = |name: &str, more: &[&str]| {
        let args = ["report", "--policy", "rules.bylaw", "log.ndjson", "--output", name];
        bylaws(folder, &[&args[..], more].concat(), "")
    };
    assert_eq!(report("q1.json", &["--pseudonymize", "one.key"]).0, 0);
    assert_eq!(report("q2.json", &["--pseudonymize", "one.key", "--earlier", "q1.json"]).0, 0);
    let since: Value = serde_json::from_str(&fs::read_to_string(folder.join("q2.json")).unwrap()).unwrap();
    assert_eq!((&since["since"]["new"], &since["people"]), (&0.into(), &"pseudonyms".into()));
    assert_eq!(report("q3.json", &["--earlier", "q1.json"]).0, 2);
    let both = report("q4.json", &["--names", "--pseudonymize", "one.key"]);
    assert!(both.0 == 2 && both.2.contains("cannot be used with"), "{}", both.2);
}

#[test]
fn rejects_are_withheld_unless_they_are_asked_for() {
    let bench = bench();
    let rejects = |more: &[&str]| {
        let args = ["audit", "--policy", "rules.bylaw", "log.ndjson", "--rejects", "rejects"];
        bylaws(bench.path(), &[&args[..], more].concat(), "");
        let text = fs::read_to_string(bench.path().join("rejects")).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let withheld = rejects(&[]);
    assert_eq!(withheld["withheld_bytes"], 34);
    assert!(withheld.get("text").is_none(), "{withheld}");
    let raw = rejects(&["--rejects-raw"]);
    assert_eq!(raw["text"], r#"{"kind": "gift", "id": 4, "pay": 7"#);
}

#[test]
fn a_time_cannot_be_sensitive() {
    let bench = bench();
    for head in [
        "record visit at day { day: date @sensitive, room: text }",
        "table shift key id valid from start { id: int, start: date @sensitive }",
    ] {
        fs::write(bench.path().join("wrong.bylaw"), head).unwrap();
        let (code, _, stderr) = bylaws(bench.path(), &["check", "wrong.bylaw"], "");
        assert_eq!(code, 2);
        assert!(stderr.contains("B0317") && stderr.contains("cannot be `@sensitive`"), "{stderr}");
    }
}

/// Ids of one key mean nothing by another: whoever reads a ledger has to know which it was.
#[test]
fn a_ledger_names_the_key_by_its_fingerprint() {
    let folder = bench();
    let folder = folder.path();
    let run = |more: &[&str]| {
        let args = ["audit", "--policy", "rules.bylaw", "log.ndjson", "--ledger", "l.ledger", "--fail-on", "never"];
        let told = bylaws(folder, &[&args[..], &["--max-indeterminate", "unlimited"], more].concat(), "");
        assert_eq!(told.0, 0, "{}", told.2);
    };
    let runs = || -> Vec<Option<String>> {
        let ledger = fs::read_to_string(folder.join("l.ledger")).unwrap();
        let lines = ledger.lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
        let of = |line: Value| line["entry"]["run"].is_object().then(|| line["entry"]["run"]["pseudonyms"].clone());
        lines.filter_map(of).map(|key| key.as_str().map(str::to_owned)).collect()
    };
    let one = audit(folder, &["log.ndjson"], &["--pseudonymize", "one.key"])["summary"]["pseudonyms"].clone();
    let two = audit(folder, &["log.ndjson"], &["--pseudonymize", "two.key"])["summary"]["pseudonyms"].clone();
    let key = |of: &Value| Some(of.as_str().unwrap().to_owned());
    run(&["--pseudonymize", "one.key"]);
    run(&["--pseudonymize", "one.key"]);
    assert_eq!(runs(), [key(&one)]);
    run(&["--pseudonymize", "two.key"]);
    run(&[]);
    assert_eq!(runs(), [key(&one), key(&two), None]);
    let shown = bylaws(folder, &["ledger", "show", "l.ledger"], "").1;
    for key in [&one, &two] {
        let told = format!("people called by the key {}", key.as_str().unwrap());
        assert_eq!(shown.matches(&told).count(), 1, "{shown}");
    }
    assert_eq!(bylaws(folder, &["ledger", "verify", "l.ledger"], "").0, 0);
}
