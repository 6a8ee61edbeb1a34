//! `bylaws report`: what a run found, as one page for the integrity department, the board and the auditors.

use super::given::Given;
use super::{Exit, Failure, Style, audit, metrics, output, people, reading};
use crate::data::People;
use crate::diag::did_you_mean;
use crate::eval::{Evaluator, Options};
use crate::plan::Plan;
use crate::report::integrity::{Asked, Earlier, Parts, Report, html, markdown};
use crate::report::metrics::Shown;
use crate::report::{self, Context, summary};
use clap::{Args, ValueEnum};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

#[derive(Args)]
#[command(after_help = "\
RECORDS is named as for `bylaws audit`.

The page is one file that needs no network. People have other names in it (Person 1, Person 2, …),
unless --names is given.

Examples:
  bylaws report --policy policies/ log.ndjson --output report.html
  bylaws report --policy policies/ log.ndjson --output report.md --as-of 2026-03-31
  bylaws report --policy policies/ log.ndjson --output q2.json
  bylaws report --policy policies/ log.ndjson --output q3.html --earlier q2.json

Exit codes:
  0  the report is written
  1  findings at or over --fail-on, where it is given
  2  an error in the policy, in the command line, or in reading and writing files
  3  more rejected records and indeterminate verdicts than --max-indeterminate, where it is given")]
pub(super) struct ReportArgs {
    #[command(flatten)]
    given: Given,
    /// By default what the output's name says, else html
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Write the report to a file, whole or not at all
    #[arg(long, short, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,
    /// The heading
    #[arg(long, default_value = "Integrity report", value_name = "TEXT")]
    title: String,
    /// The field of the table of people that findings are grouped by [default: unit, where there is one]
    #[arg(long, value_name = "FIELD")]
    group_by: Option<String>,
    /// Give people the names that the records give them
    #[arg(long, conflicts_with = "pseudonymize")]
    names: bool,
    /// What was found before: a report in JSON, or what `bylaws audit --format json|ndjson` wrote
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    earlier: Option<PathBuf>,
    /// The lowest severity that ends with exit code 1
    #[arg(long, value_name = "SEVERITY", default_value = "never", value_parser = ["info", "minor", "major", "critical", "never"])]
    fail_on: String,
    /// How many rejected records and indeterminate verdicts are allowed: a number, or `unlimited`
    #[arg(long, value_name = "N", default_value = "unlimited", value_parser = audit::number_or_unlimited)]
    max_indeterminate: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One page with charts, filters and all findings
    Html,
    /// Tables, for a pull request or a wiki
    Md,
    /// One document, see docs/reference/report.md
    Json,
}

