//! One value as an input gives it, read as a column's type.
//!
//! | type | JSON | CSV cell | Parquet, besides |
//! |---|---|---|---|
//! | `bool` | `true` | `true`, `false` | boolean |
//! | `int` | `100`, `100.0`, `1e2` | the same | whole numbers of all types |
//! | `decimal` | a number | a number | numbers; a float by its shortest decimal text |
//! | `percent` | `0.15`, or `"15 %"` | the same | numbers |
//! | `text` | a text | as it stands | text; whole numbers by their digits |
//! | `date` | `"2025-01-31"` | the same | dates; timestamps at midnight without a zone |
//! | `timestamp` | `"2025-01-31T09:00:00+08:00"` | the same | timestamps |
//! | `duration` | `"90 min"`, `"1h 30m"`, `"PT1H30M"` | the same | text |
//! | `bytes` | `1048576`, `"10 MB"` | the same | whole numbers |
//! | `money` | `{"amount": 12.5, "currency": "CNY"}`, `"12.50 CNY"` | `12.50 CNY` | a struct like the object |
//! | an enum | the word's spelling | the same | text |
//! | `ref TABLE` | as the table's key | | |
//! | `list of T` | a list | a JSON list: `["a", "b"]` | lists |
//!
//! An empty CSV cell is absent, as is `null`; spaces around a cell count for text only. A text is never
//! taken for a number nor a number for a text, except where a source says so in so many words (`as`).
//! An empty or unreadable element makes the whole list malformed.

mod digits;
mod scalar;

pub use scalar::Scalar;

use self::digits::{few_digits, small_int};
use super::paths::{Form, Part, Raw};
use super::scan::{self, Bounds};
use crate::data::build::{ColumnBuilder, resolved};
use crate::data::calendar::{NANOS_PER_DAY, Zone};
use crate::data::lookup::Lookup;
use crate::data::mapping::How;
use crate::data::{Currency, Decimal, DecimalError, EnumId, Money, Schema, Seen, Type, Value};
use crate::data::{quantities, times};
use crate::diag::did_you_mean;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::sync::Arc;

/// Longer texts are not kept as values.
pub const MAX_TEXT: usize = 64 << 20;

/// What was found, and what would have been right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    pub found: String,
    pub expected: String,
}

/// How the values of a column are read.
#[derive(Clone, Debug)]
pub struct Reader {
    ty: As,
    /// Spelling to value; with it, no other text fits.
    words: Option<FxHashMap<Box<str>, Value>>,
    expected: Box<str>,
    /// What is said of a value that does not fit says nothing of the value.
    quiet: bool,
}

#[derive(Clone, Debug)]
enum As {
    Bool,
    Int { unit: Option<i64> },
    Decimal { texts: bool },
    Percent { hundredths: bool },
    Text,
    Date { format: Option<Box<str>> },
    Timestamp { format: Option<Box<str>>, unit: Option<i64>, zone: Arc<Zone> },
    Duration { unit: Option<i64> },
    Bytes { unit: Option<i64> },
    Money { currency: Option<Currency> },
    Enum { id: EnumId, words: FxHashMap<Box<str>, u16> },
    List(Box<Reader>),
    Presence,
}

impl Reader {
    /// `hows` from the innermost out; the last of a sort counts.
    pub fn new(schema: &Schema, ty: &Type, hows: &[&How], zone: &Arc<Zone>) -> Reader {
        let (mut unit, mut format, mut currency, mut hundredths) = (None, None, None, false);
        let mut words: Option<FxHashMap<Box<str>, Value>> = None;
        for how in hows {
            match how {
                How::Currency(c) => currency = Some(*c),
                How::Format(f) => format = Some(f.as_str().into()),
                How::Unit(n) => unit = Some(*n),
                How::Words(w) => words = Some(w.iter().map(|(t, v)| (t.as_str().into(), v.clone())).collect()),
                How::Hundredths => hundredths = true,
            }
        }
        let ty = match resolved(schema, ty) {
            Type::Bool => As::Bool,
            Type::Int => As::Int { unit },
            Type::Decimal => As::Decimal { texts: unit.is_some() },
            Type::Percent => As::Percent { hundredths },
            Type::Text | Type::Ref(_) => As::Text,
            Type::Date => As::Date { format: format.clone() },
            Type::Timestamp => As::Timestamp { format: format.clone(), unit, zone: zone.clone() },
            Type::Duration => As::Duration { unit },
            Type::Bytes => As::Bytes { unit },
            Type::Money => As::Money { currency },
            Type::Enum(id) => {
                let spelt = schema.enum_def(*id).words.iter().enumerate();
                As::Enum { id: *id, words: spelt.map(|(i, w)| (w.in_records().into(), i as u16)).collect() }
            }
            Type::List(of) | Type::Set(of) => {
                let item = Reader::new(schema, of, hows, zone);
                words = None;
                As::List(Box::new(item))
            }
            Type::Struct => As::Presence,
        };
        let expected = expectation(&ty, &words, format.as_deref(), schema).into();
        Reader { ty, words, expected, quiet: false }
    }

