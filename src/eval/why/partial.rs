//! A sequence that did not come about: how far it came, and what would have made it one.

use super::super::interp::{Frame, Scope};
use super::super::results::Entry;
use super::super::sequence::{self, Fault, chain};
use super::super::window;
use super::fill;
use super::near::{self, distance};
use super::propose::{Demand, Proposal, Propose};
use super::tree::{Tree, of_step};
use super::{Came, Failed, NearMiss, Note, StepWhy};
use crate::data::{Time, Type, Value, display};
use crate::plan::RulePlan;
use crate::sema::hir::CompareOp;

impl<'a> Tree<'_, 'a> {
    /// The steps with their records, and the rule's clauses.
    pub fn sequence(&mut self, rule: &'a RulePlan, ids: &[u32], entry: Option<&Entry>) {
        let (done, names) = (&mut *self.done, self.names);
        sequence::explain(self.trace, rule, ids, &mut |trace, scope| {
            for clause in std::mem::take(&mut trace.explanation.clauses) {
                done.parts.push(of_step(clause));
            }
            Tree { trace, done, names }.rule(rule, scope, entry);
        });
    }

    pub fn no_match(&mut self, rule: &'a RulePlan, last: Frame<'a>, entry: Option<&Entry>) {
        let cx = self.trace.cx;
        let Some(progress) = sequence::progress(cx, rule, last) else { return };
        if let Some(ids) = progress.complete {
            return self.sequence(rule, &ids, entry);
        }
        self.done.notes.push(Note::NoMatch);
        for (step, came) in progress.steps {
            let history = &cx.plan.histories[step.history as usize];
            let came = match came {
                sequence::Came::Found(frame) => Came::Found(self.trace.record(&frame)),
                sequence::Came::NotReached => Came::NotReached,
                sequence::Came::Missing { seen, near } => {
                    let about = Scope::top(last);
                    let keys = history.keys.iter();
                    let keys = keys.map(|k| (k.name.clone(), super::super::message::shown(&cx, &k.outer, &about)));
                    let keys = keys.collect();
                    let near =
                        nearest(&cx, &last, near).into_iter().filter_map(|(f, fault)| self.fault(rule, f, fault));
                    Came::Missing { seen, keys, near: near.collect() }
                }
            };
            let (name, span, kind) = (step.name.clone(), step.span, history.kind);
            self.done.progress.push(StepWhy { name, span, kind, came });
        }
    }

    fn fault(&mut self, rule: &RulePlan, frame: Frame<'a>, fault: Fault<'a>) -> Option<NearMiss> {
        let record = self.trace.record(&frame);
        let within = rule.sequence.as_ref().map_or(String::new(), |s| display::length(s.within));
        let failed = match fault {
            Fault::Early { by, dates } => Failed::TooEarly { by: distance(by, dates), within },
            Fault::Order { step } => Failed::Order { step: step.name.clone() },
            Fault::Between { step, frames } => {
                let records = frames.iter().map(|f| self.trace.record(f)).collect();
                Failed::Between { step: step.name.clone(), records }
            }
            Fault::Few { step, found, least } => Failed::TooFew { step: step.name.clone(), found, least },
            Fault::Condition { expr, frames } => {
                let mut failed = None;
                chain(&frames, None, &mut |scope| failed = Some(self.failed(expr, scope)));
                failed?
            }
        };
        Some(NearMiss { record, failed })
    }
}

/// The nearest in time of each sort.
fn nearest<'a>(
    cx: &super::super::interp::Context<'a>,
    last: &Frame<'a>,
    mut all: Vec<(Frame<'a>, Fault<'a>)>,
) -> Vec<(Frame<'a>, Fault<'a>)> {
    let at = |f: &Frame<'_>| f.time.and_then(|t| window::unit(t, false, cx.zone)).unwrap_or(i64::MIN);
    let now = at(last);
    let sort = |fault: &Fault<'_>| match fault {
        Fault::Condition { .. } => 0usize,
        Fault::Between { .. } => 1,
        Fault::Few { .. } => 2,
        Fault::Order { .. } => 3,
        Fault::Early { .. } => 4,
    };
    all.sort_by_key(|(f, fault)| (sort(fault), at(f).abs_diff(now), f.id));
    let mut of = [0usize; 5];
    all.retain(|(_, fault)| {
        of[sort(fault)] += 1;
        of[sort(fault)] <= near::SHOWN
    });
    all
}

