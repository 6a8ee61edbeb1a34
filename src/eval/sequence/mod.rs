//! `on sequence`: for each record of the last step that has one, the latest records of the steps before it that
//! make a match.
//!
//! The search goes from the last step to the first, and tries the latest candidate first. A condition is tested as
//! soon as all records that it reads are chosen. What was tried once with the same records in reach is not tried
//! again, so that only conditions between steps that lie apart cost more than the number of candidates.

mod explain;
mod progress;
mod state;
mod trials;

pub use explain::{at, explain, in_scope};
pub use progress::{Came, Fault, progress};
pub use state::chain;

use super::Truth;
use super::index::{Adrift, List, encode_keys};
use super::interp::{Context, Frame, Scope, all};
use super::judge::Judgement;
use super::screen::in_force;
use super::window;
use crate::data::calendar::add_to_date;
use crate::data::{Length, Time, Verdict};
use crate::plan::{Body, Expr, HistoryPlan, Plan, RulePlan, Sequence, Step};
use crate::sema::hir::Times;
use state::{Lists, State};

/// The verdict at a record of the last step.
#[derive(Clone, Debug)]
pub struct Match {
    pub judgement: Judgement,
    pub last: u32,
    /// The record of each step that has one, in order; none where nothing matches.
    pub ids: Box<[u32]>,
}

/// A rule's sequence, taken apart for the search. Positions count the steps that have a record, from 0.
pub struct Search<'a> {
    cx: Context<'a>,
    rule: &'a RulePlan,
    sequence: &'a Sequence,
    steps: Vec<Place<'a>>,
    gaps: Vec<Gap<'a>>,
    /// By position: the conditions that can be tested once its record is chosen, the later ones being there.
    tests: Vec<Vec<Test<'a>>>,
    /// By position: the positions from it on that what comes before it depends on.
    reach: Vec<Vec<usize>>,
    /// Some of its kinds are dated by day, and some by the instant.
    mixed: bool,
    /// By position: an earlier candidate leaves no more to what comes before it than a later one.
    narrowing: Vec<bool>,
}

#[derive(Clone, Copy)]
struct Place<'a> {
    step: &'a Step,
    history: &'a HistoryPlan,
}

/// What is looked for between two records: none, or so many others of a step.
struct Gap<'a> {
    of: Place<'a>,
    left: Option<usize>,
    /// None: up to the end of the time that the sequence may take.
    right: Option<usize>,
    /// None: none may be there.
    least: Option<u32>,
}

#[derive(Clone, Copy)]
enum Test<'a> {
    /// What a step's conditions read of other records.
    Pair(usize),
    When(&'a Expr),
    Gap(usize),
}

