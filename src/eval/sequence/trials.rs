//! What the verdicts at a sequence's last records try of it: whether a boundary was met, in a step's conditions or how
//! often it is there; the edge of the time that it may take; whether a waiver covers it.
//!
//! Which conditions decide is told by turning them round; see `testing`.

use super::state::{Lists, State};
use super::{Search, Truth, chain};
use crate::data::{Place, Verdict};
use crate::eval::Findings;
use crate::eval::interp::{Frame, Scope, all};
use crate::eval::trials::{Part, PartKind, PartRole, Tried, Trying};
use crate::eval::window;
use crate::plan::{HistoryPlan, RulePlan};

impl Findings {
    /// Of the verdicts of a rule at these places.
    pub fn sequence_trials(&self, rule: usize, places: &[Option<Place>]) -> Vec<(Part, Tried)> {
        let of = &self.plan().rules[rule];
        let mut tried = Vec::new();
        for entry in self.entries.iter().filter(|e| e.rule as usize == rule && e.lacking.is_none()) {
            let cx = self.context(of, None);
            let last = self.world().frame(entry.kind, entry.id);
            if !places.contains(&last.rows.places.get(last.row).copied()) {
                continue;
            }
            let Some(search) = Search::new(cx, of) else { continue };
            let lists = search.lists(&last);
            let (chosen, complete) = search.came(&lists, &entry.steps, last);
            let found = Found { rule: of, search: &search, lists: &lists, last, chosen };
            let (mut steps, mut rule) = (Trying::new(cx), Trying::new(cx));
            found.steps(&mut steps);
            if complete {
                found.rule(&mut rule, entry.judgement.verdict);
            }
            let edge = |part: &Part| matches!(part.kind, PartKind::Boundary | PartKind::Edge);
            let own = |part: &Part| matches!(part.role, PartRole::Need | PartRole::Within | PartRole::Waiver(_));
            tried.extend(steps.tried.into_iter().filter(|(part, _)| edge(part)));
            tried.extend(rule.tried.into_iter().filter(|(part, _)| edge(part) || own(part)));
        }
        tried
    }
}

/// A sequence as far as it came.
#[derive(Clone)]
struct Found<'s, 'a> {
    rule: &'a RulePlan,
    search: &'s Search<'a>,
    lists: &'s Lists<'a>,
    last: Frame<'a>,
    chosen: Vec<Option<Frame<'a>>>,
}

