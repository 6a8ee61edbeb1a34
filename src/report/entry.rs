//! One verdict with all that reports say of it, and the words they share.

use super::crop::plain;
use crate::data::{ColumnId, KindId, Origin, Verdict, identity};
use crate::eval::{Explainer, Explanation, FindingRow, Findings, Gap, GapReason, RecordRef};
use crate::plan::{Plan, RulePlan};
use crate::source::{SourceMap, Span};
use std::ops::Range;
use std::sync::Arc;

/// What entries refer to.
pub(crate) struct Context<'a> {
    pub sources: &'a SourceMap,
    pub plan: &'a Plan,
    /// Names of the inputs, by their ids.
    pub inputs: &'a [String],
}

/// One verdict, explained.
pub(crate) struct Entry<'a> {
    pub row: FindingRow<'a>,
    /// Event time as reports show it.
    pub time: Option<String>,
    pub why: Explanation,
}

impl<'a> Entry<'a> {
    pub fn of(findings: &Findings, i: usize) -> Entry<'_> {
        Entry::by(findings, &mut findings.explainer(), i)
    }

    /// One of several.
    pub fn by(findings: &'a Findings, explainer: &mut Explainer<'a>, i: usize) -> Entry<'a> {
        Entry { row: findings.row(i), time: findings.shown_time(i), why: explainer.explain(i) }
    }

    pub fn rule(&self) -> &RulePlan {
        self.row.rule
    }

    pub fn verdict(&self) -> Verdict {
        self.row.verdict
    }

    /// 32 hexadecimal digits.
    pub fn id(&self) -> String {
        identity::hex(&self.row.id)
    }
}

/// Verdicts other than compliant: severity descending, then the findings' own order: rule, then time.
pub(crate) fn in_order(findings: &Findings) -> Vec<usize> {
    let mut order: Vec<usize> = (0..findings.len()).filter(|&i| findings.verdicts()[i] != Verdict::Compliant).collect();
    let rules = &findings.plan().rules;
    order.sort_by_key(|&i| std::cmp::Reverse(rules[findings.rules()[i] as usize].severity));
    order
}

/// A record's own text, and where its fields are in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Excerpt {
    /// Of the file, and of what else says where it stands.
    pub name: String,
    pub text: String,
    /// From 1.
    pub line: u64,
    pub fields: Vec<(ColumnId, Range<usize>)>,
}

