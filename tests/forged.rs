//! Compiled policy sets that somebody has changed and given right digests, as the command takes them.

use bylaws::internals::plan::saved::{self, Roles};
use bylaws::internals::source::{FileId, SourceMap};
use bylaws::internals::testing;
use bylaws::{MemoryFiles, Plan, PolicySet};
use std::path::Path;

const POLICY: &str = r#"record gift at day by person identity id { id: int, day: date, person: text, value: money }
forbid large { on gift when value > 5 EUR }
metric all { on gift sum value in calendar year }
"#;

/// Of the policy, with a change of its plan.
fn written(to: &Path, change: impl FnOnce(&mut Plan)) {
    let mut policies = PolicySet::load(&MemoryFiles::from_iter([("p.bylaw", POLICY)]), &["p.bylaw"]).unwrap();
    let mut plan = policies.check(&[]).compile().unwrap();
    change(&mut plan);
    let mut sources = SourceMap::default();
    let roles = Roles { files: vec![sources.add("p.bylaw", POLICY)], ..Roles::default() };
    std::fs::write(to, saved::save(&sources, &roles, &[], &plan).unwrap()).unwrap();
}

fn told(arguments: &[&str], folder: &Path) -> (Option<i32>, String, String) {
    let mut command = assert_cmd::Command::cargo_bin("bylaws").unwrap();
    let output = command.args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_is_not_there_is_one_plain_line() {
    let folder = tempfile::tempdir().unwrap();
    let record = r#"{"kind":"gift","id":1,"day":"2026-01-05","person":"E1","value":"6 EUR"}"#;
    std::fs::write(folder.path().join("log.ndjson"), record).unwrap();
    let plan = folder.path().join("rules.plan");
    let arguments = ["audit", "--plan", "rules.plan", "log.ndjson"];
    written(&plan, |_| ());
    assert_eq!(told(&arguments, folder.path()).0, Some(1));
    written(&plan, |plan| plan.rules[0].span.file = FileId(1));
    let (code, _, said) = told(&arguments, folder.path());
    assert_eq!(code, Some(2));
    assert_eq!(
        said,
        "B0001\n\n  × cannot use `rules.plan`: the compiled policy set is damaged: it names what it does not have\n  \
         help: compile it again: bylaws compile POLICIES --output rules.plan\n\n"
    );
}

#[test]
fn figures_are_those_of_the_texts_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let record = r#"{"kind":"gift","id":1,"day":"2026-01-05","person":"E1","value":"6 EUR"}"#;
    std::fs::write(folder.path().join("log.ndjson"), record).unwrap();
    let plan = folder.path().join("rules.plan");
    let arguments = ["metrics", "--plan", "rules.plan", "log.ndjson", "--format", "csv"];
    written(&plan, |_| ());
    let (code, figures, said) = told(&arguments, folder.path());
    assert!(code == Some(0) && figures.contains(",6,EUR,"), "{figures}{said}");
    written(&plan, |plan| plan.rules[0].title = "Another".into());
    let (code, figures, said) = told(&arguments, folder.path());
    assert_eq!((code, figures.as_str()), (Some(2), ""));
    assert!(said.contains("is damaged: its rules are not"), "{said}");
}

/// The table of holidays is read for another field, and no business day is counted.
#[test]
fn what_says_that_a_holiday_is_worked_need_not_be_read() {
    let policy = r#"
policy desk { business_days monday to friday except holiday unless worked }
table holiday key day { day: date, name: text, worked: bool? }
record visit at time identity id { id: int, time: date, day: ref holiday }
forbid on_new_year { on visit when day.name == "New Year" }
test "by the name" {
  given holiday { day: 2026-01-01, name: "New Year" }
  given visit { id: 1, time: 2026-01-01, day: 2026-01-01 }
  expect finding on_new_year
}
"#;
    let mut policies = PolicySet::load(&MemoryFiles::from_iter([("p.bylaw", policy)]), &["p.bylaw"]).unwrap();
    assert_eq!(testing::run(&mut policies), [[]]);
}
