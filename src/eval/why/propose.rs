//! Single changes that could lead to another verdict: the value at which a comparison turns, a record moved into a
//! window, one that is added, one that is not there. Each is only a proposal until it has been tried.

use super::super::history::{self, visit};
use super::super::interp::{Context, Frame, Scope, operand, truth, value};
use super::super::limit;
use super::super::message::field_value;
use super::super::tables;
use super::super::val::{Val, order};
use super::super::window::{self, moment};
use super::super::{Findings, Truth, arith::arith};
use super::lab::Edit;
use super::near::{self, WhyNear};
use super::values::{Values, mirrored, opposite};
use crate::data::{ColumnId, KindId, Origin, Time, Type, Value, display};
use crate::plan::{Body, Expr, HistoryPlan, Op, RulePlan, stored};
use crate::sema::hir::{ArithOp, CompareOp, Func};
use crate::source::Span;
use rustc_hash::FxHashSet;

/// What a field would have to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Demand {
    /// Compared so with a value, as reports show it.
    Compare(CompareOp, String),
    /// Such that this condition holds, or does not.
    Condition {
        span: Span,
        holds: bool,
    },
    Absent,
    Present,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Proposal {
    Field { edit: Edit, demand: Demand },
    Added { edit: Edit, fields: Vec<(ColumnId, Demand)>, from: Option<String>, until: Option<String> },
    Removed { edit: Edit },
}

/// Records of a window that are taken away, each alone, at most.
const REMOVED: usize = 3;

pub struct Propose<'a> {
    pub cx: Context<'a>,
    pub values: Values<'a>,
    pub out: Vec<Proposal>,
    pub findings: &'a Findings,
    /// From a rule over findings down to these.
    pub depth: u32,
    pub own: Frame<'a>,
    owner: Option<u32>,
    /// Fields of the record itself that say whose, which or when it is.
    fixed: FxHashSet<ColumnId>,
}