impl<'a> Search<'a> {
    pub fn new(cx: Context<'a>, rule: &'a RulePlan) -> Option<Search<'a>> {
        let sequence = rule.sequence.as_ref()?;
        let (mut steps, mut gaps) = (Vec::new(), Vec::new());
        for step in &sequence.steps {
            let of = Place { step, history: cx.plan.histories.get(step.history as usize)? };
            let before = steps.len().checked_sub(1);
            match step.times {
                Times::Once => steps.push(of),
                Times::None => gaps.push(Gap { of, left: before, right: Some(steps.len()), least: None }),
                Times::AtLeast(n) => {
                    let least = Some(n.saturating_sub(1));
                    gaps.push(Gap { of, left: before, right: Some(steps.len()), least });
                    steps.push(of);
                }
            }
        }
        let n = steps.len();
        let dates = |p: &Place<'_>| p.history.dates;
        let mixed = steps.iter().chain(gaps.iter().map(|g: &Gap<'_>| &g.of)).any(|p| dates(p) != dates(&steps[0]));
        // What is behind the last record.
        gaps.iter_mut().filter(|g| g.right == Some(n)).for_each(|g| g.right = None);
        let mut search = Search {
            cx,
            rule,
            sequence,
            steps,
            gaps,
            tests: (0..n).map(|_| Vec::new()).collect(),
            reach: Vec::new(),
            mixed,
            narrowing: Vec::new(),
        };
        search.arrange();
        Some(search)
    }

    /// Where each condition is tested, and what the rest of the search depends on.
    fn arrange(&mut self) {
        let (n, plan) = (self.steps.len(), self.cx.plan);
        let mut read: Vec<(u64, Test<'a>)> = Vec::new();
        let all_of = |exprs: &[Expr]| exprs.iter().map(|e| roots(plan, e)).fold(0, |a, b| a | b);
        for (i, place) in self.steps.iter().enumerate() {
            if !place.history.pair.is_empty() {
                read.push((self.positions(all_of(&place.history.pair)) | 1 << i, Test::Pair(i)));
            }
        }
        for (g, gap) in self.gaps.iter().enumerate() {
            let own = 1u64 << (gap.of.history.root + 1).min(63);
            let mut reads = self.positions(all_of(&gap.of.history.pair) & !own);
            for at in gap.left.iter().chain(&gap.right) {
                reads |= 1 << at;
            }
            if gap.right.is_none() {
                // The time that is left hangs on the first record.
                reads |= 1;
            }
            read.push((reads, Test::Gap(g)));
        }
        for expr in &self.rule.when {
            read.push((self.positions(roots(plan, expr)), Test::When(expr)));
        }
        // What is tested when all are chosen.
        let unless = self.rule.unless.iter().map(|e| &e.condition);
        let stops = unless.chain(self.rule.waivers.iter().filter_map(|w| w.condition.as_ref()));
        let mut at_the_end: u64 = stops.map(|e| roots(plan, e)).fold(0, |a, b| a | b);
        if let Body::Require { need } = &self.rule.body {
            at_the_end |= history_roots(plan, *need);
        }
        let at_the_end = self.positions(at_the_end);
        let level = |reads: u64| if reads == 0 { n - 1 } else { reads.trailing_zeros() as usize };
        self.reach = (0..n)
            .map(|i| {
                let mut reach = at_the_end;
                reach |=
                    read.iter().filter(|(reads, _)| level(*reads) < i).map(|(reads, _)| reads).fold(0, |a, b| a | b);
                // The order: behind the next record, those of its own kind, and those of either kind of time.
                reach |= 1 << i;
                let later = |f: &dyn Fn(&Place<'_>) -> bool| (i..n).find(|&j| f(&self.steps[j]));
                for before in &self.steps[..i] {
                    reach |= later(&|p| p.history.kind == before.history.kind).map_or(0, |j| 1 << j);
                }
                reach |= later(&|p| p.history.dates).map_or(0, |j| 1 << j);
                reach |= later(&|p| !p.history.dates).map_or(0, |j| 1 << j);
                (i..n).filter(|j| reach >> j & 1 == 1).collect()
            })
            .collect();
        self.narrowing = (0..n)
            .map(|i| {
                let below = read.iter().filter(|(reads, _)| level(*reads) < i).all(|(reads, _)| reads >> i & 1 == 0);
                below && !self.mixed && at_the_end >> i & 1 == 0
            })
            .collect();
        for (reads, test) in read {
            self.tests[level(reads)].push(test);
        }
    }

    /// Positions of the steps at these roots. Root 0 is the last of them.
    fn positions(&self, roots: u64) -> u64 {
        let n = self.steps.len();
        let last = if roots & 1 == 1 { 1 << (n - 1) } else { 0 };
        (roots >> 1 & ((1 << n) - 1)) | last
    }

    /// The verdicts along one key's records of the last step, in order.
    pub fn along(&self, list: List<'a>) -> Vec<Match> {
        let mut found = Vec::new();
        let Some((last, earlier)) = self.steps.split_last() else { return found };
        let mut lists: Option<Lists<'a>> = None;
        for (i, &id) in list.ids.iter().enumerate() {
            let frame = self.cx.world.frame(last.history.kind, id);
            let Some(time) = frame.time else { continue };
            if !in_force(self.rule.effective, time, &self.cx) {
                continue;
            }
            let lists = lists.get_or_insert_with(|| self.lists(&frame));
            let none = Match { judgement: Judgement::plain(Verdict::Compliant), last: id, ids: [].into() };
            // Without any record of an earlier step there is nothing to search.
            if lists.steps[..earlier.len()].iter().any(Option::is_none) {
                found.push(none);
                continue;
            }
            let own = if list.is_doubtful(i) { self.own(last, frame) } else { Truth::True };
            found.push(State::new(self, lists).best(frame, own).unwrap_or(none));
        }
        found
    }

    fn lists(&self, last: &Frame<'a>) -> Lists<'a> {
        let scope = Scope::top(*last);
        let adrift = self.gaps.iter().map(|g| self.adrift(&g.of, &scope)).collect();
        let mut key = Vec::with_capacity(32);
        let mut list = |place: &Place<'a>| {
            key.clear();
            encode_keys(&self.cx, place.history.keys.iter().map(|k| &k.outer), &scope, &mut key).ok()?;
            self.cx.world.histories.get(place.step.history as usize)?.lists.get(&key)
        };
        let steps = self.steps.iter().map(&mut list).collect();
        Lists { steps, gaps: self.gaps.iter().map(|g| list(&g.of)).collect(), adrift }
    }

    /// The records of a step that may be of this key, as another key or their time is unknown; and whether their
    /// times are known.
    fn adrift(&self, place: &Place<'a>, scope: &Scope<'_, 'a>) -> Vec<(List<'a>, bool)> {
        let Some(index) = self.cx.world.histories.get(place.step.history as usize) else { return Vec::new() };
        let list = |group: &'a Adrift| {
            let mut key = Vec::new();
            let keys = place.history.keys.iter().enumerate().filter(|(i, _)| !group.unknown.contains(&(*i as u32)));
            encode_keys(&self.cx, keys.map(|(_, k)| &k.outer), scope, &mut key).ok()?;
            Some((group.lists.get(&key)?, group.timed))
        };
        index.adrift.iter().filter_map(list).collect()
    }

    /// What a step's conditions on its own record come to.
    fn own(&self, place: &Place<'a>, frame: Frame<'a>) -> Truth {
        let scope = Scope { root: place.history.root + 1, frame, parent: None };
        self.cx.world.existence(frame.kind, frame.id).and(all(&self.cx, &place.history.inner, &scope))
    }

    /// Whether the second record can come behind the first: at a later time, or at an equal one; within a kind, by
    /// the one order.
    fn follows(&self, first: &Frame<'_>, second: &Frame<'_>) -> bool {
        if first.kind == second.kind {
            return first.id < second.id;
        }
        match (first.time, second.time) {
            (Some(Time::Instant(a)), Some(Time::Instant(b))) => a <= b,
            (Some(a), Some(b)) => a.date(self.cx.zone) <= b.date(self.cx.zone),
            _ => false,
        }
    }

    /// Whether the last record lies within the time that the sequence may take from the first.
    fn reaches(&self, first: &Frame<'_>, last: &Frame<'_>) -> bool {
        let (Some(a), Some(b)) = (first.time, last.time) else { return false };
        let dates = matches!(a, Time::Date(_)) || matches!(b, Time::Date(_));
        let unit = |time| window::unit(time, dates, self.cx.zone);
        let (Some(a), Some(b)) = (unit(a), unit(b)) else { return false };
        window::shift(a, self.sequence.within, dates, self.cx.zone).is_none_or(|end| b <= end)
    }

    /// The first index of a list from which the last record can be reached; perhaps some less.
    fn earliest(&self, list: List<'_>, dates: bool, last: &Frame<'_>) -> usize {
        let (by, zone) = (self.sequence.within, self.cx.zone);
        let from = if self.mixed || by.months != 0 {
            // Months end where the shorter ends, and a day that ends late is one of several hours.
            let by = Length { days: by.days.saturating_add((by.nanos / DAY) as i32 + 4), nanos: 0, ..by };
            let date = last.time.map(|t| t.date(zone)).and_then(|d| add_to_date(d, by.checked_neg()?));
            match date {
                Some(date) if dates => date as i64,
                Some(date) => zone.start_of(date).unwrap_or(i64::MIN),
                None => i64::MIN,
            }
        } else {
            // A local time that does not exist moves forward.
            let slack = if dates || by.days == 0 { 0 } else { DAY };
            let at = last.time.and_then(|t| window::unit(t, dates, zone));
            let from = at.and_then(|at| window::shift(at, by.checked_neg()?, dates, zone));
            from.map_or(i64::MIN, |from| from.saturating_sub(slack))
        };
        list.times.partition_point(|&t| t < from)
    }

    /// The first index of a list behind all that can come before a record; perhaps some more.
    fn behind(&self, list: List<'_>, dates: bool, record: &Frame<'_>) -> usize {
        let until = match record.time {
            Some(Time::Instant(t)) if !dates => t,
            Some(time) if dates => time.date(self.cx.zone) as i64,
            Some(time) => self.late_on(time.date(self.cx.zone)),
            None => i64::MAX,
        };
        list.times.partition_point(|&t| t <= until)
    }

    /// The first index of a list that can come behind a record; perhaps some less.
    fn after(&self, list: List<'_>, dates: bool, record: &Frame<'_>) -> usize {
        let from = match record.time {
            Some(Time::Instant(t)) if !dates => t,
            Some(time) if dates => time.date(self.cx.zone) as i64,
            Some(time) => self.cx.zone.start_of(time.date(self.cx.zone).saturating_sub(1)).unwrap_or(i64::MIN),
            None => i64::MIN,
        };
        list.times.partition_point(|&t| t < from)
    }

    /// No instant of a date is later. Where clocks go back at midnight, dates run backwards for a while.
    fn late_on(&self, date: i32) -> i64 {
        self.cx.zone.start_of(date.saturating_add(2)).unwrap_or(i64::MAX)
    }
}

const DAY: i64 = 86_400_000_000_000;

/// The history of the last step that has a record.
pub fn last(rule: &RulePlan) -> Option<u32> {
    rule.sequence.as_ref()?.steps.iter().rev().find(|s| s.times != Times::None).map(|s| s.history)
}

/// The roots that an expression reads, through history conditions too.
fn roots(plan: &Plan, expr: &Expr) -> u64 {
    expr.histories().into_iter().fold(expr.reads().roots, |read, id| read | history_roots(plan, id))
}

fn history_roots(plan: &Plan, id: u32) -> u64 {
    let Some(history) = plan.histories.get(id as usize) else { return 0 };
    let keys = history.keys.iter().chain(&history.joins).flat_map(|k| [&k.inner, &k.outer]);
    let conditions = history.inner.iter().chain(&history.pair).chain(&history.join_conditions).chain(&history.value);
    let read = keys.chain(conditions).map(|e| roots(plan, e)).fold(0, |a, b| a | b);
    // Deeper roots are its own.
    let outside = (1u64 << (history.root + 1).min(63)) - 1;
    (read & outside) | 1 << history.root.min(63)
}
