use super::clock;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, walk};
use crate::syntax::ast::ExprKind;

pub const LINT: Lint = Lint { code: Code::TimeWithoutZone, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for e in walk::written(context) {
        walk::each_written(e, &mut |e| {
            let ExprKind::Timestamp(text) = &e.kind else { return };
            let time = text.split_once('T').map_or("", |(_, time)| time);
            if time.contains(['Z', 'z', '+', '-']) || clock::has_zone(context, e.span.file) {
                return;
            }
            found.push(
                Diagnostic::warning(
                    LINT.code,
                    format!("it is not said in which time zone `{text}` is"),
                    e.span,
                    "read as UTC",
                )
                .help(format!("write the offset, `{text}+08:00`; or {}", clock::how(context, e.span.file))),
            );
        });
    }
}
