//! How far a rule looks from a record: what may still change its verdict, and which records it may still need.

use crate::data::calendar::{Length, Period};
use crate::data::{KindId, Origin, Type};
use crate::eval::business;
use crate::eval::interp::Context;
use crate::plan::{Body, Op, Plan, RulePlan, Trigger};
use crate::sema::hir::{EachAt, Times, Window};

const DAY: i64 = 86_400_000_000_000;

/// How far from a record a rule looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The windows that end later than it, one behind the other.
    ahead: Vec<Length>,
    /// Those that begin before it; none where one has no beginning.
    back: Option<Vec<Length>>,
    /// What is compared by day is known once the day is over: added ahead.
    pub days: i64,
    /// What is not known of lengths that are added up in another order: added both ways.
    slack: i64,
    /// Once all up to the record is there, that it is a finding does not change, whatever else is not known yet.
    pub early: bool,
    /// It speaks of the end of the data, so nothing is said before.
    pub at_end: bool,
    /// By kind: whether its records are looked at.
    pub kinds: Vec<bool>,
    /// Of the rules whose findings it may see.
    below: Vec<Reach>,
}

/// By rule.
pub fn reaches(plan: &Plan) -> Vec<Reach> {
    let zones = plan.clocks.iter().any(|c| c.timezone != plan.timezone);
    let mut all: Vec<Reach> = plan.rules.iter().map(|rule| own(plan, rule, zones)).collect();
    // A rule over findings sees those of any rule below.
    let highest = plan.rules.iter().map(|r| r.level).max().unwrap_or(0);
    for level in 1..=highest {
        let lower = plan.rules.iter().zip(&all).filter(|(rule, _)| rule.level < level);
        let lower: Vec<Reach> = lower.map(|(_, reach)| reach.clone()).collect();
        let own = plan.rules.iter().zip(&mut all).filter(|(rule, _)| rule.level == level);
        own.for_each(|(_, reach)| reach.over(&lower));
    }
    all
}

fn own(plan: &Plan, rule: &RulePlan, zones: bool) -> Reach {
    let mut reach = Reach { back: Some(Vec::new()), ..Reach::none(plan) };
    reach.sees(plan, rule.trigger.kind());
    let (mut by_day, mut instants) = (false, plan.schema.kind(rule.trigger.kind()).time().is_some());
    instants &= !dated(plan, rule.trigger.kind());
    for history in rule.histories.iter().filter_map(|&h| plan.histories.get(h as usize)) {
        reach.sees(plan, history.kind);
        by_day |= history.dates;
        instants |= !dated(plan, history.kind);
        let (back, ahead) = match history.window {
            Window::Before(by) | Window::Over(by) => (Some(by), None),
            Window::After(by) => (None, Some(by)),
            Window::Around(by) => (Some(by), Some(by)),
            Window::In(period) => (Some(length(period)), None),
            Window::AllTime => {
                reach.back = None;
                continue;
            }
        };
        reach.ahead.extend(ahead);
        reach.back.iter_mut().for_each(|all| all.extend(back));
    }
    if let Some(sequence) = &rule.sequence {
        reach.back.iter_mut().for_each(|all| all.push(sequence.within));
        if sequence.steps.last().is_some_and(|s| s.times == Times::None) {
            reach.ahead.push(sequence.within);
        }
    }
    if let Some(once) = &rule.once {
        reach.back.iter_mut().for_each(|all| all.push(length(once.period)));
    }
    // Whether the limit was passed just before is told from the window of the record before.
    if let (Body::Limit { .. }, Some(back)) = (&rule.body, &mut reach.back) {
        let again = back.clone();
        back.extend(again);
    }
    let each = matches!(rule.trigger, Trigger::Each { .. });
    if each || by_day && (instants || !reach.ahead.is_empty()) {
        reach.days += DAY;
    }
    // A day begins at different moments.
    if zones {
        reach.days += 2 * DAY;
    }
    let lengths = reach.ahead.len() + reach.back.as_ref().map_or(0, Vec::len);
    reach.slack = if lengths > 1 { 4 * DAY } else { 0 };
    reach.early = rule.level == 0
        && rule.once.is_none()
        && matches!((&rule.trigger, &rule.body), (Trigger::Record { .. }, Body::Forbid | Body::Require { .. }));
    reach.at_end = matches!(rule.trigger, Trigger::Each { at: EachAt::AsOf, .. }) || speaks_of_the_end(plan, rule);
    reach
}

/// No period is longer.
fn length(period: Period) -> Length {
    let months = match period {
        Period::Day => return Length::days(1),
        Period::Month => 1,
        Period::Quarter | Period::FiscalQuarter => 3,
        Period::Year | Period::FiscalYear => 12,
    };
    Length { months, ..Length::default() }
}

fn dated(plan: &Plan, kind: KindId) -> bool {
    let of = plan.schema.kind(kind);
    of.time().is_some_and(|c| plan.schema.column(kind, c).ty == Type::Date)
}

