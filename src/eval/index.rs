//! The candidates of history conditions, by key and time.

use super::bounds::{self, Beyond};
use super::chain::{self, End};
use super::interp::{Context, Scope, all, value};
use super::val::Val;
use super::window::{self, Bounds};
use super::world::World;
use super::{Runtime, Truth};
use crate::data::{Currency, Type, Value};
use crate::plan::{Expr, HistoryPlan, Key, Op, Plan};
use crate::sema::hir::Func;
use rustc_hash::FxHashMap;
use std::ops::Range;

/// A record that a limit cannot add to any sum, or that can be in no sequence, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lacking {
    pub id: u32,
    /// Index into the history's keys; none: its time.
    pub key: Option<u32>,
}

/// The candidates of one history condition.
#[derive(Debug, Default)]
pub struct HistoryIndex {
    /// By keys, then joins.
    pub lists: Lists,
    /// By record, where those of its kind are looked for by its own key: its list, or [`NONE`], and its place there.
    own: Vec<(u32, u32)>,
    /// By keys: records with a join value unknown, which may equal any.
    pub loose: Lists,
    /// By keys, where there are joins: for outer records with a join value unknown.
    pub by_keys: Lists,
    /// Records that may be in more than one window, since a key or their time is unknown.
    pub adrift: Vec<Adrift>,
    /// Of what a limit adds up, and of steps of a sequence.
    pub lacking: Vec<Lacking>,
    /// Records that count for nobody: a key is a set, and it is empty.
    pub alone: Vec<u32>,
}

const NONE: u32 = u32::MAX;

/// Records with the same parts unknown, by those of their keys that are known.
#[derive(Debug)]
pub struct Adrift {
    /// Indices of the keys that are unknown, ascending.
    pub unknown: Vec<u32>,
    /// Whether their times are known.
    pub timed: bool,
    pub lists: Lists,
}

#[derive(Debug, Default)]
pub struct Lists {
    by_key: FxHashMap<Box<[u8]>, u32>,
    pub lists: Vec<List>,
}

/// Candidates with one key, by time, then order.
#[derive(Debug, Default)]
pub struct List {
    pub ids: Vec<u32>,
    /// Days or nanoseconds.
    pub times: Vec<i64>,
    /// The ids ascend.
    pub in_order: bool,
    /// None where some value is not plain.
    sums: Option<Box<Sums>>,
    /// What few lists have: there are many lists.
    rare: Option<Box<Rare>>,
}

#[derive(Debug, Default)]
struct Rare {
    /// How many of the first n are in doubt; empty where none is.
    doubts: Vec<u32>,
    /// Where a key is a set: whom of it this list is of.
    owner: Option<Value>,
    /// Of the ids, those that may not have this key, ascending.
    unsure: Vec<u32>,
}

/// Running sums of values that are all known or absent, none in doubt, and of one currency.
#[derive(Debug, Default)]
struct Sums {
    /// Of the first n.
    totals: Vec<i128>,
    /// How many of the first n have a value; empty where all have one.
    valued: Vec<u32>,
    currency: Option<Currency>,
}

impl Lists {
    /// To which list.
    fn push(&mut self, key: &[u8], id: u32, time: i64, doubtful: bool) -> u32 {
        let list = match self.by_key.get(key) {
            Some(&list) => list,
            None => {
                let list = self.lists.len() as u32;
                self.by_key.insert(key.into(), list);
                self.lists.push(List { in_order: true, ..List::default() });
                list
            }
        };
        self.lists[list as usize].push(id, time, doubtful);
        list
    }

    pub fn get(&self, key: &[u8]) -> Option<&List> {
        self.by_key.get(key).map(|&i| &self.lists[i as usize])
    }

