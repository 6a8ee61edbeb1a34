//! Drafts of `record` and `source` from sample data: what the values are like, and in remarks what that rests on.
//!
//! [`sample`] takes records as they stand, up to three times: the first of them, to see whether each has a list of records
//! in it; all, to see whether they are of several kinds; and all again, to count their values by kind. Memory does not grow
//! with the input. [`draft`] writes what it comes to. What is unsure is said in the draft, and nothing that was read is left
//! out of it unsaid.

mod guess;
mod likes;
mod names;
mod profile;
mod record;
mod references;
mod survey;
mod tree;
mod write;

pub use guess::InputName;
pub use names::{kind as kind_name, singular, word};

use crate::data::Place;
use crate::data::found::{Bare, Found};
use crate::data::mapping::Format;
use guess::at;
use indexmap::IndexMap;
use record::{Item, Making, Paths, Record};
use std::collections::HashSet;
use survey::{ITEM, Plan, Survey};
use tree::{ROOM, Tree};
use write::Source;

/// What has been seen of the records so far.
pub struct Sample {
    plan: Plan,
    /// By kind; one without a name where there are no kinds.
    trees: IndexMap<Box<str>, Tree>,
    rejected: u64,
    first_reject: Option<(Place, String)>,
    read: u64,
    /// Records beside whose elements stands a field that cannot be told from them.
    shadowed: u64,
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
    /// The record's name, as the user or the file gives it.
    pub kind: String,
    /// The user gave it.
    pub given: bool,
    /// The source's name, where there is one source.
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
    /// Inputs are read without a source.
    pub tagged: bool,
}

impl Sample {
    fn new(plan: Plan) -> Sample {
        Sample { plan, trees: IndexMap::default(), rejected: 0, first_reject: None, read: 0, shadowed: 0 }
    }

    fn add(&mut self, place: Place, bare: Bare) {
        let members = match bare {
            Bare::Record(Found::Group(members)) => members,
            Bare::Record(_) => return,
            Bare::Reject(reason) => {
                self.rejected += 1;
                self.first_reject.get_or_insert_with(|| (place, reason.to_owned()));
                return;
            }
        };
        self.read += 1;
        let Some(each) = self.plan.each.clone() else { return self.one(members, None, place) };
        let outer = survey::without_item(members, true);
        self.shadowed += u64::from(outer.len() < members.len());
        for (n, item) in survey::elements(members, &each).unwrap_or_default().iter().enumerate() {
            if let Found::Group(item) = item {
                self.one(&outer, Some(item), Place { element: n as u32, ..place });
            }
        }
    }

    fn one(
        &mut self,
        members: &[(std::borrow::Cow<str>, Found)],
        item: Option<&[(std::borrow::Cow<str>, Found)]>,
        place: Place,
    ) {
        let kind = self.plan.kinds.as_ref().and_then(|(path, _)| {
            let (of, path) = match (item, path.split_first()) {
                (Some(item), Some((first, rest))) if first == ITEM => (item, rest),
                _ => (members, path.as_slice()),
            };
            match survey::at(of, path) {
                Some(Found::Text(word) | Found::Cell(word)) => Some(&**word),
                _ => None,
            }
        });
        let kind = kind.unwrap_or_default();
        if !self.trees.contains_key(kind) {
            let kinds = self.plan.kinds.as_ref().map_or(1, |(_, values)| values.len().max(1));
            self.trees.insert(kind.into(), Tree::new(self.plan.named.clone(), ROOM / kinds));
        }
        if let Some(tree) = self.trees.get_mut(kind) {
            tree.add(members, item, place);
        }
    }

    /// The first record that could not be read, and why.
    pub fn first_reject(&self) -> Option<&(Place, String)> {
        self.first_reject.as_ref()
    }

    /// Whether there is anything to draft from.
    pub fn is_empty(&self) -> bool {
        self.trees.is_empty()
    }
}

/// The first records are looked at to see how all are to be taken.
const LOOKED_AT: u64 = 1000;

/// What is given each record.
pub type Take<'t> = &'t mut dyn FnMut(Place, Bare<'_>);

/// Takes at most so many records from where they can be read again and again: `pass` gives out so many of them, and says
/// how they were read.
///
/// # Errors
/// As those of `pass`.
pub fn sample<S, E>(
    most: u64,
    pass: &mut dyn FnMut(u64, Take) -> Result<S, E>,
    format: impl Fn(&S) -> Format,
) -> Result<(Sample, S), E> {
    let survey = |survey: &mut Survey, record: Bare<'_>| {
        if let Bare::Record(Found::Group(members)) = record {
            survey.add(members);
        }
    };
    let mut look = Survey::new(None);
    let shape = pass(most.min(LOOKED_AT), &mut |_, record| survey(&mut look, record))?;
    let objects = matches!(format(&shape), Format::Ndjson | Format::Json);
    let mut whole = Survey::new(look.each().filter(|_| objects));
    if !look.is_plain() {
        pass(most, &mut |_, record| survey(&mut whole, record))?;
    }
    let mut sample = Sample::new(whole.plan(objects));
    let shape = pass(most, &mut |place, record| sample.add(place, record))?;
    Ok((sample, shape))
}

