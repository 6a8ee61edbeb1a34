//! A stream that goes on under a policy set that has changed.
//!
//! A rule that was there before goes on where it was: what it has said stays said, and what was still open is judged
//! by its text as it is now. A rule that is new judges records that are not complete yet; one that looks back judges
//! only those for which all that it looks at was kept.

use super::reach::bound;
use super::{Reach, RuleStanding, Standing};
use crate::plan::{Plan, RulePlan};

/// What a changed set means for one of its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopted {
    pub rule: String,
    /// It judges records that are later than this, in nanoseconds since 1970; never, where it looks at all that ever
    /// was, and not all of that was kept.
    pub from: Option<i64>,
}

/// By which a rule is known: its wordings have one name.
pub fn name(rule: &RulePlan) -> String {
    format!("{} {}", rule.name, rule.revision)
}

/// Brings what is known of a stream under this plan. Which rules are new, where the stream has begun.
pub fn adopt(standing: &mut Standing, plan: &Plan, reaches: &[Reach]) -> Vec<Adopted> {
    let begun = standing.complete;
    for kind in &plan.schema.kinds {
        if standing.kinds.insert(kind.name.clone())
            && let Some(complete) = begun
        {
            standing.since.insert(kind.name.clone(), complete);
        }
    }
    let mut new = Vec::new();
    for (rule, reach) in plan.rules.iter().zip(reaches) {
        let window = reach.window();
        if let Some(of) = standing.rules.get_mut(&name(rule)) {
            if of.window != window {
                of.from = of.from.max(of.said.saturating_sub(of.window));
                of.window = window;
            }
            continue;
        }
        let of_kind = |k: usize| standing.since.get(&plan.schema.kinds[k].name).copied();
        let kept = (0..reach.kinds.len()).filter(|&k| reach.kinds[k]).filter_map(of_kind).max();
        let from = match (begun, kept.filter(|at| *at > i64::MIN)) {
            (None, _) => i64::MIN,
            (Some(_), Some(_)) if reach.is_endless() => i64::MAX,
            (Some(complete), kept) => complete.max(kept.map_or(i64::MIN, |at| at.saturating_add(bound(reach)))),
        };
        if begun.is_some() {
            new.push(Adopted { rule: rule.name.clone(), from: Some(from).filter(|f| *f < i64::MAX) });
        }
        standing.rules.insert(name(rule), RuleStanding { said: i64::MIN, from, window });
    }
    // One that comes back later is new then.
    standing.rules.retain(|of, _| plan.rules.iter().any(|r| name(r) == *of));
    new
}
