use super::of_one::is_value;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, walk};
use crate::syntax::ast::{CompareOp, Expr, ExprKind};

pub const LINT: Lint = Lint { code: Code::ChainOfEquals, level: Level::Advice, on: true, check };

/// Two are read as fast as a set.
const LEAST: usize = 3;

fn check(context: &Context, found: &mut Found) {
    for e in walk::written(context) {
        walk::each_written(e, &mut |e| {
            let (parts, op, word, list) = match &e.kind {
                ExprKind::Or(parts) => (parts, CompareOp::Eq, "or", "in"),
                ExprKind::And(parts) => (parts, CompareOp::Ne, "and", "not in"),
                _ => return,
            };
            let values: Vec<_> = parts.iter().map_while(|p| value(context, p, op, &parts[0])).collect();
            if values.len() < LEAST || values.len() < parts.len() {
                return;
            }
            let ExprKind::Compare { left, ignoring_case, .. } = &parts[0].kind else { return };
            let case = if *ignoring_case { " ignoring case" } else { "" };
            let mended = format!("{} {list} {{ {} }}{case}", context.text(left.span), values.join(", "));
            found.push(
                Diagnostic::advice(LINT.code, format!("one value, compared again and again with `{word}`"), e.span, "a set says it")
                    .safe_fix("write a set", e.span, mended),
            );
        });
    }
}

/// What the part compares the same value with.
fn value<'a>(context: &Context<'a>, part: &Expr, wanted: CompareOp, first: &Expr) -> Option<&'a str> {
    let ExprKind::Compare { op, left, right, ignoring_case, .. } = &part.kind else { return None };
    let ExprKind::Compare { left: of, ignoring_case: as_first, .. } = &first.kind else { return None };
    let same = *op == wanted && ignoring_case == as_first && context.text(left.span) == context.text(of.span);
    let money = matches!(&right.kind, ExprKind::Quantity { unit, .. } if unit.text.len() == 3 && unit.text.chars().all(char::is_uppercase));
    (same && !money && is_value(context, right)).then(|| context.text(right.span))
}
