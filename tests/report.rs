//! `bylaws report`: what stands in each form, and who is named in it.

#[path = "../examples/marketplace/main.rs"]
#[allow(dead_code)]
mod marketplace;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn bylaws(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bylaws")).args(args).current_dir(folder).output().expect("the built command runs")
}

/// What a report of a folder's policies and its `log.ndjson` says, by its form.
fn report(folder: &Path, form: &str, more: &[&str]) -> String {
    let args = [&["report", "--policy", ".", "log.ndjson", "--format", form], more].concat();
    let output = bylaws(folder, &args);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("JSON")
}

const RULES: &str = r#"
policy people { fiscal_year starts 04-01 }

table employee key id valid from since until left {
  id: text @person, unit: text, manager: ref employee?, since: date, left: date?,
}

record gift at day by who identity who, giver, day {
  day: date, who: ref employee, giver: text @person, value: money, witnesses: list of ref employee, note: text,
}

record note by who { who: text @person }
record talk at day by speaker { day: date, speaker: text @person, about: ref employee?, words: int }

forbid large_gift "A large gift" {
  on gift
  when value > 100 EUR
  unless small_town: who.unit == "town"
  because "{who} of {who.unit} took {value} from {giver}, whose manager is {who.manager}; seen by {witnesses}"
}
forbid given_twice { on gift as g when count(gift over 30 days by giver) > 1 because "{g.giver} gave again" }
forbid long_talk { on talk when words > 10 because "{speaker} spoke of {about}" }
forbid giver_again { on gift when count(gift over 30 days by giver) > 1 because "after {last(gift.giver over 30 days by giver) ?? giver}" }
forbid bare "A note without a time" { on note when who != "" because "{who} left a note" }
forbid of_the_chief { on gift when who under "CANARY-CHIEF" and value > 0 EUR }
limit of_a_team { on gift count per every manager of who over fiscal_quarter to 0 }
limit of_a_person { on talk count per speaker over 30 days to 1 }
waive large_gift for who "CANARY-4" { from 2026-01-01 until 2026-02-01 approved_by "CANARY-CHIEF" reason "a state visit" }
metric gifts_of_each "Gifts of each" { on gift count per who in month }
metric talks_of_each "Talks of each" { on talk count per speaker in month }
metric of_leaders "Gifts below each" { on gift count per every manager of who in month }
"#;

const LOG: &str = r#"{"kind":"employee","id":"CANARY-CHIEF","unit":"top","since":"2020-01-01"}
{"kind":"employee","id":"CANARY-1","unit":"sales","manager":"CANARY-CHIEF","since":"2020-01-01"}
{"kind":"employee","id":"CANARY-2","unit":"town","manager":"CANARY-CHIEF","since":"2020-01-01"}
{"kind":"employee","id":"CANARY-3","unit":"sales","manager":"CANARY-LOST","since":"2020-01-01"}
{"kind":"employee","id":"CANARY-4","unit":"sales","manager":"CANARY-5","since":"2020-01-01"}
{"kind":"employee","id":"CANARY-5","unit":"sales","manager":"CANARY-4","since":"2020-01-01"}
{"kind":"employee","id":"CANARY-6","unit":"sales","manager":"CANARY-CHIEF","since":"2020-01-01"}
{"kind":"employee","id":"CANARY-6","unit":"other","manager":"CANARY-1","since":"2021-01-01"}
{"kind":"gift","day":"2026-01-05","who":"CANARY-1","giver":"CANARY-GIVER, with a comma","value":"500 EUR","witnesses":["CANARY-2","CANARY-3"],"note":"n"}
{"kind":"gift","day":"2026-01-06","who":"CANARY-2","giver":"CANARY-GIVER, with a comma","value":"500 EUR","witnesses":[],"note":"n"}
{"kind":"gift","day":"2026-01-07","who":"CANARY-3","giver":"CANARY-G2","value":"much","witnesses":[],"note":"n"}
{"kind":"gift","day":"2026-01-07","who":"CANARY-4","giver":"CANARY-G2","value":"500 EUR","witnesses":[],"note":"n"}
{"kind":"gift","day":"2026-01-08","who":"CANARY-6","giver":"CANARY-G3","value":"500 EUR","witnesses":[],"note":"n"}
{"kind":"gift","day":"2026-01-08","who":"CANARY-NOBODY","giver":"CANARY-G4","value":"5 EUR","witnesses":[],"note":"n"}
{"kind":"gift","day":"2026-01-09","who":{"of":"CANARY-9"},"giver":"CANARY-G4","value":"500 EUR","witnesses":[],"note":"n"}
{"kind":"note","who":"CANARY-N"}
{"kind":"talk","day":"2026-01-05","speaker":"CANARY-S","about":"CANARY-1","words":11}
{"kind":"talk","day":"2026-01-06","speaker":"CANARY-S","words":11}
{"kind":"talk","day":"2026-01-07","speaker":["CANARY-T"],"words":12}
"#;

