//! How values are written for people: one form each, the same in messages and traces. Identities have sizes in a form
//! of their own, [`exact`], so that the ids of findings stay what they are.
//!
//! | type | form |
//! |---|---|
//! | `money` | amount with at least the currency's usual places: `550.00 CNY`, `1200 JPY`, `0.125 USD` |
//! | `percent` | `15 %`, `2.5 %` |
//! | `bytes` | `1.5 GiB`, `10 MB`, where a unit gives at most two places exactly; otherwise rounded, with all bytes: `5.40 GB (5398709120 bytes)` |
//! | `duration` | `2 days 3 h`, `45 min`, `1.5 s`, `-3 h` |
//! | `date` | `2025-12-01` |
//! | `timestamp` | RFC 3339 in the zone: `2025-12-01T09:00:00+08:00` |
//! | an enum | the word |
//! | `list`, `set` | `a, b, c` |
//! | none, not known, `@sensitive` | [`ABSENT`], [`UNKNOWN`], [`WITHHELD`] |

use super::calendar::{NANOS_PER_DAY, NANOS_PER_SECOND, Time, Zone, civil};
use super::{Currency, Decimal, Length, Money, Schema, Value};
use std::cmp::Ordering;
use std::fmt::Write;

pub const ABSENT: &str = "absent";
pub const UNKNOWN: &str = "unknown";
/// Stands for every value of a `@sensitive` column.
pub const WITHHELD: &str = "(withheld)";

/// What is between these, two characters that Unicode keeps for a program's own use, is a value that names a person.
pub const PERSON: [char; 2] = ['\u{fdd0}', '\u{fdd1}'];

/// Begins a text among the values of a field that could not be read as one of them; it is never shown itself.
pub const UNREAD: char = '\u{fdd2}';

/// A value that names a person, marked so that a report can put another name in its place.
pub fn person(text: &str) -> String {
    let text = text.replace(PERSON, "\u{fffd}");
    format!("{}{text}{}", PERSON[0], PERSON[1])
}

/// A value as a report shows it.
pub fn value(value: &Value, schema: &Schema, zone: &Zone) -> String {
    match value {
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Decimal(d) => d.text(),
        Value::Percent(d) => percent(*d),
        Value::Text(t) => t.clone(),
        Value::Date(d) => date(*d),
        Value::Timestamp(t) => timestamp(*t, zone),
        Value::Duration(n) => duration(*n),
        Value::Bytes(n) => bytes(*n),
        Value::Money(m) => money(*m),
        Value::Enum(id, word) => {
            schema.enum_def(*id).words.get(*word as usize).map_or_else(|| format!("#{word}"), |w| w.name.clone())
        }
        Value::List(items) => items.iter().map(|v| self::value(v, schema, zone)).collect::<Vec<_>>().join(", "),
    }
}

/// A value as identities have it: as a report shows it, but for sizes.
pub fn exact(value: &Value, schema: &Schema, zone: &Zone) -> String {
    match value {
        Value::Bytes(n) => exact_bytes(*n),
        Value::List(items) => items.iter().map(|v| exact(v, schema, zone)).collect::<Vec<_>>().join(", "),
        other => self::value(other, schema, zone),
    }
}

/// `2025-12-01`.
pub fn date(days: i32) -> String {
    let mut out = String::with_capacity("2025-12-01T09:00:00+08:00".len());
    push_date(&mut out, days);
    out
}

fn push_date(out: &mut String, days: i32) {
    let (year, month, day) = civil(days);
    match u32::try_from(year) {
        Ok(year @ 0..10_000) => {
            push_two(out, year / 100);
            push_two(out, year % 100);
        }
        _ => drop(write!(out, "{year:04}")),
    }
    out.push('-');
    push_two(out, month.into());
    out.push('-');
    push_two(out, day.into());
}