impl Context<'_> {
    pub fn kind(&self, kind: KindId) -> &str {
        &self.plan.schema.kind(kind).name
    }

    pub fn input(&self, record: &RecordRef) -> Option<&str> {
        record.place.and_then(|p| self.inputs.get(p.input.0 as usize)).map(String::as_str)
    }

    /// `gifts.csv:12`; for the second element of an `each`, `log.ndjson:7[1]`.
    pub fn place(&self, record: &RecordRef) -> Option<String> {
        let place = record.place?;
        let name = self.input(record)?;
        Some(match place.element {
            0 => format!("{name}:{}", place.line),
            n => format!("{name}:{}[{n}]", place.line),
        })
    }

    /// `gift id = 16774`
    pub fn name(&self, record: &RecordRef) -> String {
        let kind = self.kind(record.kind);
        let of = self.plan.schema.kind(record.kind);
        match of.origin {
            Origin::Findings => finding_named(&record.identity),
            _ if of.identity.is_empty() => kind.to_owned(),
            _ => format!("{kind} {}", plain(&record.identity)),
        }
    }

    pub fn field<'a>(&'a self, entry: &Entry, record: usize, column: ColumnId) -> Option<&'a str> {
        self.field_of(&entry.why.records, record, column)
    }

    pub fn field_of<'a>(&'a self, records: &[Arc<RecordRef>], record: usize, column: ColumnId) -> Option<&'a str> {
        let kind = records.get(record)?.kind;
        Some(&self.plan.schema.kind(kind).columns.get(column.0 as usize)?.name)
    }

    /// `rules.bylaw:12:3`
    pub fn spot(&self, span: Span) -> String {
        let (line, column) = self.sources.line_col(span);
        format!("{}:{line}:{column}", self.sources.file(span.file).name)
    }

    /// What was missing, malformed or has yet to come, as a sentence.
    pub fn gap(&self, entry: &Entry, gap: &Gap) -> String {
        self.gap_of(&entry.why.records, gap)
    }

    pub fn gap_of(&self, records: &[Arc<RecordRef>], gap: &Gap) -> String {
        let kind = gap.record.and_then(|r| records.get(r)).map(|r| self.kind(r.kind));
        let field = gap.record.zip(gap.column).and_then(|(r, c)| self.field_of(records, r, c));
        let what = match (field, kind) {
            (Some(field), Some(kind)) => format!("`{field}` of this {kind}"),
            (Some(field), None) => format!("`{field}`"),
            _ => format!("`{}`", shorten(self.sources.text(gap.span), 40)),
        };
        let at = |at: &Option<String>| at.as_ref().map_or(String::new(), |t| format!(" at {t}"));
        match &gap.why {
            GapReason::Missing => format!("{what} is missing"),
            GapReason::Malformed { found, expected } => {
                format!("{what} is `{}`; expected {expected}", plain(found))
            }
            GapReason::Conflict { found } => {
                let found: Vec<_> = found.iter().map(|f| format!("`{}`", plain(f))).collect();
                format!("repeats of one record disagree on {what}: {}", found.join(", "))
            }
            GapReason::NoRow { table, key, at: t } => {
                format!("no row of `{}` has the key `{}`{}", self.kind(*table), plain(key), at(t))
            }
            GapReason::ManyRows { table, key, at: t } => {
                format!(
                    "several rows of `{}` have the key `{}`{}, and they differ",
                    self.kind(*table),
                    plain(key),
                    at(t)
                )
            }
            GapReason::Circle { table, keys, at: t } => circle(self.kind(*table), keys, &at(t)),
            GapReason::OpenFinding { rule, id } => {
                format!("whether there is a finding of `{rule}` is not decided itself ({id})")
            }
            GapReason::Currencies { found } => format!("two currencies without a rate: {}", found.join(", ")),
            GapReason::NoRate { from, to, day, why } => format!("no rate from {from} to {to} on {day}: {why}"),
            GapReason::Calendar { table: Some(table), day } => {
                format!("which days are business days is not known: `{}` {day}", self.kind(*table))
            }
            GapReason::Calendar { table: None, day } => format!("which days are business days is not known: {day}"),
            GapReason::Arithmetic { what: why } => format!("{what} cannot be worked out: {why}"),
            GapReason::NoTime => format!("when this {} happened is not known", kind.unwrap_or("record")),
            GapReason::NotYet { until } => format!("not decided before {until}"),
        }
    }
}

/// `finding 11465c76… of paid_consultation`, of `rule = paid_consultation, id = 11465c76…`.
pub(crate) fn finding_named(identity: &str) -> String {
    let parts = identity.strip_prefix("rule = ").and_then(|rest| rest.split_once(", id = "));
    match parts {
        Some((rule, id)) => format!("finding {} of {}", plain(id), plain(rule)),
        None => format!("finding {}", plain(identity)),
    }
}

/// Who is above whom, where the rows of a table lead back to where they began.
pub(crate) fn circle(table: &str, keys: &[String], at: &str) -> String {
    let around: Vec<_> = keys.iter().chain(keys.first()).map(|k| format!("`{}`", plain(k))).collect();
    format!("the rows of `{table}` lead in a circle{at}: {}", around.join(" → "))
}

/// `from 2025-01-01 until 2026-01-01`: when a wording is in force; none where it always is.
pub(crate) fn force((from, until): (Option<i32>, Option<i32>)) -> Option<String> {
    let day = crate::data::display::date;
    match (from, until) {
        (Some(from), Some(until)) => Some(format!("from {} until {}", day(from), day(until))),
        (Some(from), None) => Some(format!("from {}", day(from))),
        (None, Some(until)) => Some(format!("until {}", day(until))),
        (None, None) => None,
    }
}

/// A text on one line, cut to a number of characters.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = plain(&line);
    match line.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
