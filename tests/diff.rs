//! `bylaws diff` and `bylaws impact`, as a reviewer of policy changes uses them; and what `diff` claims, held against
//! what the engine finds in random records.

#[allow(dead_code)]
mod random;
#[allow(dead_code)]
mod reference;
mod run;

use random::{Seeds, Tape};
use run::{bylaws, cases, nudged, root, stderr, stdout};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

fn diff(old: &str, new: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("old.bylaw"), old).unwrap();
    std::fs::write(folder.path().join("new.bylaw"), new).unwrap();
    let output = bylaws(folder.path(), &["diff", "old.bylaw", "new.bylaw", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

const RECORDS: &str = r#"
enum level { low, mid, high }
table person key id { id: text, unit: text, rank: level }
record gift at day by who identity id {
  id: text, day: date, who: ref person, giver: text, value: money, items: int, class: level, note: text?, ok: bool,
}
record approval at day by who identity id { id: text, day: date, who: ref person, gift: text }
"#;

/// What became of a rule with these two bodies.
fn relation(old: &str, new: &str) -> (String, Value) {
    let text = |body: &str| format!("{RECORDS}\n{body}");
    let document = diff(&text(old), &text(new));
    match document["rules"].as_array().unwrap().as_slice() {
        [] => ("no change".into(), document),
        [one] => (one["relation"].as_str().unwrap().to_owned(), document),
        more => panic!("{more:?}"),
    }
}

#[test]
fn relations() {
    let when = |condition: &str| format!("forbid r \"t\" {{ on gift when {condition} }}");
    let cases = [
        ("value > 500 CNY", "value > 300 CNY", "stricter"),
        ("value > 300 CNY", "value > 500 CNY", "looser"),
        ("value > 300 CNY", "value >= 300 CNY", "stricter"),
        ("value > 300 CNY", "not (value <= 300 CNY)", "same"),
        ("items > 3", "items >= 4", "same"),
        ("value > 300 CNY and items > 3", "items > 3 and value > 300 CNY", "no change"),
        ("value > 300 CNY or items > 3", "value > 300 CNY", "looser"),
        ("value > 300 CNY", "items > 3", "incomparable"),
        ("class >= mid", "class in { mid, high }", "same"),
        ("class == high", "class >= mid", "stricter"),
        ("giver in { \"a\", \"b\" }", "giver == \"a\"", "looser"),
        ("note present", "note? == \"x\"", "looser"),
        ("note? != \"x\"", "note present", "stricter"),
        ("not (note? == \"x\")", "note? != \"x\"", "looser"),
        ("ok", "ok and giver != \"x\"", "looser"),
        ("who.rank == high", "who.rank >= mid", "stricter"),
        ("giver starts_with \"a\"", "giver starts_with \"ab\"", "not_analysed"),
        ("giver starts_with \"a\"", "giver starts_with \"a\" and items > 1", "looser"),
        ("count(gift over 30 days by who) > 3", "count(gift over 30 days by who) > 2", "stricter"),
        ("sum(gift.value over 30 days by who) > 3 CNY", "sum(gift.value over 30 days by who) > 4 CNY", "looser"),
        ("no approval within 30 days before", "no approval within 60 days before", "looser"),
        ("exists approval within 30 days before", "exists approval within 60 days before", "stricter"),
    ];
    for (old, new, expected) in cases {
        let (found, document) = relation(&when(old), &when(new));
        assert_eq!(found, expected, "{old} → {new}: {document:#}");
    }
}

#[test]
fn clauses_beside_the_condition() {
    let rule = |more: &str| format!("forbid r \"t\" {{ on gift when value > 300 CNY {more} }}");
    let exception = "unless small: items < 2";
    for (old, new, expected) in [
        ("", exception, "looser"),
        (exception, "", "stricter"),
        (exception, "unless small: items < 3", "looser"),
        ("", "effective from 2026-01-01", "looser"),
        ("effective from 2026-01-01", "effective from 2025-01-01", "stricter"),
        ("", "severity critical", "same"),
        ("cite \"A\"", "cite \"B\"", "same"),
        ("", "once per who per month", "not_analysed"),
        ("once per who per month", "", "not_analysed"),
    ] {
        let (found, document) = relation(&rule(old), &rule(new));
        assert_eq!(found, expected, "{old} → {new}: {document:#}");
    }
    let limit = |to: &str| format!("limit r \"t\" {{ on gift sum value per who over 30 days to {to} }}");
    assert_eq!(relation(&limit("500 CNY"), &limit("400 CNY")).0, "stricter");
    let need = |days: u32| {
        format!("require r \"t\" {{ on gift need approval within {days} days before where approval.gift == id }}")
    };
    let (found, document) = relation(&need(30), &need(60));
    assert_eq!(found, "looser", "{document:#}");
    let shown = &document["rules"][0]["less"]["by"];
    assert_eq!((&shown["old"], &shown["new"]), (&Value::from("finding"), &Value::from("compliant")), "{document:#}");
    assert_eq!(shown["records"].as_array().unwrap().len(), 2, "the gift, and the approval that is too old: {shown:#}");
}

/// What is read is a part of what is found.
#[test]
fn a_source_that_reads_otherwise() {
    let set = |filter: &str| {
        format!(
            "record note at day by who {{ day: date, who: text, size: int }}\nsource notes for note {{ format csv {filter} map {{ day = \"D\" who = \"W\" size = \"S\" }} }}"
        )
    };
    let plain = set("");
    assert_eq!(diff(&plain, &plain.replace("day = \"D\" who = \"W\"", "who = \"W\" day = \"D\""))["same"], true);
    for other in [set("where \"S\" != \"0\""), plain.replace("\"W\"", "\"V\"")] {
        let document = diff(&plain, &other);
        assert_eq!(
            (&document["same"], &document["sources"][0]["what"]),
            (&false.into(), &"source notes".into()),
            "{document:#}"
        );
    }
}

/// Every set of the project, formatted otherwise and turned round, means the same.
#[test]
fn reordered_and_reformatted_sets_have_no_difference() {
    for set in ["policies", "examples/company", "tests/cli/conduct"] {
        let folder = tempfile::tempdir().unwrap();
        let from = root().join(set);
        let mut waiting = vec![PathBuf::new()];
        while let Some(inside) = waiting.pop() {
            for entry in std::fs::read_dir(from.join(&inside)).unwrap() {
                let entry = entry.unwrap();
                let name = inside.join(entry.file_name());
                if entry.path().is_dir() {
                    waiting.push(name);
                } else if name.extension().is_some_and(|e| e == "bylaw") {
                    let text = std::fs::read_to_string(entry.path()).unwrap();
                    let target = folder.path().join(&name);
                    std::fs::create_dir_all(target.parent().unwrap()).unwrap();
                    std::fs::write(target, turned_round(&text)).unwrap();
                }
            }
        }
        let old = from.to_str().unwrap();
        let output = bylaws(folder.path(), &["diff", old, ".", "--fail-on", "any"]);
        assert_eq!(
            (stdout(&output), output.status.code()),
            ("no change in meaning\n".into(), Some(0)),
            "{set}: {}",
            stderr(&output)
        );
    }
}

/// The items in the other order, with all blank space doubled.
fn turned_round(text: &str) -> String {
    let mut items: Vec<String> = Vec::new();
    let mut waiting = String::new();
    let mut depth = 0i32;
    for line in text.lines() {
        let code = line.split("//").next().unwrap_or_default();
        let starts = depth == 0 && !line.starts_with(' ') && !waiting.trim().is_empty();
        let comments_only = waiting.lines().all(|l| l.trim().is_empty() || l.starts_with("//"));
        if starts && !comments_only && !line.starts_with('}') && !line.is_empty() {
            items.push(std::mem::take(&mut waiting));
        }
        depth += code.matches('{').count() as i32 - code.matches('}').count() as i32;
        waiting.push_str(line);
        waiting.push_str("\n\n");
    }
    items.push(waiting);
    items.reverse();
    items.concat()
}

#[test]
fn what_else_changes() {
    let old = format!(
        "policy p \"P\" {{ timezone \"UTC\" }}\n{RECORDS}\nparam cap: money = 500 CNY\n\
         forbid r \"t\" {{ on gift when value > cap }}\nforbid gone \"g\" {{ on gift when items > 3 }}\n\
         forbid plain_name \"n\" {{ on gift when items < 1 }}\n\
         metric gifts \"G\" {{ on gift count per who in calendar month }}\n"
    );
    let new = old
        .replace("500 CNY", "300 CNY")
        .replace("forbid gone \"g\" { on gift when items > 3 }", "forbid fresh \"f\" { on gift when giver == \"x\" }")
        .replace("plain_name", "better_name")
        .replace("items: int", "items: int?, place: text")
        .replace("enum level { low, mid, high }", "enum level { low, high }")
        .replace("items < 1", "items? < 1");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("old.bylaw"), &old).unwrap();
    std::fs::write(folder.path().join("new.bylaw"), &new).unwrap();
    for (format, name) in [("human", "diff_human"), ("md", "diff_md"), ("json", "diff_json")] {
        let output = bylaws(folder.path(), &["diff", "old.bylaw", "new.bylaw", "--format", format]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, stdout(&output));
        });
    }
    let code = |what: &str| bylaws(folder.path(), &["diff", "old.bylaw", "new.bylaw", "--fail-on", what]).status.code();
    assert_eq!((code("never"), code("looser"), code("breaking"), code("any")), (Some(0), Some(1), Some(1), Some(1)));
}

