//! Literals with units: numbers, sizes, durations, money, lengths of calendar time, dates and timestamps.

use super::currencies;
use super::report::Reporter;
use crate::data::{Decimal, Length, Money, Value, Zone};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::Ident;

const SECOND: i64 = 1_000_000_000;

/// What a unit word measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Nanos(i64),
    Days(i64),
    Months(i64),
    BusinessDays,
    Bytes(i64),
}

const UNITS: [(&str, Unit); 27] = [
    ("second", Unit::Nanos(SECOND)),
    ("seconds", Unit::Nanos(SECOND)),
    ("minute", Unit::Nanos(60 * SECOND)),
    ("minutes", Unit::Nanos(60 * SECOND)),
    ("hour", Unit::Nanos(3600 * SECOND)),
    ("hours", Unit::Nanos(3600 * SECOND)),
    ("day", Unit::Days(1)),
    ("days", Unit::Days(1)),
    ("business day", Unit::BusinessDays),
    ("business days", Unit::BusinessDays),
    ("week", Unit::Days(7)),
    ("weeks", Unit::Days(7)),
    ("month", Unit::Months(1)),
    ("months", Unit::Months(1)),
    ("year", Unit::Months(12)),
    ("years", Unit::Months(12)),
    ("B", Unit::Bytes(1)),
    ("byte", Unit::Bytes(1)),
    ("bytes", Unit::Bytes(1)),
    ("kB", Unit::Bytes(1000)),
    ("MB", Unit::Bytes(1000 * 1000)),
    ("GB", Unit::Bytes(1000 * 1000 * 1000)),
    ("TB", Unit::Bytes(1000 * 1000 * 1000 * 1000)),
    ("KiB", Unit::Bytes(1 << 10)),
    ("MiB", Unit::Bytes(1 << 20)),
    ("GiB", Unit::Bytes(1 << 30)),
    ("TiB", Unit::Bytes(1 << 40)),
];

pub fn unit(word: &str) -> Option<Unit> {
    UNITS.iter().find(|(name, _)| *name == word).map(|(_, unit)| *unit)
}

/// A number's exact value; told where it cannot be kept.
pub fn number(report: &Reporter, digits: &str, span: Span) -> Option<Decimal> {
    Decimal::parse(digits)
        .map_err(|e| {
            report.tell(
                Diagnostic::error(Code::BadLiteral, format!("`{digits}` is {e}"), span, "this number")
                    .help("numbers are exact: up to 170141183460469231731, with up to 18 decimal places"),
            );
        })
        .ok()
}

/// A whole number of 64 bits.
pub fn int(report: &Reporter, digits: &str, span: Span) -> Option<i64> {
    let whole = number(report, digits, span)?;
    whole.to_int().or_else(|| {
        let what = if digits.contains('.') { "not a whole number" } else { "too large for an `int`" };
        report.fail(
            Diagnostic::error(Code::BadLiteral, format!("`{digits}` is {what}"), span, "here a whole number is needed")
                .help("an `int` is a whole number from -9223372036854775808 to 9223372036854775807"),
        )
    })
}

/// A number with its unit, as it was written.
pub enum Quantity {
    Value(Value),
    Length(Length),
}

fn times(number: Decimal, unit: i64) -> Option<i64> {
    number
        .checked_mul(Decimal::from_int(unit))
        .filter(|d| d.checked_div(Decimal::from_int(unit)) == Some(number))?
        .to_int()
}

/// The code of a currency that is spoken of.
fn spoken(word: &str) -> Option<&'static str> {
    Some(match word.to_lowercase().as_str() {
        "euro" | "euros" => "EUR",
        "dollar" | "dollars" => "USD",
        "pound" | "pounds" => "GBP",
        "yuan" | "rmb" | "renminbi" => "CNY",
        "yen" => "JPY",
        "franc" | "francs" => "CHF",
        "rupee" | "rupees" => "INR",
        _ => return None,
    })
}

/// A unit that is abbreviated or spoken of.
fn other_unit(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    Some(match word.strip_suffix('s').filter(|one| !one.is_empty()).unwrap_or(&word) {
        "s" | "sec" => "seconds",
        "min" | "mn" => "minutes",
        "h" | "hr" => "hours",
        "d" => "days",
        "w" | "wk" => "weeks",
        "mo" | "mth" => "months",
        "y" | "yr" => "years",
        "kilobyte" | "kb" => "kB",
        "megabyte" | "mb" | "meg" => "MB",
        "gigabyte" | "gb" | "gig" => "GB",
        "terabyte" | "tb" => "TB",
        "kibibyte" | "kib" => "KiB",
        "mebibyte" | "mib" => "MiB",
        "gibibyte" | "gib" => "GiB",
        _ => return None,
    })
}

