//! From the values of a row to the cells of a record: paths, constants, the first of several, filters.
//!
//! A path whose key, element or filter finds nothing is absent; one that meets something else than the
//! object or list that it needs is malformed. `[]` gives all elements: a list column takes them all, a
//! filter holds if it holds for one of them.

use super::paths::Raw;
use super::scan;
use super::values::{Misfit, Reader, Scalar};
use crate::data::build::ColumnBuilder;
use crate::data::mapping::Step;
use crate::data::{Currency, Decimal, Money, Seen, Value};
use regex::Regex;
use std::borrow::Cow;

/// The kept values of a row and, under `each`, of the element.
pub trait Cells {
    fn get(&self, item: bool, slot: u32) -> Scalar<'_>;

    /// The same as JSON, where it is.
    fn raw(&self, _item: bool, _slot: u32) -> Option<Raw<'_>> {
        None
    }
}

/// A slot, and the steps that go on from its value.
#[derive(Clone, Debug)]
pub struct Get {
    pub item: bool,
    pub slot: u32,
    pub rest: Box<[Step]>,
}

impl Get {
    pub fn value<'c>(&self, cells: &'c impl Cells) -> Scalar<'c> {
        follow(cells.get(self.item, self.slot), &self.rest)
    }
}

/// Goes on from a value.
pub fn follow<'a>(from: Scalar<'a>, steps: &[Step]) -> Scalar<'a> {
    let Some((step, rest)) = steps.split_first() else { return from };
    let next = match (step, from) {
        (_, Scalar::Absent) => return Scalar::Absent,
        (_, misfit @ Scalar::Misfit { .. }) => return misfit,
        (Step::Key(key), object) => at_key(object, key),
        (Step::Index(n), Scalar::List(raw)) => nth(raw, *n as usize),
        (Step::Filter { key, equals }, Scalar::List(raw)) => {
            return match with_elements(raw, |e| holds(e, key, equals)) {
                Some(element) => follow(element, rest),
                None => Scalar::Absent,
            };
        }
        (Step::Every, Scalar::List(raw)) => {
            let mut items = Vec::new();
            let mut push = |scalar| match scalar {
                Scalar::Items(more) => items.extend(more),
                one => items.push(one),
            };
            match raw {
                Cow::Borrowed(raw) => scan::elements(raw).for_each(|e| push(follow(Scalar::of_json(e), rest))),
                Cow::Owned(raw) => {
                    scan::elements(&raw).for_each(|e| push(owned(follow(Scalar::of_json(e), rest))));
                }
            }
            return Scalar::Items(items);
        }
        (_, other) => return misfit(other, "a list"),
    };
    follow(next, rest)
}

fn at_key<'a>(from: Scalar<'a>, key: &str) -> Scalar<'a> {
    match from {
        Scalar::Object(raw) => member(raw, key),
        Scalar::Absent | Scalar::Misfit { .. } => from,
        other => misfit(other, "an object"),
    }
}

fn misfit<'a>(found: Scalar<'a>, expected: &'static str) -> Scalar<'a> {
    let found = match found {
        Scalar::Text(t) | Scalar::Number(t) | Scalar::List(t) | Scalar::Object(t) => t,
        Scalar::Cell(t) => t.into(),
        other => other.spelt().map(|t| t.into_owned().into()).unwrap_or_else(|| "a value without parts".into()),
    };
    Scalar::Misfit { found, expected }
}

fn owned(scalar: Scalar<'_>) -> Scalar<'static> {
    let keep = |t: Cow<str>| Cow::Owned(t.into_owned());
    match scalar {
        Scalar::Text(t) => Scalar::Text(keep(t)),
        Scalar::Cell(t) => Scalar::Text(t.to_string().into()),
        Scalar::Number(t) => Scalar::Number(keep(t)),
        Scalar::List(t) => Scalar::List(keep(t)),
        Scalar::Object(t) => Scalar::Object(keep(t)),
        Scalar::Misfit { found, expected } => Scalar::Misfit { found: keep(found), expected },
        Scalar::Items(items) => Scalar::Items(items.into_iter().map(owned).collect()),
        Scalar::Absent => Scalar::Absent,
        Scalar::Whole(n) => Scalar::Whole(n),
        Scalar::Bool(b) => Scalar::Bool(b),
        Scalar::Date(d) => Scalar::Date(d),
        Scalar::Instant(t) => Scalar::Instant(t),
        Scalar::Local(d, n) => Scalar::Local(d, n),
    }
}

/// The first element that passes.
fn with_elements<'a>(raw: Cow<'a, str>, pass: impl Fn(&str) -> bool) -> Option<Scalar<'a>> {
    match raw {
        Cow::Borrowed(raw) => scan::elements(raw).find(|e| pass(e)).map(Scalar::of_json),
        Cow::Owned(raw) => scan::elements(&raw).find(|e| pass(e)).map(|e| owned(Scalar::of_json(e))),
    }
}

