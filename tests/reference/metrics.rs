//! Metrics, with every choice of the records that may count or not tried out.

use super::time::{Moment, from_days, period_of, to_days, zone};
use super::value::*;
use super::{Env, Projections, Record, World};
use bylaws::internals::data::{Currency, Decimal, Type, Value};
use bylaws::internals::eval::Truth;
use bylaws::internals::sema::hir::{Expr, Func, Hir, Metric};

/// A row of a metric, and what of it is compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub keys: Vec<Option<Value>>,
    pub currency: Option<Currency>,
    pub period: Option<(i32, i32)>,
    pub complete: bool,
    pub value: Option<Value>,
    pub bounds: Option<(Option<Value>, Option<Value>)>,
    pub records: u64,
    pub uncertain: u64,
    pub unread: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    pub rows: Vec<Figure>,
    pub untimed: u64,
    pub unkeyed: u64,
}

/// A record that has its place.
struct Placed {
    keys: Vec<Option<Value>>,
    period: Option<(i32, i32)>,
    certain: bool,
    value: Val,
}

/// What a key may be, and whether that is certain.
type Choice = (Option<Value>, bool);

/// All metrics of a set. It has a rule, whose clock is theirs.
pub fn figures(hir: &Hir, records: &[Record], as_of: Option<Value>, read: &Projections) -> Vec<Figures> {
    let mut world = super::world(hir, records, as_of, read);
    let all: Vec<&[Metric]> = hir.metrics.chunk_by(|a, b| a.name == b.name).collect();
    let mut figures: Vec<Option<Figures>> = all.iter().map(|_| None).collect();
    // Each sees what the rules of lower levels found.
    let highest = hir.metrics.iter().map(|m| m.level).max().unwrap_or(0);
    let (mut said, mut first) = (Vec::new(), 0);
    for level in 0..=highest {
        if let Some(kind) = super::strata::kind(&world) {
            super::strata::add(&mut world, kind, &said, first);
        }
        first = said.len();
        for (figures, readings) in figures.iter_mut().zip(&all).filter(|(_, r)| r[0].level == level) {
            *figures = Some(of_metric(&world, readings));
        }
        for (i, rule) in hir.rules.iter().enumerate().filter(|(_, r)| r.level == level && level < highest) {
            said.extend(super::verdicts::judge(&world, rule).into_iter().map(|s| (i, s)));
        }
        super::tell_once(hir, &mut said, first);
    }
    figures.into_iter().flatten().collect()
}

