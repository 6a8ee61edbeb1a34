//! What texts look like: each type and pattern is tried on all of them, until too many do not fit. What is taken to fit
//! here is what the reader of records takes.

use crate::data::calendar::Zone;
use crate::data::{Decimal, Place, quantities, times};
use std::sync::OnceLock;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Like {
    Int,
    Decimal,
    /// `15 %`
    Percent,
    Date,
    /// With an offset, or without one.
    Timestamp,
    /// With an offset.
    Zoned,
    DateAs(&'static str),
    TimestampAs(&'static str),
    /// `12.50 CNY`
    Money,
    Duration,
    Bytes,
    /// Digits with zeroes before them: a number for people, not one to calculate with.
    Padded,
    /// `£1,234.50`, with the sign.
    Signed(char),
    /// `1,234.50`
    Thousands,
    /// `12,50`
    Comma,
    Email,
    Link,
}

/// How often a like fits.
#[derive(Clone, Debug)]
pub struct Tried {
    pub like: Like,
    pub fits: u64,
    pub misfits: u64,
    /// The first that does not.
    pub first: Option<Box<(Place, String)>>,
}

/// So many misfits are let pass, besides one in twenty.
const FEW: u64 = 3;

const PLAIN: [Like; 14] = [
    Like::Padded,
    Like::Int,
    Like::Decimal,
    Like::Percent,
    Like::Date,
    Like::Timestamp,
    Like::Zoned,
    Like::Money,
    Like::Bytes,
    Like::Duration,
    Like::Thousands,
    Like::Comma,
    Like::Email,
    Like::Link,
];
const SIGNS: [char; 4] = ['£', '€', '$', '¥'];
const DATES: [&str; 19] = [
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%A, %d %B %Y",
    "%a, %d %b %Y",
];
const TAILS: [&str; 10] = [
    " %H:%M",
    " %H:%M:%S",
    " %H:%M:%S%.f",
    "T%H:%M:%S",
    " %I:%M %p",
    " %I:%M:%S %p",
    ", %H:%M",
    ", %I:%M:%S %p",
    " %H:%M:%S %z",
    " %H:%M %z",
];
const TIMES: [&str; 4] =
    ["%d/%b/%Y:%H:%M:%S %z", "%a %b %d %H:%M:%S %Y", "%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d %H:%M:%S %z"];

/// All patterns of dates and times.
fn patterns() -> &'static [Like] {
    static ALL: OnceLock<Vec<Like>> = OnceLock::new();
    ALL.get_or_init(|| {
        let dates = DATES.iter().map(|d| Like::DateAs(d));
        let dated = DATES.iter().flat_map(|d| TAILS.iter().map(move |t| Like::TimestampAs(format!("{d}{t}").leak())));
        dates.chain(TIMES.iter().map(|t| Like::TimestampAs(t))).chain(dated).collect()
    })
}

/// What to try on the texts of a field, by the first of them.
pub fn all_for(text: &str) -> Vec<Tried> {
    let signs = SIGNS.iter().map(|c| Like::Signed(*c));
    let tried = |like| Tried { like, fits: 0, misfits: 0, first: None };
    let mut all: Vec<Tried> = PLAIN.into_iter().chain(signs).map(tried).collect();
    if may_be_a_time(text) {
        all.extend(patterns().iter().copied().map(tried));
    }
    all
}

fn may_be_a_time(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (6..=40).contains(&text.len()) && (4..=25).contains(&digits)
}

/// Tries those that are left on one more text.
pub fn try_all(tried: &mut Vec<Tried>, text: &str, place: Place) {
    tried.retain_mut(|t| {
        let given_up = |t: &Tried| t.misfits > FEW.max(t.fits / 20);
        if given_up(t) {
            return true;
        }
        if fits(t.like, text) {
            t.fits += 1;
            return true;
        }
        t.misfits += 1;
        if t.first.is_none() {
            t.first = Some(Box::new((place, text.chars().take(80).collect())));
        }
        // A pattern that has fitted shows by what did not fit that it is another.
        !given_up(t) || t.fits > 0 && matches!(t.like, Like::DateAs(_) | Like::TimestampAs(_))
    });
}

pub fn fits(like: Like, text: &str) -> bool {
    match like {
        Like::Int => !is_padded(text) && Decimal::parse(text).is_ok_and(|n| n.to_int().is_some()) && is_plain(text),
        Like::Decimal => !is_padded(text) && Decimal::parse(text).is_ok() && is_plain(text),
        Like::Percent => percent(text),
        Like::Date => times::date(text).is_some(),
        Like::Timestamp => times::timestamp(text, utc()).is_some(),
        Like::Zoned => times::timestamp(text, utc()).is_some() && has_offset(text),
        Like::DateAs("%Y%m%d") => text.len() == 8 && in_reach(times::date_as("%Y%m%d", text)),
        Like::DateAs(pattern) => in_reach(times::date_as(pattern, text)),
        Like::TimestampAs(pattern) => times::timestamp_as(pattern, text, utc()).is_some(),
        Like::Money => quantities::money(text).is_some_and(|m| is_currency(m.currency.as_str())),
        Like::Duration => quantities::duration(text).is_some(),
        Like::Bytes => quantities::bytes(text).is_some(),
        Like::Padded => text.bytes().all(|b| b.is_ascii_digit()),
        Like::Signed(sign) => amounts(text).next().is_some_and(|(s, _, all)| s == sign && all),
        Like::Thousands => plain_of_thousands(text).is_some(),
        Like::Comma => text.split_once(',').is_some_and(|(a, b)| {
            let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
            digits(a.trim_start_matches('-').replace('.', "").as_str()) && digits(b) && b.len() != 3
        }),
        Like::Email => text.split_once('@').is_some_and(|(who, at)| {
            !who.is_empty() && at.contains('.') && !text.contains([' ', ',', ';', '/']) && !at.contains('@')
        }),
        Like::Link => ["http://", "https://"].iter().any(|p| text.starts_with(p)) && !text.contains(' '),
    }
}

pub fn utc() -> &'static Zone {
    static UTC: OnceLock<Zone> = OnceLock::new();
    UTC.get_or_init(Zone::utc)
}

