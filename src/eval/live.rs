//! What sequences may still need, as the input goes.
//!
//! Where records come about in the order of time, a record of a step is let go once no match can hold it: its key has
//! no record of the last step within reach for which the steps before are there, one behind the other, and none can
//! come any more. A last record without such a chain is compliant, whatever the conditions say, and is counted.
//! Conditions between steps are not looked at: what is held is at least what matches need.
//!
//! Whether more may come is taken from the input: so many batches later, nothing older is expected. Where that was
//! wrong, or a record comes twice, all of the batches come once more and nothing is let go
//! ([`super::Evaluator::again`]).

use super::index::encode_keys;
use super::interp::{Context, Frame, NO_ID, Scope, all};
use super::repeats::comes;
use super::rows::Rows;
use super::screen::{Segment, in_force};
use super::world::{Watermark, time_of};
use super::{Runtime, Truth};
use crate::data::{ColumnId, KindId, Length, Time};
use crate::plan::{Expr, Op, Plan, RulePlan};
use crate::sema::hir::Times;
use rustc_hash::{FxHashSet, FxHasher};
use std::collections::VecDeque;
use std::hash::Hasher;

/// The batches come about in the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InOrder {
    /// So many records of steps are held before any is let go.
    pub hold: usize,
    /// So many batches of each kind later, nothing is expected that is older than one of them.
    pub lag: usize,
}

const DAY: i64 = 86_400_000_000_000;

/// The sequences of which records are let go.
#[derive(Debug, Default)]
pub struct Live {
    rules: Vec<LiveRule>,
    /// By kind: whether a step of them is of it.
    kinds: Vec<bool>,
    order: Option<InOrder>,
    /// The earliest moment of each of the latest batches.
    recent: VecDeque<i64>,
    /// All that is as early as this is there.
    horizon: i64,
    /// Of what was let go: where it began, and all that is as early as the end was taken to be there.
    gone: Option<(i64, i64)>,
    /// Up to when it was looked through.
    looked: i64,
    disordered: bool,
    /// Records of steps, and how many of them are too many.
    held: usize,
    most: usize,
}

#[derive(Debug)]
struct LiveRule {
    rule: u32,
    /// Histories, in the order of the sequence; the last step that has a record, and those of which there is none.
    steps: Vec<LiveStep>,
    last: usize,
    /// Behind the last record there must be none of something.
    behind: bool,
    /// No match is longer.
    reach: i64,
    /// A record may lie so far behind another and still count as before it: those dated by day.
    slack: i64,
    /// Whether a last record is one is known from it alone.
    exact: bool,
}

#[derive(Debug)]
struct LiveStep {
    history: u32,
    kind: KindId,
    none: bool,
}

/// A record of a step.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: u64,
    at: i64,
    step: u32,
    segment: u32,
    row: u32,
}

fn moment(time: Time) -> i64 {
    match time {
        Time::Date(day) => i64::from(day).saturating_mul(DAY),
        Time::Instant(at) => at,
    }
}

fn earliest(watermark: &Watermark) -> Option<i64> {
    let date = watermark.dates.map(|d| moment(Time::Date(d.0)));
    [date, watermark.instants.map(|i| i.0)].into_iter().flatten().min()
}

fn latest(watermark: &Watermark) -> Option<i64> {
    let date = watermark.dates.map(|d| moment(Time::Date(d.1)));
    date.max(watermark.instants.map(|i| i.1))
}

/// No shorter than the length is anywhere.
fn at_most(length: Length) -> Option<i64> {
    if length.business != 0 || length.months < 0 || length.days < 0 || length.nanos < 0 {
        return None;
    }
    let days = i64::from(length.months).saturating_mul(31).saturating_add(length.days.into());
    // A local time that does not exist moves forward.
    let days = if days > 0 { days.saturating_add(2) } else { 0 };
    Some(days.saturating_mul(DAY).saturating_add(length.nanos))
}

impl LiveRule {
    fn of(plan: &Plan, id: u32, rule: &RulePlan) -> Option<LiveRule> {
        let sequence = rule.sequence.as_ref()?;
        let mut steps = Vec::with_capacity(sequence.steps.len());
        let (mut last, mut behind, mut dates) = (None, false, false);
        for step in &sequence.steps {
            let history = plan.histories.get(step.history as usize)?;
            let own = history.root + 1;
            let known = |e: &Expr| e.reads().at_once() && e.reads().only(own);
            if !comes(plan.schema.kind(history.kind)) || !history.keys.iter().all(|k| known(&k.inner)) {
                return None;
            }
            dates |= history.dates;
            let none = step.times == Times::None;
            if !none {
                last = Some(steps.len());
            }
            behind = none;
            steps.push(LiveStep { history: step.history, kind: history.kind, none });
        }
        let last = last?;
        let of_last = plan.histories.get(steps[last].history as usize)?;
        // What a last record looks for at the other steps is its own key.
        let own = |i: usize| of_last.keys.get(i).and_then(|k| column(&k.inner));
        let same = |s: &LiveStep| {
            let keys = &plan.histories[s.history as usize].keys;
            keys.len() == of_last.keys.len()
                && keys.iter().enumerate().all(|(i, k)| column(&k.outer).is_some() && column(&k.outer) == own(i))
        };
        if !steps.iter().all(same) {
            return None;
        }
        let exact = of_last.inner.iter().all(|e| e.reads().at_once());
        let slack = if dates { 2 * DAY } else { 0 };
        Some(LiveRule { rule: id, steps, last, behind, reach: at_most(sequence.within)?, slack, exact })
    }