#[test]
fn sides_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.bylaw"), RECORDS).unwrap();
    std::fs::write(folder.path().join("b.bylaw"), "forbid r { on gift when x }").unwrap();
    for (args, told) in [
        (["diff", "a.bylaw", "b.bylaw"], "b.bylaw: check: 1 error"),
        (["diff", "nowhere", "a.bylaw"], "neither a path nor a revision"),
        (["diff", "nowhere", "nothing"], "is no path"),
        (["diff", "--upload-pack=x", "a.bylaw"], "unexpected argument"),
    ] {
        let output = bylaws(folder.path(), &args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains(told), "{args:?}: {}", stderr(&output));
    }
}

/// A pull request from end to end: a threshold is edited on a branch; the reviewer sees what it means, what it does to
/// the log, and the gate.
#[test]
fn a_pull_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let git = |args: &[&str]| {
        let output = Command::new("git")
            .current_dir(path)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .args(["-c", "user.name=Ana Example", "-c", "user.email=ana@example.org", "-c", "init.defaultBranch=main"])
            .args(args)
            .output()
            .expect("git runs");
        assert!(output.status.success(), "git {args:?}: {}", stderr(&output));
    };
    std::fs::create_dir(path.join("policies")).unwrap();
    let policy = format!(
        "{RECORDS}\nparam cap: money = 500 CNY\nforbid big_gift \"No big gift\" {{\n  on   gift\n  when value > cap\n}}\n"
    );
    std::fs::write(path.join("policies/gifts.bylaw"), &policy).unwrap();
    let gift = |id: &str, who: &str, day: &str, value: u32| {
        format!(
            "{{\"kind\":\"gift\",\"id\":\"{id}\",\"day\":\"{day}\",\"who\":\"{who}\",\"giver\":\"Firm\",\"value\":\"{value} CNY\",\"items\":1,\"class\":\"low\",\"ok\":true}}\n"
        )
    };
    let log =
        [gift("G1", "E1", "2026-03-01", 600), gift("G2", "E2", "2026-03-02", 450), gift("G3", "E2", "2026-04-02", 350)];
    std::fs::write(path.join("log.ndjson"), log.concat()).unwrap();
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "The policy"]);
    git(&["checkout", "--quiet", "-b", "stricter-gifts"]);
    std::fs::write(path.join("policies/gifts.bylaw"), policy.replace("500 CNY", "400 CNY")).unwrap();
    git(&["commit", "--quiet", "--all", "--message", "A lower cap"]);

    let seen = bylaws(path, &["diff", "main", "policies", "--fail-on", "looser"]);
    assert_eq!(seen.status.code(), Some(0), "stricter passes the gate: {}", stderr(&seen));
    let comment = bylaws(path, &["impact", "main", "policies", "log.ndjson", "--format", "md"]);
    assert_eq!(comment.status.code(), Some(0), "{}", stderr(&comment));
    let back = bylaws(path, &["diff", "stricter-gifts", "main", "--policy", "policies", "--fail-on", "looser"]);
    assert_eq!(back.status.code(), Some(1), "looser does not");
    let shown = bylaws(path, &["impact", "main:policies", "policies", "log.ndjson"]);
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("pull_request_diff", stdout(&seen));
        insta::assert_snapshot!("pull_request_comment", stdout(&comment));
        insta::assert_snapshot!("pull_request_impact", stdout(&shown));
    });
    assert!(!stdout(&comment).contains("E2"), "a comment names nobody");
    // What cannot be read any more is not told as cleared without a word.
    std::fs::write(path.join("broken.ndjson"), format!("{}{{\n", log.concat())).unwrap();
    let broken = bylaws(path, &["impact", "main", "policies", "broken.ndjson", "--format", "md"]);
    assert!(stdout(&broken).contains("records rejected, and so not judged: 1 before, 1 now"), "{}", stdout(&broken));
    let piped = bylaws(path, &["impact", "main", "policies", "-"]);
    assert_eq!(piped.status.code(), Some(2));
}

