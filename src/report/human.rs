//! Findings for people: the clauses of the rule with the values that they saw, then the records.

use super::crop::plain;
use super::entry::{Context, Entry, Excerpt, finding_named, force, shorten};
use super::page::Page;
use super::render::render;
use super::waivers;
use crate::data::{ColumnId, Origin, Severity, Verdict, identity};
use crate::diag::Level;
use crate::eval::{ClauseRole, OnceTrace, RecordRef, Truth, WindowTrace};
use crate::plan::{Expr, Op};
use crate::sema::hir::Window;
use crate::source::Span;
use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

/// Records that get a frame of their own; the others are named.
const FRAMES: usize = 4;
/// Contributions to a window that are listed; of more, the first and the last.
const CONTRIBUTIONS: usize = 12;

/// One entry in full (findings) or in short (the others). `excerpts` are the texts of its records, in their order.
pub(crate) fn entry(context: &Context, entry: &Entry, excerpts: &[Option<Excerpt>], color: bool) -> String {
    match entry.verdict() {
        Verdict::Finding => finding(context, entry, excerpts, color),
        Verdict::Indeterminate => indeterminate(context, entry, excerpts, color),
        Verdict::Pending | Verdict::Excepted | Verdict::Waived | Verdict::Repeated | Verdict::Compliant => {
            short(context, entry, color)
        }
    }
}

