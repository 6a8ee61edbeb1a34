//! Rules that ask for the same but for a limit of one value.

use crate::data::Value;
use crate::lint::reason::{Domain, constant, key, of_history, turned};
use crate::lint::{Context, walk};
use crate::sema::hir::{Body, Expr, ExprKind, Rule};
use crate::source::Span;
use rustc_hash::FxHashMap;

/// A rule that holds where a value is in a set, among other things.
pub struct Threshold<'a> {
    pub rule: &'a Rule,
    pub set: Domain,
    /// The comparison.
    pub span: Span,
}

/// Those of one value, in rules whose other parts are the same.
pub fn groups<'a>(context: &Context<'a>) -> Vec<Vec<Threshold<'a>>> {
    let mut groups: FxHashMap<String, Vec<Threshold<'a>>> = FxHashMap::default();
    let mut order: Vec<String> = Vec::new();
    for rule in &context.hir.rules {
        for (group, threshold) in of_rule(context, rule) {
            if !groups.contains_key(&group) {
                order.push(group.clone());
            }
            let of = groups.entry(group).or_default();
            // One rule, whatever its wordings, is told apart from others only.
            if of.iter().all(|t| t.rule.name != rule.name) {
                of.push(threshold);
            }
        }
    }
    order.iter().filter_map(|group| groups.remove(group)).filter(|g| g.len() > 1).collect()
}

fn of_rule<'a>(context: &Context<'a>, rule: &'a Rule) -> Vec<(String, Threshold<'a>)> {
    let mut parts: Vec<&Expr> = Vec::new();
    rule.trigger.filter().into_iter().for_each(|e| conjuncts(e, &mut parts));
    walk::when(rule).into_iter().for_each(|e| conjuncts(e, &mut parts));
    let need = match &rule.body {
        Body::Forbid { .. } => String::new(),
        Body::Require { need, .. } => of_history(context, need),
        Body::Limit { .. } => return Vec::new(),
    };
    let exceptions: Vec<String> = rule.unless.iter().map(|e| key(context, &e.condition)).collect();
    let keys: Vec<String> = parts.iter().map(|e| key(context, e)).collect();
    let mut found = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        let Some((term, set)) = compared(context, part) else { continue };
        let mut others: Vec<&str> = keys.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, k)| k.as_str()).collect();
        others.sort_unstable();
        let group = format!(
            "{:?} {:?} {} {term} | {} | {need} | {} | {:?}",
            rule.verb,
            std::mem::discriminant(&rule.trigger),
            rule.trigger.kind().0,
            others.join(" & "),
            exceptions.join(" & "),
            rule.effective,
        );
        found.push((group, Threshold { rule, set, span: part.span }));
    }
    found
}

fn conjuncts<'e>(e: &'e Expr, parts: &mut Vec<&'e Expr>) {
    match &e.kind {
        ExprKind::And(of) => of.iter().for_each(|e| conjuncts(e, parts)),
        // A rule without `when`.
        ExprKind::Constant(Value::Bool(true)) => {}
        _ => parts.push(e),
    }
}

/// A value that is compared with a constant of an order: what it is, and what it may be.
fn compared(context: &Context, e: &Expr) -> Option<(String, Domain)> {
    let ExprKind::Compare { op, left, right, ignoring_case: false } = &e.kind else { return None };
    let (op, of, value) = match (constant(context, left), constant(context, right)) {
        (None, Some(value)) => (*op, left, value),
        (Some(value), None) => (turned(*op), right, value),
        _ => return None,
    };
    if matches!(value, Value::Text(_) | Value::Bool(_)) {
        return None;
    }
    let currency = match value {
        Value::Money(m) => m.currency.to_string(),
        _ => String::new(),
    };
    Some((format!("{} {currency}", key(context, of)), Domain::compared(op, value)?))
}