pub(super) fn run(args: &ReportArgs, style: Style) -> Result<Exit, Failure> {
    let started = Instant::now();
    let format = format(args)?;
    let earlier = args.earlier.as_deref().map(earlier).transpose()?;
    let rules = args.given.rules(style)?;
    let mut plan = Plan::clone(&*rules.plan()?);
    let group_by = group_by(args, &plan)?;
    group_by.iter().for_each(|field| plan.read_of_tables(field));
    let plan = Arc::new(plan);
    let as_of = args.given.as_of.as_ref().map(|text| audit::time(text, &plan)).transpose()?;
    let threads = args.given.threads();
    let read = plan.reading();
    let inputs = args.given.inputs(&read)?;
    let in_order = inputs.in_order(threads);
    // With a key, texts have pseudonyms at once.
    let people = if inputs.people.are_named() { People::Marked } else { inputs.people.clone() };
    let options = Options { as_of, threads, twice: inputs.stay(), in_order, ..Options::default() };
    let evaluator = Evaluator::new(plan.clone(), options).map_err(|e| Failure::new(e.to_string()))?;
    let evaluator = evaluator.with_people(people);
    let reader = reading::Reader::new(&read, &inputs, threads, false, args.given.limit());
    let (evaluator, outcome) = reader.read(evaluator)?;
    let findings = reader.finish(evaluator)?;
    if let Some(then) = earlier.as_ref().and_then(|e| e.pseudonyms.as_ref())
        && *then != inputs.people.fingerprint()
    {
        return Err(Failure::new("the earlier report and this one are not made with one key").help(
            "ids of findings differ from key to key: give both runs the same `--pseudonymize KEYFILE`, or neither",
        ));
    }
    let mut summary = outcome.summary(&inputs, &findings);
    summary.as_of = args.given.as_of.clone();
    let names: Vec<String> = inputs.files.iter().map(|f| f.name.clone()).collect();
    let sources = people::quoted(rules.sources(), &plan, &inputs.people);
    let context = Context { sources: &sources, plan: &plan, inputs: &names };
    summary.waivers = report::waivers::lines(&context, &findings);
    summary.causes = report::causes::causes(&context, &findings);

    let figures = Arc::new(Plan::of_metrics(&*rules.hir()?));
    let worked = match figures.metrics.is_empty() {
        true => None,
        false => Some(metrics::work_out(&args.given, &figures, &inputs)?.0),
    };
    let shown: Vec<Shown> = worked
        .iter()
        .flat_map(|found| found.tables())
        .map(|table| {
            let (rule, metric) = (&figures.rules[table.metric], &figures.metrics[table.metric]);
            Shown { plan: &figures, sources: rules.sources(), rule, metric, table }
        })
        .collect();
    let asked = Asked { title: &args.title, group_by, names: args.names || !inputs.people.are_named() };
    let parts = Parts { context: &context, findings: &findings, summary: &summary, metrics: &shown, earlier, threads };
    let report = Report::new(&asked, &parts);
    let write = |out: &mut dyn Write| match format {
        Format::Html => html::write(&report, out),
        Format::Md => out.write_all(markdown::text(&report).as_bytes()),
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, &report).map_err(Into::into).and_then(|()| writeln!(out))
        }
    };
    match &args.output {
        None => output::to_stdout(write)?,
        Some(path) => output::to_file(path, write)?,
    }
    summary.elapsed = started.elapsed();
    output::tell(&summary::last_lines(&summary));
    Ok(audit::exit(&args.fail_on, args.max_indeterminate, &summary))
}

/// The field that findings are grouped by, where some table has it.
fn group_by<'a>(args: &'a ReportArgs, plan: &Plan) -> Result<Option<&'a str>, Failure> {
    let tables = plan.schema.kinds.iter().filter(|k| k.is_table());
    let fields: Vec<&str> = tables.flat_map(|k| &k.columns).filter(|c| !c.sensitive).map(|c| c.name.as_str()).collect();
    match args.group_by.as_deref() {
        None => Ok(Some("unit").filter(|unit| fields.contains(unit))),
        Some(field) if fields.contains(&field) => Ok(Some(field)),
        Some(field) => {
            let failure = Failure::new(format!("no table has a field `{field}` to group by"));
            Err(match did_you_mean(field, fields.iter().copied()) {
                Some(near) => failure.help(format!("did you mean `{near}`?")),
                None => failure.help("name a field of the table that the records' subjects refer to"),
            })
        }
    }
}

/// As asked for, or as the output's name ends.
fn format(args: &ReportArgs) -> Result<Format, Failure> {
    let named = args.output.as_deref().and_then(Path::extension).and_then(|e| e.to_str());
    let by_name = named.and_then(|e| match e.to_ascii_lowercase().as_str() {
        "html" | "htm" => Some(Format::Html),
        "md" | "markdown" => Some(Format::Md),
        "json" => Some(Format::Json),
        _ => None,
    });
    let format = args.format.or(by_name).unwrap_or(Format::Html);
    if args.output.is_none() && format == Format::Html && std::io::stdout().is_terminal() {
        return Err(Failure::new("a page is not for a terminal").help("write it to a file: `--output report.html`"));
    }
    Ok(format)
}

fn earlier(path: &Path) -> Result<Earlier, Failure> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read `{name}`: {}", super::disk::plain_io_error(&error))))?;
    Earlier::read(name.clone(), &text).map_err(|why| {
        Failure::new(format!("`{name}` is no earlier report: {why}"))
            .help("give what `bylaws report --format json` or `bylaws audit --format json|ndjson` wrote")
    })
}
