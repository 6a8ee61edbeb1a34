use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, walk};
use crate::syntax::ast::{Expr, ExprKind};

pub const LINT: Lint = Lint { code: Code::StraySpace, level: Level::Warning, on: true, check };

/// In a text test a space may tell words apart.
fn check(context: &Context, found: &mut Found) {
    for e in walk::written(context) {
        walk::each_written(e, &mut |e| match &e.kind {
            ExprKind::Compare { left, right, .. } => [left, right].into_iter().for_each(|e| look(e, found)),
            ExprKind::Set(elements) => elements.iter().for_each(|e| look(e, found)),
            _ => {}
        });
    }
}

fn look(e: &Expr, found: &mut Found) {
    let ExprKind::Text(text) = &e.kind else { return };
    if text.trim() == text || text.trim().is_empty() {
        return;
    }
    found.push(
        Diagnostic::warning(LINT.code, "a text with a space at its edge", e.span, "equal only to a text with the same space")
            .fix("take the space out", e.span, format!("{:?}", text.trim())),
    );
}