fn speaks_of_the_end(plan: &Plan, rule: &RulePlan) -> bool {
    let histories = rule.histories.iter().filter_map(|&h| plan.histories.get(h as usize));
    let of_histories = histories.flat_map(|h| {
        let keys = h.keys.iter().chain(&h.joins).flat_map(|k| [&k.inner, &k.outer]);
        h.value.iter().chain(keys).chain(&h.inner).chain(&h.pair).chain(h.per.iter().map(|p| &p.1))
    });
    let own = rule.filter.iter().chain(&rule.when);
    let own = own.chain(rule.unless.iter().map(|u| &u.condition));
    let own = own.chain(rule.waivers.iter().filter_map(|w| w.condition.as_ref()));
    let own = own.chain(rule.once.iter().flat_map(|o| o.keys.iter().map(|k| &k.1)));
    let limit = if let Body::Limit { to, .. } = &rule.body { Some(to) } else { None };
    let mut found = false;
    for expr in own.chain(limit).chain(of_histories) {
        expr.walk(&mut |e| found |= matches!(e.op, Op::AsOf));
    }
    found
}

impl Reach {
    fn none(plan: &Plan) -> Reach {
        let kinds = vec![false; plan.schema.kinds.len()];
        Reach {
            ahead: Vec::new(),
            back: None,
            days: 0,
            slack: 0,
            early: false,
            at_end: false,
            kinds,
            below: Vec::new(),
        }
    }

    /// The kinds of which files hold records of this one.
    fn sees(&mut self, plan: &Plan, kind: KindId) {
        self.kinds[kind.0 as usize] = true;
        if let Origin::Union(members) = &plan.schema.kind(kind).origin {
            members.iter().for_each(|(member, _)| self.kinds[member.0 as usize] = true);
        }
    }

    /// It looks at what others say.
    fn over(&mut self, lower: &[Reach]) {
        for reach in lower {
            self.at_end |= reach.at_end;
            self.kinds.iter_mut().zip(&reach.kinds).for_each(|(own, other)| *own |= other);
            let bare = Reach { kinds: Vec::new(), ..reach.clone() };
            if !self.below.contains(&bare) {
                self.below.push(bare);
            }
        }
    }

    /// Whether no record is ever so old that it is not looked at.
    pub fn is_endless(&self) -> bool {
        self.back.is_none() || self.at_end || self.below.iter().any(Reach::is_endless)
    }

    /// What comes so much later than a record changes nothing there: at least so long, in nanoseconds.
    pub(super) fn window(&self) -> i64 {
        let own =
            self.ahead.iter().fold(self.days.saturating_add(self.slack), |sum, by| sum.saturating_add(longest(*by)));
        own.saturating_add(self.below.iter().map(Reach::window).max().unwrap_or(0))
    }

    /// About how many days of records it looks at, at most.
    pub fn days_back(&self) -> i64 {
        bound(self) / DAY
    }

    fn moved<'a>(cx: &Context<'_>, at: i64, by: impl Iterator<Item = &'a Length>, beyond: i64) -> i64 {
        let mut at = at;
        for by in by {
            let by = if beyond < 0 { by.checked_neg() } else { Some(*by) };
            at = match by.map(|by| business::instant(cx, at, by)) {
                Some(Ok(at)) => at,
                // Where business days cannot be counted, nothing is looked for.
                Some(Err(business::Beyond::Unclear(_))) => at,
                _ => return beyond,
            };
        }
        at
    }

    /// What comes behind this changes nothing at a record of this moment.
    pub(super) fn until(&self, cx: &Context<'_>, at: i64) -> i64 {
        let at = Reach::moved(cx, at, self.ahead.iter(), i64::MAX);
        let own = at.saturating_add(self.days).saturating_add(if self.ahead.is_empty() { 0 } else { self.slack });
        self.below.iter().map(|below| below.until(cx, own)).max().unwrap_or(own)
    }

    /// Nothing before this is looked at from records that are not final while all is there up to a moment.
    pub(super) fn from(&self, cx: &Context<'_>, complete: i64) -> Option<i64> {
        let back = self.back.as_ref()?;
        let open = Reach::moved(cx, complete, self.ahead.iter(), i64::MIN);
        let at = Reach::moved(cx, open, back.iter(), i64::MIN);
        let own = at.saturating_sub(2 * (self.days + self.slack) + 2 * DAY);
        self.below.iter().try_fold(own, |least, below| Some(least.min(below.from(cx, own)?)))
    }
}

/// A rule looks back no farther, in nanoseconds.
pub(super) fn bound(reach: &Reach) -> i64 {
    let back = reach.back.iter().flatten().chain(&reach.ahead);
    let slack = 2 * (reach.days + reach.slack) + 4 * DAY;
    let own = back.fold(slack, |sum, by| sum.saturating_add(longest(*by)));
    own.saturating_add(reach.below.iter().map(bound).max().unwrap_or(0))
}

/// No such length is longer: of business days, one a week.
fn longest(by: Length) -> i64 {
    let days = 31 * i64::from(by.months.max(0)) + i64::from(by.days.max(0)) + 7 * i64::from(by.business.max(0)) + 2;
    days.saturating_mul(DAY).saturating_add(by.nanos.max(0))
}
