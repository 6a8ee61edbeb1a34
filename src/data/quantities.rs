//! Durations, sizes and money from text.

use super::{Currency, Decimal, Money};

const NANOS_PER_DAY: i64 = super::calendar::NANOS_PER_DAY;

/// `90 min`, `1h 30m`, `2 days`, `PT1H30M`, as nanoseconds; a day is 24 hours. Months and years have no fixed length.
pub fn duration(text: &str) -> Option<i64> {
    if text.len() > 100 {
        return None;
    }
    let span: jiff::Span = text.parse().ok()?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return None;
    }
    let days = span.get_weeks() as i128 * 7 + span.get_days() as i128;
    let seconds = span.get_hours() as i128 * 3600 + span.get_minutes() as i128 * 60 + span.get_seconds() as i128;
    let millis = seconds * 1000 + span.get_milliseconds() as i128;
    let nanos = (millis * 1000 + span.get_microseconds() as i128) * 1000 + span.get_nanoseconds() as i128;
    i64::try_from(days * NANOS_PER_DAY as i128 + nanos).ok()
}

/// `10 MB`, `1.5GiB`, `512 bytes`.
pub fn bytes(text: &str) -> Option<i64> {
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let number = Decimal::parse(text[..split].trim_end()).ok()?;
    let unit: i64 = match &text[split..] {
        "B" | "byte" | "bytes" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "PB" => 1_000_000_000_000_000,
        "KiB" | "kiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        "PiB" => 1 << 50,
        _ => return None,
    };
    number.checked_mul(Decimal::from_int(unit))?.to_int()
}

/// `12.50 CNY`.
pub fn money(text: &str) -> Option<Money> {
    let (amount, currency) = text.split_once(' ')?;
    Some(Money { amount: Decimal::parse(amount).ok()?, currency: Currency::parse(currency)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities() {
        const HOUR: i64 = 3_600_000_000_000;
        for (text, nanos) in [
            ("90 min", Some(HOUR * 3 / 2)),
            ("1h 30m", Some(HOUR * 3 / 2)),
            ("1.5 hours", Some(HOUR * 3 / 2)),
            ("PT1H30M", Some(HOUR * 3 / 2)),
            ("2 days 3 h", Some(51 * HOUR)),
            ("-3 h", Some(-3 * HOUR)),
            ("1 month", None),
            ("90", None),
            ("999999999 weeks", None),
        ] {
            assert_eq!(duration(text), nanos, "{text}");
        }
        assert_eq!(bytes("1.5 KiB"), Some(1536));
        assert_eq!(bytes("10MB"), Some(10_000_000));
        assert_eq!(bytes("0.5 bytes"), None);
        assert_eq!(bytes("99999999 PiB"), None);
        assert_eq!(bytes("10 parsecs"), None);
        assert_eq!(money("12.50 CNY").map(|m| m.amount), Decimal::parse("12.5").ok());
        for text in ["12.50", "CNY 12.50", "12.50 cny", "12,50 CNY", "12.50  CNY", ""] {
            assert_eq!(money(text), None, "{text}");
        }
    }
}
