//! `bylaws stages`, as people and programs read it.

use std::process::{Command, Output};

fn stages(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bylaws"))
        .arg("stages")
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("NO_COLOR", "1")
        .output()
        .expect("the built command runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const POLICY: &str = r#"
table employee key id { id: text, manager: ref employee? }
record gift at day by person identity id { id: int, day: date, person: ref employee, value: money, note: text }
record approval at day by requester identity id { id: int, day: date, requester: ref employee, gift: int }
record login at time by who { time: timestamp, who: ref employee, host: text }

forbid large { on gift when value > 100 EUR and note != "" }
forbid unapproved {
  on     gift
  when   value > 60 EUR
  unless approved: exists approval within 30 days before where approval.gift == id
}
limit yearly { on gift where value > 5 EUR  sum value per person over 90 days to 300 EUR }
forbid crowd { on login when host != "kiosk" and count(login within 10 minutes before across everyone) > 4 }
forbid by_gift { on gift when exists approval within 30 days before across everyone where approval.gift == id }
forbid after_a_large_one { on gift when exists finding within 30 days before where finding.rule == large }
limit in_a_team { on finding where rule == large  count per every manager of actor over fiscal_quarter  to 1 }
require given_to { on each employee at end of year  need gift within 365 days before }
"#;

fn policy() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.bylaw");
    std::fs::write(&path, POLICY).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn stages_for_people() {
    let (_folder, path) = policy();
    let shown = stages(&[&path]);
    assert_eq!(shown.status.code(), Some(0), "{}", text(&shown.stderr));
    insta::assert_snapshot!(text(&shown.stdout));
}

#[test]
fn stages_for_programs() {
    let (_folder, path) = policy();
    let shown = stages(&[&path, "--format", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(document["schema"], "bylaws.stages/1");
    let all = document["stages"].as_array().unwrap();
    let of = |rule: &str| all.iter().find(|s| s["rules"].as_array().unwrap().iter().any(|r| r == rule)).unwrap();
    let key = |rule: &str, kind: &str| {
        let records = of(rule)["records"].as_array().unwrap();
        records.iter().find(|r| r["kind"] == kind).map(|r| r["key"].clone()).unwrap()
    };
    assert_eq!(of("large")["by"], "record");
    assert_eq!(of("large")["records"][0]["where"], serde_json::json!(["value > 100 EUR and note != \"\""]));
    assert_eq!((key("yearly", "gift"), key("unapproved", "approval")), ("person".into(), "requester".into()));
    // No subject is asked for: what the two must have in common is the gift's number.
    assert_eq!((key("by_gift", "gift"), key("by_gift", "approval")), ("id".into(), "gift".into()));
    assert_eq!((of("crowd")["by"].as_str(), of("given_to")["by"].as_str()), (Some("everyone"), Some("everyone")));
    let later = of("after_a_large_one");
    assert_eq!((later["by"].as_str(), later["findings_of_earlier_stages"].as_bool()), (Some("key"), Some(true)));
    assert_eq!(of("in_a_team")["level"], 1);
    let position = |rule: &str| all.iter().position(|s| std::ptr::eq(s, of(rule))).unwrap();
    assert!(position("large") < position("after_a_large_one"));
    // A stage reads the kinds that its own rules need, and of these all that the set reads.
    let records = of("by_gift")["records"].as_array().unwrap();
    let read: Vec<&str> = records.iter().map(|r| r["kind"].as_str().unwrap()).collect();
    assert_eq!(read, ["gift", "approval"]);
    assert_eq!(records[0]["fields"], serde_json::json!(["id", "day", "person", "value", "note"]));
}

/// A record whose day is not known may be judged by any wording: it is told once, and so where all of them are.
#[test]
fn wordings_of_one_rule_are_in_one_stage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.bylaw");
    let more = "revise large effective from 2025-01-01 {\n  on gift when count(gift within 7 days before) > 3\n}\n";
    std::fs::write(&path, format!("{POLICY}{more}")).unwrap();
    let shown = stages(&[path.to_str().unwrap(), "--format", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    let all = document["stages"].as_array().unwrap();
    let with = all.iter().filter(|s| s["rules"].as_array().unwrap().iter().any(|r| r == "large"));
    assert_eq!(with.map(|s| s["by"].as_str().unwrap()).collect::<Vec<_>>(), ["key"], "{}", text(&shown.stderr));
}

/// A record whose day is not known may be one of a rule's days, whatever else stands in it.
#[test]
fn a_rule_that_is_not_always_in_force_asks_for_every_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.bylaw");
    let of = |more: &str| {
        std::fs::write(&path, POLICY.replace("and note != \"\" }", &format!("and note != \"\" {more} }}"))).unwrap();
        let shown = stages(&[path.to_str().unwrap(), "--format", "json"]);
        let document: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
        let all = document["stages"].as_array().unwrap();
        let with = all.iter().find(|s| s["rules"].as_array().unwrap().iter().any(|r| r == "large")).unwrap();
        with["records"][0]["where"].clone()
    };
    assert!(of("").is_array());
    assert!(of("effective from 2025-01-01").is_null());
}

#[test]
fn errors_of_the_policy_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.bylaw");
    std::fs::write(&path, POLICY.replace("value > 100", "vlaue > 100")).unwrap();
    let shown = stages(&[path.to_str().unwrap()]);
    assert_eq!((shown.status.code(), text(&shown.stdout).as_str()), (Some(2), ""));
    assert!(text(&shown.stderr).contains("did you mean `value`"), "{}", text(&shown.stderr));
}
