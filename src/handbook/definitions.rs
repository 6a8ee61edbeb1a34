//! What rules are made of: parameters with their values, definitions, records and tables with their fields, charters.

use super::catalogue::Arg;
use super::model::{Charter, Given};
use super::words::{Words, field_id, readable};
use crate::data::{ColumnId, Kind, KindId, Role, Schema, Severity, Type, Zone};
use crate::sema::What;
use crate::source::Span;
use crate::syntax::ast::{self, CharterKind, ItemKind, TypeExprKind};
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
pub struct Parameter {
    pub anchor: String,
    pub name: String,
    pub title: String,
    pub doc: Option<String>,
    /// The value that holds on the handbook's day, else the last.
    pub value: String,
    /// Every value and when it holds, where it changes.
    pub values: Vec<(String, String)>,
    /// The days on which it gets another value, and which.
    pub starts: Vec<(Option<i32>, String)>,
    pub span: Span,
}

pub struct Definition {
    pub name: String,
    pub title: String,
    pub doc: Option<String>,
    /// The rules that read it, by name.
    pub rules: Vec<String>,
}

pub struct Glossary {
    pub anchor: String,
    pub name: String,
    pub title: String,
    pub table: bool,
    pub doc: Option<String>,
    /// When it happened and whose it is; when a row holds.
    pub notes: Vec<String>,
    pub fields: Vec<FieldEntry>,
}

pub struct FieldEntry {
    pub name: String,
    pub title: String,
    pub ty: String,
    pub doc: Option<String>,
}

pub fn parameters(given: &Given, words: &Words) -> Vec<Parameter> {
    let zone = Zone::utc();
    let mut docs = Vec::new();
    for (_, tree) in given.files {
        for item in &tree.items {
            if let ItemKind::Param(param) = &item.kind {
                docs.push((param.name.span, item.doc.as_deref()));
            }
        }
    }
    let mut out: Vec<Parameter> = Vec::new();
    for param in &given.hir.params {
        let id = format!("value-{}", param.name);
        let doc = docs.iter().find(|(span, _)| *span == param.span).and_then(|(_, doc)| doc.map(str::to_owned));
        let mut starts: Vec<(Option<i32>, String)> = vec![(None, words.constant(&param.value, &zone))];
        starts.extend(param.later.iter().map(|(day, value)| (Some(*day), words.constant(value, &zone))));
        let begun = |(from, _): &&(Option<i32>, String)| match (given.as_of, from) {
            (Some(day), Some(from)) => *from <= day,
            _ => true,
        };
        let value = starts.iter().rfind(begun).map(|(_, value)| value.clone()).unwrap_or_default();
        let ends = starts.iter().skip(1).map(|(from, _)| *from).chain([None]);
        let values = starts.iter().zip(ends).map(|((from, value), end)| {
            let (from, last) = (from.map(|d| words.date(d)), end.map(|d| words.date(d.saturating_sub(1))));
            let when = match (from, last) {
                (None, None) => words.say("in-force-always", &[]),
                (Some(from), None) => words.say("from", &[("from", Arg::Text(&from))]),
                (None, Some(last)) => words.say("until", &[("last", Arg::Text(&last))]),
                (Some(from), Some(last)) => {
                    words.say("from-until", &[("from", Arg::Text(&from)), ("last", Arg::Text(&last))])
                }
            };
            (when, value.clone())
        });
        let values: Vec<(String, String)> = if starts.len() > 1 { values.collect() } else { Vec::new() };
        out.push(Parameter {
            anchor: format!("value-{}", param.name),
            name: param.name.clone(),
            title: words.definition(&param.name),
            doc: words.catalogue.name(&id, Some("doc")).or(doc),
            value,
            values,
            starts,
            span: param.span,
        });
    }
    // In the order of the texts.
    out.sort_by_key(|p| p.span);
    out
}

/// What the texts at some places name, through definitions: the places of the names that are declared.
pub fn read_by(given: &Given, places: &[Span]) -> BTreeSet<Span> {
    let within =
        |outer: Span, inner: Span| outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end;
    let mut found = BTreeSet::new();
    let mut next: Vec<Span> = places.to_vec();
    while let Some(place) = next.pop() {
        for used in given.uses.iter().filter(|u| within(place, u.span)) {
            if !matches!(used.what, What::Let | What::Define | What::Param) || !found.insert(used.definition) {
                continue;
            }
            let items = given.files.iter().flat_map(|(_, tree)| &tree.items);
            next.extend(items.map(|item| item.span).filter(|span| within(*span, used.definition)));
        }
    }
    found
}