/// A metric, as it reads from day to day.
fn of_metric(world: &World, readings: &[Metric]) -> Figures {
    let metric = &readings[0];
    let rule = &world.hir.rules[0];
    let zone = zone(&metric.clock);
    let (mut untimed, mut unkeyed) = (0, 0);
    let mut placed: Vec<Placed> = Vec::new();
    for row in (0..world.rows.len()).filter(|&i| world.rows[i].kind == metric.trigger.kind()) {
        let env: Env = vec![Some(world.root(row))];
        let counts = |m: &Metric| m.trigger.filter().map_or(Truth::True, |f| world.truth(rule, f, &env));
        let day = world.rows[row].time.map(|t| to_days(t.day(&zone)));
        let metric = match day {
            _ if readings.len() == 1 => metric,
            Some(day) => {
                let reads = |m: &&Metric| {
                    m.effective.0.is_none_or(|from| from <= day) && m.effective.1.is_none_or(|until| day < until)
                };
                readings.iter().find(reads).unwrap()
            }
            // Which it is is not known.
            None => {
                untimed += u64::from(readings.iter().any(|m| counts(m) != Truth::False));
                continue;
            }
        };
        let counts = counts(metric);
        if counts == Truth::False {
            continue;
        }
        let counts = counts.and(world.rows[row].there);
        let period = match (metric.period, world.rows[row].time) {
            (None, _) => None,
            (Some(_), None) => {
                untimed += 1;
                continue;
            }
            (Some(period), Some(time)) => {
                let (first, last) = period_of(time.day(&zone), period, &metric.clock);
                Some((to_days(first), to_days(last)))
            }
        };
        let value = |e: &Expr| world.value(rule, e, &env);
        // What each key may be, and whether that is certain; and whether there is more of it that is not known.
        let choices: Vec<(Vec<Choice>, bool)> = metric
            .keys
            .iter()
            .map(|key| match world.every(rule, &key.value, &env) {
                Some(way) => {
                    let sure = |v: &Value| way.sure.contains(v);
                    (way.above.iter().map(|v| (Some(v.clone()), sure(v))).collect(), !way.whole)
                }
                None => match value(&key.value) {
                    Val::Known(v) => (vec![(Some(v), true)], false),
                    Val::Absent => (vec![(None, true)], false),
                    _ => (Vec::new(), true),
                },
            })
            .collect();
        unkeyed += u64::from(choices.iter().any(|c| c.1));
        let mut all: Vec<(Vec<Option<Value>>, bool)> = vec![(Vec::new(), counts == Truth::True)];
        for (values, _) in &choices {
            let mut longer = Vec::new();
            for (keys, certain) in &all {
                for (value, sure) in values {
                    let keys = keys.iter().chain([value]).cloned().collect();
                    longer.push((keys, *certain && *sure));
                }
            }
            all = longer;
        }
        let value = metric.value.as_ref().map_or(Val::Known(Value::Int(1)), value);
        for (keys, certain) in all {
            placed.push(Placed { keys, period, certain, value: value.clone() });
        }
    }
    let mut rows = Vec::new();
    let periods = periods(world, metric, &placed);
    let mut keys: Vec<&Vec<Option<Value>>> = Vec::new();
    placed.iter().for_each(|p| {
        if !keys.contains(&&p.keys) {
            keys.push(&p.keys)
        }
    });
    for keys in keys {
        let own: Vec<&Placed> = placed.iter().filter(|p| p.keys == *keys).collect();
        let mut currencies: Vec<Option<Currency>> = Vec::new();
        for currency in own.iter().filter_map(|p| p.value.known()).map(|v| currency(metric, v)) {
            if !currencies.contains(&currency) {
                currencies.push(currency);
            }
        }
        if currencies.is_empty() {
            currencies.push(None);
        }
        for &of in &currencies {
            for &period in &periods {
                let here: Vec<&&Placed> = own.iter().filter(|p| p.period == period).collect();
                rows.push(row(world, metric, keys, of, period, &here));
            }
        }
    }
    Figures { rows, untimed, unkeyed }
}

/// From the first to the last with a record, or to that of `as_of`.
fn periods(world: &World, metric: &Metric, placed: &[Placed]) -> Vec<Option<(i32, i32)>> {
    let Some(period) = metric.period else { return vec![None] };
    let Some(first) = placed.iter().filter_map(|p| p.period).min() else { return Vec::new() };
    let mut last = placed.iter().filter_map(|p| p.period).max().unwrap();
    if let Some(limit) = world.as_of.as_ref().and_then(Moment::of) {
        let (start, end) = period_of(limit.day(&zone(&metric.clock)), period, &metric.clock);
        last = last.max((to_days(start), to_days(end)));
    }
    let mut periods = vec![first];
    while *periods.last().unwrap() != last {
        let next = from_days(periods.last().unwrap().1).tomorrow().unwrap();
        let (start, end) = period_of(next, period, &metric.clock);
        periods.push((to_days(start), to_days(end)));
    }
    periods.into_iter().map(Some).collect()
}

fn currency(metric: &Metric, value: &Value) -> Option<Currency> {
    match value {
        Value::Money(m) if metric.func != Func::Distinct => Some(m.currency),
        _ => None,
    }
}

