//! What other programs read of a run: a golden file for each form, and the same files through readers that nobody here
//! wrote (`tests/readers`).

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn bylaws(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bylaws"));
    command.current_dir(folder).env("NO_COLOR", "1").args(args).output().expect("the built command runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

macro_rules! golden {
    ($name:ident, $($arg:literal)*) => {
        #[test]
        fn $name() {
            let output = bylaws(&root().join("tests/cli"), &[$($arg),*]);
            let text = format!("exit code: {}\n{}", output.status.code().unwrap(), stdout(&output));
            insta::with_settings!({
                filters => vec![(concat!(r"\b", env!("CARGO_PKG_VERSION"), r"\b"), "[version]")],
                prepend_module_to_snapshot => false,
                omit_expression => true,
            }, {
                insta::assert_snapshot!(concat!("exchange_", stringify!($name)), text);
            });
        }
    };
}

golden!(audit_sarif, "audit" "--policy" "all_verdicts" "all_verdicts/log.ndjson" "--format" "sarif");
golden!(audit_junit, "audit" "--policy" "all_verdicts" "all_verdicts/log.ndjson" "--format" "junit");
golden!(audit_github, "audit" "--policy" "all_verdicts" "all_verdicts/log.ndjson" "--format" "github");
golden!(audit_azure, "audit" "--policy" "all_verdicts" "all_verdicts/log.ndjson" "--format" "azure");
golden!(audit_gitlab, "audit" "--policy" "all_verdicts" "all_verdicts/log.ndjson" "--format" "gitlab");
golden!(audit_tap, "audit" "--policy" "all_verdicts" "all_verdicts/log.ndjson" "--format" "tap");
golden!(audit_csv, "audit" "--policy" "all_verdicts" "all_verdicts/log.ndjson" "--format" "csv");
golden!(audit_ocsf, "audit" "--policy" "all_verdicts" "all_verdicts/log.ndjson" "--format" "ocsf");
golden!(check_sarif, "check" "wrong" "--format" "sarif");
golden!(check_junit, "check" "wrong" "--format" "junit");
golden!(check_github, "check" "wrong" "--format" "github");
golden!(check_azure, "check" "wrong" "--format" "azure");
golden!(check_gitlab, "check" "wrong" "--format" "gitlab");
golden!(check_tap, "check" "wrong" "--format" "tap");
golden!(check_csv, "check" "wrong" "--format" "csv");
golden!(check_clean_junit, "check" "conduct" "--format" "junit");
golden!(check_nowhere_github, "check" "nowhere" "--format" "github");
golden!(tests_junit, "test" "failing" "--format" "junit");
golden!(tests_tap, "test" "failing" "--format" "tap");
golden!(tests_github, "test" "failing" "--format" "github");

/// The interpreter that has the readers; a notice where there is none, unless `BYLAWS_READERS` demands it.
fn readers() -> Option<PathBuf> {
    let python = std::env::var_os("BYLAWS_READERS").map(PathBuf::from);
    let python = python.unwrap_or_else(|| root().join("target/readers/bin/python"));
    if !python.exists() {
        assert!(std::env::var_os("BYLAWS_READERS").is_none(), "{} is not there", python.display());
        eprintln!("skipped: the readers of tests/readers are not installed (see its README)");
        return None;
    }
    Some(python)
}

fn read(python: &Path, form: &str, file: &Path) -> Value {
    let output = Command::new(python).arg(root().join("tests/readers/read.py")).arg(form).arg(file).output().unwrap();
    assert!(output.status.success(), "{form}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

const POLICY: &str = r#"
record gift at day by who identity id { id: text, day: date, who: text @person, giver: text, value: money }
forbid big_gift "No gift of more than 100 EUR; \"big\" <gifts> & more, 100 % of them" {
  on        gift
  when      value > 100 EUR
  unless    family: giver == "family"
  severity  major
  cite      "Code: section 3, [gifts]"
  because   "{who} took {value} from {giver}"
}
require told "A gift is told of" {
  on        gift
  need      notice within 30 days after
  severity  minor
}
record notice at day by who { day: date, who: text @person }
waive big_gift for who "E9" { from 2025-01-01 until 2026-01-01  approved_by "B1"  reason "an heirloom; kept & insured" }
"#;

/// Values that would end an annotation, a tag, a cell or a command, were they written as they are.
const GIVERS: [&str; 9] = [
    "plain",
    "]]></failure><x a=\"",
    "::error::no%0Ayes\r\n::set-output name=x::y",
    "##vso[task.complete result=Succeeded;]done",
    "=HYPERLINK(\"http://example.org\")",
    "not ok 7 # TODO \\#",
    "日本, \"quoted\"; \u{7}bell\ttab",
    "family",
    "---\n...\n1..0",
];

/// A folder with the policy and a log, and how many verdicts of each sort the command's own NDJSON tells.
fn sample() -> (tempfile::TempDir, BTreeMap<String, usize>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.bylaw"), POLICY).unwrap();
    let mut log = String::new();
    for (i, giver) in GIVERS.iter().enumerate() {
        for (value, who) in [("250 EUR", "E1"), ("20 EUR", "E2"), ("900 EUR", "E9"), ("700 USD", "E3")] {
            let record = serde_json::json!({
                "kind": "gift", "id": format!("{i}-{who}"), "day": "2025-03-01", "who": who, "giver": giver, "value": value,
            });
            log.push_str(&format!("{record}\n"));
        }
    }
    log.push_str("{\"kind\": \"notice\", \"day\": \"2025-03-09\", \"who\": \"E2\"}\n");
    log.push_str(
        "{\"kind\": \"gift\", \"id\": \"late\", \"day\": \"2025-12-30\", \"who\": \"E4\", \"giver\": \"x\"}\n",
    );
    std::fs::write(folder.path().join("my log.ndjson"), log).unwrap();
    let output = audit(folder.path(), "ndjson", None);
    let mut counts = BTreeMap::new();
    for line in stdout(&output).lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        *counts.entry(entry["verdict"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    (folder, counts)
}

fn audit(folder: &Path, format: &str, output: Option<&str>) -> Output {
    let mut args =
        vec!["audit", "--policy", "rules.bylaw", "my log.ndjson", "--as-of", "2026-01-01", "--format", format];
    args.extend(output.iter().flat_map(|file| ["--output", file]));
    bylaws(folder, &args)
}

#[test]
fn readers_see_what_was_found() {
    let Some(python) = readers() else { return };
    let (folder, counts) = sample();
    let count = |verdicts: &[&str]| verdicts.iter().map(|v| counts.get(*v).copied().unwrap_or_default()).sum::<usize>();
    let all: usize = counts.values().sum();
    assert!(
        ["finding", "indeterminate", "pending", "excepted", "waived"].iter().all(|v| counts.contains_key(*v)),
        "{counts:?}"
    );
    let file = |format: &str| {
        let name = format!("out.{format}");
        let output = audit(folder.path(), format, Some(&name));
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        read(&python, format, &folder.path().join(name))
    };

    let sarif = file("sarif");
    assert_eq!(sarif["errors"], serde_json::json!([]));
    assert_eq!(sarif["count"], all);
    assert_eq!(sarif["suppressed"], count(&["excepted", "waived"]));
    assert_eq!(sarif["kinds"]["open"], count(&["indeterminate"]));
    assert_eq!(sarif["kinds"]["review"], count(&["pending"]));
    assert!(sarif["lines"].as_array().unwrap().iter().any(|l| l == "my%20log.ndjson:1"), "{}", sarif["lines"]);

    let junit = file("junit");
    assert_eq!(junit["told"], junit["claimed"]);
    assert_eq!(junit["told"]["failures"], count(&["finding"]));
    assert_eq!(junit["told"]["errors"], count(&["indeterminate"]));

    let tap = file("tap");
    assert_eq!(tap["unknown"], serde_json::json!([]));
    assert_eq!(tap["not ok"], count(&["finding", "indeterminate"]));
    assert_eq!(tap["skipped"], count(&["pending", "excepted", "waived"]));
    assert_eq!(
        tap["planned"],
        tap["ok"].as_u64().unwrap() + tap["not ok"].as_u64().unwrap() + tap["skipped"].as_u64().unwrap()
    );

    assert_eq!(file("ocsf")["count"], all);

    let parquet = file("parquet");
    let rows = parquet["rows"].as_array().unwrap();
    assert_eq!(rows.len(), all);
    let csv = file("csv");
    let lines = csv["rows"].as_array().unwrap();
    assert_eq!(lines.len(), all);
    for (row, line) in rows.iter().zip(lines) {
        for column in ["id", "rule", "verdict", "severity", "about", "file"] {
            assert_eq!(row[column], line[column]);
        }
        // A cell that a spreadsheet would take for a formula has an apostrophe before it.
        let cell = line["message"].as_str().unwrap();
        assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
    }
    let shown = |all: &Value| all.to_string();
    assert!(shown(&parquet).contains("=HYPERLINK"), "texts are kept whole");
}

/// What a record says never becomes a command of the server that shows it.
#[test]
fn annotations_are_one_line_each() {
    let (folder, counts) = sample();
    let expected = counts["finding"] + counts["indeterminate"];
    for (format, start) in [
        ("github", ["::error ", "::warning "]),
        ("azure", ["##vso[task.logissue type=error;", "##vso[task.logissue type=warning;"]),
    ] {
        let text = stdout(&audit(folder.path(), format, None));
        assert_eq!(text.lines().count(), expected, "{text}");
        for line in text.lines() {
            assert!(start.iter().any(|s| line.starts_with(s)), "{line}");
            assert!(!line.contains('\r'));
        }
    }
    let gitlab: Value = serde_json::from_str(&stdout(&audit(folder.path(), "gitlab", None))).unwrap();
    let fingerprints: std::collections::BTreeSet<&str> =
        gitlab.as_array().unwrap().iter().map(|d| d["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(fingerprints.len(), expected);
}

/// Lines of the log that move, and files in another order, make nothing new.
#[test]
fn a_baseline_knows_its_findings_wherever_they_move() {
    let (folder, counts) = sample();
    let path = folder.path();
    let run = |more: &[&str]| {
        let mut args = vec!["audit", "--policy", "rules.bylaw", "--as-of", "2026-01-01", "--baseline", "known.json"];
        args.extend(more);
        bylaws(path, &args)
    };
    let absent = run(&["my log.ndjson"]);
    assert_eq!(absent.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&absent.stderr).contains("--update-baseline"), "it says how to get one");

    let updated = run(&["my log.ndjson", "--update-baseline"]);
    assert_eq!(updated.status.code(), Some(0), "{}", String::from_utf8_lossy(&updated.stderr));
    let first = std::fs::read_to_string(path.join("known.json")).unwrap();

    // Turned round, in two files, with an empty line between.
    let log = std::fs::read_to_string(path.join("my log.ndjson")).unwrap();
    let mut lines: Vec<&str> = log.lines().rev().collect();
    let rest = lines.split_off(7);
    std::fs::write(path.join("b.ndjson"), lines.join("\n\n")).unwrap();
    std::fs::write(path.join("a.ndjson"), rest.join("\n")).unwrap();
    let moved = run(&["b.ndjson", "a.ndjson"]);
    assert_eq!(moved.status.code(), Some(0), "{}", stdout(&moved));
    assert_eq!(run(&["b.ndjson", "a.ndjson", "--update-baseline"]).status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(path.join("known.json")).unwrap(), first, "the file is the same to the byte");

    // One is gone and one is new.
    let mut changed: Vec<&str> = log.lines().skip(1).collect();
    let new = r#"{"kind": "gift", "id": "new", "day": "2025-04-01", "who": "E1", "giver": "x", "value": "101 EUR"}"#;
    changed.push(new);
    std::fs::write(path.join("changed.ndjson"), changed.join("\n")).unwrap();
    let found = run(&["changed.ndjson", "--format", "json"]);
    assert_eq!(found.status.code(), Some(1));
    let document: Value = serde_json::from_slice(&found.stdout).unwrap();
    let beside = &document["summary"]["baseline"];
    let gone: Vec<&str> = beside["gone"].as_array().unwrap().iter().map(|g| g["record"].as_str().unwrap()).collect();
    assert_eq!(gone, ["gift id = 0-E1", "gift id = 0-E1"], "it was a finding of both rules");
    let new: Vec<&Value> = document["findings"].as_array().unwrap().iter().filter(|f| f["baseline"] == "new").collect();
    assert_eq!(new.len(), 2, "too dear, and not told of");
    assert_eq!(beside["known"].as_u64().unwrap() as usize, counts["finding"] - 2);

    let sarif: Value = serde_json::from_slice(&run(&["changed.ndjson", "--format", "sarif"]).stdout).unwrap();
    let mut states = BTreeMap::new();
    for result in sarif["runs"][0]["results"].as_array().unwrap() {
        *states.entry(result["baselineState"].as_str().unwrap_or("none").to_owned()).or_insert(0) += 1;
    }
    assert_eq!((states["new"], states["absent"]), (2, 2));
    let annotated = stdout(&run(&["changed.ndjson", "--format", "github"]));
    assert_eq!(annotated.lines().count(), 2, "what is known is not annotated");
}

#[test]
fn a_baseline_that_is_none_is_refused() {
    let (folder, _) = sample();
    for (text, told) in [
        ("{", "is not a baseline"),
        ("{\"schema\": \"bylaws.baseline/9\", \"known\": []}", "bylaws.baseline/9"),
        ("{\"schema\": \"bylaws.baseline/1\", \"known\": [{\"id\": \"x\"}]}", "missing field"),
    ] {
        std::fs::write(folder.path().join("known.json"), text).unwrap();
        let output = bylaws(
            folder.path(),
            &["audit", "--policy", "rules.bylaw", "my log.ndjson", "--baseline", "known.json", "--update-baseline"],
        );
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(told), "{said}");
        assert_eq!(std::fs::read_to_string(folder.path().join("known.json")).unwrap(), text, "it is left as it is");
    }
}
