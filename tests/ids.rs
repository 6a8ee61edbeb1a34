//! The ids of findings: what they rest on, and what they do not.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A kind without an identity, of which a part is never printed, and one whose records may lack theirs.
const POLICY: &str = r#"
record bonus at day by person { day: date, person: text, reason: text, amount: int @sensitive, note: text? }
record visit at day by person identity id { id: int, day: date, person: text, guests: int, place: text? }
forbid large { on bonus when reason == "sale" and amount > 100 }
forbid crowd { on visit when guests > 5 }
forbid both { on sequence by person within 3 days { bonus where reason == "sale" and amount > 120 then visit where guests > 5 } }
"#;

/// Reads what the others do not, and finds something in records in which they do not.
const MORE: &str = r#"
forbid any_bonus { on bonus when note? == "x" or amount > 10 }
forbid any_visit { on visit when place? == "lab" or guests > 0 }
"#;

/// Alike but for what is sensitive, and equal.
const BONUS: &str = "day,person,reason,amount,note\n\
    2026-01-05,E1,sale,50,\n2026-01-05,E1,sale,110,\n2026-01-05,E1,sale,90,\n2026-01-05,E1,sale,130,\n\
    2026-01-05,E1,sale,130,\n2026-01-05,E2,sale,150,x\n";
/// Some of them lack their id, or have something else there.
const VISIT: &str = "id,day,person,guests,place\n\
    1,2026-01-06,E1,9,lab\n,2026-01-06,E1,7,lab\n,2026-01-06,E1,7,office\nnone,2026-01-06,E1,8,\n,2026-01-06,E1,2,lab\n\
    ,2026-01-06,E1,7,\n";

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        for (name, text) in [("rules.bylaw", POLICY), ("more.bylaw", MORE), ("bonus.csv", BONUS), ("visit.csv", VISIT)]
        {
            fs::write(place.path(name), text).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Output {
        run(self.0.path(), args)
    }

    fn said(&self, args: &[&str]) -> Said {
        let output = self.run(&[&["audit", "--format", "ndjson"], args].concat());
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{told}");
        said(&String::from_utf8(output.stdout).unwrap())
    }
}

/// By rule: the ids and verdicts, sorted.
type Said = BTreeMap<String, Vec<(String, String)>>;

fn said(lines: &str) -> Said {
    let mut said = Said::new();
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |of: &str| line[of].as_str().unwrap().to_owned();
        if line["schema"] == "bylaws.finding/1" {
            said.entry(text("rule")).or_default().push((text("id"), text("verdict")));
        }
    }
    said.values_mut().for_each(|of| of.sort());
    said
}

fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bylaws"));
    command.current_dir(folder).env("NO_COLOR", "1").args(args).output().expect("the built command runs")
}

/// The records as objects.
fn objects() -> Vec<String> {
    let mut objects = Vec::new();
    for (kind, text) in [("bonus", BONUS), ("visit", VISIT)] {
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().unwrap().split(',').collect();
        for line in lines {
            let mut object = serde_json::json!({ "kind": kind });
            for (name, value) in names.iter().zip(line.split(',')).filter(|(_, value)| !value.is_empty()) {
                object[*name] = value.parse::<i64>().map_or_else(|_| value.into(), Value::from);
            }
            objects.push(object.to_string());
        }
    }
    objects
}

const FILES: [&str; 2] = ["bonus=bonus.csv", "visit=visit.csv"];

#[test]
fn another_rule_changes_no_id() {
    let place = Place::new();
    let alone = place.said(&[&["--policy", "rules.bylaw"], &FILES[..]].concat());
    assert_eq!(
        alone.iter().map(|(r, of)| (r.as_str(), of.len())).collect::<Vec<_>>(),
        [("both", 5), ("crowd", 5), ("large", 4)]
    );
    let mut ids: Vec<&String> = alone.values().flatten().map(|(id, _)| id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 14, "each has its own");
    let mut beside = place.said(&[&["--policy", "rules.bylaw", "--policy", "more.bylaw"], &FILES[..]].concat());
    assert_eq!(beside.remove("any_bonus").map(|of| of.len()), Some(6));
    assert_eq!(beside.remove("any_visit").map(|of| of.len()), Some(6));
    assert_eq!(alone, beside);
}

#[test]
fn neither_does_the_form_of_the_records_nor_their_order() {
    let place = Place::new();
    let both = ["--policy", "rules.bylaw", "--policy", "more.bylaw"];
    let want = place.said(&[&both, &FILES[..]].concat());
    let mut objects = objects();
    objects.reverse();
    fs::write(place.path("all.ndjson"), objects.join("\n")).unwrap();
    fs::write(place.path("a.ndjson"), objects[..5].join("\n")).unwrap();
    fs::write(place.path("b.ndjson"), objects[5..].join("\n")).unwrap();
    for (files, threads) in [(&["all.ndjson"][..], "1"), (&["all.ndjson"], "4"), (&["b.ndjson", "a.ndjson"], "2")] {
        assert_eq!(place.said(&[&both, &["--threads", threads][..], files].concat()), want, "{files:?}");
    }
}

#[test]
fn a_follower_says_the_same() {
    let place = Place::new();
    fs::write(place.path("log.ndjson"), objects().join("\n") + "\n").unwrap();
    let want = place.said(&["--policy", "rules.bylaw", "log.ndjson"]);
    let follow =
        ["follow", "--policy", "rules.bylaw", "--state", "state", "--output", "said.ndjson", "log.ndjson", "--finish"];
    let output = place.run(&[&follow[..], &["--fail-on", "never", "--max-indeterminate", "unlimited"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said(&fs::read_to_string(place.path("said.ndjson")).unwrap()), want);
}

/// Records without an identity may be alike but for what is sensitive: what is found in them is numbered in one place.
#[test]
fn alike_records_are_judged_in_one_place() {
    let place = Place::new();
    let key = |identity: &str| {
        let policy = format!(
            "record pay at day by person {identity} {{ id: int, day: date, person: text @sensitive, sum: int }}\n\
             forbid again {{ on pay when sum > 1 and count(pay within 3 days before) > 1 }}\n"
        );
        fs::write(place.path("pay.bylaw"), policy).unwrap();
        let output = place.run(&["stages", "pay.bylaw", "--format", "json"]);
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        document["stages"][0]["by"].as_str().unwrap().to_owned()
    };
    assert_eq!((key("identity id"), key("")), ("key".to_owned(), "everyone".to_owned()));
}
