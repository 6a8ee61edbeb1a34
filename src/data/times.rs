//! Dates and times from text.

use super::calendar::{NANOS_PER_DAY, NANOS_PER_SECOND, Zone, date_of, days_in_month};
use jiff::fmt::strtime::BrokenDownTime;

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |n, d| d.is_ascii_digit().then(|| n * 10 + (d - b'0') as i64))
}

/// Two digits.
#[inline]
fn two(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| i64::from(tens * 10 + ones))
}

/// Eight bytes of which some are digits, and the others as they are.
struct Form {
    bytes: u64,
    /// Added to a byte of a text that does not fit, it sets the highest bit.
    beyond: u64,
}

impl Form {
    /// Where a `0` stands, any digit may.
    const fn of(form: &[u8; 8]) -> Form {
        let (mut beyond, mut at) = ([0x7f; 8], 0);
        while at < 8 {
            if form[at] == b'0' {
                beyond[at] = 0x76;
            }
            at += 1;
        }
        Form { bytes: u64::from_le_bytes(*form), beyond: u64::from_le_bytes(beyond) }
    }

    /// Of a text of this form: at each digit that another follows, the number of both.
    #[inline]
    fn pairs(&self, text: &[u8; 8]) -> Option<[u8; 8]> {
        // A digit is its number then, another byte that fits is 0.
        let numbers = u64::from_le_bytes(*text) ^ self.bytes;
        let fits = (numbers.wrapping_add(self.beyond) | numbers) & 0x8080_8080_8080_8080 == 0;
        if fits { Some(numbers.wrapping_mul(10).wrapping_add(numbers >> 8).to_le_bytes()) } else { None }
    }
}

const YEAR_AND_MONTH: Form = Form::of(b"0000-00-");
const TIME_OF_DAY: Form = Form::of(b"00:00:00");

/// `2025-01-31`, as days since 1970.
pub fn date(text: &str) -> Option<i32> {
    days(text.as_bytes().try_into().ok()?)
}

/// By month: how many days of the year are before it, and how many it has.
const MONTHS: [(u16, u8); 16] = {
    let (mut months, mut month, mut before) = ([(0, 0); 16], 1, 0);
    while month <= 12 {
        months[month] = (before, days_in_month(1, month as u8));
        before += months[month].1 as u16;
        month += 1;
    }
    months
};

#[inline]
fn days(text: &[u8; 10]) -> Option<i32> {
    let [century, _, in_century, _, _, month, ..] = YEAR_AND_MONTH.pairs(text.first_chunk()?)?;
    let day = two(text[8], text[9])?;
    let is_leap = if in_century == 0 { century % 4 == 0 } else { in_century % 4 == 0 };
    let (before, has) = MONTHS[usize::from(month % 16)];
    let is_valid = month < 16 && 1 <= day && day <= i64::from(has) + i64::from(is_leap && month == 2);
    // Of the years before, counted from 400 years before the first, so that no number is below zero.
    let years = u32::from(century) * 100 + u32::from(in_century) + 399;
    let days =
        years * 365 + years / 4 - years / 100 + years / 400 + u32::from(before) + u32::from(is_leap && month > 2);
    if is_valid { Some(days as i32 + day as i32 - FIRST_DAY) } else { None }
}

/// 1970-01-01, as [`days`] counts.
const FIRST_DAY: i32 = 146_097 + 719_163;

