use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, fields, walk, words};
use crate::sema::hir::{CompareOp, Expr, ExprKind, Rule};

pub const LINT: Lint = Lint { code: Code::UnitLetOff, level: Level::Advice, on: true, check };

const UNITS: [&str; 12] = [
    "unit", "department", "dept", "team", "division", "office", "branch", "business unit", "cost center", "cost centre", "部门", "团队",
];

fn check(context: &Context, found: &mut Found) {
    for rule in &context.hir.rules {
        for exception in rule.unless.iter().filter(|e| by_unit(context, rule, &e.condition)) {
            let message = format!("the exception `{}` lets a whole unit off", exception.name);
            let d = Diagnostic::advice(LINT.code, message, exception.condition.span, "asks for nothing but the unit")
                .label(rule.name_span, "the rule that does not hold for it");
            found.push(d.help(
                "say what makes the difference there, so that it holds for everyone alike: an approval, a kind of record. \
                 For a time, grant a waiver instead",
            ));
        }
    }
}

/// Nothing but comparisons of units with constants.
fn by_unit(context: &Context, rule: &Rule, e: &Expr) -> bool {
    match &walk::bare(e).kind {
        ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().all(|part| by_unit(context, rule, part)),
        ExprKind::Not(of) => by_unit(context, rule, of),
        ExprKind::Compare { op: CompareOp::Eq | CompareOp::Ne, left, right, .. } => {
            let constant = |e: &Expr| matches!(walk::bare(e).kind, ExprKind::Constant(_));
            is_unit(context, rule, left) && constant(right) || is_unit(context, rule, right) && constant(left)
        }
        ExprKind::In { item, .. } => is_unit(context, rule, item),
        _ => false,
    }
}

fn is_unit(context: &Context, rule: &Rule, e: &Expr) -> bool {
    let kinds = [rule.trigger.kind()];
    let Some((kind, column)) = fields::of(walk::bare(e), &kinds) else { return false };
    let name = fields::last(&context.hir.schema.column(kind, column).name);
    words::first(&words::of(name), UNITS).is_some()
}
