//! The fields of the records of one kind, and what is counted of each.

use super::likes;
use super::names;
use super::profile::Profile;
use super::survey::{ITEM, named_by};
use crate::data::found::Found;
use crate::data::{Decimal, Place};
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use std::borrow::Cow;
use std::hash::BuildHasher;

/// Fields in one another, and fields of all records, that are told apart.
const MAX_DEPTH: usize = 8;
const MAX_FIELDS: usize = 20_000;
/// An object with more different keys has data for keys.
pub const MAX_KEYS: usize = 1_000;
/// Hashes of values that are held, over all fields.
pub const ROOM: usize = 1 << 23;
/// Numbers with a person each that are held, and such pairs of fields.
const MAX_PAIRED: usize = 1 << 16;
const MAX_PAIRS: usize = 12;
/// Amounts with their sign are looked for in texts of so many bytes.
const LONGEST_REMARK: usize = 300;

/// A field, or the record itself.
#[derive(Clone, Debug)]
pub struct Node {
    pub key: Box<str>,
    pub parent: u32,
    pub fields: IndexMap<Box<str>, u32, FxBuildHasher>,
    pub profile: Profile,
    /// The record of the parent in which it was last there.
    last: u64,
    /// Records in which it is a group.
    pub groups: u64,
    /// How often it stood beside a currency, where its name has one.
    pub with_currency: u64,
    /// Keys that were passed over, as there are too many of them.
    pub left_out: u64,
    /// Of a list of named values: the key of the name.
    pub named: Option<Box<str>>,
    /// Of a named value: its name.
    pub label: Option<Box<str>>,
}

#[derive(Clone, Debug)]
pub struct Tree {
    pub nodes: Vec<Node>,
    room: usize,
    first: Option<Place>,
    /// Lists of named values, and the key of the name.
    named: Vec<(Vec<String>, String)>,
    pairs: Option<Vec<Pair>>,
}

/// Two fields of which one may tell which the other is: a number, and the person of that number.
#[derive(Clone, Debug)]
pub struct Pair {
    pub number: u32,
    pub person: u32,
    /// By the hash of the number that of the person; none once a number had two.
    pub known: Option<FxHashMap<u64, u64>>,
}

pub const ROOT: u32 = 0;
/// Before a key that is a step of a path, and not a key of a record.
pub const STEP: char = '\u{1}';

impl Tree {
    pub fn new(named: Vec<(Vec<String>, String)>, room: usize) -> Tree {
        Tree { nodes: vec![node("", ROOT)], room, first: None, named, pairs: None }
    }

    pub fn node(&self, at: u32) -> &Node {
        &self.nodes[at as usize]
    }

    pub fn records(&self) -> u64 {
        self.node(ROOT).groups
    }

    /// Counts one record: with the element of a list that it is made of, where it is.
    pub fn add(&mut self, members: &[(Cow<str>, Found)], item: Option<&[(Cow<str>, Found)]>, place: Place) {
        self.first.get_or_insert(place);
        let mut row = Row::default();
        self.group(ROOT, members, place, 0, &mut row);
        if let Some(item) = item
            && let Some(at) = self.field(ROOT, usize::MAX, ITEM, self.records())
        {
            let of = &mut self.nodes[at as usize];
            of.last = of.groups;
            of.profile.present += 1;
            self.group(at, item, place, 0, &mut row);
        }
        self.pair(members);
        for (at, amount) in &row.amounts {
            if let Some((sign, _)) = row.signed.iter().find(|(_, signed)| signed == amount) {
                let signed = &mut self.nodes[*at as usize].profile.signed;
                match signed.iter_mut().find(|(s, _)| s == sign) {
                    Some((_, n)) => *n += 1,
                    None => signed.push((*sign, 1)),
                }
            }
        }
    }