    /// Of a column that is `@sensitive`, or not.
    pub fn quiet(mut self, quiet: bool) -> Reader {
        self.quiet = quiet;
        if let As::List(item) = &mut self.ty {
            item.quiet = quiet;
        }
        self
    }

    /// Whether a text, a word, a whole number or a bool is what stands there, and nothing that it is read as.
    pub fn as_it_stands(&self) -> bool {
        let plain = match self.ty {
            As::Int { unit } | As::Bytes { unit } => unit.is_none(),
            As::Bool | As::Text | As::Enum { .. } => true,
            _ => false,
        };
        plain && self.words.is_none()
    }

    /// The commonest sorts of values, as the column would hold them.
    #[inline(never)]
    pub fn seen<'a>(&self, raw: Raw<'a>) -> Seen<'a> {
        if let Raw::Absent = raw {
            return Seen::Absent;
        }
        if self.words.is_some() {
            return Seen::Other;
        }
        match (&self.ty, raw) {
            (As::Text, raw) => unquoted(raw).filter(|t| t.len() <= MAX_TEXT).map_or(Seen::Other, Seen::Text),
            (As::Int { unit: None } | As::Bytes { unit: None }, Raw::Json(text)) => {
                small_int(text).map_or(Seen::Other, Seen::Int)
            }
            (As::Decimal { .. }, Raw::Json(text)) if is_number(text) => {
                Decimal::parse(text).map_or(Seen::Other, Seen::Decimal)
            }
            (As::Bool, Raw::Json("true")) => Seen::Bool(true),
            (As::Bool, Raw::Json("false")) => Seen::Bool(false),
            (As::Timestamp { format: None, unit: None, zone }, raw) => {
                unquoted(raw).and_then(|t| times::timestamp(t, zone)).map_or(Seen::Other, |_| Seen::Time)
            }
            (As::Date { format: None }, raw) => unquoted(raw).and_then(times::date).map_or(Seen::Other, |_| Seen::Time),
            (As::Enum { words, .. }, raw) => {
                unquoted(raw).and_then(|t| words.get(t)).map_or(Seen::Other, |w| Seen::Word(*w))
            }
            _ => Seen::Other,
        }
    }

    /// Where it is a timestamp in the usual form: the zone of those that have no offset.
    pub fn usual_time(&self) -> Option<&Zone> {
        match (&self.ty, &self.words) {
            (As::Timestamp { format: None, unit: None, zone }, None) => Some(zone),
            _ => None,
        }
    }

    /// The same of several. With a look-up, a text is looked up where it stands. Each sort is put in its place as it is: a
    /// value that is made elsewhere and moved is written and read in pieces that do not fit, and the processor waits for them.
    pub fn seen_each<'a>(
        &self,
        all: impl Iterator<Item = (Part, &'a str)>,
        lookup: Option<&Lookup>,
        out: &mut [Seen<'a>],
    ) {
        let all = out.iter_mut().zip(all);
        match (&self.ty, &self.words, lookup) {
            (As::Text, None, Some(lookup)) => lookup.get_each(
                all.map(|(seen, (part, text))| (seen, part, text)),
                |part| part.place(Form::Text),
                |seen, known| *seen = Seen::Known(known),
                |seen, part, text| *seen = self.looked_up(part, text, lookup),
            ),
            (As::Text, None, None) => {
                for (seen, (part, text)) in all {
                    match part.text(text) {
                        Some(text) if text.len() <= MAX_TEXT => *seen = Seen::Text(text),
                        _ => *seen = self.seen(part.of(text)),
                    }
                }
            }
            (As::Int { unit: None } | As::Bytes { unit: None }, None, _) => {
                for (seen, (part, text)) in all {
                    match part.place(Form::Json).and_then(|place| few_digits(text.as_bytes(), place)) {
                        Some(n) => *seen = Seen::Int(n),
                        None => *seen = self.seen(part.of(text)),
                    }
                }
            }
            (As::Decimal { .. }, None, _) => {
                for (seen, (part, text)) in all {
                    match part.of(text) {
                        Raw::Json(text)
                            if is_number(text)
                                && let Ok(decimal) = Decimal::parse(text) =>
                        {
                            *seen = Seen::Decimal(decimal);
                        }
                        raw => *seen = self.seen(raw),
                    }
                }
            }
            (As::Bool, None, _) => {
                for (seen, (part, text)) in all {
                    // The text is JSON: what begins so is one of the two.
                    let first = part.place(Form::Json).and_then(|place| text.as_bytes().get(place.start));
                    match first {
                        Some(first @ (b't' | b'f')) => *seen = Seen::Bool(*first == b't'),
                        _ => *seen = self.seen(part.of(text)),
                    }
                }
            }
            _ => all.for_each(|(seen, (part, text))| *seen = self.seen(part.of(text))),
        }
    }

    /// Of a value that the look-up has no place for.
    #[inline(never)]
    fn looked_up<'a>(&self, part: Part, text: &'a str, lookup: &Lookup) -> Seen<'a> {
        match part.text(text) {
            Some(text) if text.len() <= MAX_TEXT => Seen::Known(lookup.get(text.as_bytes())),
            _ => self.seen(part.of(text)),
        }
    }

    /// The same of a value that is not JSON.
    #[inline]
    pub fn seen_scalar<'a>(&self, scalar: Scalar<'a>) -> Seen<'a> {
        if self.words.is_some() {
            return Seen::Other;
        }
        let time = |found: bool| if found { Seen::Time } else { Seen::Other };
        match (&self.ty, scalar) {
            (_, Scalar::Absent) => Seen::Absent,
            (As::Text, Scalar::Cell(text) | Scalar::Text(Cow::Borrowed(text))) if text.len() <= MAX_TEXT => {
                Seen::Text(text)
            }
            (As::Text, _) => Seen::Other,
            (_, Scalar::Cell(text)) if text.trim().is_empty() => Seen::Absent,
            (As::Int { unit: None } | As::Bytes { unit: None }, Scalar::Whole(n)) => Seen::Int(n),
            (As::Int { unit: None }, Scalar::Cell(text)) => small_int(text).map_or(Seen::Other, Seen::Int),
            (As::Decimal { texts }, number) => match number.number(*texts) {
                Some(Ok(decimal)) => Seen::Decimal(decimal),
                _ => Seen::Other,
            },
            (As::Bool, Scalar::Bool(b)) => Seen::Bool(b),
            (As::Bool, Scalar::Cell("true")) => Seen::Bool(true),
            (As::Bool, Scalar::Cell("false")) => Seen::Bool(false),
            (As::Timestamp { .. }, Scalar::Instant(_)) | (As::Date { .. }, Scalar::Date(_) | Scalar::Local(_, 0)) => {
                Seen::Time
            }
            (As::Timestamp { zone, .. }, Scalar::Local(days, nanos)) => time(times::local(days, nanos, zone).is_some()),
            (As::Timestamp { format: None, unit: None, zone }, Scalar::Cell(text)) => {
                time(times::timestamp(text.trim(), zone).is_some())
            }
            (As::Date { format: None }, Scalar::Cell(text)) => time(times::date(text.trim()).is_some()),
            (As::Enum { words, .. }, Scalar::Cell(text)) => {
                words.get(text.trim()).map_or(Seen::Other, |w| Seen::Word(*w))
            }
            _ => Seen::Other,
        }
    }

    /// Reads the commonest sorts of values; false, and nothing appended, where it is none of these.
    #[inline]
    pub fn append_raw(&self, raw: Raw, column: &mut ColumnBuilder) -> bool {
        if let Raw::Absent = raw {
            column.append_null();
            return true;
        }
        if self.words.is_some() {
            return false;
        }
        match (&self.ty, raw, column) {
            (As::Text, Raw::Text(text), ColumnBuilder::Text(column)) if text.len() <= MAX_TEXT => {
                column.append_value(text);
            }
            (As::Int { unit: None }, Raw::Json(text), ColumnBuilder::Int(column)) => match small_int(text) {
                Some(n) => column.append_value(n),
                None => return false,
            },
            (As::Decimal { .. }, Raw::Json(text), ColumnBuilder::Decimal(column)) if is_number(text) => {
                match Decimal::parse(text) {
                    Ok(decimal) => column.append_value(decimal.raw()),
                    Err(_) => return false,
                }
            }
            (As::Bool, Raw::Json("true"), ColumnBuilder::Bool(column)) => column.append_value(true),
            (As::Bool, Raw::Json("false"), ColumnBuilder::Bool(column)) => column.append_value(false),
            (As::Timestamp { format: None, unit: None, zone }, Raw::Text(text), ColumnBuilder::Timestamp(column)) => {
                match times::timestamp(text, zone) {
                    Some(time) => column.append_value(time),
                    None => return false,
                }
            }
            (As::Enum { words, .. }, Raw::Text(text), ColumnBuilder::Enum(column)) => match words.get(text) {
                Some(word) => column.append_value(*word),
                None => return false,
            },
            _ => return false,
        }
        true
    }

    /// Reads the value into the column; a null where it is absent or does not fit.
    pub fn append(&self, scalar: &Scalar, column: &mut ColumnBuilder) -> Result<(), Misfit> {
        if let (As::Text, None, ColumnBuilder::Text(column)) = (&self.ty, &self.words, &mut *column) {
            let text = match scalar {
                Scalar::Text(text) => Some(&**text),
                Scalar::Cell(text) => Some(*text),
                _ => None,
            };
            if let Some(text) = text.filter(|t| t.len() <= MAX_TEXT) {
                column.append_value(text);
                return Ok(());
            }
        }
        column.append_read(self.read(scalar))
    }

    /// None where it is absent.
    pub fn read(&self, scalar: &Scalar) -> Result<Option<Value>, Misfit> {
        match scalar {
            Scalar::Absent => return Ok(None),
            Scalar::Cell(text) if text.trim().is_empty() && !matches!(self.ty, As::Text) => return Ok(None),
            Scalar::Misfit { found, expected } => {
                return Err(Misfit { found: found.to_string(), expected: (*expected).into() });
            }
            _ => {}
        }
        if let Some(words) = &self.words {
            let spelt = scalar.spelt();
            if let Some(value) = spelt.as_deref().and_then(|t| words.get(t).or_else(|| words.get(t.trim()))) {
                return Ok(Some(value.clone()));
            }
            if !matches!((&self.ty, scalar), (As::Bool, Scalar::Bool(_))) {
                return Err(self.misfit(scalar));
            }
        }
        match self.convert(scalar) {
            Ok(Some(value)) => Ok(Some(value)),
            Ok(None) => Err(self.misfit(scalar)),
            Err(expected) => Err(Misfit { found: scalar.found(), expected }),
        }
    }

    fn misfit(&self, scalar: &Scalar) -> Misfit {
        let mut expected = self.expected.to_string();
        if let (As::Enum { words, .. }, None, Some(found), false) = (&self.ty, &self.words, scalar.spelt(), self.quiet)
        {
            let mut known: Vec<&str> = words.keys().map(|w| &**w).collect();
            known.sort_unstable();
            if let Some(meant) = did_you_mean(&found, known) {
                expected = format!("{expected} (did you mean `{meant}`?)");
            }
        }
        Misfit { found: scalar.found(), expected }
    }

    /// None where the value does not fit; an error where something more can be said of why.
    fn convert(&self, scalar: &Scalar) -> Result<Option<Value>, String> {
        let text = match scalar {
            Scalar::Text(text) => Some(&**text),
            Scalar::Cell(text) => Some(text.trim()),
            _ => None,
        };
        Ok(match &self.ty {
            As::Bool => match (scalar, text) {
                (Scalar::Bool(b), _) => Some(Value::Bool(*b)),
                (Scalar::Cell(_), Some("true")) => Some(Value::Bool(true)),
                (Scalar::Cell(_), Some("false")) => Some(Value::Bool(false)),
                _ => None,
            },
            As::Int { unit } => whole(scalar, unit.is_some(), unit.unwrap_or(1))?.map(Value::Int),
            As::Decimal { texts } => exact(scalar.number(*texts))?.map(Value::Decimal),
            As::Percent { hundredths } => percent(scalar, text, *hundredths)?.map(Value::Percent),
            As::Text => match scalar {
                Scalar::Text(text) if text.len() <= MAX_TEXT => Some(Value::Text(text.to_string())),
                Scalar::Cell(text) if text.len() <= MAX_TEXT => Some(Value::Text(text.to_string())),
                Scalar::Whole(n) => Some(Value::Text(n.to_string())),
                _ => None,
            },
            As::Date { format } => match (scalar, text) {
                (Scalar::Date(days), _) | (Scalar::Local(days, 0), _) => Some(Value::Date(*days)),
                (_, Some(text)) => match format {
                    Some(format) => times::date_as(format, text),
                    None => times::date(text),
                }
                .map(Value::Date),
                _ => None,
            },
            As::Timestamp { format, unit, zone } => match (scalar, text, format, unit) {
                (Scalar::Instant(t), ..) => Some(*t),
                (Scalar::Local(days, nanos), ..) => times::local(*days, *nanos, zone),
                (_, Some(text), Some(format), _) => times::timestamp_as(format, text, zone),
                (_, _, None, Some(unit)) => whole(scalar, true, *unit)?,
                (_, Some(text), None, None) => times::timestamp(text, zone),
                _ => None,
            }
            .map(Value::Timestamp),
            As::Duration { unit: Some(unit) } => whole(scalar, true, *unit)?.map(Value::Duration),
            As::Duration { unit: None } => text.and_then(quantities::duration).map(Value::Duration),
            As::Bytes { unit: Some(unit) } => whole(scalar, true, *unit)?.map(Value::Bytes),
            As::Bytes { unit: None } => match text.and_then(quantities::bytes) {
                Some(n) => Some(Value::Bytes(n)),
                None => whole(scalar, false, 1)?.map(Value::Bytes),
            },
            As::Money { currency: Some(currency) } => {
                exact(scalar.number(true))?.map(|amount| Value::Money(Money { amount, currency: *currency }))
            }
            As::Money { currency: None } => match scalar {
                Scalar::Object(raw) => money_object(raw).map(Value::Money),
                _ => text.and_then(quantities::money).map(Value::Money),
            },
            As::Enum { id, words } => text.and_then(|t| words.get(t)).map(|w| Value::Enum(*id, *w)),
            As::List(item) => match scalar {
                Scalar::List(raw) => list(item, scan::elements(raw).map(Scalar::of_json))?,
                Scalar::Items(items) => list(item, items.iter().cloned())?,
                Scalar::Cell(raw) => {
                    let raw = raw.trim();
                    let valid = raw.starts_with('[') && scan::value_end(raw, 0, Bounds::KNOWN) == Ok(raw.len());
                    if valid { list(item, scan::elements(raw).map(Scalar::of_json))? } else { None }
                }
                _ => None,
            },
            As::Presence => matches!(scalar, Scalar::Object(_)).then_some(Value::Bool(true)),
        })
    }
}

