//! What is asked of a model, and the records that it speaks of.

use super::Question;
use super::sexpr::Value as Said;
use super::term::{Sort, Term};
use crate::analyze::formula::{Like, Unit};
use crate::analyze::witness::{Near, Wanted};
use crate::data::{Currency, Decimal, Money, Schema, Type, Value};
use std::collections::BTreeMap;

/// A value, and the names of what the solver knows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    ty: Type,
    value: String,
    known: String,
    absent: String,
    currency: Option<String>,
}

impl Cell {
    fn of(ty: &Type, term: &Term) -> Cell {
        let Term { value, known, absent, currency, .. } = term.clone();
        Cell { ty: ty.clone(), value, known, absent, currency }
    }

    /// The text's letters in lower case stand for it.
    pub fn lowered(value: &str, of: &Term) -> Cell {
        Cell { ty: Type::Text, value: value.into(), known: of.known.clone(), absent: of.absent.clone(), currency: None }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    Column {
        column: String,
        cell: Cell,
    },
    /// Only where the column is not asked for itself.
    Lowered {
        column: String,
        cell: Cell,
    },
    /// Whether a list has this element.
    Element {
        column: String,
        item: Value,
        holds: String,
    },
    Lookup {
        table: String,
        column: String,
        cell: Cell,
        key: Cell,
    },
    Sum {
        column: String,
        cell: Cell,
    },
    Count(String),
    Nearest {
        like: Like,
        unit: Unit,
        before: bool,
        days: String,
        known: String,
    },
    There {
        like: Like,
        holds: String,
    },
    Day(String),
    Kind(String),
}

impl Asked {
    pub fn column(column: &str, ty: &Type, term: &Term) -> Asked {
        Asked::Column { column: column.into(), cell: Cell::of(ty, term) }
    }

    pub fn sum(column: &str, ty: &Type, term: &Term) -> Asked {
        Asked::Sum { column: column.into(), cell: Cell::of(ty, term) }
    }

    pub fn lookup((table, column): (&str, &str), ty: &Type, term: &Term, (of, key): (&Type, &Term)) -> Asked {
        let (cell, key) = (Cell::of(ty, term), Cell::of(of, key));
        Asked::Lookup { table: table.into(), column: column.into(), cell, key }
    }

    pub fn names(&self) -> Vec<&str> {
        fn cell_names(cell: &Cell) -> Vec<&str> {
            let value = (!matches!(cell.ty, Type::List(_) | Type::Set(_))).then_some(cell.value.as_str());
            let all = [value, Some(&cell.known), Some(&cell.absent), cell.currency.as_deref()];
            all.into_iter().flatten().filter(|n| is_name(n)).collect()
        }
        match self {
            Asked::Column { cell, .. } | Asked::Lowered { cell, .. } | Asked::Sum { cell, .. } => cell_names(cell),
            Asked::Lookup { cell, key, .. } => [cell_names(cell), cell_names(key)].concat(),
            Asked::Element { holds: name, .. }
            | Asked::There { holds: name, .. }
            | Asked::Count(name)
            | Asked::Day(name)
            | Asked::Kind(name) => {
                if is_name(name) {
                    vec![name]
                } else {
                    Vec::new()
                }
            }
            Asked::Nearest { days, known, .. } => vec![days, known],
        }
    }
}

/// A constant is its own value.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text != "true" && text != "false"
}

impl Question {
    pub fn ask_for(&mut self, asked: Asked) {
        if !self.asked.contains(&asked) {
            self.asked.push(asked);
        }
    }
}

struct Model<'m> {
    schema: &'m Schema,
    values: &'m BTreeMap<String, Said>,
    words: &'m [String],
    currencies: &'m [String],
}

