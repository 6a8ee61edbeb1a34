//! `bylaws audit`: records judged by a policy set.

use super::disk::plain_io_error;
use super::given::{Given, Rules};
use super::ledger::{self, Ledger};
use super::receipt;
use super::{Exit, Failure, Style, output, people, reading};
use crate::data::{Severity, Time, Verdict};
use crate::eval::{Evaluator, Findings, Options};
use crate::plan::Plan;
use crate::report::baseline::Baseline;
use crate::report::exchange::{self, Form, Run, Standing};
use crate::report::{self, Context, Entry, in_order, json, summary};
use crate::threads::{self, lock};
use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::io::{ErrorKind, IsTerminal, Write};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
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
  bylaws audit --policy policies/ log.ndjson --format sarif --output bylaws.sarif
  bylaws audit --policy policies/ log.ndjson --baseline known.json
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
    /// Keep rejected records whole, whatever is in them: people's names, and values of `@sensitive` fields
    #[arg(long, requires = "rejects")]
    rejects_raw: bool,
    /// Findings that are known: they are told as known, and only others end with exit code 1
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the baseline anew: what is found now is known from now on
    #[arg(long, requires = "baseline")]
    update_baseline: bool,
    /// Write what was read and what it came to, in hashes, for `bylaws verify`
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// Add what is found to this ledger, each verdict once; `bylaws ledger verify` shows what was changed in it
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    ledger: Option<PathBuf>,
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
    /// SARIF 2.1.0, for code hosts and viewers
    Sarif,
    /// JUnit XML, for CI servers
    Junit,
    /// Annotations of GitHub Actions
    Github,
    /// Annotations of Azure Pipelines
    Azure,
    /// GitLab's Code Quality report
    Gitlab,
    /// Test Anything Protocol
    Tap,
    /// A line a verdict, for spreadsheets
    Csv,
    /// A row a verdict, for data tools; to a file
    Parquet,
    /// Compliance Findings of the Open Cybersecurity Schema Framework, one a line
    Ocsf,
}

impl Format {
    fn form(self) -> Option<Form> {
        Some(match self {
            Format::Sarif => Form::Sarif,
            Format::Junit => Form::Junit,
            Format::Github => Form::Github,
            Format::Azure => Form::Azure,
            Format::Gitlab => Form::Gitlab,
            Format::Tap => Form::Tap,
            Format::Csv => Form::Csv,
            Format::Ocsf => Form::Ocsf,
            Format::Parquet => return None,
            Format::Human | Format::Json | Format::Ndjson => return None,
        })
    }
}

