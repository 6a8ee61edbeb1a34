//! How far a sequence came that has no match: which steps had their records, and what was wrong with the next one's.

use super::state::{Lists, State};
use super::{Search, Test, Truth};
use crate::eval::interp::{Context, Frame, Scope, truth, value};
use crate::eval::tables::same;
use crate::eval::window;
use crate::plan::{Expr, HistoryPlan, RulePlan, Step};
use crate::sema::hir::Times;

/// Ending with one record, step by step.
pub struct Progress<'a> {
    pub steps: Vec<(&'a Step, Came<'a>)>,
    /// All steps have their records: these. What is needed behind them is there, or an exception keeps it open.
    pub complete: Option<Box<[u32]>>,
}

pub enum Came<'a> {
    Found(Frame<'a>),
    /// Of this key there are so many before the steps behind it and in time; these failed one thing only.
    Missing {
        seen: usize,
        near: Vec<(Frame<'a>, Fault<'a>)>,
    },
    /// The steps behind it were not found.
    NotReached,
}

pub enum Fault<'a> {
    /// The sequence would take so much longer than it may, in days or nanoseconds.
    Early { by: i64, dates: bool },
    /// It does not come before the record of this step.
    Order { step: &'a Step },
    /// With these records in scope.
    Condition { expr: &'a Expr, frames: Vec<(u8, Frame<'a>)> },
    /// Records of a step that must not come.
    Between { step: &'a Step, frames: Vec<Frame<'a>> },
    /// Not as many as it has to be.
    Few { step: &'a Step, found: usize, least: usize },
}

/// None where the rule is on no sequence.
pub fn progress<'a>(cx: Context<'a>, rule: &'a RulePlan, last: Frame<'a>) -> Option<Progress<'a>> {
    let search = Search::new(cx, rule)?;
    let lists = search.lists(&last);
    let n = search.steps.len();
    let own = search.own(search.steps.last()?, last);
    let furthest = if own == Truth::False { None } else { State::new(&search, &lists).furthest(last, own) };
    let (missing, chosen) = match furthest {
        None => (n - 1, vec![None; n]),
        Some((0, chosen)) => {
            let ids = chosen.iter().flatten().map(|f| f.id).collect();
            return Some(Progress { steps: Vec::new(), complete: Some(ids) });
        }
        Some((at, chosen)) => (at - 1, chosen),
    };
    let (mut seen, mut near) = (0, Vec::new());
    let kind = search.steps[missing].history.kind;
    let ids = if missing == n - 1 { last.id..last.id + 1 } else { 0..cx.world.len(kind) };
    for id in ids {
        let frame = cx.world.frame(kind, id);
        if chosen.iter().flatten().any(|f| f.kind == frame.kind && f.id == id) || !search.of_key(missing, frame, &last)
        {
            continue;
        }
        // What comes behind the end is no step of it.
        if missing < n - 1 && !search.follows(&frame, &last) {
            continue;
        }
        let mut faults = search.misplaced(missing, &frame, &chosen, &last);
        seen += usize::from(faults.is_empty());
        faults.extend(search.own_faults(missing, frame));
        if faults.is_empty() {
            faults = search.faults(&lists, missing, frame, &chosen, last);
        }
        if faults.len() == 1 {
            near.extend(faults.pop().map(|fault| (frame, fault)));
        }
    }
    let mut positions = 0;
    let steps = search.sequence.steps.iter().filter(|s| s.times != Times::None).map(|step| {
        let at = positions;
        positions += 1;
        let came = match chosen[at] {
            Some(frame) => Came::Found(frame),
            None if at == missing => Came::Missing { seen, near: std::mem::take(&mut near) },
            None => Came::NotReached,
        };
        (step, came)
    });
    Some(Progress { steps: steps.collect(), complete: None })
}

impl<'a> Search<'a> {
    pub(super) fn of_key(&self, at: usize, frame: Frame<'a>, last: &Frame<'a>) -> bool {
        self.keyed(self.steps[at].history, frame, last)
    }

