//! `limit`: a finding at the record that takes an aggregate over its limit, and not again for the same
//! key until the aggregate has been within the limit.

use super::Truth;
use super::bounds::{self, Beyond};
use super::history::{Part, Search, evaluate_in};
use super::index::List;
use super::interp::{Context, Operand, Scope, all, operand};
use super::judge::{Judgement, conclude, triggered};
use super::rates::towards;
use super::screen::in_force;
use super::val::compare_ranges;
use super::window;
use crate::plan::{Body, HistoryPlan, RulePlan};
use crate::sema::hir::CompareOp;

/// Whether the next crossing is a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Armed(Truth);

impl Armed {
    pub const START: Armed = Armed(Truth::True);

    /// One record: whether it counts, whether the aggregate was over the limit before it (one that was
    /// absent was not), and is after it. Whether it crosses.
    pub fn step(&mut self, counts: Truth, over_before: Truth, over_after: Truth) -> Truth {
        let crossing = counts.and(over_after).and(self.0.or(over_before.not()));
        self.0 = match crossing {
            Truth::Unknown | Truth::Pending => Truth::Unknown,
            _ => over_after.not(),
        };
        crossing
    }
}

/// The verdicts along one key's records, in order.
pub fn along<'a>(cx: &Context<'a>, rule: &'a RulePlan, list: List<'a>) -> Vec<(u32, Judgement)> {
    let mut verdicts = Vec::with_capacity(list.ids.len());
    crossings(cx, rule, list, &mut |id, crossing| {
        let scope = Scope::top(cx.world.frame(rule.trigger.kind(), id));
        match triggered(cx, rule, &scope, Truth::True) {
            None => {}
            Some(Err(judgement)) => verdicts.push((id, judgement)),
            Some(Ok(_)) => {
                let holds = if crossing == Truth::False { crossing } else { crossing.and(all(cx, &rule.when, &scope)) };
                verdicts.push((id, conclude(cx, rule, &scope, holds)));
            }
        }
    });
    verdicts
}

/// Whether each of one key's records crosses the limit, in order, of those that may count.
fn crossings<'a>(cx: &Context<'a>, rule: &'a RulePlan, list: List<'a>, each: &mut dyn FnMut(u32, Truth)) {
    let Body::Limit { aggregate, to } = &rule.body else { return };
    let history = &cx.plan.histories[*aggregate as usize];
    let mut armed = Armed::START;
    for (i, &id) in list.ids.iter().enumerate() {
        let scope = Scope::top(cx.world.frame(history.kind, id));
        // Each wording begins anew: the first record under it that is over the limit crosses it, whatever was
        // over it when none could be a finding.
        if scope.frame.time.is_some_and(|t| !in_force(rule.effective, t, cx)) {
            armed = Armed::START;
            continue;
        }
        let sure = if list.is_sure(id) { Truth::True } else { Truth::Unknown };
        let there = cx.world.existence(history.kind, id);
        let counts = sure.and(there).and(all(cx, &rule.filter, &scope));
        if counts == Truth::False {
            continue;
        }
        let limit = operand(cx, to, &scope);
        let (before, after) = around(&towards(cx, limit), history, list, i, &scope);
        each(id, armed.step(counts, test(CompareOp::Gt, before, limit), test(CompareOp::Gt, after, limit)));
    }
}

/// Where a doubt began on which records from a moment on may hang: it lasts from record to record.
pub fn doubt_from<'a>(cx: &Context<'a>, rule: &'a RulePlan, list: List<'a>, from: i64) -> Option<i64> {
    let moment = |id: u32| cx.world.frame(rule.trigger.kind(), id).time.and_then(|t| t.instant(cx.zone));
    let (mut began, mut hangs) = (None, None);
    crossings(cx, rule, list, &mut |id, crossing| {
        let at = moment(id);
        if hangs.is_none() && at.is_some_and(|at| at >= from) {
            hangs = Some(began);
        }
        began = match crossing {
            Truth::True | Truth::False => None,
            Truth::Unknown | Truth::Pending => began.or(at),
        };
    });
    hangs.flatten()
}

/// So many records are looked back over for where a doubt began.
const LOOK_BACK: usize = 1000;

/// Of a record that is over the limit for certain, and yet not certainly the one that crosses: the latest record
/// before it of which it is not known whether the limit was passed.
pub fn doubt_before<'a>(cx: &Context<'a>, rule: &'a RulePlan, list: List<'a>, i: usize) -> Option<usize> {
    let Body::Limit { aggregate, to } = &rule.body else { return None };
    let history = &cx.plan.histories[*aggregate as usize];
    (i.saturating_sub(LOOK_BACK)..i).rev().find(|&i| {
        let scope = Scope::top(cx.world.frame(history.kind, list.ids[i]));
        let counts = all(cx, &rule.filter, &scope);
        let limit = operand(cx, to, &scope);
        let (_, after) = around(&towards(cx, limit), history, list, i, &scope);
        counts != Truth::False && counts.and(test(CompareOp::Gt, after, limit)) == Truth::Unknown
    })
}