pub(super) fn run(args: &AuditArgs, style: Style) -> Result<Exit, Failure> {
    let started = Instant::now();
    // The process ends with the command: what is large is not taken apart before.
    let rules = ManuallyDrop::new(args.given.rules(style)?);
    let plan = ManuallyDrop::new(rules.plan()?);
    let baseline = args.baseline.as_deref().map(|path| baseline(path, args.update_baseline)).transpose()?;
    let as_of = args.given.as_of.as_ref().map(|text| time(text, &plan)).transpose()?;
    // One that cannot be added to is told before the records are read; meanwhile, others may add to it.
    args.ledger.as_deref().filter(|path| path.exists()).map(Ledger::open).transpose()?;
    let threads = args.given.threads();
    let read = plan.reading();
    let inputs = args.given.inputs(&read)?;
    let in_order = inputs.in_order(threads);
    let options = Options { as_of, threads, twice: inputs.stay(), in_order, ..Options::default() };
    let evaluator = Evaluator::new(Arc::clone(&plan), options).map_err(|e| Failure::new(e.to_string()))?;
    let evaluator = evaluator.with_people(inputs.people.clone());

    let reader = reading::Reader::new(&read, &inputs, threads, args.rejects.is_some(), args.given.limit());
    let (evaluator, outcome) = reader.read(evaluator)?;
    let findings = ManuallyDrop::new(reader.finish(evaluator)?);
    if let (Some(path), Some(known)) = (&args.baseline, &baseline) {
        same_key(path, known, &findings)?;
    }
    if let Some(path) = &args.rejects {
        output::to_file(path, |out| reader.write_rejects(&outcome, args.rejects_raw, out))?;
    }
    let mut summary = outcome.summary(&inputs, &findings);
    let names: Vec<String> = inputs.files.iter().map(|f| f.name.clone()).collect();
    let sources = people::quoted(rules.sources(), &plan, &inputs.people);
    let context = Context { sources: &sources, plan: &plan, inputs: &names };
    let noted = args.ledger.as_deref().map(|path| noted(path, &args.given, &rules, &context, &findings)).transpose()?;
    if let Some(path) = &args.receipt {
        let run = receipt::Run { inputs: &inputs, findings: &findings, summary: &summary };
        let receipt = report::receipt::Receipt::of(&args.given, &rules, &run)?;
        reader.unchanged()?;
        receipt.with(noted.as_ref().map(|(_, standing)| standing.clone())).write(path)?;
    }

    summary.as_of = args.given.as_of.clone();
    summary.waivers = report::waivers::lines(&context, &findings);
    summary.causes = report::causes::causes(&context, &findings);
    let updated = match (&args.baseline, baseline) {
        (Some(path), Some(before)) if args.update_baseline => {
            let now = Baseline::of(&context, &findings);
            summary.baseline = Some((path.display().to_string(), now.compare(&findings)));
            let (added, removed) = (now.beyond(&before), before.beyond(&now));
            let said = format!("{}: {} known, {added} added, {removed} removed\n", path.display(), now.len());
            Some((path, now, said))
        }
        (Some(path), Some(baseline)) => {
            summary.baseline = Some((path.display().to_string(), baseline.compare(&findings)));
            None
        }
        _ => None,
    };
    match args.format {
        Format::Human => {
            let color = style.stdout && args.output.is_none();
            let text = human(&context, &findings, &reader, &summary, args.max_per_rule, color)?;
            summary.elapsed = started.elapsed();
            match &args.output {
                None => output::print(&(text + &summary::human(&summary, color)))?,
                Some(path) => {
                    output::to_file(path, |out| out.write_all(text.as_bytes()))?;
                    output::tell(&summary::human(&summary, style.stderr));
                }
            }
        }
        Format::Parquet if args.output.is_none() && std::io::stdout().is_terminal() => {
            return Err(Failure::new("a Parquet file is not for a terminal").help("give `--output findings.parquet`"));
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
    // At last: what could not be reported does not become known.
    if let Some((path, now, said)) = updated {
        output::to_file(path, |out| now.write(out))?;
        output::tell(&said);
    }
    if let Some((added, report::receipt::Standing { file, entries, head })) = &noted {
        let (added, entries) = (report::plural(*added as usize, "verdict"), report::grouped(*entries));
        output::tell(&format!("ledger {file}: {added} added, entries now {entries}, head {head}\n"));
    }
    Ok(exit(&args.fail_on, args.max_indeterminate, &summary))
}

/// Adds what was found to a ledger: how much of it was new, and where the ledger stands now.
fn noted(
    path: &Path,
    given: &Given,
    rules: &Rules,
    context: &Context,
    findings: &Findings,
) -> Result<(u64, report::receipt::Standing), Failure> {
    let mut ledger = Ledger::open(path)?;
    let run = ledger::run_of(given, rules, findings.people());
    let added = ledger.add_findings(&run, context, findings, &in_order(findings))?;
    Ok((added, ledger.standing()))
}

/// What is known. A file that is about to be written may not be there yet.
fn baseline(path: &Path, update: bool) -> Result<Baseline, Failure> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if update && error.kind() == ErrorKind::NotFound => return Ok(Baseline::default()),
        Err(error) => {
            let failure = Failure::new(format!("cannot read `{}`: {}", path.display(), plain_io_error(&error)));
            return Err(match error.kind() {
                ErrorKind::NotFound => failure.help("`--update-baseline` writes it, with what is found now"),
                _ => failure,
            });
        }
    };
    Baseline::read(&text).map_err(|why| {
        Failure::new(format!("`{}` is not a baseline: {why}", path.display()))
            .help("a baseline is what `bylaws audit --baseline FILE --update-baseline` writes")
    })
}

