//! Amounts of two currencies: every row of the rates is looked at for every pair and day.

use super::time::{Moment, from_days, zone};
use super::value::*;
use super::{Env, World};
use arrow_buffer::i256;
use bylaws::internals::data::{Clock, Currency, Decimal, KindId, Money, Type, Value};
use bylaws::internals::sema::hir::{Expr, ExprKind, Rule};
use jiff::civil::Date;
use std::cmp::Ordering;

/// A rate, and whether it is that of the other currency into this one. Equal ones are of one row or of rows that agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    rate: Decimal,
    inverse: bool,
    pair: (Currency, Currency),
    date: Date,
}

impl Rate {
    fn convert(&self, amount: Decimal) -> Option<Decimal> {
        if self.inverse { amount.checked_div(self.rate) } else { amount.checked_mul(self.rate) }
    }

    /// `amount` converted, beside `other`: both sides multiplied out.
    fn order(&self, amount: Decimal, other: Decimal) -> Ordering {
        let of = |d: Decimal| i256::from_i128(d.raw());
        let one = i256::from_i128(10i128.pow(18));
        match self.inverse {
            true => (of(amount) * one).cmp(&(of(other) * of(self.rate))),
            false => (of(amount) * of(self.rate)).cmp(&(of(other) * one)),
        }
    }
}

/// What can be read of a row.
struct Row {
    date: Option<Date>,
    from: Option<Currency>,
    to: Option<Currency>,
    rate: Option<Decimal>,
}

