//! One kind of record: its fields with their types, and which of them say when, whose and which it is.

use super::guess::{Guess, InputName, Ty, at, guess};
use super::likes::{self, Like};
use super::names;
use super::profile::{Profile, Sort};
use super::survey::{ITEM, Plan};
use super::tree::{MAX_KEYS, Node, ROOT, STEP, Tree, goes_with};
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
    pub items: Vec<Item>,
    pub at: Option<String>,
    pub by: Option<String>,
    pub identity: Option<String>,
    pub remarks: Vec<String>,
    /// Of what is looked up rather than judged: how its rows are told apart, and when they hold.
    pub table: Option<String>,
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
    pub plan: &'t Plan,
    /// The record's name.
    pub name: String,
}

pub fn record(making: &Making) -> Record {
    let mut as_named = making.paths == Paths::Keys && making.plan.each.is_none();
    let mut items = making.group(ROOT, &[], &mut HashSet::new(), &mut as_named);
    let mut fields = Vec::new();
    leaves(&items, false, &mut fields);
    let mut remarks = Vec::new();
    let at = time(&fields, &mut remarks);
    let by = subject(making, &fields, &mut remarks);
    let identity = identity(making, &fields, by.as_deref(), &mut remarks);
    if let Some(by) = &by {
        change(&mut items, by, &mut |field| {
            if !field.marks.contains(&"@person") {
                field.marks.insert(0, "@person");
            }
        });
    }
    Record { name: making.name.clone(), table: None, items, at, by, identity, remarks, as_named }
}

