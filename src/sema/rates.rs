//! Rates between currencies: one set of them, and how old one may be.

use super::expr::Typer;
use super::world::{Names, World};
use crate::data::{ColumnId, KindId, Length};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::Ident;

const MOST_DAYS: i32 = 36_500;

/// Works out how old a rate may be, once lengths can be read.
pub fn check<'a>(world: &mut World<'a>, names: &Names<'a>) {
    for (i, (file, item)) in names.rates.iter().enumerate() {
        let name = &item.kind.name;
        let Some(&kind) = world.kinds.get(name.text.as_str()) else { continue };
        // All of a row says which it is, so that two that differ both stay.
        world.schema.kinds[kind.0 as usize].identity = (0..4).map(ColumnId).collect();
        if i > 0 {
            let first = names.rates[0].1.kind.name.span;
            world.report.tell(
                Diagnostic::error(
                    Code::BadRates,
                    "a second set of rates",
                    name.span,
                    "which of them holds is not said",
                )
                .label(first, "the first is declared here")
                .help("keep one, and let several sources fill it:\n    source another_bank for NAME { … }"),
            );
            continue;
        }
        let Some(valid) = &item.valid else {
            let d = Diagnostic::error(
                Code::BadRates,
                format!("`rates {}` does not say how old a rate may be", name.text),
                name.span,
                "for how many days does a rate hold?",
            );
            world.report.tell(d.help(format!(
                "over a weekend the rate of Friday is used, and no older one than you say:\n    rates {} valid for 7 days",
                name.text
            )));
            continue;
        };
        let Some(length) = Typer::new(world, *file).length(valid) else { continue };
        match days(length) {
            Some(days) => world.schema.kinds[kind.0 as usize].rates = Some(days),
            None => world.report.tell(no_days(valid.span)),
        }
    }
}

fn days(length: Length) -> Option<u32> {
    let whole = length.months == 0 && length.business == 0 && length.nanos == 0;
    let days = u32::try_from(length.days).ok()?;
    (whole && length.days <= MOST_DAYS).then_some(days)
}

fn no_days(span: Span) -> Diagnostic {
    Diagnostic::error(Code::BadRates, "a rate holds for whole days", span, "not a number of days").help(
        "rates are those of a day; count in days or weeks, `valid for 7 days`; with `0 days`, only on their own day",
    )
}

/// Rates are nothing that a rule looks up or goes over; told where that is tried.
pub fn no_table(world: &World, kind: KindId, name: &Ident) -> Option<()> {
    let declared = world.schema.kind(kind);
    if declared.rates.is_none() {
        return Some(());
    }
    world.report.fail(
        Diagnostic::error(
            Code::RatesAsTable,
            format!("`{}` are rates; they are not looked up or gone over", name.text),
            name.span,
            "not a table or record",
        )
        .label(declared.span, "declared here")
        .help("compare or add the amounts: the rate of the day is applied by itself, `value > 100 USD`"),
    )
}
