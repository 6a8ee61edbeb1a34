//! What would have led to another verdict, in words and for programs.

use super::crop::plain;
use super::entry::{Context, shorten};
use super::why::record_line;
use crate::data::display::{ABSENT, UNKNOWN, WITHHELD};
use crate::data::{ColumnId, KindId, Origin, Type, Verdict};
use crate::eval::why::{Change, Changes, Demand, What, Why};
use crate::sema::hir::CompareOp;
use serde_json::{Value, json};
use std::fmt::Write;

/// A heading, and what is under it.
pub(crate) fn text(context: &Context, why: &Why, changes: &Changes) -> (&'static str, String) {
    let heading = match why.verdict {
        Some(Verdict::Finding) => "What would have made it no finding",
        Some(Verdict::Indeterminate | Verdict::Pending) => "What would decide it",
        _ => "What would have made it a finding",
    };
    let mut text = String::new();
    for change in &changes.found {
        let _ = writeln!(text, "  - {}: {}", what(context, &change.what), then(context, why, change));
    }
    let tried = super::plural(changes.tried, "single change");
    let _ = match (changes.found.len(), changes.tried) {
        (0, 0) => writeln!(text, "  no single change of a value or a record suggests itself"),
        (0, _) => writeln!(text, "  nothing found: of {tried} tried, none leads there"),
        _ => writeln!(text, "  Each was put to the test by judging the records again with that change alone."),
    };
    (heading, text)
}

fn then(context: &Context, why: &Why, change: &Change) -> String {
    let mut text = match (change.verdict, &change.exception) {
        (Some(Verdict::Excepted), Some(name)) => format!("excepted by `{name}`"),
        (Some(Verdict::Finding), _) => "a finding".into(),
        (Some(verdict), _) => verdict.as_str().to_owned(),
        (None, _) if context.plan.rules[why.rule].sequence.is_some() => "no such sequence".into(),
        (None, _) if over_findings(context, why) => "no finding to judge".into(),
        (None, _) => format!("not a matter of `{}`", context.plan.rules[why.rule].name),
    };
    match change.more {
        1 => text.push_str(", but another record would be a finding then"),
        n if n > 1 => {
            let _ = write!(text, ", but {n} other records would be findings then");
        }
        _ => {}
    }
    text
}

pub(crate) fn what(context: &Context, what: &What) -> String {
    match what {
        What::Field { record, own, column, found, demand } => {
            let of = &context.plan.schema.column(record.kind, *column).name;
            let whose = if *own { String::new() } else { format!(" of {}", record_line(context, record)) };
            let ty = &context.plan.schema.column(record.kind, *column).ty;
            if found == WITHHELD {
                return format!("if `{of}`{whose} were another value (it is withheld)");
            }
            let now = format!(" (it is {})", value_of(ty, found));
            format!("if `{of}`{whose} were {}{now}", self::demand(context, record.kind, *column, demand))
        }
        What::Removed { record } => format!("if {} were not there", record_line(context, record)),
        What::Added { kind, fields, from, until } => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(c, d)| {
                    format!("`{}` {}", context.plan.schema.column(*kind, *c).name, demand(context, *kind, *c, d))
                })
                .collect();
            let with = if fields.is_empty() { String::new() } else { format!(" with {}", fields.join(", ")) };
            let when = match (from, until) {
                (Some(from), Some(until)) => format!(", dated from {from} to {until}"),
                (Some(from), None) => format!(", dated from {from} on"),
                (None, Some(until)) => format!(", dated up to {until}"),
                (None, None) => String::new(),
            };
            format!("if there were another `{}`{with}{when}", context.kind(*kind))
        }
    }
}

fn demand(context: &Context, kind: KindId, column: ColumnId, demand: &Demand) -> String {
    let ty = &context.plan.schema.column(kind, column).ty;
    let dated = matches!(ty, Type::Date | Type::Timestamp);
    match demand {
        Demand::Compare(op, value) => {
            let value = value_of(ty, value);
            match (op, dated) {
                (CompareOp::Eq, _) => value,
                (CompareOp::Ne, _) => format!("other than {value}"),
                (CompareOp::Le, true) => format!("on or before {value}"),
                (CompareOp::Ge, true) => format!("on or after {value}"),
                (CompareOp::Lt, true) => format!("before {value}"),
                (CompareOp::Gt, true) => format!("after {value}"),
                (CompareOp::Le, false) => format!("at most {value}"),
                (CompareOp::Ge, false) => format!("at least {value}"),
                (CompareOp::Lt, false) => format!("below {value}"),
                (CompareOp::Gt, false) => format!("above {value}"),
            }
        }
        Demand::Condition { span, holds } => {
            let text = shorten(bare(context.sources.text(*span)), 60);
            format!("such that `{text}` {}", if *holds { "holds" } else { "does not hold" })
        }
        Demand::Absent => "absent".into(),
        Demand::Present => "there".into(),
    }
}

fn over_findings(context: &Context, why: &Why) -> bool {
    let kind = context.plan.rules[why.rule].trigger.kind();
    context.plan.schema.kind(kind).origin == Origin::Findings
}

/// A value, with a text's ends marked where they could be overlooked.
fn value_of(ty: &Type, shown: &str) -> String {
    let text = shorten(&plain(shown), 60);
    let marked = *ty == Type::Text && ![ABSENT, UNKNOWN, WITHHELD].contains(&shown);
    if marked && (text.is_empty() || text.contains(char::is_whitespace)) { format!("\"{text}\"") } else { text }
}

/// Without the parentheses around the whole.
fn bare(text: &str) -> &str {
    let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) else { return text };
    let mut depth = 0i32;
    let around = inner.chars().all(|c| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth >= 0
    });
    if around { inner.trim() } else { text }
}

pub(crate) fn value(context: &Context, why: &Why, changes: &Changes) -> Value {
    json!({
        "tried": changes.tried,
        "found": changes.found.iter().map(|c| change(context, why, c)).collect::<Vec<_>>(),
    })
}

fn change(context: &Context, why: &Why, change: &Change) -> Value {
    let mut value = match &change.what {
        What::Field { record, own, column, found, demand } => json!({
            "change": "field",
            "record": super::json::record(context, record),
            "own": own,
            "field": context.plan.schema.column(record.kind, *column).name,
            "found": found,
            "wanted": wanted(context, record.kind, *column, demand),
        }),
        What::Removed { record } => {
            json!({ "change": "removed", "record": super::json::record(context, record) })
        }
        What::Added { kind, fields, from, until } => json!({
            "change": "added",
            "kind": context.kind(*kind),
            "fields": fields.iter().map(|(c, d)| wanted(context, *kind, *c, d)).collect::<Vec<_>>(),
            "from": from,
            "until": until,
        }),
    };
    value["verdict"] = json!(change.verdict);
    value["exception"] = json!(change.exception);
    value["other_findings"] = json!(change.more);
    value["text"] = json!(format!("{}: {}", what(context, &change.what), then(context, why, change)));
    value
}

fn wanted(context: &Context, kind: KindId, column: ColumnId, demand: &Demand) -> Value {
    let (how, value) = match demand {
        Demand::Compare(op, value) => (op.sign(), Some(value.clone())),
        Demand::Condition { span, holds: true } => ("holds", Some(context.sources.text(*span).to_owned())),
        Demand::Condition { span, holds: false } => ("does_not_hold", Some(context.sources.text(*span).to_owned())),
        Demand::Absent => ("absent", None),
        Demand::Present => ("present", None),
    };
    json!({ "field": context.plan.schema.column(kind, column).name, "is": how, "value": value })
}
