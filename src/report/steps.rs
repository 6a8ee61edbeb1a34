//! The steps of a sequence, each with its records.

use super::entry::{Context, Entry};
use crate::eval::{RecordRef, StepTrace};
use crate::sema::hir::Times;
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;

/// Records of one step that are listed; of more, the first and the last.
const RECORDS: usize = 8;

/// A line for each record, and for each step that says that there is none. Empty where the rule has no steps.
pub(crate) fn text(context: &Context, entry: &Entry) -> String {
    listed(context, &entry.why.records, &entry.why.steps)
}

pub(crate) fn listed(context: &Context, records: &[Arc<RecordRef>], steps: &[StepTrace]) -> String {
    let mut rows: Vec<[String; 4]> = Vec::new();
    for step in steps {
        if step.times == Times::None {
            let until = step.until.as_ref().map_or("between".to_owned(), |until| format!("up to {until}"));
            let found = if step.records.is_empty() { String::new() } else { "perhaps:".into() };
            rows.push([format!("no {}", step.name), until, found, String::new()]);
        }
        let all = step.records.len();
        for (i, record) in step.records.iter().filter_map(|r| records.get(*r)).enumerate() {
            if all > RECORDS && i > 1 && i + RECORDS < all + 3 {
                if i == 2 {
                    let more = format!("… {} more", super::grouped((all + 1 - RECORDS) as u64));
                    rows.push([String::new(), more, String::new(), String::new()]);
                }
                continue;
            }
            let name = if i == 0 && step.times != Times::None { step.name.clone() } else { String::new() };
            let time = record.time.clone().unwrap_or_default();
            rows.push([name, time, context.place(record).unwrap_or_default(), context.name(record)]);
        }
    }
    let width = |column: usize| rows.iter().map(|r| r[column].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    let mut text = String::new();
    for [name, time, place, record] in &rows {
        let line = format!("{name:<0$}  {time:<1$}  {place:<2$}  {record}", widths[0], widths[1], widths[2]);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text.truncate(text.trim_end().len());
    text
}

pub(crate) fn value(context: &Context, step: &StepTrace) -> Value {
    let (times, at_least) = match step.times {
        Times::Once => ("once", None),
        Times::AtLeast(n) => ("at_least", Some(n)),
        Times::None => ("none", None),
    };
    json!({
        "name": step.name,
        "kind": context.kind(step.kind),
        "times": times,
        "at_least": at_least,
        "records": step.records,
        "until": step.until,
        "span": super::json::span(context, step.span),
    })
}
