use crate::data::Value;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::context::within;
use crate::lint::reason::constant;
use crate::lint::{Context, Found, Lint, walk};
use crate::sema::hir::{CompareOp, Expr, ExprKind, Rule, Trigger};

pub const LINT: Lint = Lint { code: Code::DateInCondition, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for rule in &context.hir.rules {
        if !matches!(rule.trigger, Trigger::Record { .. }) {
            continue;
        }
        for e in rule.trigger.filter().into_iter().chain(walk::when(rule)) {
            look(context, rule, e, found);
        }
    }
}

/// Only what the whole condition hangs on.
fn look(context: &Context, rule: &Rule, e: &Expr, found: &mut Found) {
    match &e.kind {
        ExprKind::And(parts) => parts.iter().for_each(|part| look(context, rule, part, found)),
        ExprKind::Compare { op, left, right, .. } if !matches!(op, CompareOp::Eq | CompareOp::Ne) => {
            let dated = |e: &Expr| matches!(constant(context, e), Some(Value::Date(_) | Value::Timestamp(_)));
            let own = (is_time(context, rule, left) && dated(right)) || (is_time(context, rule, right) && dated(left));
            if own && within(e.span, rule.span) {
                found.push(
                    Diagnostic::advice(
                        LINT.code,
                        "a condition that says from when on the rule holds",
                        e.span,
                        "the record's own time",
                    )
                    .help("`effective from 2026-01-01` says so, and then the rule can be revised from another day on"),
                );
            }
        }
        _ => {}
    }
}

fn is_time(context: &Context, rule: &Rule, e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Convert(of) => is_time(context, rule, of),
        ExprKind::EventTime { root: 0 } => true,
        ExprKind::Column { root: 0, column } => {
            context.hir.schema.kind(rule.trigger.kind()).time() == Some(*column)
        }
        _ => false,
    }
}
