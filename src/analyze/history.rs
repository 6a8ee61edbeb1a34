//! Conditions over other records: how far away the nearest one is, and what it would look like.

use super::canon::Names;
use super::formula::{Like, Unit};
use super::lower::above;
use super::scalar::constant;
use crate::data::{KindId, Type, Value};
use crate::sema::hir::{CompareOp, Expr, ExprKind, History, Window};

/// A window, as a distance that the nearest record must not exceed.
pub struct Distance {
    /// What is measured, whatever the length.
    pub key: String,
    pub unit: Unit,
    pub before: bool,
    pub op: CompareOp,
    pub length: i64,
}

/// None where a window is no distance in one unit.
pub fn distance(names: &Names<'_>, history: &History) -> Option<Distance> {
    let (length, sort, op) = match history.window {
        Window::Before(length) => (length, "before", CompareOp::Le),
        Window::After(length) => (length, "after", CompareOp::Le),
        Window::Around(length) => (length, "around", CompareOp::Le),
        Window::Over(length) => (length, "over", CompareOp::Lt),
        Window::AllTime | Window::In(_) => return None,
    };
    let units = [
        (Unit::Months, i64::from(length.months)),
        (Unit::Days, i64::from(length.days)),
        (Unit::BusinessDays, i64::from(length.business)),
        (Unit::Nanoseconds, length.nanos),
    ];
    let mut given = units.into_iter().filter(|(_, n)| *n != 0);
    let (Some((unit, length)), None) = (given.next(), given.next()) else { return None };
    let anywhere = History { window: Window::AllTime, ..history.clone() };
    let key = format!("{unit:?} {sort} to the nearest of {}", names.history(&anywhere));
    Some(Distance { key, unit, before: sort != "after", op, length })
}

/// What a record would look like that is there, as far as that can be read off the condition.
pub fn like(names: &Names<'_>, history: &History) -> Option<Like> {
    if history.root != 0 {
        return None;
    }
    let kind = names.schema.kind(history.kind).name.clone();
    let reading = Reading { names, kind: history.kind };
    let mut like = Like { kind, equal: Vec::new(), with: Vec::new(), present: Vec::new() };
    for key in &history.keys {
        reading.compared(&mut like, CompareOp::Eq, &key.inner, &key.outer);
    }
    history.filter.iter().for_each(|f| reading.condition(&mut like, f));
    Some(like)
}

struct Reading<'n, 'a> {
    names: &'n Names<'a>,
    kind: KindId,
}

impl Reading<'_, '_> {
    fn column(&self, e: &Expr, root: u8) -> Option<String> {
        match &e.kind {
            ExprKind::Named { body, .. } => self.column(body, root),
            ExprKind::Column { root: at, column } if *at == root => {
                let kind = if root == 0 { self.names.roots[0] } else { self.kind };
                Some(self.names.schema.column(kind, *column).name.clone())
            }
            ExprKind::EventTime { root: 0 } if root == 0 => self.names.time(0, &e.ty).map(str::to_owned),
            _ => None,
        }
    }

    fn condition(&self, like: &mut Like, e: &Expr) {
        match &e.kind {
            ExprKind::Named { body, .. } => self.condition(like, body),
            ExprKind::And(parts) => parts.iter().for_each(|p| self.condition(like, p)),
            // One of them is enough.
            ExprKind::Or(parts) => parts.iter().take(1).for_each(|p| self.condition(like, p)),
            ExprKind::Compare { op, left, right, .. } => {
                self.compared(like, *op, left, right);
                self.compared(like, super::canon::turned(*op), right, left);
            }
            ExprKind::In { item, set, .. } => {
                if let (Some(column), Some(value)) = (self.column(item, 1), set.first()) {
                    let value = match item.ty {
                        Type::List(_) | Type::Set(_) => Value::List(vec![value.clone()]),
                        _ => value.clone(),
                    };
                    like.with.push((column, value));
                }
            }
            ExprKind::Present(of) => like.present.extend(self.column(of, 1)),
            ExprKind::Column { root: 1, .. } => {
                like.with.extend(self.column(e, 1).map(|column| (column, Value::Bool(true))));
            }
            _ => {}
        }
    }

    /// A column of the other record beside a constant, or a column of the record's own.
    fn compared(&self, like: &mut Like, op: CompareOp, inner: &Expr, outer: &Expr) {
        let Some(column) = self.column(inner, 1) else { return };
        if let Some(value) = constant(outer) {
            match op {
                CompareOp::Eq | CompareOp::Le | CompareOp::Ge => like.with.push((column, value)),
                CompareOp::Gt => like.with.extend(above(&value).map(|value| (column, value))),
                CompareOp::Lt | CompareOp::Ne => {}
            }
        } else if let Some(own) = self.column(outer, 0) {
            match op {
                CompareOp::Eq | CompareOp::Le | CompareOp::Ge => like.equal.push((column, own)),
                CompareOp::Ne if matches!(inner.ty, Type::Text | Type::Ref(_)) => {
                    like.with.push((column, Value::Text("somebody else".into())));
                }
                _ => {}
            }
        }
    }
}