/// Ids of findings are made with the key, so that another key knows none of them.
fn same_key(path: &Path, known: &Baseline, findings: &Findings) -> Result<(), Failure> {
    let (then, now) = (&known.pseudonyms, findings.people().fingerprint());
    if *then == now || known.len() == 0 {
        return Ok(());
    }
    let path = path.display();
    let told =
        |key: &Option<String>| key.as_ref().map_or("no key".into(), |k| format!("the key of the fingerprint {k}"));
    Err(Failure::new(format!("`{path}` was written with {}, and this run has {}", told(then), told(&now)))
        .help("ids of findings differ from key to key: compare with the same key, or write another baseline"))
}

/// How a run ends, by its gate.
pub(super) fn exit(fail_on: &str, max_indeterminate: u64, summary: &summary::Summary) -> Exit {
    let gate = fail_on.parse::<Severity>().ok();
    let mut rules = summary.rules.iter().enumerate();
    let over_gate = rules.any(|(i, r)| gate.is_some_and(|g| r.severity >= g) && summary.new_findings(i) > 0);
    if over_gate {
        Exit::Findings
    } else if summary.not_judged() > max_indeterminate {
        Exit::NotJudged
    } else {
        Exit::Clean
    }
}

/// The same of what was counted.
pub(super) fn exit_of(
    fail_on: &str,
    max_indeterminate: u64,
    findings: &std::collections::BTreeMap<Severity, u64>,
    not_judged: u64,
) -> Exit {
    let gate = fail_on.parse::<Severity>().ok();
    if gate.is_some_and(|gate| findings.iter().any(|(severity, n)| *severity >= gate && *n > 0)) {
        Exit::Findings
    } else if not_judged > max_indeterminate {
        Exit::NotJudged
    } else {
        Exit::Clean
    }
}

/// How a verdict stands beside the baseline, if one was given.
fn standing(summary: &summary::Summary, i: usize) -> Option<Standing> {
    summary.baseline.as_ref().and_then(|(_, compared)| compared.standings.get(i).copied().flatten())
}

/// Verdicts whose texts are made at once by one thread.
const LOT: usize = 64;
/// About so many lots of each thread may wait to be written.
const AHEAD: usize = 4;

fn programs(
    context: &Context,
    findings: &Findings,
    summary: &summary::Summary,
    (format, threads): (Format, usize),
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let order = in_order(findings);
    let entries = || -> Piece<'_> {
        let (mut explainer, mut written) = (findings.explainer(), json::Written::default());
        Box::new(move |i, _, text| {
            let entry = Entry::by(findings, &mut explainer, i);
            json::write(context, &entry, standing(summary, i), &mut written, text).map_err(Into::into)
        })
    };
    let notices = || {
        let mut explainer = findings.explainer();
        move |i: usize| exchange::of_entry(context, &Entry::by(findings, &mut explainer, i), standing(summary, i))
    };
    match format {
        Format::Ndjson => {
            return pieces(&order, threads, b"\n", &entries, &mut |texts, _| {
                out.write_all(texts)?;
                out.write_all(b"\n")
            });
        }
        Format::Parquet => {
            let run = run_of(context, summary);
            let mut sheet = exchange::Sheet::new(&run)?;
            let mut notice = notices();
            order.iter().try_for_each(|&i| sheet.add(notice(i), out))?;
            return sheet.finish(out);
        }
        _ => {}
    }
    if let Some(form) = format.form() {
        let run = run_of(context, summary);
        let has = |&i: &usize| form.has(exchange::outcome(findings.verdicts()[i]), standing(summary, i));
        let order: Vec<usize> = order.into_iter().filter(has).collect();
        let piece = || -> Piece<'_> {
            let (mut notice, form, run) = (notices(), &form, &run);
            Box::new(move |i, n, text| form.piece(run, &notice(i), n, text))
        };
        form.head(&run, out)?;
        pieces(&order, threads, form.between(), &piece, &mut |texts, first| {
            if !first {
                out.write_all(form.between())?;
            }
            out.write_all(texts)
        })?;
        let gone = summary.baseline.iter().flat_map(|(_, compared)| &compared.gone);
        let mut count = order.len();
        for notice in gone.filter_map(|line| exchange::of_gone(&run.rules, line)) {
            if form.has(notice.outcome, notice.standing) {
                let mut text = if count > 0 { form.between().to_vec() } else { Vec::new() };
                form.piece(&run, &notice, count, &mut text)?;
                out.write_all(&text)?;
                count += 1;
            }
        }
        return form.foot(&run, count, out);
    }
    write!(out, "{{\n\"schema\": \"{}\",\n\"findings\": [", json::DOCUMENT)?;
    pieces(&order, threads, b",\n", &entries, &mut |texts, first| {
        out.write_all(if first { b"\n" } else { b",\n" })?;
        out.write_all(texts)
    })?;
    writeln!(out, "\n],\n\"summary\": {:#}\n}}", summary::json(summary))
}

