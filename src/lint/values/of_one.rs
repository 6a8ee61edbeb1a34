use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, walk};
use crate::sema::What;
use crate::syntax::ast::{Expr, ExprKind};

pub const LINT: Lint = Lint { code: Code::SetOfOne, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for e in walk::written(context) {
        walk::each_written(e, &mut |e| {
            let ExprKind::In { item, set, negated, ignoring_case } = &e.kind else { return };
            let ExprKind::Set(elements) = &set.kind else { return };
            let [one] = elements.as_slice() else { return };
            if !is_value(context, one) {
                return;
            }
            let op = if *negated { "!=" } else { "==" };
            let case = if *ignoring_case { " ignoring case" } else { "" };
            let plain = format!("{} {op} {}{case}", context.text(item.span), context.text(one.span));
            found.push(
                Diagnostic::advice(LINT.code, "a set of one value", e.span, "one value is looked for")
                    .safe_fix(format!("write `{op}`"), e.span, plain),
            );
        });
    }
}

/// A constant, and not the name of a set of them.
pub fn is_value(context: &Context, e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Text(_)
        | ExprKind::Number(_)
        | ExprKind::Date(_)
        | ExprKind::Timestamp(_)
        | ExprKind::Percent(_)
        | ExprKind::Quantity { .. } => true,
        ExprKind::Name(_) => context.named_in(e.span).any(|u| u.what == What::Word),
        _ => false,
    }
}
