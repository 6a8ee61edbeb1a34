//! One kind of record: its fields with their types, and which of them say when, whose and which it is.

use super::guess::{Guess, InputName, Ty, at, guess, uniqueness};
use super::likes::{self, Like};
use super::names;
use super::profile::{Profile, Sort, Unique};
use super::tree::{Node, ROOT, Tree, goes_with};
use std::collections::HashSet;

/// A field, a group of fields, or what was left out.
#[derive(Clone, Debug)]
pub enum Item {
    Field(Field),
    Group { name: String, optional: bool, items: Vec<Item>, remarks: Vec<String> },
    Out(String),
}

#[derive(Clone, Debug)]
pub struct Field {
    pub node: u32,
    pub name: String,
    /// Names of the groups around it and its own, joined by dots.
    pub dotted: String,
    pub guess: Guess,
    pub optional: bool,
    pub marks: Vec<&'static str>,
    /// Where it comes from, as it is written in a map.
    pub from: String,
}

#[derive(Clone, Debug)]
pub struct Record {
    pub name: String,
    pub records: u64,
    pub items: Vec<Item>,
    pub at: Option<String>,
    pub by: Option<String>,
    pub identity: Option<String>,
    pub remarks: Vec<String>,
    /// The fields have the names, and values the forms, that are read without a source.
    pub as_named: bool,
}

/// How paths of an input are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paths {
    /// A heading, always in quotes.
    Headings,
    /// Keys, in quotes where they are no words.
    Keys,
}

pub struct Making<'t> {
    pub tree: &'t Tree,
    pub inputs: &'t [InputName],
    pub paths: Paths,
    /// Key of the record that names its kind; it is no field.
    pub kind_key: Option<&'t str>,
}

pub fn record(making: &Making, name: String) -> Record {
    let mut as_named = making.paths == Paths::Keys;
    let mut items = making.group(ROOT, &[], &mut as_named);
    let mut fields = Vec::new();
    leaves(&items, false, &mut fields);
    let of = |f: &Flat| &making.tree.node(f.field.node).profile;
    let records = making.tree.records();
    let mut remarks = Vec::new();
    let time = time(&fields, &mut remarks);
    let subject = subject(making, &fields, &mut remarks);
    let which = identity(making, &fields, of, &mut remarks);
    let by = subject.map(|f| f.field.dotted.clone());
    let record = Record {
        name,
        records,
        at: time.map(|f| f.field.dotted.clone()),
        identity: which.map(|f| f.field.dotted.clone()),
        by: by.clone(),
        items: Vec::new(),
        remarks,
        as_named,
    };
    if let Some(by) = by {
        mark_person(&mut items, &by);
    }
    Record { items, ..record }
}

