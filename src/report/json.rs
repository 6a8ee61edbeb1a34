//! Findings for programs: the schema `bylaws.finding/1`, described in `docs/reference/findings.md`.

use super::entry::{Context, Entry};
use super::exchange::Standing;
use super::waivers;
use crate::data::{ColumnId, Severity, Verdict, display, identity};
use crate::eval::{
    ClauseRole, ClauseTrace, Contribution, Gap, GapReason, MedianTrace, OnceTrace, RecordRef, Truth, WindowTrace,
};
use crate::source::Span;
use rustc_hash::FxHashMap;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use std::sync::Arc;

const SCHEMA: &str = "bylaws.finding/1";
/// Of the document that holds the findings of a run, and its summary.
pub(crate) const DOCUMENT: &str = "bylaws.audit/1";

/// One verdict, as it is written.
#[derive(Serialize)]
struct Finding<'a> {
    schema: &'static str,
    id: String,
    rule: &'a str,
    revision: &'a str,
    policy: &'a Option<String>,
    severity: Severity,
    title: &'a str,
    message: &'a str,
    cite: &'a Option<String>,
    consequence: &'a Option<String>,
    purpose: &'a Option<String>,
    legal_basis: &'a Option<String>,
    retention: Option<String>,
    verdict: Verdict,
    subject: Option<&'a str>,
    time: Option<&'a str>,
    records: Vec<Arc<RawValue>>,
    values: Vec<Seen<'a>>,
    windows: Vec<Window<'a>>,
    gaps: Vec<Value>,
    exception: &'a Option<String>,
    waiver: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    once: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<&'static str>,
}

#[derive(Serialize)]
struct Seen<'a> {
    clause: &'static str,
    exception: Option<&'a str>,
    truth: Truth,
    operand: &'a str,
    span: Spot<'a>,
    value: &'a str,
    record: Option<usize>,
    field: Option<&'a str>,
}

/// A record that a verdict rests on.
#[derive(Serialize)]
pub(super) struct Record<'a> {
    kind: &'a str,
    file: Option<&'a str>,
    line: Option<u64>,
    byte_offset: Option<u64>,
    element: Option<u32>,
    identity: &'a str,
    time: &'a Option<String>,
}

/// What a history condition searched and found.
#[derive(Serialize)]
pub(super) struct Window<'a> {
    span: Spot<'a>,
    kind: &'a str,
    from: &'a Option<String>,
    from_included: bool,
    until: &'a Option<String>,
    #[serde(serialize_with = "named")]
    keys: &'a [(String, String)],
    searched: usize,
    contributions: &'a [Contribution],
    result: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    median: &'a Option<MedianTrace>,
}

/// A place in a policy.
#[derive(Serialize)]
pub(super) struct Spot<'a> {
    file: &'a str,
    line: usize,
    column: usize,
}

fn named<S: Serializer>(pairs: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

/// Records as they are written: many findings rest on the same.
#[derive(Default)]
pub(crate) struct Written(FxHashMap<*const RecordRef, (Arc<RecordRef>, Arc<RawValue>)>);

impl Written {
    /// So many are held at a time.
    const MOST: usize = 1 << 15;

    fn record(&mut self, context: &Context, of: &Arc<RecordRef>) -> serde_json::Result<Arc<RawValue>> {
        // It is held with its text, so that no other has its address.
        if let Some((_, text)) = self.0.get(&Arc::as_ptr(of)) {
            return Ok(text.clone());
        }
        if self.0.len() == Written::MOST {
            self.0.clear();
        }
        let text: Arc<RawValue> = to_raw_value(&record(context, of))?.into();
        self.0.insert(Arc::as_ptr(of), (of.clone(), text.clone()));
        Ok(text)
    }
}

/// A verdict as one line of JSON, appended. `standing` is beside a baseline, where there is one.
pub(crate) fn write(
    context: &Context,
    entry: &Entry,
    standing: Option<Standing>,
    written: &mut Written,
    out: &mut Vec<u8>,
) -> serde_json::Result<()> {
    let records = entry.why.records.iter().map(|r| written.record(context, r)).collect::<Result<_, _>>()?;
    serde_json::to_writer(out, &finding(context, entry, standing, records))
}

fn finding<'a>(
    context: &'a Context,
    entry: &'a Entry,
    standing: Option<Standing>,
    records: Vec<Arc<RawValue>>,
) -> Finding<'a> {
    let rule = entry.rule();
    let why = &entry.why;
    let seen = |clause: &'a ClauseTrace| {
        clause.values.iter().map(move |v| Seen {
            clause: role(&clause.role),
            exception: if let ClauseRole::Unless(name) = &clause.role { Some(name) } else { None },
            truth: clause.truth,
            operand: context.sources.text(v.span),
            span: span(context, v.span),
            value: &v.value,
            record: v.field.map(|(r, _)| r),
            field: v.field.and_then(|(r, c)| context.field(entry, r, c)),
        })
    };
    Finding {
        schema: SCHEMA,
        id: entry.id(),
        rule: &rule.name,
        revision: &rule.revision,
        policy: &rule.policy,
        severity: rule.severity,
        title: &rule.title,
        message: &why.message,
        cite: &rule.cite,
        consequence: &rule.consequence,
        purpose: &rule.purpose,
        legal_basis: &rule.legal_basis,
        retention: rule.retention.map(display::length),
        verdict: entry.verdict(),
        subject: entry.row.subject,
        time: entry.time.as_deref(),
        records,
        values: why.clauses.iter().flat_map(seen).collect(),
        windows: why.windows.iter().map(|w| window(context, w)).collect(),
        gaps: why.gaps.iter().map(|g| gap(context, &why.records, g)).collect(),
        exception: &why.exception,
        waiver: entry.row.waiver.map(|w| waivers::entry(context, w)),
        once: why.once.as_ref().map(|once| self::once(context, once)),
        steps: why.steps.iter().map(|s| super::steps::value(context, s)).collect(),
        baseline: standing.map(Standing::as_str),
    }
}

