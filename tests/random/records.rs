//! Records over small domains: few subjects, few moments with many ties, amounts at the limits, gaps, repeats.

use super::schema::{FEE, FX, Field, HOLIDAY, Kind, PRICE, Role, Schema, Ty};
use super::{Seeds, Tape};
use crate::reference::{Cell, Record};
use bylaws::internals::data::{self, Currency, Decimal, Money, Value};
use std::collections::BTreeMap;

/// What a field holds, before it is written in some format.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    Bool(bool),
    Int(i64),
    Decimal(&'static str),
    Percent(&'static str),
    Text(String),
    /// Days since 1970.
    Date(i32),
    /// Nanoseconds since 1970.
    Timestamp(i64),
    Duration(i64),
    Bytes(i64),
    Money(&'static str, &'static str),
    /// Index of the word.
    Word(u16),
    Texts(Vec<&'static str>),
    /// A text that is not of the field's type.
    Bad(&'static str),
}

impl Datum {
    pub fn is_bad(&self) -> bool {
        matches!(self, Datum::Bad(_))
    }
}

/// A record or a row of a table: its kind, and what its fields hold; a field that is not here is not there.
#[derive(Clone, Debug, PartialEq)]
pub struct Raw {
    pub kind: usize,
    pub fields: BTreeMap<usize, Datum>,
}

const DAY: i64 = 86_400_000_000_000;
const HOUR: i64 = DAY / 24;
/// 2024-01-01.
const BASE: i32 = 19_723;

pub fn all(schema: &Schema, seeds: &Seeds) -> Vec<Raw> {
    let mut raws: Vec<Raw> = Vec::new();
    let holiday = schema.kinds.iter().position(|k| k.name == HOLIDAY);
    for numbers in &seeds.rows {
        let mut tape = Tape::new(numbers);
        let kind = match schema.rates {
            Some(_) if tape.chance(60) => schema.kinds.len() - 1,
            _ if holiday.is_some() && tape.chance(60) => holiday.unwrap(),
            _ if tape.chance(30) => 1,
            _ => 0,
        };
        raws.push(raw(&mut tape, schema, kind, 0));
    }
    for (i, numbers) in seeds.records.iter().enumerate() {
        let mut tape = Tape::new(numbers);
        let repeat = tape.chance(12);
        let records: Vec<&Raw> = raws.iter().filter(|r| !schema.kinds[r.kind].is_table()).collect();
        if repeat && !records.is_empty() {
            // The same record once more, perhaps with another value somewhere.
            let mut again = (**tape.pick(&records)).clone();
            if tape.chance(50) {
                let kind = &schema.kinds[again.kind];
                let at = 1 + tape.below(kind.fields.len() - 1);
                if let Some(datum) = datum(&mut tape, kind, at, 0) {
                    again.fields.insert(at, datum);
                }
            }
            raws.push(again);
            continue;
        }
        let kinds: Vec<usize> = (0..schema.kinds.len()).filter(|&k| !schema.kinds[k].is_table()).collect();
        let kind = *tape.pick(&kinds);
        raws.push(raw(&mut tape, schema, kind, i + 1));
    }
    raws
}

fn raw(tape: &mut Tape, schema: &Schema, kind: usize, number: usize) -> Raw {
    let of = &schema.kinds[kind];
    let mut fields = BTreeMap::new();
    for (i, field) in of.fields.iter().enumerate() {
        let gap = tape.below(100);
        let missing = if field.optional { 65..100 } else { 97..100 };
        if missing.contains(&gap) {
            continue;
        }
        if gap == 60 && !matches!(field.ty, Ty::Text | Ty::Ref(_) | Ty::Texts) {
            fields.insert(i, Datum::Bad("wrong"));
            continue;
        }
        if let Some(datum) = datum(tape, of, i, number) {
            fields.insert(i, datum);
        }
    }
    Raw { kind, fields }
}

fn day(tape: &mut Tape) -> i32 {
    let near = tape.below(10);
    if near < 7 {
        return BASE + near as i32 / 2;
    }
    // Month ends, the leap day, a change of clocks, a year's end.
    BASE + tape.pick(&[-1, 30, 31, 58, 59, 60, 69, 89, 90, 365, 366, 100, 7, 29])
}

fn datum(tape: &mut Tape, kind: &Kind, at: usize, number: usize) -> Option<Datum> {
    let field: &Field = &kind.fields[at];
    if kind.name == FX {
        return Some(match at {
            0 => Datum::Date(day(tape)),
            1 | 2 if tape.chance(4) => Datum::Text("usd?".into()),
            1 | 2 => Datum::Text(tape.pick(&["USD", "GBP", "USD", "GBP", "JPY"]).to_string()),
            3 if tape.chance(8) => Datum::Bad("wrong"),
            _ if tape.chance(4) => Datum::Decimal("0"),
            _ => Datum::Decimal(tape.pick::<&str>(&["0.8", "1.25", "0.8", "2", "3"])),
        });
    }
    if kind.name == HOLIDAY && at == 0 {
        // The years of most days have a row, those before and after not always.
        return Some(Datum::Date(if tape.chance(70) { day(tape) } else { BASE + tape.pick(&[4, 6, 7, 14]) }));
    }
    if at == 0 {
        return Some(match (&kind.role, field.ty) {
            (Role::Table { .. }, _) => Datum::Text(format!("E{}", tape.below(3))),
            (_, Ty::Int) => Datum::Int(number as i64),
            _ => Datum::Text(format!("R{number}")),
        });
    }
    if let Role::Table { valid: Some((from, until)), .. } = kind.role {
        let days = match (at == from, Some(at) == until) {
            (true, _) => Some(*tape.pick(&[BASE - 1000, BASE - 1000, BASE + 1, BASE + 31])),
            (_, true) => Some(*tape.pick(&[BASE + 1, BASE + 2, BASE + 60, BASE + 366])),
            _ => None,
        };
        if let Some(days) = days {
            return Some(match field.ty {
                Ty::Date => Datum::Date(days),
                _ => Datum::Timestamp(days as i64 * DAY),
            });
        }
    }
    Some(match field.ty {
        Ty::Bool => Datum::Bool(tape.chance(50)),
        Ty::Int => Datum::Int(*tape.pick(&[0, 1, 2, 3, 4, -1])),
        Ty::Decimal => Datum::Decimal(tape.pick::<&str>(&["0", "1.5", "2", "0.1", "-1.5"])),
        Ty::Percent => Datum::Percent(tape.pick::<&str>(&["0.15", "0.5", "0", "1"])),
        Ty::Text => Datum::Text(tape.pick(&["a", "AB", "ab", "b", "x.com", "Sub.X.com", "ax.com"]).to_string()),
        Ty::Date => Datum::Date(day(tape)),
        Ty::Timestamp => {
            let time = *tape.pick(&[0, 9 * HOUR, 12 * HOUR, DAY - 1, HOUR + HOUR / 2, 16 * HOUR]);
            Datum::Timestamp(day(tape) as i64 * DAY + time)
        }
        Ty::Duration => Datum::Duration(*tape.pick(&[HOUR, DAY, HOUR + HOUR / 2, 0, 1])),
        Ty::Bytes => Datum::Bytes(*tape.pick(&[1024, 2048, 10_000_000, 0, 1])),
        Ty::Money => {
            let amount = *tape.pick(&["100", "50", "0", "200", "100.01", "-50"]);
            if [PRICE, FEE].contains(&&field.name[..]) {
                return Some(Datum::Money(amount, tape.pick::<&str>(&["GBP", "USD", "GBP", "USD", "JPY"])));
            }
            Datum::Money(amount, if tape.chance(14) { "USD" } else { "GBP" })
        }
        Ty::Enum(0) => Datum::Word(tape.below(3) as u16),
        Ty::Enum(_) => Datum::Word(tape.below(2) as u16),
        Ty::Ref(_) => Datum::Text(if tape.chance(6) { "E9".into() } else { format!("E{}", tape.below(3)) }),
        Ty::Texts => {
            let n = tape.below(3);
            Datum::Texts((0..n).map(|_| *tape.pick(&["a", "AB", "b"])).collect())
        }
    })
}

/// As the reference evaluator takes it.
pub fn record(own: &Schema, schema: &data::Schema, raw: &Raw, place: usize) -> Record {
    let kind = &own.kinds[raw.kind];
    let id = schema.kind_named(kind.name).unwrap();
    let cells = raw.fields.iter().map(|(&i, datum)| {
        let column = schema.kind(id).column(&kind.fields[i].name).unwrap();
        (column, cell(datum, &schema.column(id, column).ty))
    });
    Record { kind: id, cells: cells.collect(), place }
}

fn cell(datum: &Datum, ty: &data::Type) -> Cell {
    let decimal = |text: &str| Decimal::parse(text).unwrap();
    Cell::Value(match datum {
        Datum::Bool(b) => Value::Bool(*b),
        Datum::Int(n) => Value::Int(*n),
        Datum::Decimal(text) => Value::Decimal(decimal(text)),
        Datum::Percent(text) => Value::Percent(decimal(text)),
        Datum::Text(text) => Value::Text(text.clone()),
        Datum::Date(days) => Value::Date(*days),
        Datum::Timestamp(nanos) => Value::Timestamp(*nanos),
        Datum::Duration(nanos) => Value::Duration(*nanos),
        Datum::Bytes(n) => Value::Bytes(*n),
        Datum::Money(amount, currency) => {
            Value::Money(Money { amount: decimal(amount), currency: Currency::parse(currency).unwrap() })
        }
        Datum::Word(word) => {
            let data::Type::Enum(id) = ty else { panic!("not an enum") };
            Value::Enum(*id, *word)
        }
        Datum::Texts(texts) => Value::List(texts.iter().map(|t| Value::Text(t.to_string())).collect()),
        Datum::Bad(text) => return Cell::Malformed(text.to_string()),
    })
}
