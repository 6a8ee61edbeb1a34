//! The integrity report: what a run found, for people who decide; the schema `bylaws.report/1`, described in
//! `docs/reference/report.md`.

mod earlier;
pub(crate) mod html;
pub(crate) mod markdown;
mod people;

pub(crate) use earlier::Earlier;

use super::entry::{Context, Entry};
use super::metrics::{self, Shown};
use super::summary::Summary;
use crate::data::{Severity, Verdict, display};
use crate::eval::{Findings, RuleCounts};
use crate::plan::{Body, RulePlan, Trigger};
use crate::sema::hir::Window;
use crate::threads;
use earlier::Since;
use people::People;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Of the document.
const SCHEMA: &str = "bylaws.report/1";
/// Stands for a group or a month that is not known.
const UNKNOWN: &str = "not known";
/// Of a verdict's records so many are named; the others are counted.
const NAMED: usize = 6;

/// How the report was asked for.
pub(crate) struct Asked<'a> {
    pub title: &'a str,
    /// A field of the table of people.
    pub group_by: Option<&'a str>,
    /// People keep the names that the records give them.
    pub names: bool,
}

/// What it is made of.
pub(crate) struct Parts<'a> {
    pub context: &'a Context<'a>,
    pub findings: &'a Findings,
    pub summary: &'a Summary,
    pub metrics: &'a [Shown<'a>],
    pub earlier: Option<Earlier>,
    pub threads: usize,
}

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub schema: &'static str,
    pub title: String,
    pub version: &'static str,
    /// What `--as-of` was given.
    pub as_of: Option<String>,
    /// First and last day of the records.
    pub days: Option<(String, String)>,
    pub group_by: Option<String>,
    pub people: Naming,
    /// The fingerprint of the key by which people are called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pseudonyms: Option<String>,
    pub rules: Vec<Rule>,
    /// All verdicts but the compliant ones.
    pub findings: Vec<Row>,
    pub leaders: Vec<Leader>,
    pub metrics: Vec<Value>,
    pub waivers: Vec<Waiver>,
    pub since: Option<Since>,
    pub data: Data,
}

/// What people are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Naming {
    /// By other names than in the records.
    Pseudonyms,
    /// As in the records.
    Names,
    /// No field is marked as naming a person.
    Unmarked,
}

/// The wordings of one rule together.
#[derive(Debug, Serialize)]
pub(crate) struct Rule {
    pub name: String,
    pub title: String,
    pub severity: Severity,
    pub policy: Option<String>,
    pub cite: Option<String>,
    pub purpose: Option<String>,
    pub consequence: Option<String>,
    /// `gifts.bylaw:12:1`
    pub place: String,
    /// Of the latest wording.
    pub text: String,
    /// Of a rule that needs something: when, `7 days after`.
    pub within: Option<String>,
    /// It is about those above the people of its records.
    pub of_leaders: bool,
    /// In force at no record's time: when it is.
    pub not_in_force: Option<String>,
    pub verdicts: RuleCounts,
}

#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub id: String,
    pub rule: String,
    pub severity: Severity,
    pub verdict: Verdict,
    pub time: Option<String>,
    pub group: Option<String>,
    pub subject: Option<String>,
    pub message: String,
    pub records: Vec<Record>,
    #[serde(skip_serializing_if = "is_zero")]
    pub more_records: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
    /// Why it was waived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiver: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<String>,
    /// It was no finding in the earlier run.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub new: bool,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

#[derive(Debug, Serialize)]
pub(crate) struct Record {
    pub kind: String,
    pub identity: String,
    pub place: Option<String>,
    pub time: Option<String>,
}

