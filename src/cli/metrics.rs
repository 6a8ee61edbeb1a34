//! `bylaws metrics`: the figures that a policy set keeps, by period.

use super::given::Given;
use super::{Exit, Failure, Style, audit, output, reading, records};
use crate::diag::did_you_mean;
use crate::eval::{Evaluator, Metrics, Options};
use crate::plan::Plan;
use crate::report::metrics::{self, Shown};
use crate::report::{plural, summary};
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

#[derive(Args)]
#[command(after_help = "\
RECORDS is named as for `bylaws audit`.

Examples:
  bylaws metrics --policy policies/ log.ndjson
  bylaws metrics --policy policies/ log.ndjson --only training_hours --format csv --output hours.csv
  bylaws metrics --policy policies/ log.ndjson --as-of 2026-03-31

Exit codes:
  0  clean
  2  an error in the policy, in the command line, or in reading and writing files
  3  more rejected and not fully counted records than --max-uncounted")]
pub(super) struct MetricsArgs {
    #[command(flatten)]
    given: Given,
    /// This metric and no other; may be repeated
    #[arg(long, value_name = "NAME", num_args = 1)]
    only: Vec<String>,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Write the figures to a file, whole or not at all
    #[arg(long, short, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,
    /// How many rejected and not fully counted records are allowed: a number, or `unlimited`
    #[arg(long, value_name = "N", default_value = "0", value_parser = audit::number_or_unlimited)]
    max_uncounted: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for each metric
    Text,
    /// One document, see docs/reference/metrics.md
    Json,
    /// One table of all, after RFC 4180
    Csv,
}

pub(super) fn run(args: &MetricsArgs, style: Style) -> Result<Exit, Failure> {
    let started = Instant::now();
    let rules = args.given.rules(style)?;
    let plan = Arc::new(Plan::of_metrics(&*rules.hir()?));
    let chosen = chosen(&args.only, &plan)?;
    let inputs = args.given.inputs(&plan.reading())?;
    let (found, mut summary) = work_out(&args.given, &plan, &inputs)?;
    let all: Vec<Shown> = chosen
        .into_iter()
        .filter_map(|name| {
            let table = found.tables().iter().find(|t| plan.rules[t.metric].name == name)?;
            let (rule, metric) = (&plan.rules[table.metric], &plan.metrics[table.metric]);
            Some(Shown { plan: &plan, sources: rules.sources(), rule, metric, table })
        })
        .collect();
    let color = style.stdout && args.output.is_none();
    let write = |out: &mut dyn Write| match args.format {
        Format::Text => all.iter().try_for_each(|s| out.write_all(metrics::human(s, color).as_bytes())),
        Format::Csv => metrics::csv(&all, out),
        Format::Json => document(&all, &summary, out),
    };
    match &args.output {
        None => output::to_stdout(write)?,
        Some(path) => output::to_file(path, write)?,
    }
    let not_counted: u64 = all.iter().map(Shown::not_counted).sum();
    let uncounted = summary.rejected_count() + not_counted;
    summary.elapsed = started.elapsed();
    output::tell(&summary::read(&summary));
    if uncounted > args.max_uncounted {
        let each = if all.len() > 1 { ", each metric by itself" } else { "" };
        let rejected = plural(summary.rejected_count() as usize, "record");
        let counted = plural(not_counted as usize, "record");
        output::tell(&format!("{rejected} rejected, {counted} not fully counted{each}\n"));
        return Ok(Exit::NotJudged);
    }
    Ok(Exit::Clean)
}

/// Reads the inputs of any plan of the policy set, and works out all metrics of its plan of metrics.
pub(super) fn work_out(
    given: &Given,
    plan: &Arc<Plan>,
    inputs: &records::Inputs,
) -> Result<(Metrics, summary::Summary), Failure> {
    let as_of = given.as_of.as_ref().map(|text| audit::time(text, plan)).transpose()?;
    let threads = given.threads();
    let read = plan.reading();
    let options = Options { as_of, threads, twice: inputs.stay(), ..Options::default() };
    let evaluator = Evaluator::new(plan.clone(), options).map_err(|e| Failure::new(e.to_string()))?;
    let evaluator = evaluator.with_people(inputs.people.clone());
    let reader = reading::Reader::new(&read, inputs, threads, false, given.limit());
    let (evaluator, outcome) = reader.read(evaluator)?;
    let found = reader.metrics(evaluator)?;
    let mut summary = outcome.read(inputs, plan, found.records());
    summary.as_of = given.as_of.clone();
    summary.kinds.iter_mut().for_each(|k| k.used |= k.read > 0);
    Ok((found, summary))
}

/// The names of the metrics that are wanted.
fn chosen(only: &[String], plan: &Plan) -> Result<Vec<String>, Failure> {
    let mut known: Vec<&str> = plan.rules.iter().take(plan.metrics.len()).map(|r| r.name.as_str()).collect();
    known.dedup();
    if plan.metrics.is_empty() {
        return Err(Failure::new("the policy set keeps no metrics")
            .help("declare one: `metric gifts \"Gifts a month\" { on gift  count in month }`"));
    }
    if only.is_empty() {
        return Ok(known.into_iter().map(str::to_owned).collect());
    }
    let mut chosen = Vec::new();
    for name in only {
        match known.contains(&name.as_str()) {
            true if chosen.contains(name) => {}
            true => chosen.push(name.clone()),
            false => {
                let failure = Failure::new(format!("the policy set has no metric `{name}`"));
                return Err(match did_you_mean(name, known.iter().copied()) {
                    Some(near) => failure.help(format!("did you mean `{near}`?")),
                    None => failure.help(format!("it has {}", known.join(", "))),
                });
            }
        }
    }
    chosen.sort();
    Ok(chosen)
}

fn document(all: &[Shown], summary: &summary::Summary, out: &mut dyn Write) -> std::io::Result<()> {
    write!(out, "{{\n\"schema\": \"{}\",\n\"metrics\": [", metrics::DOCUMENT)?;
    for (i, shown) in all.iter().enumerate() {
        write!(out, "{}\n{:#}", if i > 0 { "," } else { "" }, metrics::json(shown))?;
    }
    writeln!(out, "\n],\n\"summary\": {:#}\n}}", summary::read_json(summary))
}
