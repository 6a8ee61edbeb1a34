//! `on sequence`: every choice of records is tried, the latest first, and each is looked at as a whole.

use super::time::{Moment, zone};
use super::value::*;
use super::verdicts::{conclude, in_force};
use super::{Env, Root, World};
use bylaws::internals::data::Verdict;
use bylaws::internals::eval::Truth;
use bylaws::internals::sema::hir::*;

/// What one last record comes to.
pub struct Found {
    pub root: Root,
    pub verdict: Verdict,
    pub exception: Option<String>,
    /// Places of the records of all steps, of a run all that belong to it; none where nothing matches.
    pub steps: Vec<usize>,
}

pub fn judge(world: &World, rule: &Rule, sequence: &Sequence) -> Vec<Found> {
    let all =
        Choices { world, rule, sequence, steps: sequence.steps.iter().filter(|s| s.times != Times::None).collect() };
    let last = *all.steps.last().unwrap();
    let mut found = Vec::new();
    for row in rows_of(world, last) {
        let root = world.root(row);
        // One without its time or key is told elsewhere.
        if root.time.is_none() || all.key(last, row, row).is_none() {
            continue;
        }
        if all.own(last, row) == Truth::False || in_force(rule, &vec![Some(root.clone())]) == Truth::False {
            continue;
        }
        let mut best = Found { root, verdict: Verdict::Compliant, exception: None, steps: Vec::new() };
        all.extend(&mut vec![row], &mut best);
        found.push(best);
    }
    found
}

fn rows_of<'w>(world: &'w World, step: &Step) -> impl Iterator<Item = usize> + use<'w> {
    let kind = step.kind;
    (0..world.rows.len()).filter(move |&i| world.rows[i].kind == kind)
}

struct Choices<'a> {
    world: &'a World<'a>,
    rule: &'a Rule,
    sequence: &'a Sequence,
    /// Those that have a record.
    steps: Vec<&'a Step>,
}