/// `2025-01-31T09:00:00.5+08:00` as nanoseconds since 1970: the seconds, their fraction and the offset may be
/// left out (then it is local in `zone`), `T` may be a space, `Z` is the offset 0. Second 60, a leap second,
/// is the next minute's start.
pub fn timestamp(text: &str, zone: &Zone) -> Option<i64> {
    let bytes = text.as_bytes();
    // As it mostly is.
    if let Ok(usual) = <&[u8; 20]>::try_from(bytes)
        && (usual[10], usual[19]) == (b'T', b'Z')
    {
        let [hour, _, _, minute, _, _, second, _] = TIME_OF_DAY.pairs(usual[11..].first_chunk()?)?;
        let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        let days = i64::from(days(usual.first_chunk()?)?);
        let is_valid = hour <= 23 && minute <= 59 && second <= 60;
        return if is_valid { (days * 86_400 + seconds).checked_mul(NANOS_PER_SECOND) } else { None };
    }
    if bytes.len() < 16 || !matches!(bytes[10], b'T' | b't' | b' ') || bytes[13] != b':' {
        return None;
    }
    let days = days(bytes.first_chunk()?)?;
    let (mut nanos, mut at) = (0, 16);
    let (hour, minute, second) = match bytes.get(11..19).filter(|time| time[5] == b':') {
        Some(time) => {
            let [hour, _, _, minute, _, _, second, _] = TIME_OF_DAY.pairs(time.first_chunk()?)?;
            at = 19;
            (hour.into(), minute.into(), second.into())
        }
        None => (two(bytes[11], bytes[12])?, two(bytes[14], bytes[15])?, 0),
    };
    if let (19, Some(b'.' | b',')) = (at, bytes.get(at)) {
        let start = at + 1;
        at = start + bytes[start..].iter().take_while(|b| b.is_ascii_digit()).count();
        let digits = &bytes[start..at];
        let (kept, finer) = digits.split_at(digits.len().min(9));
        if digits.is_empty() || finer.iter().any(|d| *d != b'0') {
            return None;
        }
        nanos = number(kept)? * 10i64.pow(9 - kept.len() as u32);
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let time_of_day = (hour * 3600 + minute * 60 + second) * NANOS_PER_SECOND + nanos;
    let offset = match &bytes[at..] {
        [] => return local(days, time_of_day, zone),
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), rest @ ..] => {
            let (h, m) = match rest {
                [a, b] => (number(&[*a, *b])?, 0),
                [a, b, c, d] | [a, b, b':', c, d] => (number(&[*a, *b])?, number(&[*c, *d])?),
                _ => return None,
            };
            if h > 23 || m > 59 {
                return None;
            }
            (h * 3600 + m * 60) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return None,
    };
    let (day, behind) = (i64::from(days).checked_mul(NANOS_PER_DAY), time_of_day - offset * NANOS_PER_SECOND);
    match day.and_then(|day| day.checked_add(behind)) {
        Some(instant) => Some(instant),
        // The first day and the last that can be told have begun before, and end after.
        None => i64::try_from(i128::from(days) * i128::from(NANOS_PER_DAY) + i128::from(behind)).ok(),
    }
}

/// A local date and time of day; a leap second at its end belongs to the next date.
pub fn local(days: i32, time_of_day: i64, zone: &Zone) -> Option<i64> {
    let more = i32::try_from(time_of_day.div_euclid(NANOS_PER_DAY)).ok()?;
    zone.at_local(days.checked_add(more)?, time_of_day.rem_euclid(NANOS_PER_DAY))
}

/// A date in strptime form.
pub fn date_as(format: &str, text: &str) -> Option<i32> {
    let date = BrokenDownTime::parse(format, text).ok()?.to_date().ok()?;
    Some(date_of(date.year().into(), date.month() as u8, date.day() as u8))
}

