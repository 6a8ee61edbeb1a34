//! The row-wise interpreter: one expression over a stack of records, in three-valued logic. All that is
//! not decided by the screen, and every message and explanation, goes through here.

use super::arith::{arith, blank, neg};
use super::business::{self, Calendar};
use super::chain;
use super::history;
use super::mismatch::mismatch;
use super::rates;
use super::rows::Rows;
use super::tables;
use super::val::{Val, compare, compare_ranges, holds, overlap, unknown_side};
use super::world::World;
use super::{Runtime, Truth};
use crate::data::calendar::Zone;
use crate::data::{Currency, KindId, Time, Type};
use crate::plan::{Expr, Op, Plan};
use crate::sema::hir::{CompareOp, TextOp};

/// What is the same for all of one rule at one record.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub plan: &'a Plan,
    pub runtime: &'a Runtime,
    pub world: &'a World,
    pub zone: &'a Zone,
    pub fiscal_start: (u8, u8),
    pub calendar: Option<&'a Calendar>,
    /// First and last date of the period of `on each … at end of`.
    pub period: Option<(i32, i32)>,
    /// The currency that amounts of several are added up in.
    pub into: Option<Currency>,
}

/// Stands for a record that has no place in the order of its kind.
pub const NO_ID: u32 = u32::MAX;

/// One record.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    pub kind: KindId,
    pub rows: &'a Rows,
    pub row: usize,
    /// Its place in the order of its kind.
    pub id: u32,
    pub time: Option<Time>,
}

/// The records that an expression can speak of: its own, then those around.
#[derive(Clone, Copy)]
pub struct Scope<'s, 'a> {
    pub root: u8,
    pub frame: Frame<'a>,
    pub parent: Option<&'s Scope<'s, 'a>>,
}

impl<'s, 'a> Scope<'s, 'a> {
    pub fn top(frame: Frame<'a>) -> Scope<'s, 'a> {
        Scope { root: 0, frame, parent: None }
    }

    pub fn at(&self, root: u8) -> Option<&Scope<'s, 'a>> {
        let mut scope = self;
        while scope.root != root {
            scope = scope.parent?;
        }
        Some(scope)
    }

    pub fn frame(&self, root: u8) -> Option<&Frame<'a>> {
        self.at(root).map(|s| &s.frame)
    }
}

/// A value, or the range that it must be in where some records are in doubt.
#[derive(Clone, Copy, Debug)]
pub enum Operand<'a> {
    One(Val<'a>),
    Range(Val<'a>, Val<'a>),
}

impl<'a> Operand<'a> {
    /// A range is a value only where its ends meet.
    pub fn single(self) -> Val<'a> {
        match self {
            Operand::One(v) => v,
            Operand::Range(low, high) => match compare(CompareOp::Eq, &low, &high, false) {
                Truth::True => low,
                _ => Val::Unknown,
            },
        }
    }

    /// The least and the greatest that it can be.
    pub fn ends(self) -> (Val<'a>, Val<'a>) {
        match self {
            Operand::One(v) => (v, v),
            Operand::Range(low, high) => (low, high),
        }
    }
}