impl World<'_> {
    pub fn rates(&self) -> Option<(KindId, u32)> {
        self.hir.schema.rates()
    }

    fn rate_rows(&self, kind: KindId) -> Vec<Row> {
        let mut rows = Vec::new();
        for row in self.rows.iter().filter(|r| r.kind == kind) {
            let currency = |at: usize| match row.cells[at].known() {
                Some(Value::Text(text)) => Currency::parse(text),
                _ => None,
            };
            let date = match row.cells[0].known() {
                Some(Value::Date(days)) => Some(from_days(*days)),
                _ => None,
            };
            let rate = match row.cells[3].known() {
                Some(Value::Decimal(rate)) => Some(*rate),
                _ => None,
            };
            let (from, to) = (currency(1), currency(2));
            let itself = from.is_some() && from == to;
            if !itself && rate.is_none_or(|r| r.raw() > 0) {
                rows.push(Row { date, from, to, rate });
            }
        }
        rows
    }

    /// The rate of one unit of `from` in `to`; none where there is none, or it is not known.
    fn rate(&self, from: Currency, to: Currency, day: Date) -> Option<Rate> {
        let (kind, most) = self.rates()?;
        let rows = self.rate_rows(kind);
        let age = |date: Date| (day - date).get_days();
        let mut best: Option<Rate> = None;
        for row in &rows {
            let (Some(date), Some(a), Some(b), Some(rate)) = (row.date, row.from, row.to, row.rate) else { continue };
            let inverse = (a, b) == (to, from);
            if age(date) < 0 || !(inverse || (a, b) == (from, to)) {
                continue;
            }
            // The later one; of one day, the pair's own.
            if best.is_none_or(|b| (date, !inverse) > (b.date, !b.inverse)) {
                best = Some(Rate { rate, inverse, pair: (a, b), date });
            }
        }
        // A row that cannot be read: would it be the one, if what is not known were as it may be?
        for row in &rows {
            if row.date.is_some() && row.from.is_some() && row.to.is_some() && row.rate.is_some() {
                continue;
            }
            let may = |known: Option<Currency>, is: Currency| known.is_none_or(|k| k == is);
            for inverse in [false, true] {
                let pair = if inverse { (to, from) } else { (from, to) };
                if !(may(row.from, pair.0) && may(row.to, pair.1)) {
                    continue;
                }
                let date = row.date?;
                let in_time = age(date) >= 0 && age(date) <= most as i32;
                if in_time && best.is_none_or(|b| (date, !inverse) >= (b.date, !b.inverse)) {
                    return None;
                }
            }
        }
        let best = best.filter(|b| age(b.date) <= most as i32)?;
        let agree = rows.iter().all(|r| {
            let same = r.date == Some(best.date) && r.from == Some(best.pair.0) && r.to == Some(best.pair.1);
            !same || r.rate == Some(best.rate)
        });
        agree.then_some(best)
    }

    fn rate_at(&self, from: Currency, to: Currency, time: Option<Moment>, clock: &Clock) -> Option<Rate> {
        self.rate(from, to, time?.day(&zone(clock)))
    }

    /// The time of the innermost record that two parts are about.
    fn time_of(&self, parts: [&Expr; 2], env: &Env) -> Option<Moment> {
        let mut innermost = None;
        parts.iter().for_each(|p| roots(p, &mut |root| innermost = innermost.max(Some(root as usize))));
        env.get(innermost.unwrap_or(env.len() - 1)).and_then(Option::as_ref).and_then(|r| r.time)
    }

    /// Two amounts as they meet: what is added up, in the currency of the other side.
    fn sides(&self, rule: &Rule, left: &Expr, right: &Expr, env: &Env) -> (Val, Val) {
        let aggregate = has_history(left);
        let first = self.value(rule, if aggregate { right } else { left }, env);
        let second = self.value_in(rule, if aggregate { left } else { right }, env, currency(&first));
        if aggregate { (second, first) } else { (first, second) }
    }

    pub fn value_in(&self, rule: &Rule, expr: &Expr, env: &Env, into: Option<Currency>) -> Val {
        let before = self.into.replace(into);
        let value = self.value(rule, expr, env);
        self.into.set(before);
        value
    }

    /// A comparison's sides; an amount of another currency stands as what its order with the other is.
    pub fn compared(&self, rule: &Rule, left: &Expr, right: &Expr, env: &Env) -> (Val, Val) {
        let (a, b) = self.sides(rule, left, right, env);
        let (Val::Known(Value::Money(x)), Val::Known(Value::Money(y))) = (&a, &b) else { return (a, b) };
        if x.currency == y.currency {
            return (a, b);
        }
        let time = self.time_of([left, right], env);
        let constant = |e: &Expr| matches!(e.kind, ExprKind::Constant(_));
        let order = if !constant(left) || constant(right) {
            self.rate_at(x.currency, y.currency, time, &rule.clock).map(|r| r.order(x.amount, y.amount))
        } else {
            self.rate_at(y.currency, x.currency, time, &rule.clock).map(|r| r.order(y.amount, x.amount).reverse())
        };
        match order {
            Some(order) => (Val::Known(Value::Int(order as i64)), Val::Known(Value::Int(0))),
            None => (Val::Unknown, b),
        }
    }

    /// The sides of a sum, difference or quotient: the right one in the currency of the left.
    pub fn joined_up(&self, rule: &Rule, left: &Expr, right: &Expr, env: &Env) -> (Val, Val) {
        let a = self.value(rule, left, env);
        let b = self.value_in(rule, right, env, currency(&a));
        let (Val::Known(Value::Money(x)), Val::Known(Value::Money(y))) = (&a, &b) else { return (a, b) };
        if x.currency == y.currency {
            return (a, b);
        }
        let rate = self.rate_at(y.currency, x.currency, self.time_of([left, right], env), &rule.clock);
        let amount = rate.and_then(|r| r.convert(y.amount));
        let b = amount.map_or(Val::Unknown, |amount| Val::Known(Value::Money(Money { amount, currency: x.currency })));
        (a, b)
    }

    /// Amounts of a history in one currency, by the rates of their own days: least and most of their sum.
    pub fn sum_of(&self, rule: &Rule, amounts: &[(Money, bool, Option<Moment>)]) -> Option<(Money, Money)> {
        let into = self.into.get().unwrap_or(amounts.first()?.0.currency);
        let mut groups: Vec<(Option<Rate>, Decimal, Decimal)> = Vec::new();
        for (money, maybe, time) in amounts {
            let rate = match money.currency == into {
                true => None,
                false => Some(self.rate_at(money.currency, into, *time, &rule.clock)?),
            };
            let at = groups.iter().position(|g| g.0 == rate).unwrap_or_else(|| {
                groups.push((rate, Decimal::ZERO, Decimal::ZERO));
                groups.len() - 1
            });
            let negative = money.amount.raw() < 0;
            if !maybe || negative {
                groups[at].1 = groups[at].1.checked_add(money.amount)?;
            }
            if !maybe || !negative {
                groups[at].2 = groups[at].2.checked_add(money.amount)?;
            }
        }
        let (mut low, mut high) = (Decimal::ZERO, Decimal::ZERO);
        for (rate, least, most) in groups {
            let converted = |amount| rate.map_or(Some(amount), |r: Rate| r.convert(amount));
            low = low.checked_add(converted(least)?)?;
            high = high.checked_add(converted(most)?)?;
        }
        Some((Money { amount: low, currency: into }, Money { amount: high, currency: into }))
    }

    /// An amount of a record in another currency.
    pub fn in_currency(&self, rule: &Rule, money: Money, into: Currency, time: Option<Moment>) -> Option<Money> {
        if money.currency == into {
            return Some(money);
        }
        let amount = self.rate_at(money.currency, into, time, &rule.clock)?.convert(money.amount)?;
        Some(Money { amount, currency: into })
    }

    pub fn are_amounts(&self, left: &Expr, right: &Expr) -> bool {
        self.rates().is_some() && left.ty == Type::Money && right.ty == Type::Money
    }
}