pub fn definitions(given: &Given, words: &Words) -> Vec<Definition> {
    let mut read: Vec<(&str, BTreeSet<Span>)> = Vec::new();
    for rule in &given.hir.rules {
        let found = read_by(given, &[rule.span]);
        match read.iter_mut().find(|(name, _)| *name == rule.name) {
            Some((_, all)) => all.extend(found),
            None => read.push((&rule.name, found)),
        }
    }
    let mut out = Vec::new();
    for (_, tree) in given.files {
        for item in &tree.items {
            let name = match &item.kind {
                ItemKind::Let(item) => &item.name,
                ItemKind::Define(item) => &item.name,
                _ => continue,
            };
            let rules = read.iter().filter(|(_, all)| all.contains(&name.span)).map(|(rule, _)| (*rule).to_owned());
            out.push(Definition {
                name: name.text.clone(),
                title: words.definition(&name.text),
                doc: words.catalogue.name(&format!("value-{}", name.text), Some("doc")).or_else(|| item.doc.clone()),
                rules: rules.collect(),
            });
        }
    }
    out
}

pub fn glossary(given: &Given, words: &Words) -> Vec<Glossary> {
    let schema = words.schema;
    let mut out = Vec::new();
    for (_, tree) in given.files {
        for item in &tree.items {
            let declared = match &item.kind {
                ItemKind::Record(declared) | ItemKind::Table(declared) => declared,
                ItemKind::Rates(rates) => &rates.kind,
                _ => continue,
            };
            let Some(id) = schema.kind_named(&declared.name.text) else { continue };
            let kind = schema.kind(id);
            let mut docs = Vec::new();
            field_docs(&declared.fields, "", &mut docs);
            // What is said of a group of fields stands with the first of them, where it has no field of its own.
            let doc_of = |path: &str| {
                let own = |p: &str| {
                    p == path || p.strip_suffix(".*").is_some_and(|group| first_of(kind, group) == Some(path))
                };
                let found: Vec<&str> = docs.iter().filter(|(p, _)| own(p)).map(|(_, doc)| doc.as_str()).collect();
                (!found.is_empty()).then(|| found.join("\n\n"))
            };
            let fields = kind.columns.iter().map(|column| {
                let id = field_id(&kind.name, &column.name);
                FieldEntry {
                    name: column.name.clone(),
                    title: words.catalogue.name(&id, None).unwrap_or_else(|| readable(&column.name)),
                    ty: type_of(words, column),
                    doc: words.catalogue.name(&id, Some("doc")).or_else(|| doc_of(&column.name)),
                }
            });
            out.push(Glossary {
                anchor: format!("kind-{}", kind.name),
                name: kind.name.clone(),
                title: words.kind(id),
                table: kind.is_table(),
                doc: words.catalogue.name(&format!("kind-{}", kind.name), Some("doc")).or_else(|| kind.doc.clone()),
                notes: notes(words, id, kind),
                fields: fields.collect(),
            });
        }
    }
    out
}

/// When it happened, whose it is, when a row of it holds.
fn notes(words: &Words, id: KindId, kind: &Kind) -> Vec<String> {
    let field = |column: &ColumnId| words.field(id, *column);
    let mut out = Vec::new();
    match &kind.role {
        Role::Record { time, subject } => {
            if let Some(time) = time {
                out.push(words.say("note-time", &[("field", Arg::Text(&field(time)))]));
            }
            if let Some(subject) = subject {
                out.push(words.say("note-subject", &[("field", Arg::Text(&field(subject)))]));
            }
        }
        Role::Table { key, valid } => {
            if kind.columns.get(key.0 as usize).is_some() {
                out.push(words.say("note-key", &[("field", Arg::Text(&field(key)))]));
            }
            match valid {
                Some((from, Some(until))) => {
                    let (from, until) = (field(from), field(until));
                    out.push(words.say("note-valid-until", &[("from", (&from).into()), ("until", (&until).into())]));
                }
                Some((from, None)) => out.push(words.say("note-valid", &[("from", (&field(from)).into())])),
                None => {}
            }
        }
    }
    if let Some(days) = kind.rates {
        out.push(words.say("note-rates", &[("days", i64::from(days).into())]));
    }
    out
}

fn field_docs(fields: &[ast::Field], before: &str, out: &mut Vec<(String, String)>) {
    for field in fields {
        let path = format!("{before}{}", field.name.text);
        if let Some(doc) = &field.doc {
            let group = matches!(field.ty.kind, TypeExprKind::Struct(_)) && !field.ty.optional;
            out.push((if group { format!("{path}.*") } else { path.clone() }, doc.clone()));
        }
        if let TypeExprKind::Struct(inner) = &field.ty.kind {
            field_docs(inner, &format!("{path}."), out);
        }
    }
}

/// The first field of a group.
fn first_of<'a>(kind: &'a Kind, group: &str) -> Option<&'a str> {
    let within = |name: &&str| name.strip_prefix(group).is_some_and(|rest| rest.starts_with('.'));
    kind.columns.iter().map(|c| c.name.as_str()).find(within)
}

fn type_of(words: &Words, column: &crate::data::Column) -> String {
    let mut text = type_text(words, words.schema, &column.ty);
    if column.optional {
        text = words.say("type-optional", &[("type", Arg::Text(&text))]);
    }
    if column.person {
        text = words.say("type-person", &[("type", Arg::Text(&text))]);
    }
    if column.sensitive {
        text = words.say("type-sensitive", &[("type", Arg::Text(&text))]);
    }
    text
}