impl<'a> Propose<'a> {
    /// By which a sequence that did not come about would be one.
    pub fn complete(&mut self, rule: &'a RulePlan, last: Frame<'a>) {
        let cx = self.cx;
        let Some(progress) = sequence::progress(cx, rule, last) else { return };
        if let Some(ids) = progress.complete {
            return sequence::in_scope(cx, rule, &ids, &mut |scope, _| self.rule(rule, scope, true));
        }
        let mut frames = vec![(0, last)];
        for (at, (_, came)) in (1..).zip(&progress.steps) {
            if let sequence::Came::Found(frame) = came {
                frames.push((at, *frame));
            }
        }
        for (step, came) in progress.steps {
            let sequence::Came::Missing { near, .. } = came else { continue };
            let next = frames.get(1).map_or(last, |f| f.1);
            chain(&frames, None, &mut |scope| self.missing(rule, step.history, scope, &last, &next));
            for (frame, fault) in nearest(&cx, &last, near) {
                match fault {
                    Fault::Condition { expr, frames } => {
                        chain(&frames, None, &mut |scope| self.want(expr, scope, true));
                    }
                    Fault::Early { dates, .. } => self.later(rule, step.history, &frame, &last, dates),
                    Fault::Between { frames, .. } => {
                        if let [one] = frames[..] {
                            self.removed(&one);
                        }
                    }
                    Fault::Order { .. } | Fault::Few { .. } => {}
                }
            }
        }
    }

    /// A record of a step, before the next one.
    fn missing(&mut self, rule: &RulePlan, step: u32, scope: &Scope<'_, 'a>, last: &Frame<'a>, next: &Frame<'a>) {
        let cx = self.cx;
        let history = &cx.plan.histories[step as usize];
        let unit = |f: &Frame<'_>| window::unit(f.time?, history.dates, cx.zone);
        let back = rule.sequence.as_ref().and_then(|s| s.within.checked_neg());
        let from = unit(last).zip(back).and_then(|(end, by)| window::shift(end, by, history.dates, cx.zone));
        if let (Some(from), Some(until)) = (from, unit(next)) {
            let bounds = window::Bounds { from, until, over: true };
            self.out.extend(fill::within(&self.values, history, scope, &bounds));
        }
    }

    /// To where the time that the sequence may take begins.
    fn later(&mut self, rule: &RulePlan, history: u32, frame: &Frame<'a>, last: &Frame<'a>, dates: bool) {
        let cx = self.cx;
        let kind = cx.plan.histories[history as usize].kind;
        let Some(column) = cx.plan.schema.kind(kind).time() else { return };
        let back = rule.sequence.as_ref().and_then(|s| s.within.checked_neg());
        let end = last.time.and_then(|t| window::unit(t, dates, cx.zone));
        let edge = end.zip(back).and_then(|(end, by)| window::shift(end, by, dates, cx.zone));
        let Some(edge) = edge.and_then(|at| window::moment(at, dates)) else { return };
        let to = match (&cx.plan.schema.column(kind, column).ty, edge) {
            (Type::Date, edge) => Value::Date(edge.date(cx.zone)),
            (_, Time::Instant(t)) => Value::Timestamp(t),
            (_, Time::Date(d)) => match cx.zone.start_of(d) {
                Some(t) => Value::Timestamp(t),
                None => return,
            },
        };
        let Some(edit) = self.change(frame, column, Some(to)) else { return };
        let demand = Demand::Compare(CompareOp::Ge, display::time(edge, cx.zone));
        self.out.push(Proposal::Field { edit, demand });
    }
}