/// Years that records are of: a two-digit year or eight digits may else be anything.
fn in_reach(days: Option<i32>) -> bool {
    days.is_some_and(|d| (-25_567..54_787).contains(&d))
}

fn is_padded(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.")
}

/// Exponents are read, but a code such as `12E5` is likelier a name.
fn is_plain(text: &str) -> bool {
    !text.bytes().any(|b| matches!(b, b'e' | b'E' | b'+'))
}

fn percent(text: &str) -> bool {
    let hundred = Decimal::from_int(100);
    let number = text.strip_suffix('%').and_then(|n| Decimal::parse(n.trim_end()).ok());
    number.is_some_and(|n| n.checked_div(hundred).and_then(|q| q.checked_mul(hundred)) == Some(n))
}

fn has_offset(text: &str) -> bool {
    text.get(16..).is_some_and(|rest| rest.contains(['Z', 'z', '+', '-']))
}

/// A code of ISO 4217.
pub fn is_currency(code: &str) -> bool {
    crate::sema::known_currency(code).is_some()
}

/// `1,234.50` without its commas.
fn plain_of_thousands(text: &str) -> Option<String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.split('.').next().unwrap_or_default();
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let three = |g: &str| g.len() == 3 && g.bytes().all(|b| b.is_ascii_digit());
    let mut any = false;
    let good = (1..=3).contains(&first.len()) && groups.all(|g| three(g) && std::mem::replace(&mut any, true) | true);
    let plain = text.replace(',', "");
    (good && any && Decimal::parse(&plain).is_ok()).then_some(plain)
}

/// Amounts with a sign before them, and whether there is nothing else in the text.
pub fn amounts(text: &str) -> impl Iterator<Item = (char, Decimal, bool)> {
    text.char_indices().filter(|(_, c)| SIGNS.contains(c)).filter_map(|(at, sign)| {
        let rest = text[at + sign.len_utf8()..].trim_start();
        let size = rest.bytes().take_while(|b| b.is_ascii_digit() || matches!(b, b',' | b'.')).count();
        let number = rest[..size].trim_end_matches([',', '.']);
        let amount = Decimal::parse(&number.replace(',', "")).ok()?;
        let before = text[..at].trim_end_matches('-').trim();
        Some((sign, amount, before.is_empty() && rest[number.len()..].trim().is_empty()))
    })
}

/// The currency that a sign is likeliest of, and the others that write it so.
pub fn currency_of(sign: char) -> (&'static str, Option<&'static str>) {
    match sign {
        '£' => ("GBP", None),
        '€' => ("EUR", None),
        '$' => ("USD", Some("other dollars are written with the same sign")),
        _ => ("CNY", Some("JPY is written with the same sign")),
    }
}

/// Texts that say that there is no value.
pub fn is_placeholder(text: &str) -> bool {
    const WORDS: [&str; 17] = [
        "",
        "-",
        "--",
        "—",
        "–",
        "?",
        "n/a",
        "na",
        "#n/a",
        "nan",
        "none",
        "null",
        "nil",
        "not applicable",
        "tbc",
        "tbd",
        "unknown",
    ];
    let text = text.trim();
    text.len() <= 14 && WORDS.contains(&text.to_lowercase().as_str())
}

