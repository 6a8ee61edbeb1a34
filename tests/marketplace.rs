//! The rule library over the made-up marketplace: what `audit` says of it is what `answer_key.csv` knows beforehand,
//! both ways.

#[path = "../examples/marketplace/main.rs"]
#[allow(dead_code)]
mod marketplace;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const LAST_DAY: &str = "2026-03-31";

fn bylaws(args: &[String]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bylaws"))
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the built command runs")
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// All files under the folder, by name.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let name = PathBuf::from(path.file_name().unwrap());
            found.extend(files(&path).into_iter().map(|(below, bytes)| (name.join(below), bytes)));
        } else {
            found.insert(path.file_name().unwrap().into(), std::fs::read(&path).unwrap());
        }
    }
    found
}

/// A row of the key: what has to come out.
struct Expected {
    rule: String,
    verdict: String,
    exception: String,
    record: (String, String),
    subject: String,
    day: String,
    planted: String,
}

impl Expected {
    /// Whether the row is about what the verdict is about.
    fn concerns(&self, judged: &Judged) -> bool {
        self.rule == judged.rule
            && self.record == judged.record
            && (self.subject.is_empty() || self.subject == judged.subject)
            && (self.day.is_empty() || judged.time.starts_with(&self.day))
    }

    fn is(&self, judged: &Judged) -> bool {
        self.verdict == judged.verdict && self.exception == judged.exception
    }
}

fn answer_key(folder: &Path) -> Vec<Expected> {
    let mut reader = csv::Reader::from_path(folder.join("answer_key.csv")).unwrap();
    let rows = reader.records().map(|row| {
        let row: Vec<String> = row.unwrap().iter().map(str::to_string).collect();
        let [rule, verdict, exception, kind, record, subject, day, planted] =
            row.try_into().expect("a row of eight cells");
        Expected { rule, verdict, exception, record: (kind, record), subject, day, planted }
    });
    rows.collect()
}

/// A verdict other than compliant.
struct Judged {
    rule: String,
    verdict: String,
    exception: String,
    /// The kind of what was judged, and the first field of its identity.
    record: (String, String),
    subject: String,
    time: String,
    message: String,
}

impl Judged {
    fn line(&self) -> String {
        let Self { rule, verdict, exception, record, subject, time, message } = self;
        format!("{rule} {verdict} {exception} of {record:?} {subject} {time}: {message}")
    }
}

fn judged(line: &str) -> Judged {
    let value: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_string();
    let of = &value["records"][0];
    let identity = text(&of["identity"]);
    let first = identity.split(", ").next().and_then(|field| field.split_once(" = ")).map(|(_, id)| id.to_string());
    Judged {
        rule: text(&value["rule"]),
        verdict: text(&value["verdict"]),
        exception: text(&value["exception"]),
        record: (text(&of["kind"]), first.unwrap_or_default()),
        subject: text(&value["subject"]),
        time: text(&value["time"]),
        message: text(&value["message"]),
    }
}

fn audit(folder: &Path) -> Vec<Judged> {
    let rules = ["audit", "--policy", "policies", "--policy", "examples/marketplace", "--as-of", LAST_DAY];
    let mut args: Vec<String> = rules.map(str::to_string).into();
    for path in files(folder).keys() {
        let (name, path) = (path.file_stem().unwrap().to_str().unwrap(), folder.join(path).display().to_string());
        if path.ends_with(".ndjson") {
            args.push(path);
        } else if path.ends_with(".csv") && name != "answer_key" {
            args.push(format!("{name}={path}"));
        }
    }
    let how = ["--format", "ndjson", "--fail-on", "never", "--max-indeterminate", "unlimited"];
    args.extend(how.map(str::to_string));
    let output = bylaws(&args);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(judged).collect()
}

