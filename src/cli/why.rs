//! `bylaws explain-finding` and `bylaws why-not`: why a rule ended as it did at one record.

use super::given::{Given, Rules};
use super::{Exit, Failure, Style, audit, output, people, reading, records};
use crate::data::{KindId, Verdict, identity};
use crate::diag::did_you_mean;
use crate::eval::why::About;
use crate::eval::{Evaluator, Findings, Options};
use crate::plan::Plan;
use crate::report::{self, Context};
use clap::{Args, ValueEnum};
use std::sync::Arc;

/// As in the audit that is explained.
#[derive(Args)]
struct Common {
    #[command(flatten)]
    given: Given,
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The tree of conditions, for people
    Human,
    /// One document, see docs/reference/why.md
    Json,
}

#[derive(Args)]
#[command(after_help = "\
ID is what a report shows as a finding's id, or its first six digits or more. The policy, the records and
the options have to be those of the audit.

Examples:
  bylaws explain-finding 11465c76 --policy policies/ log.ndjson
  bylaws explain-finding 11465c76 --policy policies/ log.ndjson --format json

Exit codes:
  0  explained
  2  no verdict with this id, or several; or an error in the policy, the command line, or in reading files")]
pub(super) struct FindingArgs {
    /// The finding's id, or its beginning
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
#[command(after_help = "\
RECORD is FILE:LINE, or KIND:IDENTITY as reports show it (gift:17, or 'gift:id = 17').

Examples:
  bylaws why-not gifts_from_one_giver log.ndjson:12 --policy policies/ log.ndjson
  bylaws why-not yearly_training employee:E1004 --policy policies/ log.ndjson

Exit codes:
  0  explained, whatever the verdict
  2  no such rule or record; or an error in the policy, the command line, or in reading files")]
pub(super) struct WhyNotArgs {
    /// The rule's name
    #[arg(value_name = "RULE")]
    rule: String,
    /// The record: FILE:LINE or KIND:IDENTITY
    #[arg(value_name = "RECORD")]
    record: String,
    /// Of a rule that looks at each row at the end of each period: the period's last day. Without it, the latest few
    #[arg(long, value_name = "DATE")]
    at: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Of a row that is judged at many moments, so many are shown.
const MOMENTS: usize = 3;

/// A policy set and the inputs that it is to judge.
struct Run<'a> {
    common: &'a Common,
    rules: Rules<'a>,
    plan: Arc<Plan>,
    inputs: records::Inputs,
    threads: usize,
}

impl<'a> Run<'a> {
    fn new(common: &'a Common, style: Style) -> Result<Run<'a>, Failure> {
        let rules = common.given.rules(style)?;
        let plan = rules.plan()?;
        let inputs = common.given.inputs(&plan.reading())?;
        let threads = common.given.threads();
        Ok(Run { common, rules, plan, inputs, threads })
    }

    fn judge(&self, plan: Arc<Plan>, retain: bool) -> Result<(Findings, reading::Outcome), Failure> {
        let as_of = self.common.given.as_of.as_ref().map(|text| audit::time(text, &plan)).transpose()?;
        let options = Options {
            as_of,
            threads: self.threads,
            keep_compliant: retain,
            retain,
            twice: self.inputs.stay(),
            ..Options::default()
        };
        let evaluator = Evaluator::new(plan.clone(), options).map_err(|e| Failure::new(e.to_string()))?;
        let evaluator = evaluator.with_people(self.inputs.people.clone());
        let reading = plan.reading();
        let reader = reading::Reader::new(&reading, &self.inputs, self.threads, retain, self.common.given.limit());
        let (evaluator, outcome) = reader.read(evaluator)?;
        Ok((reader.finish(evaluator)?, outcome))
    }

    /// The plan of one rule, and of those that it needs. `all`: records of every kind are held, not only of those that
    /// the rule reads.
    fn narrowed(&self, rule: &str, all: bool) -> Result<Arc<Plan>, Failure> {
        let mut hir = self.rules.hir()?.into_owned();
        hir.keep_rule(rule);
        let mut plan = Plan::compile(&hir);
        plan.timezone.clone_from(&self.plan.timezone);
        plan.read_alike(&self.plan);
        if all {
            plan.read_every_kind();
        }
        Ok(Arc::new(plan))
    }

    fn print(&self, findings: &Findings, about: &[About], style: Style) -> Result<Exit, Failure> {
        let names: Vec<String> = self.inputs.files.iter().map(|f| f.name.clone()).collect();
        let sources = people::quoted(self.rules.sources(), findings.plan(), findings.people());
        let context = Context { sources: &sources, plan: findings.plan(), inputs: &names };
        let mut whys: Vec<_> = about.iter().map(|a| findings.why(a)).collect();
        // Of several wordings of a rule, the one of the record's time.
        if whys.iter().any(|w| !w.not_in_force()) {
            whys.retain(|w| !w.not_in_force());
        }
        match self.common.format {
            Format::Human => {
                let text: Vec<String> = whys.iter().map(|w| report::why::human(&context, w, style.stdout)).collect();
                output::print(&text.join("\n"))?;
            }
            Format::Json => output::print(&format!("{:#}\n", report::why_json::document(&context, &whys)))?,
        }
        Ok(Exit::Clean)
    }
}

pub(super) fn explain_finding(args: &FindingArgs, style: Style) -> Result<Exit, Failure> {
    let wanted = args.id.to_ascii_lowercase();
    if wanted.len() < 6 || wanted.len() > 32 || !wanted.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Failure::new(format!("`{}` is not the id of a finding", args.id))
            .help("an id is 32 hexadecimal digits, as reports show it; its first six or more will do"));
    }
    let run = Run::new(&args.common, style)?;
    let (findings, _) = run.judge(run.plan.clone(), false)?;
    let matching: Vec<usize> = (0..findings.len())
        .filter(|&i| {
            findings.verdicts()[i] != Verdict::Compliant && identity::hex(&findings.ids()[i]).starts_with(&wanted)
        })
        .collect();
    let i = match matching.as_slice() {
        [one] => *one,
        [] => {
            return Err(Failure::new(format!("no verdict has the id `{}`", args.id)).help(
                "the policy, the records, `--as-of` and `--set` have to be those of the audit that showed it; \
                 compliant verdicts are explained by `bylaws why-not`",
            ));
        }
        several => {
            let lines: Vec<String> = several
                .iter()
                .take(20)
                .map(|&i| format!("{}  {}", identity::hex(&findings.ids()[i]), findings.row(i).rule.name))
                .collect();
            return Err(Failure::new(format!("{} verdicts have an id that begins with `{}`", several.len(), args.id))
                .help(format!("give more digits:\n{}", lines.join("\n"))));
        }
    };
    let (id, rule) = (findings.ids()[i], findings.row(i).rule.name.clone());
    // Not both at once in memory.
    drop(findings);
    let (findings, _) = run.judge(run.narrowed(&rule, false)?, true)?;
    match findings.ids().iter().position(|other| *other == id) {
        Some(i) => run.print(&findings, &[findings.about_verdict(i)], style),
        // Standard input is read once, and kept; a file may have changed.
        None => Err(Failure::new(format!("the verdict `{}` is not there any more", args.id))
            .help("did the records change while they were read?")),
    }
}