pub fn truth<'a>(cx: &Context<'a>, expr: &'a Expr, scope: &Scope<'_, 'a>) -> Truth {
    match &expr.op {
        Op::And(all) => {
            let mut result = Truth::True;
            for e in all {
                result = result.and(truth(cx, e, scope));
                if result == Truth::False {
                    break;
                }
            }
            result
        }
        Op::Or(all) => {
            let mut result = Truth::False;
            for e in all {
                result = result.or(truth(cx, e, scope));
                if result == Truth::True {
                    break;
                }
            }
            result
        }
        Op::Not(e) => truth(cx, e, scope).not(),
        Op::Compare { op, left, right, ignoring_case } => {
            let (a, b) = rates::sides(cx, left, right, scope);
            match (a, b) {
                (Operand::One(a), Operand::One(b)) if rates::mixed(&a, &b).is_some() => {
                    let order = rates::ordering(cx, (left, right), (a, b), scope);
                    order.map_or(Truth::Unknown, |o| Truth::of(holds(*op, o)))
                }
                (Operand::One(a), Operand::One(b)) => compare(*op, &a, &b, *ignoring_case),
                (a, b) => compare_ranges(*op, a.ends(), b.ends()),
            }
        }
        Op::In { item, set, ignoring_case } => {
            let item = value(cx, item, scope);
            if let Some(truth) = unknown_side(&item, &item) {
                return truth;
            }
            let among = |item: Val<'_>| {
                Truth::any(set.iter().map(|v| compare(CompareOp::Eq, &item, &Val::of(v), *ignoring_case)))
            };
            match item {
                Val::Items(..) | Val::List(_) => Truth::any(item.items().map(among)),
                one => among(one),
            }
        }
        Op::InColumn { item, list, ignoring_case } => {
            let (item, list) = (value(cx, item, scope), value(cx, list, scope));
            if let Some(truth) = unknown_side(&item, &list) {
                return truth;
            }
            if !matches!(list, Val::Items(..) | Val::List(_)) {
                return mismatch(Truth::Unknown, &list);
            }
            Truth::any(list.items().map(|v| compare(CompareOp::Eq, &item, &v, *ignoring_case)))
        }
        Op::Overlaps { left, right, ignoring_case } => {
            overlap(value(cx, left, scope), value(cx, right, scope), *ignoring_case)
        }
        Op::TextTest { op, left, right, ignoring_case } => {
            let (left, right) = (value(cx, left, scope), value(cx, right, scope));
            match (left, right) {
                (Val::Text(a), Val::Text(b)) => Truth::of(text_test(*op, a, b, *ignoring_case)),
                (a, b) => untested(&a, &b),
            }
        }
        Op::InDomain { host, domains } => match value(cx, host, scope) {
            Val::Text(host) => Truth::of(in_domain(host, domains)),
            other => untested(&other, &other),
        },
        Op::Matches { left, pattern } => match value(cx, left, scope) {
            Val::Text(text) => match cx.runtime.patterns.get(*pattern as usize) {
                Some(pattern) => Truth::of(pattern.is_match(text)),
                None => mismatch(Truth::Unknown, pattern),
            },
            other => untested(&other, &other),
        },
        Op::Under { who, above, table, column, root } => {
            let (who, above) = (value(cx, who, scope), value(cx, above, scope));
            let at = scope.frame(*root).and_then(|f| f.time);
            chain::under(cx, (*table, *column), who, above, at)
        }
        Op::Present(of) => match operand(cx, of, scope) {
            Operand::One(Val::Absent) => Truth::False,
            Operand::One(Val::Unknown) => Truth::Unknown,
            Operand::One(Val::Pending) => Truth::Pending,
            _ => Truth::True,
        },
        _ => match value(cx, expr, scope) {
            Val::Bool(b) => Truth::of(b),
            Val::Absent => Truth::False,
            Val::Pending => Truth::Pending,
            Val::Unknown => Truth::Unknown,
            other => mismatch(Truth::Unknown, &other),
        },
    }
}

/// A test that two sides do not allow.
fn untested(left: &Val<'_>, right: &Val<'_>) -> Truth {
    unknown_side(left, right).unwrap_or_else(|| mismatch(Truth::Unknown, &(left, right)))
}

/// All of a list of conditions.
pub fn all<'a>(cx: &Context<'a>, exprs: &'a [Expr], scope: &Scope<'_, 'a>) -> Truth {
    let mut result = Truth::True;
    for e in exprs {
        result = result.and(truth(cx, e, scope));
        if result == Truth::False {
            break;
        }
    }
    result
}

/// A side of a comparison: where it is an aggregate, possibly a range.
pub fn operand<'a>(cx: &Context<'a>, expr: &'a Expr, scope: &Scope<'_, 'a>) -> Operand<'a> {
    match &expr.op {
        Op::History(id) => history::evaluate(cx, *id, scope),
        Op::ToDecimal(of) => match operand(cx, of, scope) {
            Operand::One(v) => Operand::One(to_decimal(v)),
            Operand::Range(low, high) => Operand::Range(to_decimal(low), to_decimal(high)),
        },
        Op::Coalesce(of, default) => match operand(cx, of, scope) {
            Operand::One(Val::Absent) => operand(cx, default, scope),
            other => other,
        },
        _ => Operand::One(value(cx, expr, scope)),
    }
}

