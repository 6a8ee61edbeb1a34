//! What can be said of a batch without look-ups or history: for each rule, the rows that are decided and
//! the few that have to be looked at again; for each history condition, the rows that it may count.

mod left;

use self::left::Left;
use super::grouped::{Bits, Marks, set, words};
use super::interp::{Context, Frame, NO_ID, Scope, truth};
use super::repeats::identities;
use super::rows::{Col, Projection, Rows};
use super::world::{Watermark, event_time, time_of};
use super::{Runtime, Truth};
use crate::data::{Gone, KindId, Schema, Time};
use crate::plan::{Bool, Plan, RulePlan, Test, Trigger, conjuncts, is_known_at_once};
use std::cell::OnceCell;
use std::sync::Arc;

/// A batch with all that its rows alone decide.
#[derive(Debug)]
pub struct Screened {
    pub(super) kind: KindId,
    /// How many of its records are judged.
    pub(super) judged: u64,
    pub(super) after_as_of: u64,
    pub(super) watermark: Watermark,
    pub(super) segment: Segment,
    /// Rule and number of records: triggered, and compliant by themselves.
    pub(super) compliant: Vec<(u32, u64)>,
    /// Rules that are in force at the time of one of the records.
    pub(super) in_force: Vec<u32>,
    /// The same records as rows of the kinds that theirs is a part of.
    pub(super) derived: Vec<Screened>,
}

/// Rows that are kept.
#[derive(Debug)]
pub struct Segment {
    pub rows: Rows,
    /// By row: a hash of the identity, where one is declared and known.
    pub identities: Vec<Option<u64>>,
    /// Of rows that were let go: hashes of their identities.
    pub gone: Vec<u64>,
    /// By rule: the rows that may be more than compliant.
    pub candidates: Vec<(u32, Vec<u32>)>,
    /// By history: the rows that it may count.
    pub histories: Vec<(u32, Vec<u32>)>,
}

impl Segment {
    /// Of rows that were all let go.
    fn gone(schema: &Schema, kind: KindId, gone: Vec<u64>) -> Segment {
        let rows = Rows::none(schema, kind);
        Segment { rows, identities: Vec::new(), gone, candidates: Vec::new(), histories: Vec::new() }
    }

    /// About how much memory it takes.
    pub fn bytes(&self) -> u64 {
        let lists = self.listed() * size_of::<u32>() as u64;
        let hashes = self.identities.len() * size_of::<Option<u64>>() + self.gone.len() * size_of::<u64>();
        self.rows.bytes() + lists + hashes as u64
    }

    /// How many rows stand in its lists, each as often as it does.
    pub fn listed(&self) -> u64 {
        self.candidates.iter().chain(&self.histories).map(|l| l.1.len() as u64).sum()
    }

    /// Lets go of the rows that stand in no list.
    pub fn shrink(&mut self) {
        let mut keep: Bits = vec![0; words(self.rows.len())];
        let lists = self.candidates.iter().chain(&self.histories);
        lists.flat_map(|l| &l.1).for_each(|&row| set(&mut keep, row as usize));
        let all = ones(&keep);
        if all.len() == self.rows.len() {
            return;
        }
        let mut number = vec![0; self.rows.len()];
        all.iter().enumerate().for_each(|(new, &old)| number[old as usize] = new as u32);
        let lists = self.candidates.iter_mut().chain(&mut self.histories);
        lists.flat_map(|l| &mut l.1).for_each(|row| *row = number[*row as usize]);
        if !self.identities.is_empty() {
            let kept = all.iter().map(|&row| self.identities[row as usize].take()).collect();
            self.gone.extend(std::mem::replace(&mut self.identities, kept).into_iter().flatten());
        }
        self.rows = self.rows.take(&all);
    }
}

/// What is held of rows that no rule can find anything in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// All of a row that has a declared identity.
    Rows,
    /// The hash of its identity: the row can be had once more.
    Hashes,
}

