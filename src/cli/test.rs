//! `bylaws test`: the tests that a policy set contains.

use super::{Exit, Failure, Style, check, output};
use crate::report;
use crate::testing::{self, Outcome};
use clap::Args;
use regex::Regex;
use std::sync::Arc;

#[derive(Args)]
#[command(after_help = "\
Examples:
  bylaws test policies/
  bylaws test policies/ --filter gift --verbose

Exit codes: 0 all passed (or there are none), 1 some failed, 2 the policy has errors.")]
pub(super) struct TestArgs {
    /// Policy files, or folders of them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
    /// Run only the tests whose title matches this regular expression
    #[arg(long, value_name = "REGEX")]
    filter: Option<Regex>,
    /// Give a parameter another value than its default
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = super::name_and_value)]
    set: Vec<(String, String)>,
    /// Name every test, not only those that fail
    #[arg(long, short)]
    verbose: bool,
}

pub(super) fn run(args: &TestArgs, style: Style) -> Result<Exit, Failure> {
    let (mut policies, checked) = check::load(&args.paths, &args.set, style)?;
    let plan = Arc::new(check::compile(&checked)?);
    let all = &checked.hir().tests;
    let chosen: Vec<_> = all.iter().filter(|t| args.filter.as_ref().is_none_or(|f| f.is_match(&t.title))).collect();
    let mut text = String::new();
    let mut failed = 0;
    for test in &chosen {
        let outcome = if test.set.is_empty() {
            testing::run(plan.clone(), policies.sources(), test)
        } else {
            let again = policies.check_for(test, &args.set);
            match again.compile() {
                Some(plan) => testing::run(Arc::new(plan), policies.sources(), test),
                None => Outcome::failed(again.diagnostics().to_vec()),
            }
        };
        let passed = outcome.failures.is_empty();
        failed += usize::from(!passed);
        if args.verbose || !passed {
            let span = test.case.as_ref().map_or(test.span, |case| case.span);
            let place = report::line_of(policies.sources(), span);
            let case = test.case.as_ref().map(|case| format!(" [{}]", case.label)).unwrap_or_default();
            text.push_str(&format!(
                "test {}{case} ... {} ({place})\n",
                test.title,
                if passed { "ok" } else { "FAILED" }
            ));
        }
        if !passed {
            if !outcome.lines.is_empty() {
                text.push_str(&format!("\n{}", testing::table(&outcome.lines)));
            }
            text.push('\n');
            text.push_str(&report::render::diagnostics(policies.sources(), &outcome.failures, style.stdout));
        }
    }
    let ignored = all.len() - chosen.len();
    if all.is_empty() {
        text.push_str("no tests: the policy set contains none\n");
    } else {
        text.push_str(&format!("{} passed, {failed} failed", chosen.len() - failed));
        if ignored > 0 {
            text.push_str(&format!(", {ignored} filtered out"));
        }
        text.push('\n');
    }
    output::print(&text)?;
    Ok(if failed > 0 { Exit::Findings } else { Exit::Clean })
}
