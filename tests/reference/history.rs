//! Conditions over other records: every record is looked at for every one.

use super::time::{Moment, in_window, zone};
use super::value::*;
use super::{Env, World, is_money};
use arrow_buffer::i256;
use bylaws::internals::data::{Currency, Decimal, Money, Type, Value};
use bylaws::internals::eval::Truth;
use bylaws::internals::sema::hir::{Body, Expr, ExprKind, Func, History, Rule, Window};

/// A record in the window with the keys, for which the filter holds or may hold.
struct Candidate {
    row: usize,
    maybe: bool,
}

impl World<'_> {
    /// `without`: as if the record that it is about were not there.
    pub fn history(&self, rule: &Rule, h: &History, env: &Env, without: bool) -> Val {
        self.history_for(rule, h, env, without, None)
    }

    /// `owner`: whom of the key that is a set.
    pub fn history_for(&self, rule: &Rule, h: &History, env: &Env, without: bool, owner: Option<&Value>) -> Val {
        let Some(outer) = env.get(h.root as usize).and_then(Option::as_ref) else { return Val::Unknown };
        let Some(t) = outer.time else { return Val::Unknown };
        // The outer side's keys must be known: who lacks the key has no history.
        let mut outer_keys = Vec::new();
        for key in &h.keys {
            if let (ExprKind::Every { .. }, Some(owner)) = (&key.outer.kind, owner) {
                outer_keys.push(owner.clone());
                continue;
            }
            match self.value(rule, &key.outer, env) {
                Val::Known(v) => outer_keys.push(v),
                _ => return Val::Unknown,
            }
        }
        if in_window(&h.window, t, t, &rule.clock, &|day| self.is_open(day, &rule.clock)).is_none() {
            return Val::Unknown;
        }
        let into = self.into.take();
        let candidates = self.candidates(rule, h, env, t, &outer_keys, without);
        self.into.set(into);
        let over = !self.waits(h, t, rule);
        match h.func {
            Func::Exists => val_of(exists(&candidates, over)),
            Func::No => val_of(not(exists(&candidates, over))),
            _ if !over => Val::Pending,
            Func::Count => {
                let sure = candidates.iter().filter(|c| !c.maybe).count() as i64;
                between(Value::Int(sure), Value::Int(candidates.len() as i64))
            }
            Func::Median => {
                let rows: Vec<(usize, bool)> = candidates.iter().map(|c| (c.row, c.maybe)).collect();
                self.median(rule, h, env, &rows)
            }
            _ => self.aggregate(rule, h, env, &candidates),
        }
    }

    fn candidates(
        &self,
        rule: &Rule,
        h: &History,
        env: &Env,
        t: Moment,
        keys: &[Value],
        without: bool,
    ) -> Vec<Candidate> {
        let outer = env[h.root as usize].as_ref().unwrap();
        // A record that is one of several kinds is still one of its own.
        let itself = match self.rows[outer.row].own {
            Some(own) if self.rows[outer.row].kind != h.kind => own,
            _ => outer.row,
        };
        let mut candidates = Vec::new();
        for (i, row) in self.rows.iter().enumerate().filter(|(_, row)| row.kind == h.kind) {
            // Where its time or a key is unknown, it may be one of these; but not in the sums of a limit, which
            // tells such a record by itself.
            let limit = matches!(&rule.body, Body::Limit { aggregate, .. } if std::ptr::eq(&**aggregate, h));
            let mut placed = Truth::True;
            match row.time {
                Some(r) if in_window(&h.window, t, r, &rule.clock, &|day| self.is_open(day, &rule.clock)).unwrap() => {}
                Some(_) => continue,
                None if limit => continue,
                None => placed = Truth::Unknown,
            }
            let backward = matches!(h.window, Window::Over(_) | Window::AllTime | Window::In(_));
            let counts_itself = backward && !matches!(h.func, Func::Exists | Func::No) && !without;
            if i == itself && !counts_itself {
                continue;
            }
            // Of the same kind and moment, what stands later in the order has not happened yet.
            let of_one_kind = self.rows[itself].kind == h.kind;
            if backward && of_one_kind && row.time.is_some() && row.order(&self.rows[itself]).is_gt() {
                continue;
            }
            let inner = self.inner(env, h, i);
            for (key, outer) in h.keys.iter().zip(keys) {
                placed = and([
                    placed,
                    match self.every(rule, &key.inner, &inner) {
                        Some(way) if way.sure.contains(outer) => Truth::True,
                        Some(way) if way.above.contains(outer) => Truth::Unknown,
                        Some(_) => Truth::False,
                        None => match self.value(rule, &key.inner, &inner) {
                            Val::Known(v) if v == *outer => Truth::True,
                            Val::Known(_) | Val::Absent => Truth::False,
                            _ if limit => Truth::False,
                            _ => Truth::Unknown,
                        },
                    },
                ]);
            }
            match and([row.there, placed, h.filter.as_ref().map_or(Truth::True, |f| self.truth(rule, f, &inner))]) {
                Truth::True => candidates.push(Candidate { row: i, maybe: false }),
                Truth::False => {}
                _ => candidates.push(Candidate { row: i, maybe: true }),
            }
        }
        candidates.sort_by(|a, b| self.rows[a.row].order(&self.rows[b.row]));
        candidates
    }

    /// The roots up to the history's own, and the record that it looks at.
    pub fn inner(&self, env: &Env, h: &History, row: usize) -> Env {
        let mut inner: Env = env.iter().take(h.root as usize + 1).cloned().collect();
        inner.resize(h.root as usize + 1, None);
        inner.push(Some(self.root(row)));
        inner
    }

    /// Is there still time in the window?
    fn waits(&self, h: &History, t: Moment, rule: &Rule) -> bool {
        let (Window::After(length) | Window::Around(length)) = h.window else { return false };
        let Some(watermark) = self.watermark(&rule.clock) else { return true };
        let zone = zone(&rule.clock);
        let kind = self.hir.schema.kind(h.kind);
        let end = |t: Moment| t.moved(length, 1, &rule.clock, &|day| self.is_open(day, &rule.clock)).unwrap();
        let instants = kind.time().is_some_and(|c| kind.columns[c.0 as usize].ty == Type::Timestamp);
        if instants && matches!(t, Moment::Instant(_)) {
            watermark.instant <= end(t).instant(&zone)
        } else {
            watermark.day <= end(Moment::Day(t.day(&zone))).day(&zone)
        }
    }

    fn aggregate(&self, rule: &Rule, h: &History, env: &Env, candidates: &[Candidate]) -> Val {
        let expr = h.value.as_ref().unwrap();
        let into = self.into.take();
        // What is absent is skipped.
        let values: Vec<(Val, bool)> = candidates
            .iter()
            .map(|c| (self.value(rule, expr, &self.inner(env, h, c.row)), c.maybe))
            .filter(|(v, _)| *v != Val::Absent)
            .collect();
        self.into.set(into);
        if self.rates().is_some() && is_money(&expr.ty) && h.func != Func::Distinct {
            return self.amounts(rule, h, env, candidates);
        }
        if h.func == Func::Distinct {
            return distinct(&values);
        }
        if values.iter().any(|(v, _)| v.known().is_none()) {
            return Val::Unknown;
        }
        if h.func == Func::Sum {
            return sum(&values, &expr.ty);
        }
        if values.iter().any(|(_, maybe)| *maybe) {
            return Val::Unknown;
        }
        let known: Vec<Value> = values.into_iter().filter_map(|(v, _)| v.known().cloned()).collect();
        if known.is_empty() {
            return Val::Absent;
        }
        match h.func {
            Func::First => Val::Known(known[0].clone()),
            Func::Last => Val::Known(known[known.len() - 1].clone()),
            Func::Min => extreme(&known, |o| o.is_lt()),
            Func::Max => extreme(&known, |o| o.is_gt()),
            Func::Avg => average(&known, expr),
            other => panic!("{other:?} is no aggregate"),
        }
    }
}

