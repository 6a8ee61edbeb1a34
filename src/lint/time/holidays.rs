use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::syntax::ast::ItemKind;

pub const LINT: Lint = Lint { code: Code::NoHolidays, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for item in context.items() {
        let ItemKind::Policy(policy) = &item.kind else { continue };
        let Some(days) = policy.business_days.as_ref().filter(|d| d.except.is_none()) else { continue };
        found.push(
            Diagnostic::advice(LINT.code, "business days without holidays", days.span, "a holiday counts as one")
                .help("name a table of holidays: `business_days monday to friday except holiday`"),
        );
    }
}