/// What a policy set has to be holds for both sides, and what records may be for the records.
#[test]
fn both_sides_have_to_be_what_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let run = |args: &[&str]| {
        let output = bylaws(path, args);
        (
            output.status.code().unwrap(),
            stdout(&output),
            stderr(&output).split_whitespace().collect::<Vec<_>>().join(" "),
        )
    };
    let policy =
        |cap: u32| format!("{RECORDS}\nforbid big_gift \"No big gift\" {{ on gift when value > {cap} CNY }}\n");
    for (name, cap) in [("old", 500), ("new", 400)] {
        std::fs::write(path.join(format!("{name}.bylaw")), policy(cap)).unwrap();
        let (file, bundle) = (format!("{name}.bylaw"), format!("{name}.bundle"));
        assert_eq!(run(&["keygen", name, "--no-password"]).0, 0);
        let key = format!("{name}.key");
        assert_eq!(run(&["bundle", &file, "-o", &bundle, "--sign", &key]).0, 0);
    }
    let gift = |id: &str, note: &str| {
        format!(
            "{{\"kind\":\"gift\",\"id\":\"{id}\",\"day\":\"2026-03-01\",\"who\":\"E1\",\"giver\":\"Firm\",\
             \"value\":\"450 CNY\",\"items\":1,\"class\":\"low\",\"note\":\"{note}\",\"ok\":true}}\n"
        )
    };
    std::fs::write(path.join("log.ndjson"), gift("G1", "") + &gift("G2", &"long ".repeat(400))).unwrap();
    let keys = ["--require-signature", "old.pub", "--require-signature", "new.pub"];
    for (command, log) in [("diff", None), ("impact", Some("log.ndjson"))] {
        let with = |old: &str, new: &str, more: &[&str]| {
            let mut args = vec![command, old, new];
            args.extend(log);
            run(&[&args, more].concat())
        };
        let (code, out, err) = with("old.bundle", "new.bundle", &keys);
        assert_eq!(code, 0, "{err}");
        assert!(out.contains("big_gift") || out.contains("No big gift"), "{out}");
        // One of the two is signed by somebody else, is a folder or file, or a revision.
        for (old, new) in [("old.bundle", "new.bundle"), ("new.bundle", "old.bundle"), ("old.bundle", "new.bylaw")] {
            let (code, out, err) = with(old, new, &keys[..2]);
            assert_eq!((code, out.as_str()), (2, ""), "{command} {old} {new}: {err}");
            assert!(err.contains("sign"), "{err}");
        }
        let (code, _, err) = with("main:policies", "new.bundle", &keys);
        assert_eq!(code, 2);
        assert!(err.contains("a revision has no signature"), "{err}");
        let (code, _, err) = with("old.bylaw", "new.bylaw", &["--limit", "policy-bytes=300"]);
        assert_eq!(code, 2);
        assert!(err.contains("old.bylaw") && err.contains("300 bytes"), "{err}");
    }
    let bounded = run(&["impact", "old.bylaw", "new.bylaw", "log.ndjson", "--limit", "record-bytes=500"]);
    assert_eq!(bounded.0, 0, "{}", bounded.2);
    assert!(
        bounded.2.contains("OLD: 1 record rejected") && bounded.2.contains("NEW: 1 record rejected"),
        "{}",
        bounded.2
    );
}