/// Whether these spell true and false, and how: spellings for true, spellings for false.
pub fn yes_and_no<'w>(words: impl Iterator<Item = &'w str>, flag: bool) -> Option<(Vec<&'w str>, Vec<&'w str>)> {
    const PAIRS: [(&str, &str); 16] = [
        ("true", "false"),
        ("yes", "no"),
        ("y", "n"),
        ("t", "f"),
        ("ja", "nein"),
        ("oui", "non"),
        ("si", "no"),
        ("sí", "no"),
        ("sim", "não"),
        ("да", "нет"),
        ("是", "否"),
        ("wahr", "falsch"),
        ("vrai", "faux"),
        ("on", "off"),
        ("verdadero", "falso"),
        ("1", "0"),
    ];
    let words: Vec<&str> = words.collect();
    let is = |word: &str, of: &str| word.to_lowercase() == of;
    let pair = PAIRS.iter().find(|(yes, no)| words.iter().all(|w| is(w, yes) || is(w, no)))?;
    let (yes, no): (Vec<&str>, Vec<&str>) = words.iter().partition(|w| is(w, pair.0));
    // A single word, or `1` and `0`, is one of a pair only where nothing else is likely.
    let certain = matches!(pair.0, "true" | "yes") || flag;
    let both = !yes.is_empty() && !no.is_empty() && pair.0 != "1";
    (both || certain && !words.is_empty()).then_some((yes, no))
}

/// The other word of a pair, spelt alike.
pub fn counterpart(word: &str) -> Option<String> {
    let other = match word.to_lowercase().as_str() {
        "true" => "false",
        "false" => "true",
        "yes" => "no",
        "no" => "yes",
        "y" => "n",
        "n" => "y",
        "1" => "0",
        "0" => "1",
        _ => return None,
    };
    let upper = |c: Option<char>| c.is_some_and(char::is_uppercase);
    let mut letters = word.chars();
    let (first, second) = (letters.next(), letters.next());
    Some(match (upper(first), upper(second)) {
        (true, true) => other.to_uppercase(),
        (true, false) => other[..1].to_uppercase() + &other[1..],
        _ => other.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_what_they_are_like() {
        for (like, yes, no) in [
            (Like::Int, &["12", "-3", "0"][..], &["007", "1.5", "1e5", "99999999999999999999", "+3"][..]),
            (Like::Decimal, &["12.50", "99999999999999999999", "0.5"], &["12,50", "1.2.3", "00.5"]),
            (Like::Percent, &["15 %", "0.5%"], &["15", "%"]),
            (Like::DateAs("%d/%m/%Y"), &["31/12/2025"], &["12/31/2025", "2025-12-31"]),
            (Like::DateAs("%Y%m%d"), &["20251231"], &["20251331", "99991231"]),
            (Like::Money, &["12.50 EUR"], &["12.50 ABC", "EUR 12"]),
            (Like::Signed('£'), &["£1,234.50", "£ 3", "-£5"], &["€5", "for £5", "£"]),
            (Like::Thousands, &["1,234", "12,345,678.90"], &["1234", "1,23", "12,3456"]),
            (Like::Comma, &["12,50", "1.234,5"], &["1,234", "12.50"]),
            (Like::Email, &["e1@example.com"], &["e1", "a@b", "mail e1@example.com"]),
        ] {
            for text in yes {
                assert!(fits(like, text), "{like:?} {text}");
            }
            for text in no {
                assert!(!fits(like, text), "{like:?} {text}");
            }
        }
        let found: Vec<_> = amounts("two of £11,094.00, and $5.").map(|(c, n, all)| (c, n.to_string(), all)).collect();
        assert_eq!(found, [('£', "11094".to_string(), false), ('$', "5".to_string(), false)]);
    }

    #[test]
    fn yes_or_no() {
        let told = |words: &[&'static str], flag| yes_and_no(words.iter().copied(), flag);
        assert_eq!(told(&["Yes", "no", "YES"], false), Some((vec!["Yes", "YES"], vec!["no"])));
        assert_eq!(told(&["False"], false), Some((vec![], vec!["False"])));
        assert_eq!(told(&["1", "0"], false), None);
        assert_eq!(told(&["1", "0"], true), Some((vec!["1"], vec!["0"])));
        assert_eq!(told(&["Y"], false), None);
        assert_eq!(told(&["yes", "maybe"], false), None);
        assert_eq!(counterpart("False").as_deref(), Some("True"));
        assert_eq!(counterpart("NO").as_deref(), Some("YES"));
    }
}
