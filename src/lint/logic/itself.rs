use crate::diag::{Code, Diagnostic, Level};
use crate::lint::context::within;
use crate::lint::reason::{constant, key};
use crate::lint::{Context, Found, Lint, walk};
use crate::sema::hir::ExprKind;

pub const LINT: Lint = Lint { code: Code::ComparedWithItself, level: Level::Error, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for rule in &context.hir.rules {
        walk::of_rule(rule, &mut |e| {
            let ExprKind::Compare { left, right, .. } = &e.kind else { return };
            // Two constants are a condition that always holds, or never.
            let same = constant(context, left).is_none() && key(context, left) == key(context, right);
            if !same || !within(e.span, rule.span) || !within(left.span, e.span) || !within(right.span, e.span) {
                return;
            }
            let (a, b) = (context.text(left.span), context.text(right.span));
            let message = match a == b {
                true => format!("`{a}` is compared with itself"),
                false => format!("`{a}` and `{b}` are the same value"),
            };
            let d = Diagnostic::error(LINT.code, message, e.span, "both sides are one value");
            let other = "compare it with the other record's field, by its name: `approval.approver != actor`";
            found.push(d.help(other));
        });
    }
}