pub fn currency(value: &Val) -> Option<Currency> {
    match value {
        Val::Known(Value::Money(m)) | Val::Between(_, Value::Money(m)) => Some(m.currency),
        _ => None,
    }
}

fn has_history(expr: &Expr) -> bool {
    let mut found = false;
    walk(expr, &mut |e| found |= matches!(e.kind, ExprKind::History(_)));
    found
}

/// The records that a part reads, by their roots; of a history, the one that it is about.
fn roots(expr: &Expr, each: &mut dyn FnMut(u8)) {
    walk(expr, &mut |e| match &e.kind {
        ExprKind::Column { root, .. }
        | ExprKind::EventTime { root }
        | ExprKind::Lookup { root, .. }
        | ExprKind::Under { root, .. } => each(*root),
        ExprKind::History(h) => each(h.root),
        _ => {}
    });
}

/// An expression and its parts; not what is inside a history.
fn walk(expr: &Expr, each: &mut dyn FnMut(&Expr)) {
    each(expr);
    match &expr.kind {
        ExprKind::Lookup { key: a, .. }
        | ExprKind::Convert(a)
        | ExprKind::Not(a)
        | ExprKind::In { item: a, .. }
        | ExprKind::InDomain { host: a, .. }
        | ExprKind::Matches { left: a, .. }
        | ExprKind::Present(a)
        | ExprKind::Neg(a)
        | ExprKind::Shift { time: a, .. }
        | ExprKind::Named { body: a, .. } => walk(a, each),
        ExprKind::And(all) | ExprKind::Or(all) => all.iter().for_each(|e| walk(e, each)),
        ExprKind::Compare { left: a, right: b, .. }
        | ExprKind::InColumn { item: a, list: b, .. }
        | ExprKind::TextTest { left: a, right: b, .. }
        | ExprKind::Overlaps { left: a, right: b, .. }
        | ExprKind::Under { who: a, above: b, .. }
        | ExprKind::Coalesce(a, b)
        | ExprKind::Arith { left: a, right: b, .. } => {
            walk(a, each);
            walk(b, each);
        }
        ExprKind::Every { who, .. } => walk(who, each),
        ExprKind::Constant(_)
        | ExprKind::Column { .. }
        | ExprKind::EventTime { .. }
        | ExprKind::PeriodStart
        | ExprKind::PeriodEnd
        | ExprKind::AsOf
        | ExprKind::History(_) => {}
    }
}
