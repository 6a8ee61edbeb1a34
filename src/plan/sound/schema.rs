//! What is declared: kinds and their columns, sources, clocks.

use super::{Sound, Walk, holds};
use crate::data::mapping::{Cond, MapExpr, Path, Source};
use crate::data::{Clock, ColumnId, Kind, Origin, Role, Type};

/// Columns of rates: day, two currencies, and the rate.
const RATES: [Type; 4] = [Type::Date, Type::Text, Type::Text, Type::Decimal];

impl Walk<'_> {
    pub fn schema(&self) -> Sound {
        for of in &self.schema.enums {
            self.spans(of.words.iter().map(|w| w.span).chain([of.span]))?;
            holds(of.words.len() <= usize::from(u16::MAX) + 1)?;
        }
        let declared = self.schema.declared().len();
        holds(self.schema.kinds[declared..].iter().all(|k| k.origin != Origin::Declared))?;
        self.schema.kinds.iter().try_for_each(|kind| self.declared(kind))
    }

    fn declared(&self, kind: &Kind) -> Sound {
        self.spans(kind.columns.iter().map(|c| c.span).chain([kind.span]))?;
        kind.columns.iter().try_for_each(|c| self.shape(&c.ty).map(|_| ()))?;
        let ty = |column: ColumnId| kind.columns.get(column.0 as usize).map(|c| &c.ty);
        let is_time = |ty: &Type| matches!(ty, Type::Date | Type::Timestamp);
        let is_plain = |ty: &Type| !matches!(ty, Type::Struct | Type::List(_) | Type::Set(_));
        kind.identity.iter().try_for_each(|c| holds(is_plain(ty(*c)?)))?;
        match kind.role {
            Role::Record { time, subject } => {
                time.map_or(Some(()), |c| holds(is_time(ty(c)?)))?;
                subject.map_or(Some(()), |c| holds(is_plain(ty(c)?)))?;
            }
            Role::Table { key, valid } => {
                holds(is_plain(ty(key)?))?;
                if let Some((from, until)) = valid {
                    holds(is_time(ty(from)?))?;
                    until.map_or(Some(()), |c| holds(ty(c)? == ty(from)?))?;
                }
            }
        }
        if kind.rates.is_some() {
            holds(kind.is_table() && kind.columns.len() == RATES.len())?;
            holds(kind.columns.iter().zip(&RATES).all(|(c, ty)| c.ty == *ty))?;
            holds(kind.telling().len() == RATES.len())?;
        }
        match &kind.origin {
            Origin::Declared => Some(()),
            Origin::Union(members) => {
                holds(!kind.is_table())?;
                members.iter().try_for_each(|(member, columns)| {
                    let member = self.schema.declared().get(member.0 as usize)?;
                    holds(!member.is_table() && columns.len() == kind.columns.len())?;
                    kind.columns.iter().zip(columns).try_for_each(|(own, c)| {
                        holds(self.shape(&member.columns.get(c.0 as usize)?.ty)? == self.shape(&own.ty)?)
                    })
                })
            }
            Origin::Findings => holds(!kind.is_table()),
        }
    }

    pub fn clock(&self, clock: &Clock) -> Sound {
        let Some(business) = &clock.business else { return Some(()) };
        holds((1..128).contains(&business.weekdays))?;
        let Some((table, working)) = business.except else { return Some(()) };
        let of = self.schema.kinds.get(table.0 as usize)?;
        let Role::Table { key, valid: None } = of.role else { return None };
        holds(of.columns.get(key.0 as usize)?.ty == Type::Date)?;
        let Some(working) = working else { return Some(()) };
        holds(of.columns.get(working.0 as usize)?.ty == Type::Bool)
    }

    pub fn source(&self, source: &Source) -> Sound {
        self.span(source.span)?;
        let kind = self.schema.declared().get(source.kind.0 as usize)?;
        holds(source.delimiter.is_ascii() && !b"\"\r\n".contains(&source.delimiter))?;
        let items = source.each.is_some();
        source.each.iter().try_for_each(|path| self.path(path, false))?;
        source.filter.iter().try_for_each(|of| self.filter(of, items))?;
        source.map.iter().try_for_each(|(column, of)| {
            holds((column.0 as usize) < kind.columns.len())?;
            self.mapped(of, items)
        })
    }

    /// `items`: there are elements for it to start from.
    fn path(&self, path: &Path, items: bool) -> Sound {
        holds(items || !path.from_item)?;
        self.span(path.span)
    }

    fn mapped(&self, of: &MapExpr, items: bool) -> Sound {
        match of {
            MapExpr::Path(path) => self.path(path, items),
            MapExpr::Constant(_) => Some(()),
            MapExpr::Read { of, how: _ } => self.mapped(of, items),
            MapExpr::Money { amount: a, currency: b } | MapExpr::Coalesce(a, b) => {
                self.mapped(a, items)?;
                self.mapped(b, items)
            }
        }
    }

    fn filter(&self, of: &Cond, items: bool) -> Sound {
        match of {
            Cond::And(all) | Cond::Or(all) => all.iter().try_for_each(|of| self.filter(of, items)),
            Cond::Not(of) => self.filter(of, items),
            Cond::Present(path)
            | Cond::In(path, _)
            | Cond::Less { path, .. }
            | Cond::Greater { path, .. }
            | Cond::StartsWith(path, _)
            | Cond::EndsWith(path, _)
            | Cond::Contains(path, _)
            | Cond::Matches(path, _) => self.path(path, items),
        }
    }
}