/// The page, with a frame for each record that is shown.
fn with_records(context: &Context, entry: &Entry, mut page: Page, excerpts: &[Option<Excerpt>], color: bool) -> String {
    for i in framed(entry) {
        if let Some(excerpt) = excerpts.get(i).and_then(Option::as_ref) {
            record_frame(&mut page, excerpt, &labels(context, entry, i));
        }
    }
    let mut text = render(&page, color, 0);
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn finding(context: &Context, entry: &Entry, excerpts: &[Option<Excerpt>], color: bool) -> String {
    let rule = entry.rule();
    let heading = format!("{} finding · {}", rule.severity.as_str(), rule.name);
    let message = match plain(&entry.why.message) {
        message if message.is_empty() || message == rule.title => rule.title.clone(),
        message => format!("{}\n{message}", rule.title),
    };
    let mut page = Page::new(heading, level(rule.severity), message);
    page.places(context.sources, &clause_marks(context, entry), 0);
    let mut text = with_records(context, entry, page, excerpts, color);
    let mut notes = Vec::new();
    notes.extend(steps(context, entry));
    if let Some(once) = entry.why.once.as_ref().filter(|o| o.further > 0) {
        let more = super::grouped(once.further);
        notes.push(("repeated", format!("{more} more, {}", within(once))));
    }
    for window in &entry.why.windows {
        notes.push(("searched", searched(context, &entry.why.records, window)));
    }
    for gap in &entry.why.gaps {
        notes.push(("unknown", context.gap(entry, gap)));
    }
    let exceptions: Vec<_> = rule.unless.iter().map(|e| format!("`{}`", e.name)).collect();
    if !exceptions.is_empty() {
        let (what, do_not) = if exceptions.len() == 1 { ("exception", "does") } else { ("exceptions", "do") };
        notes.push((what, format!("{} {do_not} not apply", exceptions.join(", "))));
    }
    if !rule.waivers.is_empty() {
        notes.push(("waivers", format!("{}, none covers this", rule.waivers.len())));
    }
    if let Some(cite) = &rule.cite {
        notes.push(("cite", cite.clone()));
    }
    if let Some(consequence) = &rule.consequence {
        notes.push(("consequence", consequence.clone()));
    }
    if let Some(when) = force(rule.effective) {
        notes.push(("in force", when));
    }
    notes.push(("about", about(context, entry)));
    notes.push(("id", entry.id()));
    write_notes(&mut text, notes, color);
    text
}

fn steps(context: &Context, entry: &Entry) -> Option<(&'static str, String)> {
    let text = super::steps::text(context, entry);
    (!text.is_empty()).then_some(("steps", text))
}

/// Names and texts under a report, and an empty line.
fn write_notes(text: &mut String, notes: impl IntoIterator<Item = (&'static str, String)>, color: bool) {
    for (name, note) in notes {
        let mut lines = note.lines();
        let _ = writeln!(text, "  {} {}", dim(&format!("{name:>11}"), color), lines.next().unwrap_or_default());
        for line in lines {
            let _ = writeln!(text, "              {line}");
        }
    }
    text.push('\n');
}

fn indeterminate(context: &Context, entry: &Entry, excerpts: &[Option<Excerpt>], color: bool) -> String {
    let rule = entry.rule();
    let gaps: Vec<String> = entry.why.gaps.iter().map(|g| context.gap(entry, g)).collect();
    let message = match gaps.is_empty() {
        true => format!("{}\nfrom what is known it cannot be said whether this was kept", rule.title),
        false => gaps.join("\n"),
    };
    let heading = format!("indeterminate · {}", rule.name);
    let mut page = Page::new(heading, Level::Warning, message);
    let mut places: Vec<(Span, Option<String>)> = Vec::new();
    for gap in &entry.why.gaps {
        if !places.iter().any(|(span, _)| *span == gap.span) {
            places.push((gap.span, Some("needed here".into())));
        }
    }
    if places.is_empty() {
        for clause in entry.why.clauses.iter().filter(|c| c.truth == Truth::Unknown) {
            match clause.values.is_empty() {
                true => places.push((clause.span, Some("not known".into()))),
                false => places.extend(clause.values.iter().map(|v| (v.span, Some(shorten(&v.value, 60))))),
            }
        }
    }
    page.places(context.sources, &places, 0);
    let mut text = with_records(context, entry, page, excerpts, color);
    let windows = entry.why.windows.iter().map(|w| ("searched", searched(context, &entry.why.records, w)));
    let windows = steps(context, entry).into_iter().chain(windows);
    write_notes(&mut text, windows.chain([("about", about(context, entry))]), color);
    text
}

/// `with actor = P, from 2025-03-01 to 2025-03-31`
pub(crate) fn within(once: &OnceTrace) -> String {
    let keys: Vec<_> = once.keys.iter().map(|(k, v)| format!("{k} = {}", plain(v))).collect();
    let of = if keys.is_empty() { "across everyone".into() } else { format!("with {}", keys.join(", ")) };
    format!("{of}, from {} to {}", once.from, once.until)
}

fn short(context: &Context, entry: &Entry, color: bool) -> String {
    let rule = entry.rule();
    let mut text = format!("{} · {}  {}\n", entry.verdict().as_str(), rule.name, dim(&about(context, entry), color));
    let reason = match (entry.verdict(), &entry.why.exception) {
        _ if let Some(waiver) = entry.row.waiver => waivers::sentence(context, waiver),
        (Verdict::Repeated, _) if let Some(once) = &entry.why.once => {
            let first = once.counted_with.as_ref().map_or_else(String::new, |id| identity::hex(id));
            format!("{}: counted with the finding {first}", within(once))
        }
        (Verdict::Excepted, Some(name)) => {
            let span = rule.unless.iter().find(|e| e.name == *name).map(|e| e.span);
            let clause = span.map_or(String::new(), |s| format!(" ({})", context.spot(s)));
            format!("the exception `{name}` applies{clause}")
        }
        _ => {
            let gaps: Vec<_> = entry.why.gaps.iter().map(|g| context.gap(entry, g)).collect();
            if gaps.is_empty() { plain(&entry.why.message) } else { gaps.join("; ") }
        }
    };
    let _ = writeln!(text, "    {reason}");
    text
}

/// The operands that decided, with their values; the clause itself where it has none.
fn clause_marks(context: &Context, entry: &Entry) -> Vec<(Span, Option<String>)> {
    let mut marks: Vec<(Span, Option<String>)> = Vec::new();
    let mut mark = |span: Span, label: String, instead: bool| match marks.iter_mut().find(|(s, _)| *s == span) {
        Some(mark) if instead => mark.1 = Some(label),
        Some(_) => {}
        None => marks.push((span, Some(label))),
    };
    // An amount that was converted is told with what it came to.
    let is_rate = |record: usize| context.plan.schema.kind(entry.why.records[record].kind).rates.is_some();
    for clause in &entry.why.clauses {
        let held = match clause.role {
            ClauseRole::Unless(_) | ClauseRole::Waiver(_) => false,
            ClauseRole::Need => true,
            _ => clause.truth == Truth::True,
        };
        if !held {
            continue;
        }
        if clause.role == ClauseRole::Need {
            let result = entry.why.windows.iter().find(|w| w.span == clause.span).map(|w| w.searched);
            mark(
                clause.span,
                match result {
                    Some(0) | None => "none found".into(),
                    Some(1) => "none: the one in this time does not fit".into(),
                    Some(n) => format!("none: of {n} in this time, no one fits"),
                },
                false,
            );
            continue;
        }
        if clause.values.is_empty() {
            mark(clause.span, "holds".into(), false);
        }
        for value in &clause.values {
            let converted = value.field.is_some_and(|(record, _)| is_rate(record));
            mark(value.span, shorten(&value.value, if converted { 100 } else { 60 }), converted);
        }
    }
    marks
}

/// The place of a record; of a finding, also which it is.
fn where_found(context: &Context, record: &RecordRef) -> String {
    let place = context.place(record).unwrap_or_default();
    match context.plan.schema.kind(record.kind).origin {
        Origin::Findings => format!("{place}  {}", finding_named(&record.identity)),
        _ => place,
    }
}

/// The records that a report shows in their own text: the triggering one, and those that conditions read, without
/// those that only add to a window.
pub(crate) fn framed(entry: &Entry) -> Vec<usize> {
    let why = &entry.why;
    let mut records: Vec<usize> = match entry.verdict() {
        Verdict::Finding => {
            let only_adds = |i: &usize| why.windows.iter().any(|w| w.contributions.iter().any(|c| c.record == *i));
            (0..why.records.len()).filter(|i| *i == 0 || !only_adds(i)).collect()
        }
        Verdict::Indeterminate => std::iter::once(0).chain(why.gaps.iter().filter_map(|g| g.record)).collect(),
        _ => Vec::new(),
    };
    records.sort_unstable();
    records.dedup();
    records.truncate(FRAMES);
    records
}

/// The columns of a record that are marked in its text: those that decided, or else those that say which it is.
pub(crate) fn seen_columns(context: &Context, entry: &Entry, record: usize) -> Vec<ColumnId> {
    let why = &entry.why;
    let mut columns: Vec<ColumnId> = match entry.verdict() {
        Verdict::Indeterminate => {
            let gaps = why.gaps.iter().filter(|g| g.record == Some(record));
            let mut columns: Vec<ColumnId> = gaps.filter_map(|g| g.column).collect();
            if record == 0 && columns.is_empty() {
                columns.extend(window_columns(context, entry));
            }
            columns
        }
        _ => {
            let values = why.clauses.iter().flat_map(|c| c.values.iter().filter_map(|v| v.field));
            let mut columns: Vec<ColumnId> = values.filter(|(r, _)| *r == record).map(|(_, c)| c).collect();
            if record == 0 {
                columns.extend(window_columns(context, entry));
            }
            columns
        }
    };
    if let (true, Some(of)) = (columns.is_empty(), why.records.get(record)) {
        columns = context.plan.schema.kind(of.kind).identity.clone();
    }
    columns.sort_unstable();
    columns.dedup();
    columns
}

/// What a window hangs on at the triggering record: its keys, its time, and what it adds.
fn window_columns(context: &Context, entry: &Entry) -> Vec<ColumnId> {
    let mut columns = Vec::new();
    let kind = entry.row.read_as;
    let excepts = |span: Span| {
        entry
            .rule()
            .unless
            .iter()
            .any(|e| e.span.file == span.file && e.span.start <= span.start && span.end <= e.span.end)
    };
    let shown = |span: Span| entry.why.windows.iter().any(|w| w.span == span) && !excepts(span);
    let of_rule = entry.rule().histories.iter().filter_map(|h| context.plan.histories.get(*h as usize));
    for history in of_rule.filter(|h| h.root == 0 && shown(h.span)) {
        for key in &history.keys {
            columns_of(&key.outer, 0, &mut columns);
        }
        let adds_itself = matches!(history.window, Window::Over(_) | Window::AllTime | Window::In(_));
        if adds_itself
            && history.kind == kind
            && let Some(value) = &history.value
        {
            columns_of(value, 1, &mut columns);
        }
        columns.extend(context.plan.schema.kind(kind).time());
    }
    columns.into_iter().map(|c| entry.row.own_column(c)).collect()
}

fn columns_of(expr: &Expr, root: u8, columns: &mut Vec<ColumnId>) {
    match &expr.op {
        Op::Column { root: r, column } if *r == root => columns.push(*column),
        _ => expr.children().into_iter().for_each(|e| columns_of(e, root, columns)),
    }
}

fn labels(context: &Context, entry: &Entry, record: usize) -> Vec<(ColumnId, String)> {
    let columns = seen_columns(context, entry, record).into_iter();
    columns.filter_map(|c| Some((c, context.field(entry, record, c)?.to_owned()))).collect()
}

fn record_frame(page: &mut Page, excerpt: &Excerpt, fields: &[(ColumnId, String)]) {
    let mut marks: Vec<(Range<usize>, Option<String>)> = Vec::new();
    for (column, label) in fields {
        for (_, range) in excerpt.fields.iter().filter(|(c, _)| c == column) {
            match marks.iter_mut().find(|(r, _)| r == range) {
                Some((_, Some(known))) => known.push_str(&format!(", {label}")),
                _ => marks.push((range.clone(), Some(label.clone()))),
            }
        }
    }
    if marks.is_empty() {
        // A frame is drawn around a label; nothing in particular decided, so it is the whole line.
        marks.push((0..excerpt.text.len().min(60), None));
    }
    marks.sort_by_key(|(r, _)| (r.start, r.end));
    page.lines(&excerpt.name, &excerpt.text, excerpt.line as usize, &marks);
}

/// What a history condition looked at: where, until when, and what each record added.
pub(crate) fn searched(context: &Context, records: &[Arc<RecordRef>], window: &WindowTrace) -> String {
    let keys: Vec<_> = window.keys.iter().map(|(k, v)| format!("{k} = {}", plain(v))).collect();
    let of = if keys.is_empty() { "across everyone".into() } else { format!("with {}", keys.join(", ")) };
    let when = match (&window.from, &window.until) {
        (Some(from), Some(until)) if window.from_included => format!("from {from} to {until}"),
        (Some(from), Some(until)) => format!("after {from}, up to {until}"),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("up to {until}"),
        (None, None) => "at any time".into(),
    };
    let kind = context.kind(window.kind);
    let outcome = match (window.searched, plain(&window.result).as_str()) {
        (0, "none" | "absent") => "none that fits".to_owned(),
        (n, "none") => format!("{} in that time, none fits", super::grouped(n as u64)),
        (n, "1 record") => format!("{} in that time, 1 of them fits", super::grouped(n as u64)),
        (n, result) => match result.strip_suffix(" records") {
            Some(fit) => format!("{} in that time, {fit} of them fit", super::grouped(n as u64)),
            None => format!("{} in that time, result {result}", super::grouped(n as u64)),
        },
    };
    let over = window.median.as_ref().map(|m| format!(", {}", m.phrase())).unwrap_or_default();
    let mut text = format!("{kind} {of}, {when}: {outcome}{over}");
    let all = window.contributions.len();
    let (head, tail) = if all > CONTRIBUTIONS { (3, all - (CONTRIBUTIONS - 4)) } else { (all, all) };
    let rows: Vec<[String; 4]> = window
        .contributions
        .iter()
        .enumerate()
        .filter(|(i, _)| *i < head || *i >= tail)
        .map(|(_, c)| {
            let record = records.get(c.record);
            [
                record.and_then(|r| r.time.clone()).unwrap_or_default(),
                record.map(|r| where_found(context, r)).unwrap_or_default(),
                c.value.as_deref().map(plain).unwrap_or_default(),
                c.running.as_ref().map(|r| format!("→ {}", plain(r))).unwrap_or_default(),
            ]
        })
        .collect();
    let width = |column: usize| rows.iter().map(|r| r[column].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2), width(3)];
    for (i, [time, place, value, running]) in rows.iter().enumerate() {
        if i == head && head < all {
            let _ = write!(text, "\n  … {} more", super::grouped((tail - head) as u64));
        }
        let line = format!(
            "\n  {time:<0$}  {place:<1$}  {value:>2$}  {running:>3$}",
            widths[0], widths[1], widths[2], widths[3]
        );
        text.push_str(line.trim_end());
    }
    text
}

/// Who, when, which record, where.
fn about(context: &Context, entry: &Entry) -> String {
    let mut parts = Vec::new();
    if let Some(subject) = entry.row.subject {
        parts.push(plain(subject));
    }
    if let Some(record) = entry.why.records.first() {
        parts.push(context.name(record));
    }
    if let Some(time) = &entry.time {
        parts.push(time.clone());
    }
    if let Some(place) = entry.why.records.first().and_then(|r| context.place(r)) {
        parts.push(place);
    }
    parts.join(", ")
}

fn level(severity: Severity) -> Level {
    match severity {
        Severity::Critical | Severity::Major => Level::Error,
        Severity::Minor => Level::Warning,
        Severity::Info => Level::Advice,
    }
}

pub(crate) fn dim(text: &str, color: bool) -> String {
    if color { format!("\x1b[2m{text}\x1b[0m") } else { text.to_owned() }
}

/// `1 finding`, `3 indeterminate verdicts`
pub(crate) fn verdicts(n: u64, verdict: Verdict) -> String {
    let what = match verdict {
        Verdict::Finding => "finding".to_owned(),
        other => format!("{} verdict", other.as_str()),
    };
    super::plural(n as usize, &what)
}
