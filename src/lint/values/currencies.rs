use crate::data::{Currency, Value};
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::context::within;
use crate::lint::reason::constant;
use crate::lint::{Context, Found, Lint, walk};
use crate::sema::hir::{ExprKind, Rule};
use crate::source::Span;
use rustc_hash::FxHashMap;

pub const LINT: Lint = Lint { code: Code::MixedCurrencies, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    if context.hir.schema.rates().is_some() {
        return;
    }
    let mut first: FxHashMap<String, (Currency, &Rule, Span)> = FxHashMap::default();
    for rule in &context.hir.rules {
        walk::of_rule(rule, &mut |e| {
            let ExprKind::Compare { left, right, .. } = &e.kind else { return };
            for (of, amount) in [(left, right), (right, left)] {
                let ExprKind::Column { root: 0, column } = &walk::bare(of).kind else { continue };
                let Some(Value::Money(money)) = constant(context, amount) else { continue };
                let place = if within(e.span, rule.span) { e.span } else { rule.name_span };
                let key = format!("{}.{}", rule.trigger.kind().0, column.0);
                let (currency, other, span) = *first.entry(key).or_insert((money.currency, rule, place));
                if currency != money.currency {
                    found.push(
                        Diagnostic::warning(
                            LINT.code,
                            format!("the same amounts are compared with {currency} and with {}", money.currency),
                            place,
                            format!("{} here", money.currency),
                        )
                        .label(span, format!("{currency} in `{}`", other.name))
                        .help("without rates, an amount in the other currency is indeterminate: declare them, `rates ecb valid for 7 days`, or write one currency"),
                    );
                }
            }
        });
    }
}
