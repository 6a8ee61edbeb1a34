//! Tests as examples: their records as small tables, and what the rule says of each.

use super::catalogue::Arg;
use super::model::Given;
use super::words::Words;
use crate::data::{ColumnId, KindId, Origin, Role, Schema, Value, Verdict, Zone, display};
use crate::sema::hir::{Body, Cell, Expr, ExprKind, History, Rule, Test, Trigger};
use crate::source::Span;
use std::collections::BTreeSet;

pub struct Example {
    pub title: String,
    /// One, or one for each row of the test's `cases`.
    pub cases: Vec<Case>,
}

pub struct Case {
    pub tables: Vec<Table>,
    /// When the data ends, and parameters that are set for it.
    pub notes: Vec<String>,
    pub verdicts: Vec<Line>,
}

pub struct Table {
    pub caption: String,
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

pub struct Line {
    pub verdict: Verdict,
    pub text: String,
    /// The finding's own sentence.
    pub message: Option<String>,
}

type Read = BTreeSet<(KindId, ColumnId)>;

pub fn of_rule(given: &Given, words: &Words, rules: &[&Rule]) -> Vec<Example> {
    let mut read = Read::new();
    rules.iter().for_each(|rule| read_by_rule(words.schema, rule, &mut read));
    let zone = rules.first().and_then(|r| Zone::named(&r.clock.timezone)).unwrap_or_else(Zone::utc);
    let mut out: Vec<(Span, Example)> = Vec::new();
    for test in &given.hir.tests {
        let expected = test.expect.iter().any(|e| rules.iter().any(|r| r.name == e.rule));
        if !expected {
            continue;
        }
        let case = case(words, test, &rules[0].name, &read, &zone);
        match out.last_mut() {
            Some((span, example)) if *span == test.span => example.cases.push(case),
            _ => out.push((test.span, Example { title: test.title.clone(), cases: vec![case] })),
        }
    }
    out.into_iter().map(|(_, example)| example).collect()
}

fn case(words: &Words, test: &Test, rule: &str, read: &Read, zone: &Zone) -> Case {
    let mut kinds: Vec<KindId> = Vec::new();
    for given in &test.given {
        if read.iter().any(|(kind, _)| *kind == given.kind) && !kinds.contains(&given.kind) {
            kinds.push(given.kind);
        }
    }
    let tables = kinds.into_iter().map(|kind| table(words, test, kind, read, zone)).collect();
    let mut notes = Vec::new();
    if let Some(time) = &test.as_of {
        notes.push(words.say("example-as-of", &[("time", Arg::Text(&cell(words, time, zone)))]));
    }
    for (param, value) in &test.set {
        let (param, value) = (words.quoted(&words.definition(param)), words.constant(value, zone));
        notes.push(words.say("example-set", &[("param", (&param).into()), ("value", (&value).into())]));
    }
    let verdicts = test.expect.iter().filter(|e| e.rule == rule).map(|expect| {
        let record = match expect.on {
            None => words.say("example-any", &[]),
            Some(at) => name(words, test, at),
        };
        let verdict = words.say(verdict_id(expect.verdict), &[]);
        let mut text = words.say("example-verdict", &[("record", (&record).into()), ("verdict", (&verdict).into())]);
        if let Some(by) = &expect.by {
            let by = words.quoted(&words.exception(by));
            text = words.say("example-by", &[("text", (&text).into()), ("exception", (&by).into())]);
        }
        if let Some(whose) = &expect.whose {
            let whose = cell(words, whose, zone);
            text = words.say("example-for", &[("text", (&text).into()), ("person", (&whose).into())]);
        }
        let message = expect.message.as_ref().map(|(message, _)| message.clone());
        Line { verdict: expect.verdict, text, message }
    });
    Case { tables, notes, verdicts: verdicts.collect() }
}

fn verdict_id(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Finding => "verdict-finding",
        Verdict::Compliant => "verdict-compliant",
        Verdict::Excepted => "verdict-excepted",
        Verdict::Waived => "verdict-waived",
        Verdict::Repeated => "verdict-repeated",
        Verdict::Pending => "verdict-pending",
        Verdict::Indeterminate => "verdict-indeterminate",
    }
}

/// What a given record is called: as in the test, else by its kind and place.
fn name(words: &Words, test: &Test, at: usize) -> String {
    let Some(given) = test.given.get(at) else { return String::new() };
    match &given.alias {
        Some(alias) => super::words::readable(alias),
        None => {
            let n = test.given.iter().take(at + 1).filter(|g| g.kind == given.kind).count();
            let n = i64::try_from(n).unwrap_or(i64::MAX);
            words.say("example-unnamed", &[("kind", (&words.kind(given.kind)).into()), ("n", n.into())])
        }
    }
}

fn table(words: &Words, test: &Test, kind: KindId, read: &Read, zone: &Zone) -> Table {
    let given: Vec<usize> = (0..test.given.len()).filter(|i| test.given[*i].kind == kind).collect();
    let said = |column: ColumnId| given.iter().any(|i| test.given[*i].cells.iter().any(|(c, _)| *c == column));
    let columns: Vec<ColumnId> =
        read.iter().filter(|(k, column)| *k == kind && said(*column)).map(|(_, column)| *column).collect();
    let mut head = vec![words.say("example-record", &[])];
    head.extend(columns.iter().map(|column| words.field(kind, *column)));
    let rows = given.iter().map(|i| {
        let cells = &test.given[*i].cells;
        let mut row = vec![name(words, test, *i)];
        row.extend(columns.iter().map(|column| match cells.iter().find(|(c, _)| c == column) {
            None => String::new(),
            Some((_, Cell::Value(value))) => cell(words, value, zone),
            Some((_, Cell::Malformed(text))) => words.say("example-malformed", &[("text", text.into())]),
        }));
        row
    });
    Table { caption: words.kinds(kind), head, rows: rows.collect() }
}

