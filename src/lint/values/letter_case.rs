use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, walk};
use crate::syntax::ast::{ExprKind, TextOp};

pub const LINT: Lint = Lint { code: Code::LetterCase, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for e in walk::written(context) {
        walk::each_written(e, &mut |e| {
            let ExprKind::TextTest { op: TextOp::Contains | TextOp::EndsWith | TextOp::StartsWith, right, ignoring_case: false, .. } =
                &e.kind
            else {
                return;
            };
            let ExprKind::Text(text) = &right.kind else { return };
            // A key with digits or signs in it, as `EU-`, is written in one way.
            if !text.chars().any(char::is_alphabetic) || text.chars().any(|c| c.is_ascii_digit() || "-_/:@".contains(c)) {
                return;
            }
            found.push(
                Diagnostic::advice(
                    LINT.code,
                    "this test tells capital and small letters apart",
                    e.span,
                    format!("does not find `{}`", text.to_uppercase()),
                )
                .fix("ignore the case", e.span, format!("{} ignoring case", context.text(e.span))),
            );
        });
    }
}