    /// Whether it has the same keys as the last record.
    pub(super) fn keyed(&self, history: &'a HistoryPlan, frame: Frame<'a>, last: &Frame<'a>) -> bool {
        let own = Scope { root: history.root + 1, frame, parent: None };
        let about = Scope::top(*last);
        history.keys.iter().all(|k| same(&value(&self.cx, &k.inner, &own), &value(&self.cx, &k.outer, &about)))
    }

    /// Where it lies.
    fn misplaced(
        &self,
        at: usize,
        frame: &Frame<'a>,
        chosen: &[Option<Frame<'a>>],
        last: &Frame<'a>,
    ) -> Vec<Fault<'a>> {
        let mut faults = Vec::new();
        if at == self.steps.len() - 1 {
            return faults;
        }
        let later = chosen.iter().enumerate().find(|(_, f)| f.is_some_and(|f| !self.follows(frame, &f)));
        faults.extend(later.map(|(i, _)| Fault::Order { step: self.steps[i].step }));
        if !self.reaches(frame, last) {
            let dates = [frame.time, last.time].iter().flatten().any(|t| matches!(t, crate::data::Time::Date(_)));
            let unit = |f: &Frame<'_>| window::unit(f.time?, dates, self.cx.zone);
            let end = unit(frame).and_then(|t| window::shift(t, self.sequence.within, dates, self.cx.zone));
            let by = end.zip(unit(last)).map_or(0, |(end, last)| last.saturating_sub(end));
            faults.push(Fault::Early { by, dates });
        }
        faults
    }

    /// The conditions on itself that do not hold.
    fn own_faults(&self, at: usize, frame: Frame<'a>) -> Vec<Fault<'a>> {
        let history = self.steps[at].history;
        let frames = vec![(history.root + 1, frame)];
        let own = Scope { root: history.root + 1, frame, parent: None };
        let failed = history.inner.iter().filter(|e| truth(&self.cx, e, &own) == Truth::False);
        failed.map(|expr| Fault::Condition { expr, frames: frames.clone() }).collect()
    }

    /// What is wrong with it among the records behind it.
    fn faults(
        &self,
        lists: &Lists<'a>,
        at: usize,
        frame: Frame<'a>,
        chosen: &[Option<Frame<'a>>],
        last: Frame<'a>,
    ) -> Vec<Fault<'a>> {
        let mut chosen = chosen.to_vec();
        chosen[at] = Some(frame);
        if let Some(end) = chosen.last_mut() {
            *end = Some(last);
        }
        let mut frames = vec![(0, last)];
        frames.extend(chosen.iter().enumerate().filter_map(|(i, f)| Some((i as u8 + 1, (*f)?))));
        let state = State::with(self, lists, chosen);
        let mut faults = Vec::new();
        for &test in &self.tests[at] {
            if state.test(test) != Truth::False {
                continue;
            }
            match test {
                Test::When(expr) => faults.push(Fault::Condition { expr, frames: frames.clone() }),
                Test::Pair(step) => {
                    let failed = |e: &&'a Expr| state.holds(e) == Truth::False;
                    let failed = self.steps[step].history.pair.iter().filter(failed);
                    faults.extend(failed.map(|expr| Fault::Condition { expr, frames: frames.clone() }));
                }
                Test::Gap(g) => {
                    let gap = &self.gaps[g];
                    let mut members = Vec::new();
                    let until = state.open(g).map(|o| o.0);
                    state.members(g, until, &mut |frame, _| {
                        members.push(frame);
                        true
                    });
                    members.reverse();
                    faults.push(match gap.least {
                        None => Fault::Between { step: gap.of.step, frames: members },
                        Some(least) => {
                            Fault::Few { step: gap.of.step, found: members.len() + 1, least: least as usize + 1 }
                        }
                    });
                }
            }
        }
        faults
    }
}