/// A time in strptime form; local in `zone` where the form has no offset.
pub fn timestamp_as(format: &str, text: &str, zone: &Zone) -> Option<i64> {
    let parts = BrokenDownTime::parse(format, text).ok()?;
    if let Ok(instant) = parts.to_timestamp() {
        return i64::try_from(instant.as_nanosecond()).ok();
    }
    let time = parts.to_datetime().ok()?;
    let days = date_of(time.year().into(), time.month() as u8, time.day() as u8);
    let seconds = time.hour() as i64 * 3600 + time.minute() as i64 * 60 + time.second() as i64;
    local(days, seconds * NANOS_PER_SECOND + time.subsec_nanosecond() as i64, zone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times() {
        let shanghai = Zone::named("Asia/Shanghai").unwrap();
        let at = |text: &str| timestamp(text, &shanghai).map(|t| t / 1_000_000);
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:01.5Z", 1500),
            ("1970-01-01 08:00", 0),
            ("1970-01-01T08:00:00+08:00", 0),
            ("1970-01-01T08:00:00+0800", 0),
            ("1969-12-31t20:30z", -12_600_000),
            ("1970-01-01T07:59:60", 0),
            ("1970-01-01T00:00:00.123456789000Z", 123),
        ] {
            assert_eq!(at(text), Some(millis), "{text}");
        }
        let (first, last) = ("1677-09-21T00:12:43.145224192Z", "2262-04-11T23:47:16.854775807Z");
        assert_eq!((timestamp(first, &shanghai), timestamp(last, &shanghai)), (Some(i64::MIN), Some(i64::MAX)));
        for text in [
            "1677-09-21T00:12:43.145224191Z",
            "1970-01-01",
            "1970-01-01T",
            "1970-01-01T24:00Z",
            "1970-02-30T00:00Z",
            "1970-01-01T00:00:00.Z",
            "1970-01-01T00:00:00.0000000001Z",
            "1970-01-01T00:00+8",
            "9999-01-01T00:00Z",
            "1970-01-01T00:00 Z",
            "",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
        assert_eq!(date("2024-02-29"), Some(19_782));
        assert_eq!(date("2025-02-29"), None);
        assert_eq!(date_as("%d/%m/%Y", "29/02/2024"), Some(19_782));
        assert_eq!(date_as("%d/%m/%Y", "2024-02-29"), None);
        assert_eq!(timestamp_as("%d.%m.%Y %H:%M", "01.01.1970 08:00", &shanghai), Some(0));
        assert_eq!(timestamp_as("%Y-%m-%d %H:%M %z", "1970-01-01 01:00 +0100", &shanghai), Some(0));
    }

    #[test]
    fn the_days_of_every_month_are_told() {
        for month in 0..12 * 10_000 {
            let (year, month) = (month / 12, (month % 12 + 1) as u8);
            let of = |day: u8| date(&format!("{year:04}-{month:02}-{day:02}"));
            let last = days_in_month(year, month);
            assert_eq!((of(0), of(last + 1)), (None, None), "{year} {month}");
            assert_eq!((of(1), of(last)), (Some(date_of(year, month, 1)), Some(date_of(year, month, last))));
        }
        assert_eq!((date("2025-00-01"), date("2025-13-01"), date("2025-18-01")), (None, None, None));
    }

    proptest! {
        #[test]
        fn as_jiff_reads_them(seconds in -9_000_000_000i64..9_000_000_000, nanos in 0i32..1_000_000_000) {
            let instant = jiff::Timestamp::new(seconds, nanos).unwrap();
            prop_assert_eq!(
                timestamp(&instant.to_string(), &Zone::utc()).map(i128::from),
                Some(instant.as_nanosecond())
            );
        }

        /// One byte of a time is another: it is read where jiff reads it, or not in either.
        #[test]
        fn a_byte_that_does_not_fit_is_told(at in 0usize..20, byte in 0u8..128, seconds in 0i64..9_000_000_000) {
            let instant = jiff::Timestamp::from_second(seconds).unwrap();
            let mut text = instant.to_string().into_bytes();
            text[at] = byte;
            let text = String::from_utf8(text).unwrap();
            let fits = |(at, byte): (usize, u8)| match at {
                4 | 7 => byte == b'-',
                10 => b"Tt ".contains(&byte),
                13 | 16 => byte == b':',
                19 => b"Zz".contains(&byte),
                _ => byte.is_ascii_digit(),
            };
            // Of a leap second jiff takes the one before.
            prop_assume!(&text[17..19] != "60");
            let read = text.bytes().enumerate().all(fits).then(|| text.parse::<jiff::Timestamp>().ok()).flatten();
            let wanted = read.and_then(|t| i64::try_from(t.as_nanosecond()).ok());
            prop_assert_eq!(timestamp(&text, &Zone::utc()), wanted, "{}", text);
        }

        #[test]
        fn never_panics(text in "[0-9TZ:.+é -]{0,30}", format in "%[a-zA-Z]-%[a-z]") {
            let _ = (timestamp(&text, &Zone::utc()), date(&text), date_as(&format, &text));
            let _ = timestamp_as(&format, &text, &Zone::utc());
        }
    }
}