    /// The key of a record of a step, as a hash; none where it is not known.
    fn key(&self, cx: &Context<'_>, step: usize, frame: Frame<'_>, bytes: &mut Vec<u8>) -> Option<u64> {
        let history = &cx.plan.histories[self.steps[step].history as usize];
        bytes.clear();
        let scope = Scope { root: history.root + 1, frame, parent: None };
        encode_keys(cx, history.keys.iter().map(|k| &k.inner), &scope, bytes).ok()?;
        let mut hasher = FxHasher::default();
        hasher.write(bytes);
        Some(hasher.finish())
    }

    /// Of the records of one key, sorted by time, those that no match can hold. `until`: all that is as early is there.
    fn dead(&self, entries: &[Entry], until: i64, dead: &mut Vec<Entry>) {
        let mut times: Vec<Vec<i64>> = vec![Vec::new(); self.steps.len()];
        for entry in entries {
            times[entry.step as usize].push(entry.at);
        }
        let needed = |at: i64| {
            let mut bound = at;
            let mut first = at;
            for step in (0..self.last).rev().filter(|&s| !self.steps[s].none) {
                bound = bound.saturating_add(self.slack);
                let before = times[step].partition_point(|&t| t <= bound);
                let Some(&latest) = before.checked_sub(1).and_then(|i| times[step].get(i)) else { return false };
                (bound, first) = (latest, latest);
            }
            first >= at.saturating_sub(self.reach).saturating_sub(self.slack)
        };
        let last = entries.iter().filter(|e| e.step as usize == self.last);
        let (alive, without): (Vec<&Entry>, Vec<&Entry>) = last.partition(|e| needed(e.at));
        if self.exact {
            dead.extend(without.into_iter().filter(|e| e.at.saturating_add(self.slack) <= until));
        }
        let wide = self.reach.saturating_add(self.slack);
        let after = if self.behind { wide } else { self.slack };
        let open = until.saturating_sub(self.reach).saturating_sub(2 * self.slack);
        for entry in entries.iter().filter(|e| e.step as usize != self.last && e.at < open) {
            let from = entry.at.saturating_sub(after);
            let next = alive.partition_point(|l| l.at < from);
            if alive.get(next).is_none_or(|l| l.at > entry.at.saturating_add(wide)) {
                dead.push(*entry);
            }
        }
    }

    /// Whether a last record that is in no match is counted as compliant.
    fn counts(&self, cx: &Context<'_>, rule: &RulePlan, frame: Frame<'_>) -> bool {
        let history = &cx.plan.histories[self.steps[self.last].history as usize];
        let scope = Scope { root: history.root + 1, frame, parent: None };
        frame.time.is_some_and(|t| in_force(rule.effective, t, cx)) && all(cx, &history.inner, &scope) != Truth::False
    }
}

/// The column that an expression is.
fn column(expr: &Expr) -> Option<ColumnId> {
    match expr.op {
        Op::Column { column, .. } => Some(column),
        _ => None,
    }
}

impl Live {
    pub fn new(plan: &Plan, order: Option<InOrder>) -> Live {
        let mut live =
            Live { order, horizon: i64::MIN, looked: i64::MIN, most: order.map_or(0, |o| o.hold), ..Live::default() };
        if order.is_some() {
            let rules = plan.rules.iter().enumerate();
            live.rules = rules.filter_map(|(i, rule)| LiveRule::of(plan, i as u32, rule)).collect();
        }
        live.kinds = vec![false; plan.schema.kinds.len()];
        for step in live.rules.iter().flat_map(|r| &r.steps) {
            live.kinds[step.kind.0 as usize] = true;
        }
        live
    }

