//! Running the tests of a set for an editor, beside everything else.

use super::diagnostics;
use super::server::{Refusal, Reply, Server};
use super::wire::Incoming;
use super::workspace::Set;
use crate::io::MemoryFiles;
use crate::plan::Plan;
use crate::policy_set::PolicySet;
use crate::report;
use crate::testing::{self, Outcome, Ran};
use gen_lsp_types as lsp;
use lsp_server::RequestId;
use serde_json::Value;
use std::sync::Arc;

/// `[URI, title]`: the tests of the file with this title, each of its cases.
pub const RUN_TEST: &str = "bylaws.runTest";
/// `[URI]`: all tests of the file.
pub const RUN_TESTS: &str = "bylaws.runTests";
/// `[URI]`: all tests of the set that the file is in.
pub const RUN_SET_TESTS: &str = "bylaws.runSetTests";

/// Which tests are run.
enum Wanted {
    Set,
    File(String),
    /// A title.
    Test(String, String),
}

/// What came of a run.
pub struct Results {
    /// As `bylaws test --format json` has it.
    pub json: Value,
    pub summary: String,
    failures: Vec<crate::diag::Diagnostic>,
    policies: PolicySet,
    /// Where the tests come from.
    paths: Vec<String>,
}

/// Begins a run. Its results come in as messages do.
pub fn begin(server: &mut Server, id: RequestId, params: lsp::ExecuteCommandParams) -> Reply<()> {
    let arguments = params.arguments.unwrap_or_default();
    let argument = |i: usize| arguments.get(i).and_then(Value::as_str).map(str::to_owned);
    if ![RUN_TEST, RUN_TESTS, RUN_SET_TESTS].contains(&params.command.as_str()) {
        return Err(Refusal::new(format!("no command is named `{}`", params.command)));
    }
    let uri = argument(0).ok_or_else(|| Refusal::new(format!("`{}` needs the file of the tests", params.command)))?;
    let Some(view) = server.workspace.view(&lsp::Uri(uri.clone())) else {
        return Err(Refusal::new(format!("`{uri}` is not open, or no policy file")));
    };
    let set = server.workspace.set(&view);
    let errors = set.errors().count();
    if errors > 0 {
        return Err(Refusal::new(format!(
            "the tests cannot be run: the policy set has {}",
            report::plural(errors, "error")
        )));
    }
    let (files, paths) = set.texts();
    let (path, of, answers) = (view.path.clone(), set.paths.clone(), server.beside());
    let wanted = match (params.command.as_str(), argument(1)) {
        (RUN_SET_TESTS, _) => Wanted::Set,
        (RUN_TEST, Some(title)) => Wanted::Test(path, title),
        (RUN_TEST, None) => return Err(Refusal::new(format!("`{RUN_TEST}` needs the title of a test"))),
        _ => Wanted::File(path),
    };
    std::thread::spawn(move || {
        let results = run(&files, &paths, &wanted, of);
        // Where the server has ended meanwhile, nobody waits for it.
        let _ = answers.send(Incoming::Ran(id, Box::new(results)));
    });
    Ok(())
}

fn run(files: &MemoryFiles, paths: &[String], wanted: &Wanted, of: Vec<String>) -> Results {
    let (mut policies, _) = PolicySet::with_trees().again(files, paths);
    let checked = policies.check(&[]);
    let plan = checked.compile().map(Arc::new);
    let mut ran = Vec::new();
    for test in &checked.hir().tests {
        let file = &policies.sources().file(test.span.file).name;
        let is_wanted = match wanted {
            Wanted::Set => true,
            Wanted::File(path) => file == path,
            Wanted::Test(path, title) => file == path && *title == test.title,
        };
        if !is_wanted {
            continue;
        }
        let again = (!test.set.is_empty()).then(|| policies.check_for(test, &[]));
        let (hir, plan) = match &again {
            Some(again) => (again.hir(), again.compile().map(Arc::new)),
            None => (checked.hir(), plan.clone()),
        };
        let outcome = match plan {
            Some(plan) => testing::run(plan, || Arc::new(Plan::of_metrics(hir)), policies.sources(), test, false),
            None => Outcome::failed(again.as_ref().unwrap_or(&checked).diagnostics().to_vec()),
        };
        ran.push(Ran { test, outcome });
    }
    let failed = ran.iter().filter(|r| !r.passed()).count();
    let summary = match ran.len() {
        0 => "no such test: it may have been renamed, or its file has none".to_owned(),
        1 => format!("{}: {}", ran[0].title(), if failed == 0 { "passed" } else { "failed" }),
        all => format!("{} passed, {failed} failed", all - failed),
    };
    let json = testing::json(&ran, 0, policies.sources());
    let failures = ran.iter().flat_map(|r| r.outcome.failures.iter().cloned()).collect();
    drop(ran);
    Results { json, summary, failures, policies, paths: of }
}

/// Shows the results, and answers with them.
pub fn end(server: &mut Server, results: Results) -> Value {
    let failed = results.json["failed"] != 0 || results.json["passed"] == 0;
    let kind = if failed { lsp::MessageType::Warning } else { lsp::MessageType::Info };
    server.show(kind, &results.summary);
    let mut by_file = std::collections::BTreeMap::new();
    let set = Set::of(results.policies);
    for failure in &results.failures {
        let path = set.policies().sources().file(failure.span().file).name.clone();
        let told = diagnostics::of(&server.workspace, &set, failure, server.client.related);
        by_file.entry(path).or_insert_with(Vec::new).push(told);
    }
    server.workspace.failed_tests(&results.paths, by_file);
    diagnostics::publish(server);
    results.json
}