pub(super) fn record<'a>(context: &'a Context, of: &'a RecordRef) -> Record<'a> {
    Record {
        kind: context.kind(of.kind),
        file: context.input(of),
        line: of.place.map(|p| p.line),
        byte_offset: of.place.map(|p| p.offset),
        element: of.place.map(|p| p.element),
        identity: &of.identity,
        time: &of.time,
    }
}

/// Of a rule with `once per`: what is counted together.
pub(super) fn once(context: &Context, once: &OnceTrace) -> Value {
    json!({
        "span": span(context, once.span),
        "keys": once.keys.iter().map(|(k, v)| (k.clone(), json!(v))).collect::<serde_json::Map<_, _>>(),
        "from": once.from,
        "until": once.until,
        "further": once.further,
        "counted_with": once.counted_with.as_ref().map(|id| identity::hex(id)),
    })
}

pub(super) fn window<'a>(context: &'a Context, w: &'a WindowTrace) -> Window<'a> {
    Window {
        span: span(context, w.span),
        kind: context.kind(w.kind),
        from: &w.from,
        from_included: w.from_included,
        until: &w.until,
        keys: &w.keys,
        searched: w.searched,
        contributions: &w.contributions,
        result: &w.result,
        median: &w.median,
    }
}

/// What was missing, malformed or has yet to come.
pub(super) fn gap(context: &Context, records: &[Arc<RecordRef>], g: &Gap) -> Value {
    let mut value = reason(context, &g.why);
    let field = g.record.zip(g.column).and_then(|(r, c): (usize, ColumnId)| context.field_of(records, r, c));
    value["record"] = json!(g.record);
    value["field"] = json!(field);
    value["span"] = json!(span(context, g.span));
    value["text"] = json!(context.gap_of(records, g));
    value
}

pub(super) fn role(role: &ClauseRole) -> &'static str {
    match role {
        ClauseRole::Where => "where",
        ClauseRole::When => "when",
        ClauseRole::Unless(_) => "unless",
        ClauseRole::Waiver(_) => "waiver",
        ClauseRole::Need => "need",
        ClauseRole::Limit => "limit",
        ClauseRole::Step(_) => "step",
    }
}

pub(super) fn span<'a>(context: &'a Context, span: Span) -> Spot<'a> {
    let (line, column) = context.sources.line_col(span);
    Spot { file: &context.sources.file(span.file).name, line, column }
}

fn reason(context: &Context, why: &GapReason) -> Value {
    match why {
        GapReason::Missing => json!({ "reason": "missing" }),
        GapReason::Malformed { found, expected } => {
            json!({ "reason": "malformed", "found": found, "expected": expected })
        }
        GapReason::Conflict { found } => json!({ "reason": "conflict", "found": found }),
        GapReason::NoRow { table, key, at } => {
            json!({ "reason": "no_row", "table": context.kind(*table), "key": key, "at": at })
        }
        GapReason::ManyRows { table, key, at } => {
            json!({ "reason": "many_rows", "table": context.kind(*table), "key": key, "at": at })
        }
        GapReason::Circle { table, keys, at } => {
            json!({ "reason": "circle", "table": context.kind(*table), "keys": keys, "at": at })
        }
        GapReason::OpenFinding { rule, id } => json!({ "reason": "open_finding", "rule": rule, "id": id }),
        GapReason::Currencies { found } => json!({ "reason": "currencies", "found": found }),
        GapReason::NoRate { from, to, day, why } => {
            json!({ "reason": "no_rate", "from": from, "to": to, "day": day, "what": why })
        }
        GapReason::Calendar { table, day } => {
            let table = table.map(|t| context.kind(t));
            json!({ "reason": "calendar", "table": table, "what": day })
        }
        GapReason::Arithmetic { what } => json!({ "reason": "arithmetic", "what": what }),
        GapReason::NoTime => json!({ "reason": "no_time" }),
        GapReason::NotYet { until } => json!({ "reason": "not_yet", "until": until }),
    }
}
