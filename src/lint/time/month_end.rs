use crate::diag::{Code, Diagnostic, Level};
use crate::lint::context::within;
use crate::lint::{Context, Found, Lint, walk};
use crate::sema::hir::{ExprKind, Window};

pub const LINT: Lint = Lint { code: Code::MonthEnd, level: Level::Advice, on: false, check };

fn check(context: &Context, found: &mut Found) {
    for rule in &context.hir.rules {
        let mut places = Vec::new();
        for history in walk::histories(rule) {
            if let Window::Before(by) | Window::After(by) | Window::Around(by) | Window::Over(by) = &history.window
                && by.months != 0
            {
                places.push(history.span);
            }
        }
        walk::of_rule(rule, &mut |e| {
            if let ExprKind::Shift { by, .. } = &e.kind
                && by.months != 0
            {
                places.push(e.span);
            }
        });
        for span in places.into_iter().filter(|s| within(*s, rule.span)) {
            found.push(
                Diagnostic::advice(
                    LINT.code,
                    "months are not of one length",
                    span,
                    "a month from 31 January ends on 28 or 29 February",
                )
                .help("if a number of days is meant, write it: `30 days`, `365 days`"),
            );
        }
    }
}
