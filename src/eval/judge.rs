//! The verdict of a rule at one record.

use super::interp::{Context, Scope, all, truth};
use super::screen::in_force;
use super::{Truth, history, tables};
use crate::data::{Time, Verdict};
use crate::plan::{Body, Plan, RulePlan, Trigger, Waiver};
use crate::sema::hir::EachAt;

/// How a rule ended at a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    pub verdict: Verdict,
    /// Index of the exception that applied.
    pub exception: Option<u8>,
    /// Index of the waiver that covers it.
    pub waiver: Option<u32>,
}

impl Judgement {
    pub fn plain(verdict: Verdict) -> Judgement {
        Judgement { verdict, exception: None, waiver: None }
    }
}

/// Whether the rule is triggered (at a table's row: one that is `valid` then), and how far its trigger's conditions hold; none where it is not.
/// `Err`: it cannot be said whether it is in force.
pub fn triggered<'a>(
    cx: &Context<'a>,
    rule: &'a RulePlan,
    scope: &Scope<'_, 'a>,
    valid: Truth,
) -> Option<Result<Truth, Judgement>> {
    let filter = valid.and(all(cx, &rule.filter, scope));
    if filter == Truth::False {
        return None;
    }
    if rule.effective != (None, None) {
        match scope.frame.time {
            None => return Some(Err(Judgement::plain(Verdict::Indeterminate))),
            Some(time) if !in_force(rule.effective, time, cx) => return None,
            Some(_) => {}
        }
    }
    Some(Ok(filter))
}

/// The verdict of a `forbid` or a `require`; none where the rule is not triggered. `valid`: whether the
/// table's row holds then.
pub fn judge<'a>(cx: &Context<'a>, rule: &'a RulePlan, scope: &Scope<'_, 'a>, valid: Truth) -> Option<Judgement> {
    let filter = match triggered(cx, rule, scope, valid)? {
        Ok(filter) => filter,
        Err(judgement) => return Some(judgement),
    };
    let mut holds = filter.and(all(cx, &rule.when, scope));
    if let (Body::Require { need }, true) = (&rule.body, holds != Truth::False) {
        let found = match history::evaluate(cx, *need, scope).single() {
            super::val::Val::Bool(b) => Truth::of(b),
            super::val::Val::Pending => Truth::Pending,
            super::val::Val::Unknown => Truth::Unknown,
            other => super::mismatch::mismatch(Truth::Unknown, &other),
        };
        holds = holds.and(found.not());
    }
    Some(conclude(cx, rule, scope, holds))
}

/// From whether there would be a finding to the verdict, exceptions and then waivers considered.
pub fn conclude<'a>(cx: &Context<'a>, rule: &'a RulePlan, scope: &Scope<'_, 'a>, holds: Truth) -> Judgement {
    let open = |truth| match truth {
        Truth::Pending => Verdict::Pending,
        _ => Verdict::Indeterminate,
    };
    match holds {
        Truth::False => return Judgement::plain(Verdict::Compliant),
        Truth::Unknown | Truth::Pending => return Judgement::plain(open(holds)),
        Truth::True => {}
    }
    let mut doubt = Truth::False;
    for (i, exception) in rule.unless.iter().enumerate() {
        match truth(cx, &exception.condition, scope) {
            Truth::True => {
                let exception = Some(u8::try_from(i).unwrap_or(u8::MAX));
                return Judgement { exception, ..Judgement::plain(Verdict::Excepted) };
            }
            other => doubt = doubt.or(other),
        }
    }
    // A waiver is not claimed for what is not known to be a finding without it.
    if doubt != Truth::False {
        return Judgement::plain(open(doubt));
    }
    for (i, waiver) in rule.waivers.iter().enumerate() {
        match covers(cx, waiver, scope) {
            Truth::True => {
                let waiver = Some(u32::try_from(i).unwrap_or(u32::MAX));
                return Judgement { waiver, ..Judgement::plain(Verdict::Waived) };
            }
            other => doubt = doubt.or(other),
        }
    }
    match doubt {
        Truth::False => Judgement::plain(Verdict::Finding),
        doubt => Judgement::plain(open(doubt)),
    }
}

/// Whether a waiver covers the record: by the record's own day, and by what the waiver is for.
pub fn covers<'a>(cx: &Context<'a>, waiver: &'a Waiver, scope: &Scope<'_, 'a>) -> Truth {
    let at_that_time = scope
        .frame
        .time
        .map_or(Truth::Unknown, |time| Truth::of(in_force((Some(waiver.from), Some(waiver.until)), time, cx)));
    match &waiver.condition {
        Some(condition) if at_that_time != Truth::False => at_that_time.and(truth(cx, condition, scope)),
        _ => at_that_time,
    }
}

/// The moments of an `on each` rule: the event's time, and the period where there is one.
pub fn moments(plan: &Plan, cx: &Context<'_>, rule: &RulePlan) -> Vec<(Time, Option<(i32, i32)>)> {
    let Trigger::Each { at, table, .. } = rule.trigger else { return Vec::new() };
    let watermark = &cx.world.watermark;
    let (Some(today), Some(day), Some(first)) =
        (watermark.date(cx.zone), watermark.day(cx.zone), watermark.earliest(cx.zone))
    else {
        return Vec::new();
    };
    let fiscal_start = plan.clocks.get(rule.clock as usize).map_or((1, 1), |c| c.fiscal_start);
    match at {
        EachAt::AsOf => vec![(Time::Date(day), None)],
        EachAt::EndOf(period) => {
            let mut moments = Vec::new();
            // Before the first row holds there is nothing to look at.
            let mut date = tables::first_date(cx, table).map_or(first, |d| d.max(first));
            while let Some((start, end)) = crate::data::calendar::period_of(date, period, fiscal_start) {
                if end >= today || end < date {
                    break;
                }
                moments.push((Time::Date(end), Some((start, end))));
                date = end.saturating_add(1);
            }
            moments
        }
    }
}
