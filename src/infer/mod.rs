//! Drafts of `record` and `source` from sample data: what the values are like, and in remarks what that rests on.
//!
//! [`Sample::add`] counts records as they stand, one after the other, in memory that does not grow with them; [`draft`]
//! writes what they come to. What is unsure is said in the draft, and nothing that was read is left out of it unsaid.

mod guess;
mod likes;
mod names;
mod profile;
mod record;
mod tree;
mod write;

pub use guess::InputName;
pub use names::{kind as kind_name, singular, word};

use crate::data::Place;
use crate::data::found::{Bare, Found};
use crate::data::mapping::Format;
use guess::at;
use record::{Item, Making, Paths, Record};
use std::fmt::Write;
use tree::Tree;
use write::Source;

/// What has been seen of the records so far.
pub struct Sample {
    tree: Tree,
    rejected: u64,
    first_reject: Option<(Place, String)>,
}

/// What the records come from, and what the draft is to be called.
pub struct Origin {
    pub inputs: Vec<InputName>,
    pub format: Format,
    /// Of CSV.
    pub delimiter: u8,
    /// Headings that several columns have.
    pub twice: Vec<String>,
    /// For `files` in the sources.
    pub files: Vec<String>,
    /// The record's name.
    pub kind: String,
    /// The source's name.
    pub source: String,
    /// The inputs were not read to their end.
    pub limited: bool,
}

/// A proposal.
pub struct Draft {
    /// Not formatted yet.
    pub text: String,
    pub records: u64,
    pub rejected: u64,
    pub kinds: Vec<String>,
    /// Fields that are in it, and what was left out.
    pub fields: usize,
    pub left_out: usize,
}

impl Default for Sample {
    fn default() -> Sample {
        Sample { tree: Tree::new(), rejected: 0, first_reject: None }
    }
}

impl Sample {
    pub fn add(&mut self, place: Place, bare: Bare) {
        match bare {
            Bare::Record(Found::Group(members)) => self.tree.add(members, place),
            Bare::Record(_) => {}
            Bare::Reject(reason) => {
                self.rejected += 1;
                self.first_reject.get_or_insert_with(|| (place, reason.to_owned()));
            }
        }
    }

    pub fn records(&self) -> u64 {
        self.tree.records()
    }

    /// The first record that could not be read, and why.
    pub fn first_reject(&self) -> Option<&(Place, String)> {
        self.first_reject.as_ref()
    }
}

/// Writes what a sample comes to.
pub fn draft(sample: &Sample, origin: &Origin) -> Draft {
    let paths = if origin.format == Format::Csv { Paths::Headings } else { Paths::Keys };
    let making = Making { tree: &sample.tree, inputs: &origin.inputs, paths, kind_key: None };
    let record = record::record(&making, origin.kind.clone());
    let mut text = head(sample, origin);
    text.push('\n');
    write::record(&mut text, &record);
    text.push('\n');
    write::source(&mut text, &source(&record, origin), &record);
    let (fields, left_out) = counted(&record.items);
    Draft {
        text,
        records: sample.records(),
        rejected: sample.rejected,
        kinds: vec![record.name],
        fields,
        left_out: left_out + origin.twice.len(),
    }
}

fn head(sample: &Sample, origin: &Origin) -> String {
    let mut out = String::new();
    let names: Vec<&str> = origin.inputs.iter().map(|i| i.name.as_str()).collect();
    let how = if origin.limited { "the first " } else { "" };
    let records = plural(sample.records(), "record");
    write::remark(
        &mut out,
        0,
        &format!("A draft by `bylaws infer`, from {how}{records} of {}.", record::listed(&names)),
    );
    write::remark(
        &mut out,
        0,
        "Each remark says what a line rests on. Read it, change what is wrong, and take it out.",
    );
    if let Some((place, reason)) = &sample.first_reject {
        write::remark(
            &mut out,
            0,
            &format!(
                "{} could not be read and count for nothing here, first at {}: {reason}.",
                plural(sample.rejected, "record"),
                at(&origin.inputs, *place)
            ),
        );
    }
    for heading in &origin.twice {
        let shown = names::shown(heading);
        write::remark(&mut out, 0, &format!("Left out: {shown}, as several columns have this heading."));
    }
    out
}

fn source(record: &Record, origin: &Origin) -> Source {
    let mut clauses = vec![format!("format {}", format_name(origin.format))];
    if !origin.files.is_empty() {
        let files: Vec<String> = origin.files.iter().map(|f| names::quoted(f)).collect();
        clauses.push(format!("files {}", files.join(", ")));
    }
    if origin.format == Format::Csv && origin.delimiter != b',' {
        clauses.push(format!("delimiter {}", names::quoted(&char::from(origin.delimiter).to_string())));
    }
    let mut remarks = Vec::new();
    let local = local_times(&record.items);
    if !local.is_empty() {
        clauses.push("timezone \"UTC\"".into());
        let local: Vec<&str> = local.iter().map(String::as_str).collect();
        remarks.push(format!(
            "The times of {} have no offset: `timezone` has to say where they are of, such as \"Europe/London\". \"UTC\" is \
             a guess.",
            record::listed(&local)
        ));
    }
    Source { name: origin.source.clone(), remarks, clauses }
}

fn local_times(items: &[Item]) -> Vec<String> {
    let mut found = Vec::new();
    for item in items {
        match item {
            Item::Field(field) if field.guess.local => found.push(field.dotted.clone()),
            Item::Group { items, .. } => found.extend(local_times(items)),
            _ => {}
        }
    }
    found
}

fn counted(items: &[Item]) -> (usize, usize) {
    items.iter().fold((0, 0), |(fields, out), item| match item {
        Item::Field(_) => (fields + 1, out),
        Item::Group { items, .. } => {
            let (f, o) = counted(items);
            (fields + f, out + o)
        }
        Item::Out(_) => (fields, out + 1),
    })
}

fn format_name(format: Format) -> &'static str {
    match format {
        Format::Csv => "csv",
        Format::Ndjson => "ndjson",
        Format::Json => "json",
        Format::Parquet => "parquet",
    }
}

fn plural(n: u64, what: &str) -> String {
    let mut out = String::new();
    let _ = write!(out, "{n} {what}{}", if n == 1 { "" } else { "s" });
    out
}
