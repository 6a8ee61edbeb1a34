use crate::data::Decimal;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, walk};
use crate::syntax::ast::ExprKind;

pub const LINT: Lint = Lint { code: Code::SmallPercent, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for e in walk::written(context) {
        walk::each_written(e, &mut |e| {
            let ExprKind::Percent(number) = &e.kind else { return };
            let Ok(value) = Decimal::parse(number) else { return };
            if value <= Decimal::ZERO || value >= Decimal::from_int(1) {
                return;
            }
            let hundred = value.checked_mul(Decimal::from_int(100)).unwrap_or(value);
            let meant = format!("{hundred} %");
            found.push(
                Diagnostic::advice(LINT.code, "less than one percent", e.span, format!("was {meant} meant?"))
                    .help(format!("a percentage is written as such: {meant} is {value} of the whole")),
            );
        });
    }
}