    /// Dates of instants may run backwards where a zone's clock goes back at midnight.
    fn sort(&mut self) {
        for list in &mut self.lists {
            if list.times.is_sorted() {
                continue;
            }
            let mut rows: Vec<(i64, u32, bool)> =
                (0..list.ids.len()).map(|i| (list.times[i], list.ids[i], list.is_doubtful(i))).collect();
            rows.sort_by_key(|r| (r.0, r.1));
            let rare = list.rare.take().map(|rare| Box::new(Rare { doubts: Vec::new(), ..*rare }));
            *list = List { rare, ..List::default() };
            rows.into_iter().for_each(|(time, id, doubtful)| list.push(id, time, doubtful));
        }
    }
}

impl List {
    fn push(&mut self, id: u32, time: i64, doubtful: bool) {
        if doubtful && self.doubts().is_empty() {
            self.rare.get_or_insert_default().doubts = vec![0; self.ids.len() + 1];
        }
        self.ids.push(id);
        self.times.push(time);
        if let Some(rare) = &mut self.rare
            && let Some(&before) = rare.doubts.last()
        {
            rare.doubts.push(before + u32::from(doubtful));
        }
    }

    fn doubts(&self) -> &[u32] {
        self.rare.as_ref().map_or(&[], |rare| &rare.doubts)
    }

    /// Where a key is a set: whom of it this list is of.
    pub fn owner(&self) -> Option<&Value> {
        self.rare.as_ref()?.owner.as_ref()
    }

    pub fn is_doubtful(&self, i: usize) -> bool {
        let doubts = self.doubts();
        !doubts.is_empty() && doubts[i + 1] != doubts[i]
    }

    /// Whether it is known that the record has the list's key.
    pub fn is_sure(&self, id: u32) -> bool {
        self.rare.as_ref().is_none_or(|rare| rare.unsure.binary_search(&id).is_err())
    }

    pub fn within(&self, bounds: &Bounds) -> Range<usize> {
        let from = self.times.partition_point(|&t| t < bounds.from);
        let until = self.times.partition_point(|&t| t <= bounds.until);
        from..until.max(from)
    }

    /// Up to the one at a place, looked for from there backwards: most windows are short.
    pub fn within_up_to(&self, at: usize, bounds: &Bounds) -> Range<usize> {
        let (mut until, mut step) = (at + 1, 1);
        while let Some(from) = until.checked_sub(step) {
            if self.times[from] < bounds.from {
                let more = self.times[from..until].partition_point(|&t| t < bounds.from);
                return from + more..at + 1;
            }
            (until, step) = (from, step * 2);
        }
        self.times[..until].partition_point(|&t| t < bounds.from)..at + 1
    }

    /// The sum of a range in the smallest parts, its currency (none where nothing has a value), and how many
    /// have a value; none where it takes looking at each.
    pub fn sum(&self, range: &Range<usize>) -> Option<(i128, Option<Currency>, u32)> {
        let sums = self.sums.as_ref()?;
        let valued = match &sums.valued[..] {
            [] => range.len() as u32,
            valued => valued[range.end] - valued[range.start],
        };
        Some((sums.totals[range.end] - sums.totals[range.start], sums.currency.filter(|_| valued > 0), valued))
    }

    pub fn doubts_in(&self, range: &Range<usize>) -> usize {
        match self.doubts() {
            [] => 0,
            doubts => (doubts[range.end] - doubts[range.start]) as usize,
        }
    }
}

/// The values of keys as bytes; the index of the first that is not known.
pub fn encode_keys<'a, 'k>(
    cx: &Context<'a>,
    keys: impl Iterator<Item = &'a Expr> + 'k,
    scope: &Scope<'_, 'a>,
    out: &mut Vec<u8>,
) -> Result<(), u32> {
    for (i, expr) in keys.enumerate() {
        let value = value(cx, expr, scope);
        if !value.encode(out) {
            return Err(i as u32);
        }
    }
    Ok(())
}

