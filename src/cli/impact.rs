//! `bylaws impact`: the same records under two policy sets.

use super::diff::{self, Format, Loaded};
use super::memory::{Limit, Size};
use super::{Exit, Failure, Style, audit, check, output, reading, records};
use crate::analyze;
use crate::eval::{Evaluator, Findings, Options};
use crate::plan::Plan;
use crate::report::Context;
use crate::report::impact::{self, Run};
use clap::Args;
use std::num::NonZeroUsize;
use std::sync::Arc;

#[derive(Args)]
#[command(after_help = "\
OLD and NEW are named as for `bylaws diff`, RECORDS as for `bylaws audit`.

For a comment on a pull request: --format md has what changes in meaning and what that does to the
records, how many people it is about, and nobody's name.

Examples:
  bylaws impact old/ new/ log.ndjson
  bylaws impact main policies/ 'logs/*.ndjson.gz' --as-of 2026-03-31
  bylaws impact origin/main policies/ log.ndjson --format md > comment.md

Exit codes: 0 shown, 2 an error in a policy, in the command line, or in reading and writing files.")]
pub(super) struct ImpactArgs {
    /// The policy set as it was
    #[arg(value_name = "OLD")]
    old: String,
    /// The policy set as it is
    #[arg(value_name = "NEW")]
    new: String,
    /// Where the records are
    #[arg(value_name = "RECORDS", required = true)]
    records: Vec<String>,
    /// The policy's path at a revision
    #[arg(long, short, value_name = "PATH")]
    policy: Option<String>,
    /// Where the data ends: a date (its end) or a timestamp. Later records are set aside
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
    /// How many records of one rule and effect are shown
    #[arg(long, value_name = "N", default_value_t = 3)]
    examples: usize,
    /// How many threads read and judge [default: all cores]. What comes out is the same
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// End with an error rather than hold more memory: `4 GB`, `75%`, `unlimited` [default: 80% of what there is]
    #[arg(long, value_name = "SIZE", value_parser = super::memory::size)]
    memory_limit: Option<Size>,
}

/// A set's verdicts on the records.
struct Judged {
    plan: Arc<Plan>,
    findings: Findings,
    inputs: Vec<String>,
    rejected: u64,
}

pub(super) fn run(args: &ImpactArgs, style: Style) -> Result<Exit, Failure> {
    if args.records.iter().any(|r| r == "-") {
        return Err(Failure::new("the records are read once for each policy, which standard input cannot be")
            .help("write them to a file first"));
    }
    let (old, new) = diff::both(&args.old, &args.new, args.policy.as_deref(), style)?;
    let (before, after) = (judge(args, &old)?, judge(args, &new)?);
    let found = impact::compare(&as_run(&old, &before), &as_run(&new, &after));
    output::print(&match args.format {
        Format::Human => impact::human(&found, args.examples, style.stdout),
        Format::Json => format!("{:#}\n", impact::json(&found)),
        Format::Md => {
            let changes = diff::changes(&old, &new)?;
            let records = impact::markdown(&found, args.examples, &analyze::cell);
            format!("{}\n{records}", analyze::markdown(&changes))
        }
    })?;
    for (what, judged) in [("OLD", &before), ("NEW", &after)] {
        if judged.rejected > 0 {
            let records = crate::report::plural(judged.rejected as usize, "record");
            output::tell(&format!("{what}: {records} rejected; `bylaws audit` says which\n"));
        }
    }
    Ok(Exit::Clean)
}

fn as_run<'a>(of: &'a Loaded, judged: &'a Judged) -> Run<'a> {
    let context = Context { sources: of.policies.sources(), plan: &judged.plan, inputs: &judged.inputs };
    Run { context, findings: &judged.findings }
}

fn judge(args: &ImpactArgs, of: &Loaded) -> Result<Judged, Failure> {
    let plan = Arc::new(check::compile(&of.checked)?);
    let as_of = args.as_of.as_ref().map(|text| audit::time(text, &plan)).transpose()?;
    let threads = args.threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let read = plan.reading();
    let inputs = records::inputs(&args.records, &read)?;
    let in_order = inputs.in_order(threads);
    let options = Options { as_of, threads, twice: inputs.stay(), in_order, ..Options::default() };
    let evaluator = Evaluator::new(plan.clone(), options).map_err(|e| Failure::new(e.to_string()))?;
    let reader = reading::Reader::new(&read, &inputs, threads, false, Limit::new(args.memory_limit));
    let (evaluator, outcome) = reader.read(evaluator)?;
    let findings = evaluator.finish();
    let rejected = outcome.summary(&inputs, &findings).rejected_count();
    let inputs = inputs.files.iter().map(|f| f.name.clone()).collect();
    Ok(Judged { plan, findings, inputs, rejected })
}