/// The list of a limit that a record stands in, and where. `owner`: whom it counts for, as an index into the lists.
pub fn standing<'a>(
    cx: &Context<'a>,
    rule: &RulePlan,
    owner: Option<u32>,
    scope: &Scope<'_, 'a>,
) -> Option<(List<'a>, usize)> {
    let Body::Limit { aggregate, .. } = &rule.body else { return None };
    let history = &cx.plan.histories[*aggregate as usize];
    let lists = &cx.world.histories[*aggregate as usize].lists;
    let list = match owner {
        Some(at) => lists.at(at as usize)?,
        // It counts for nobody.
        None if history.every().is_some() => return None,
        None => {
            let mut key = Vec::new();
            super::index::encode_keys(cx, history.keys.iter().map(|k| &k.outer), scope, &mut key).ok()?;
            lists.get(&key)?
        }
    };
    let at = list.ids.iter().position(|&i| i == scope.frame.id)?;
    Some((list, at))
}

/// An aggregate compared with its limit.
pub fn test(op: CompareOp, aggregate: Operand<'_>, limit: Operand<'_>) -> Truth {
    compare_ranges(op, aggregate.ends(), limit.ends())
}

/// The aggregate over the window at the record at index `i`, without it and with it.
fn around<'a>(
    cx: &Context<'a>,
    history: &'a HistoryPlan,
    list: List<'a>,
    i: usize,
    scope: &Scope<'_, 'a>,
) -> (Operand<'a>, Operand<'a>) {
    match window(cx, history, list, i, scope) {
        Some(mut search) => {
            let after = evaluate_in(cx, history, &search, scope);
            search.parts.iter_mut().for_each(|p| p.range.end -= 1);
            (evaluate_in(cx, history, &search, scope), after)
        }
        None => {
            let unknown = Operand::One(super::val::Val::Unknown);
            (unknown, unknown)
        }
    }
}

/// The window at the record at index `i` of its key's records, up to and with it.
pub fn window<'a>(
    cx: &Context<'a>,
    history: &HistoryPlan,
    list: List<'a>,
    i: usize,
    scope: &Scope<'_, 'a>,
) -> Option<Search<'a>> {
    let span = window::bounds(cx, history, scope.frame.time)?;
    let from = list.times.partition_point(|&t| t < span.from).min(i);
    let (watch, records) = (&cx.runtime.watch, (i + 1 - from) as u64);
    let whose = || bounds::readers(cx.plan, history);
    if watch.is_stopped() || !watch.allows(Beyond::WindowRecords, records, whose) {
        return None;
    }
    Some(Search {
        bounds: span,
        parts: vec![Part { list, range: from..i + 1, joins: false, adrift: false }],
        except: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Truth::*;

    /// Whether over before and after, of records that count.
    fn run(steps: &[(Truth, Truth)]) -> Vec<Truth> {
        let mut armed = Armed::START;
        steps.iter().map(|(b, a)| armed.step(True, *b, *a)).collect()
    }

    #[test]
    fn fires_once_until_it_has_fallen_back() {
        assert_eq!(
            run(&[(False, False), (False, True), (True, True), (True, True), (False, True), (False, False)]),
            [False, True, False, False, True, False]
        );
        // Falls back and crosses at the same record.
        assert_eq!(run(&[(False, True), (False, True)]), [True, True]);
        // Falls back with the record itself: a negative amount.
        assert_eq!(run(&[(False, True), (True, False), (True, True)]), [True, False, True]);
    }

    #[test]
    fn doubt_lasts_until_it_is_settled() {
        assert_eq!(run(&[(False, Unknown), (Unknown, True)]), [Unknown, Unknown]);
        assert_eq!(run(&[(False, True), (Unknown, True)]), [True, Unknown]);
        assert_eq!(run(&[(False, Unknown), (Unknown, True), (False, True)]), [Unknown, Unknown, True]);
        assert_eq!(run(&[(False, Unknown), (True, False), (False, True)]), [Unknown, False, True]);
        // It may have fallen back with a record that is no finding itself.
        assert_eq!(run(&[(False, True), (True, Unknown), (True, True)]), [True, False, Unknown]);
        let mut armed = Armed::START;
        assert_eq!(armed.step(Unknown, False, True), Unknown);
        assert_eq!(armed.step(True, True, True), Unknown);
    }
}