/// `500 CNY`, `30 days`, `10 MB`.
pub fn quantity(report: &Reporter, digits: &str, word: &Ident, span: Span) -> Option<Quantity> {
    let amount = number(report, digits, span)?;
    let Some(unit) = unit(&word.text) else {
        if let Some(currency) = currencies::known(&word.text) {
            return Some(Quantity::Value(Value::Money(Money { amount, currency })));
        }
        let names = UNITS.iter().map(|(name, _)| *name).chain(currencies::all());
        let code = word.text.len() == 3 && word.text.bytes().all(|b| b.is_ascii_uppercase());
        let (what, known) = match code {
            true => ("currency code", "currency codes are those of ISO 4217, such as `500 CNY`"),
            false => (
                "unit",
                "units are `seconds`, `minutes`, `hours`, `days`, `business days`, `weeks`, `months`, `years`; `B`, `kB`, `MB`, `GB`, \
                 `TB`, `KiB`, `MiB`, `GiB`, `TiB`; and currency codes, such as `CNY`",
            ),
        };
        let d = Diagnostic::error(Code::UnknownUnit, format!("`{}` is no {what}", word.text), word.span, "not known");
        if let Some(code) = spoken(&word.text) {
            return report.fail(report.rewrite(d, "a currency is written by its code:", word.span, code));
        }
        if let Some(unit) = other_unit(&word.text) {
            let glued = !report.text(span).contains(char::is_whitespace);
            let unit = if glued { format!(" {unit}") } else { unit.to_owned() };
            return report.fail(report.rewrite(d, "it is written so:", word.span, &unit));
        }
        let d = match report.guess(&word.text, names) {
            Some(_) if code => {
                let near = report.guess(&word.text, currencies::all());
                match near {
                    Some(near) => report.rewrite(d, &format!("did you mean `{near}`?"), word.span, near),
                    None => d.help(known),
                }
            }
            Some(near) => report.rewrite(d, &format!("did you mean `{near}`?"), word.span, near),
            None => d.help(known),
        };
        return report.fail(d);
    };
    let too_large = || {
        report.fail(Diagnostic::error(
            Code::BadLiteral,
            format!("`{digits} {}` is too large or too fine to keep exactly", word.text),
            span,
            "this amount",
        ))
    };
    let length = match unit {
        Unit::Bytes(size) => return times(amount, size).map(|n| Quantity::Value(Value::Bytes(n))).or_else(too_large),
        Unit::Nanos(size) => times(amount, size).map(|nanos| Length { nanos, ..Length::default() }),
        Unit::Days(size) => match times(amount, size) {
            Some(days) => i32::try_from(days).ok().map(Length::days),
            None => times(amount, size * 86_400 * SECOND).map(|nanos| Length { nanos, ..Length::default() }),
        },
        Unit::BusinessDays => amount
            .to_int()
            .and_then(|days| i32::try_from(days).ok())
            .map(|business| Length { business, ..Length::default() }),
        Unit::Months(size) => times(amount, size)
            .and_then(|months| i32::try_from(months).ok())
            .map(|months| Length { months, ..Length::default() }),
    };
    length.map(Quantity::Length).or_else(too_large)
}

/// A length of time as a plain duration; none where it has months.
pub fn nanos(length: Length) -> Option<i64> {
    if length.months != 0 || length.business != 0 {
        return None;
    }
    (length.days as i64).checked_mul(86_400 * SECOND)?.checked_add(length.nanos)
}

pub fn add_lengths(a: Length, b: Length) -> Option<Length> {
    Some(Length {
        months: a.months.checked_add(b.months)?,
        days: a.days.checked_add(b.days)?,
        business: a.business.checked_add(b.business)?,
        nanos: a.nanos.checked_add(b.nanos)?,
    })
}

/// `2025-01-31`.
pub fn date(report: &Reporter, text: &str, span: Span) -> Option<i32> {
    let epoch = jiff::civil::date(1970, 1, 1);
    match text.parse::<jiff::civil::Date>() {
        Ok(date) => epoch.until(date).ok().map(|s| s.get_days()),
        Err(_) => report.fail(
            Diagnostic::error(Code::BadLiteral, format!("`{text}` is no date of the calendar"), span, "this date")
                .help("a date is year, month and day: `2025-01-31`"),
        ),
    }
}

/// `2025-01-31T09:00+08:00`; without an offset it is local time in the zone.
pub fn timestamp(report: &Reporter, text: &str, span: Span, zone: &Zone) -> Option<i64> {
    let instant = match text.parse::<jiff::Timestamp>() {
        Ok(instant) => i64::try_from(instant.as_nanosecond()).ok(),
        Err(_) => local_timestamp(text, zone),
    };
    instant.or_else(|| {
        report.fail(
            Diagnostic::error(Code::BadLiteral, format!("`{text}` is no time of the calendar"), span, "this time")
                .help("a timestamp is a date and a time: `2025-01-31T09:00+08:00`; the years 1678 to 2261 are known"),
        )
    })
}

fn local_timestamp(text: &str, zone: &Zone) -> Option<i64> {
    if text.ends_with(['Z', 'z']) {
        return None;
    }
    let civil = text.parse::<jiff::civil::DateTime>().ok()?;
    let days = jiff::civil::date(1970, 1, 1).until(civil.date()).ok()?.get_days();
    let time = civil.time();
    let seconds = (time.hour() as i64 * 60 + time.minute() as i64) * 60 + time.second() as i64;
    zone.at_local(days, seconds * SECOND + time.subsec_nanosecond() as i64)
}