impl Making<'_> {
    fn group(&self, at: u32, around: &[String], as_named: &mut bool) -> Vec<Item> {
        let mut taken = HashSet::new();
        let node = self.tree.node(at);
        let mut items = Vec::new();
        for (key, &field) in &node.fields {
            if around.is_empty() && self.kind_key == Some(&**key) {
                continue;
            }
            if !names::can_be_written(key) {
                items.push(Item::Out(format!("{}: its name has signs that a policy cannot write.", names::shown(key))));
                continue;
            }
            let mut name = names::word(key);
            // An own name is kept, where it can be one.
            if names::is_word(key) && self.paths == Paths::Keys {
                name = key.to_string();
            }
            let name = names::free(name, &mut taken);
            *as_named &= name == **key;
            items.push(self.item(node, field, name, around, as_named));
        }
        if node.left_out > 0 {
            items
                .push(Item::Out(format!("{} more values, under keys that are too many to tell apart.", node.left_out)));
        }
        items
    }

    fn item(&self, parent: &Node, at: u32, name: String, around: &[String], as_named: &mut bool) -> Item {
        let node = self.tree.node(at);
        let path = self.tree.path(at);
        let mut names: Vec<String> = around.to_vec();
        names.push(name.clone());
        let optional = node.profile.present < parent.groups;
        let money = self.is_money(node);
        if node.profile.most() == Some(Sort::Group) && !money && !node.fields.is_empty() {
            let inner = self.group(at, &names, as_named);
            if inner.iter().any(|i| !matches!(i, Item::Out(_))) {
                let mut remarks: Vec<String> = absences(optional, parent, &node.profile).into_iter().collect();
                remarks.extend(self.other_than_groups(&node.profile));
                return Item::Group { name, optional, items: inner, remarks };
            }
            return Item::Out(format!("{name}: an object without a field that can be read."));
        }
        let snake: Vec<String> = path.iter().map(|p| names::word(p)).collect();
        let snake: Vec<&str> = snake.iter().map(String::as_str).collect();
        let guessed = match money {
            true => Ok(money_object()),
            false => guess(&node.profile, &snake, self.inputs),
        };
        let mut guess = match guessed {
            Ok(guess) => guess,
            Err(why) => return Item::Out(format!("{name} ({}): {why}.", self.written(&path))),
        };
        let mut from = self.written(&path);
        if !money {
            self.money(parent, node, &snake, &mut guess, &mut from, &path);
        }
        *as_named &= guess.cast.is_empty() && from == self.written(&path);
        guess.remarks.extend(absences(optional, parent, &node.profile));
        let marks = marks(&node.profile, &snake, &guess);
        Item::Field(Field { node: at, name, dotted: names.join("."), guess, optional, marks, from })
    }

    fn other_than_groups(&self, of: &Profile) -> Option<String> {
        let other = of.present - of.count(Sort::Group);
        (other > 0).then(|| format!("{other} of {} are no objects: all that is in them is unknown there.", of.present))
    }

    /// A path as it is written in a map.
    pub fn written(&self, path: &[&str]) -> String {
        let key = |(nth, key): (usize, &&str)| {
            let special = nth == 0 && matches!(*key, "item" | "constant" | "money" | "not");
            if self.paths == Paths::Keys && names::is_word(key) && !special {
                (*key).to_owned()
            } else {
                names::quoted(key)
            }
        };
        path.iter().enumerate().map(key).collect::<Vec<_>>().join(".")
    }

    /// `{"amount": 12.5, "currency": "CNY"}`, in every record.
    fn is_money(&self, node: &Node) -> bool {
        let (Some(amount), Some(currency)) = (node.fields.get("amount"), node.fields.get("currency")) else {
            return false;
        };
        let (amount, currency) = (self.tree.node(*amount), self.tree.node(*currency));
        let numeric = amount.profile.count(Sort::Number) + amount.profile.tried_as(Like::Decimal).map_or(0, |t| t.fits);
        node.fields.len() == 2
            && node.left_out == 0
            && node.profile.present == node.groups
            && amount.profile.present == node.groups
            && amount.with_currency == node.groups
            && numeric == node.groups
            && amount.profile.numbers.beyond == 0
            && currency.profile.present == node.groups
    }

    /// An amount whose currency stands beside it, or is told by other texts, is money; of another it is said that it may be.
    fn money(&self, parent: &Node, node: &Node, snake: &[&str], guess: &mut Guess, from: &mut String, path: &[&str]) {
        let of = &node.profile;
        if !matches!(guess.written.as_str(), "int" | "decimal") || !guess.fits {
            return;
        }
        let word = snake.last().copied().unwrap_or_default();
        let beside = parent.fields.iter().find(|(key, at)| {
            let words = self.tree.node(**at).profile.words.as_ref();
            let stem = names::currency_of(&names::word(key));
            stem.is_some_and(|stem| goes_with(&stem, word))
                && words.is_some_and(|w| !w.is_empty() && w.keys().all(|w| likes::is_currency(w)))
        });
        if let Some((key, _)) = beside
            && node.with_currency == of.present
        {
            let currency: Vec<&str> = path[..path.len() - 1].iter().copied().chain([&**key]).collect();
            *from = format!("money({from}, {})", self.written(&currency));
            guess.written = "money".into();
            guess.ty = Ty::Other;
            guess.cast.clear();
            return;
        }
        let signed = of.signed.iter().max_by_key(|(_, n)| *n).filter(|(_, n)| *n >= 5 && *n * 10 >= of.amounts * 9);
        if let Some((sign, n)) = signed {
            let (code, doubt) = likes::currency_of(*sign);
            let doubt = doubt.map_or(String::new(), |d| format!("; {d}"));
            guess.written = "money".into();
            guess.ty = Ty::Other;
            guess.cast = format!(" as money {code}");
            guess.remarks.push(format!(
                "In {n} of {} records another text has the same amount with `{sign}`: taken for {code}{doubt}.",
                of.present
            ));
        } else if names::is_amount(word) {
            guess.remarks.push(format!(
                "An amount of money? If so: `money`, and below `{from} as money EUR`, with the currency that it is in."
            ));
        }
    }
}

