//! Compiled policy sets that somebody has changed and given a right digest, as the command takes them; and what a plan has
//! to hold of policies at the edge of what can be written.

use bylaws::internals::data::{Type, Value};
use bylaws::internals::plan::saved::{self, Roles};
use bylaws::internals::plan::{Expr, Op};
use bylaws::internals::source::{FileId, SourceMap};
use bylaws::internals::testing;
use bylaws::{MemoryFiles, Plan, PolicySet};
use std::path::{Path, PathBuf};

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

/// A folder with a record of the policy in `log.ndjson`, and where a plan goes.
fn with_a_record() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let record = r#"{"kind":"gift","id":1,"day":"2026-01-05","person":"E1","value":"6 EUR"}"#;
    std::fs::write(folder.path().join("log.ndjson"), record).unwrap();
    let plan = folder.path().join("rules.plan");
    (folder, plan)
}

fn told(arguments: &[&str], folder: &Path) -> (Option<i32>, String, String) {
    let mut command = assert_cmd::Command::cargo_bin("bylaws").unwrap();
    let output = command.args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_is_not_there_is_one_plain_line() {
    let (folder, plan) = with_a_record();
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

/// As deep as it may be, it is worked through on the stack of any thread.
#[test]
fn what_lies_deep_is_judged_or_refused() {
    let (folder, plan) = with_a_record();
    for (depth, code) in [(500, Some(1)), (600, Some(2))] {
        written(&plan, |plan| {
            let span = plan.rules[0].span;
            let yes = Expr::constant(Value::Bool(true), Type::Bool, span);
            let not = |e, _| Expr { op: Op::Not(Box::new(e)), ty: Type::Bool, span };
            plan.rules[0].when.push((0..depth).fold(yes, not));
        });
        let threads = ["audit", "--plan", "rules.plan", "log.ndjson", "--threads", "2"];
        let (found, _, said) = told(&threads, folder.path());
        assert_eq!(found, code, "{depth}: {said}");
    }
}

#[test]
fn figures_are_those_of_the_texts_or_none() {
    let (folder, plan) = with_a_record();
    let arguments = ["metrics", "--plan", "rules.plan", "log.ndjson", "--format", "csv"];
    written(&plan, |_| ());
    let (code, figures, said) = told(&arguments, folder.path());
    assert!(code == Some(0) && figures.contains(",6,EUR,"), "{figures}{said}");
    written(&plan, |plan| plan.rules[0].title = "Another".into());
    let (code, figures, said) = told(&arguments, folder.path());
    assert_eq!((code, figures.as_str()), (Some(2), ""));
    assert!(said.contains("is damaged: its rules are not"), "{said}");
}

fn passes(policy: &str) {
    let mut policies = PolicySet::load(&MemoryFiles::from_iter([("p.bylaw", policy)]), &["p.bylaw"]).unwrap();
    let failed = testing::run(&mut policies);
    assert!(!failed.is_empty() && failed.iter().all(Vec::is_empty), "{failed:?}");
}

#[test]
fn nothing_is_in_an_empty_set() {
    passes(
        r#"
record gift at day by who identity id { id: int, day: date, who: text, value: money, class: enum { open, closed } }
param officials: set of text = {}
forbid official { on gift when who in officials }
forbid none     { on gift when value in {} or class in {} or day in {} or id in {} }
forbid all      { on gift when who not in officials }
test "whoever it is" {
  given gift as g { id: 1, day: 2026-01-01, who: "P", value: 1 EUR, class: open }
  expect finding all on g
  expect nothing else
}
"#,
    );
}

/// The table of holidays is read for another field, and no business day is counted.
#[test]
fn what_says_that_a_holiday_is_worked_need_not_be_read() {
    passes(
        r#"
policy desk { business_days monday to friday except holiday unless worked }
table holiday key day { day: date, name: text, worked: bool? }
record visit at time identity id { id: int, time: date, day: ref holiday }
forbid on_new_year { on visit when day.name == "New Year" }
test "by the name" {
  given holiday { day: 2026-01-01, name: "New Year" }
  given visit { id: 1, time: 2026-01-01, day: 2026-01-01 }
  expect finding on_new_year
}
"#,
    );
}