/// Reads an optional number, telling apart what is none from what cannot be kept.
fn exact(number: Option<Result<Decimal, DecimalError>>) -> Result<Option<Decimal>, String> {
    match number {
        Some(Ok(value)) => Ok(Some(value)),
        None | Some(Err(DecimalError::NotANumber)) => Ok(None),
        Some(Err(DecimalError::TooFine)) => Err("a number with at most 18 decimal places".into()),
        Some(Err(DecimalError::TooLarge)) => Err("a number below 170,000,000,000,000,000,000".into()),
    }
}

/// The number times a unit, where that is whole and fits.
fn whole(scalar: &Scalar, texts: bool, unit: i64) -> Result<Option<i64>, String> {
    if let Scalar::Number(text) = scalar
        && let Ok(n) = text.parse::<i64>()
    {
        return Ok(n.checked_mul(unit));
    }
    Ok(exact(scalar.number(texts))?.and_then(|n| n.checked_mul(Decimal::from_int(unit))).and_then(Decimal::to_int))
}

/// A text without escapes.
#[inline]
pub fn unquoted(raw: Raw<'_>) -> Option<&str> {
    match raw {
        Raw::Text(text) => Some(text),
        Raw::Json(json) => json.strip_prefix('"')?.strip_suffix('"').filter(|t| !t.contains('\\')),
        Raw::Absent | Raw::Misfit(_) => None,
    }
}