fn to_decimal(value: Val<'_>) -> Val<'_> {
    match value {
        Val::Int(n) => Val::Decimal(crate::data::Decimal::from_int(n)),
        other => unknown_or_mismatch(other),
    }
}

pub fn value<'a>(cx: &Context<'a>, expr: &'a Expr, scope: &Scope<'_, 'a>) -> Val<'a> {
    match &expr.op {
        Op::Constant(value) => Val::of(value),
        Op::Column { root, column } => match scope.frame(*root) {
            Some(frame) => {
                let optional = cx.plan.schema.column(frame.kind, *column).optional;
                Val::cell(frame.rows, frame.row, *column, optional)
            }
            None => mismatch(Val::Unknown, root),
        },
        Op::EventTime { root } => moment(cx, scope.frame(*root).and_then(|f| f.time), &expr.ty),
        Op::PeriodStart => moment(cx, cx.period.map(|p| Time::Date(p.0)), &expr.ty),
        Op::PeriodEnd => moment(cx, cx.period.map(|p| Time::Date(p.1)), &expr.ty),
        Op::AsOf => cx.world.watermark.as_value(&expr.ty, cx.zone),
        Op::Lookup { key, table, column, root } => {
            let key = value(cx, key, scope);
            let at = scope.frame(*root).and_then(|f| f.time);
            tables::lookup(cx, *table, key, *column, at).value()
        }
        Op::ToDecimal(of) => to_decimal(value(cx, of, scope)),
        Op::ToTimestamp(of) => match value(cx, of, scope) {
            Val::Date(d) => cx.zone.start_of(d).map_or(Val::Unknown, Val::Timestamp),
            other => unknown_or_mismatch(other),
        },
        Op::ToDate(of) => match value(cx, of, scope) {
            Val::Timestamp(t) => Val::Date(cx.zone.date_at(t)),
            other => unknown_or_mismatch(other),
        },
        Op::Coalesce(of, default) => match value(cx, of, scope) {
            Val::Absent => value(cx, default, scope),
            other => other,
        },
        Op::Neg(of) => neg(value(cx, of, scope)),
        Op::Arith { op, left, right } => {
            let ty = crate::plan::stored(&cx.plan.schema, &expr.ty);
            let a = value(cx, left, scope);
            let b = match left.ty == Type::Money && right.ty == Type::Money {
                true => rates::joined(
                    cx,
                    [left, right],
                    a,
                    value(&rates::towards(cx, Operand::One(a)), right, scope),
                    scope,
                ),
                false => value(cx, right, scope),
            };
            arith(*op, a, b, &ty)
        }
        Op::Shift { time, by } => {
            let time = value(cx, time, scope);
            if let Some(blank) = blank(&[time]) {
                return blank;
            }
            match time {
                Val::Date(d) => business::date(cx, d, *by).map_or(Val::Unknown, Val::Date),
                Val::Timestamp(t) => business::instant(cx, t, *by).map_or(Val::Unknown, Val::Timestamp),
                other => mismatch(Val::Unknown, &other),
            }
        }
        Op::History(id) => history::evaluate(cx, *id, scope).single(),
        // A set is a key, and never a value.
        Op::Every { .. } => mismatch(Val::Unknown, &expr.op),
        _ => match truth(cx, expr, scope) {
            Truth::True => Val::Bool(true),
            Truth::False => Val::Bool(false),
            Truth::Unknown => Val::Unknown,
            Truth::Pending => Val::Pending,
        },
    }
}

/// A moment as a value of the type that the expression has.
fn moment<'a>(cx: &Context<'a>, time: Option<Time>, ty: &Type) -> Val<'a> {
    match (time, ty) {
        (None, _) => Val::Unknown,
        (Some(time), Type::Timestamp) => time.instant(cx.zone).map_or(Val::Unknown, Val::Timestamp),
        (Some(time), Type::Date) => Val::Date(time.date(cx.zone)),
        (Some(_), other) => mismatch(Val::Unknown, other),
    }
}

fn unknown_or_mismatch(value: Val<'_>) -> Val<'_> {
    if value.is_known() { mismatch(Val::Unknown, &value) } else { value }
}

pub fn text_test(op: TextOp, text: &str, part: &str, ignoring_case: bool) -> bool {
    if ignoring_case {
        return text_test(op, &text.to_lowercase(), &part.to_lowercase(), false);
    }
    match op {
        TextOp::StartsWith => text.starts_with(part),
        TextOp::EndsWith => text.ends_with(part),
        TextOp::Contains => text.contains(part),
    }
}

/// Whether a host is one of the domains or under one, label by label; the domains are in lower case.
pub fn in_domain(host: &str, domains: &[String]) -> bool {
    let lowered;
    let host = if host.bytes().any(|b| b.is_ascii_uppercase() || !b.is_ascii()) {
        lowered = host.to_lowercase();
        lowered.as_str()
    } else {
        host
    };
    domains
        .iter()
        .any(|domain| host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_go_by_labels() {
        let domains = ["dropbox.com".to_string(), "b.example".to_string()];
        for (host, within) in [
            ("dropbox.com", true),
            ("DropBox.COM", true),
            ("www.dropbox.com", true),
            ("notdropbox.com", false),
            ("dropbox.com.evil.org", false),
            ("", false),
            ("example", false),
        ] {
            assert_eq!(in_domain(host, &domains), within, "{host}");
        }
    }
}
