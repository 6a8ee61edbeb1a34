//! The candidates of history conditions, by key and time.

mod lists;

pub use lists::{List, Lists};

use super::bounds::{self, Beyond};
use super::chain::{self, End};
use super::history::backward;
use super::interp::{Context, Scope, all, value};
use super::val::Val;
use super::window::{self, moment};
use super::world::World;
use super::{Runtime, Truth};
use crate::data::{Currency, Type};
use crate::plan::{Expr, HistoryPlan, Key, Op, Plan};
use crate::sema::hir::Func;
use lists::Gathering;

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
    /// By record, where it is a count or sum up to each: what it comes to; or [`SOUGHT`].
    windows: Vec<i128>,
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
/// What a window comes to takes a search: of no record there, or where some are in doubt.
const SOUGHT: i128 = i128::MIN;

/// Records with the same parts unknown, by those of their keys that are known.
#[derive(Debug)]
pub struct Adrift {
    /// Indices of the keys that are unknown, ascending.
    pub unknown: Vec<u32>,
    /// Whether their times are known.
    pub timed: bool,
    pub lists: Lists,
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

/// An index as it is gathered.
#[derive(Default)]
struct Building {
    lists: Gathering,
    loose: Gathering,
    by_keys: Gathering,
    /// What is unknown, and whether the time is known.
    adrift: Vec<(Vec<u32>, bool, Gathering)>,
    lacking: Vec<Lacking>,
    alone: Vec<u32>,
}

impl HistoryIndex {
    /// `strict`: it is what a limit adds up, or a step of a sequence; only what is known to belong there is in it.
    /// `askers`: so many records may look into it.
    pub fn build(
        plan: &Plan,
        runtime: &Runtime,
        world: &World,
        (id, rows): (u32, &[u32]),
        (strict, askers): (bool, usize),
    ) -> HistoryIndex {
        let history = &plan.histories[id as usize];
        let cx = runtime.context(plan, world, history.clock, None);
        let summed = summed(history);
        let lists = Gathering::of_up_to(rows.len(), summed.is_some());
        let mut index = Building { lists, ..Building::default() };
        let (mut key, mut joined) = (Vec::new(), Vec::new());
        let few = |index: &Building| {
            let keys = index.lists.keys() as u64;
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
            let worth = summed.map(|of| value(&cx, of, &scope));
            key.clear();
            // Only what a limit adds up has such a key.
            if let Some(every) = history.every() {
                match time {
                    Some(time) => index.push_for_each(&cx, history, every, &scope, (time, doubtful, worth)),
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
                index.lists.push(&key, row, time, doubtful, worth);
                continue;
            }
            joined.clear();
            joined.extend_from_slice(&key);
            match encode_keys(&cx, history.joins.iter().map(|k| &k.inner), &scope, &mut joined) {
                Ok(()) => drop(index.lists.push(&joined, row, time, doubtful, worth)),
                Err(_) if any_absent(&cx, &history.joins, &scope) => continue,
                Err(_) => drop(index.loose.push(&key, row, time, doubtful, None)),
            }
            index.by_keys.push(&key, row, time, doubtful, None);
        }
        if !few(&index) {
            return HistoryIndex::default();
        }
        let mirrored = !strict && is_mirrored(history);
        let mut index = index.laid(if mirrored { world.len(history.kind) } else { 0 });
        // In the order of the lists each is beside what it takes in; one by one they are all over the memory.
        if mirrored && askers >= rows.len() / 2 && index.adrift.is_empty() && backward(history) {
            index.windows = windows(&cx, history, &index.lists, index.own.len());
        }
        index
    }
}

/// By record, what the window up to it comes to, where subtraction alone tells it.
fn windows(cx: &Context<'_>, history: &HistoryPlan, lists: &Lists, records: usize) -> Vec<i128> {
    let sum = match history.func {
        Func::Count if history.pair.is_empty() => false,
        Func::Sum if summed(history).is_some() => true,
        _ => return Vec::new(),
    };
    let mut windows = vec![SOUGHT; records];
    for list in lists.iter().filter(|list| list.in_order() && !list.is_doubted()) {
        let mut from = 0;
        for (at, &id) in list.ids.iter().enumerate() {
            let time = moment(list.times[at], history.dates);
            let Some(bounds) = window::bounds(cx, history, time) else { continue };
            // Where clocks go back, it may begin before the one before it.
            while from > 0 && list.times[from - 1] >= bounds.from {
                from -= 1;
            }
            while from < at && list.times[from] < bounds.from {
                from += 1;
            }
            let range = from..at + 1;
            // Beyond a bound, the search says so.
            if !cx.runtime.watch.would_allow(Beyond::WindowRecords, range.len() as u64) {
                continue;
            }
            windows[id as usize] = match sum {
                false => range.len() as i128,
                true => match list.sum(&range) {
                    Some((total, _, valued)) if valued > 0 => total,
                    _ => SOUGHT,
                },
            };
        }
    }
    windows
}

/// What is added up where running sums tell it: of the record alone.
fn summed(history: &HistoryPlan) -> Option<&Expr> {
    let of = history.value.as_ref().filter(|_| matches!(history.func, Func::Sum | Func::Avg))?;
    let reads = of.reads();
    (history.pair.is_empty() && reads.only(history.root + 1) && !reads.as_of).then_some(of)
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
    pub fn own(&self, id: u32) -> Option<(List<'_>, Option<usize>)> {
        let (list, at) = *self.own.get(id as usize).filter(|own| own.0 != NONE)?;
        let list = self.lists.at(list as usize)?;
        Some((list, list.in_order().then_some(at as usize)))
    }

    /// What the window up to a record comes to, in the smallest parts, and its currency; none where that takes a search.
    pub fn window(&self, id: u32) -> Option<(i128, Option<Currency>)> {
        let total = *self.windows.get(id as usize).filter(|total| **total != SOUGHT)?;
        Some((total, self.lists.currency(self.own[id as usize].0)))
    }
}

impl Building {
    /// `own`: so many records are told where they stand.
    fn laid(self, own: u32) -> HistoryIndex {
        let Building { lists, loose, by_keys, adrift, lacking, alone } = self;
        let mut places = vec![(NONE, 0); own as usize];
        let adrift = adrift.into_iter();
        HistoryIndex {
            lists: lists.lists(|id, list, at| {
                if let Some(place) = places.get_mut(id as usize) {
                    *place = (list, at);
                }
            }),
            own: places,
            windows: Vec::new(),
            loose: loose.lists(|_, _, _| ()),
            by_keys: by_keys.lists(|_, _, _| ()),
            adrift: adrift
                .map(|(unknown, timed, of)| Adrift { unknown, timed, lists: of.lists(|_, _, _| ()) })
                .collect(),
            lacking,
            alone,
        }
    }

    /// A record that counts for each of a set of people.
    fn push_for_each<'a>(
        &mut self,
        cx: &Context<'a>,
        history: &'a HistoryPlan,
        every: usize,
        scope: &Scope<'_, 'a>,
        (time, doubtful, worth): (i64, bool, Option<Val<'a>>),
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
            let list = self.lists.push(&key, id, time, doubtful || !sure, worth);
            self.lists.owned(list, sure, id, || step.key.owned(&ty, &cx.plan.schema));
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
        let at = match self.adrift.iter().position(|a| a.1 == timed && a.0 == unknown) {
            Some(at) => at,
            None => {
                self.adrift.push((unknown, timed, Gathering::default()));
                self.adrift.len() - 1
            }
        };
        self.adrift[at].2.push(&known, row, time.unwrap_or(i64::MAX), true, None);
    }
}

/// An absent side makes an equality false, whatever the other is.
fn any_absent<'a>(cx: &Context<'a>, joins: &'a [Key], scope: &Scope<'_, 'a>) -> bool {
    joins.iter().any(|j| matches!(value(cx, &j.inner, scope), Val::Absent))
}