impl Making<'_> {
    fn group(&self, at: u32, around: &[String], taken: &mut HashSet<String>, as_named: &mut bool) -> Vec<Item> {
        let node = self.tree.node(at);
        let mut items = Vec::new();
        for (key, &field) in &node.fields {
            let path = self.tree.path(field);
            let is = |p: &[String]| p == path.as_slice();
            if self.plan.each.as_deref().is_some_and(is) || self.plan.kinds.as_ref().is_some_and(|(p, _)| is(p)) {
                continue;
            }
            if at == ROOT && **key == *ITEM && self.plan.each.is_some() {
                items.extend(self.group(field, &[], taken, as_named));
                continue;
            }
            if self.tree.node(field).named.is_some() {
                items.extend(self.named(node, field, around, taken));
                *as_named = false;
                continue;
            }
            if !names::can_be_written(key) {
                items.push(Item::Out(format!("{}: its name has signs that a policy cannot write.", names::shown(key))));
                continue;
            }
            if node.fields.values().any(|f| self.currency_beside(self.tree.node(*f)) == Some(field)) {
                continue;
            }
            // An own name is kept, where it can be one.
            let own = names::is_word(key) && self.paths == Paths::Keys;
            let name = self.free(if own { key.to_string() } else { names::word(key) }, field, taken);
            *as_named &= name == **key;
            items.extend(self.item(node.groups, field, name, around, as_named));
        }
        if node.left_out > 0 {
            items
                .push(Item::Out(format!("{} more values, under keys that are too many to tell apart.", node.left_out)));
        }
        items
    }

    /// A name that no other field has: of an element with the list's before it, where it needs to be another.
    fn free(&self, name: String, field: u32, taken: &mut HashSet<String>) -> String {
        let path = self.tree.path(field);
        let of_item = path.first() == Some(&ITEM) && path.len() == 2;
        match self.plan.each.as_ref().and_then(|e| e.last()).filter(|_| of_item && taken.contains(&name)) {
            Some(list) => {
                let list = names::word(list);
                names::free(format!("{}_{name}", names::singular(&list).unwrap_or(list)), taken)
            }
            None => names::free(name, taken),
        }
    }

    /// The fields of a list of named values.
    fn named(&self, parent: &Node, list: u32, around: &[String], taken: &mut HashSet<String>) -> Vec<Item> {
        let mut items = Vec::new();
        for &value in self.tree.node(list).fields.values() {
            let node = self.tree.node(value);
            let label = node.label.as_deref().unwrap_or_default();
            for (nth, (key, &field)) in node.fields.iter().enumerate() {
                if !names::can_be_written(key) {
                    items.push(Item::Out(format!(
                        "{}: its name has signs that a policy cannot write.",
                        names::shown(key)
                    )));
                    continue;
                }
                let name =
                    if nth == 0 { names::word(label) } else { format!("{}_{}", names::word(label), names::word(key)) };
                let name = names::free(name, taken);
                items.extend(self.item(parent.groups, field, name, around, &mut false));
            }
        }
        if self.tree.node(list).left_out > 0 {
            let left_out = self.tree.node(list).left_out;
            items.push(Item::Out(format!("{left_out} more values, under names that are too many to tell apart.")));
        }
        items
    }

    fn item(&self, records: u64, at: u32, name: String, around: &[String], as_named: &mut bool) -> Option<Item> {
        let node = self.tree.node(at);
        let mut names: Vec<String> = around.to_vec();
        names.push(name.clone());
        let optional = node.profile.present < records;
        let absences = || optional.then(|| format!("Absent in {} of {records}.", records - node.profile.present));
        let money = self.is_money(node);
        if self.has_data_for_keys(node) {
            let n = node.fields.len();
            let more = if node.left_out > 0 { " or more" } else { "" };
            let what = format!(
                "{name} ({}): an object with {n}{more} different keys, which are data themselves.",
                self.written(at)
            );
            return Some(Item::Out(what));
        }
        if node.profile.most() == Some(Sort::Group) && !money && !node.fields.is_empty() {
            let inner = self.group(at, &names, &mut HashSet::new(), as_named);
            if inner.iter().any(|i| !matches!(i, Item::Out(_))) {
                let remarks = absences().into_iter().chain(other_than_groups(&node.profile)).collect();
                return Some(Item::Group { name, optional, items: inner, remarks });
            }
            return Some(Item::Out(format!("{name}: an object without a field that can be read.")));
        }
        let snake = self.snake(at);
        let snake: Vec<&str> = snake.iter().map(String::as_str).collect();
        let plain = self.written(at);
        let guessed = if money { Ok(money_object()) } else { guess(&node.profile, &snake, self.inputs) };
        let mut guess = match guessed {
            Ok(guess) => guess,
            // Another kind has it.
            Err(_) if node.profile.present == 0 && self.plan.kinds.is_some() => return None,
            Err(why) => return Some(Item::Out(format!("{name} ({plain}): {why}."))),
        };
        let mut from = plain.clone();
        if !money {
            self.money(node, &snake, &mut guess, &mut from);
        }
        *as_named &= guess.cast.is_empty() && from == plain;
        guess.remarks.extend(absences());
        let mut marks = marks(&node.profile, &snake, &guess);
        // `name` of an employee is a person's.
        if marks.is_empty() && matches!(snake[..], ["id" | "name"]) && names::is_person(&[&self.name, snake[0]]) {
            marks.push("@person");
        }
        Some(Item::Field(Field { node: at, name, dotted: names.join("."), guess, optional, marks, from }))
    }

    /// Many keys, of which each is in few of the objects: `{"2025-01-01": 3, "2025-01-02": 5, …}`.
    fn has_data_for_keys(&self, node: &Node) -> bool {
        const MANY: usize = 50;
        let there: u64 = node.fields.values().map(|f| self.tree.node(*f).profile.present).sum();
        let keys = node.fields.len() as u64;
        node.fields.len() >= MAX_KEYS || node.fields.len() > MANY && there * 5 < keys * node.groups
    }

    /// The words of a path, for what they hint at.
    fn snake(&self, at: u32) -> Vec<String> {
        let mut words = Vec::new();
        let mut node = self.tree.node(at);
        while !node.key.is_empty() || node.parent != ROOT {
            let parent = self.tree.node(node.parent);
            match (&node.label, &parent.label) {
                (Some(label), _) => words.push(names::word(label)),
                // The key of a named value says nothing.
                (None, Some(_)) => {}
                (None, None) if *node.key == *ITEM && node.parent == ROOT && self.plan.each.is_some() => {}
                (None, None) => words.push(names::word(&node.key)),
            }
            if node.parent == ROOT {
                break;
            }
            node = parent;
        }
        words.reverse();
        words
    }

    /// The path to a field as it is written in a map.
    pub fn written(&self, at: u32) -> String {
        let mut out = String::new();
        for (nth, key) in self.tree.path(at).into_iter().enumerate() {
            if let Some(step) = key.strip_prefix(STEP) {
                out.push_str(step);
                continue;
            }
            if nth > 0 {
                out.push('.');
            }
            let item = nth == 0 && key == ITEM && self.plan.each.is_some();
            let special = nth == 0 && matches!(key, "item" | "constant" | "money" | "not");
            if item || self.paths == Paths::Keys && names::is_word(key) && !special {
                out.push_str(key);
            } else {
                out.push_str(&names::quoted(key));
            }
        }
        out
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

    /// The field beside an amount that has had its currency in every record.
    fn currency_beside(&self, node: &Node) -> Option<u32> {
        if node.with_currency == 0 || node.with_currency != node.profile.present {
            return None;
        }
        let numeric = match node.profile.most()? {
            Sort::Number => {
                node.profile.count(Sort::Number) == node.profile.present && node.profile.numbers.beyond == 0
            }
            Sort::Text | Sort::Cell => node.profile.all_like(Like::Decimal) && node.profile.placeholders.is_empty(),
            _ => false,
        };
        let word = names::word(&node.key);
        let fields = self.tree.node(node.parent).fields.iter().filter(|_| numeric);
        let mut beside = fields.filter(|(key, at)| {
            let words = self.tree.node(**at).profile.words.as_ref();
            let stem = names::currency_of(&names::word(key));
            stem.is_some_and(|stem| goes_with(&stem, &word))
                && words.is_some_and(|w| !w.is_empty() && w.keys().all(|w| likes::is_currency(w)))
        });
        beside.next().map(|(_, at)| *at)
    }

    /// An amount whose currency stands beside it, or is told by other texts, is money; of another it is said that it may be.
    fn money(&self, node: &Node, snake: &[&str], guess: &mut Guess, from: &mut String) {
        let of = &node.profile;
        if let Some(currency) = self.currency_beside(node) {
            let currency = self.written(currency);
            *from = format!("money({from}, {currency})");
            let remarks = vec![format!("Its currency is {currency}.")];
            *guess = Guess { remarks, ..money_object() };
            return;
        }
        if !matches!(guess.written.as_str(), "int" | "decimal") || !guess.fits {
            return;
        }
        let word = snake.last().copied().unwrap_or_default();
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

fn other_than_groups(of: &Profile) -> Option<String> {
    let other = of.present - of.count(Sort::Group);
    (other > 0).then(|| format!("{other} of {} are no objects: all that is in them is unknown there.", of.present))
}

fn money_object() -> Guess {
    let remarks = Vec::new();
    Guess { ty: Ty::Other, written: "money".into(), cast: String::new(), remarks, fits: true, local: false }
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

/// Changes one field.
pub fn change(items: &mut [Item], dotted: &str, how: &mut dyn FnMut(&mut Field)) {
    for item in items {
        match item {
            Item::Field(field) if field.dotted == dotted => how(field),
            Item::Group { items, .. } => change(items, dotted, how),
            _ => {}
        }
    }
}

/// All fields, those in groups too.
pub fn fields(items: &[Item]) -> Vec<&Field> {
    let mut flat = Vec::new();
    leaves(items, false, &mut flat);
    flat.into_iter().map(|f| f.field).collect()
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
fn time(fields: &[Flat], remarks: &mut Vec<String>) -> Option<String> {
    let times = || fields.iter().filter(|f| f.field.guess.ty == Ty::Time);
    let found = times().filter(|f| !f.optional && f.field.guess.fits).min_by_key(|f| {
        let rank = ranked(&f.field.dotted, names::time_rank);
        // A time says more than a date; a field of the record itself is likelier than one of a group.
        (rank, f.field.guess.written != "timestamp", f.field.dotted.matches('.').count())
    });
    let found = found.map(|f| f.field.dotted.clone());
    let others = times().map(|f| f.field.dotted.as_str()).filter(|d| found.as_deref() != Some(d));
    let others: Vec<&str> = others.collect();
    match &found {
        Some(_) if others.is_empty() => {}
        Some(found) => remarks.push(format!(
            "`at {found}`: when it happened, of the dates and times that every record has. Other dates and times: {}.",
            listed(&others)
        )),
        None if others.is_empty() => {
            remarks.push("No date or time was found: rules over history need one, `at FIELD`.".into());
        }
        None => remarks.push(format!(
            "No `at`, which says when it happened: no date or time is there, and fits, in every record ({}).",
            listed(&others)
        )),
    }
    found
}

/// Whose record it is.
fn subject(making: &Making, fields: &[Flat], remarks: &mut Vec<String>) -> Option<String> {
    let fits = |f: &&Flat| matches!(f.field.guess.ty, Ty::Text | Ty::Int) && !f.field.guess.written.starts_with("enum");
    let rank = |f: &Flat| ranked(&f.field.dotted, names::subject_rank);
    // One that is there in nearly every record goes before one that is hardly ever.
    let rare = |f: &Flat| making.tree.node(f.field.node).profile.present * 10 < making.tree.records() * 9;
    let all = fields.iter().filter(fits).filter_map(|f| Some((rare(f), rank(f)?, f.optional, f)));
    let Some((_, _, optional, found)) = all.min_by_key(|f| (f.0, f.1)) else {
        remarks.push("No `by`, which says whose record it is: no field's name says so.".into());
        return None;
    };
    // Two people may have one name.
    let number = making.tree.paired().filter(|(pair, _)| pair.person == found.field.node).find_map(|(pair, n)| {
        let number = fields.iter().filter(fits).find(|f| f.field.node == pair.number)?;
        (number.optional <= optional).then_some((number.field, n))
    });
    if let Some((number, n)) = number {
        remarks.push(format!(
            "`by {}`: whose record it is. Each of {n} goes with one `{}`, of whom two might have the same name.",
            number.dotted, found.field.dotted
        ));
        return Some(number.dotted.clone());
    }
    let absent = if optional { ", though it is not in every record" } else { "" };
    remarks.push(format!("`by {}`: whose record it is, by the name of the field{absent}.", found.field.dotted));
    Some(found.field.dotted.clone())
}

/// Which record it is: a field that is different in each.
fn identity(making: &Making, fields: &[Flat], by: Option<&str>, remarks: &mut Vec<String>) -> Option<String> {
    let records = making.tree.records();
    let of = |f: &Flat| &making.tree.node(f.field.node).profile;
    let fits = |f: &&Flat| matches!(f.field.guess.ty, Ty::Text | Ty::Int) && !f.optional && f.field.guess.fits;
    let differs = |f: &Flat| {
        let of = &of(f).distinct;
        of.again.is_none() && records > 1 && (of.full.is_some() || of.held.len() as u64 == records)
    };
    let rank = |f: &Flat| ranked(&f.field.dotted, names::identity_rank);
    // What tells people apart does not tell records apart, even where each has one.
    let others = || fields.iter().filter(fits).filter(|f| by != Some(f.field.dotted.as_str()));
    let mut named: Vec<(usize, &Flat)> = others().filter_map(|f| Some((rank(f)?, f))).collect();
    named.sort_by_key(|(rank, _)| *rank);
    if let Some((_, f)) = named.iter().find(|(_, f)| differs(f)) {
        let why = match of(f).distinct.full {
            None => format!("different in each of {records} records"),
            Some(n) => format!("different in the first {n} records, and not looked at beyond these"),
        };
        remarks.push(format!("`identity {}`: {why}.", f.field.dotted));
        return Some(f.field.dotted.clone());
    }
    let unique: Vec<&str> = others().filter(|f| differs(f)).map(|f| f.field.dotted.as_str()).collect();
    if !unique.is_empty() {
        let differ = if unique.len() == 1 { "differs" } else { "differ" };
        remarks.push(format!(
            "No `identity`: {} {differ} in every record, but no name says that this tells records apart.",
            listed(&unique)
        ));
    } else if let Some((_, f)) = named.first()
        && let Some(place) = of(f).distinct.again
    {
        let at = at(making.inputs, place);
        remarks.push(format!("No `identity`: the `{}` at {at} was there before.", f.field.dotted));
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
