//! Findings for programs: the schema `bylaws.finding/1`, described in `docs/reference/findings.md`.

use super::entry::{Context, Entry};
use super::exchange::Standing;
use super::waivers;
use crate::data::{ColumnId, Severity, Verdict, display, identity};
use crate::eval::{
    ClauseRole, ClauseTrace, Contribution, Gap, GapReason, MedianTrace, OnceTrace, RecordRef, SeenValue, Truth,
    WindowTrace,
};
use crate::plan::RulePlan;
use crate::source::Span;
use rustc_hash::FxHashMap;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::collections::hash_map;
use std::sync::Arc;

const SCHEMA: &str = "bylaws.finding/1";
/// Of the document that holds the findings of a run, and its summary.
pub(crate) const DOCUMENT: &str = "bylaws.audit/1";

/// A verdict is an object with the members of the following, one after the other, and with `message`, `records` and
/// `values` between them. What is the same in all findings of a rule is written once.
#[derive(Serialize)]
struct Start<'a> {
    schema: &'static str,
    id: &'a str,
}

#[derive(Serialize)]
struct Rule<'a> {
    rule: &'a str,
    revision: &'a str,
    policy: &'a Option<String>,
    severity: Severity,
    title: &'a str,
}

#[derive(Serialize)]
struct Grounds<'a> {
    cite: &'a Option<String>,
    consequence: &'a Option<String>,
    purpose: &'a Option<String>,
    legal_basis: &'a Option<String>,
    retention: Option<String>,
}

#[derive(Serialize)]
struct Outcome<'a> {
    verdict: Verdict,
    subject: Option<&'a str>,
    time: Option<&'a str>,
}

#[derive(Serialize)]
struct Rest<'a> {
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

/// One of `values` has the members of these two.
#[derive(Serialize)]
struct Operand<'a> {
    clause: &'static str,
    exception: Option<&'a str>,
    truth: Truth,
    operand: &'a str,
    span: Spot<'a>,
}

#[derive(Serialize)]
struct Seen<'a> {
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

/// What several findings have in common, as it is written.
#[derive(Default)]
pub(crate) struct Written<'a> {
    records: Records,
    /// Findings come rule by rule.
    rule: Option<OfRule<'a>>,
}

#[derive(Default)]
struct Records(FxHashMap<*const RecordRef, (Arc<RecordRef>, Box<[u8]>)>);

/// What the findings of a rule have in common.
struct OfRule<'a> {
    rule: &'a RulePlan,
    /// [`Rule`] and [`Grounds`].
    members: [Vec<u8>; 2],
    /// [`Operand`]s, by clause and place.
    operands: Vec<((ClauseRole, Truth, Span), Vec<u8>)>,
}

impl Records {
    /// So many records are held at a time.
    const MOST: usize = 1 << 15;

    fn text(&mut self, context: &Context, of: &Arc<RecordRef>) -> serde_json::Result<&[u8]> {
        let address = Arc::as_ptr(of);
        if self.0.len() == Records::MOST && !self.0.contains_key(&address) {
            self.0.clear();
        }
        // It is held with its text, so that no other has its address.
        let (_, text) = match self.0.entry(address) {
            hash_map::Entry::Occupied(known) => known.into_mut(),
            hash_map::Entry::Vacant(new) => {
                let text = serde_json::to_vec(&record(context, of))?.into();
                new.insert((of.clone(), text))
            }
        };
        Ok(text)
    }
}