/// Somebody about whose team a rule has findings.
#[derive(Debug, Serialize)]
pub(crate) struct Leader {
    pub name: String,
    pub group: Option<String>,
    pub rule: String,
    pub severity: Severity,
    pub findings: u64,
    pub latest: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Waiver {
    pub rule: String,
    /// Whom it covers; left out where people have other names.
    pub covers: Option<String>,
    pub from: String,
    pub until: String,
    pub approved_by: String,
    pub reason: String,
    pub waived: u64,
}

/// What was read.
#[derive(Debug, Serialize)]
pub(crate) struct Data {
    /// Name, records, rejected.
    pub inputs: Vec<(String, u64, u64)>,
    /// Name, rows, whether a rule reads it.
    pub kinds: Vec<(String, u64, bool)>,
    /// Code, reason, how many, the first.
    pub rejected: Vec<(String, String, u64, String)>,
    /// Code and sentence.
    pub problems: Vec<(String, String)>,
    /// How many verdicts are undecided for want of what.
    pub causes: Vec<(u64, String)>,
    /// Records and tables that rules read, and of which there are none.
    pub unseen: Vec<String>,
    /// Kinds that the policy does not declare, and how many.
    pub undeclared: Vec<(String, u64)>,
}

impl Report {
    pub fn new(asked: &Asked, parts: &Parts) -> Report {
        let Parts { context, findings, summary, .. } = parts;
        let mut people = People::new(asked.names);
        let mut order: Vec<usize> =
            (0..findings.len()).filter(|&i| findings.verdicts()[i] != Verdict::Compliant).collect();
        order.sort_by_key(|&i| std::cmp::Reverse(findings.row(i).rule.severity));
        let mut rows = rows(asked, parts, &order);
        rows.iter_mut().for_each(|row| row.name(&mut people));
        let since = parts.earlier.as_ref().map(|earlier| {
            let now: BTreeMap<&str, Verdict> = rows.iter().map(|r| (r.id.as_str(), r.verdict)).collect();
            earlier.since(&now)
        });
        if let Some(earlier) = &parts.earlier {
            rows.iter_mut().for_each(|r| r.new = r.verdict == Verdict::Finding && !earlier.knew(&r.id));
        }
        let rules = rules(context, findings);
        let days = (0..findings.plan().rules.len()).find_map(|r| findings.days(r));
        let waivers = summary.waivers.iter().map(|w| Waiver {
            rule: w.rule.clone(),
            covers: asked.names.then(|| w.covers.clone()),
            from: display::date(w.from),
            until: display::date(w.until),
            approved_by: people.name(&w.approver),
            reason: w.reason.clone(),
            waived: w.waived,
        });
        let waivers = waivers.collect();
        Report {
            schema: SCHEMA,
            title: asked.title.to_owned(),
            version: env!("CARGO_PKG_VERSION"),
            as_of: summary.as_of.clone(),
            days: days.map(|(first, last)| (display::date(first), display::date(last))),
            group_by: asked.group_by.map(str::to_owned),
            pseudonyms: summary.pseudonyms.clone(),
            people: match context.plan.schema.kinds.iter().flat_map(|k| &k.columns).any(|c| c.person) {
                _ if asked.names && summary.pseudonyms.is_none() => Naming::Names,
                true => Naming::Pseudonyms,
                false => Naming::Unmarked,
            },
            leaders: leaders(&rows, &rules),
            metrics: parts.metrics.iter().map(|m| metrics::with_texts(m, &mut |person| people.name(person))).collect(),
            data: data(summary, &mut people),
            rules,
            findings: rows,
            waivers,
            since,
        }
    }

    pub fn count(&self, verdict: Verdict) -> u64 {
        self.rules.iter().map(|r| r.verdicts.of(verdict)).sum()
    }

    pub fn rejected(&self) -> u64 {
        self.data.rejected.iter().map(|r| r.2).sum()
    }

    /// Findings of one severity.
    pub fn findings_of(&self, severity: Severity) -> usize {
        self.found().filter(|r| r.severity == severity).count()
    }

    fn found(&self) -> impl Iterator<Item = &Row> {
        self.findings.iter().filter(|r| r.verdict == Verdict::Finding)
    }

    /// Findings by what a row has, and by severity from info to critical.
    pub fn by<'a>(&'a self, of: impl Fn(&'a Row) -> Option<&'a str>) -> BTreeMap<&'a str, [u64; 4]> {
        let mut counts: BTreeMap<&str, [u64; 4]> = BTreeMap::new();
        for row in self.found() {
            let at = Severity::ALL.iter().position(|s| *s == row.severity).unwrap_or(0);
            counts.entry(of(row).unwrap_or(UNKNOWN)).or_default()[at] += 1;
        }
        counts
    }