fn money_object() -> Guess {
    let remarks = Vec::new();
    Guess { ty: Ty::Other, written: "money".into(), cast: String::new(), remarks, fits: true, local: false }
}

fn absences(optional: bool, parent: &Node, of: &Profile) -> Option<String> {
    optional.then(|| format!("Absent in {} of {}.", parent.groups - of.present, parent.groups))
}

fn marks(of: &Profile, snake: &[&str], guess: &Guess) -> Vec<&'static str> {
    let word = snake.last().copied().unwrap_or_default();
    let texts = matches!(guess.ty, Ty::Text | Ty::Int) && !guess.written.starts_with("enum");
    let mut marks = Vec::new();
    if texts && (of.all_like(Like::Email) || names::is_person(snake)) {
        marks.push("@person");
    }
    if names::is_sensitive(word) && guess.written != "bool" && of.most() != Some(Sort::Bool) {
        marks.push("@sensitive");
    }
    marks
}

/// Whose record it is, is a person.
fn mark_person(items: &mut [Item], dotted: &str) {
    for item in items {
        match item {
            Item::Field(field) if field.dotted == dotted => {
                if !field.marks.contains(&"@person") && !field.guess.written.starts_with("enum") {
                    field.marks.insert(0, "@person");
                }
            }
            Item::Group { items, .. } => mark_person(items, dotted),
            _ => {}
        }
    }
}

/// A field, and whether it or a group around it may be absent.
struct Flat<'i> {
    field: &'i Field,
    optional: bool,
}

fn leaves<'i>(items: &'i [Item], optional: bool, out: &mut Vec<Flat<'i>>) {
    for item in items {
        match item {
            Item::Field(field) => out.push(Flat { field, optional: optional || field.optional }),
            Item::Group { items, optional: own, .. } => leaves(items, optional || *own, out),
            Item::Out(_) => {}
        }
    }
}

fn snake(dotted: &str) -> Vec<String> {
    dotted.split('.').map(names::word).collect()
}

fn ranked<R>(dotted: &str, rank: impl Fn(&[&str]) -> R) -> R {
    let path = snake(dotted);
    rank(&path.iter().map(String::as_str).collect::<Vec<_>>())
}

