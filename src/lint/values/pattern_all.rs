use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, walk};
use crate::syntax::ast::ExprKind;

pub const LINT: Lint = Lint { code: Code::PatternOfAll, level: Level::Error, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for e in walk::written(context) {
        walk::each_written(e, &mut |e| {
            let ExprKind::Matches { pattern, .. } = &e.kind else { return };
            // A pattern without `^` and `$` that fits nothing at all fits in every text.
            let text = pattern.text.as_str();
            let anchored = text.starts_with('^') && text.ends_with('$') && text != "^.*$";
            if anchored || !regex::Regex::new(text).is_ok_and(|r| r.is_match("") && r.is_match("\u{1}")) {
                return;
            }
            found.push(
                Diagnostic::error(LINT.code, "this pattern fits every text", pattern.span, "fits the empty text, too")
                    .help("write `+` where at least one is meant, or `^` and `$` where it is about the whole text"),
            );
        });
    }
}