/// The record that a model speaks of; none where a value of it is of no type's.
pub fn wanted(
    schema: &Schema,
    asked: &[Asked],
    values: &BTreeMap<String, Said>,
    words: &[String],
    currencies: &[String],
) -> Option<Wanted> {
    let model = Model { schema, values, words, currencies };
    let mut wanted = Wanted { copies: 1, ..Wanted::default() };
    for one in asked {
        match one {
            Asked::Column { column, cell } => {
                if let Some(value) = model.cell(cell)? {
                    wanted.own.insert(column.clone(), value);
                }
            }
            Asked::Lookup { table, column, cell, key } => {
                // Nobody is looked up by a key that is not there.
                let (Some(Some(key)), Some(value)) = (model.cell(key)?, model.cell(cell)?) else { continue };
                let row = wanted.keyed.iter_mut().find(|(of, by, _)| of == table && *by == key);
                match row {
                    Some((_, _, cells)) => {
                        cells.insert(column.clone(), value);
                    }
                    None => wanted.keyed.push((table.clone(), key, BTreeMap::from([(column.clone(), value)]))),
                }
            }
            Asked::Count(name) => wanted.copies = usize::try_from(model.int(name)?).ok()?.max(1),
            Asked::Nearest { like, unit, before, days, known } => {
                if model.truth(known)? {
                    let n = model.int(days)?;
                    wanted.others.push(Near::at(like, *unit, *before, n, n > 0)?);
                }
            }
            Asked::There { like, holds } => {
                if model.truth(holds)? {
                    wanted.others.push(Near { like: like.clone(), days: 0, nanos: 0 });
                }
            }
            Asked::Day(name) => wanted.day = Some(i32::try_from(model.int(name)?).ok()?),
            Asked::Kind(name) => {
                let word = usize::try_from(model.int(name)?).ok().and_then(|at| words.get(at));
                wanted.kind = word.and_then(|word| schema.kind_named(word));
            }
            Asked::Lowered { .. } | Asked::Element { .. } | Asked::Sum { .. } => {}
        }
    }
    // These say something of what nothing else does.
    for one in asked {
        match one {
            Asked::Lowered { column, cell } | Asked::Sum { column, cell } => {
                if let (false, Some(value)) = (wanted.own.contains_key(column), model.cell(cell)?) {
                    wanted.own.insert(column.clone(), value);
                }
            }
            Asked::Element { column, item, holds } => {
                if !matches!(wanted.own.get(column), Some(Some(Value::List(_)))) {
                    if matches!(wanted.own.get(column), Some(None)) {
                        continue;
                    }
                    wanted.own.insert(column.clone(), Some(Value::List(Vec::new())));
                }
                if let (true, Some(Some(Value::List(items)))) = (model.truth(holds)?, wanted.own.get_mut(column))
                    && !items.contains(item)
                {
                    items.push(item.clone());
                }
            }
            _ => {}
        }
    }
    Some(wanted)
}

impl Model<'_> {
    fn int(&self, name: &str) -> Option<i128> {
        match self.values.get(name) {
            Some(Said::Int(n)) => Some(*n),
            Some(_) => None,
            None => match name.strip_prefix("(- ").and_then(|n| n.strip_suffix(')')) {
                Some(n) => format!("-{n}").parse().ok(),
                None => name.parse().ok(),
            },
        }
    }

    fn truth(&self, name: &str) -> Option<bool> {
        match self.values.get(name) {
            Some(Said::Bool(b)) => Some(*b),
            Some(_) => None,
            None => name.parse().ok(),
        }
    }

    /// Inner: none where it is unknown, none in that where it is absent.
    fn cell(&self, cell: &Cell) -> Option<Option<Option<Value>>> {
        if self.truth(&cell.absent)? {
            return Some(Some(None));
        }
        if !self.truth(&cell.known)? {
            return Some(None);
        }
        let mut ty = &cell.ty;
        while let Type::Ref(table) = ty {
            ty = self.schema.key_type(*table);
        }
        if matches!(ty, Type::List(_) | Type::Set(_)) {
            return Some(Some(Some(Value::List(Vec::new()))));
        }
        let value = match Sort::of(self.schema, ty) {
            Sort::Bool => Value::Bool(self.truth(&cell.value)?),
            Sort::Text => match self.values.get(&cell.value)? {
                Said::Text(text) => Value::Text(text.clone()),
                _ => return None,
            },
            Sort::Int | Sort::List => self.number(ty, cell)?,
        };
        Some(Some(Some(value)))
    }

    fn number(&self, ty: &Type, cell: &Cell) -> Option<Value> {
        let n = self.int(&cell.value)?;
        let count = || i64::try_from(n).ok();
        Some(match ty {
            Type::Int => Value::Int(count()?),
            Type::Decimal => Value::Decimal(Decimal::from_raw(n)),
            Type::Percent => Value::Percent(Decimal::from_raw(n)),
            Type::Date => Value::Date(i32::try_from(n).ok()?),
            Type::Timestamp => Value::Timestamp(count()?),
            Type::Duration => Value::Duration(count()?),
            Type::Bytes => Value::Bytes(count()?),
            Type::Money => {
                let at = self.int(cell.currency.as_deref()?)?;
                let known = usize::try_from(at).ok().and_then(|at| self.currencies.get(at));
                // A currency that no rule names.
                let currency = known.map_or("XXX", String::as_str);
                let currency = Currency::parse(currency).or_else(|| Currency::parse("EUR"))?;
                Value::Money(Money { amount: Decimal::from_raw(n), currency })
            }
            Type::Enum(of) => {
                let word = self.words.get(usize::try_from(n).ok()?)?;
                let at = self.schema.enum_def(*of).words.iter().position(|w| w.name == *word)?;
                Value::Enum(*of, u16::try_from(at).ok()?)
            }
            _ => return None,
        })
    }
}