impl HistoryIndex {
    /// `strict`: it is what a limit adds up, or a step of a sequence; only what is known to belong there is in it.
    pub fn build(plan: &Plan, runtime: &Runtime, world: &World, id: u32, rows: &[u32], strict: bool) -> HistoryIndex {
        let history = &plan.histories[id as usize];
        let cx = runtime.context(plan, world, history.clock, None);
        let mut index = HistoryIndex::default();
        let (mut key, mut joined) = (Vec::new(), Vec::new());
        let mirrored = !strict && is_mirrored(history);
        if mirrored {
            index.own = vec![(NONE, 0); world.len(history.kind) as usize];
        }
        let few = |index: &HistoryIndex| {
            let keys = index.lists.lists.len() as u64;
            !runtime.watch.is_stopped() && runtime.watch.allows(Beyond::Keys, keys, || bounds::readers(plan, history))
        };
        for &row in rows {
            if !few(&index) {
                return HistoryIndex::default();
            }
            let scope = Scope { root: history.root + 1, frame: world.frame(history.kind, row), parent: None };
            let inner = world.existence(history.kind, row).and(all(&cx, &history.inner, &scope));
            if inner == Truth::False {
                continue;
            }
            let doubtful = inner != Truth::True;
            let time = scope.frame.time.and_then(|t| window::unit(t, history.dates, cx.zone));
            key.clear();
            // Only what a limit adds up has such a key.
            if let Some(every) = history.every() {
                match time {
                    Some(time) => index.push_for_each(&cx, history, every, &scope, time, doubtful),
                    None => index.lacking.push(Lacking { id: row, key: None }),
                }
                continue;
            }
            let keyed = encode_keys(&cx, history.keys.iter().map(|k| &k.inner), &scope, &mut key);
            let time = match (time, keyed) {
                (Some(time), Ok(())) => time,
                (None, _) if strict => {
                    index.lacking.push(Lacking { id: row, key: None });
                    continue;
                }
                (_, Err(at)) if strict => {
                    index.lacking.push(Lacking { id: row, key: Some(at) });
                    continue;
                }
                (time, _) => {
                    index.set_adrift(&cx, history, row, time, &scope);
                    continue;
                }
            };
            if history.joins.is_empty() {
                let list = index.lists.push(&key, row, time, doubtful);
                if mirrored {
                    index.own[row as usize] = (list, index.lists.lists[list as usize].ids.len() as u32 - 1);
                }
                continue;
            }
            joined.clear();
            joined.extend_from_slice(&key);
            match encode_keys(&cx, history.joins.iter().map(|k| &k.inner), &scope, &mut joined) {
                Ok(()) => drop(index.lists.push(&joined, row, time, doubtful)),
                Err(_) if any_absent(&cx, &history.joins, &scope) => continue,
                Err(_) => drop(index.loose.push(&key, row, time, doubtful)),
            }
            index.by_keys.push(&key, row, time, doubtful);
        }
        if !few(&index) {
            return HistoryIndex::default();
        }
        index.lists.sort();
        index.loose.sort();
        index.by_keys.sort();
        index.adrift.iter_mut().for_each(|a| a.lists.sort());
        if history.pair.is_empty() && matches!(history.func, Func::Sum | Func::Avg) {
            for list in &mut index.lists.lists {
                list.sums = sums(&cx, history, list).map(Box::new);
            }
        }
        index
    }
}

/// Whether a record of the history's own kind looks among those that have its own values in some columns.
fn is_mirrored(history: &HistoryPlan) -> bool {
    let same = |key: &Key| match (&key.inner.op, &key.outer.op) {
        (Op::Column { column: inner, root: own }, Op::Column { column: outer, root }) => {
            inner == outer && (*own, *root) == (history.root + 1, history.root)
        }
        _ => false,
    };
    history.joins.is_empty() && history.keys.iter().all(same)
}

impl HistoryIndex {
    /// The records with the key of one that is among them itself, and its place there, where they are in order.
    pub fn own(&self, id: u32) -> Option<(&List, Option<usize>)> {
        let (list, at) = *self.own.get(id as usize).filter(|own| own.0 != NONE)?;
        let list = &self.lists.lists[list as usize];
        Some((list, list.in_order.then_some(at as usize)))
    }

