//! The whole of why a rule ended as it did at a record, for programs: the schema `bylaws.why/1`, described in
//! `docs/reference/why.md`.

use super::entry::Context;
use super::why::{note_text, truth_word};
use super::{changes, json as findings, steps, waivers};
use crate::data::identity::hex;
use crate::eval::ClauseRole;
use crate::eval::why::{Came, Failed, NearMiss, Node, Note, Part, Sort, StepWhy, Why};
use serde_json::{Value, json};

pub(crate) const DOCUMENT: &str = "bylaws.why/1";

pub(crate) fn document(context: &Context, whys: &[Why]) -> Value {
    json!({ "schema": DOCUMENT, "explained": whys.iter().map(|w| why(context, w)).collect::<Vec<_>>() })
}

fn why(context: &Context, why: &Why) -> Value {
    let rule = &context.plan.rules[why.rule];
    json!({
        "rule": rule.name,
        "revision": rule.revision,
        "title": rule.title,
        "severity": rule.severity,
        "cite": rule.cite,
        "span": findings::span(context, rule.name_span),
        // None: the rule is not triggered.
        "verdict": why.verdict,
        "id": why.verdict.map(|_| hex(&why.id)),
        "subject": why.subject,
        "time": why.time,
        "message": why.message,
        "exception": why.exception,
        "waiver": why.waiver.and_then(|w| rule.waivers.get(w as usize)).map(|w| waivers::entry(context, w)),
        "records": why.records.iter().map(|r| findings::record(context, r)).collect::<Vec<_>>(),
        "steps": why.steps.iter().map(|s| steps::value(context, s)).collect::<Vec<_>>(),
        "progress": why.progress.iter().map(|s| progress(context, s)).collect::<Vec<_>>(),
        "once": why.once.as_ref().map(|once| findings::once(context, once)),
        "clauses": why.parts.iter().map(|p| part(context, why, p)).collect::<Vec<_>>(),
        "windows": why.windows.iter().map(|w| {
            let mut window = json!(findings::window(context, &w.seen));
            window["near_misses"] = w.near.iter().map(|n| near(context, n)).collect();
            window
        }).collect::<Vec<_>>(),
        "notes": why.notes.iter().map(|n| json!({ "note": note_name(n), "text": note_text(context, why, n) })).collect::<Vec<_>>(),
        "changes": why.changes.as_ref().map(|c| changes::value(context, why, c)),
        "gaps": why.gaps.iter().map(|g| findings::gap(context, &why.records, g)).collect::<Vec<_>>(),
    })
}

fn part(context: &Context, why: &Why, part: &Part) -> Value {
    let mut value = node(context, why, &part.node);
    value["clause"] = json!(findings::role(&part.role));
    match &part.role {
        ClauseRole::Unless(name) => value["exception"] = json!(name),
        ClauseRole::Step(name) => value["step"] = json!(name),
        _ => {}
    }
    value
}

fn node(context: &Context, why: &Why, of: &Node) -> Value {
    let sort = match of.sort {
        Sort::And => "and",
        Sort::Or => "or",
        Sort::Not => "not",
        Sort::Test => "test",
        Sort::Value => "value",
        Sort::Constant => "constant",
        Sort::Above => "above",
        Sort::Rate => "rate",
    };
    json!({
        "node": sort,
        "text": context.sources.text(of.span),
        "span": findings::span(context, of.span),
        "truth": of.truth.map(truth_word),
        "value": of.value,
        "record": of.field.map(|f| f.0),
        "field": of.field.and_then(|(r, c)| context.field_of(&why.records, r, c)),
        "name": of.name.as_ref().map(|(name, at)| json!({ "name": name, "defined": findings::span(context, *at) })),
        "window": of.window,
        "parts": of.parts.iter().map(|p| node(context, why, p)).collect::<Vec<_>>(),
    })
}

fn progress(context: &Context, step: &StepWhy) -> Value {
    let mut value = json!({
        "step": step.name,
        "kind": context.kind(step.kind),
        "span": findings::span(context, step.span),
    });
    match &step.came {
        Came::Found(record) => {
            value["came"] = json!("found");
            value["record"] = json!(record);
        }
        Came::NotReached => value["came"] = json!("not_reached"),
        Came::Missing { seen, keys, near: all } => {
            value["came"] = json!("missing");
            value["seen"] = json!(seen);
            value["keys"] = keys.iter().map(|(k, v)| (k.clone(), json!(v))).collect::<serde_json::Map<_, _>>().into();
            value["near_misses"] = all.iter().map(|n| near(context, n)).collect();
        }
    }
    value
}

fn near(context: &Context, of: &NearMiss) -> Value {
    let mut value = match &of.failed {
        Failed::Window { by, after } => {
            json!({ "failed": "window", "by": by, "side": if *after { "after" } else { "before" } })
        }
        Failed::Key { name, found, wanted } => {
            json!({ "failed": "key", "key": name, "found": found, "wanted": wanted })
        }
        Failed::TooEarly { by, within } => json!({ "failed": "too_early", "by": by, "within": within }),
        Failed::Order { step } => json!({ "failed": "order", "step": step }),
        Failed::Between { step, records } => json!({ "failed": "between", "step": step, "records": records }),
        Failed::TooFew { step, found, least } => {
            json!({ "failed": "too_few", "step": step, "found": found, "least": least })
        }
        Failed::Condition { span, truth, values } => json!({
            "failed": "condition",
            "text": context.sources.text(*span),
            "span": findings::span(context, *span),
            "truth": truth_word(*truth),
            "values": values.iter().map(|(s, v)| json!({ "operand": context.sources.text(*s), "value": v })).collect::<Vec<_>>(),
        }),
    };
    value["record"] = json!(of.record);
    value
}

fn note_name(note: &Note) -> &'static str {
    match note {
        Note::OtherKind { .. } => "other_kind",
        Note::NotInForce { .. } => "not_in_force",
        Note::NoMatch => "no_match",
        Note::EarlierStep { .. } => "earlier_step",
        Note::WaiverOver { .. } => "waiver_for_other_days",
        Note::NotValid => "row_not_valid",
        Note::CountsForNobody => "counts_for_nobody",
        Note::CrossedBefore { .. } => "crossed_before",
    }
}