impl<'a> OfRule<'a> {
    fn new(rule: &'a RulePlan) -> serde_json::Result<OfRule<'a>> {
        let RulePlan { name, revision, policy, severity, title, .. } = rule;
        let RulePlan { cite, consequence, purpose, legal_basis, retention, .. } = rule;
        let retention = retention.map(display::length);
        let mut members = [Vec::new(), Vec::new()];
        add(&mut members[0], b',', &Rule { rule: name, revision, policy, severity: *severity, title })?;
        add(&mut members[1], b',', &Grounds { cite, consequence, purpose, legal_basis, retention })?;
        Ok(OfRule { rule, members, operands: Vec::new() })
    }

    fn operand(&mut self, context: &Context, clause: &ClauseTrace, at: Span) -> serde_json::Result<&[u8]> {
        let ClauseTrace { role, truth, .. } = clause;
        let is_it = |((r, t, a), _): &((ClauseRole, Truth, Span), _)| *a == at && t == truth && r == role;
        let nth = match self.operands.iter().position(is_it) {
            Some(known) => known,
            None => {
                let exception = if let ClauseRole::Unless(name) = role { Some(&**name) } else { None };
                let (operand, span) = (context.sources.text(at), span(context, at));
                let operand = Operand { clause: self::role(role), exception, truth: *truth, operand, span };
                let mut members = Vec::new();
                add(&mut members, b'{', &operand)?;
                self.operands.push(((role.clone(), *truth, at), members));
                self.operands.len() - 1
            }
        };
        Ok(&self.operands[nth].1)
    }
}

/// Adds the members of an object behind `before`, and leaves it open.
fn add(out: &mut Vec<u8>, before: u8, members: &impl Serialize) -> serde_json::Result<()> {
    let from = out.len();
    serde_json::to_writer(&mut *out, members)?;
    out[from] = before;
    out.pop();
    Ok(())
}

/// A verdict as one line of JSON, appended. `standing` is beside a baseline, where there is one.
pub(crate) fn write<'a>(
    context: &Context,
    entry: &Entry<'a>,
    standing: Option<Standing>,
    written: &mut Written<'a>,
    out: &mut Vec<u8>,
) -> serde_json::Result<()> {
    let (row, why) = (&entry.row, &entry.why);
    let of_rule = match &mut written.rule {
        Some(of) if std::ptr::eq(of.rule, row.rule) => of,
        other => other.insert(OfRule::new(row.rule)?),
    };
    add(out, b'{', &Start { schema: SCHEMA, id: &entry.id() })?;
    out.extend_from_slice(&of_rule.members[0]);
    out.extend_from_slice(b",\"message\":");
    serde_json::to_writer(&mut *out, &why.message)?;
    out.extend_from_slice(&of_rule.members[1]);
    add(out, b',', &Outcome { verdict: entry.verdict(), subject: row.subject, time: entry.time.as_deref() })?;
    out.extend_from_slice(b",\"records\":[");
    for (n, record) in why.records.iter().enumerate() {
        out.extend_from_slice(if n > 0 { b"," } else { b"" });
        out.extend_from_slice(written.records.text(context, record)?);
    }
    out.extend_from_slice(b"],\"values\":[");
    let values = why.clauses.iter().flat_map(|clause| clause.values.iter().map(move |value| (clause, value)));
    for (n, (clause, SeenValue { span, value, field })) in values.enumerate() {
        out.extend_from_slice(if n > 0 { b"," } else { b"" });
        out.extend_from_slice(of_rule.operand(context, clause, *span)?);
        let record = field.map(|(record, _)| record);
        let field = field.and_then(|(record, column)| context.field(entry, record, column));
        add(out, b',', &Seen { value, record, field })?;
        out.push(b'}');
    }
    out.push(b']');
    let rest = Rest {
        windows: why.windows.iter().map(|w| window(context, w)).collect(),
        gaps: why.gaps.iter().map(|g| gap(context, &why.records, g)).collect(),
        exception: &why.exception,
        waiver: row.waiver.map(|w| waivers::entry(context, w)),
        once: why.once.as_ref().map(|once| self::once(context, once)),
        steps: why.steps.iter().map(|s| super::steps::value(context, s)).collect(),
        baseline: standing.map(Standing::as_str),
    };
    add(out, b',', &rest)?;
    out.push(b'}');
    Ok(())
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