fn nth<'a>(raw: Cow<'a, str>, n: usize) -> Scalar<'a> {
    let found = match raw {
        Cow::Borrowed(raw) => scan::elements(raw).nth(n).map(Scalar::of_json),
        Cow::Owned(raw) => scan::elements(&raw).nth(n).map(|e| owned(Scalar::of_json(e))),
    };
    found.unwrap_or(Scalar::Absent)
}

/// A key that stands twice gives no value that could be trusted.
fn member<'a>(raw: Cow<'a, str>, key: &str) -> Scalar<'a> {
    fn of<'r>(raw: &'r str, key: &str) -> Option<Scalar<'r>> {
        let mut found = scan::members(raw).filter(|(k, _)| *k == key);
        let first = Scalar::of_json(found.next()?.1);
        let twice = || Scalar::Misfit { found: format!("`{key}` twice").into(), expected: "each key once" };
        Some(if found.next().is_some() { twice() } else { first })
    }
    let found = match &raw {
        Cow::Borrowed(raw) => of(raw, key),
        Cow::Owned(raw) => of(raw, key).map(owned),
    };
    found.unwrap_or(Scalar::Absent)
}

/// Whether the value at a key (dotted) of an element equals.
pub fn holds(element: &str, key: &[String], equals: &Value) -> bool {
    equal(&key.iter().fold(Scalar::of_json(element), |at, key| at_key(at, key)), equals)
}

/// Text with text, numbers by their value, true and false; anything else is unequal.
fn equal(scalar: &Scalar, value: &Value) -> bool {
    match (scalar, value) {
        (Scalar::Text(t), Value::Text(v)) => **t == **v,
        (Scalar::Cell(t), Value::Text(v)) => **t == **v,
        (Scalar::Bool(b), Value::Bool(v)) => b == v,
        (Scalar::Cell(t), Value::Bool(v)) => *t == if *v { "true" } else { "false" },
        (_, Value::Int(v)) => scalar.number(false) == Some(Ok(Decimal::from_int(*v))),
        (_, Value::Decimal(v)) => scalar.number(false) == Some(Ok(*v)),
        _ => false,
    }
}

/// What fills a column.
#[derive(Clone, Debug)]
pub enum Expr {
    Absent,
    Constant(Value),
    Read(Get, Reader),
    Coalesce(Box<Expr>, Box<Expr>),
    Money {
        amount: Box<Expr>,
        currency: Box<Expr>,
    },
    /// Whether an optional group is there: its own value is, or one of those under it.
    Presence {
        group: Option<(Get, Reader)>,
        below: Vec<Expr>,
    },
}

impl Expr {
    #[inline]
    pub fn append(&self, cells: &impl Cells, column: &mut ColumnBuilder) -> Result<(), Misfit> {
        match self {
            Expr::Read(get, reader)
                if get.rest.is_empty()
                    && let Some(raw) = cells.raw(get.item, get.slot)
                    && reader.append_raw(raw, column) =>
            {
                Ok(())
            }
            _ => self.append_other(cells, column),
        }
    }

    /// The slot, where it is read as it stands.
    pub fn plain(&self) -> Option<u32> {
        self.read_plainly().map(|(slot, _)| slot)
    }

    /// The same with how it is read.
    pub fn read_plainly(&self) -> Option<(u32, &Reader)> {
        match self {
            Expr::Read(get, reader) if get.rest.is_empty() && !get.item => Some((get.slot, reader)),
            _ => None,
        }
    }

    /// The same, of what is read as nothing but itself.
    pub fn as_it_stands(&self) -> Option<u32> {
        self.plain().filter(|_| matches!(self, Expr::Read(_, reader) if reader.as_it_stands()))
    }