/// The rows that are not after `as_of`, what is known of the end of the data from them, and how many are after it.
fn up_to(plan: &Plan, runtime: &Runtime, as_of: Watermark, rows: Rows) -> (Rows, Watermark, u64) {
    let (mut watermark, mut after_as_of) = (Watermark::default(), 0);
    let Some(time) = plan.schema.kind(rows.kind).time() else { return (rows, watermark, 0) };
    if let (None, Some(Col::Timestamp(times))) = (as_of.as_of, rows.cols.get(time.0 as usize)) {
        times.iter().flatten().for_each(|time| watermark.see(Time::Instant(time)));
        return (rows, watermark, 0);
    }
    let mut kept = Vec::with_capacity(rows.len());
    for row in 0..rows.len() {
        match event_time(&rows, row, time) {
            Some(t) if as_of.is_after(t, &runtime.zone) => after_as_of += 1,
            Some(t) => {
                watermark.see(t);
                kept.push(row as u32);
            }
            None => kept.push(row as u32),
        }
    }
    let rows = if after_as_of > 0 { rows.take(&kept) } else { rows };
    (rows, watermark, after_as_of)
}

/// Rows of which a sieve has told that no rule finds anything in them.
pub fn let_go(plan: &Plan, runtime: &Runtime, as_of: Watermark, rows: Rows) -> Screened {
    let kind = rows.kind;
    let (rows, watermark, after_as_of) = up_to(plan, runtime, as_of, rows);
    let (mut compliant, mut in_force) = (Vec::new(), Vec::new());
    for &rule in &runtime.rules_of[kind.0 as usize] {
        let of = &plan.rules[rule as usize];
        let cx = runtime.context(plan, &runtime.empty, of.clock, None);
        let inside = self::inside(plan, &rows, of.effective, &cx);
        let n = inside.map_or(rows.len() as u64, |(inside, _)| inside.iter().map(|w| u64::from(w.count_ones())).sum());
        in_force.extend((n > 0).then_some(rule));
        // Of a rule with a `where`, it is this that failed.
        if n > 0 && of.screen.filter.is_empty() && of.screen.filter_exact {
            compliant.push((rule, n));
        }
    }
    let gone = identities(plan, &rows).into_iter().flatten().collect();
    let judged = rows.len() as u64;
    let segment = Segment::gone(&plan.schema, kind, gone);
    Screened { kind, judged, after_as_of, watermark, segment, compliant, in_force, derived: Vec::new() }
}

/// The same of rows of which no more is known than [`Sieve::brief`](crate::data::Sieve::brief) asks for: none is after a moment
/// that was named, and each rule is always in force.
pub fn gone(plan: &Plan, runtime: &Runtime, Gone { kind, identities, times }: Gone) -> Screened {
    let judged = identities.len() as u64;
    let watermark = Watermark { instants: times, ..Watermark::default() };
    let in_force = runtime.rules_of[kind.0 as usize].clone();
    let plain = |rule: &&u32| {
        let screen = &plan.rules[**rule as usize].screen;
        screen.filter.is_empty() && screen.filter_exact
    };
    let compliant = in_force.iter().filter(plain).map(|rule| (*rule, judged)).collect();
    let segment = Segment::gone(&plan.schema, kind, identities);
    Screened { kind, judged, after_as_of: 0, watermark, segment, compliant, in_force, derived: Vec::new() }
}

/// `all`: also as rows of the kinds that theirs is a part of.
pub fn screen(
    plan: &Plan,
    runtime: &Runtime,
    keep_compliant: bool,
    as_of: Watermark,
    rows: Rows,
    how: (bool, Hold),
) -> Screened {
    screen_left(plan, runtime, keep_compliant, as_of, (rows, &[]), how)
}

