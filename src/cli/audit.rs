//! `bylaws audit`: records judged by a policy set.

use super::given::Given;
use super::records;
use super::{Exit, Failure, Style, output, reading};
use crate::data::calendar::Zone;
use crate::data::{Severity, Time, Verdict};
use crate::eval::{Evaluator, Findings, Options};
use crate::plan::Plan;
use crate::report::{self, Context, Entry, json, summary};
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Args)]
#[command(after_help = "\
RECORDS is a path, a glob, SOURCE=PATH, KIND=PATH or - (standard input).
  A path is read by the source whose `files` fits its name; or its objects name their own `kind`;
  or the only source of its format takes it. Without RECORDS, the `files` of the policy's sources
  are read.

Examples:
  bylaws audit --policy policies/ log.ndjson
  bylaws audit --policy policies/ 'logs/*.ndjson.gz' employee=staff.csv --as-of 2026-03-31
  bylaws audit --policy policies/ gifts_register=export.csv --format ndjson --output findings.ndjson
  zcat log.gz | bylaws audit --policy policies/ - --fail-on major --max-indeterminate 10

Exit codes:
  0  clean
  1  findings at or over --fail-on
  2  an error in the policy, in the command line, or in reading and writing files
  3  more rejected records and indeterminate verdicts than --max-indeterminate")]
pub(super) struct AuditArgs {
    #[command(flatten)]
    given: Given,
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
    /// Write the report to a file, whole or not at all; the summary goes to standard error
    #[arg(long, short, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,
    /// The lowest severity that ends with exit code 1
    #[arg(long, value_name = "SEVERITY", default_value = "info", value_parser = ["info", "minor", "major", "critical", "never"])]
    fail_on: String,
    /// How many rejected records and indeterminate verdicts are allowed: a number, or `unlimited`
    #[arg(long, value_name = "N", default_value = "0", value_parser = number_or_unlimited)]
    max_indeterminate: u64,
    /// Keep what could not be read as a record, one JSON object a line
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    rejects: Option<PathBuf>,
    /// How many verdicts of one sort and rule a human report shows; the others are counted
    #[arg(long, value_name = "N", default_value_t = 20)]
    max_per_rule: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: each finding with the rule's clauses and the records
    Human,
    /// One document with findings and summary, see docs/reference/findings.md
    Json,
    /// One object a line and verdict
    Ndjson,
}

pub(super) fn run(args: &AuditArgs, style: Style) -> Result<Exit, Failure> {
    let started = Instant::now();
    let rules = args.given.rules(style)?;
    let plan = rules.plan()?;
    let as_of = args.given.as_of.as_ref().map(|text| time(text, &plan)).transpose()?;
    let threads = args.given.threads();
    let read = plan.reading();
    let inputs = records::inputs(&args.given.records, &read)?;
    let in_order = inputs.in_order(threads);
    let options = Options { as_of, threads, twice: inputs.stay(), in_order, ..Options::default() };
    let evaluator = Evaluator::new(plan.clone(), options).map_err(|e| Failure::new(e.to_string()))?;

    let reader = reading::Reader::new(&read, &inputs, threads, args.rejects.is_some(), args.given.limit());
    let (evaluator, outcome) = reader.read(evaluator)?;
    let findings = evaluator.finish();
    if let Some(path) = &args.rejects {
        output::to_file(path, |out| outcome.write_rejects(&inputs, out))?;
    }
    let mut summary = outcome.summary(&inputs, &findings);

    let names: Vec<String> = inputs.files.iter().map(|f| f.name.clone()).collect();
    let context = Context { sources: rules.sources(), plan: &plan, inputs: &names };
    summary.as_of = args.given.as_of.clone();
    summary.waivers = report::waivers::lines(&context, &findings);
    summary.causes = report::causes::causes(&context, &findings);
    match args.format {
        Format::Human => {
            let color = style.stdout && args.output.is_none();
            let text = human(&context, &findings, &reader, args.max_per_rule, color)?;
            summary.elapsed = started.elapsed();
            match &args.output {
                None => output::print(&(text + &summary::human(&summary, color)))?,
                Some(path) => {
                    output::to_file(path, |out| out.write_all(text.as_bytes()))?;
                    output::tell(&summary::human(&summary, style.stderr));
                }
            }
        }
        format => {
            let write = |out: &mut dyn Write| programs(&context, &findings, &summary, (format, threads), out);
            match &args.output {
                None => output::to_stdout(write)?,
                Some(path) => output::to_file(path, write)?,
            }
            summary.elapsed = started.elapsed();
            output::tell(&summary::human(&summary, style.stderr));
        }
    }
    Ok(exit(&args.fail_on, args.max_indeterminate, &summary))
}