// ---------------------------------------------------------------- what is claimed, beside what is found

/// The verdicts of a run other than compliant, by rule and record.
fn verdicts(folder: &Path, policy: &str) -> BTreeMap<(String, String), String> {
    let output =
        bylaws(folder, &["audit", "--policy", policy, "log.ndjson", "--format", "ndjson", "--as-of", "2030-01-01"]);
    assert_ne!(output.status.code(), Some(2), "{}", stderr(&output));
    let entry = |line: &str| {
        let entry: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        ((text("rule"), text("id")), text("verdict"))
    };
    stdout(&output).lines().map(entry).collect()
}

/// One number of a rule is another, or one of its words is.
fn edited(text: &str, start: usize, tape: &mut Tape, schema: &random::schema::Schema) -> String {
    let word = tape.chance(30);
    let other = if word { None } else { nudged(text, start, tape) };
    other.unwrap_or_else(|| random::mutants::mutant(text, start, schema, tape))
}

/// How many claims were held against records, and how many of them said more than that nothing is known.
#[derive(Default)]
struct Tally {
    pairs: usize,
    decided: usize,
    open: usize,
}

fn claims_hold(seeds: &Seeds, tally: &mut Tally) {
    let schema = random::schema::schema(&mut Tape::new(&seeds.schema));
    let base = format!("{}\n{}\n", schema.print(), random::policy::SHARED);
    let mut old = base.clone();
    for (i, numbers) in seeds.rules.iter().enumerate() {
        old += &random::policy::rule(&schema, numbers, &format!("rule_{i}"));
    }
    let mut tape = Tape::new(&seeds.run);
    let new = edited(&old, base.len(), &mut tape, &schema);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::write(path.join("old.bylaw"), &old).unwrap();
    std::fs::write(path.join("new.bylaw"), &new).unwrap();
    let output = bylaws(path, &["diff", "old.bylaw", "new.bylaw", "--format", "json"]);
    if output.status.code() == Some(2) {
        assert!(stderr(&output).contains("new.bylaw"), "only the edited one may be wrong: {}\n{old}", stderr(&output));
        return;
    }
    let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", stderr(&output)));
    let mut log = String::new();
    for raw in random::records::all(&schema, seeds) {
        log += &format!("{}\n", random::text::line(&schema, &raw, &mut tape));
    }
    std::fs::write(path.join("log.ndjson"), log).unwrap();
    let (was, is) = (verdicts(path, "old.bylaw"), verdicts(path, "new.bylaw"));
    tally.pairs += 1;
    let changed: BTreeMap<&str, &Value> =
        document["rules"].as_array().unwrap().iter().map(|r| (r["rule"].as_str().unwrap(), r)).collect();
    let found = |v: Option<&String>| v.is_some_and(|v| v == "finding" || v == "repeated");
    let open = |v: Option<&String>| v.is_some_and(|v| v == "indeterminate" || v == "pending");
    let wrong = |rule: &str, why: &str| panic!("{rule}: {why}\n{document:#}\n{old}\n-----\n{new}\n{was:#?}\n{is:#?}");
    // An edit may have struck a name: of a rule that is renamed, added or removed there is nothing to compare.
    let renamed: Vec<&str> = changed.values().filter_map(|c| c["renamed_from"].as_str()).collect();
    for i in 0..seeds.rules.len() {
        let rule = format!("rule_{i}");
        if renamed.contains(&rule.as_str()) {
            continue;
        }
        let of = |all: &BTreeMap<(String, String), String>| -> BTreeMap<String, String> {
            all.iter().filter(|((r, _), _)| *r == rule).map(|((_, id), v)| (id.clone(), v.clone())).collect()
        };
        let (was, is) = (of(&was), of(&is));
        let Some(change) = changed.get(rule.as_str()) else {
            if was != is {
                wrong(&rule, "it is said to be the same");
            }
            continue;
        };
        let relation = change["relation"].as_str().unwrap();
        let (no_less, no_more) = match relation {
            "stricter" | "at_least_as_strict" => (true, false),
            "looser" | "at_most_as_strict" => (false, true),
            "same" => (true, true),
            "incomparable" | "not_analysed" => (false, false),
            "removed" => {
                assert!(is.is_empty(), "{rule} is still there");
                continue;
            }
            other => panic!("{other}"),
        };
        if no_less || no_more {
            tally.decided += 1
        } else {
            tally.open += 1
        }
        if change["crosses"] == true {
            let any = |all: &BTreeMap<String, String>| all.values().any(|v| v == "finding" || v == "repeated");
            let unsure = |all: &BTreeMap<String, String>| all.values().any(|v| v == "indeterminate");
            if no_less && any(&was) && !any(&is) && !unsure(&is) || no_more && any(&is) && !any(&was) && !unsure(&was) {
                wrong(&rule, "no record crosses the limit");
            }
            continue;
        }
        for id in was.keys().chain(is.keys()) {
            let (before, after) = (was.get(id), is.get(id));
            if no_less && found(before) && !found(after) && !open(after) {
                wrong(&rule, &format!("{id} was found and is not, though it is {relation}"));
            }
            if no_more && found(after) && !found(before) && !open(before) {
                wrong(&rule, &format!("{id} is found and was not, though it is {relation}"));
            }
        }
    }
}

#[test]
fn no_record_contradicts_what_is_claimed() {
    let tally = std::cell::RefCell::new(Tally::default());
    proptest::proptest!(cases(12), |(seeds in random::seeds(random::SMALL))| {
        claims_hold(&seeds, &mut tally.borrow_mut());
    });
    let tally = tally.into_inner();
    eprintln!(
        "{} pairs of policies; {} rules decided one way at least, {} open",
        tally.pairs, tally.decided, tally.open
    );
    assert!(tally.decided > 0, "claims were made");
}