    /// `2026-03`, from the first month with a finding to the last; those of no known time are in none.
    pub fn by_month(&self) -> Vec<(String, [u64; 4])> {
        let mut counts = self.by(|r| r.time.as_deref().and_then(|t| t.get(..7)));
        counts.remove(UNKNOWN);
        let filled = counts.len() * 12 > span(counts.keys().copied());
        let mut months: Vec<(String, [u64; 4])> = Vec::new();
        for (month, counts) in &counts {
            // Months without a finding stand between.
            while let Some(next) =
                months.last().and_then(|(last, _)| next_month(last)).filter(|n| filled && n.as_str() < *month)
            {
                months.push((next, [0; 4]));
            }
            months.push(((*month).to_owned(), *counts));
        }
        months
    }
}

/// From the first of some months in order to the last.
fn span<'a>(mut months: impl DoubleEndedIterator<Item = &'a str>) -> usize {
    let number = |m: &str| Some(m.get(..4)?.parse::<usize>().ok()? * 12 + m.get(5..)?.parse::<usize>().ok()?);
    let first = months.next().and_then(number).unwrap_or(0);
    months.next_back().and_then(number).map_or(0, |last| last.saturating_sub(first))
}

fn next_month(month: &str) -> Option<String> {
    let (year, month): (u32, u32) = (month.get(..4)?.parse().ok()?, month.get(5..)?.parse().ok()?);
    Some(if month == 12 { format!("{:04}-01", year + 1) } else { format!("{year:04}-{:02}", month + 1) })
}

/// The verdicts of an order, with people still marked in their texts.
fn rows(asked: &Asked, parts: &Parts, order: &[usize]) -> Vec<Row> {
    let work = |some: &[usize]| some.iter().map(|&i| row(asked, parts, i)).collect::<Vec<Row>>();
    threads::pieces(parts.threads, order, work).into_iter().flatten().collect()
}

impl Row {
    /// Gives people the names that they have in the report.
    fn name(&mut self, people: &mut People) {
        let texts = self.subject.iter_mut().chain([&mut self.message]);
        let texts = texts.chain(self.records.iter_mut().map(|r| &mut r.identity)).chain(&mut self.gaps);
        texts.for_each(|text| *text = people.text(text));
    }
}

fn row(asked: &Asked, parts: &Parts, i: usize) -> Row {
    let (context, findings) = (parts.context, parts.findings);
    let entry = Entry::of(findings, i);
    let named = |s: &str| s != display::WITHHELD && findings.is_of_person(i);
    let subject = entry.row.subject.map(|s| if named(s) { display::person(s) } else { s.to_owned() });
    let record = |r: &std::sync::Arc<crate::eval::RecordRef>| Record {
        kind: context.kind(r.kind).to_owned(),
        identity: r.identity.clone(),
        place: context.place(r),
        time: r.time.clone(),
    };
    let gaps: Vec<String> = entry.why.gaps.iter().map(|g| context.gap(&entry, g)).collect();
    // What a rule says of a finding is not said of a record of which it is not known whether it is one.
    let message = match (entry.verdict(), gaps.as_slice()) {
        (Verdict::Indeterminate, [gap]) => gap.clone(),
        (Verdict::Indeterminate, [gap, more @ ..]) => format!("{gap}; and {} more", super::grouped(more.len() as u64)),
        _ => entry.why.message.clone(),
    };
    Row {
        id: entry.id(),
        rule: entry.rule().name.clone(),
        severity: entry.rule().severity,
        verdict: entry.verdict(),
        time: entry.time.clone(),
        group: asked.group_by.and_then(|field| findings.of_subject(i, field)),
        subject,
        message,
        records: entry.why.records.iter().take(NAMED).map(record).collect(),
        more_records: entry.why.records.len().saturating_sub(NAMED),
        exception: entry.why.exception.clone(),
        waiver: entry.row.waiver.map(|w| w.reason.clone()),
        gaps,
        new: false,
    }
}

