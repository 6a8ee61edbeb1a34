//! One value as an input gives it, before it has the column's type.

use crate::data::calendar::Zone;
use crate::data::{Decimal, DecimalError, times};
use crate::ingest::paths::Raw;
use crate::ingest::scan;
use std::borrow::Cow;

#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    Absent,
    Text(Cow<'a, str>),
    /// Of a CSV file: all is text there.
    Cell(&'a str),
    Number(Cow<'a, str>),
    /// A number whose column says that it is whole.
    Whole(i64),
    Bool(bool),
    /// As JSON.
    List(Cow<'a, str>),
    Object(Cow<'a, str>),
    Items(Vec<Scalar<'a>>),
    Date(i32),
    Instant(i64),
    /// Days since 1970 and nanoseconds of the day, without a zone.
    Local(i32, i64),
    Misfit {
        found: Cow<'a, str>,
        expected: &'static str,
    },
}

impl<'a> Scalar<'a> {
    /// Of a valid JSON value.
    pub fn of_json(raw: &'a str) -> Scalar<'a> {
        match raw.as_bytes().first() {
            Some(b'"') => match scan::unquoted(raw) {
                Some(text) => Scalar::Text(text),
                None => Scalar::Misfit { found: raw.into(), expected: "a text of whole characters" },
            },
            Some(b'{') => Scalar::Object(raw.into()),
            Some(b'[') => Scalar::List(raw.into()),
            Some(b't') => Scalar::Bool(true),
            Some(b'f') => Scalar::Bool(false),
            Some(b'n') | None => Scalar::Absent,
            Some(_) => Scalar::Number(raw.into()),
        }
    }

    pub fn of_raw(raw: Raw<'a>) -> Scalar<'a> {
        match raw {
            Raw::Absent => Scalar::Absent,
            Raw::Text(text) => Scalar::Text(text.into()),
            Raw::Json(raw) => Scalar::of_json(raw),
            Raw::Misfit(raw) => Scalar::Misfit { found: raw.into(), expected: "an object" },
        }
    }

    /// The same for a shorter time.
    pub fn borrowed(&self) -> Scalar<'_> {
        match self {
            Scalar::Cell(text) => Scalar::Cell(text),
            Scalar::Whole(n) => Scalar::Whole(*n),
            Scalar::Bool(b) => Scalar::Bool(*b),
            Scalar::Date(days) => Scalar::Date(*days),
            Scalar::Instant(t) => Scalar::Instant(*t),
            Scalar::Local(days, nanos) => Scalar::Local(*days, *nanos),
            other => other.clone(),
        }
    }

    pub fn of_cell(text: &'a str) -> Scalar<'a> {
        if text.is_empty() { Scalar::Absent } else { Scalar::Cell(text) }
    }

    pub fn is_absent(&self) -> bool {
        match self {
            Scalar::Absent => true,
            Scalar::Cell(text) => text.trim().is_empty(),
            _ => false,
        }
    }

    /// As a message shows it.
    pub fn found(&self) -> String {
        match self {
            Scalar::Absent => "null".into(),
            Scalar::Text(t) | Scalar::Number(t) | Scalar::List(t) | Scalar::Object(t) => t.to_string(),
            Scalar::Cell(t) => t.to_string(),
            Scalar::Misfit { found, .. } => found.to_string(),
            Scalar::Whole(n) => n.to_string(),
            Scalar::Bool(b) => b.to_string(),
            Scalar::Items(items) => format!("{} values", items.len()),
            Scalar::Date(days) => crate::data::display::date(*days),
            Scalar::Instant(t) => crate::data::display::timestamp(*t, &Zone::utc()),
            Scalar::Local(days, nanos) => match times::local(*days, *nanos, &Zone::utc()) {
                Some(t) => crate::data::display::timestamp(t, &Zone::utc()).trim_end_matches('Z').into(),
                None => crate::data::display::date(*days),
            },
        }
    }

    /// The text, number or bool as it is spelt.
    pub fn spelt(&self) -> Option<Cow<'_, str>> {
        match self {
            Scalar::Text(t) | Scalar::Number(t) => Some(Cow::Borrowed(t)),
            Scalar::Cell(t) => Some(Cow::Borrowed(t)),
            Scalar::Bool(b) => Some(Cow::Borrowed(if *b { "true" } else { "false" })),
            Scalar::Whole(n) => Some(Cow::Owned(n.to_string())),
            _ => None,
        }
    }

    /// The number, where it is one. With `texts`, a text that spells one is.
    pub fn number(&self, texts: bool) -> Option<Result<Decimal, DecimalError>> {
        match self {
            Scalar::Number(t) => Some(Decimal::parse(t)),
            Scalar::Whole(n) => Some(Ok(Decimal::from_int(*n))),
            Scalar::Cell(t) => Some(Decimal::parse(t.trim())),
            Scalar::Text(t) if texts => Some(Decimal::parse(t.trim())),
            _ => None,
        }
    }
}