/// How a run ends, by its gate.
pub(super) fn exit(fail_on: &str, max_indeterminate: u64, summary: &summary::Summary) -> Exit {
    let gate = fail_on.parse::<Severity>().ok();
    let over_gate = summary.rules.iter().any(|r| gate.is_some_and(|g| r.severity >= g) && r.counts.finding > 0);
    if over_gate {
        Exit::Findings
    } else if summary.not_judged() > max_indeterminate {
        Exit::NotJudged
    } else {
        Exit::Clean
    }
}

/// Severity descending, then the findings' own order: rule, then time.
fn in_order(findings: &Findings) -> Vec<usize> {
    let mut order: Vec<usize> = (0..findings.len()).filter(|&i| findings.verdicts()[i] != Verdict::Compliant).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(findings.row(i).rule.severity));
    order
}

/// Verdicts whose texts are made at once by one thread.
const LOT: usize = 64;
/// So many lots of each thread may wait to be written.
const AHEAD: usize = 4;

fn programs(
    context: &Context,
    findings: &Findings,
    summary: &summary::Summary,
    (format, threads): (Format, usize),
    out: &mut dyn Write,
) -> std::io::Result<()> {
    if format == Format::Ndjson {
        return entries(context, findings, threads, b"\n", &mut |texts, _| {
            out.write_all(texts)?;
            out.write_all(b"\n")
        });
    }
    write!(out, "{{\n\"schema\": \"{}\",\n\"findings\": [", json::DOCUMENT)?;
    entries(context, findings, threads, b",\n", &mut |texts, first| {
        out.write_all(if first { b"\n" } else { b",\n" })?;
        out.write_all(texts)
    })?;
    writeln!(out, "\n],\n\"summary\": {:#}\n}}", summary::json(summary))
}

/// The texts of all verdicts in order, many at once with something between them, and whether they are the first. They
/// are made on all threads while those before are written.
fn entries(
    context: &Context,
    findings: &Findings,
    threads: usize,
    between: &[u8],
    write: &mut dyn FnMut(&[u8], bool) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let order = in_order(findings);
    let lots: Vec<&[usize]> = order.chunks(LOT).collect();
    let text = |lot: &[usize]| -> std::io::Result<Vec<u8>> {
        let mut text = Vec::with_capacity(LOT << 10);
        for &i in lot {
            if !text.is_empty() {
                text.extend_from_slice(between);
            }
            serde_json::to_writer(&mut text, &json::entry(context, &Entry::of(findings, i)))?;
        }
        Ok(text)
    };
    let threads = threads.min(lots.len()).max(1);
    if threads == 1 {
        return lots.iter().enumerate().try_for_each(|(n, lot)| write(&text(lot)?, n == 0));
    }
    std::thread::scope(|scope| {
        let workers = (0..threads).map(|first| {
            let (ready, take) = std::sync::mpsc::sync_channel(AHEAD);
            let (lots, text) = (&lots, &text);
            scope.spawn(move || {
                // The other side is gone where something could not be written.
                lots.iter().skip(first).step_by(threads).take_while(|lot| ready.send(text(lot)).is_ok()).count()
            });
            take
        });
        let workers: Vec<_> = workers.collect();
        // A worker that panics takes the run with it when the scope ends.
        let mut texts = (0..lots.len()).map_while(|n| workers[n % threads].recv().ok());
        let mut first = true;
        texts.try_for_each(|text| write(&text?, std::mem::take(&mut first)))
    })
}