/// Two digits: findings have many, and the library's formatting takes several times as long.
fn push_two(out: &mut String, n: u32) {
    let digit = |n: u32| char::from(b'0' + (n % 10) as u8);
    out.push(digit(n / 10));
    out.push(digit(n));
}

/// `2025-12-01T09:00:00+08:00`; a fraction only where there is one, `Z` in UTC.
pub fn timestamp(instant: i64, zone: &Zone) -> String {
    // Before there were zones, offsets had seconds, for which the form has no place.
    let minutes = zone.offset_at(instant) / (60 * NANOS_PER_SECOND);
    let ahead = minutes * 60 * NANOS_PER_SECOND;
    // The day by itself, so that the sum has room.
    let local = instant.rem_euclid(NANOS_PER_DAY) + ahead;
    let days = instant.div_euclid(NANOS_PER_DAY) + local.div_euclid(NANOS_PER_DAY);
    let rest = local.rem_euclid(NANOS_PER_DAY);
    let (seconds, nanos) = ((rest / NANOS_PER_SECOND) as u32, rest % NANOS_PER_SECOND);
    let mut out = date(days as i32);
    for (mark, n) in [('T', seconds / 3600), (':', seconds / 60 % 60), (':', seconds % 60)] {
        out.push(mark);
        push_two(&mut out, n);
    }
    if nanos != 0 {
        let digits = format!("{nanos:09}");
        out.push('.');
        out.push_str(digits.trim_end_matches('0'));
    }
    if zone.name() == "UTC" {
        out.push('Z');
    } else {
        let ahead = minutes.unsigned_abs() as u32;
        out.push(if minutes < 0 { '-' } else { '+' });
        push_two(&mut out, ahead / 60);
        out.push(':');
        push_two(&mut out, ahead % 60);
    }
    out
}

/// A date or a timestamp.
pub fn time(time: Time, zone: &Zone) -> String {
    match time {
        Time::Date(d) => date(d),
        Time::Instant(t) => timestamp(t, zone),
    }
}

/// `550.00 CNY`.
pub fn money(money: Money) -> String {
    format!("{} {}", amount(money.amount, usual_places(money.currency)), money.currency)
}

/// A decimal with at least so many places.
fn amount(value: Decimal, places: usize) -> String {
    let mut text = value.text();
    let have = text.find('.').map_or(0, |dot| text.len() - dot - 1);
    if places > 0 && have == 0 {
        text.push('.');
    }
    for _ in have..places {
        text.push('0');
    }
    text
}