    /// A record that counts for each of a set of people.
    fn push_for_each<'a>(
        &mut self,
        cx: &Context<'a>,
        history: &'a HistoryPlan,
        every: usize,
        scope: &Scope<'_, 'a>,
        time: i64,
        doubtful: bool,
    ) {
        let id = scope.frame.id;
        let mut key = Vec::new();
        for (i, of) in history.keys.iter().enumerate().filter(|(i, _)| *i != every) {
            if !value(cx, &of.inner, scope).encode(&mut key) {
                self.lacking.push(Lacking { id, key: Some(i as u32) });
                return;
            }
        }
        let Op::Every { who, table, column, .. } = &history.keys[every].inner.op else { return };
        let who = value(cx, who, scope);
        let chain = chain::above(cx, *table, *column, who, scope.frame.time);
        let known = key.len();
        let ty = Type::Ref(*table);
        for (step, sure) in chain.steps() {
            key.truncate(known);
            step.key.encode(&mut key);
            let list = self.lists.push(&key, id, time, doubtful || !sure);
            let list = &mut self.lists.lists[list as usize];
            let rare = list.rare.get_or_insert_default();
            if !sure {
                rare.unsure.push(id);
            }
            if rare.owner.is_none() {
                rare.owner = step.key.owned(&ty, &cx.plan.schema);
            }
        }
        // Whoever else is above: that is not known.
        if !matches!(chain.end, End::Top) {
            self.lacking.push(Lacking { id, key: Some(every as u32) });
        } else if chain.certain.is_empty() {
            self.alone.push(id);
        }
    }

    /// A record of which a key, or the time, is not known.
    fn set_adrift<'a>(
        &mut self,
        cx: &Context<'a>,
        history: &'a HistoryPlan,
        row: u32,
        time: Option<i64>,
        scope: &Scope<'_, 'a>,
    ) {
        let (mut unknown, mut known) = (Vec::new(), Vec::new());
        for (i, key) in history.keys.iter().enumerate() {
            match value(cx, &key.inner, scope) {
                // It is equal to nothing.
                Val::Absent => return,
                value => {
                    if !value.encode(&mut known) {
                        unknown.push(i as u32);
                    }
                }
            }
        }
        let timed = time.is_some();
        let at = match self.adrift.iter().position(|a| a.timed == timed && a.unknown == unknown) {
            Some(at) => at,
            None => {
                self.adrift.push(Adrift { unknown, timed, lists: Lists::default() });
                self.adrift.len() - 1
            }
        };
        let _ = self.adrift[at].lists.push(&known, row, time.unwrap_or(i64::MAX), true);
    }
}

/// An absent side makes an equality false, whatever the other is.
fn any_absent<'a>(cx: &Context<'a>, joins: &'a [Key], scope: &Scope<'_, 'a>) -> bool {
    joins.iter().any(|j| matches!(value(cx, &j.inner, scope), Val::Absent))
}

fn sums<'a>(cx: &Context<'a>, history: &'a HistoryPlan, list: &List) -> Option<Sums> {
    let of = history.value.as_ref()?;
    if !list.doubts().is_empty() {
        return None;
    }
    let reads = of.reads();
    if !reads.only(history.root + 1) || reads.as_of {
        return None;
    }
    let mut sums = Sums { totals: Vec::with_capacity(list.ids.len() + 1), ..Sums::default() };
    sums.totals.push(0);
    let (mut total, mut valued) = (0i128, 0);
    for &id in &list.ids {
        let scope = Scope { root: history.root + 1, frame: cx.world.frame(history.kind, id), parent: None };
        let value = value(cx, of, &scope);
        let raw = match value {
            Val::Absent => 0,
            Val::Int(n) => n as i128,
            Val::Decimal(d) => d.raw(),
            Val::Money(amount, currency) if sums.currency.is_none() || sums.currency == currency => {
                sums.currency = currency;
                amount.raw()
            }
            _ => return None,
        };
        total = total.checked_add(raw)?;
        if !value.is_known() && sums.valued.is_empty() {
            sums.valued = (0..sums.totals.len() as u32).collect();
        }
        valued += u32::from(value.is_known());
        sums.totals.push(total);
        if !sums.valued.is_empty() {
            sums.valued.push(valued);
        }
    }
    Some(sums)
}