/// The same of rows of which a sieve may have told for whom it left them.
pub fn screen_left(
    plan: &Plan,
    runtime: &Runtime,
    keep_compliant: bool,
    as_of: Watermark,
    (rows, left): (Rows, &[u128]),
    (all, hold): (bool, Hold),
) -> Screened {
    let kind = rows.kind;
    let (rows, watermark, after_as_of) = up_to(plan, runtime, as_of, rows);
    let unions = if all { &runtime.unions[kind.0 as usize][..] } else { &[] };
    let part = |(kind, of): &(KindId, Arc<Projection>)| {
        screen(plan, runtime, keep_compliant, Watermark::default(), rows.clone().project(*kind, of), (false, hold))
    };
    let derived = unions.iter().map(part).collect();
    let judged = rows.len() as u64;
    let work = Work { plan, runtime, rows: &rows, marks: OnceCell::new() };
    let rules = &runtime.rules_of[kind.0 as usize];
    let readers = rules.len() + runtime.histories_of[kind.0 as usize].len();
    let told = after_as_of == 0 && !keep_compliant;
    let left = if told { Left::of(left, rows.len(), (rules.len(), readers)) } else { None };
    let mut keep: Bits = vec![0; words(rows.len())];
    let (mut candidates, mut compliant, mut histories) = (Vec::new(), Vec::new(), Vec::new());
    let mut in_force = Vec::new();
    for (nth, &rule) in rules.iter().enumerate() {
        let left = left.as_ref().map(|left| (&left.by_rule[nth], &left.doubtful));
        let (open, decided, dated) = work.rule(rule, left, keep_compliant);
        in_force.extend(dated.then_some(rule));
        keep.iter_mut().zip(&open).for_each(|(k, o)| *k |= o);
        if open.iter().any(|&w| w != 0) {
            candidates.push((rule, open));
        }
        if decided > 0 {
            compliant.push((rule, decided));
        }
    }
    for &history in &runtime.histories_of[kind.0 as usize] {
        let bits = work.history(history);
        keep.iter_mut().zip(&bits).for_each(|(k, o)| *k |= o);
        if bits.iter().any(|&w| w != 0) {
            histories.push((history, bits));
        }
    }
    // Repeats of a record with a declared identity can only be told, and merged, with all of its rows there.
    let read = plan.kinds.get(kind.0 as usize).is_some_and(|k| k.projection.is_some());
    let own = plan.schema.kind(rows.own().kind);
    let named = read && !own.identity.is_empty();
    let whole = read && (own.is_table() || named && hold == Hold::Rows);
    let mut identities = if read && (named || whole) { identities(plan, &rows) } else { Vec::new() };
    let all = ones(&keep);
    let mut gone = Vec::new();
    let number: Option<Vec<u32>> = (!(whole || runtime.retain && read) && all.len() < rows.len()).then(|| {
        let mut number = vec![0; rows.len()];
        all.iter().enumerate().for_each(|(new, &old)| number[old as usize] = new as u32);
        if named {
            let kept = all.iter().map(|&row| identities[row as usize].take()).collect();
            gone = std::mem::replace(&mut identities, kept).into_iter().flatten().collect();
        }
        number
    });
    let renumbered = |list: Vec<(u32, Bits)>| {
        list.into_iter()
            .map(|(id, bits)| {
                let mut rows = ones(&bits);
                if let Some(number) = &number {
                    rows.iter_mut().for_each(|r| *r = number[*r as usize]);
                }
                (id, rows)
            })
            .collect()
    };
    let (candidates, histories) = (renumbered(candidates), renumbered(histories));
    let rows = if number.is_some() { rows.take(&all) } else { rows };
    let segment = Segment { rows, identities, gone, candidates, histories };
    Screened { kind, judged, after_as_of, watermark, segment, compliant, in_force, derived }
}

fn ones(bits: &Bits) -> Vec<u32> {
    let mut rows = Vec::new();
    for (i, &word) in bits.iter().enumerate() {
        let mut rest = word;
        while rest != 0 {
            rows.push(i as u32 * 64 + rest.trailing_zeros());
            rest &= rest - 1;
        }
    }
    rows
}

struct Work<'a> {
    plan: &'a Plan,
    runtime: &'a Runtime,
    rows: &'a Rows,
    /// Worked out where they are asked for.
    marks: OnceCell<Marks>,
}