pub(super) fn why_not(args: &WhyNotArgs, style: Style) -> Result<Exit, Failure> {
    let run = Run::new(&args.common, style)?;
    if !run.plan.rules.iter().any(|r| r.name == args.rule) {
        let failure = Failure::new(format!("the policy has no rule `{}`", args.rule));
        let names = run.plan.rules.iter().map(|r| r.name.as_str());
        return Err(match did_you_mean(&args.rule, names) {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure.help("`bylaws check` says what it has"),
        });
    }
    let (mut findings, outcome) = run.judge(run.narrowed(&args.rule, false)?, true)?;
    let found = match find(&run.inputs, &findings, &outcome, &args.record) {
        // It may be of a kind that the rule does not read.
        Err(_) => {
            let (all, outcome) = run.judge(run.narrowed(&args.rule, true)?, true)?;
            findings = all;
            find(&run.inputs, &findings, &outcome, &args.record)?
        }
        found => found?,
    };
    let mut about = Vec::new();
    for (rule, _) in findings.plan().rules.iter().enumerate().filter(|(_, r)| r.name == args.rule) {
        for &(kind, id) in &found {
            about.extend(moments(args, &findings, findings.about(rule, kind, id))?);
        }
    }
    run.print(&findings, &about, style)
}

/// Those moments that were asked for, or the latest.
fn moments(args: &WhyNotArgs, findings: &Findings, mut all: Vec<About>) -> Result<Vec<About>, Failure> {
    let Some(at) = &args.at else {
        let left_out = all.len().saturating_sub(MOMENTS);
        if left_out > 0 && findings.moment(&all[0]).is_some() {
            let more = report::plural(left_out, "earlier period");
            output::tell(&format!("{more} left out: name a period's last day with `--at`\n"));
            all.drain(..left_out);
        }
        return Ok(all);
    };
    let known: Vec<Option<String>> = all.iter().map(|a| findings.moment(a)).collect();
    if known.iter().all(Option::is_none) {
        return Ok(all);
    }
    let chosen: Vec<About> =
        all.into_iter().zip(&known).filter(|(_, k)| k.as_ref() == Some(at)).map(|(a, _)| a).collect();
    if chosen.is_empty() {
        let days: Vec<&str> = known.iter().rev().take(5).filter_map(|k| k.as_deref()).collect();
        return Err(Failure::new(format!("`{}` judges nothing at `{at}`", args.rule))
            .help(format!("the latest of its moments: {}", days.join(", "))));
    }
    Ok(chosen)
}

