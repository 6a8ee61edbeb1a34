//! Tests as examples: their records as small tables, and what the rule says of each.

use super::catalogue::Arg;
use super::model::Given as Set;
use super::walk::{self, Met};
use super::words::Words;
use crate::data::{ColumnId, KindId, Origin, Role, Schema, Value, Verdict, Zone, display};
use crate::sema::hir::{Cell, Expect, ExprKind, Given, Rule, Test};
use std::collections::BTreeSet;

pub struct Example {
    pub title: String,
    pub tables: Vec<Table>,
    /// When the data ends, and parameters that are set.
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

pub fn of_rule(set: &Set, words: &Words, rules: &[&Rule]) -> Vec<Example> {
    let mut read = Read::new();
    rules.iter().for_each(|rule| read_by_rule(words.schema, rule, &mut read));
    let zone = rules.first().and_then(|r| Zone::named(&r.clock.timezone)).unwrap_or_else(Zone::utc);
    let mut groups: Vec<Vec<&Test>> = Vec::new();
    for test in &set.hir.tests {
        if !test.expect.iter().any(|e| rules.iter().any(|r| r.name == e.rule)) {
            continue;
        }
        match groups.last_mut() {
            Some(group) if group[0].span == test.span => group.push(test),
            _ => groups.push(vec![test]),
        }
    }
    groups.into_iter().map(|tests| example(words, &tests, &rules[0].name, &read, &zone)).collect()
}

/// A test, or all rows of its `cases` together.
fn example(words: &Words, tests: &[&Test], rule: &str, read: &Read, zone: &Zone) -> Example {
    let mut kinds: Vec<KindId> = Vec::new();
    for given in tests.iter().flat_map(|test| &test.given) {
        if read.iter().any(|(kind, _)| *kind == given.kind) && !kinds.contains(&given.kind) {
            kinds.push(given.kind);
        }
    }
    let tables = kinds.into_iter().map(|kind| table(words, tests, kind, read, zone)).collect();
    let (mut notes, mut verdicts): (Vec<String>, Vec<Line>) = (Vec::new(), Vec::new());
    let first = self::notes(words, tests[0], zone);
    let alike = tests.iter().all(|test| self::notes(words, test, zone) == first);
    if alike {
        notes.extend(first);
    }
    for (i, test) in tests.iter().enumerate() {
        let of_case = |text: String| match tests.len() {
            1 => text,
            _ => words.say("example-of-case", &[("case", (&case_name(words, i)).into()), ("text", (&text).into())]),
        };
        if !alike {
            notes.extend(self::notes(words, test, zone).into_iter().map(of_case));
        }
        for expect in test.expect.iter().filter(|e| e.rule == rule) {
            verdicts.push(Line { text: of_case(verdict(words, test, expect, zone)), ..line(expect) });
        }
    }
    Example { title: tests[0].title.clone(), tables, notes, verdicts }
}

fn case_name(words: &Words, i: usize) -> String {
    words.say("example-case", &[("n", i64::try_from(i + 1).unwrap_or(i64::MAX).into())])
}

fn notes(words: &Words, test: &Test, zone: &Zone) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(time) = &test.as_of {
        notes.push(words.say("example-as-of", &[("time", Arg::Text(&cell(words, time, zone)))]));
    }
    for (param, value) in &test.set {
        let (param, value) = (words.quoted(&words.definition(param)), words.constant(value, zone));
        notes.push(words.say("example-set", &[("param", (&param).into()), ("value", (&value).into())]));
    }
    notes
}

fn line(expect: &Expect) -> Line {
    let message = expect.message.as_ref().map(|(message, _)| message.clone());
    Line { verdict: expect.verdict, text: String::new(), message }
}

fn verdict(words: &Words, test: &Test, expect: &Expect, zone: &Zone) -> String {
    let record = match expect.on {
        None => words.say("example-any", &[]),
        Some(at) => name(words, test, at),
    };
    let verdict = match &expect.by {
        None => words.say(verdict_id(expect.verdict), &[]),
        Some(by) => words.say("verdict-excepted-by", &[("exception", (&words.quoted(&words.exception(by))).into())]),
    };
    let text = words.say("example-verdict", &[("record", (&record).into()), ("verdict", (&verdict).into())]);
    match &expect.whose {
        None => text,
        Some(whose) => {
            let whose = cell(words, whose, zone);
            words.say("example-for", &[("text", (&text).into()), ("person", (&whose).into())])
        }
    }
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

/// The records of one kind; where cases differ in them, each case has its own, told by a first column.
fn table(words: &Words, tests: &[&Test], kind: KindId, read: &Read, zone: &Zone) -> Table {
    let all = tests.iter().flat_map(|test| &test.given).filter(|given| given.kind == kind);
    let said: BTreeSet<ColumnId> = all.flat_map(|given| given.cells.iter().map(|(column, _)| *column)).collect();
    let columns: Vec<ColumnId> =
        read.iter().filter(|(k, column)| *k == kind && said.contains(column)).map(|(_, column)| *column).collect();
    let mut head = vec![words.say("example-record", &[])];
    head.extend(columns.iter().map(|column| words.heading(kind, *column)));
    let of_case = |test: &Test| -> Vec<Vec<String>> {
        let given = test.given.iter().enumerate().filter(|(_, given)| given.kind == kind);
        given.map(|(i, given)| row(words, name(words, test, i), given, &columns, zone)).collect()
    };
    let first = of_case(tests[0]);
    let alike = tests.iter().all(|test| of_case(test) == first);
    if alike {
        return Table { caption: words.kinds(kind), head, rows: first };
    }
    head.insert(0, words.say("example-case-head", &[]));
    let mut rows = Vec::new();
    for (i, test) in tests.iter().enumerate() {
        for mut row in of_case(test) {
            row.insert(0, case_name(words, i));
            rows.push(row);
        }
    }
    Table { caption: words.kinds(kind), head, rows }
}

fn row(words: &Words, name: String, given: &Given, columns: &[ColumnId], zone: &Zone) -> Vec<String> {
    let mut row = vec![name];
    row.extend(columns.iter().map(|column| match given.cells.iter().find(|(c, _)| c == column) {
        None => String::new(),
        Some((_, Cell::Value(value))) => cell(words, value, zone),
        Some((_, Cell::Malformed(text))) => words.say("example-malformed", &[("text", text.into())]),
    }));
    row
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

/// The columns that a rule reads, and those that say whose and of when a record is.
fn read_by_rule(schema: &Schema, rule: &Rule, read: &mut Read) {
    subject(schema, rule.trigger.kind(), read);
    walk::rule(rule, &mut |met, roots| match met {
        Met::Records(kind) => times(schema, kind, read),
        Met::Expr(e) => match &e.kind {
            ExprKind::Column { root, column } => {
                if let Some(kind) = walk::kind_of(roots, *root) {
                    add(schema, kind, *column, read);
                }
            }
            ExprKind::Lookup { table, column, .. }
            | ExprKind::Under { table, column, .. }
            | ExprKind::Every { table, column, .. } => {
                add(schema, *table, *column, read);
                subject(schema, *table, read);
                times(schema, *table, read);
            }
            _ => {}
        },
    });
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