/// Of a JSON value.
fn is_number(text: &str) -> bool {
    matches!(text.as_bytes().first(), Some(b'-' | b'0'..=b'9'))
}

fn percent(scalar: &Scalar, text: Option<&str>, hundredths: bool) -> Result<Option<Decimal>, String> {
    let hundred = Decimal::from_int(100);
    // Division by a hundred is exact for all but the last two of the eighteen places.
    let divided = |n: Decimal| n.checked_div(hundred).filter(|q| q.checked_mul(hundred) == Some(n));
    if let Some(number) = text.and_then(|t| t.strip_suffix('%')) {
        return Ok(Decimal::parse(number.trim_end()).ok().and_then(divided));
    }
    let number = exact(scalar.number(hundredths))?;
    Ok(if hundredths { number.and_then(divided) } else { number })
}

fn money_object(raw: &str) -> Option<Money> {
    let (mut amount, mut currency) = (None, None);
    for (key, value) in scan::members(raw) {
        let repeated = match &*key {
            "amount" => amount.replace(Scalar::of_json(value).number(true)?.ok()?).is_some(),
            "currency" => currency.replace(Currency::parse(&scan::unquoted(value)?)?).is_some(),
            _ => false,
        };
        if repeated {
            return None;
        }
    }
    Some(Money { amount: amount?, currency: currency? })
}