/// In this order.
const SHOWN: [Verdict; 6] =
    [Verdict::Finding, Verdict::Indeterminate, Verdict::Pending, Verdict::Waived, Verdict::Excepted, Verdict::Repeated];

/// Findings in full, then what is indeterminate, pending, waived, excepted and repeated, the first of each rule.
fn human(
    context: &Context,
    findings: &Findings,
    reader: &reading::Reader,
    most: usize,
    color: bool,
) -> Result<String, Failure> {
    let order = in_order(findings);
    let mut shown: Vec<Shown> = Vec::new();
    for verdict in SHOWN {
        let mut rule = None;
        let mut of_rule = 0;
        for &i in order.iter().filter(|&&i| findings.verdicts()[i] == verdict) {
            let row = findings.row(i);
            if rule != Some(row.rule_index) {
                rule = Some(row.rule_index);
                of_rule = 0;
            }
            of_rule += 1;
            if of_rule <= most {
                shown.push(Shown::Entry(Box::new(Entry::of(findings, i))));
            } else if let Some(Shown::More { rule, count, .. }) = shown.last_mut()
                && *rule == row.rule.name
            {
                *count += 1;
            } else {
                shown.push(Shown::More { rule: row.rule.name.clone(), verdict, count: 1 });
            }
        }
    }
    let entries: Vec<&Entry> = shown
        .iter()
        .filter_map(|s| match s {
            Shown::Entry(entry) => Some(&**entry),
            Shown::More { .. } => None,
        })
        .collect();
    let mut excerpts = reader.excerpts(context, &entries)?.into_iter();
    let in_short = |v: Option<Verdict>| v.is_some_and(|v| !matches!(v, Verdict::Finding | Verdict::Indeterminate));
    let mut text = String::new();
    let mut last = None;
    for item in &shown {
        match item {
            Shown::Entry(entry) => {
                let verdict = entry.verdict();
                if last.is_some_and(|l| l != verdict) && in_short(last) {
                    text.push('\n');
                }
                last = Some(verdict);
                text.push_str(&report::human::entry(context, entry, &excerpts.next().unwrap_or_default(), color));
            }
            Shown::More { rule, verdict, count } => {
                let more = report::human::verdicts(*count, *verdict);
                text.push_str(&format!("… and {more} more of {rule} (see --max-per-rule)\n\n"));
            }
        }
    }
    if in_short(last) {
        text.push('\n');
    }
    Ok(text)
}

enum Shown<'a> {
    Entry(Box<Entry<'a>>),
    More { rule: String, verdict: Verdict, count: u64 },
}

/// A date, or a timestamp with or without an offset; without one it is in the policy's zone.
pub(super) fn time(text: &str, plan: &Plan) -> Result<Time, Failure> {
    let epoch = jiff::civil::date(1970, 1, 1);
    let days = |date: jiff::civil::Date| (date - epoch).get_days();
    let zone = Zone::named(&plan.timezone).unwrap_or_else(Zone::utc);
    let local = |at: jiff::civil::DateTime| {
        let of_day = (at - at.date().at(0, 0, 0, 0)).total(jiff::Unit::Nanosecond).ok()? as i64;
        zone.at_local(days(at.date()), of_day)
    };
    let instant = |at: jiff::Timestamp| i64::try_from(at.as_nanosecond()).ok();
    let bare_date = text.len() == 10;
    let found = if bare_date {
        text.parse().ok().map(|date| Time::Date(days(date)))
    } else if let Ok(at) = text.parse::<jiff::Timestamp>() {
        instant(at).map(Time::Instant)
    } else {
        text.parse().ok().and_then(local).map(Time::Instant)
    };
    found.ok_or_else(|| {
        Failure::new(format!("`--as-of {text}` is not a time"))
            .help("write a date like 2026-03-31, or a timestamp like 2026-03-31T18:00+08:00")
    })
}

pub(super) fn number_or_unlimited(text: &str) -> Result<u64, String> {
    match text {
        "unlimited" => Ok(u64::MAX),
        text => text.parse().map_err(|_| "expected a number or `unlimited`".into()),
    }
}