/// True and unknown rows of one word.
type Pair = (u64, u64);

impl<'a> Work<'a> {
    fn marks(&self) -> &Marks {
        self.marks.get_or_init(|| self.runtime.groups[self.rows.kind.0 as usize].of(self.plan).evaluate(self.rows))
    }

    /// The rows that have to be looked at again, how many more are compliant, and whether any row is of a time
    /// at which the rule is in force. `left`: those that a sieve left for it, and those of which it is in doubt.
    fn rule(&self, rule: u32, left: Option<(&Bits, &Bits)>, keep_compliant: bool) -> (Bits, u64, bool) {
        let of = &self.plan.rules[rule as usize];
        // A sieve tells all of a rule whose conditions are guards, and of another that there is nothing. It must be what would
        // be told without one: what is counted here of a record that comes again is taken back by screening it again.
        let left = left.filter(|(left, _)| self.runtime.guarded[rule as usize] || left.iter().all(|word| *word == 0));
        let always = of.screen.filter.is_empty() && of.screen.filter_exact;
        let cx = self.runtime.context(self.plan, &self.runtime.empty, of.clock, None);
        let n = self.rows.len();
        let mut open = vec![0; words(n)];
        let mut decided = 0;
        let in_force = inside(self.plan, self.rows, of.effective, &cx);
        let left = left.map(|(left, doubtful)| self.without_doubt(of, left, doubtful, &cx));
        for (w, open) in open.iter_mut().enumerate() {
            let valid = if n - w * 64 < 64 { (1u64 << (n - w * 64)) - 1 } else { u64::MAX };
            let filter = match &left {
                // Where the rule's `where` fails it is not triggered, and it is this that the sieve looks at.
                Some(left) => (if always { valid } else { left[w] }, 0),
                None => self.tests(&of.screen.filter, 0, w, (valid, 0), &cx),
            };
            let mut triggered = filter.0 | filter.1;
            let mut timeless = 0;
            if let Some((inside, unknown)) = &in_force {
                timeless = triggered & unknown[w];
                triggered &= inside[w] | unknown[w];
            }
            if triggered == 0 {
                continue;
            }
            if keep_compliant {
                *open = triggered;
                continue;
            }
            let start = (filter.0 & triggered, filter.1 & triggered);
            let condition = match &left {
                Some(left) => (start.0 & left[w], 0),
                None => self.tests(&of.screen.when, 0, w, start, &cx),
            };
            let undecided = condition.0 | condition.1 | timeless;
            *open = if of.screen.filter_exact { undecided } else { triggered };
            decided += u64::from((triggered & !*open).count_ones());
        }
        let dated = in_force.is_none_or(|(inside, unknown)| inside.iter().chain(&unknown).any(|&w| w != 0));
        (open, decided, dated)
    }

    /// Those of the rows that were left for a rule for which its conditions are not false.
    fn without_doubt(&self, of: &'a RulePlan, left: &Bits, doubtful: &Bits, cx: &Context<'a>) -> Bits {
        let mut sure = left.clone();
        for (w, (sure, doubtful)) in sure.iter_mut().zip(doubtful).enumerate() {
            let mut rest = *sure & doubtful;
            while rest != 0 {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                let frame = Frame { kind: self.rows.kind, rows: self.rows, row: w * 64 + bit, id: NO_ID, time: None };
                let scope = Scope { root: 0, frame, parent: None };
                let known = conjuncts(&of.when).into_iter().filter(|p| is_known_at_once(p, 0, &self.plan.schema));
                if known.map(|part| truth(cx, part, &scope)).any(|truth| truth == Truth::False) {
                    *sure &= !(1 << bit);
                }
            }
        }
        sure
    }