fn list<'a>(item: &Reader, items: impl Iterator<Item = Scalar<'a>>) -> Result<Option<Value>, String> {
    let mut values = Vec::new();
    for scalar in items {
        match item.read(&scalar) {
            Ok(Some(value)) => values.push(value),
            Ok(None) => return Err("a list without empty elements".into()),
            Err(misfit) => return Err(format!("a list in which each element is {}", misfit.expected)),
        }
    }
    Ok(Some(Value::List(values)))
}

fn expectation(ty: &As, words: &Option<FxHashMap<Box<str>, Value>>, format: Option<&str>, schema: &Schema) -> String {
    if let Some(words) = words {
        let mut words: Vec<&str> = words.keys().map(|w| &**w).collect();
        words.sort_unstable();
        return one_of(&words);
    }
    match (ty, format) {
        (As::Date { .. }, Some(format)) => return format!("a date in the form `{format}`"),
        (As::Timestamp { .. }, Some(format)) => return format!("a time in the form `{format}`"),
        _ => {}
    }
    match ty {
        As::Bool => "`true` or `false`",
        As::Int { .. } => "a whole number",
        As::Decimal { .. } => "a number",
        As::Percent { hundredths: false } => "a fraction like 0.15, or a text like \"15 %\"",
        As::Percent { hundredths: true } => "a number like 15, for 15 %",
        As::Text => "a text",
        As::Date { .. } => "a date like 2025-01-31",
        As::Timestamp { unit: Some(_), .. } => "a number of units of time since 1970",
        As::Timestamp { .. } => "a time like 2025-01-31T09:00:00+08:00",
        As::Duration { unit: Some(_) } => "a number of units of time",
        As::Duration { unit: None } => "a duration like \"90 min\" or \"PT1H30M\"",
        As::Bytes { .. } => "a size like 1048576 or \"10 MB\"",
        As::Money { currency: Some(currency) } => return format!("an amount of {currency}: a number"),
        As::Money { currency: None } => "an amount with its currency like \"12.50 CNY\"",
        As::Enum { id, .. } => {
            let words: Vec<&str> = schema.enum_def(*id).words.iter().map(|w| w.in_records()).collect();
            return one_of(&words);
        }
        As::List(item) => return format!("a list in which each element is {}", item.expected),
        As::Presence => "an object",
    }
    .into()
}

fn one_of(words: &[&str]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<String> = words.iter().take(SHOWN).map(|w| format!("`{w}`")).collect();
    let rest = if words.len() > SHOWN { format!(" or {} others", words.len() - SHOWN) } else { String::new() };
    format!("one of {}{rest}", shown.join(", "))
}

/// Splits a time without a zone.
pub fn local_parts(nanos: i128) -> Option<(i32, i64)> {
    let days = i32::try_from(nanos.div_euclid(NANOS_PER_DAY as i128)).ok()?;
    Some((days, nanos.rem_euclid(NANOS_PER_DAY as i128) as i64))
}
