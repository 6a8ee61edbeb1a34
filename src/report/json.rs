//! Findings for programs: the schema `bylaws.finding/1`, described in `docs/reference/findings.md`.

use super::entry::{Context, Entry};
use super::waivers;
use crate::data::{ColumnId, display, identity};
use crate::eval::{ClauseRole, Gap, GapReason, OnceTrace, RecordRef, WindowTrace};
use crate::source::Span;
use serde_json::{Value, json};

const SCHEMA: &str = "bylaws.finding/1";
/// Of the document that holds the findings of a run, and its summary.
pub(crate) const DOCUMENT: &str = "bylaws.audit/1";

pub(crate) fn entry(context: &Context, entry: &Entry) -> Value {
    let rule = entry.rule();
    let why = &entry.why;
    let mut value = json!({
        "schema": SCHEMA,
        "id": entry.id(),
        "rule": rule.name,
        "revision": rule.revision,
        "policy": rule.policy,
        "severity": rule.severity,
        "title": rule.title,
        "message": why.message,
        "cite": rule.cite,
        "consequence": rule.consequence,
        "purpose": rule.purpose,
        "legal_basis": rule.legal_basis,
        "retention": rule.retention.map(display::length),
        "verdict": entry.verdict(),
        "subject": entry.row.subject,
        "time": entry.time,
        "records": why.records.iter().map(|r| super::why_json::record(context, r)).collect::<Vec<_>>(),
        "values": why.clauses.iter().flat_map(|c| c.values.iter().map(move |v| (c, v))).map(|(clause, v)| json!({
            "clause": role(&clause.role),
            "exception": if let ClauseRole::Unless(name) = &clause.role { Some(name) } else { None },
            "truth": clause.truth,
            "operand": context.sources.text(v.span),
            "span": span(context, v.span),
            "value": v.value,
            "record": v.field.map(|(r, _)| r),
            "field": v.field.and_then(|(r, c)| context.field(entry, r, c)),
        })).collect::<Vec<_>>(),
        "windows": why.windows.iter().map(|w| window(context, w)).collect::<Vec<_>>(),
        "gaps": why.gaps.iter().map(|g| gap(context, &why.records, g)).collect::<Vec<_>>(),
        "exception": why.exception,
        "waiver": entry.row.waiver.map(|w| waivers::entry(context, w)),
    });
    if let Some(once) = &why.once {
        value["once"] = self::once(context, once);
    }
    if !why.steps.is_empty() {
        value["steps"] = why.steps.iter().map(|s| super::steps::value(context, s)).collect();
    }
    value
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

/// What a history condition searched and found.
pub(super) fn window(context: &Context, w: &WindowTrace) -> Value {
    json!({
        "span": span(context, w.span),
        "kind": context.kind(w.kind),
        "from": w.from,
        "from_included": w.from_included,
        "until": w.until,
        "keys": w.keys.iter().map(|(k, v)| (k.clone(), json!(v))).collect::<serde_json::Map<_, _>>(),
        "searched": w.searched,
        "contributions": w.contributions,
        "result": w.result,
    })
}

/// What was missing, malformed or has yet to come.
pub(super) fn gap(context: &Context, records: &[RecordRef], g: &Gap) -> Value {
    let mut value = reason(context, &g.why);
    let field = g.record.zip(g.column).and_then(|(r, c): (usize, ColumnId)| context.field_of(records, r, c));
    value["record"] = json!(g.record);
    value["field"] = json!(field);
    value["span"] = span(context, g.span);
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

pub(super) fn span(context: &Context, span: Span) -> Value {
    let (line, column) = context.sources.line_col(span);
    json!({ "file": context.sources.file(span.file).name, "line": line, "column": column })
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
        GapReason::Calendar { table, day } => {
            let table = table.map(|t| context.kind(t));
            json!({ "reason": "calendar", "table": table, "what": day })
        }
        GapReason::Arithmetic { what } => json!({ "reason": "arithmetic", "what": what }),
        GapReason::NoTime => json!({ "reason": "no_time" }),
        GapReason::NotYet { until } => json!({ "reason": "not_yet", "until": until }),
    }
}