/// A value in a table, without the quotes that it has in a sentence.
fn cell(words: &Words, value: &Value, zone: &Zone) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Enum(id, word) => words.word(*id, *word),
        Value::Timestamp(_) => display::value(value, words.schema, zone),
        Value::List(items) => items.iter().map(|v| cell(words, v, zone)).collect::<Vec<_>>().join(", "),
        other => words.value(other, zone),
    }
}

// ---------------------------------------------------------------- what a rule reads

fn read_by_rule(schema: &Schema, rule: &Rule, read: &mut Read) {
    // The kinds of the roots, as they come.
    let mut roots: Vec<(u8, KindId)> = vec![(0, rule.trigger.kind())];
    match &rule.trigger {
        Trigger::Sequence(sequence) => {
            roots.extend(sequence.steps.iter().map(|step| (step.root, step.kind)));
            for step in &sequence.steps {
                times(schema, step.kind, read);
                let mut inner = roots.clone();
                inner.push((step.root, step.kind));
                step.keys.iter().for_each(|key| {
                    of(schema, &key.inner, &mut inner, read);
                    of(schema, &key.outer, &mut roots.clone(), read);
                });
                step.filter.iter().for_each(|filter| of(schema, filter, &mut inner, read));
            }
        }
        trigger => {
            times(schema, trigger.kind(), read);
            subject(schema, trigger.kind(), read);
            trigger.filter().iter().for_each(|filter| of(schema, filter, &mut roots, read));
        }
    }
    match &rule.body {
        Body::Forbid { when } => of(schema, when, &mut roots, read),
        Body::Require { when, need } => {
            when.iter().for_each(|when| of(schema, when, &mut roots, read));
            of_history(schema, need, &mut roots, read);
        }
        Body::Limit { when, aggregate, to } => {
            when.iter().for_each(|when| of(schema, when, &mut roots, read));
            of_history(schema, aggregate, &mut roots, read);
            of(schema, to, &mut roots, read);
        }
    }
    rule.unless.iter().for_each(|exception| of(schema, &exception.condition, &mut roots, read));
    rule.once.iter().flat_map(|once| &once.keys).for_each(|key| of(schema, key, &mut roots, read));
    rule.waivers.iter().flat_map(|w| &w.condition).for_each(|condition| of(schema, condition, &mut roots, read));
}

fn add(schema: &Schema, kind: KindId, column: ColumnId, read: &mut Read) {
    match &schema.kind(kind).origin {
        Origin::Union(parts) => {
            for (part, columns) in parts {
                columns.get(column.0 as usize).iter().for_each(|own| add(schema, *part, **own, read));
            }
        }
        Origin::Findings => {}
        Origin::Declared => drop(read.insert((kind, column))),
    }
}

fn times(schema: &Schema, kind: KindId, read: &mut Read) {
    let of = schema.kind(kind);
    if let Origin::Union(parts) = &of.origin {
        parts.iter().for_each(|(part, _)| times(schema, *part, read));
        return;
    }
    of.time().iter().for_each(|time| add(schema, kind, *time, read));
    if let Role::Table { valid: Some((from, until)), .. } = &of.role {
        add(schema, kind, *from, read);
        until.iter().for_each(|until| add(schema, kind, *until, read));
    }
}

fn subject(schema: &Schema, kind: KindId, read: &mut Read) {
    let of = schema.kind(kind);
    match &of.origin {
        Origin::Union(parts) => parts.iter().for_each(|(part, _)| subject(schema, *part, read)),
        _ => of.subject().iter().for_each(|subject| add(schema, kind, *subject, read)),
    }
}

fn of(schema: &Schema, e: &Expr, roots: &mut Vec<(u8, KindId)>, read: &mut Read) {
    let kind_of = |roots: &[(u8, KindId)], root: u8| roots.iter().rev().find(|(r, _)| *r == root).map(|(_, k)| *k);
    let row = |table: KindId, column: ColumnId, read: &mut Read| {
        add(schema, table, column, read);
        subject(schema, table, read);
        times(schema, table, read);
    };
    match &e.kind {
        ExprKind::Column { root, column } => {
            if let Some(kind) = kind_of(roots, *root) {
                add(schema, kind, *column, read);
            }
        }
        ExprKind::Lookup { table, column, .. }
        | ExprKind::Under { table, column, .. }
        | ExprKind::Every { table, column, .. } => row(*table, *column, read),
        ExprKind::History(h) => return of_history(schema, h, roots, read),
        _ => {}
    }
    e.children().into_iter().for_each(|child| of(schema, child, roots, read));
}

fn of_history(schema: &Schema, h: &History, roots: &mut Vec<(u8, KindId)>, read: &mut Read) {
    times(schema, h.kind, read);
    h.keys.iter().for_each(|key| of(schema, &key.outer, roots, read));
    roots.push((h.root + 1, h.kind));
    h.keys.iter().for_each(|key| of(schema, &key.inner, roots, read));
    h.value.iter().chain(&h.filter).chain(&h.per).for_each(|e| of(schema, e, roots, read));
    roots.pop();
}
