//! `bylaws test`: the tests that a policy set contains.

use super::policies::Trust;
use super::{CheckFormat, Exit, Failure, Style, check, output, watch};
use crate::plan::Plan;
use crate::policy_set::PolicySet;
use crate::report;
use crate::report::exchange;
use crate::sema::hir::Test;
use crate::testing::{self, Coverage, Outcome, Ran};
use clap::{Args, ValueEnum};
use regex::Regex;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Args)]
#[command(after_help = "\
Examples:
  bylaws test policies/
  bylaws test policies/ --filter gift --verbose
  bylaws test policies/ --watch
  bylaws test policies/ --coverage                          what does no test decide?
  bylaws test policies/ --coverage=lcov --output lcov.info  for genhtml, Codecov or an editor
  bylaws test policies/ --format junit > tests.xml

Exit codes: 0 all passed (or there are none), 1 some failed, or fewer parts are decided than --min-coverage asks,
2 the policy has errors.")]
pub(super) struct TestArgs {
    /// Policy files, or folders of them
    #[arg(required = true, value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    paths: Vec<String>,
    #[command(flatten)]
    trust: Trust,
    /// Run only the tests whose title, with the row of its cases, matches this regular expression
    #[arg(long, value_name = "REGEX")]
    filter: Option<Regex>,
    /// Give a parameter another value than its default
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = super::name_and_value)]
    set: Vec<(String, String)>,
    /// Name every test, not only those that fail
    #[arg(long, short)]
    verbose: bool,
    /// How to print what the tests came to
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    format: CheckFormat,
    /// Say what of each rule no test decides: conditions, exceptions, boundaries, verdicts
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "text", value_name = "FORMAT")]
    coverage: Option<CoverageFormat>,
    /// Write the coverage to a file
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, requires = "coverage")]
    output: Option<PathBuf>,
    /// Fail where the tests decide less than this share of all parts
    #[arg(long, value_name = "PERCENT", requires = "coverage", value_parser = percentage)]
    min_coverage: Option<u64>,
    /// Run the tests again whenever a policy file changes, until ctrl-c
    #[arg(long)]
    watch: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CoverageFormat {
    /// A table, and each place that no test decides
    Text,
    /// An LCOV tracefile
    Lcov,
    /// One document, see docs/how-to/test-rules.md
    Json,
}

fn percentage(text: &str) -> Result<u64, String> {
    match text.trim_end_matches('%').trim().parse() {
        Ok(n) if n <= 100 => Ok(n),
        _ => Err("expected a whole number from 0 to 100".into()),
    }
}

pub(super) fn run(args: &TestArgs, style: Style) -> Result<Exit, Failure> {
    if args.watch { watch::watch(&args.paths, style, || once(args, style)) } else { once(args, style) }
}

fn once(args: &TestArgs, style: Style) -> Result<Exit, Failure> {
    let (mut policies, checked) = check::load(&args.paths, &args.trust, &args.set, style)?.parts();
    let plan = Arc::new(check::compile(&checked)?);
    let mut coverage = args.coverage.map(|_| Coverage::new(&plan));
    let all = checked.hir().tests.len();
    let mut ran = Vec::new();
    let wanted = |t: &&Test| args.filter.as_ref().is_none_or(|f| f.is_match(&testing::title(t)));
    for test in checked.hir().tests.iter().filter(wanted) {
        let outcome = if test.set.is_empty() {
            let metrics = || Arc::new(Plan::of_metrics(checked.hir()));
            testing::run(plan.clone(), metrics, policies.sources(), test, coverage.is_some())
        } else {
            let again = policies.check_for(test, &args.set);
            match again.compile() {
                Some(plan) => {
                    let metrics = || Arc::new(Plan::of_metrics(again.hir()));
                    testing::run(Arc::new(plan), metrics, policies.sources(), test, coverage.is_some())
                }
                None => Outcome::failed(again.diagnostics().to_vec()),
            }
        };
        if let Some(coverage) = &mut coverage {
            coverage.add(&outcome.shown);
        }
        ran.push(Ran { test, outcome });
    }
    let filtered = all - ran.len();
    let results = match (args.format, args.format.form()) {
        (_, Some(form)) => {
            let (run, notices) = testing::notices(&ran, policies.sources());
            let mut text = Vec::new();
            exchange::write(form, &run, &notices, &mut text)
                .map_err(|e| Failure::new(format!("cannot write the output: {e}")))?;
            String::from_utf8_lossy(&text).into_owned()
        }
        (CheckFormat::Json, None) => format!("{:#}\n", testing::json(&ran, filtered, policies.sources())),
        (_, None) => human(&ran, filtered, &policies, args.verbose, style),
    };
    let failed = ran.iter().any(|r| !r.passed());
    let mut low = false;
    match (coverage, args.coverage) {
        (Some(coverage), Some(format)) => {
            let told = match format {
                CoverageFormat::Text => undecided(&coverage, &policies, style.stdout && args.output.is_none()),
                CoverageFormat::Lcov => testing::lcov(&coverage, policies.sources()),
                CoverageFormat::Json => format!("{:#}\n", testing::coverage_json(&coverage, policies.sources())),
            };
            match &args.output {
                Some(path) => {
                    output::print(&results)?;
                    output::to_file(path, |out| out.write_all(told.as_bytes()))?;
                }
                // What a program reads stands alone on standard output.
                None if format == CoverageFormat::Text && args.format == CheckFormat::Human => {
                    output::print(&format!("{results}\n{told}"))?;
                }
                None if format == CoverageFormat::Text => {
                    output::print(&results)?;
                    output::tell(&told);
                }
                None => {
                    output::tell(&results);
                    output::print(&told)?;
                }
            }
            let reached = testing::percent(coverage.shares().all());
            if let Some(wanted) = args.min_coverage.filter(|wanted| reached < *wanted) {
                output::tell(&format!(
                    "the tests decide {reached} % of all parts; --min-coverage asks for {wanted} %\n"
                ));
                low = true;
            }
        }
        _ => output::print(&results)?,
    }
    Ok(if failed || low { Exit::Findings } else { Exit::Clean })
}

fn human(ran: &[Ran<'_>], filtered: usize, policies: &PolicySet, verbose: bool, style: Style) -> String {
    let sources = policies.sources();
    let mut text = String::new();
    for r in ran {
        let passed = r.passed();
        if verbose || !passed {
            let ended = if passed { "ok" } else { "FAILED" };
            text.push_str(&format!("test {} ... {ended} ({})\n", r.title(), r.place(sources)));
        }
        if !passed {
            if !r.outcome.lines.is_empty() {
                text.push_str(&format!("\n{}", testing::table(&r.outcome.lines)));
            }
            text.push('\n');
            text.push_str(&report::render::diagnostics(sources, &r.outcome.failures, style.stdout));
        }
    }
    let failed = ran.iter().filter(|r| !r.passed()).count();
    if ran.is_empty() && filtered == 0 {
        text.push_str("no tests: the policy set contains none\n");
    } else {
        text.push_str(&format!("{} passed, {failed} failed", ran.len() - failed));
        if filtered > 0 {
            text.push_str(&format!(", {filtered} filtered out"));
        }
        text.push('\n');
    }
    text
}

/// Each place that no test decides, and the table.
fn undecided(coverage: &Coverage, policies: &PolicySet, colour: bool) -> String {
    let mut text = report::render::diagnostics(policies.sources(), &coverage.diagnostics(), colour);
    text.push_str(&testing::coverage_table(coverage));
    text
}
