//! What a condition that somebody tries comes to: at a record with all its parts, and over all records.

use super::entry::{Context, force};
use super::human::dim;
use super::why::{bold, gap_line, mark, node, note_text, record_line, truth_word};
use crate::data::{ColumnId, KindId, Type, Verdict};
use crate::eval::why::{Node, Seen, Why};
use crate::eval::{Gap, RecordRef, RuleCounts, Truth};
use std::fmt::Write;
use std::sync::Arc;

/// What the condition is where the rule that it was made has this verdict.
pub(crate) fn truth(verdict: Verdict) -> Truth {
    match verdict {
        Verdict::Finding | Verdict::Excepted | Verdict::Waived | Verdict::Repeated => Truth::True,
        Verdict::Compliant => Truth::False,
        Verdict::Pending => Truth::Pending,
        Verdict::Indeterminate => Truth::Unknown,
    }
}

/// How many records it is each of these for; those that it is for none are left out, but for true and false.
pub(crate) fn numbers(counts: &RuleCounts) -> Vec<(Truth, u64)> {
    let all = [
        (Truth::True, counts.finding + counts.excepted + counts.waived + counts.repeated),
        (Truth::False, counts.compliant),
        (Truth::Unknown, counts.indeterminate),
        (Truth::Pending, counts.pending),
    ];
    all.into_iter().filter(|(t, n)| *n > 0 || matches!(t, Truth::True | Truth::False)).collect()
}

/// `gift: 5 records`, and under it how many it is true for.
pub(crate) fn counts(kind: &str, what: &str, counts: &RuleCounts, color: bool) -> String {
    let all = counts.triggered();
    let numbers = numbers(counts);
    let width = numbers.iter().map(|n| super::grouped(n.1).len()).max().unwrap_or(1);
    let mut text = format!("{}: {}\n", bold(kind, color), super::plural(all as usize, what));
    for (truth, n) in numbers {
        let word = mark(truth, &format!("{:<7}", truth_word(truth)), color);
        let _ = writeln!(text, "  {word}  {:>width$}", super::grouped(n));
    }
    text
}

/// The numbers on one line: `true 2, false 2, unknown 1, of 5`.
pub(crate) fn counts_line(counts: &RuleCounts, what: &str, color: bool) -> String {
    let parts: Vec<String> =
        numbers(counts).iter().map(|(t, n)| format!("{} {}", truth_word(*t), super::grouped(*n))).collect();
    let of = super::plural(counts.triggered() as usize, what);
    dim(&format!("{}, of {of}", parts.join(", ")), color)
}

/// What stands beside.
pub(crate) fn dimmed(text: &str, color: bool) -> String {
    dim(text, color)
}

/// `gift G1, 2026-01-10, log.ndjson:1`
pub(crate) fn heading(context: &Context, why: &Why, color: bool) -> String {
    why.records.first().map_or(String::new(), |r| bold(&record_line(context, r), color))
}

/// The condition at one record: each part with what it came to, and what is not known.
pub(crate) fn record(context: &Context, why: &Why, color: bool) -> String {
    let mut text = String::new();
    for note in &why.notes {
        let _ = writeln!(text, "  {}", note_text(context, why, note));
    }
    let rule = &context.plan.rules[why.rule];
    if let Some(force) = force(rule.effective).filter(|_| why.notes.is_empty()) {
        let _ = writeln!(text, "  {}", dim(&format!("with the values {force}"), color));
    }
    let whole = why.verdict.map(truth);
    match why.parts.as_slice() {
        [only] if only.node.truth == whole => node(context, why, &only.node, 1, &mut text, color),
        parts => {
            if let Some(truth) = whole {
                let of = super::shorten(context.sources.text(rule.span), 120);
                let _ = writeln!(text, "  {} {of}", mark(truth, &format!("{:<7}", truth_word(truth)), color));
            }
            // What no part of it says by itself: whether there is such a row, or such a finding, at all.
            let told = |gap: &Gap| parts.iter().any(|p| says(&p.node, gap));
            for gap in why.gaps.iter().filter(|gap| !told(gap)) {
                let _ = writeln!(text, "            {} {}", dim("because", color), gap_line(context, why, gap));
            }
            parts.iter().for_each(|p| node(context, why, &p.node, 2, &mut text, color));
        }
    }
    text
}

fn says(node: &Node, gap: &Gap) -> bool {
    node.gaps.contains(gap) || node.parts.iter().any(|p| says(p, gap))
}

/// What the fields of a record hold.
pub(crate) type Cells<'a> = (&'a Arc<RecordRef>, &'a [(ColumnId, Seen)]);

/// The fields of a kind with their types, and what stands in them at a record.
pub(crate) fn fields(context: &Context, kind: KindId, cells: Option<Cells<'_>>) -> String {
    let of = context.plan.schema.kind(kind);
    let mut rows: Vec<(String, String, String)> = Vec::new();
    for (column, field) in (0..).map(ColumnId).zip(&of.columns).filter(|(_, f)| f.ty != Type::Struct) {
        let optional = if field.optional { "?" } else { "" };
        let ty = format!("{}{optional}", context.plan.schema.type_name(&field.ty));
        let seen = cells.and_then(|(record, all)| Some((record, &all.iter().find(|c| c.0 == column)?.1)));
        let value = match seen {
            None => String::new(),
            Some((_, Seen::Value(value))) => super::shorten(value, 60),
            Some((_, Seen::Absent)) => "absent".into(),
            Some((record, Seen::Unknown(why))) => {
                let gap = Gap { why: why.clone(), record: Some(0), column: Some(column), span: field.span };
                format!("unknown: {}", context.gap_of(std::slice::from_ref(record), &gap))
            }
        };
        rows.push((field.name.clone(), ty, value));
    }
    let width = |f: fn(&(String, String, String)) -> &String| rows.iter().map(|r| f(r).chars().count()).max();
    let (names, types) = (width(|r| &r.0).unwrap_or(0), width(|r| &r.1).unwrap_or(0));
    rows.iter()
        .map(|(name, ty, value)| format!("{}\n", format!("  {name:<names$}  {ty:<types$}  {value}").trim_end()))
        .collect()
}

/// `true     gift G1, 2026-01-10, log.ndjson:1`; where it is not known, why.
pub(crate) fn line(context: &Context, why: &Why, color: bool) -> String {
    let truth = why.verdict.map_or(Truth::Unknown, truth);
    let record = why.records.first().map_or(String::new(), |r| record_line(context, r));
    let gaps: Vec<String> = why.gaps.iter().map(|g| context.gap_of(&why.records, g)).collect();
    let gaps = if gaps.is_empty() { String::new() } else { format!(": {}", gaps.join("; ")) };
    format!("  {} {record}{gaps}\n", mark(truth, &format!("{:<7}", truth_word(truth)), color))
}