    fn history(&self, history: u32) -> Bits {
        let of = &self.plan.histories[history as usize];
        let cx = self.runtime.context(self.plan, &self.runtime.empty, of.clock, None);
        let n = self.rows.len();
        (0..words(n))
            .map(|w| {
                let valid = if n - w * 64 < 64 { (1u64 << (n - w * 64)) - 1 } else { u64::MAX };
                let (t, u) = self.tests(&of.screen, of.root + 1, w, (valid, 0), &cx);
                t | u
            })
            .collect()
    }

    /// `start` and all of the tests, for the rows of one word.
    fn tests(&self, tests: &'a [Test], root: u8, w: usize, start: Pair, cx: &Context<'a>) -> Pair {
        let mut pair = start;
        for test in tests {
            if pair.0 | pair.1 == 0 {
                break;
            }
            match test {
                Test::Atoms(program) => pair = and(pair, self.program(program, w)),
                Test::Row(expr) => {
                    let mut rest = pair.0 | pair.1;
                    let (mut t, mut u) = (0, 0);
                    while rest != 0 {
                        let bit = rest.trailing_zeros() as usize;
                        rest &= rest - 1;
                        let frame =
                            Frame { kind: self.rows.kind, rows: self.rows, row: w * 64 + bit, id: NO_ID, time: None };
                        match truth(cx, expr, &Scope { root, frame, parent: None }) {
                            Truth::True => t |= 1 << bit,
                            Truth::False => {}
                            _ => u |= 1 << bit,
                        }
                    }
                    pair = and(pair, (t, u));
                }
            }
        }
        pair
    }

    fn program(&self, program: &Bool, w: usize) -> Pair {
        match program {
            Bool::Constant(true) => (u64::MAX, 0),
            Bool::Constant(false) => (0, 0),
            Bool::Atom(id) => {
                let marks = self.marks();
                let unknown = marks.unknowns[*id as usize].as_ref().map_or(0, |u| u[w]);
                (marks.truths[*id as usize][w], unknown)
            }
            Bool::Not(of) => {
                let (t, u) = self.program(of, w);
                (!(t | u), u)
            }
            Bool::And(all) => {
                let mut pair = (u64::MAX, 0);
                for p in all {
                    pair = and(pair, self.program(p, w));
                    if pair.0 | pair.1 == 0 {
                        break;
                    }
                }
                pair
            }
            Bool::Or(all) => all.iter().fold((0, 0), |(t, u), p| {
                let (pt, pu) = self.program(p, w);
                let t = t | pt;
                (t, (u | pu) & !t)
            }),
        }
    }
}

fn and(a: Pair, b: Pair) -> Pair {
    let t = a.0 & b.0;
    (t, (a.0 | a.1) & (b.0 | b.1) & !t)
}

/// Rows in which a rule is in force, and rows whose time is unknown; none where it always is.
fn inside(plan: &Plan, rows: &Rows, effective: (Option<i32>, Option<i32>), cx: &Context<'_>) -> Option<(Bits, Bits)> {
    if effective == (None, None) {
        return None;
    }
    let n = rows.len();
    let (mut inside, mut unknown) = (vec![0; words(n)], vec![0; words(n)]);
    let time = plan.schema.kind(rows.kind).time();
    for row in 0..n {
        match time_of(rows, row, time) {
            Some(t) if in_force(effective, t, cx) => set(&mut inside, row),
            Some(_) => {}
            None => set(&mut unknown, row),
        }
    }
    Some((inside, unknown))
}

/// Whether a moment is in a rule's days of force.
pub fn in_force((from, until): (Option<i32>, Option<i32>), time: Time, cx: &Context<'_>) -> bool {
    let date = time.date(cx.zone);
    from.is_none_or(|f| f <= date) && until.is_none_or(|u| date < u)
}

/// The kind whose records a rule is triggered by; none for `on each` and `on sequence`.
pub fn triggered_by(trigger: &Trigger) -> Option<KindId> {
    match trigger {
        Trigger::Record { kind, .. } => Some(*kind),
        Trigger::Each { .. } | Trigger::Sequence { .. } => None,
    }
}

#[cfg(test)]
mod tests;