    /// What a sieve looks at.
    pub fn seen<'c>(&self, cells: &'c impl Cells) -> Seen<'c> {
        match self {
            Expr::Read(get, reader)
                if get.rest.is_empty()
                    && let Some(raw) = cells.raw(get.item, get.slot) =>
            {
                reader.seen(raw)
            }
            Expr::Read(get, reader) if get.rest.is_empty() => reader.seen_scalar(cells.get(get.item, get.slot)),
            _ => Seen::Other,
        }
    }

    #[inline(never)]
    fn append_other(&self, cells: &impl Cells, column: &mut ColumnBuilder) -> Result<(), Misfit> {
        if let Expr::Read(get, reader) = self {
            return reader.append(&get.value(cells), column);
        }
        column.append_read(self.value(cells))
    }

    fn value(&self, cells: &impl Cells) -> Result<Option<Value>, Misfit> {
        match self {
            Expr::Absent => Ok(None),
            Expr::Constant(value) => Ok(Some(value.clone())),
            Expr::Read(get, reader) => reader.read(&get.value(cells)),
            Expr::Coalesce(first, second) => match first.value(cells)? {
                Some(value) => Ok(Some(value)),
                None => second.value(cells),
            },
            Expr::Money { amount, currency } => {
                let amount = match amount.value(cells)? {
                    Some(Value::Decimal(d)) => d,
                    Some(Value::Int(n)) => Decimal::from_int(n),
                    // An amount that is not there is no money, whatever the currency.
                    _ => return Ok(None),
                };
                let code = match currency.value(cells)? {
                    Some(Value::Text(code)) => code,
                    _ => String::new(),
                };
                let expected = || "a currency code like `CNY` beside the amount".to_string();
                match Currency::parse(&code) {
                    Some(currency) => Ok(Some(Value::Money(Money { amount, currency }))),
                    None => Err(Misfit { found: format!("{amount} {code}").trim_end().into(), expected: expected() }),
                }
            }
            Expr::Presence { group, below } => {
                if let Some((get, reader)) = group
                    && let Some(value) = reader.read(&get.value(cells))?
                {
                    return Ok(Some(value));
                }
                let there = below.iter().any(|e| e.value(cells) != Ok(None));
                Ok(there.then_some(Value::Bool(true)))
            }
        }
    }

    /// The places that it reads, and how.
    pub fn reads<'e>(&'e self, out: &mut Vec<(&'e Get, &'e Reader)>) {
        match self {
            Expr::Absent | Expr::Constant(_) => {}
            Expr::Read(get, reader) => out.push((get, reader)),
            Expr::Coalesce(a, b) | Expr::Money { amount: a, currency: b } => {
                a.reads(out);
                b.reads(out);
            }
            Expr::Presence { group, below } => {
                out.extend(group.iter().map(|(get, reader)| (get, reader)));
                below.iter().for_each(|e| e.reads(out));
            }
        }
    }

    /// The places that it reads, first come first.
    pub fn gets<'e>(&'e self, out: &mut Vec<&'e Get>) {
        match self {
            Expr::Absent | Expr::Constant(_) => {}
            Expr::Read(get, _) => out.push(get),
            Expr::Coalesce(a, b) => {
                a.gets(out);
                b.gets(out);
            }
            Expr::Money { amount, currency } => {
                amount.gets(out);
                currency.gets(out);
            }
            Expr::Presence { group, below } => {
                out.extend(group.iter().map(|g| &g.0));
                below.iter().for_each(|e| e.gets(out));
            }
        }
    }
}

/// A filter, ready to run.
#[derive(Clone, Debug)]
pub enum Test {
    And(Vec<Test>),
    Or(Vec<Test>),
    Not(Box<Test>),
    Present(Get),
    In(Get, Vec<Value>),
    /// Less, equal, greater: which of them pass.
    Order(Get, Decimal, [bool; 3]),
    StartsWith(Get, String),
    EndsWith(Get, String),
    Contains(Get, String),
    Matches(Get, Regex),
    /// A pattern that does not compile; the checker refuses it before.
    Never,
}

impl Test {
    /// The places that it reads.
    pub fn gets<'t>(&'t self, out: &mut Vec<&'t Get>) {
        match self {
            Test::And(all) | Test::Or(all) => all.iter().for_each(|t| t.gets(out)),
            Test::Not(not) => not.gets(out),
            Test::Present(get)
            | Test::In(get, _)
            | Test::Order(get, ..)
            | Test::StartsWith(get, _)
            | Test::EndsWith(get, _)
            | Test::Contains(get, _)
            | Test::Matches(get, _) => out.push(get),
            Test::Never => {}
        }
    }

    pub fn holds(&self, cells: &impl Cells) -> bool {
        match self {
            Test::And(all) => all.iter().all(|t| t.holds(cells)),
            Test::Or(any) => any.iter().any(|t| t.holds(cells)),
            Test::Not(not) => !not.holds(cells),
            Test::Present(get) => any(get.value(cells), &|s| !s.is_absent()),
            Test::In(get, values) => any(get.value(cells), &|s| values.iter().any(|v| equal(s, v))),
            Test::Order(get, than, pass) => any(get.value(cells), &|s| match s.number(false) {
                Some(Ok(n)) => pass[(n.cmp(than) as i8 + 1) as usize],
                _ => false,
            }),
            Test::StartsWith(get, text) => any_text(get.value(cells), &|t| t.starts_with(&**text)),
            Test::EndsWith(get, text) => any_text(get.value(cells), &|t| t.ends_with(&**text)),
            Test::Contains(get, text) => any_text(get.value(cells), &|t| t.contains(&**text)),
            Test::Matches(get, regex) => any_text(get.value(cells), &|t| regex.is_match(t)),
            Test::Never => false,
        }
    }
}

fn any(scalar: Scalar, pass: &dyn Fn(&Scalar) -> bool) -> bool {
    match scalar {
        Scalar::Items(items) => items.iter().any(pass),
        one => pass(&one),
    }
}

fn any_text(scalar: Scalar, pass: &dyn Fn(&str) -> bool) -> bool {
    any(scalar, &|s| match s {
        Scalar::Text(t) => pass(t),
        Scalar::Cell(t) => pass(t),
        _ => false,
    })
}
