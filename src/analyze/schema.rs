//! What became of records, tables and the words of enums: what breaks those who deliver records, and what does not.

use super::rules::Change;
use crate::data::calendar::Zone;
use crate::data::display;
use crate::data::mapping::Source;
use crate::data::{Column, ColumnId, Kind, Role, Schema, Type};
use crate::sema::hir::{Constant, Param};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

/// A change of what records look like.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SchemaChange {
    /// Records that were right are not any more, or are read as something else.
    pub breaking: bool,
    #[serde(flatten)]
    pub change: Change,
}

pub fn changes(old: &Schema, new: &Schema) -> Vec<SchemaChange> {
    let mut found = Vec::new();
    let mut add = |breaking: bool, what: String, old: Option<String>, new: Option<String>| {
        found.push(SchemaChange { breaking, change: Change { what, old, new } });
    };
    for before in old.declared() {
        let role = if before.is_table() { "table" } else { "record" };
        let Some(after) = new.declared().iter().find(|k| k.name == before.name) else {
            add(true, format!("{role} {}", before.name), Some("declared".into()), None);
            continue;
        };
        if let (was, is) = (described(before), described(after))
            && was != is
        {
            add(true, format!("{role} {}", before.name), Some(was), Some(is));
        }
        for column in &before.columns {
            let name = format!("{}.{}", before.name, column.name);
            match after.columns.iter().find(|c| c.name == column.name) {
                None => add(true, name, Some(typed(old, column)), None),
                Some(now) => {
                    let (was, is) = (typed(old, column), typed(new, now));
                    if was != is {
                        // What may be absent now was there before; all else is read in another way.
                        let wider = !column.optional && now.optional && bare(old, column) == bare(new, now);
                        let marks = bare(old, column) == bare(new, now) && column.optional == now.optional;
                        add(!wider && !marks, name, Some(was), Some(is));
                    }
                }
            }
        }
        for column in after.columns.iter().filter(|c| before.columns.iter().all(|b| b.name != c.name)) {
            let name = format!("{}.{}", before.name, column.name);
            add(!column.optional, name, None, Some(typed(new, column)));
        }
    }
    for kind in new.declared().iter().filter(|k| old.declared().iter().all(|o| o.name != k.name)) {
        let role = if kind.is_table() { "table" } else { "record" };
        add(false, format!("{role} {}", kind.name), None, Some("declared".into()));
    }
    for before in old.enums.iter().filter(|e| !e.name.is_empty()) {
        let Some(after) = new.enums.iter().find(|e| e.name == before.name) else { continue };
        let words = |of: &crate::data::EnumDef| -> Vec<String> {
            of.words
                .iter()
                .map(|w| w.spelling.as_ref().map_or(w.name.clone(), |s| format!("{} = {s:?}", w.name)))
                .collect()
        };
        let (was, is) = (words(before), words(after));
        if was != is {
            let lost = was.iter().any(|w| !is.contains(w));
            // The order says which word is greater.
            let kept: Vec<&String> = is.iter().filter(|w| was.contains(w)).collect();
            let moved = !lost && kept != was.iter().collect::<Vec<_>>();
            add(lost || moved, format!("enum {}", before.name), Some(was.join(", ")), Some(is.join(", ")));
        }
    }
    found
}

/// What a kind is beside its fields.
pub fn described(kind: &Kind) -> String {
    let name = |id: crate::data::ColumnId| kind.columns.get(id.0 as usize).map_or("?", |c| c.name.as_str()).to_owned();
    let mut text = match &kind.role {
        Role::Record { time, subject } => {
            let time = time.map_or(String::new(), |t| format!("at {} ", name(t)));
            format!("{time}{}", subject.map_or(String::new(), |s| format!("by {}", name(s))))
        }
        Role::Table { key, valid } => {
            let valid = valid.map_or(String::new(), |(from, until)| {
                format!(" valid from {}{}", name(from), until.map_or(String::new(), |u| format!(" until {}", name(u))))
            });
            format!("key {}{valid}", name(*key))
        }
    };
    if !kind.is_table() && !kind.identity.is_empty() {
        let identity: Vec<String> = kind.identity.iter().map(|c| name(*c)).collect();
        text.push_str(&format!(" identity {}", identity.join(", ")));
    }
    text.trim().to_owned()
}

