//! What can be said of a batch without look-ups or history: for each rule, the rows that are decided and
//! the few that have to be looked at again; for each history condition, the rows that it may count.

use super::grouped::{Bits, Marks, set, words};
use super::interp::{Context, Frame, NO_ID, Scope, truth};
use super::rows::Rows;
use super::world::{Watermark, event_time, has_identity};
use super::{Runtime, Truth};
use crate::data::{KindId, Role, Time};
use crate::plan::{Bool, Plan, Test, Trigger};
use rustc_hash::FxHasher;
use std::hash::Hasher;

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
}

/// Rows that are kept.
#[derive(Debug)]
pub struct Segment {
    pub rows: Rows,
    /// By row: a hash of the identity, where one is declared and known.
    pub identities: Vec<Option<u64>>,
    /// By rule: the rows that may be more than compliant.
    pub candidates: Vec<(u32, Vec<u32>)>,
    /// By history: the rows that it may count.
    pub histories: Vec<(u32, Vec<u32>)>,
}

pub fn screen(plan: &Plan, runtime: &Runtime, keep_compliant: bool, as_of: Watermark, rows: Rows) -> Screened {
    let kind = rows.kind;
    let of = plan.schema.kind(kind);
    let mut watermark = Watermark::default();
    let (mut rows, mut after_as_of) = (rows, 0);
    if let Some(time) = of.time() {
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
        if after_as_of > 0 {
            rows = rows.take(&kept);
        }
    }
    let judged = rows.len() as u64;
    let marks = runtime.groups[kind.0 as usize].evaluate(&rows);
    let mut work = Work { plan, runtime, rows: &rows, marks: &marks };
    let mut keep: Bits = vec![0; words(rows.len())];
    let (mut candidates, mut compliant, mut histories) = (Vec::new(), Vec::new(), Vec::new());
    for &rule in &runtime.rules_of[kind.0 as usize] {
        let (open, decided) = work.rule(rule, keep_compliant);
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
    let whole = !of.identity.is_empty() || matches!(of.role, Role::Table { .. });
    let identities = if whole { identities(plan, &rows) } else { Vec::new() };
    let all = ones(&keep);
    let number: Option<Vec<u32>> = (!whole && all.len() < rows.len()).then(|| {
        let mut number = vec![0; rows.len()];
        all.iter().enumerate().for_each(|(new, &old)| number[old as usize] = new as u32);
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
    let segment = Segment { rows, identities, candidates, histories };
    Screened { kind, judged, after_as_of, watermark, segment, compliant }
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

fn identities(plan: &Plan, rows: &Rows) -> Vec<Option<u64>> {
    let columns = &plan.schema.kind(rows.kind).identity;
    let mut bytes = Vec::new();
    (0..rows.len())
        .map(|row| {
            if !has_identity(&plan.schema, rows, row) {
                return None;
            }
            bytes.clear();
            for &c in columns {
                super::val::Val::cell(rows, row, c, false).encode(&mut bytes);
            }
            let mut hasher = FxHasher::default();
            hasher.write(&bytes);
            Some(hasher.finish())
        })
        .collect()
}

struct Work<'a> {
    plan: &'a Plan,
    runtime: &'a Runtime,
    rows: &'a Rows,
    marks: &'a Marks,
}

/// True and unknown rows of one word.
type Pair = (u64, u64);

impl<'a> Work<'a> {
    /// The rows that have to be looked at again, and how many more are compliant.
    fn rule(&mut self, rule: u32, keep_compliant: bool) -> (Bits, u64) {
        let of = &self.plan.rules[rule as usize];
        let cx = self.runtime.context(self.plan, &self.runtime.empty, of.clock, None);
        let n = self.rows.len();
        let mut open = vec![0; words(n)];
        let mut decided = 0;
        let in_force = self.in_force(of.effective, &cx);
        for (w, open) in open.iter_mut().enumerate() {
            let valid = if n - w * 64 < 64 { (1u64 << (n - w * 64)) - 1 } else { u64::MAX };
            let filter = self.tests(&of.screen.filter, 0, w, (valid, 0), &cx);
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
            let condition = self.tests(&of.screen.when, 0, w, start, &cx);
            let undecided = condition.0 | condition.1 | timeless;
            *open = if of.screen.filter_exact { undecided } else { triggered };
            decided += u64::from((triggered & !*open).count_ones());
        }
        (open, decided)
    }

    fn history(&mut self, history: u32) -> Bits {
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

    /// Rows in which the rule is in force, and rows whose time is unknown; none where it always is.
    fn in_force(&self, effective: (Option<i32>, Option<i32>), cx: &Context<'_>) -> Option<(Bits, Bits)> {
        if effective == (None, None) {
            return None;
        }
        let n = self.rows.len();
        let (mut inside, mut unknown) = (vec![0; words(n)], vec![0; words(n)]);
        let time = self.plan.schema.kind(self.rows.kind).time();
        for row in 0..n {
            match time.and_then(|c| event_time(self.rows, row, c)) {
                Some(t) if in_force(effective, t, cx) => set(&mut inside, row),
                Some(_) => {}
                None => set(&mut unknown, row),
            }
        }
        Some((inside, unknown))
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
                let unknown = self.marks.unknowns[*id as usize].as_ref().map_or(0, |u| u[w]);
                (self.marks.truths[*id as usize][w], unknown)
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

/// Whether a moment is in a rule's days of force.
pub fn in_force((from, until): (Option<i32>, Option<i32>), time: Time, cx: &Context<'_>) -> bool {
    let date = time.date(cx.zone);
    from.is_none_or(|f| f <= date) && until.is_none_or(|u| date < u)
}

/// The kind whose records a rule is triggered by; none for `on each`.
pub fn triggered_by(trigger: &Trigger) -> Option<KindId> {
    match trigger {
        Trigger::Record { kind, .. } => Some(*kind),
        Trigger::Each { .. } => None,
    }
}