fn people() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.bylaw"), RULES).unwrap();
    std::fs::write(folder.path().join("log.ndjson"), LOG).unwrap();
    folder
}

/// The rules' own texts, and what an input is called, are the author's.
fn without_texts(mut report: serde_json::Value) -> String {
    for rule in report["rules"].as_array_mut().unwrap() {
        rule["text"] = "".into();
    }
    report.to_string()
}

#[test]
fn nobody_is_named_unless_asked_for() {
    let folder = people();
    let told = without_texts(json(&report(folder.path(), "json", &[])));
    let leak = told.find("CANARY").map(|at| &told[at.saturating_sub(200)..(at + 60).min(told.len())]);
    assert_eq!(leak, None);
    for form in ["md", "html"] {
        let told = report(folder.path(), form, &[]);
        let leak = told.find("CANARY").map(|at| &told[at.saturating_sub(200)..(at + 60).min(told.len())]);
        assert_eq!(leak, None, "{form}");
    }
    let named = report(folder.path(), "json", &["--names"]);
    for who in ["CANARY-1", "CANARY-S", "CANARY-GIVER, with a comma", "CANARY-LOST", "CANARY-9", "CANARY-T"] {
        assert!(named.contains(who), "{who} is not named with --names");
    }
    assert!(!named.contains(['\u{fdd0}', '\u{fdd1}']), "a mark is left");
}

#[test]
fn one_person_has_one_name() {
    let folder = people();
    let report = json(&report(folder.path(), "json", &[]));
    let findings = report["findings"].as_array().unwrap();
    let of = |rule: &str, time: &str| {
        let is = |f: &&serde_json::Value| f["rule"] == rule && f["time"] == time && f["verdict"] != "indeterminate";
        findings.iter().find(is).unwrap_or_else(|| panic!("{rule} at {time}"))
    };
    let gift = of("large_gift", "2026-01-05");
    assert_eq!(gift["group"], "sales");
    let message = gift["message"].as_str().unwrap();
    let names: Vec<&str> = message.split("Person ").skip(1).filter_map(|t| t.split([' ', ',', ';']).next()).collect();
    assert_eq!(names.len(), 5, "{message}");
    let who = gift["subject"].as_str().unwrap();
    assert!(message.starts_with(&format!("{who} of sales took 500.00 EUR from Person ")), "{message}");
    let chief = format!("Person {}", names[2]);
    assert!(report["leaders"].as_array().unwrap().iter().any(|l| l["name"] == chief && l["rule"] == "of_a_team"));
    assert_eq!(of("large_gift", "2026-01-06")["verdict"], "excepted");
    assert_eq!(of("large_gift", "2026-01-07")["verdict"], "waived");
    assert_eq!(of("large_gift", "2026-01-07")["waiver"], "a state visit");
    assert_eq!(report["waivers"][0]["approved_by"], chief);
}

/// The records are read twice, for the rules and for the metrics; what comes by a pipe comes once.
#[test]
fn standard_input_is_read_for_the_metrics_too() {
    let folder = people();
    let log = std::fs::File::open(folder.path().join("log.ndjson")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_bylaws"))
        .args(["report", "--policy", ".", "-", "--format", "json"])
        .current_dir(folder.path())
        .stdin(log)
        .output()
        .unwrap();
    let piped = json(&String::from_utf8(output.stdout).unwrap());
    let read = json(&report(folder.path(), "json", &[]));
    assert_eq!(piped["metrics"], read["metrics"]);
    assert!(read["metrics"][0]["rows"].as_array().is_some_and(|rows| !rows.is_empty()));
}

/// A finding of no known time is in no month, and far years do not fill the page with empty ones.
#[test]
fn months_are_those_of_findings() {
    let folder = people();
    let far = LOG.replace("\"day\":\"2026-01-05\",\"speaker\"", "\"day\":\"0999-12-05\",\"speaker\"");
    std::fs::write(folder.path().join("log.ndjson"), far).unwrap();
    let told = report(folder.path(), "md", &[]);
    let months: Vec<&str> = told.lines().skip_while(|l| !l.starts_with("| month")).skip(2).collect();
    let months: Vec<&str> = months.into_iter().take_while(|l| !l.is_empty()).map(|l| &l[..9]).collect();
    assert_eq!(months, ["| 0999-12", "| 2026-01"]);
}

#[test]
fn what_changed_since_an_earlier_run() {
    let folder = people();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("q1.json", &report(folder.path(), "json", &[]));
    let audit = bylaws(folder.path(), &["audit", "--policy", ".", "log.ndjson", "--format", "ndjson"]);
    write("q1.ndjson", &String::from_utf8(audit.stdout).unwrap());
    // One gift is put right, one is new.
    let log = LOG.replace("\"500 EUR\",\"witnesses\":[\"CANARY-2\"", "\"5 EUR\",\"witnesses\":[\"CANARY-2\"");
    let new = "{\"kind\":\"gift\",\"day\":\"2026-03-01\",\"who\":\"CANARY-5\",\"giver\":\"CANARY-G7\",\"value\":\"101 EUR\",\"witnesses\":[],\"note\":\"\"}\n";
    write("log.ndjson", &(log + new));
    for earlier in ["q1.json", "q1.ndjson"] {
        let now = json(&report(folder.path(), "json", &["--earlier", earlier]));
        let gone = now["since"]["gone"].as_array().unwrap();
        assert_eq!(gone.len(), 1, "{gone:?}");
        assert_eq!(gone[0]["rule"], "large_gift");
        assert_eq!(gone[0]["now"], serde_json::Value::Null);
        let new: Vec<_> = now["findings"].as_array().unwrap().iter().filter(|f| f["new"] == true).collect();
        assert_eq!(new.len(), 1, "{new:?}");
        assert_eq!((&new[0]["rule"], &new[0]["time"]), (&"large_gift".into(), &"2026-03-01".into()));
        assert_eq!(now["since"]["new"], 1);
    }
}

#[test]
fn a_gate_only_where_one_is_asked_for() {
    let folder = people();
    let code = |more: &[&str]| {
        let args = [&["report", "--policy", ".", "log.ndjson", "--format", "md"], more].concat();
        bylaws(folder.path(), &args).status.code()
    };
    assert_eq!(code(&[]), Some(0));
    assert_eq!(code(&["--fail-on", "major"]), Some(1));
    assert_eq!(code(&["--fail-on", "critical"]), Some(0));
    assert_eq!(code(&["--max-indeterminate", "1"]), Some(3));
    assert_eq!(code(&["--earlier", "nowhere.json"]), Some(2));
    assert_eq!(code(&["--earlier", "rules.bylaw"]), Some(2));
}

/// Opens a page in Chromium by Playwright, which `npm ci` in `tests/browser` brings.
fn browse(page: &Path, check: &str) {
    let here = root().join("tests/browser");
    let needed = std::env::var_os("BYLAWS_BROWSER").is_some();
    if !here.join("node_modules").is_dir() && !needed {
        eprintln!("skipped: no browser (run `npm ci` in {})", here.display());
        return;
    }
    let output = Command::new("node").arg(here.join("report.mjs")).arg(page).arg(check).output().expect("node runs");
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}");
}