impl World<'_> {
    /// An aggregate of amounts, where there are rates.
    fn amounts(&self, rule: &Rule, h: &History, env: &Env, candidates: &[Candidate]) -> Val {
        let expr = h.value.as_ref().unwrap();
        let into = self.into.take();
        let mut amounts: Vec<(Money, bool, Option<Moment>)> = Vec::new();
        let mut unknown = false;
        for c in candidates {
            match self.value(rule, expr, &self.inner(env, h, c.row)) {
                Val::Absent => {}
                Val::Known(Value::Money(m)) => amounts.push((m, c.maybe, self.rows[c.row].time)),
                _ => unknown = true,
            }
        }
        self.into.set(into);
        if unknown || h.func != Func::Sum && amounts.iter().any(|a| a.1) {
            return Val::Unknown;
        }
        if amounts.is_empty() {
            return if h.func == Func::Sum { Val::Nothing } else { Val::Absent };
        }
        let money = |m: Option<Money>| m.map_or(Val::Unknown, |m| Val::Known(Value::Money(m)));
        let one = |&(m, _, time): &(Money, bool, Option<Moment>), first| {
            self.in_currency(rule, m, into.unwrap_or(first), time)
        };
        match h.func {
            Func::Sum => match self.sum_of(rule, &amounts) {
                Some((low, high)) => between(Value::Money(low), Value::Money(high)),
                None => Val::Unknown,
            },
            Func::Avg => {
                let total = self.sum_of(rule, &amounts).map(|(low, _)| low);
                let number = Decimal::from_int(amounts.len() as i64);
                money(total.and_then(|t| Some(Money { amount: t.amount.checked_div(number)?, ..t })))
            }
            Func::First => money(one(&amounts[0], amounts[0].0.currency)),
            Func::Last => {
                let last = &amounts[amounts.len() - 1];
                money(one(last, last.0.currency))
            }
            _ => {
                let first = amounts[0].0.currency;
                let all: Option<Vec<Value>> = amounts.iter().map(|a| one(a, first).map(Value::Money)).collect();
                let better = |o: std::cmp::Ordering| if h.func == Func::Min { o.is_lt() } else { o.is_gt() };
                all.map_or(Val::Unknown, |all| extreme(&all, better))
            }
        }
    }
}

