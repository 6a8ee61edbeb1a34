use crate::data::Currency;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, walk};
use crate::syntax::ast::ExprKind;

pub const LINT: Lint = Lint { code: Code::PointedThousand, level: Level::Warning, on: true, check };

/// Of these a thousandth is a coin (ISO 4217).
const IN_THOUSANDTHS: &[&str] = &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

fn check(context: &Context, found: &mut Found) {
    for e in walk::written(context) {
        walk::each_written(e, &mut |e| {
            let ExprKind::Quantity { number, unit } = &e.kind else { return };
            let Some((whole, part)) = number.split_once('.') else { return };
            let money = Currency::parse(&unit.text).is_some() && !IN_THOUSANDTHS.contains(&unit.text.as_str());
            if !money || part.len() != 3 || whole.len() > 3 || whole.starts_with('0') {
                return;
            }
            let meant = format!("{whole}_{part} {}", unit.text);
            let read = format!("{whole}.{part}");
            let read = read.trim_end_matches('0').trim_end_matches('.');
            let label = format!("this is {read} {}: was {meant} meant?", unit.text);
            found.push(
                Diagnostic::warning(LINT.code, "the point stands before decimals", e.span, label)
                    .fix("if thousands are meant, part them by `_` or not at all", e.span, meant),
            );
        });
    }
}