    /// Takes note of a batch. Whether so much is held that it should be looked through.
    pub fn see(&mut self, kind: KindId, watermark: &Watermark, segment: &Segment) -> bool {
        let (Some(order), true) = (self.order, self.kinds.get(kind.0 as usize) == Some(&true)) else { return false };
        let (Some(from), Some(until)) = (earliest(watermark), latest(watermark)) else { return false };
        if let Some((began, ended)) = self.gone {
            let wide = self.rules.iter().map(|r| r.reach.saturating_add(2 * r.slack)).max().unwrap_or(0);
            self.disordered |= from <= ended && until >= began.saturating_sub(wide);
        }
        self.recent.push_back(from);
        let kinds = self.kinds.iter().filter(|steps| **steps).count();
        while self.recent.len() > order.lag.saturating_mul(kinds) {
            // Others of its moment may still come.
            let at = self.recent.pop_front().map_or(i64::MIN, |at| at.saturating_sub(1));
            self.horizon = self.horizon.max(at);
        }
        let steps = self.rules.iter().flat_map(|r| &r.steps).filter(|s| s.kind == kind);
        let of = |history: u32| segment.histories.iter().find(|h| h.0 == history).map_or(0, |h| h.1.len());
        self.held += steps.map(|s| of(s.history)).sum::<usize>();
        self.held > self.most && self.horizon > self.looked
    }

    /// Lets go of what no match can hold, and counts the records that are compliant by that.
    pub fn prune(&mut self, plan: &Plan, runtime: &Runtime, segments: &mut [Vec<Segment>], compliant: &mut [u64]) {
        let mut began: Option<i64> = None;
        self.held = 0;
        self.looked = self.horizon;
        for of in &self.rules {
            let rule = &plan.rules[of.rule as usize];
            let cx = runtime.context(plan, &runtime.empty, rule.clock, None);
            let frame = |step: usize, segment: u32, row: u32| {
                let kind = of.steps[step].kind;
                let rows: &Rows = &segments[kind.0 as usize][segment as usize].rows;
                let time = time_of(rows, row as usize, plan.schema.kind(kind).time());
                Frame { kind, rows, row: row as usize, id: NO_ID, time }
            };
            let (mut entries, mut bytes) = (Vec::new(), Vec::new());
            // A record that cannot be told of at one step is held at all.
            let mut apart: FxHashSet<(KindId, u32, u32)> = FxHashSet::default();
            for (i, step) in of.steps.iter().enumerate() {
                for (s, segment) in segments[step.kind.0 as usize].iter().enumerate() {
                    let rows = segment.histories.iter().filter(|h| h.0 == step.history).flat_map(|h| &h.1);
                    for &row in rows {
                        let frame = frame(i, s as u32, row);
                        let (at, key) = (frame.time.map(moment), of.key(&cx, i, frame, &mut bytes));
                        self.held += 1;
                        match (at, key) {
                            (Some(at), Some(key)) => {
                                entries.push(Entry { key, at, step: i as u32, segment: s as u32, row });
                            }
                            _ => drop(apart.insert((step.kind, s as u32, row))),
                        }
                    }
                }
            }
            entries.sort_unstable_by_key(|e: &Entry| (e.key, e.at));
            let mut dead = Vec::new();
            entries.chunk_by(|a, b| a.key == b.key).for_each(|group| of.dead(group, self.horizon, &mut dead));
            dead.retain(|e| !apart.contains(&(of.steps[e.step as usize].kind, e.segment, e.row)));
            let last = dead.iter().filter(|e| e.step as usize == of.last);
            let counted = last.filter(|e| of.counts(&cx, rule, frame(e.step as usize, e.segment, e.row)));
            compliant[of.rule as usize] += counted.count() as u64;
            began = [began, dead.iter().map(|e| e.at).min()].into_iter().flatten().min();
            self.held -= dead.len();
            take_out(&of.steps, dead, segments);
        }
        self.most = self.order.map_or(0, |o| o.hold).max(2 * self.held);
        if let Some(began) = began {
            self.gone = Some((self.gone.map_or(began, |g| g.0.min(began)), self.horizon));
            let of_steps = segments.iter_mut().zip(&self.kinds).filter(|(_, steps)| **steps);
            of_steps.flat_map(|(segments, _)| segments).for_each(Segment::shrink);
        }
    }

    /// Whether records that are missing may matter after all: some came late, or twice.
    pub fn was_wrong(&self, repeated: impl Fn(KindId) -> bool) -> bool {
        let mut kinds = self.kinds.iter().enumerate().filter(|(_, steps)| **steps).map(|(k, _)| KindId(k as u32));
        self.gone.is_some() && (self.disordered || kinds.any(repeated))
    }
}

/// Takes records out of the lists of their steps.
fn take_out(steps: &[LiveStep], mut dead: Vec<Entry>, segments: &mut [Vec<Segment>]) {
    dead.sort_unstable_by_key(|e| (e.step, e.segment, e.row));
    for of in dead.chunk_by(|a, b| (a.step, a.segment) == (b.step, b.segment)) {
        let step = &steps[of[0].step as usize];
        let segment = &mut segments[step.kind.0 as usize][of[0].segment as usize];
        for (_, rows) in segment.histories.iter_mut().filter(|h| h.0 == step.history) {
            rows.retain(|row| of.binary_search_by_key(row, |e| e.row).is_err());
        }
    }
}