fn exists(candidates: &[Candidate], over: bool) -> Truth {
    if candidates.iter().any(|c| !c.maybe) {
        Truth::True
    } else if !candidates.is_empty() {
        Truth::Unknown
    } else if !over {
        Truth::Pending
    } else {
        Truth::False
    }
}

pub fn between(low: Value, high: Value) -> Val {
    if low == high { Val::Known(low) } else { Val::Between(low, high) }
}

fn distinct(values: &[(Val, bool)]) -> Val {
    let mut seen: Vec<&Value> = Vec::new();
    let mut unsure = 0;
    for (value, maybe) in values {
        match value.known() {
            Some(v) if !maybe => {
                if !seen.contains(&v) {
                    seen.push(v);
                }
            }
            _ => unsure += 1,
        }
    }
    between(Value::Int(seen.len() as i64), Value::Int(seen.len() as i64 + unsure))
}

fn extreme(values: &[Value], better: impl Fn(std::cmp::Ordering) -> bool) -> Val {
    let mut best = &values[0];
    for value in values {
        match order(value, best) {
            Some(o) if better(o) => best = value,
            Some(_) => {}
            None => return Val::Unknown,
        }
    }
    // Every pair is of one currency, or there is no answer.
    if values.iter().any(|v| order(v, best).is_none()) { Val::Unknown } else { Val::Known(best.clone()) }
}

/// A number as a count of its smallest parts, and its currency.
pub fn parts(value: &Value) -> (i128, Option<Currency>) {
    match value {
        Value::Int(n) | Value::Bytes(n) | Value::Duration(n) => (*n as i128, None),
        Value::Decimal(d) | Value::Percent(d) => (d.raw(), None),
        Value::Money(m) => (m.amount.raw(), Some(m.currency)),
        other => panic!("{other:?} cannot be added"),
    }
}

pub fn whole(parts: i128, ty: &Type, currency: Option<Currency>) -> Option<Value> {
    Some(match ty {
        Type::Int => Value::Int(parts.try_into().ok()?),
        Type::Bytes => Value::Bytes(parts.try_into().ok()?),
        Type::Duration => Value::Duration(parts.try_into().ok()?),
        Type::Decimal => Value::Decimal(Decimal::from_raw(parts)),
        Type::Percent => Value::Percent(Decimal::from_raw(parts)),
        Type::Money => Value::Money(Money { amount: Decimal::from_raw(parts), currency: currency? }),
        other => panic!("{other:?} cannot be added"),
    })
}

pub fn sum(values: &[(Val, bool)], ty: &Type) -> Val {
    let (mut low, mut high) = (i256::ZERO, i256::ZERO);
    let mut currency = None;
    for (value, maybe) in values {
        let (n, c) = parts(value.known().unwrap());
        if currency.is_some() && c != currency {
            return Val::Unknown;
        }
        currency = c;
        low += i256::from_i128(if *maybe { n.min(0) } else { n });
        high += i256::from_i128(if *maybe { n.max(0) } else { n });
    }
    if values.is_empty() && is_money(ty) {
        return Val::Nothing;
    }
    let whole = |n: i256| whole(n.to_i128()?, ty, currency);
    match (whole(low), whole(high)) {
        (Some(low), Some(high)) => between(low, high),
        _ => Val::Unknown,
    }
}

fn average(values: &[Value], expr: &Expr) -> Val {
    let with: Vec<(Val, bool)> = values.iter().map(|v| (Val::Known(v.clone()), false)).collect();
    let Val::Known(total) = sum(&with, &expr.ty) else { return Val::Unknown };
    let count = Decimal::from_int(values.len() as i64);
    let (n, currency) = parts(&total);
    let average = match expr.ty {
        Type::Int => Decimal::from_int(n as i64).checked_div(count).map(Value::Decimal),
        Type::Bytes => Decimal::from_int(n as i64).checked_div(count).and_then(half_even).map(Value::Bytes),
        Type::Duration => Decimal::from_int(n as i64).checked_div(count).and_then(half_even).map(Value::Duration),
        _ => Decimal::from_raw(n).checked_div(count).and_then(|d| whole(d.raw(), &expr.ty, currency)),
    };
    average.map_or(Val::Unknown, Val::Known)
}
