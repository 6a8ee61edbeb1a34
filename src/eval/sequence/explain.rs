//! A match, step by step, with what was looked for between them.

use super::super::explain::Trace;
use super::super::findings::{ClauseRole, Gap as Missing, GapReason, StepTrace};
use super::super::gaps;
use super::super::interp::{Context, Frame, Scope, value};
use super::super::window::moment;
use super::state::{State, chain};
use super::{Search, Truth};
use crate::data::display;
use crate::plan::{HistoryPlan, Key, RulePlan, Step};
use crate::sema::hir::Times;

/// What a step came to: its records, and up to when they were looked for.
struct Seen<'a> {
    step: &'a Step,
    /// The root of its record.
    root: u8,
    /// In order; certain or in doubt.
    members: Vec<(Frame<'a>, Truth)>,
    until: Option<String>,
    /// That has passed.
    over: bool,
}

/// Writes the steps down, and calls with their records in scope.
pub fn explain<'a>(
    trace: &mut Trace<'a>,
    rule: &'a RulePlan,
    ids: &[u32],
    f: &mut dyn FnMut(&mut Trace<'a>, &Scope<'_, 'a>),
) {
    let cx = trace.cx;
    let Some(search) = Search::new(cx, rule) else { return };
    let frames: Vec<Frame<'a>> =
        search.steps.iter().zip(ids).map(|(p, &id)| cx.world.frame(p.history.kind, id)).collect();
    let Some(last) = frames.last().copied() else { return };
    let mut roots = vec![(0, last)];
    roots.extend(frames.iter().enumerate().map(|(i, f)| (i as u8 + 1, *f)));
    for seen in search.seen(&frames) {
        let history = &cx.plan.histories[seen.step.history as usize];
        let before = &roots[..(seen.root as usize).min(roots.len())];
        let conditions = || history.inner.iter().chain(&history.pair);
        for (frame, truth) in &seen.members {
            let own: Vec<(u8, Frame<'a>)> = before.iter().copied().chain([(seen.root, *frame)]).collect();
            let whole =
                seen.step.times != Times::None && roots.get(seen.root as usize).is_some_and(|r| r.1.id == frame.id);
            chain(&own, None, &mut |scope| {
                if whole {
                    let role = || ClauseRole::Step(seen.step.name.clone());
                    conditions().for_each(|e| trace.clause(role(), e, scope));
                } else if *truth != Truth::True {
                    conditions().for_each(|e| gaps::of(trace, e, scope));
                    // Or it is not known whose it is, or of when.
                    let unknown = |k: &&Key| !value(&cx, &k.inner, scope).is_known();
                    history.keys.iter().filter(unknown).for_each(|k| gaps::of(trace, &k.inner, scope));
                    if frame.time.is_none() {
                        gaps::no_time(trace, frame, seen.step.span);
                    }
                }
            });
        }
        if let (Some(until), false, true) = (&seen.until, seen.over, seen.members.is_empty()) {
            let why = GapReason::NotYet { until: until.clone() };
            trace.explanation.gaps.push(Missing { why, record: None, column: None, span: seen.step.span });
        }
        let records = seen.members.iter().map(|(frame, _)| trace.record(frame)).collect();
        trace.explanation.steps.push(StepTrace {
            name: seen.step.name.clone(),
            span: seen.step.span,
            kind: history.kind,
            times: seen.step.times,
            records,
            until: seen.until,
        });
    }
    chain(&roots, None, &mut |scope| f(trace, scope));
}

/// A step's candidates, and its record.
pub type Stepped<'a> = (&'a HistoryPlan, Frame<'a>);

/// Calls with the records of a match in scope, the last one as the rule's own.
pub fn in_scope<'a>(
    cx: Context<'a>,
    rule: &'a RulePlan,
    ids: &[u32],
    f: &mut dyn FnMut(&Scope<'_, 'a>, &[Stepped<'a>]),
) {
    let Some(search) = Search::new(cx, rule) else { return };
    let steps = search.steps.iter().zip(ids);
    let frames: Vec<_> = steps.map(|(p, &id)| (p.history, cx.world.frame(p.history.kind, id))).collect();
    let Some(last) = frames.last().copied() else { return };
    let mut roots = vec![(0, last.1)];
    roots.extend(frames.iter().enumerate().map(|(i, f)| (i as u8 + 1, f.1)));
    chain(&roots, None, &mut |scope| f(scope, &frames));
}

/// Calls with a verdict's record in scope; where it is that of a match, with the records of all of its steps.
pub fn at<'a>(cx: &Context<'a>, rule: &RulePlan, ids: &[u32], record: Frame<'a>, f: &mut dyn FnMut(&Scope<'_, 'a>)) {
    let mut frames = vec![(0, record)];
    let steps = rule.sequence.iter().flat_map(|s| &s.steps).filter(|s| s.times != Times::None);
    for (root, (step, &id)) in (1..).zip(steps.zip(ids)) {
        let Some(history) = cx.plan.histories.get(step.history as usize) else { continue };
        frames.push((root, cx.world.frame(history.kind, id)));
    }
    chain(&frames, None, f);
}

impl<'a> Search<'a> {
    /// The records of each step: of a run, all that belong to it.
    pub fn records(&self, ids: &[u32]) -> Vec<Frame<'a>> {
        let frames: Vec<Frame<'a>> =
            self.steps.iter().zip(ids).map(|(p, &id)| self.cx.world.frame(p.history.kind, id)).collect();
        let seen = self.seen(&frames);
        seen.into_iter().filter(|s| s.step.times != Times::None).flat_map(|s| s.members).map(|m| m.0).collect()
    }

    fn seen(&self, frames: &[Frame<'a>]) -> Vec<Seen<'a>> {
        let Some(last) = frames.last() else { return Vec::new() };
        let lists = self.lists(last);
        let state = State::at(self, &lists, frames);
        let mut own = frames.iter();
        let mut gap = 0;
        let mut all = Vec::with_capacity(self.sequence.steps.len());
        for step in &self.sequence.steps {
            let root = self.cx.plan.histories[step.history as usize].root + 1;
            let mut seen = Seen { step, root, members: Vec::new(), until: None, over: true };
            if step.times != Times::Once {
                let deadline = state.open(gap);
                state.members(gap, deadline.map(|d| d.0), &mut |frame, truth| {
                    seen.members.push((frame, truth));
                    true
                });
                seen.members.reverse();
                if let Some((until, dates, over)) = deadline {
                    seen.until = moment(until, dates).map(|t| display::time(t, self.cx.zone));
                    seen.over = over;
                }
                gap += 1;
            }
            if step.times != Times::None {
                seen.members.extend(own.next().map(|f| (*f, Truth::True)));
            }
            all.push(seen);
        }
        all
    }
}