impl Choices<'_> {
    /// The values of the keys at a step's record, where they are all known and those of the last record too.
    fn key(&self, step: &Step, row: usize, last: usize) -> Option<bool> {
        let mut env: Env = vec![Some(self.world.root(last))];
        env.resize(step.root as usize, None);
        env.push(Some(self.world.root(row)));
        let mut same = true;
        for key in &step.keys {
            let inner = self.world.value(self.rule, &key.inner, &env);
            let outer = self.world.value(self.rule, &key.outer, &env);
            same &= inner.known()? == outer.known()?;
        }
        Some(same)
    }

    /// Whether a record has the keys of the last one; an absent one is equal to nothing.
    fn is_of(&self, step: &Step, row: usize, last: usize) -> Truth {
        let mut env: Env = vec![Some(self.world.root(last))];
        env.resize(step.root as usize, None);
        env.push(Some(self.world.root(row)));
        and(step.keys.iter().map(|key| {
            let inner = self.world.value(self.rule, &key.inner, &env);
            let outer = self.world.value(self.rule, &key.outer, &env);
            match (inner.known(), outer.known()) {
                (Some(a), Some(b)) if a == b => Truth::True,
                (Some(_), Some(_)) => Truth::False,
                _ if inner == Val::Absent => Truth::False,
                _ => Truth::Unknown,
            }
        }))
    }

    /// The parts of a step's conditions that read nothing else.
    fn own(&self, step: &Step, row: usize) -> Truth {
        let mut env: Env = vec![None; step.root as usize];
        env.push(Some(self.world.root(row)));
        let mut parts = Vec::new();
        step.filter.iter().for_each(|f| super::verdicts::conjuncts(f, &mut parts));
        parts.retain(|e| super::verdicts::reads_only(e, step.root));
        let there = [self.world.rows[row].there];
        and(there.into_iter().chain(parts.into_iter().map(|e| self.world.truth(self.rule, e, &env))))
    }

    /// `chosen` are the records of the last steps. Takes one more before them, the latest first.
    fn extend(&self, chosen: &mut Vec<usize>, best: &mut Found) {
        let Some(at) = self.steps.len().checked_sub(chosen.len() + 1) else {
            return self.look(chosen, best);
        };
        let step = self.steps[at];
        let mut candidates: Vec<usize> = rows_of(self.world, step)
            .filter(|&row| self.world.rows[row].time.is_some())
            .filter(|&row| self.key(step, row, *chosen.last().unwrap()) == Some(true))
            .filter(|&row| chosen.iter().all(|&later| self.follows(row, later)))
            .collect();
        candidates.sort_by(|a, b| self.world.rows[*b].order(&self.world.rows[*a]));
        for row in candidates {
            chosen.insert(0, row);
            self.extend(chosen, best);
            chosen.remove(0);
        }
    }

    /// Later, or at an equal time and of another kind; of one kind, by the one order.
    fn follows(&self, first: usize, second: usize) -> bool {
        let (a, b) = (&self.world.rows[first], &self.world.rows[second]);
        if a.kind == b.kind {
            return a.order(b).is_lt();
        }
        match (a.time, b.time) {
            (Some(Moment::Instant(a)), Some(Moment::Instant(b))) => a <= b,
            (Some(a), Some(b)) => a.day(&zone(&self.rule.clock)) <= b.day(&zone(&self.rule.clock)),
            _ => false,
        }
    }

    /// The end of the time from a record, compared with another's time: whether that is no later.
    fn within(&self, first: usize, other: usize) -> bool {
        let zone = zone(&self.rule.clock);
        let (a, b) = (self.world.rows[first].time.unwrap(), self.world.rows[other].time.unwrap());
        match (a, b) {
            (Moment::Instant(_), Moment::Instant(b)) => b <= a.shifted(self.sequence.within, 1, &zone).instant(&zone),
            _ => b.day(&zone) <= Moment::Day(a.day(&zone)).shifted(self.sequence.within, 1, &zone).day(&zone),
        }
    }

    fn env(&self, chosen: &[usize]) -> Env {
        let last = *chosen.last().unwrap();
        std::iter::once(last).chain(chosen.iter().copied()).map(|row| Some(self.world.root(row))).collect()
    }

    /// All records are chosen.
    fn look(&self, chosen: &[usize], best: &mut Found) {
        let (first, last) = (chosen[0], *chosen.last().unwrap());
        if !self.within(first, last) {
            return;
        }
        let env = self.env(chosen);
        let truth = |e: &Expr| self.world.truth(self.rule, e, &env);
        let mut parts = Vec::new();
        for step in &self.steps {
            let before: Env = env[..=step.root as usize].to_vec();
            parts.push(step.filter.as_ref().map_or(Truth::True, |f| self.world.truth(self.rule, f, &before)));
        }
        for step in &self.sequence.steps {
            parts.push(match step.times {
                Times::Once => Truth::True,
                Times::AtLeast(n) => {
                    let (certain, possible) = counted(&self.between(step, chosen));
                    let others = n as usize - 1;
                    match (certain >= others, possible >= others) {
                        (true, _) => Truth::True,
                        (_, false) => Truth::False,
                        _ => Truth::Unknown,
                    }
                }
                Times::None if self.is_open(step) => self.nothing_after(step, chosen),
                Times::None => not(any(&self.between(step, chosen))),
            });
        }
        match &self.rule.body {
            Body::Forbid { when } => parts.push(truth(when)),
            Body::Require { when, need } => {
                parts.extend(when.as_ref().map(truth));
                parts.push(not(truth_of(&self.world.history(self.rule, need, &env, false))));
            }
            Body::Limit { .. } => unreachable!("a limit adds up no sequences"),
        }
        let (verdict, exception) = conclude(self.world, self.rule, &env, and(parts));
        if weight(verdict) > weight(best.verdict) {
            *best = Found { root: best.root.clone(), verdict, exception, steps: self.places(chosen) };
        }
    }

    /// Where a step stands among those that have a record: how many come before it.
    fn before(&self, step: &Step) -> usize {
        self.sequence.steps.iter().take_while(|s| !std::ptr::eq(*s, step)).filter(|s| s.times != Times::None).count()
    }

    /// Nothing comes behind it.
    fn is_open(&self, step: &Step) -> bool {
        self.before(step) == self.steps.len()
    }

    /// Records of a step between the chosen ones beside it, in order; of a run, those beside its last one.
    fn between(&self, step: &Step, chosen: &[usize]) -> Vec<(usize, Truth)> {
        let before = self.before(step);
        let (left, right) = (before.checked_sub(1).map(|i| chosen[i]), chosen.get(before).copied());
        let env = self.env(chosen);
        let mut found = Vec::new();
        for row in rows_of(self.world, step) {
            let last = *chosen.last().unwrap();
            let timed = self.world.rows[row].time.is_some();
            let there = match self.is_of(step, row, last) {
                Truth::True if timed => Truth::True,
                // What may not lie between may be of anyone, and of any time, where that is not known.
                Truth::True | Truth::Unknown if step.times == Times::None => Truth::Unknown,
                _ => continue,
            };
            let behind = || left.map_or_else(|| self.within(row, last), |left| self.follows(left, row));
            if timed && (!behind() || right.is_some_and(|right| !self.follows(row, right))) {
                continue;
            }
            let mut own: Env = env[..step.root as usize].to_vec();
            own.push(Some(self.world.root(row)));
            let filter = step.filter.as_ref().map_or(Truth::True, |f| self.world.truth(self.rule, f, &own));
            match and([there, filter]) {
                Truth::False => {}
                truth => found.push((row, truth)),
            }
        }
        found.sort_by(|a, b| self.world.rows[a.0].order(&self.world.rows[b.0]));
        found
    }

    /// `then not` at the end: up to the first record's time and what the sequence may take.
    fn nothing_after(&self, step: &Step, chosen: &[usize]) -> Truth {
        let run = match self.steps[0].times {
            Times::AtLeast(n) if n > 1 => Some((n as usize - 1, self.between(self.steps[0], chosen))),
            _ => None,
        };
        // The record with which there are enough, by those that count for certain and by all.
        let starts: Vec<usize> = match run {
            None => vec![chosen[0]],
            Some((others, run)) => {
                let nth = |certain: bool| {
                    let mut run = run.iter().rev().filter(|m| !certain || m.1 == Truth::True);
                    run.nth(others - 1).map(|m| m.0)
                };
                nth(true).into_iter().chain(nth(false)).collect()
            }
        };
        let truths: Vec<Truth> = starts
            .iter()
            .map(|&start| {
                let found: Vec<_> = self
                    .between(step, chosen)
                    .into_iter()
                    .filter(|m| self.world.rows[m.0].time.is_none() || self.within(start, m.0))
                    .collect();
                match any(&found) {
                    Truth::False if !self.is_over(step, start) => Truth::Pending,
                    found => not(found),
                }
            })
            .collect();
        match truths[..] {
            [] => Truth::Unknown,
            [one] => one,
            [a, b, ..] => {
                if a == b {
                    a
                } else {
                    Truth::Unknown
                }
            }
        }
    }

    fn is_over(&self, step: &Step, start: usize) -> bool {
        let Some(watermark) = self.world.watermark(&self.rule.clock) else { return false };
        let zone = zone(&self.rule.clock);
        let by_day = |kind| {
            let kind = self.world.hir.schema.kind(kind);
            kind.time().is_some_and(|c| kind.columns[c.0 as usize].ty == bylaws::internals::data::Type::Date)
        };
        let at = self.world.rows[start].time.unwrap();
        if by_day(step.kind) || by_day(self.steps[0].kind) {
            watermark.day > Moment::Day(at.day(&zone)).shifted(self.sequence.within, 1, &zone).day(&zone)
        } else {
            watermark.instant > at.shifted(self.sequence.within, 1, &zone).instant(&zone)
        }
    }

    fn places(&self, chosen: &[usize]) -> Vec<usize> {
        let mut rows = Vec::new();
        for (step, own) in self.steps.iter().zip(chosen) {
            if step.times != Times::Once {
                rows.extend(self.between(step, chosen).iter().map(|m| m.0));
            }
            rows.push(*own);
        }
        rows.into_iter().map(|row| self.world.rows[row].place).collect()
    }
}

fn counted(found: &[(usize, Truth)]) -> (usize, usize) {
    (found.iter().filter(|m| m.1 == Truth::True).count(), found.len())
}

fn any(found: &[(usize, Truth)]) -> Truth {
    match counted(found) {
        (1.., _) => Truth::True,
        (_, 0) => Truth::False,
        _ => Truth::Unknown,
    }
}

fn weight(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Compliant => 0,
        Verdict::Excepted | Verdict::Waived => 1,
        Verdict::Indeterminate => 2,
        Verdict::Pending => 3,
        Verdict::Finding | Verdict::Repeated => 4,
    }
}
