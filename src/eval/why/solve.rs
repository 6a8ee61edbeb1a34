//! What the side of a comparison would have to be, back through what it is worked out of to a field.

use super::super::arith::arith;
use super::super::history;
use super::super::interp::{Scope, operand, value};
use super::super::val::Val;
use super::propose::{Demand, Propose};
use super::values::stepped;
use crate::data::calendar::add_to_date;
use crate::data::{Type, Value};
use crate::plan::{Expr, Op, stored};
use crate::sema::hir::{ArithOp, CompareOp};

impl<'a> Propose<'a> {
    pub fn compare(&mut self, side: &'a Expr, op: CompareOp, other: &'a Expr, scope: &Scope<'_, 'a>) {
        if let Op::History(id) = &side.op {
            if let Some(bound) = operand(&self.cx, other, scope).single().owned(&other.ty, &self.cx.plan.schema) {
                let search = history::search(&self.cx, *id, scope).ok();
                if let Some(search) = search {
                    self.aggregate(*id, &search, scope, op, &bound);
                }
            }
            return;
        }
        let bound = value(&self.cx, other, scope);
        let Some(bound) = bound.owned(&side.ty, &self.cx.plan.schema) else { return };
        self.turn(side, op, bound, scope);
    }

    /// What a side would have to be for it to compare so.
    pub fn turn(&mut self, side: &'a Expr, op: CompareOp, bound: Value, scope: &Scope<'_, 'a>) {
        let cx = self.cx;
        // Nothing added up has no currency yet.
        if side.ty == Type::Money && !matches!(bound, Value::Money(_)) {
            return;
        }
        match &side.op {
            Op::Column { .. } | Op::Lookup { .. } | Op::Coalesce(..) => {
                let Some((frame, column)) = self.editable(side, scope) else { return };
                let values = match op {
                    CompareOp::Eq | CompareOp::Le | CompareOp::Ge => vec![bound.clone()],
                    CompareOp::Lt => stepped(&bound, -1, &cx.plan.schema).into_iter().collect(),
                    CompareOp::Gt => stepped(&bound, 1, &cx.plan.schema).into_iter().collect(),
                    CompareOp::Ne => self.values.others(frame.kind, column, std::slice::from_ref(&bound)),
                };
                self.set(side, scope, values, |_, show| Demand::Compare(op, show(&bound)));
            }
            Op::ToDecimal(of) => {
                if let Value::Decimal(d) = &bound
                    && let Some(n) = d.to_int()
                {
                    self.turn(of, op, Value::Int(n), scope);
                }
            }
            Op::ToDate(of) if matches!(op, CompareOp::Ge | CompareOp::Lt) => {
                if let Value::Date(d) = bound
                    && let Some(t) = cx.zone.start_of(d)
                {
                    self.turn(of, op, Value::Timestamp(t), scope);
                }
            }
            Op::Shift { time, by } => {
                let Some(back) = by.checked_neg() else { return };
                let to = match bound {
                    Value::Date(d) => add_to_date(d, back).map(Value::Date),
                    Value::Timestamp(t) => cx.zone.add(t, back).map(Value::Timestamp),
                    _ => None,
                };
                if let Some(to) = to {
                    self.turn(time, op, to, scope);
                }
            }
            // One side may change, and the other is as it is.
            Op::Arith { op: how @ (ArithOp::Add | ArithOp::Sub), left, right } => {
                let solve = |how: ArithOp, known: &'a Expr, other_ty: &Type| {
                    let known = value(&cx, known, scope);
                    let ty = stored(&cx.plan.schema, other_ty);
                    // The time that lies so far from another is that one's, moved.
                    let moved = how == ArithOp::Add && matches!(bound, Value::Duration(_));
                    let (a, b) = if moved { (known, Val::of(&bound)) } else { (Val::of(&bound), known) };
                    arith(how, a, b, &ty).owned(other_ty, &cx.plan.schema)
                };
                match how {
                    ArithOp::Add => {
                        if let Some(to) = solve(ArithOp::Sub, right, &left.ty) {
                            self.turn(left, op, to, scope);
                        }
                        if let Some(to) = solve(ArithOp::Sub, left, &right.ty) {
                            self.turn(right, op, to, scope);
                        }
                    }
                    _ => {
                        if let Some(to) = solve(ArithOp::Add, right, &left.ty) {
                            self.turn(left, op, to, scope);
                        }
                    }
                }
            }
            _ => {}
        }
    }
}