    fn group(&mut self, at: u32, members: &[(Cow<str>, Found)], place: Place, depth: usize, row: &mut Row) {
        self.nodes[at as usize].groups += 1;
        let record = self.nodes[at as usize].groups;
        let mut currencies: Vec<String> = Vec::new();
        let mut amounts: Vec<(u32, String)> = Vec::new();
        for (nth, (key, found)) in members.iter().enumerate() {
            let Some(field) = self.field(at, nth, key, record) else {
                self.nodes[at as usize].left_out += 1;
                continue;
            };
            match found {
                Found::Absent => self.nodes[field as usize].profile.absent(place),
                // Spaces alone are a text, but nothing else.
                Found::Cell(text) if text.trim().is_empty() => self.nodes[field as usize].profile.absent(place),
                found => {
                    let of = &mut self.nodes[field as usize];
                    of.last = record;
                    of.profile.add(found, place, &mut self.room);
                    match found {
                        Found::Group(inner) if depth < MAX_DEPTH => self.group(field, inner, place, depth + 1, row),
                        Found::Group(_) => self.nodes[field as usize].left_out += 1,
                        Found::List(items) => {
                            if let Some(key) = self.nodes[field as usize].named.clone() {
                                self.named(field, items, &key, place, depth, row);
                            }
                        }
                        Found::Text(text) | Found::Cell(text) | Found::Number(text) => {
                            self.note(field, text, row);
                            let name = names::word(key);
                            match names::currency_of(&name) {
                                Some(of) if likes::is_currency(text.trim()) => currencies.push(of),
                                Some(_) => {}
                                None if names::is_amount(&name) => amounts.push((field, name)),
                                None => {}
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        for (field, name) in amounts {
            if currencies.iter().any(|of| goes_with(of, &name)) {
                self.nodes[field as usize].with_currency += 1;
            }
        }
        if members.len() < self.nodes[at as usize].fields.len() {
            for nth in 0..self.nodes[at as usize].fields.len() {
                let field = self.nodes[at as usize].fields[nth] as usize;
                if self.nodes[field].last != record {
                    self.nodes[field].profile.absent(place);
                }
            }
        }
    }

    /// Named values as if each were a field of its own; of two with one name, the first is read.
    fn named(&mut self, at: u32, items: &[Found], key: &str, place: Place, depth: usize, row: &mut Row) {
        self.nodes[at as usize].groups += 1;
        let record = self.nodes[at as usize].groups;
        for item in items {
            let Found::Group(members) = item else { continue };
            let Some(name) = named_by(members, key) else { continue };
            let step = format!("{STEP}[{key} == {}]", names::quoted(name));
            let Some(field) = self.field(at, usize::MAX, &step, record) else {
                self.nodes[at as usize].left_out += 1;
                continue;
            };
            let of = &mut self.nodes[field as usize];
            of.label.get_or_insert_with(|| name.into());
            if of.last == record {
                continue;
            }
            of.last = record;
            of.profile.present += 1;
            let values: Vec<(Cow<str>, Found)> = members.iter().filter(|(k, _)| **k != *key).cloned().collect();
            self.group(field, &values, place, depth + 1, row);
        }
    }

    /// Whether each number goes with one person.
    fn pair(&mut self, members: &[(Cow<str>, Found)]) {
        let hash = |tree: &Tree, at: u32| {
            let key = &*tree.node(at).key;
            let found = members.iter().find(|(k, _)| **k == *key).map(|(_, f)| f);
            match found {
                Some(Found::Cell(t) | Found::Text(t) | Found::Number(t)) => Some(FxBuildHasher.hash_one(t.trim())),
                _ => None,
            }
        };
        let pairs = self.pairs.take().unwrap_or_else(|| self.pairs_of_fields());
        let kept = pairs.into_iter().map(|mut pair| {
            let both = hash(self, pair.number).zip(hash(self, pair.person));
            if let (Some(known), Some((number, person))) = (&mut pair.known, both) {
                let full = known.len() >= MAX_PAIRED && !known.contains_key(&number);
                if full || *known.entry(number).or_insert(person) != person {
                    pair.known = None;
                }
            }
            pair
        });
        self.pairs = Some(kept.collect());
    }

    fn pairs_of_fields(&self) -> Vec<Pair> {
        let words = || self.node(ROOT).fields.iter().map(|(key, at)| (names::word(key), *at));
        let numbers = words().filter(|(w, _)| names::identity_rank(&[w.as_str()]).is_some_and(|r| r > 0));
        let people = || words().filter(|(w, _)| names::subject_rank(&[w.as_str()]).is_some());
        let all = numbers.flat_map(|(_, number)| {
            people().filter(move |(_, p)| *p != number).map(move |(_, person)| Pair {
                number,
                person,
                known: Some(FxHashMap::default()),
            })
        });
        all.take(MAX_PAIRS).collect()
    }

    /// Those of which each number had one person and each person one number, and some came again.
    pub fn paired(&self) -> impl Iterator<Item = (&Pair, usize)> {
        let known = self.pairs.iter().flatten().filter_map(|p| Some((p, p.known.as_ref()?)));
        let each_once = known.filter(|(_, known)| known.values().collect::<FxHashSet<_>>().len() == known.len());
        each_once.map(|(p, known)| (p, known.len())).filter(|(_, n)| *n > 1 && (*n as u64) < self.records())
    }

    /// Takes down what may be an amount, and what may be one with its sign.
    fn note(&mut self, field: u32, text: &str, row: &mut Row) {
        let text = text.trim();
        let number = text.len() <= 20 && text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.');
        if let (true, Ok(amount)) = (number, Decimal::parse(text)) {
            if amount != Decimal::ZERO {
                row.amounts.push((field, amount));
            }
        } else if text.len() <= LONGEST_REMARK {
            row.signed.extend(likes::amounts(text).map(|(sign, amount, _)| (sign, amount)));
        }
    }

    /// The field of a key, which is likely the one at the same place as in the records before.
    fn field(&mut self, at: u32, nth: usize, key: &str, record: u64) -> Option<u32> {
        let of = &self.nodes[at as usize];
        match of.fields.get_index(nth) {
            Some((known, field)) if **known == *key => return Some(*field),
            _ => {}
        }
        if let Some(field) = of.fields.get(key) {
            return Some(*field);
        }
        if self.nodes.len() > MAX_FIELDS || at != ROOT && of.fields.len() >= MAX_KEYS {
            return None;
        }
        let field = self.nodes.len() as u32;
        self.nodes.push(node(key, at));
        self.nodes[at as usize].fields.insert(key.into(), field);
        if !self.named.is_empty() {
            let path = self.path(field);
            let named = self.named.iter().find(|(p, _)| *p == path).map(|(_, key)| key.as_str().into());
            self.nodes[field as usize].named = named;
        }
        if record > 1
            && let Some(first) = self.first
        {
            self.nodes[field as usize].profile.absent(first);
        }
        Some(field)
    }

    /// The keys from the record down to a field.
    pub fn path(&self, field: u32) -> Vec<&str> {
        let mut path = Vec::new();
        let mut at = field;
        while at != ROOT {
            let of = self.node(at);
            path.push(&*of.key);
            at = of.parent;
        }
        path.reverse();
        path
    }
}

/// Whether the currency of this is that of the amount: `fee` of `fee_amount`; one without a name of its own is anyone's.
pub fn goes_with(currency: &str, amount: &str) -> bool {
    currency.is_empty() || amount.starts_with(currency) || names::is_amount(currency)
}

/// What a record says of money.
#[derive(Default)]
struct Row {
    amounts: Vec<(u32, Decimal)>,
    signed: Vec<(char, Decimal)>,
}

fn node(key: &str, parent: u32) -> Node {
    Node {
        key: key.into(),
        parent,
        fields: IndexMap::default(),
        profile: Profile::new(),
        last: 0,
        groups: 0,
        with_currency: 0,
        left_out: 0,
        named: None,
        label: None,
    }
}