/// Every row of the key that is not compliant is met by one verdict, no verdict is left over, and what the key calls
/// compliant has no other verdict.
fn compare(seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    marketplace::write(folder.path(), seed).unwrap();
    let mut key = answer_key(folder.path());
    key.retain(|row| row.rule != "no_one_exempt");
    let verdicts = audit(folder.path());
    let mut by_record: BTreeMap<(&str, &(String, String)), Vec<usize>> = BTreeMap::new();
    for (i, verdict) in verdicts.iter().enumerate() {
        by_record.entry((&verdict.rule, &verdict.record)).or_default().push(i);
    }
    let (mut met, mut wrong) = (BTreeSet::new(), String::new());
    let (mut due, mut found) = (0, 0);
    for row in &key {
        let same = by_record.get(&(row.rule.as_str(), &row.record)).map_or(&[][..], Vec::as_slice);
        let concerned: Vec<usize> = same.iter().copied().filter(|&i| row.concerns(&verdicts[i])).collect();
        if row.verdict == "compliant" {
            for i in concerned {
                let _ = writeln!(wrong, "compliant by the key, {}: {}", row.planted, verdicts[i].line());
            }
            continue;
        }
        due += 1;
        let equal: Vec<usize> = concerned.iter().copied().filter(|&i| row.is(&verdicts[i])).collect();
        match equal[..] {
            [i] if met.insert(i) => found += 1,
            _ => {
                let Expected { rule, verdict, exception, record, subject, day, planted } = row;
                let _ = writeln!(
                    wrong,
                    "{rule} {verdict} {exception} of {record:?} {subject} {day}, {planted}: {}",
                    equal.len()
                );
            }
        }
    }
    for (_, verdict) in verdicts.iter().enumerate().filter(|(i, _)| !met.contains(i)) {
        let _ = writeln!(wrong, "not in the key: {}", verdict.line());
    }
    let share = |of: usize, all: usize| of as f64 / all as f64;
    let (recall, precision) = (share(found, due), share(met.len(), verdicts.len()));
    println!("seed {seed}: {due} verdicts in the key, recall {recall}, precision {precision}");
    assert!(wrong.is_empty(), "seed {seed}\n{wrong}");
    assert_eq!((recall, precision), (1.0, 1.0));
    let findings = verdicts.iter().filter(|v| v.verdict == "finding").count();
    assert!((200..300).contains(&findings), "{findings} findings");
}

#[test]
fn what_is_planted_is_found_and_nothing_else() {
    compare(marketplace::SEED);
}

/// Other ordinary days around the same plants.
#[test]
fn so_it_is_with_other_seeds() {
    compare(1);
    compare(20_260_101);
}

/// Of every rule there is something to find, and something that only looks like it.
#[test]
fn the_key_has_both_sides_of_every_rule() {
    let folder = tempfile::tempdir().unwrap();
    marketplace::write(folder.path(), marketplace::SEED).unwrap();
    let mut by_rule: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for row in answer_key(folder.path()) {
        let sides = by_rule.entry(row.rule).or_default();
        match row.verdict.as_str() {
            "finding" => sides[0] += 1,
            "compliant" | "excepted" => sides[1] += 1,
            _ => {}
        }
    }
    let mut rules = BTreeSet::from(["no_one_exempt".to_string()]);
    for (_, text) in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies")) {
        for line in String::from_utf8_lossy(&text).lines() {
            let mut words = line.split(' ');
            if matches!(words.next(), Some("forbid" | "require" | "limit")) {
                rules.insert(words.next().expect("a name").to_string());
            }
        }
    }
    assert_eq!(by_rule.keys().cloned().collect::<BTreeSet<_>>(), rules);
    for (rule, [finding, compliant]) in by_rule {
        assert!(finding >= 2 && compliant >= 2, "{rule}: {finding} findings, {compliant} look-alikes");
    }
}

#[test]
fn the_charter_refuses_what_exempts_somebody_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    marketplace::write(folder.path(), marketplace::SEED).unwrap();
    let check = |name: &str| {
        let planted = folder.path().join("planted").join(name).display().to_string();
        bylaws(&["check".to_string(), "policies".to_string(), planted])
    };
    let refused = check("charter.bylaw");
    assert_eq!(refused.status.code(), Some(2), "{}", told(&refused));
    let text = told(&refused);
    assert_eq!(text.lines().filter(|line| line.starts_with("B0")).count(), 3, "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("B0460")).count(), 3, "{text}");
    for row in answer_key(folder.path()).iter().filter(|row| row.rule == "no_one_exempt") {
        let (kind, name) = (&row.record.0, &row.record.1);
        let line = match kind.as_str() {
            "waiver" => format!("× a waiver of `{name}` depends on"),
            _ => format!("× `{name}` depends on"),
        };
        assert_eq!(text.contains(&line), row.verdict == "finding", "{line}\n{text}");
    }
    let kept = check("kept.bylaw");
    assert!(kept.status.success(), "{}", told(&kept));
}

#[test]
fn it_is_the_same_in_every_run() {
    let (one, two, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    marketplace::write(one.path(), marketplace::SEED).unwrap();
    marketplace::write(two.path(), marketplace::SEED).unwrap();
    marketplace::write(other.path(), 1).unwrap();
    assert!(files(one.path()) == files(two.path()));
    assert!(files(one.path()) != files(other.path()));
}
