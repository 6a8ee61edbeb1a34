//! A record as a search would find it: its keys, a time in the window, and fields such that the conditions hold.

use super::super::interp::{Scope, truth, value};
use super::super::message::field_value;
use super::super::val::Val;
use super::super::window::{self, moment};
use super::super::{Truth, history};
use super::lab::Edit;
use super::propose::{Demand, Proposal};
use super::values::{Values, mirrored, opposite, stepped};
use crate::data::{ColumnId, KindId, Origin, Time, Type, Value, display};
use crate::plan::{Expr, HistoryPlan, Op};
use crate::sema::hir::{CompareOp, Func};

struct Fill<'s, 'a> {
    values: &'s Values<'a>,
    kind: KindId,
    /// Of the record that is made up.
    root: u8,
    about: &'s Scope<'s, 'a>,
    /// When it is.
    at: Option<Time>,
    cells: Vec<(ColumnId, Value)>,
    fields: Vec<(ColumnId, Demand)>,
}

/// A record as the search would find it; where it looks among several kinds, one of each. None where no such record
/// can be made up.
pub fn added<'a>(values: &Values<'a>, id: u32, scope: &Scope<'_, 'a>) -> Vec<Proposal> {
    let history = &values.cx.plan.histories[id as usize];
    let Some(about) = scope.at(history.root) else { return Vec::new() };
    let Some(bounds) = window::bounds(&values.cx, history, about.frame.time) else { return Vec::new() };
    within(values, history, about, &bounds)
}

/// A record as a search from `about` would find it in this time.
pub fn within<'a>(
    values: &Values<'a>,
    history: &'a HistoryPlan,
    about: &Scope<'_, 'a>,
    bounds: &window::Bounds,
) -> Vec<Proposal> {
    let cx = values.cx;
    let Some((fill, from, until)) = filled(values, history, about, bounds) else { return Vec::new() };
    let parts: Vec<(KindId, Vec<ColumnId>)> = match &cx.plan.schema.kind(history.kind).origin {
        Origin::Declared => {
            let columns = cx.plan.schema.kind(history.kind).columns.len() as u32;
            vec![(history.kind, (0..columns).map(ColumnId).collect())]
        }
        Origin::Union(parts) => parts.clone(),
        Origin::Findings => return Vec::new(),
    };
    parts.into_iter().filter_map(|part| as_part(&fill, part, (&from, &until))).collect()
}

fn filled<'s, 'a>(
    values: &'s Values<'a>,
    history: &'a HistoryPlan,
    about: &'s Scope<'s, 'a>,
    bounds: &window::Bounds,
) -> Option<(Fill<'s, 'a>, Option<String>, Option<String>)> {
    let cx = values.cx;
    let schema = &cx.plan.schema;
    let mut fill =
        Fill { values, kind: history.kind, root: history.root + 1, about, at: None, cells: vec![], fields: vec![] };
    for key in &history.keys {
        let Op::Column { column, .. } = key.inner.op else { return None };
        let wanted = value(&cx, &key.outer, about).owned(&key.inner.ty, schema)?;
        fill.demand(column, CompareOp::Eq, &wanted, wanted.clone());
    }
    let conditions = history.inner.iter().chain(&history.pair).chain(&history.join_conditions);
    for condition in conditions {
        fill.hold(condition, true)?;
    }
    fill.at = Some(fill.moment(history, bounds)?);
    let edge = |at| moment(at, history.dates).map(|t| display::time(t, cx.zone));
    let (from, until) = (edge(bounds.from), edge(bounds.until));
    Some((fill, from, until))
}