/// Places of the minor unit, as ISO 4217 has them.
fn usual_places(currency: Currency) -> usize {
    match currency.as_str() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV"
        | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// `15 %`, of the fraction 0.15.
pub fn percent(fraction: Decimal) -> String {
    match fraction.checked_mul(Decimal::from_int(100)) {
        Some(hundredths) => format!("{hundredths} %"),
        None => fraction.to_string(),
    }
}

const UNITS: [(&str, u64); 10] = [
    ("PiB", 1 << 50),
    ("PB", 1_000_000_000_000_000),
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
];

/// `1.5 GiB`, `10 MB`, `5.40 GB (5398709120 bytes)`, `999 bytes`.
pub fn bytes(size: i64) -> String {
    let of = size.unsigned_abs();
    let sign = if size < 0 { "-" } else { "" };
    for (name, unit) in UNITS {
        let next = if unit.is_power_of_two() { 1024 } else { 1000 };
        if (unit..unit.saturating_mul(next)).contains(&of)
            && let Some(places) = hundredths(of, unit)
        {
            return format!("{sign}{places} {name}");
        }
    }
    if of < FEW { bare_bytes(size) } else { format!("{} ({})", rounded_bytes(size), bare_bytes(size)) }
}

/// So few bytes are easily read.
const FEW: u64 = 10_000;

/// `5.40 GB`: to two places, half to even.
pub fn rounded_bytes(size: i64) -> String {
    let of = size.unsigned_abs();
    let sign = if size < 0 { "-" } else { "" };
    let decimal = UNITS.iter().rev().filter(|(_, unit)| !unit.is_power_of_two());
    for &(name, unit) in decimal {
        let scaled = of as u128 * 100;
        let (low, rest) = (scaled / unit as u128, scaled % unit as u128);
        let up = match (rest * 2).cmp(&(unit as u128)) {
            Ordering::Greater => true,
            Ordering::Equal => low % 2 == 1,
            Ordering::Less => false,
        };
        let hundredths = low + u128::from(up);
        if of >= FEW && (hundredths < 100_000 || name == "PB") {
            return format!("{sign}{}.{:02} {name}", hundredths / 100, hundredths % 100);
        }
    }
    bare_bytes(size)
}

fn bare_bytes(size: i64) -> String {
    if size == 1 { "1 byte".into() } else { format!("{size} bytes") }
}

/// In the largest unit that gives at most two places exactly: `1.5 GiB`, `5398709.12 kB`, otherwise `1234567 bytes`.
fn exact_bytes(size: i64) -> String {
    let Ok(of) = u64::try_from(size) else { return bare_bytes(size) };
    let whole = UNITS.iter().filter(|(_, unit)| of >= *unit);
    let mut exact = whole.filter_map(|(name, unit)| Some(format!("{} {name}", hundredths(of, *unit)?)));
    exact.next().unwrap_or_else(|| bare_bytes(size))
}

/// `1.5`: where two places are enough.
fn hundredths(size: u64, unit: u64) -> Option<String> {
    let hundredths = size as u128 * 100;
    if !hundredths.is_multiple_of(unit as u128) {
        return None;
    }
    let hundredths = hundredths / unit as u128;
    Some(match (hundredths / 100, hundredths % 100) {
        (whole, 0) => whole.to_string(),
        (whole, part) if part % 10 == 0 => format!("{whole}.{}", part / 10),
        (whole, part) => format!("{whole}.{part:02}"),
    })
}

/// `2 days 3 h`.
pub fn duration(nanos: i64) -> String {
    if nanos == 0 {
        return "0 s".into();
    }
    let mut rest = nanos.unsigned_abs();
    let mut parts = Vec::new();
    let second = NANOS_PER_SECOND as u64;
    for (unit, name) in [(86_400 * second, "day"), (3600 * second, "h"), (60 * second, "min")] {
        match rest / unit {
            0 => {}
            1 if name == "day" => parts.push("1 day".to_string()),
            n if name == "day" => parts.push(format!("{n} days")),
            n => parts.push(format!("{n} {name}")),
        }
        rest %= unit;
    }
    if rest != 0 {
        let fraction = format!("{:09}", rest % second);
        let fraction = fraction.trim_end_matches('0');
        let dot = if fraction.is_empty() { "" } else { "." };
        parts.push(format!("{}{dot}{fraction} s", rest / second));
    }
    format!("{}{}", if nanos < 0 { "-" } else { "" }, parts.join(" "))
}

/// `1 year 6 months`, `30 days`, `48 h`.
pub fn length(by: Length) -> String {
    let mut parts = Vec::new();
    let mut part = |n: i32, one: &str, many: &str| match n {
        0 => {}
        1 => parts.push(format!("1 {one}")),
        n => parts.push(format!("{n} {many}")),
    };
    part(by.months / 12, "year", "years");
    part(by.months % 12, "month", "months");
    part(by.days, "day", "days");
    part(by.business, "business day", "business days");
    if by.nanos != 0 || parts.is_empty() {
        parts.push(duration(by.nanos));
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn amounts() {
        for (amount, currency, shown) in [
            ("550", "CNY", "550.00 CNY"),
            ("1234.5", "GBP", "1234.50 GBP"),
            ("0.125", "USD", "0.125 USD"),
            ("1200", "JPY", "1200 JPY"),
            ("-3", "KWD", "-3.000 KWD"),
        ] {
            let currency = Currency::parse(currency).unwrap();
            assert_eq!(money(Money { amount: decimal(amount), currency }), shown);
        }
        assert_eq!(percent(decimal("0.15")), "15 %");
        assert_eq!(percent(decimal("0.025")), "2.5 %");
    }

    #[test]
    fn sizes() {
        for (size, shown, in_identities) in [
            (0, "0 bytes", "0 bytes"),
            (1, "1 byte", "1 byte"),
            (999, "999 bytes", "999 bytes"),
            (9_999, "9999 bytes", "9999 bytes"),
            (10_001, "10.00 kB (10001 bytes)", "10001 bytes"),
            (10_000_000, "10 MB", "10 MB"),
            (1_610_612_736, "1.5 GiB", "1.5 GiB"),
            (1_234_567, "1.23 MB (1234567 bytes)", "1234567 bytes"),
            (1_250_000, "1.25 MB", "1.25 MB"),
            (1_125_001, "1.13 MB (1125001 bytes)", "1125001 bytes"),
            (5_398_709_120, "5.40 GB (5398709120 bytes)", "5398709.12 kB"),
            (1_073_741_825, "1.07 GB (1073741825 bytes)", "1073741825 bytes"),
            (999_999_999, "1.00 GB (999999999 bytes)", "999999999 bytes"),
            (1023 << 10, "1023 KiB", "1023 KiB"),
            (-5, "-5 bytes", "-5 bytes"),
            (-5_000_000, "-5 MB", "-5000000 bytes"),
            (i64::MAX, "9223.37 PB (9223372036854775807 bytes)", "9223372036854775807 bytes"),
            (i64::MIN, "-9223.37 PB (-9223372036854775808 bytes)", "-9223372036854775808 bytes"),
        ] {
            assert_eq!(bytes(size), shown);
            assert_eq!(exact_bytes(size), in_identities);
        }
        assert_eq!(rounded_bytes(15_000), "15.00 kB");
        assert_eq!(rounded_bytes(1_500), "1500 bytes");
    }

    #[test]
    fn durations() {
        let hour = 3600 * NANOS_PER_SECOND;
        for (nanos, shown) in [
            (0, "0 s"),
            (51 * hour, "2 days 3 h"),
            (24 * hour, "1 day"),
            (-3 * hour, "-3 h"),
            (hour + 60 * NANOS_PER_SECOND + 1_500_000_000, "1 h 1 min 1.5 s"),
            (1, "0.000000001 s"),
        ] {
            assert_eq!(duration(nanos), shown);
        }
    }

    #[test]
    fn times() {
        let shanghai = Zone::named("Asia/Shanghai").unwrap();
        assert_eq!(timestamp(0, &shanghai), "1970-01-01T08:00:00+08:00");
        assert_eq!(timestamp(1_500_000_000, &Zone::utc()), "1970-01-01T00:00:01.5Z");
        assert_eq!(timestamp(-1, &Zone::utc()), "1969-12-31T23:59:59.999999999Z");
        // Local mean time was 8:05:43 ahead.
        let old = -3_000_000_000 * NANOS_PER_SECOND;
        assert_eq!(timestamp(old, &shanghai), "1874-12-08T02:45:00+08:05");
        assert_eq!(crate::data::times::timestamp(&timestamp(old, &shanghai), &shanghai), Some(old));
        assert_eq!(date(-1), "1969-12-31");
    }

    #[test]
    fn lengths() {
        assert_eq!(length(Length::days(365)), "365 days");
        assert_eq!(length(Length { months: 18, days: 1, ..Length::default() }), "1 year 6 months 1 day");
        assert_eq!(length(Length { nanos: 48 * 3600 * 1_000_000_000, ..Length::default() }), "2 days");
        assert_eq!(length(Length::default()), "0 s");
    }
}