/// What other programs are told of the run as a whole.
fn run_of(context: &Context, summary: &summary::Summary) -> Run {
    let totals = Verdict::ALL.into_iter().filter(|v| *v != Verdict::Compliant);
    let rejected = summary.rejected.iter().map(|((code, reason), (count, first))| {
        let records = report::plural(*count as usize, "record");
        format!("{code}: {records} rejected: {reason}; the first is {first}")
    });
    Run {
        command: "audit",
        rules: exchange::rules(context, |i| summary.rules.get(i).map_or(0, |r| r.counts.compliant)),
        totals: totals.map(|v| (exchange::outcome(v), summary.count(v))).collect(),
        known: summary.baseline.as_ref().map_or([0; 2], |(_, compared)| compared.known),
        troubles: rejected.collect(),
    }
}

/// Writes the text of a verdict, and of which number it is, one after another.
type Piece<'a> = Box<dyn FnMut(usize, usize, &mut Vec<u8>) -> std::io::Result<()> + 'a>;

/// The texts of verdicts in their order, many at once with something between them, and whether they are the first.
/// They are made on all threads, this one too, while those before are written.
fn pieces<'a>(
    order: &[usize],
    threads: usize,
    between: &[u8],
    begin: &(dyn Fn() -> Piece<'a> + Sync),
    write: &mut dyn FnMut(&[u8], bool) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let lots: Vec<&[usize]> = order.chunks(LOT).collect();
    // What held a text that has been written holds the next.
    let spare: Mutex<Vec<Vec<u8>>> = Mutex::default();
    let text = |lot: usize, piece: &mut Piece<'a>| -> std::io::Result<Vec<u8>> {
        let mut text = lock(&spare).pop().unwrap_or_default();
        for (k, &i) in lots[lot].iter().enumerate() {
            if k > 0 {
                text.extend_from_slice(between);
            }
            piece(i, lot * LOT + k, &mut text)?;
        }
        Ok(text)
    };
    let threads = threads.min(lots.len()).max(1);
    let most = AHEAD * threads;
    let next = AtomicUsize::new(0);
    let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|lot| *lot < lots.len());
    let (ready, made) = std::sync::mpsc::sync_channel(most);
    std::thread::scope(|scope| {
        // In the scope: where something could not be written, the others have nobody to give a text to, and end.
        let made = made;
        for _ in 1..threads {
            let (take, text, ready) = (&take, &text, ready.clone());
            threads::begin(scope, move || {
                let mut piece = begin();
                while let Some(lot) = take() {
                    if ready.send((lot, text(lot, &mut piece))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(ready);
        let mut piece = begin();
        let mut waiting: BTreeMap<usize, std::io::Result<Vec<u8>>> = BTreeMap::new();
        for lot in 0..lots.len() {
            let text = loop {
                waiting.extend(made.try_iter());
                if let Some(text) = waiting.remove(&lot) {
                    break text;
                }
                let own = if waiting.len() < most { take() } else { None };
                match own {
                    Some(own) => waiting.insert(own, text(own, &mut piece)),
                    // The rest is being made. A thread that panics takes the run with it when the scope ends.
                    None => match made.recv() {
                        Ok((lot, text)) => waiting.insert(lot, text),
                        Err(_) => return Ok(()),
                    },
                };
            };
            let mut text = text?;
            write(&text, lot == 0)?;
            text.clear();
            lock(&spare).push(text);
        }
        Ok(())
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
    summary: &summary::Summary,
    most: usize,
    color: bool,
) -> Result<String, Failure> {
    let mut order = in_order(findings);
    order.retain(|&i| standing(summary, i) != Some(Standing::Known));
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

pub(super) fn time(text: &str, plan: &Plan) -> Result<Time, Failure> {
    plan.moment(text).ok_or_else(|| {
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