/// As a record of a kind that files hold, with all that it must have.
fn as_part(
    fill: &Fill<'_, '_>,
    (kind, columns): (KindId, Vec<ColumnId>),
    (from, until): (&Option<String>, &Option<String>),
) -> Option<Proposal> {
    let schema = &fill.values.cx.plan.schema;
    let own = |column: ColumnId| columns.get(column.0 as usize).copied();
    let mut cells: Vec<(ColumnId, Value)> =
        fill.cells.iter().map(|(c, v)| Some((own(*c)?, v.clone()))).collect::<Option<_>>()?;
    let fields = fill.fields.iter().map(|(c, d)| Some((own(*c)?, d.clone()))).collect::<Option<_>>()?;
    let of = schema.kind(kind);
    let time = of.time()?;
    if cells.iter().all(|c| c.0 != time) {
        cells.push((time, fill.dated(&schema.column(kind, time).ty, fill.at?)?));
    }
    for (i, column) in of.columns.iter().enumerate() {
        let id = ColumnId(i as u32);
        if cells.iter().any(|c| c.0 == id) || column.optional {
            continue;
        }
        let made = match (&column.ty, of.identity.contains(&id)) {
            (Type::Text, true) => Some(Value::Text("(a record that is not there)".into())),
            (Type::Int, true) => Some(Value::Int(i64::MAX)),
            _ => fill.values.sample(kind, id),
        };
        cells.extend(made.map(|v| (id, v)));
    }
    Some(Proposal::Added { edit: Edit::Add { kind, cells }, fields, from: from.clone(), until: until.clone() })
}