/// The records that RECORD means.
pub(super) fn find(
    inputs: &records::Inputs,
    findings: &Findings,
    outcome: &reading::Outcome,
    record: &str,
) -> Result<Vec<(KindId, u32)>, Failure> {
    let rejected = outcome.rejected_at(inputs, record);
    if let Some((code, reason)) = rejected {
        return Err(Failure::new(format!("`{record}` was rejected as a record, so that no rule judged it: {reason}"))
            .code(code));
    }
    let Some((before, after)) = record.rsplit_once(':').filter(|(b, a)| !b.is_empty() && !a.is_empty()) else {
        return Err(Failure::new(format!("`{record}` names no record"))
            .help("write FILE:LINE, like log.ndjson:12, or KIND:IDENTITY, like gift:17"));
    };
    let (line, element) = match after.strip_suffix(']').and_then(|a| a.split_once('[')) {
        Some((line, element)) => (line, element.parse::<u32>().ok()),
        None => (after, None),
    };
    let files: Vec<usize> = (0..inputs.files.len()).filter(|&i| inputs.files[i].is_named(before)).collect();
    if let (Ok(line), false) = (line.parse::<u64>(), files.is_empty()) {
        let found: Vec<_> =
            files.iter().flat_map(|&i| findings.at_line(i as u32, line, element)).map(|(k, id, _)| (k, id)).collect();
        if found.is_empty() {
            return Err(Failure::new(format!("there is no record at `{record}`")));
        }
        return Ok(found);
    }
    let (kind, text) = record.split_once(':').unwrap_or((before, after));
    let schema = &findings.plan().schema;
    let Some(kind_id) = schema.kind_named(kind) else {
        let names =
            inputs.files.iter().map(|f| f.name.as_str()).chain(schema.declared().iter().map(|k| k.name.as_str()));
        let failure = Failure::new(format!("`{record}` names no record: there is no file or kind `{kind}`"));
        return Err(match did_you_mean(kind, names) {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure.help("write FILE:LINE, like log.ndjson:12, or KIND:IDENTITY, like gift:17"),
        });
    };
    let found: Vec<_> = findings.with_identity(kind_id, text.trim()).into_iter().map(|(k, id, _)| (k, id)).collect();
    if found.is_empty() {
        return Err(Failure::new(format!("no `{kind}` has the identity `{text}`")));
    }
    Ok(found)
}
