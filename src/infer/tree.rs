//! The fields of the records of one kind, and what is counted of each.

use super::likes;
use super::names;
use super::profile::Profile;
use crate::data::found::Found;
use crate::data::{Decimal, Place};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::borrow::Cow;

/// Fields in one another, and fields of all records, that are told apart.
const MAX_DEPTH: usize = 8;
const MAX_FIELDS: usize = 20_000;
/// Hashes of values that are held, over all fields.
const ROOM: usize = 1 << 23;
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
}

#[derive(Clone, Debug)]
pub struct Tree {
    pub nodes: Vec<Node>,
    room: usize,
    first: Option<Place>,
}

pub const ROOT: u32 = 0;

impl Tree {
    pub fn new() -> Tree {
        Tree { nodes: vec![node("", ROOT)], room: ROOM, first: None }
    }

    pub fn node(&self, at: u32) -> &Node {
        &self.nodes[at as usize]
    }

    pub fn records(&self) -> u64 {
        self.node(ROOT).groups
    }

    /// Counts one record.
    pub fn add(&mut self, members: &[(Cow<str>, Found)], place: Place) {
        self.first.get_or_insert(place);
        let mut row = Row::default();
        self.group(ROOT, members, place, 0, &mut row);
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
        if self.nodes.len() > MAX_FIELDS {
            return None;
        }
        let field = self.nodes.len() as u32;
        self.nodes.push(node(key, at));
        self.nodes[at as usize].fields.insert(key.into(), field);
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
    }
}
