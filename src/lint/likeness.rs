//! Whether two rules ask for the same.

use super::Context;
use super::reason::{constant, key, of_history};
use super::walk;
use crate::sema::hir::{Body, EachAt, ExprKind, Rule, Trigger};
use std::fmt::Write;

/// One text for what a rule finds, and for how grave that is.
pub fn asked(context: &Context, rule: &Rule) -> String {
    format!("{} {:?}", of(context, rule), rule.severity)
}

/// One text for what a rule finds.
pub fn of(context: &Context, rule: &Rule) -> String {
    let mut out = trigger(context, rule);
    let _ = write!(out, " {:?} when ", rule.verb);
    if let Some(when) = walk::when(rule) {
        out.push_str(&key(context, when));
    }
    match &rule.body {
        Body::Forbid { .. } => {}
        Body::Require { need, .. } => out.push_str(&of_history(context, need)),
        Body::Limit { aggregate, to, .. } => {
            let _ = write!(out, "{} to {}", of_history(context, aggregate), key(context, to));
        }
    }
    let mut exceptions: Vec<String> = rule.unless.iter().map(|e| key(context, &e.condition)).collect();
    exceptions.sort();
    let _ = write!(out, " unless {}", exceptions.join(" | "));
    if let Some(once) = &rule.once {
        let keys: Vec<String> = once.keys.iter().map(|e| key(context, e)).collect();
        let _ = write!(out, " once {:?} {}", once.period, keys.join(","));
    }
    let _ = write!(out, " {:?}", rule.clock);
    out
}

/// The same without the values of constants, where there is one constant only: rules of one shape.
pub fn but_constants(context: &Context, rule: &Rule) -> Option<String> {
    let mut constants = Vec::new();
    walk::of_rule(rule, &mut |e| {
        if let (ExprKind::Constant(_), Some(value)) = (&e.kind, constant(context, e)) {
            constants.push(format!("{value:?}"));
        }
        if let ExprKind::In { set, .. } = &e.kind {
            constants.extend(set.iter().map(|v| format!("{v:?}")));
        }
    });
    constants.sort();
    constants.dedup();
    let [one] = constants.as_slice() else { return None };
    let text = of(context, rule);
    // Of a limit, the text holds its filter twice.
    text.contains(one.as_str()).then(|| text.replace(one.as_str(), "*"))
}

fn trigger(context: &Context, rule: &Rule) -> String {
    let filter = rule.trigger.filter().map(|f| key(context, f)).unwrap_or_default();
    match &rule.trigger {
        Trigger::Record { kind, .. } => format!("on {} where {filter}", kind.0),
        Trigger::Each { table, at, .. } => {
            let at = match at {
                EachAt::EndOf(period) => format!("{period:?}"),
                EachAt::AsOf => "as_of".into(),
            };
            format!("on each {} at {at} where {filter}", table.0)
        }
        Trigger::Sequence(s) => {
            let steps: Vec<String> = s
                .steps
                .iter()
                .map(|step| {
                    let filter = step.filter.as_ref().map(|f| key(context, f)).unwrap_or_default();
                    let keys: Vec<String> = step.keys.iter().map(|k| key(context, &k.inner)).collect();
                    format!("{:?} {} by {} where {filter}", step.times, step.kind.0, keys.join(","))
                })
                .collect();
            format!("on sequence {:?} {}", s.within, steps.join(" then "))
        }
    }
}
