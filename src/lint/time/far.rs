use crate::data::calendar::civil;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::source::Span;
use crate::syntax::ast::{ClauseKind, Expr, ExprKind, ItemKind};

pub const LINT: Lint = Lint { code: Code::FarDate, level: Level::Warning, on: true, check };

/// The first year of which rules about anything in a log are likely.
const FIRST: i32 = 1950;
/// So many years ahead are planned.
const AHEAD: i32 = 10;

fn check(context: &Context, found: &mut Found) {
    let this_year = civil(context.today).0;
    let mut look = |e: &Expr, what: &str| {
        let ExprKind::Date(text) = &e.kind else { return };
        let Some(year) = text.split('-').next().and_then(|y| y.parse::<i32>().ok()) else { return };
        let label = match year {
            y if y < FIRST => "long before any record",
            y if y > this_year + AHEAD => "far ahead",
            _ => return,
        };
        found.push(told(text, what, e.span, label));
    };
    for (_, rule) in context.rule_items() {
        for clause in &rule.clauses {
            if let ClauseKind::Effective { from, until } = &clause.kind {
                look(from, "a rule");
                until.iter().for_each(|e| look(e, "a rule"));
            }
        }
    }
    for item in context.items() {
        if let ItemKind::Param(param) = &item.kind {
            param.later.iter().for_each(|(day, _)| look(day, "a value"));
        }
    }
}

fn told(text: &str, what: &str, span: Span, label: &str) -> Diagnostic {
    Diagnostic::warning(LINT.code, format!("{what} changes on {text}, which is likely a slip"), span, label)
        .help("write the year as it is meant; a rule without `effective` always holds")
}