fn row(
    world: &World,
    metric: &Metric,
    keys: &[Option<Value>],
    of: Option<Currency>,
    period: Option<(i32, i32)>,
    here: &[&&Placed],
) -> Figure {
    let known = |certain: bool| -> Vec<Value> {
        let some = here.iter().filter(|p| p.certain == certain).filter_map(|p| p.value.known());
        some.filter(|v| currency(metric, v) == of).cloned().collect()
    };
    let unknown = |certain: bool| {
        here.iter().filter(|p| p.certain == certain && !matches!(p.value, Val::Known(_) | Val::Absent)).count() as u64
    };
    let (sure, perhaps, unread, blind) = (known(true), known(false), unknown(true), unknown(false));
    let uncertain = perhaps.len() as u64 + blind;
    let value = figure(metric, of, &sure);
    let bounds = (uncertain > 0).then(|| {
        let (mut low, mut high): (Option<Value>, Option<Value>) = (None, None);
        for choice in 0..1u32 << perhaps.len() {
            let taken = perhaps.iter().enumerate().filter(|(i, _)| choice >> i & 1 == 1).map(|(_, v)| v.clone());
            let Some(v) = figure(metric, of, &sure.iter().cloned().chain(taken).collect::<Vec<_>>()) else { continue };
            low = Some(low.map_or(v.clone(), |l| if order(&v, &l).unwrap().is_lt() { v.clone() } else { l }));
            high = Some(high.map_or(v.clone(), |h| if order(&v, &h).unwrap().is_gt() { v.clone() } else { h }));
        }
        if blind == 0 {
            return (low, high);
        }
        match metric.func {
            Func::Sum | Func::Avg => (None, None),
            Func::Min => (None, value.clone()),
            Func::Max => (value.clone(), None),
            Func::Distinct => (low, high.map(|h| plus(h, blind))),
            _ => (low, high),
        }
    });
    let over = world.watermark(&metric.clock).zip(period).is_some_and(|(w, p)| p.1 < to_days(w.day));
    Figure {
        keys: keys.to_vec(),
        currency: of,
        period,
        complete: over,
        value,
        bounds,
        records: sure.len() as u64,
        uncertain,
        unread,
    }
}

fn plus(value: Value, more: u64) -> Value {
    match value {
        Value::Int(n) => Value::Int(n + more as i64),
        other => panic!("{other:?} is no number of values"),
    }
}

/// Of these values and no others.
fn figure(metric: &Metric, of: Option<Currency>, values: &[Value]) -> Option<Value> {
    let numbers = || values.iter().map(raw).sum::<i128>();
    let made = |raw: i128| match (&metric.ty, of) {
        (Type::Money, of) => {
            let amount = Decimal::from_raw(raw);
            of.map(|currency| Value::Money(bylaws::internals::data::Money { amount, currency }))
                .or(Some(Value::Decimal(amount)))
        }
        (Type::Decimal, _) => Some(Value::Decimal(Decimal::from_raw(raw))),
        (Type::Percent, _) => Some(Value::Percent(Decimal::from_raw(raw))),
        (Type::Int, _) => Some(Value::Int(raw as i64)),
        (Type::Bytes, _) => Some(Value::Bytes(raw as i64)),
        (Type::Duration, _) => Some(Value::Duration(raw as i64)),
        (ty, _) => panic!("no sum is a {ty:?}"),
    };
    let best = |side: std::cmp::Ordering| {
        values.iter().cloned().reduce(|a, b| if order(&b, &a) == Some(side) { b } else { a })
    };
    match metric.func {
        Func::Count => Some(Value::Int(values.len() as i64)),
        Func::Distinct => {
            let mut different: Vec<&Value> = Vec::new();
            values.iter().for_each(|v| {
                if !different.contains(&v) {
                    different.push(v)
                }
            });
            Some(Value::Int(different.len() as i64))
        }
        Func::Sum => made(numbers()),
        Func::Avg if values.is_empty() => None,
        Func::Avg => made(divided(numbers(), values.len() as i128)),
        Func::Min => best(std::cmp::Ordering::Less),
        Func::Max => best(std::cmp::Ordering::Greater),
        other => panic!("{other:?} is no figure"),
    }
}

fn raw(value: &Value) -> i128 {
    match value {
        Value::Int(n) | Value::Bytes(n) | Value::Duration(n) => *n as i128,
        Value::Decimal(d) | Value::Percent(d) => d.raw(),
        Value::Money(m) => m.amount.raw(),
        other => panic!("{other:?} does not add up"),
    }
}

/// Half to even.
fn divided(total: i128, n: i128) -> i128 {
    let (floor, rest) = (total.div_euclid(n), total.rem_euclid(n));
    let up = rest * 2 > n || rest * 2 == n && floor % 2 != 0;
    floor + i128::from(up)
}
