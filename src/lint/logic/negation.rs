use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, walk};
use crate::source::Span;
use crate::syntax::ast::{CompareOp, ExprKind};

pub const LINT: Lint = Lint { code: Code::NeedlessNegation, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for e in walk::written(context) {
        walk::each_written(e, &mut |e| {
            let ExprKind::Not(of) = &e.kind else { return };
            if let ExprKind::Not(inner) = &of.kind {
                let plain = context.text(inner.span);
                let d = Diagnostic::advice(LINT.code, "`not` stands twice", e.span, "the same as without both");
                let whole = matches!(inner.kind, ExprKind::Name(_) | ExprKind::Field { .. });
                found.push(match whole {
                    true => d.safe_fix("take both out", e.span, plain),
                    false => d.help("take both out"),
                });
                return;
            }
            let ExprKind::Compare { op, op_span, left, right, .. } = &of.kind else { return };
            // Where a value is absent, `not (a? == b)` holds and `a? != b` does not.
            let mut optional = false;
            for side in [left, right] {
                walk::each_written(side, &mut |e| optional |= matches!(e.kind, ExprKind::Optional(_)));
            }
            let Some(opposite) = opposite(*op).filter(|_| !optional) else { return };
            let span = of.span;
            let before = context.text(Span { end: op_span.start, ..span });
            let after = context.text(Span { start: op_span.end, ..span });
            let (before, after) = match (before.strip_prefix('('), after.strip_suffix(')')) {
                (Some(before), Some(after)) if left.span.start > span.start => (before.trim_start(), after.trim_end()),
                _ => (before, after),
            };
            found.push(
                Diagnostic::advice(LINT.code, "a comparison that is turned round by `not`", e.span, "reads backwards")
                    .safe_fix("write the opposite comparison", e.span, format!("{before}{opposite}{after}")),
            );
        });
    }
}

fn opposite(op: CompareOp) -> Option<&'static str> {
    Some(match op {
        CompareOp::Eq => "!=",
        CompareOp::Ne => "==",
        CompareOp::Lt => ">=",
        CompareOp::Le => ">",
        CompareOp::Gt => "<=",
        CompareOp::Ge => "<",
    })
}
