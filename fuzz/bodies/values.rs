//! Values from text: what is read is written as text that reads the same.

use bylaws::internals::data::{Currency, Decimal, Zone, calendar, display, quantities, times};

/// The first byte says which kind of value the rest is.
pub fn values(bytes: &[u8]) {
    let Some((which, rest)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let zone = Zone::named("Europe/Berlin").expect("the zone is known");
    match which % 8 {
        0 => {
            let day = times::date(text);
            assert_eq!(day, text.parse().ok().filter(|_| is_plain_date(text)).map(of_jiff), "{text}");
            same(text, day, |d| display::date(*d), times::date);
        }
        1 => {
            same(text, times::timestamp(text, &zone), |t| display::timestamp(*t, &zone), |t| times::timestamp(t, &zone))
        }
        2 => same(text, quantities::duration(text), |n| display::duration(*n), quantities::duration),
        3 => same(text, quantities::bytes(text), |n| format!("{n} B"), quantities::bytes),
        4 => same(text, quantities::money(text), |m| display::money(*m), quantities::money),
        5 => {
            same(text, Decimal::parse(text).ok(), Decimal::to_string, |t| Decimal::parse(t).ok());
            calculated(text);
        }
        6 => same(text, Currency::parse(text), Currency::to_string, Currency::parse),
        _ => {
            // A pattern, a line end, and what is read by it.
            let Some((pattern, text)) = text.split_once('\n') else { return };
            if let Some(day) = times::date_as(pattern, text) {
                assert_eq!(times::date(&display::date(day)), Some(day), "{pattern} {text}");
            }
            if let Some(at) = times::timestamp_as(pattern, text, &zone) {
                assert_eq!(times::timestamp(&display::timestamp(at, &zone), &zone), Some(at), "{pattern} {text}");
            }
            if let Some(named) = Zone::named(text) {
                assert_eq!(named.date_at(0), if named.offset_at(0) < 0 { -1 } else { 0 });
            }
        }
    }
}

fn same<T: PartialEq + std::fmt::Debug>(
    text: &str,
    value: Option<T>,
    written: impl Fn(&T) -> String,
    read: impl Fn(&str) -> Option<T>,
) {
    if let Some(value) = value {
        let written = written(&value);
        assert_eq!(read(&written).as_ref(), Some(&value), "{text:?} is written {written:?}");
    }
}

/// `2025-01-31`, which is all that a record may have.
fn is_plain_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() })
}

fn of_jiff(date: jiff::civil::Date) -> i32 {
    calendar::date_of(date.year().into(), date.month() as u8, date.day() as u8)
}

/// Two numbers with a blank between them: what is taken away again was not there.
fn calculated(text: &str) {
    let Some((a, b)) = text.split_once(' ') else { return };
    let (Ok(a), Ok(b)) = (Decimal::parse(a), Decimal::parse(b)) else { return };
    assert_eq!(a.checked_add(b), b.checked_add(a));
    assert_eq!(a.checked_mul(b), b.checked_mul(a));
    if let Some(sum) = a.checked_add(b) {
        assert_eq!(sum.checked_sub(b), Some(a), "{a} + {b}");
    }
    if let Some(quotient) = a.checked_div(b)
        && let Some(back) = quotient.checked_mul(b)
        && let (Some(n), Some(m), Some(q)) = (a.to_int(), b.to_int(), quotient.to_int())
    {
        assert!(n % m != 0 || q == n / m && back == a, "{a} / {b} is {quotient}");
    }
}