/// When it happened: a date or time that every record has.
fn time<'f, 'i>(fields: &'f [Flat<'i>], remarks: &mut Vec<String>) -> Option<&'f Flat<'i>> {
    let times = || fields.iter().filter(|f| f.field.guess.ty == Ty::Time);
    let rank = |f: &&Flat| ranked(&f.field.dotted, names::time_rank);
    let found = times().filter(|f| !f.optional && f.field.guess.fits).min_by_key(|f| {
        // A time says more than a date; a field of the record itself is likelier than one of a group.
        (rank(f), f.field.guess.written != "timestamp", f.field.dotted.matches('.').count())
    });
    let others: Vec<&str> =
        times().map(|f| f.field.dotted.as_str()).filter(|d| found.is_none_or(|f| f.field.dotted != *d)).collect();
    match found {
        Some(_) if others.is_empty() => {}
        Some(f) => remarks.push(format!(
            "`at {}`: when it happened, of the dates and times that every record has. Others are {}.",
            f.field.dotted,
            listed(&others)
        )),
        None if others.is_empty() => {
            remarks.push("No date or time was found: rules over history need one, `at FIELD`.".into());
        }
        None => remarks.push(format!(
            "No `at`, which says when it happened: none of the dates and times is there, and fits, in every record ({}).",
            listed(&others)
        )),
    }
    found
}

/// Whose record it is.
fn subject<'f, 'i>(making: &Making, fields: &'f [Flat<'i>], remarks: &mut Vec<String>) -> Option<&'f Flat<'i>> {
    let fits = |f: &&Flat| matches!(f.field.guess.ty, Ty::Text | Ty::Int) && !f.field.guess.written.starts_with("enum");
    let rank = |f: &Flat| ranked(&f.field.dotted, names::subject_rank);
    let found =
        fields.iter().filter(fits).filter_map(|f| Some((rank(f)?, f.optional, f))).min_by_key(|(r, o, _)| (*o, *r));
    let Some((_, optional, found)) = found else {
        remarks.push("No `by`, which says whose record it is: no field's name says so.".into());
        return None;
    };
    let _ = making;
    let absent = if optional { ", though not in every record" } else { "" };
    remarks.push(format!("`by {}`: whose record it is, by the name of the field{absent}.", found.field.dotted));
    Some(found)
}

/// Which record it is: a field that is different in each.
fn identity<'f, 'i, 'p>(
    making: &Making,
    fields: &'f [Flat<'i>],
    of: impl Fn(&Flat<'i>) -> &'p Profile,
    remarks: &mut Vec<String>,
) -> Option<&'f Flat<'i>> {
    let records = making.tree.records();
    let fits = |f: &&Flat| matches!(f.field.guess.ty, Ty::Text | Ty::Int) && !f.optional && f.field.guess.fits;
    let differs = |f: &&Flat<'i>| match &of(f).unique {
        Unique::SoFar(held) => held.len() as u64 == records && records > 1,
        Unique::OfFirst(_) => true,
        Unique::Not(_) => false,
    };
    let rank = |f: &Flat| ranked(&f.field.dotted, names::identity_rank);
    let named = fields.iter().filter(fits).filter_map(|f| Some((rank(f)?, f)));
    let found = named.clone().filter(|(_, f)| differs(f)).min_by_key(|(rank, _)| *rank).map(|(_, f)| f);
    if let Some(f) = found {
        let why = uniqueness(of(f), records, making.inputs).unwrap_or_default();
        remarks.push(format!("`identity {}`: {why}.", f.field.dotted));
        return Some(f);
    }
    let unique: Vec<&str> = fields.iter().filter(fits).filter(differs).map(|f| f.field.dotted.as_str()).collect();
    if !unique.is_empty() {
        remarks.push(format!(
            "No `identity`: {} differ in every record, but no name says that this is what tells records apart.",
            listed(&unique)
        ));
    } else if let Some((_, f)) = named.min_by_key(|(rank, _)| *rank)
        && let Unique::Not(place) = of(f).unique
    {
        remarks.push(format!("No `identity`: `{}` at {} was there before.", f.field.dotted, at(making.inputs, place)));
    }
    None
}

pub fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 6;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect();
    match (shown.split_last(), names.len() > SHOWN) {
        (_, true) => format!("{} and {} more", shown.join(", "), names.len() - SHOWN),
        (Some((last, [])), _) => last.clone(),
        (Some((last, rest)), _) => format!("{} and {last}", rest.join(", ")),
        (None, _) => String::new(),
    }
}
