//! Who is above whom: from row to row of a table, each as of one moment.

use super::Truth;
use super::interp::Context;
use super::message::show_one;
use super::tables::{Found, lookup};
use super::val::{Val, order};
use crate::data::{ColumnId, KindId, Time, Type, display};
use rustc_hash::FxHashMap;

/// Where the way up ends.
pub enum End<'a> {
    /// Somebody who has nobody above.
    Top,
    /// The way comes back to somebody: those in the circle are above each other, or some link is wrong.
    Circle,
    /// What is above this one is not known.
    Lost { at: Val<'a>, why: Found<'a> },
    /// The first key is absent, unknown or pending.
    NoKey,
}

/// All who are above somebody.
pub struct Chain<'a> {
    /// Nearest first, each with the row that leads to it; those of a circle, except the one by which it is entered,
    /// are in `doubtful` instead.
    pub certain: Vec<Step<'a>>,
    pub doubtful: Vec<Step<'a>>,
    pub end: End<'a>,
}

impl<'a> Chain<'a> {
    /// Each of those met once, and whether there is no doubt about it.
    pub fn steps(&self) -> impl Iterator<Item = (&Step<'a>, bool)> {
        // What closes a circle was met before, unless the way began with it.
        let doubtful = self.doubtful.iter().filter(|d| !self.certain.iter().any(|c| same(&c.key, &d.key)));
        self.certain.iter().map(|s| (s, true)).chain(doubtful.map(|s| (s, false)))
    }
}

#[derive(Clone, Copy)]
pub struct Step<'a> {
    pub key: Val<'a>,
    /// The row that leads to it.
    pub row: u32,
}

fn same(a: &Val<'_>, b: &Val<'_>) -> bool {
    order(a, b).is_some_and(|o| o.is_eq())
}

/// Those that have been met, and where.
#[derive(Default)]
struct Met<'a> {
    keys: Vec<Val<'a>>,
    /// Filled once there are many.
    by_key: FxHashMap<Box<[u8]>, usize>,
}

const FEW: usize = 24;

impl<'a> Met<'a> {
    fn bytes(key: Val<'a>) -> Box<[u8]> {
        let mut bytes = Vec::with_capacity(16);
        key.encode(&mut bytes);
        bytes.into()
    }

    /// Where it was met before; otherwise it is now.
    fn meet(&mut self, key: Val<'a>) -> Option<usize> {
        if self.keys.len() < FEW {
            if let Some(at) = self.keys.iter().position(|k| same(k, &key)) {
                return Some(at);
            }
        } else {
            if self.by_key.is_empty() {
                self.by_key = self.keys.iter().enumerate().map(|(i, k)| (Met::bytes(*k), i)).collect();
            }
            let at = self.keys.len();
            if let Some(&before) = self.by_key.get(&Met::bytes(key)) {
                return Some(before);
            }
            self.by_key.insert(Met::bytes(key), at);
        }
        self.keys.push(key);
        None
    }
}

/// All who are above `key` at a moment.
pub fn above<'a>(cx: &Context<'a>, table: KindId, column: ColumnId, key: Val<'a>, at: Option<Time>) -> Chain<'a> {
    let mut chain = Chain { certain: Vec::new(), doubtful: Vec::new(), end: End::Top };
    if !key.is_known() {
        chain.end = End::NoKey;
        return chain;
    }
    let mut met = Met::default();
    met.meet(key);
    let mut key = key;
    loop {
        match lookup(cx, table, key, column, at) {
            Found::Row(_, Val::Absent) => return chain,
            Found::Row(row, next) if next.is_known() => {
                if let Some(entry) = met.meet(next) {
                    // Met as number `entry`, and so reached by step `entry - 1`; the start by none.
                    chain.doubtful = chain.certain.split_off(entry);
                    chain.doubtful.push(Step { key: next, row });
                    chain.end = End::Circle;
                    return chain;
                }
                chain.certain.push(Step { key: next, row });
                key = next;
            }
            why => {
                chain.end = End::Lost { at: key, why };
                return chain;
            }
        }
    }
}

/// A key as a report shows it.
pub fn shown(cx: &Context<'_>, table: KindId, column: ColumnId, key: Val<'_>) -> String {
    let schema = &cx.plan.schema;
    let hidden = |c: ColumnId| schema.column(table, c).sensitive;
    if hidden(column) || schema.kind(table).subject().is_some_and(hidden) {
        return display::WITHHELD.into();
    }
    show_one(cx, key, &Type::Ref(table))
}

/// Whether `above` is one of those above `who`.
pub fn under<'a>(
    cx: &Context<'a>,
    (table, column): (KindId, ColumnId),
    who: Val<'a>,
    above: Val<'a>,
    at: Option<Time>,
) -> Truth {
    for side in [&who, &above] {
        if matches!(side, Val::Absent) {
            return Truth::False;
        }
    }
    if matches!(who, Val::Pending) || matches!(above, Val::Pending) {
        return Truth::Pending;
    }
    let chain = self::above(cx, table, column, who, at);
    let open = !matches!(chain.end, End::Top);
    // Whoever is asked about: there is nobody.
    if !above.is_known() {
        return if chain.certain.is_empty() && !open { Truth::False } else { Truth::Unknown };
    }
    if chain.certain.iter().any(|s| same(&s.key, &above)) {
        return Truth::True;
    }
    if open { Truth::Unknown } else { Truth::False }
}