fn page(folder: &Path, args: &[&str], to: &Path) -> PathBuf {
    let path = to.join("report.html");
    let args = [&["report", "--output", path.to_str().unwrap()], args].concat();
    let output = bylaws(folder, &args);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    path
}

#[test]
fn the_page_in_a_browser() {
    let to = tempfile::tempdir().unwrap();
    let company = ["--policy", "examples/company", "examples/company/log.ndjson"];
    browse(&page(root(), &company, to.path()), "company");
    let folder = people();
    browse(&page(folder.path(), &["--policy", ".", "log.ndjson"], to.path()), "hostile");
}

#[test]
fn a_hundred_thousand_findings_in_a_browser() {
    let folder = people();
    let gifts = (0..100_000).map(|n| {
        let (day, month) = (n % 28 + 1, n / 28 % 12 + 1);
        format!(
            "{{\"kind\":\"talk\",\"day\":\"2025-{month:02}-{day:02}\",\"speaker\":\"P{}\",\"words\":{}}}\n",
            n % 999,
            11 + n
        )
    });
    std::fs::write(folder.path().join("log.ndjson"), gifts.collect::<String>()).unwrap();
    let to = tempfile::tempdir().unwrap();
    browse(&page(folder.path(), &["--policy", ".", "log.ndjson"], to.path()), "many");
}

#[test]
fn the_marketplace_in_a_browser() {
    let records = tempfile::tempdir().unwrap();
    marketplace::write(records.path(), 1).unwrap();
    let rules = ["--policy", "policies", "--policy", "examples/marketplace", "--as-of", "2026-03-31"];
    let mut args: Vec<String> = rules.map(String::from).into();
    for entry in std::fs::read_dir(records.path()).unwrap() {
        let path = entry.unwrap().path();
        let (kind, shown) = (path.file_stem().unwrap().to_string_lossy(), path.display());
        match path.extension().and_then(|e| e.to_str()) {
            Some("ndjson") => args.push(shown.to_string()),
            Some("csv") if kind != "answer_key" => args.push(format!("{kind}={shown}")),
            _ => {}
        }
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let to = tempfile::tempdir().unwrap();
    browse(&page(root(), &args, to.path()), "marketplace");
}

#[test]
fn the_register_in_a_browser() {
    let data = root().join("../shared/data/uk_mps_register");
    if !data.is_dir() {
        eprintln!("skipped: no folder {}", data.display());
        return;
    }
    let of = |name: &str, file: &str| format!("{name}={}", data.join(file).display());
    let inputs =
        [of("gifts", "category_3.csv"), of("payments", "category_1.1.csv"), of("employments", "category_1.csv")];
    let args: Vec<&str> =
        ["--policy", "examples/uk-register"].into_iter().chain(inputs.iter().map(String::as_str)).collect();
    let to = tempfile::tempdir().unwrap();
    browse(&page(root(), &args, to.path()), "register");
}