impl<'a> Propose<'a> {
    pub fn new(
        findings: &'a Findings,
        cx: Context<'a>,
        rule: &'a RulePlan,
        own: Frame<'a>,
        owner: Option<u32>,
    ) -> Propose<'a> {
        let schema = &cx.plan.schema;
        let kind = schema.kind(own.kind);
        let mut fixed: FxHashSet<ColumnId> = kind.identity.iter().copied().collect();
        fixed.extend(kind.time());
        fixed.extend(kind.subject());
        for &h in &rule.histories {
            let of = &cx.plan.histories[h as usize];
            let outer = of.keys.iter().chain(&of.joins).map(|k| &k.outer);
            for e in outer.filter(|_| of.root == 0) {
                e.walk(&mut |e| {
                    if let Op::Column { root: 0, column } = e.op {
                        fixed.insert(column);
                    }
                });
            }
        }
        let values = Values { cx, world: &findings.world };
        Propose { cx, values, out: Vec::new(), findings, depth: 0, own, owner, fixed }
    }

    /// Towards no finding, or towards one.
    pub fn rule(&mut self, rule: &'a RulePlan, scope: &Scope<'_, 'a>, finding: bool) {
        let conditions: Vec<&'a Expr> = rule.filter.iter().chain(&rule.when).collect();
        self.all(&conditions, scope, finding);
        let hold = conditions.iter().all(|e| truth(&self.cx, e, scope) == Truth::True);
        if hold {
            match &rule.body {
                Body::Forbid => {}
                Body::Require { need } => self.exists(*need, scope, !finding),
                Body::Limit { aggregate, to } => self.limit(rule, *aggregate, to, scope, finding),
            }
        }
        for exception in &rule.unless {
            self.want(&exception.condition, scope, !finding);
        }
    }

    /// By which a sequence would not be one: a step's own conditions, or its record.
    pub fn steps(&mut self, steps: &[(&'a HistoryPlan, Frame<'a>)], scope: &Scope<'_, 'a>) {
        for (history, frame) in steps {
            history.inner.iter().chain(&history.pair).for_each(|e| self.want(e, scope, false));
            if (frame.kind, frame.id) != (self.own.kind, self.own.id) {
                self.removed(frame);
            }
        }
    }

    fn all(&mut self, conditions: &[&'a Expr], scope: &Scope<'_, 'a>, want: bool) {
        if !want {
            conditions.iter().for_each(|e| self.want(e, scope, false));
            return;
        }
        let open: Vec<_> = conditions.iter().filter(|e| truth(&self.cx, e, scope) != Truth::True).collect();
        if let [one] = open[..] {
            self.want(one, scope, true);
        }
    }

    /// One change by which a condition would be so.
    pub fn want(&mut self, expr: &'a Expr, scope: &Scope<'_, 'a>, want: bool) {
        if truth(&self.cx, expr, scope) == Truth::of(want) {
            return;
        }
        match (&expr.op, want) {
            (Op::And(all), _) => self.all(&all.iter().collect::<Vec<_>>(), scope, want),
            (Op::Or(all), true) => all.iter().for_each(|e| self.want(e, scope, true)),
            (Op::Or(all), false) => {
                let open: Vec<_> = all.iter().filter(|e| truth(&self.cx, e, scope) != Truth::False).collect();
                if let [one] = open[..] {
                    self.want(one, scope, false);
                }
            }
            (Op::Not(e), _) => self.want(e, scope, !want),
            (Op::Compare { op, left, right, .. }, _) => {
                let op = if want { *op } else { opposite(*op) };
                self.compare(left, op, right, scope);
                self.compare(right, mirrored(op), left, scope);
            }
            (Op::History(id), _) => {
                let history = &self.cx.plan.histories[*id as usize];
                match history.func {
                    Func::Exists => self.exists(*id, scope, want),
                    Func::No => self.exists(*id, scope, !want),
                    _ => {}
                }
            }
            (Op::Column { .. } | Op::Lookup { .. }, _) => {
                self.set(expr, scope, vec![Value::Bool(want)], |_, _| Demand::Compare(CompareOp::Eq, want.to_string()))
            }
            (Op::Present(of), _) => {
                let Some((frame, column)) = self.editable(of, scope) else { return };
                let tried = if want { self.values.sample(frame.kind, column).map(Some) } else { Some(None) };
                if let Some(to) = tried {
                    let Some(edit) = self.change(&frame, column, to) else { return };
                    let demand = if want { Demand::Present } else { Demand::Absent };
                    self.out.push(Proposal::Field { edit, demand });
                }
            }
            (Op::In { item, set, .. }, true) => {
                self.by_condition(item, expr, scope, set.iter().take(2).cloned().collect(), true)
            }
            (Op::In { item, set, .. }, false) => self.other_than(item, expr, scope, set),
            (Op::InDomain { host, domains }, true) => {
                let first = domains.iter().take(1).map(|d| Value::Text(d.clone())).collect();
                self.by_condition(host, expr, scope, first, true);
            }
            (Op::InDomain { host: item, .. } | Op::Matches { left: item, .. } | Op::InColumn { item, .. }, false) => {
                self.other_than(item, expr, scope, &[]);
            }
            (Op::TextTest { left, right, .. }, true) => {
                if let Val::Text(text) = value(&self.cx, right, scope) {
                    self.by_condition(left, expr, scope, vec![Value::Text(text.into())], true);
                }
            }
            (Op::Overlaps { left, right, .. }, _) => {
                for (side, other) in [(left, right), (right, left)] {
                    let to = match want {
                        true => value(&self.cx, other, scope).owned(&other.ty, &self.cx.plan.schema),
                        false => Some(Value::List(Vec::new())),
                    };
                    self.by_condition(side, expr, scope, to.into_iter().collect(), want);
                }
            }
            (Op::TextTest { left, .. }, false) => self.other_than(left, expr, scope, &[]),
            (Op::Under { who, above, table, column, root }, _) => {
                if !want {
                    self.other_than(above, expr, scope, &[]);
                }
                self.above(who, above, (*table, *column, *root), expr, scope, want);
            }
            _ => {}
        }
    }

    /// Whom somebody's own row names.
    fn above(
        &mut self,
        who: &'a Expr,
        above: &'a Expr,
        (table, column, root): (KindId, ColumnId, u8),
        test: &Expr,
        scope: &Scope<'_, 'a>,
        want: bool,
    ) {
        let cx = self.cx;
        let at = scope.frame(root).and_then(|f| f.time);
        let tables::Found::Row(id, _) = tables::lookup(&cx, table, value(&cx, who, scope), column, at) else { return };
        let frame = cx.world.frame(table, id);
        let of = cx.plan.schema.column(table, column);
        if !want
            && of.optional
            && let Some(edit) = self.change(&frame, column, None)
        {
            self.out.push(Proposal::Field { edit, demand: Demand::Absent });
        }
        let names = match want {
            false => self.values.others(table, column, &[]),
            true => value(&cx, above, scope).owned(&of.ty, &cx.plan.schema).into_iter().collect(),
        };
        for to in names {
            let demand = Demand::Condition { span: test.span, holds: want };
            let Some(edit) = self.change(&frame, column, Some(to)) else { return };
            self.out.push(Proposal::Field { edit, demand });
        }
    }

    /// The field that a change may be made to, where an expression is one.
    pub fn editable(&self, expr: &'a Expr, scope: &Scope<'_, 'a>) -> Option<(Frame<'a>, ColumnId)> {
        match &expr.op {
            // Of a table's row: what it says, but not which row it is.
            Op::Lookup { key, table, column, root } => {
                let (cx, at) = (self.cx, scope.frame(*root).and_then(|f| f.time));
                let tables::Found::Row(id, _) = tables::lookup(&cx, *table, value(&cx, key, scope), *column, at) else {
                    return None;
                };
                let which = cx.plan.schema.kind(*table).identity.contains(column);
                (!which).then(|| (cx.world.frame(*table, id), *column))
            }
            Op::Column { root, column } => {
                let frame = *scope.frame(*root)?;
                let own = frame.kind == self.own.kind && frame.id == self.own.id;
                let rows = frame.rows;
                let which = self.cx.plan.schema.kind(rows.own().kind).identity.contains(&rows.own_column(*column));
                (!(which || own && self.fixed.contains(column))).then_some((frame, *column))
            }
            Op::Coalesce(of, _) => self.editable(of, scope),
            _ => None,
        }
    }

    /// A record as files hold it.
    fn held(&self, frame: &Frame<'a>) -> Option<(KindId, u32)> {
        let own = frame.rows.own().kind;
        if self.cx.plan.schema.kind(own).origin == Origin::Findings {
            return None;
        }
        if own == frame.kind {
            return Some((own, frame.id));
        }
        let place = frame.rows.places.get(frame.row)?;
        let world = self.values.world;
        let id = (0..world.len(own)).find(|&id| {
            let other = world.frame(own, id);
            other.rows.places.get(other.row) == Some(place)
        })?;
        Some((own, id))
    }

    pub fn change(&self, frame: &Frame<'a>, column: ColumnId, to: Option<Value>) -> Option<Edit> {
        let (kind, id) = self.held(frame)?;
        Some(Edit::Set { kind, id, column: frame.rows.own_column(column), to })
    }

    pub fn removed(&mut self, frame: &Frame<'a>) {
        if self.cx.plan.schema.kind(frame.kind).origin == Origin::Findings {
            return self.unfound(frame);
        }
        if let Some((kind, id)) = self.held(frame) {
            self.out.push(Proposal::Removed { edit: Edit::Remove { kind, id } });
        }
    }

    pub fn set(
        &mut self,
        expr: &'a Expr,
        scope: &Scope<'_, 'a>,
        values: Vec<Value>,
        demand: impl Fn(&Value, &dyn Fn(&Value) -> String) -> Demand,
    ) {
        let Some((frame, column)) = self.editable(expr, scope) else { return };
        let hidden = self.cx.plan.schema.column(frame.kind, column).sensitive;
        let show = |v: &Value| match hidden {
            true => display::WITHHELD.into(),
            false => field_value(&self.cx, frame.kind, column, v),
        };
        for to in values {
            let demand = demand(&to, &show);
            let Some(edit) = self.change(&frame, column, Some(to)) else { return };
            self.out.push(Proposal::Field { edit, demand });
        }
    }

    fn by_condition(&mut self, item: &'a Expr, test: &Expr, scope: &Scope<'_, 'a>, values: Vec<Value>, holds: bool) {
        let span = test.span;
        self.set(item, scope, values, |_, _| Demand::Condition { span, holds });
    }

    fn other_than(&mut self, item: &'a Expr, test: &Expr, scope: &Scope<'_, 'a>, not: &[Value]) {
        let Some((frame, column)) = self.editable(item, scope) else { return };
        let values = self.values.others(frame.kind, column, not);
        self.by_condition(item, test, scope, values, false);
    }

    fn limit(&mut self, rule: &'a RulePlan, id: u32, to: &'a Expr, scope: &Scope<'_, 'a>, finding: bool) {
        let cx = self.cx;
        let Some(bound) = operand(&cx, to, scope).single().owned(&to.ty, &cx.plan.schema) else { return };
        let Some((list, at)) = limit::standing(&cx, rule, self.owner, scope) else { return };
        let history = &cx.plan.histories[id as usize];
        let Some(search) = limit::window(&cx, history, list, at, scope) else { return };
        let op = if finding { CompareOp::Gt } else { CompareOp::Le };
        self.aggregate(id, &search, scope, op, &bound);
    }

    /// By which an aggregate would compare so: the record's own share, or one record more or less.
    pub fn aggregate(
        &mut self,
        id: u32,
        search: &history::Search<'_>,
        scope: &Scope<'_, 'a>,
        op: CompareOp,
        bound: &Value,
    ) {
        let cx = self.cx;
        let history = &cx.plan.histories[id as usize];
        if !matches!(history.func, Func::Sum | Func::Count) {
            return;
        }
        let total = history::evaluate_in(&cx, history, search, scope).single();
        if !total.is_known() {
            return;
        }
        let bound = Val::of(bound);
        let less = order(&total, &bound).is_some_and(|o| match op {
            CompareOp::Le | CompareOp::Eq => o.is_gt(),
            CompareOp::Lt => o.is_ge(),
            _ => false,
        });
        let mut members: Vec<Frame<'a>> = Vec::new();
        visit(&cx, history, search, scope, &mut |member, _| {
            if member.truth == Truth::True {
                members.push(member.frame);
            }
            true
        });
        let own = members.iter().find(|m| m.kind == self.own.kind && m.id == self.own.id).copied();
        if let (Some(frame), Some(of), Func::Sum) = (own, &history.value, history.func) {
            let about = scope.at(history.root);
            let inner = Scope { root: history.root + 1, frame, parent: about };
            let ty = stored(&cx.plan.schema, &of.ty);
            let share = value(&cx, of, &inner);
            let rest = arith(ArithOp::Sub, total, share, &ty);
            let room = arith(ArithOp::Sub, bound, rest, &ty);
            if let Some(room) = room.owned(&of.ty, &cx.plan.schema) {
                self.turn(of, op, room, &inner);
            }
        }
        if less {
            let itself = (self.own.kind, self.own.id);
            let others = members.iter().rev().filter(|m| (m.kind, m.id) != itself);
            for m in others.take(REMOVED) {
                self.removed(m);
            }
        } else if history.func == Func::Count {
            self.add(id, scope);
        }
    }

    /// A record that there would have to be, or not to be.
    fn exists(&mut self, id: u32, scope: &Scope<'_, 'a>, want: bool) {
        let cx = self.cx;
        let history = &cx.plan.histories[id as usize];
        let about = scope.at(history.root);
        if want {
            for miss in near::misses(&cx, id, scope) {
                let own = Scope { root: history.root + 1, frame: miss.frame, parent: about };
                match miss.why {
                    WhyNear::Window { after, .. } => self.moved(id, &own, after),
                    WhyNear::Condition { condition, .. } => self.want(condition, &own, true),
                    WhyNear::Key { key, .. } => {
                        let key = &history.keys[key];
                        let wanted =
                            about.and_then(|a| value(&cx, &key.outer, a).owned(&key.outer.ty, &cx.plan.schema));
                        if let Some(wanted) = wanted {
                            self.turn(&key.inner, CompareOp::Eq, wanted, &own);
                        }
                    }
                }
            }
            self.add(id, scope);
            return;
        }
        let Ok(search) = history::search(&cx, id, scope) else { return };
        let mut members: Vec<Frame<'a>> = Vec::new();
        visit(&cx, history, &search, scope, &mut |member, _| {
            members.push(member.frame);
            members.len() < 2
        });
        if let [frame] = members[..] {
            let own = Scope { root: history.root + 1, frame, parent: about };
            history.inner.iter().chain(&history.pair).for_each(|e| self.want(e, &own, false));
            self.removed(&frame);
        }
    }

    /// To the edge of the window that it lies beside.
    fn moved(&mut self, id: u32, own: &Scope<'_, 'a>, after: bool) {
        let cx = self.cx;
        let history = &cx.plan.histories[id as usize];
        let Some(column) = cx.plan.schema.kind(history.kind).time() else { return };
        let Some(about) = own.at(history.root) else { return };
        let Some(bounds) = window::bounds(&cx, history, about.frame.time) else { return };
        let Some(edge) = moment(if after { bounds.until } else { bounds.from }, history.dates) else { return };
        let ty = &cx.plan.schema.column(history.kind, column).ty;
        let to = match (ty, edge) {
            (Type::Date, edge) => Value::Date(edge.date(cx.zone)),
            (_, Time::Instant(t)) => Value::Timestamp(t),
            (_, Time::Date(d)) => match cx.zone.start_of(d) {
                Some(t) => Value::Timestamp(t),
                None => return,
            },
        };
        let op = if after { CompareOp::Le } else { CompareOp::Ge };
        let shown = display::time(edge, cx.zone);
        let Some(edit) = self.change(&own.frame, column, Some(to)) else { return };
        self.out.push(Proposal::Field { edit, demand: Demand::Compare(op, shown) });
    }

    fn add(&mut self, id: u32, scope: &Scope<'_, 'a>) {
        self.out.extend(super::fill::added(&self.values, id, scope));
    }
}