fn rules(context: &Context, findings: &Findings) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for (i, of) in context.plan.rules.iter().enumerate() {
        let counts = findings.counts(i);
        let not_in_force = findings.never_in_force(i).then(|| super::entry::force(of.effective).unwrap_or_default());
        match rules.last_mut().filter(|r| r.name == of.name) {
            Some(rule) => {
                rule.severity = rule.severity.max(of.severity);
                rule.title.clone_from(&of.title);
                rule.text = text(context, of);
                rule.verdicts.add(&counts);
                rule.not_in_force = rule.not_in_force.take().filter(|_| not_in_force.is_some());
            }
            None => rules.push(Rule {
                name: of.name.clone(),
                title: of.title.clone(),
                severity: of.severity,
                policy: of.policy.clone(),
                cite: of.cite.clone(),
                purpose: of.purpose.clone(),
                consequence: of.consequence.clone(),
                place: context.spot(of.name_span),
                text: text(context, of),
                within: within(context, of),
                of_leaders: of_leaders(context, of),
                not_in_force,
                verdicts: counts,
            }),
        }
    }
    rules.sort_by(|a, b| (b.severity, &a.name).cmp(&(a.severity, &b.name)));
    rules
}

fn text(context: &Context, of: &RulePlan) -> String {
    context.sources.text(of.span).trim().to_owned()
}

fn within(context: &Context, of: &RulePlan) -> Option<String> {
    let Body::Require { need } = of.body else { return None };
    let at = if matches!(of.trigger, Trigger::Each { .. }) { "the period's end" } else { "" };
    let text = match context.plan.histories.get(need as usize)?.window {
        Window::After(by) => format!("{} after {at}", display::length(by)),
        Window::Before(by) => format!("{} before {at}", display::length(by)),
        Window::Around(by) => format!("{} before or after {at}", display::length(by)),
        Window::Over(by) => format!("{} up to {at}", display::length(by)),
        Window::In(_) | Window::AllTime => "the time before".into(),
    };
    Some(text.trim_end().to_owned())
}

fn of_leaders(context: &Context, of: &RulePlan) -> bool {
    let Body::Limit { aggregate, .. } = of.body else { return false };
    context.plan.histories.get(aggregate as usize).is_some_and(|h| h.every().is_some())
}

/// Findings of rules about those above others, by leader and rule; the most first.
fn leaders(rows: &[Row], rules: &[Rule]) -> Vec<Leader> {
    let mut leaders: BTreeMap<(&str, &str), Leader> = BTreeMap::new();
    let of_leaders = |name: &str| rules.iter().any(|r| r.name == name && r.of_leaders);
    for row in rows.iter().filter(|r| r.verdict == Verdict::Finding && of_leaders(&r.rule)) {
        let Some(name) = &row.subject else { continue };
        let leader = leaders.entry((name, &row.rule)).or_insert_with(|| Leader {
            name: name.clone(),
            group: row.group.clone(),
            rule: row.rule.clone(),
            severity: row.severity,
            findings: 0,
            latest: None,
        });
        leader.findings += 1;
        leader.latest = leader.latest.take().max(row.time.clone());
    }
    let mut leaders: Vec<Leader> = leaders.into_values().collect();
    leaders.sort_by(|a, b| (b.findings, &a.rule, &a.name).cmp(&(a.findings, &b.rule, &b.name)));
    leaders
}

fn data(summary: &Summary, people: &mut People) -> Data {
    Data {
        inputs: summary.inputs.iter().map(|i| (i.name.clone(), i.records, i.rejected)).collect(),
        kinds: summary.kinds.iter().filter(|k| k.read > 0).map(|k| (k.name.clone(), k.read, k.used)).collect(),
        rejected: summary
            .rejected
            .iter()
            .map(|((code, reason), (n, first))| (code.clone(), reason.clone(), *n, first.clone()))
            .collect(),
        problems: summary.problems.iter().map(|p| (p.code.to_owned(), people.text(&p.message))).collect(),
        causes: summary.causes.lines().iter().map(|(n, what)| (*n, people.text(what))).collect(),
        unseen: summary.kinds.iter().filter(|k| k.used && k.read == 0).map(|k| k.name.clone()).collect(),
        undeclared: summary.undeclared.iter().map(|(name, n)| (name.clone(), *n)).collect(),
    }
}
