use crate::data::display;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::RuleEnded, level: Level::Advice, on: true, check };

/// Records older than that are rarely judged.
const YEARS: i32 = 5;

fn check(context: &Context, found: &mut Found) {
    for (i, rule) in context.hir.rules.iter().enumerate() {
        let last = context.hir.rules.get(i + 1).is_none_or(|next| next.name != rule.name);
        let Some(until) = rule.effective.1.filter(|_| last) else { continue };
        if until < context.today - YEARS * 365 {
            found.push(
                Diagnostic::advice(
                    LINT.code,
                    format!("`{}` has not been in force since {}", rule.name, display::date(until)),
                    rule.name_span,
                    "its last wording has ended",
                )
                .help("take it out once no record of its time is judged any more; the history of the file keeps it"),
            );
        }
    }
}
