use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, walk};
use crate::syntax::ast::{CompareOp, ExprKind};

pub const LINT: Lint = Lint { code: Code::ComparedWithTruth, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for e in walk::written(context) {
        walk::each_written(e, &mut |e| {
            let ExprKind::Compare { op, left, right, .. } = &e.kind else { return };
            let (of, truth) = match (&left.kind, &right.kind) {
                (_, ExprKind::Bool(truth)) => (left, *truth),
                (ExprKind::Bool(truth), _) => (right, *truth),
                _ => return,
            };
            let positive = match op {
                CompareOp::Eq => truth,
                CompareOp::Ne => !truth,
                _ => return,
            };
            let text = context.text(of.span);
            let d = Diagnostic::advice(LINT.code, format!("`{text}` is a condition itself"), e.span, "compared with a truth");
            // An absent value makes a comparison false; turned round, it would hold.
            let plain = matches!(of.kind, ExprKind::Name(_) | ExprKind::Field { .. });
            let optional = matches!(&of.kind, ExprKind::Optional(inner) if matches!(inner.kind, ExprKind::Name(_) | ExprKind::Field { .. }));
            found.push(match (positive, plain, optional) {
                (true, true, _) => d.safe_fix("leave the comparison out", e.span, text),
                (true, _, true) if *op == CompareOp::Eq => d.safe_fix("leave the comparison out", e.span, text),
                (false, true, _) => d.safe_fix("write `not`", e.span, format!("not {text}")),
                _ => return,
            });
        });
    }
}