fn bare(schema: &Schema, column: &Column) -> String {
    match &column.ty {
        Type::Struct => "{ … }".into(),
        ty => schema.type_name(ty),
    }
}

fn typed(schema: &Schema, column: &Column) -> String {
    let optional = if column.optional { "?" } else { "" };
    let person = if column.person { " @person" } else { "" };
    let sensitive = if column.sensitive { " @sensitive" } else { "" };
    format!("{}{optional}{person}{sensitive}", bare(schema, column))
}

/// Sources that read records in another way: other files, another filter, other fields.
pub fn sources(old: (&Schema, &[Source]), new: (&Schema, &[Source])) -> Vec<Change> {
    let means = |(schema, sources): (&Schema, &[Source])| -> BTreeMap<String, String> {
        sources.iter().map(|s| (s.name.clone(), source(schema, s))).collect()
    };
    let (before, after) = (means(old), means(new));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differing = names.into_iter().filter(|n| before.get(*n) != after.get(*n));
    differing
        .map(|name| {
            let said = |text: &str| Some(text.to_owned());
            let (old, new) = match (before.contains_key(name), after.contains_key(name)) {
                (true, true) => (None, said("reads its records in another way")),
                (true, false) => (said("declared"), None),
                _ => (None, said("declared")),
            };
            Change { what: format!("source {name}"), old, new }
        })
        .collect()
}

/// All that a source says, without where it stands, and by names.
fn source(schema: &Schema, source: &Source) -> String {
    let kind = schema.kind(source.kind);
    let column = |id: ColumnId| kind.columns.get(id.0 as usize).map_or("?", |c| c.name.as_str());
    let mut map: Vec<String> =
        source.map.iter().map(|(id, from)| format!("{} = {}", column(*id), plain(schema, from))).collect();
    map.sort();
    let rest = (&source.format, &source.files, source.delimiter, &source.timezone, &source.each, &source.filter);
    format!("{} {} {map:?}", kind.name, plain(schema, &rest))
}

fn plain(schema: &Schema, of: &(impl Serialize + Debug)) -> String {
    match serde_json::to_value(of) {
        Ok(mut value) => {
            bare_of_places(schema, &mut value);
            value.to_string()
        }
        // With its places: sooner told as changed than passed over.
        Err(_) => format!("{of:?}"),
    }
}

fn bare_of_places(schema: &Schema, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.ends_with("span"));
            if let Some([id, word]) = fields.get("Enum").and_then(Value::as_array).map(Vec::as_slice) {
                let of = id.as_u64().and_then(|id| schema.enums.get(id as usize));
                let word = word.as_u64().zip(of).and_then(|(word, of)| of.words.get(word as usize));
                if let Some(word) = word {
                    *value = Value::from(word.name.as_str());
                    return;
                }
            }
            fields.values_mut().for_each(|v| bare_of_places(schema, v));
        }
        Value::Array(items) => items.iter_mut().for_each(|v| bare_of_places(schema, v)),
        _ => {}
    }
}

/// Parameters whose values or times have changed.
pub fn params(old: (&Schema, &[Param]), new: (&Schema, &[Param])) -> Vec<Change> {
    let text = |schema: &Schema, param: &Param| {
        let mut text = constant(schema, &param.value);
        for (day, value) in &param.later {
            text.push_str(&format!(", from {} {}", display::date(*day), constant(schema, value)));
        }
        text
    };
    let mut found = Vec::new();
    for before in old.1 {
        let after = new.1.iter().find(|p| p.name == before.name);
        let (was, is) = (text(old.0, before), after.map(|p| text(new.0, p)));
        if is.as_ref() != Some(&was) {
            found.push(Change { what: before.name.clone(), old: Some(was), new: is });
        }
    }
    for param in new.1.iter().filter(|p| old.1.iter().all(|o| o.name != p.name)) {
        found.push(Change { what: param.name.clone(), old: None, new: Some(text(new.0, param)) });
    }
    found
}

fn constant(schema: &Schema, value: &Constant) -> String {
    match value {
        Constant::Value(value) => display::exact(value, schema, &Zone::utc()),
        Constant::Length(length) => display::length(*length),
        Constant::Set(values) => {
            let mut texts: Vec<String> = values.iter().map(|v| display::exact(v, schema, &Zone::utc())).collect();
            texts.sort();
            format!("[{}]", texts.join(", "))
        }
    }
}