/// Writes what a sample comes to.
pub fn draft(sample: &Sample, origin: &Origin) -> Draft {
    let paths = if origin.format == Format::Csv { Paths::Headings } else { Paths::Keys };
    let mut taken = HashSet::new();
    let mut records: Vec<(&str, Record)> = Vec::new();
    for (value, tree) in &sample.trees {
        let name = names::free(kind_of(value, sample, origin), &mut taken);
        let making = Making { tree, inputs: &origin.inputs, paths, plan: &sample.plan, name };
        records.push((value, record::record(&making)));
    }
    references::refer(&mut records, sample);
    let tagged = sample.plan.tagged && records.iter().all(|(_, r)| r.as_named && local_times(&r.items).is_empty());
    let mut text = head(sample, origin);
    if tagged {
        write::remark(
            &mut text,
            0,
            "Records name their `kind`, and their fields by name: they are read without a source.",
        );
    }
    for (value, record) in &records {
        text.push('\n');
        write::record(&mut text, record);
        if !tagged {
            text.push('\n');
            let one = records.len() == 1 && !taken.contains(&origin.source);
            let format = format_name(origin.format);
            let name = if one { origin.source.clone() } else { format!("{}_{format}", record.name) };
            let name = names::free(name, &mut taken);
            write::source(&mut text, &source(name, value, record, sample, origin), record);
        }
    }
    let (fields, left_out) = records.iter().map(|(_, r)| counted(&r.items)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    Draft {
        text,
        records: sample.read,
        rejected: sample.rejected,
        kinds: records.into_iter().map(|(_, r)| r.name).collect(),
        fields,
        left_out: left_out + origin.twice.len(),
        tagged,
    }
}

/// What the records of a kind are called: `drive` of `events` is `drive_event`.
fn kind_of(value: &str, sample: &Sample, origin: &Origin) -> String {
    if sample.plan.tagged {
        return names::kind(value);
    }
    let list = sample.plan.each.as_ref().and_then(|e| e.last()).map(|l| names::word(l));
    let element = list.map(|l| names::singular(&l).unwrap_or(l)).filter(|_| !origin.given);
    let of = element.or_else(|| origin.given.then(|| origin.kind.clone()));
    match (value.is_empty(), of) {
        (true, of) => of.map_or_else(|| origin.kind.clone(), |of| names::kind(&of)),
        (false, Some(of)) => names::kind(&format!("{}_{of}", names::word(value))),
        (false, None) => names::kind(value),
    }
}

fn head(sample: &Sample, origin: &Origin) -> String {
    let mut out = String::new();
    let names: Vec<&str> = origin.inputs.iter().map(|i| i.name.as_str()).collect();
    let how = if origin.limited { "the first " } else { "" };
    let records = plural(sample.read, "record");
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
        let records = plural(sample.rejected, "record");
        let at = at(&origin.inputs, *place);
        let what = format!("{records} could not be read and count for nothing here, first at {at}: {reason}.");
        write::remark(&mut out, 0, &what);
    }
    for heading in &origin.twice {
        let shown = names::shown(heading);
        write::remark(&mut out, 0, &format!("Left out: {shown}, as several columns have this heading."));
    }
    if let Some(each) = &sample.plan.each {
        let elements = sample.trees.values().map(Tree::records).sum();
        let what = format!("A record is made of each element of `{}`: {}.", each.join("."), plural(elements, "record"));
        write::remark(&mut out, 0, &what);
    }
    if sample.shadowed > 0 {
        let what = "Left out: `item` beside the list, as in a source with `each` the name stands for the element.";
        write::remark(&mut out, 0, what);
    }
    if let Some((path, values)) = sample.plan.kinds.as_ref().filter(|_| !sample.plan.tagged) {
        let what = format!(
            "Of {} kinds, by `{}`: they have different fields. Of each, only those are here that it ever has.",
            values.len(),
            path.join(".")
        );
        write::remark(&mut out, 0, &what);
    }
    out
}

fn source(name: String, value: &str, record: &Record, sample: &Sample, origin: &Origin) -> Source {
    let mut clauses = vec![format!("format {}", format_name(origin.format))];
    let mut remarks = Vec::new();
    if !origin.files.is_empty() {
        let files: Vec<String> = origin.files.iter().map(|f| names::quoted(f)).collect();
        clauses.push(format!("files {}", files.join(", ")));
    }
    if origin.format == Format::Csv && origin.delimiter != b',' {
        clauses.push(format!("delimiter {}", names::quoted(&char::from(origin.delimiter).to_string())));
    }
    let local = local_times(&record.items);
    if !local.is_empty() {
        clauses.push("timezone \"UTC\"".into());
        let local: Vec<&str> = local.iter().map(String::as_str).collect();
        remarks.push(format!(
            "{} without an offset: `timezone` has to say where, such as \"Europe/London\". \"UTC\" is a guess.",
            record::listed(&local)
        ));
    }
    if let Some(each) = &sample.plan.each {
        clauses.push(format!("each {}[]", keys(each)));
        if sample.plan.without_elements > 0 {
            let n = sample.plan.without_elements;
            remarks.push(format!("Where there is nothing in `{}`, no record is made: {n} times here.", each.join(".")));
        }
    }
    if let Some((path, _)) = sample.plan.kinds.as_ref().filter(|_| !value.is_empty()) {
        let path = match path.split_first() {
            Some((first, rest)) if first == ITEM && sample.plan.each.is_some() => format!("item.{}", keys(rest)),
            _ => keys(path),
        };
        clauses.push(format!("where {path} == {}", names::quoted(value)));
    }
    Source { name, remarks, clauses }
}

/// A path of keys.
fn keys(path: &[String]) -> String {
    let key = |k: &String| if names::is_word(k) && k != ITEM { k.clone() } else { names::quoted(k) };
    path.iter().map(key).collect::<Vec<_>>().join(".")
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
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