impl<'a> Fill<'_, 'a> {
    fn demand(&mut self, column: ColumnId, op: CompareOp, bound: &Value, tried: Value) {
        let schema = &self.values.cx.plan.schema;
        let shown = match schema.column(self.kind, column).sensitive {
            true => display::WITHHELD.into(),
            false => field_value(&self.values.cx, self.kind, column, bound),
        };
        self.put(column, Demand::Compare(op, shown), tried);
    }

    fn put(&mut self, column: ColumnId, demand: Demand, tried: Value) {
        self.fields.push((column, demand));
        match self.cells.iter_mut().find(|c| c.0 == column) {
            // The narrower of two demands is not looked for; what is tried tells whether both hold.
            Some((_, known)) => *known = tried,
            None => self.cells.push((column, tried)),
        }
    }

    fn own(&self, expr: &Expr) -> Option<ColumnId> {
        match &expr.op {
            Op::Column { root, column } if *root == self.root => Some(*column),
            Op::Coalesce(of, _) => self.own(of),
            _ => None,
        }
    }

    /// Makes a condition hold, or not; none where it is not known how.
    fn hold(&mut self, expr: &'a Expr, want: bool) -> Option<()> {
        let cx = self.values.cx;
        // Of a sequence: what reads a step before this one holds or not once that is there.
        let roots = expr.reads().roots & !(1 << self.root.min(63));
        if (0..63u8).any(|root| roots >> root & 1 == 1 && self.about.frame(root).is_none()) {
            return Some(());
        }
        let reads_own = reads(expr, self.root);
        if !reads_own {
            // As it is: it may hold already.
            return (truth(&cx, expr, self.about) == Truth::of(want)).then_some(());
        }
        match (&expr.op, want) {
            (Op::And(all), true) | (Op::Or(all), false) => all.iter().try_for_each(|e| self.hold(e, want)),
            (Op::And(all), false) | (Op::Or(all), true) => all.iter().find_map(|e| self.hold(e, want)),
            (Op::Not(e), _) => self.hold(e, !want),
            (Op::Compare { op, left, right, .. }, _) => {
                let op = if want { *op } else { opposite(*op) };
                match (self.own(left), self.own(right)) {
                    (Some(column), None) if !reads(right, self.root) => self.compare(column, left, op, right),
                    (None, Some(column)) if !reads(left, self.root) => self.compare(column, right, mirrored(op), left),
                    _ => None,
                }
            }
            (Op::In { item, set, .. }, true) => {
                let column = self.own(item)?;
                let tried = set.first()?.clone();
                self.put(column, Demand::Condition { span: expr.span, holds: true }, tried);
                Some(())
            }
            (Op::In { item, set, .. }, false) => {
                let column = self.own(item)?;
                let tried = self.values.others(self.kind, column, set).into_iter().next()?;
                self.put(column, Demand::Condition { span: expr.span, holds: false }, tried);
                Some(())
            }
            (Op::TextTest { left, right, .. }, true) => {
                let column = self.own(left).filter(|_| !reads(right, self.root))?;
                let Val::Text(text) = value(&cx, right, self.about) else { return None };
                self.put(column, Demand::Condition { span: expr.span, holds: true }, Value::Text(text.into()));
                Some(())
            }
            (Op::Overlaps { left, right, .. }, true) => {
                let (column, other) = match self.own(left) {
                    Some(column) => (column, right),
                    None => (self.own(right)?, left),
                };
                if reads(other, self.root) {
                    return None;
                }
                let tried = value(&cx, other, self.about).owned(&other.ty, &cx.plan.schema)?;
                self.put(column, Demand::Condition { span: expr.span, holds: true }, tried);
                Some(())
            }
            (Op::InDomain { host, domains }, true) => {
                let column = self.own(host)?;
                let tried = Value::Text(domains.first()?.clone());
                self.put(column, Demand::Condition { span: expr.span, holds: true }, tried);
                Some(())
            }
            (Op::Present(of), true) => {
                let column = self.own(of)?;
                let tried = self.values.sample(self.kind, column)?;
                self.put(column, Demand::Present, tried);
                Some(())
            }
            (Op::Column { .. }, _) => {
                let column = self.own(expr)?;
                self.demand(column, CompareOp::Eq, &Value::Bool(want), Value::Bool(want));
                Some(())
            }
            _ => None,
        }
    }

    fn compare(&mut self, column: ColumnId, side: &Expr, op: CompareOp, other: &'a Expr) -> Option<()> {
        let schema = &self.values.cx.plan.schema;
        let bound = value(&self.values.cx, other, self.about).owned(&side.ty, schema)?;
        let tried = match op {
            CompareOp::Eq | CompareOp::Le | CompareOp::Ge => bound.clone(),
            CompareOp::Lt => stepped(&bound, -1, schema)?,
            CompareOp::Gt => stepped(&bound, 1, schema)?,
            CompareOp::Ne => self.values.others(self.kind, column, std::slice::from_ref(&bound)).into_iter().next()?,
        };
        self.demand(column, op, &bound, tried);
        Some(())
    }

    /// A time in the window, as near to the event as can be.
    fn moment(&self, history: &HistoryPlan, bounds: &window::Bounds) -> Option<Time> {
        let own = self.about.frame.time?;
        let now = window::unit(own, history.dates, self.values.cx.zone)?;
        // There is no such moment.
        if bounds.from > bounds.until {
            return None;
        }
        // An aggregate takes in what is earlier in order; of an equal time that is not said.
        let exact = matches!(history.func, Func::Exists | Func::No) || !history::counts_itself(history);
        let at = now.clamp(bounds.from, bounds.until);
        let at = if exact || at == bounds.from { at } else { at - 1 };
        moment(at, history.dates)
    }

    /// The moment as a field of this type has it.
    fn dated(&self, ty: &Type, at: Time) -> Option<Value> {
        let zone = self.values.cx.zone;
        Some(match (ty, at) {
            (Type::Date, time) => Value::Date(time.date(zone)),
            // The event's own moment, where only the day counts.
            (_, Time::Date(d)) => match self.about.frame.time? {
                Time::Instant(t) if zone.date_at(t) == d => Value::Timestamp(t),
                _ => Value::Timestamp(zone.start_of(d)?),
            },
            (_, Time::Instant(t)) => Value::Timestamp(t),
        })
    }
}

fn reads(expr: &Expr, root: u8) -> bool {
    expr.reads().roots & (1 << root.min(63)) != 0
}
