//! The draft as text. Lines are as long as they come; the formatter does the rest.

use super::record::{Field, Item, Record};
use std::fmt::Write;

/// Longer remarks go on in the next line.
const WIDTH: usize = 100;

/// Where the records of one kind come from.
#[derive(Clone, Debug)]
pub struct Source {
    pub name: String,
    pub remarks: Vec<String>,
    /// Clauses before `map`, a line each.
    pub clauses: Vec<String>,
}

/// Names and values of the data have no say in where a remark ends.
pub fn remark(out: &mut String, indent: usize, text: &str) {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut line = String::new();
    let width = WIDTH.saturating_sub(indent + 3);
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            let _ = writeln!(out, "{:indent$}// {line}", "");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(out, "{:indent$}// {line}", "");
}

pub fn record(out: &mut String, of: &Record) {
    for text in &of.remarks {
        remark(out, 0, text);
    }
    match &of.table {
        Some(table) => {
            let _ = write!(out, "table {} {table}", of.name);
        }
        None => {
            let _ = write!(out, "record {}", of.name);
            for (word, field) in [("at", &of.at), ("by", &of.by), ("identity", &of.identity)] {
                if let Some(field) = field {
                    let _ = write!(out, " {word} {field}");
                }
            }
        }
    }
    out.push_str(" {\n");
    items(out, &of.items, 2);
    out.push_str("}\n");
}

fn items(out: &mut String, of: &[Item], indent: usize) {
    for item in of {
        match item {
            Item::Field(field) => {
                field.guess.remarks.iter().for_each(|text| remark(out, indent, text));
                let optional = if field.optional { "?" } else { "" };
                let _ = write!(out, "{:indent$}{}: {}{optional}", "", field.name, field.guess.written);
                for mark in &field.marks {
                    let _ = write!(out, " {mark}");
                }
                out.push_str(",\n");
            }
            Item::Group { name, optional, items: inner, remarks } => {
                remarks.iter().for_each(|text| remark(out, indent, text));
                let _ = writeln!(out, "{:indent$}{name}: {{", "");
                items(out, inner, indent + 2);
                let _ = writeln!(out, "{:indent$}}}{},", "", if *optional { "?" } else { "" });
            }
            Item::Out(what) => remark(out, indent, &format!("Left out: {what}")),
        }
    }
}

pub fn source(out: &mut String, source: &Source, of: &Record) {
    source.remarks.iter().for_each(|text| remark(out, 0, text));
    let _ = writeln!(out, "source {} for {} {{", source.name, of.name);
    for clause in &source.clauses {
        let _ = writeln!(out, "  {clause}");
    }
    out.push_str("  map {\n");
    map(out, &of.items);
    out.push_str("  }\n}\n");
}

fn map(out: &mut String, of: &[Item]) {
    for item in of {
        match item {
            Item::Field(Field { dotted, from, guess, .. }) => {
                let _ = writeln!(out, "    {dotted} = {from}{}", guess.cast);
            }
            Item::Group { items, .. } => map(out, items),
            Item::Out(_) => {}
        }
    }
}
