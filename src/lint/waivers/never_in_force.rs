use super::granted;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::WaiverOfNothing, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for granted in granted::all(context) {
        let wordings = || context.hir.rules.iter().filter(|rule| rule.name == granted.rule);
        let (from, until) = (granted.waiver.from, granted.waiver.until);
        let meets = wordings().any(|r| r.effective.0.is_none_or(|d| d < until) && r.effective.1.is_none_or(|d| d > from));
        let Some(rule) = wordings().next().filter(|_| !meets) else { continue };
        let message = format!("the waiver of `{}` lets nothing pass: the rule is not in force on any of its days", rule.name);
        let d = Diagnostic::warning(LINT.code, message, granted.from().to(granted.until()), "the days that it is for")
            .label(rule.name_span, "see the rule's `effective`");
        found.push(d.help("take the waiver out, or correct its dates"));
    }
}