impl<'a> Found<'_, 'a> {
    /// The records chosen from a position on.
    fn frames(&self, from: usize) -> Vec<(u8, Frame<'a>)> {
        let mut frames = vec![(0, self.last)];
        let later = self.chosen.iter().enumerate().skip(from);
        frames.extend(later.filter_map(|(i, f)| Some((i as u8 + 1, (*f)?))));
        frames
    }

    fn steps(&self, trying: &mut Trying<'a>) {
        let n = self.chosen.len();
        for at in (0..n).rev() {
            if self.chosen[at + 1..].iter().any(Option::is_none) {
                break;
            }
            let history = self.search.steps[at].history;
            let ids = if at == n - 1 { self.last.id..self.last.id + 1 } else { 0..trying.cx.world.len(history.kind) };
            for id in ids {
                let frame = trying.cx.world.frame(history.kind, id);
                let fits = self.candidate(trying, at, frame);
                // What lies between may be why it is none.
                if fits && self.chosen[at].is_none() {
                    let mut chosen = self.chosen.clone();
                    chosen[at] = Some(frame);
                    Found { chosen, ..*self }.gaps(trying, |gap| gap.left == Some(at) || gap.right == Some(at));
                }
            }
        }
        self.gaps(trying, |_| true);
    }

    fn gaps(&self, trying: &mut Trying<'a>, which: impl Fn(&super::Gap<'a>) -> bool) {
        for (g, gap) in self.search.gaps.iter().enumerate() {
            if which(gap) {
                self.gap(trying, g);
            }
        }
    }

    /// A record that could be a step, by its key and place; whether it is one by its own conditions.
    fn candidate(&self, trying: &mut Trying<'a>, at: usize, frame: Frame<'a>) -> bool {
        let search = self.search;
        let last = at == self.chosen.len() - 1;
        let later = || self.chosen[at + 1..].iter().flatten().all(|f| search.follows(&frame, f));
        if !last && (!search.of_key(at, frame, &self.last) || !later()) {
            return false;
        }
        let history = search.steps[at].history;
        let mut frames = self.frames(at + 1);
        frames.push((at as u8 + 1, frame));
        let holds = self.holds(trying, history, &frames);
        if at == 0 && !last && holds {
            self.first(trying, &frame);
        }
        let reaches = last || search.reaches(&frame, &self.last);
        if reaches {
            self.conditions(trying, history, &frames);
        }
        holds && reaches
    }

    /// Whether a first record lies at the edge of the time that the sequence may take.
    fn first(&self, trying: &mut Trying<'a>, frame: &Frame<'a>) {
        let unit = self.measured(frame);
        if unit.is_some_and(|(end, last)| last == end || last == end.saturating_add(1)) {
            self.edge(trying);
        }
    }

    /// Up to when the sequence may take from a record, and the last record's time.
    fn measured(&self, first: &Frame<'a>) -> Option<(i64, i64)> {
        let (zone, by) = (self.search.cx.zone, self.search.sequence.within);
        let dates = [first.time, self.last.time].iter().flatten().any(|t| matches!(t, crate::data::Time::Date(_)));
        let end = window::shift(window::unit(first.time?, dates, zone)?, by, dates, zone)?;
        Some((end, window::unit(self.last.time?, dates, zone)?))
    }

    fn edge(&self, trying: &mut Trying<'a>) {
        trying.push(self.search.sequence.within_span, PartKind::Edge, &PartRole::Within, Tried::Met);
    }

    fn holds(&self, trying: &Trying<'a>, history: &'a HistoryPlan, frames: &[(u8, Frame<'a>)]) -> bool {
        let mut truth = Truth::Unknown;
        chain(frames, None, &mut |scope| truth = all(&trying.cx, &history.inner, scope));
        truth == Truth::True
    }

    fn conditions(&self, trying: &mut Trying<'a>, history: &'a HistoryPlan, frames: &[(u8, Frame<'a>)]) {
        let in_reach = |e: &&crate::plan::Expr| {
            let roots = super::roots(trying.cx.plan, e);
            (0..63u8).all(|root| roots >> root & 1 == 0 || frames.iter().any(|f| f.0 == root))
        };
        let conditions: Vec<_> = history.inner.iter().chain(&history.pair).filter(in_reach).collect();
        chain(frames, None, &mut |scope| {
            trying.conjunction(&conditions, &PartRole::Within, scope);
        });
    }

    /// What lies where a step must not come, or has to come more often.
    fn gap(&self, trying: &mut Trying<'a>, g: usize) {
        let gap = &self.search.gaps[g];
        if gap.left.iter().chain(&gap.right).any(|at| self.chosen[*at].is_none()) {
            return;
        }
        // What its conditions read of steps before it has to be there too.
        let own = 1u64 << (gap.of.history.root + 1).min(63);
        let read = gap.of.history.pair.iter().fold(0, |read, e| read | super::roots(trying.cx.plan, e)) & !own;
        if (0..self.chosen.len()).any(|at| read >> (at + 1).min(63) & 1 == 1 && self.chosen[at].is_none()) {
            return;
        }
        let state = State::with(self.search, self.lists, self.chosen.clone());
        let until = state.open(g).map(|o| o.0);
        if let Some(least) = gap.least {
            let mut found = 0;
            state.members(g, until, &mut |_, truth| {
                found += u32::from(truth == Truth::True);
                true
            });
            if found == least {
                trying.push(gap.of.step.span, PartKind::Boundary, &PartRole::Step, Tried::Met);
            }
        }
        let history = gap.of.history;
        let root = history.root + 1;
        let before: Vec<_> = self.frames(0).into_iter().filter(|f| f.0 < root).collect();
        for id in 0..trying.cx.world.len(history.kind) {
            let frame = trying.cx.world.frame(history.kind, id);
            if !self.search.keyed(history, frame, &self.last) {
                continue;
            }
            let frames: Vec<_> = before.iter().copied().chain([(root, frame)]).collect();
            if gap.left.is_none() && gap.least.is_some() && self.holds(trying, history, &frames) {
                self.first(trying, &frame);
            }
            if let Some(until) = until {
                let at = frame.time.and_then(|t| window::unit(t, state.dates(gap), self.search.cx.zone));
                let edge = at.is_some_and(|at| at == until || at == until.saturating_add(1));
                if edge && self.holds(trying, history, &frames) {
                    self.edge(trying);
                }
            }
            if state.is_inside(g, until, &frame) {
                self.conditions(trying, history, &frames);
            }
        }
    }

    /// The rule's own conditions, all steps being there.
    fn rule(&self, trying: &mut Trying<'a>, verdict: Verdict) {
        let rule = self.rule;
        chain(&self.frames(0), None, &mut |scope: &Scope<'_, 'a>| {
            let when: Vec<_> = rule.when.iter().collect();
            if trying.conjunction(&when, &PartRole::When, scope) != Truth::True {
                return;
            }
            trying.need(rule, scope);
            trying.exceptions(rule, scope);
            if matches!(verdict, Verdict::Finding | Verdict::Waived | Verdict::Repeated) {
                trying.waivers(rule, scope);
            }
        });
    }
}

impl<'a> Search<'a> {
    /// The records of a match, or those of the steps that were found, the last one being there; and whether all do
    /// together.
    fn came(&self, lists: &Lists<'a>, ids: &[u32], last: Frame<'a>) -> (Vec<Option<Frame<'a>>>, bool) {
        if !ids.is_empty() {
            let frames = self.steps.iter().zip(ids).map(|(p, &id)| Some(self.cx.world.frame(p.history.kind, id)));
            return (frames.collect(), true);
        }
        let own = self.steps.last().map_or(Truth::False, |place| self.own(place, last));
        let furthest = if own == Truth::False { None } else { State::new(self, lists).furthest(last, own) };
        match furthest {
            Some((at, chosen)) => (chosen, at == 0),
            None => {
                let mut chosen = vec![None; self.steps.len()];
                if let Some(end) = chosen.last_mut() {
                    *end = Some(last);
                }
                (chosen, false)
            }
        }
    }
}