fn type_text(words: &Words, schema: &Schema, ty: &Type) -> String {
    let plain = |id: &str| words.say(id, &[]);
    match ty {
        Type::Bool => plain("type-bool"),
        Type::Int => plain("type-int"),
        Type::Decimal => plain("type-decimal"),
        Type::Percent => plain("type-percent"),
        Type::Text => plain("type-text"),
        Type::Date => plain("type-date"),
        Type::Timestamp => plain("type-timestamp"),
        Type::Duration => plain("type-duration"),
        Type::Bytes => plain("type-bytes"),
        Type::Money => plain("type-money"),
        Type::Struct => plain("type-struct"),
        Type::Enum(id) => {
            let all = schema.enum_def(*id).words.len();
            let list = (0..all).map(|i| words.quoted(&words.word(*id, u16::try_from(i).unwrap_or(u16::MAX)))).collect();
            words.say("type-enum", &[("words", Arg::Text(&words.either(list)))])
        }
        Type::Ref(table) => words.say("type-ref", &[("table", Arg::Text(&words.kind(*table)))]),
        Type::List(of) => words.say("type-list", &[("type", Arg::Text(&type_text(words, schema, of)))]),
        Type::Set(of) => words.say("type-set", &[("type", Arg::Text(&type_text(words, schema, of)))]),
    }
}

pub fn charters(given: &Given, words: &Words) -> Vec<Charter> {
    let mut out: Vec<Charter> = Vec::new();
    for (_, tree) in given.files {
        for item in &tree.items {
            let ItemKind::Charter(charter) = &item.kind else { continue };
            let title = words
                .catalogue
                .name("charter", None)
                .filter(|_| out.is_empty())
                .or_else(|| charter.title.as_ref().map(|t| t.text.clone()));
            let lines = charter.lines.iter().map(|line| charter_line(given, words, &line.kind)).collect();
            out.push(Charter { title, doc: item.doc.clone(), lines });
        }
    }
    out
}

fn charter_line(given: &Given, words: &Words, line: &CharterKind) -> String {
    let paths = |all: &[Vec<ast::Ident>]| {
        let dotted = |path: &Vec<ast::Ident>| {
            let parts: Vec<&str> = path.iter().map(|part| part.text.as_str()).collect();
            words.quoted(&dotted_field(words, &parts))
        };
        words.all(all.iter().map(dotted).collect())
    };
    match line {
        CharterKind::NoOneExempt => words.say("charter-no-one-exempt", &[]),
        CharterKind::EveryRuleCites => words.say("charter-every-rule-cites", &[]),
        CharterKind::EveryRuleIsTested => words.say("charter-every-rule-is-tested", &[]),
        CharterKind::WaiversAtMost(length) => {
            words.say("charter-waivers-at-most", &[("length", Arg::Text(&length_text(given, words, length)))])
        }
        CharterKind::NoSelfApproval(fields) if fields.is_empty() => words.say("charter-no-self-approval", &[]),
        CharterKind::NoSelfApproval(fields) => {
            words.say("charter-no-self-approval-by", &[("fields", Arg::Text(&paths(fields)))])
        }
        CharterKind::SeverityHas { severity, clause } => {
            let named = severity.text.parse::<Severity>().map(|s| words.severity(s));
            let severity = named.unwrap_or_else(|()| severity.text.clone());
            let clause = match clause.text.as_str() {
                "consequence" => words.say("consequence", &[]),
                "cite" => words.say("source", &[]),
                "purpose" => words.say("purpose", &[]),
                "legal_basis" => words.say("legal-basis", &[]),
                other => other.to_owned(),
            };
            let args = [("severity", Arg::Text(&severity)), ("clause", Arg::Text(&clause))];
            words.say("charter-severity-has", &args)
        }
        CharterKind::RankIs(fields) => words.say("charter-rank-is", &[("fields", Arg::Text(&paths(fields)))]),
    }
}

/// `employee.level` as the field is called.
fn dotted_field(words: &Words, parts: &[&str]) -> String {
    let named = parts.split_first().and_then(|(kind, path)| {
        let id = words.schema.kind_named(kind)?;
        let column = words.schema.kind(id).column(&path.join("."))?;
        Some(words.say("path", &[("field", (&words.field(id, column)).into()), ("of", (&words.kind(id)).into())]))
    });
    named.unwrap_or_else(|| readable(&parts.join(".")))
}

/// A length that is written as a number and a unit.
fn length_text(given: &Given, words: &Words, e: &ast::Expr) -> String {
    if let ast::ExprKind::Quantity { number, unit } = &e.kind
        && let Ok(n) = number.parse::<i64>()
    {
        let id = match unit.text.trim_end_matches('s') {
            "day" => Some("length-days"),
            "month" => Some("length-months"),
            "year" => Some("length-years"),
            "hour" => Some("length-hours"),
            _ => None,
        };
        if let Some(id) = id {
            return words.say(id, &[("n", n.into())]);
        }
    }
    given.sources.text(e.span).to_owned()
}
