//! The median of what each of several comes to. Where few are in doubt every set of them is tried, else every number of
//! the smallest and of the greatest.

use super::history::{between, parts, sum, whole};
use super::time::Moment;
use super::value::*;
use super::{Env, World};
use bylaws::internals::data::{Decimal, Money, Type, Value};
use bylaws::internals::sema::hir::{History, Rule};

/// Of so many in doubt every set is tried.
const FEW: usize = 7;

/// A record of the window: whose it is, what it adds, whether it is in doubt, and when it was.
struct Added {
    keys: Vec<Value>,
    value: Value,
    maybe: bool,
    time: Option<Moment>,
}

/// What one comes to, least and most, and whether it has a record that is in no doubt.
struct Share {
    low: Value,
    high: Value,
    certain: bool,
}

impl World<'_> {
    /// `candidates`: rows in their order, and whether they are in doubt.
    pub fn median(&self, rule: &Rule, h: &History, env: &Env, candidates: &[(usize, bool)]) -> Val {
        let into = self.into.take();
        let added = self.added(rule, h, env, candidates);
        self.into.set(into);
        let Some(added) = added else { return Val::Unknown };
        let Some(first) = added.first() else { return Val::Absent };
        let ty = h.value.as_ref().map_or(Type::Decimal, |v| v.ty.clone());
        let mut all: Vec<&Vec<Value>> = Vec::new();
        for one in &added {
            if !all.contains(&&one.keys) {
                all.push(&one.keys);
            }
        }
        let mut shares = Vec::new();
        for keys in all {
            let own: Vec<&Added> = added.iter().filter(|a| a.keys == *keys).collect();
            let share = match &first.value {
                Value::Money(m) if self.rates().is_some() => {
                    // In the currency that is asked for, or else that of the first record of all.
                    self.into.set(Some(into.unwrap_or(m.currency)));
                    let share = self.share_of_amounts(rule, &own);
                    self.into.set(into);
                    share
                }
                _ => share(&own, &ty),
            };
            match share {
                Some(share) => shares.push(share),
                None => return Val::Unknown,
            }
        }
        of_shares(&shares, &ty).unwrap_or(Val::Unknown)
    }

    /// None where it is not known whose a record is, or what it adds. What is nobody's, or adds nothing, is left out.
    fn added(&self, rule: &Rule, h: &History, env: &Env, candidates: &[(usize, bool)]) -> Option<Vec<Added>> {
        let mut added = Vec::new();
        for &(row, maybe) in candidates {
            let inner = self.inner(env, h, row);
            let value = match &h.value {
                Some(of) => self.value(rule, of, &inner),
                None => Val::Known(Value::Decimal(Decimal::from_int(1))),
            };
            let keys: Vec<Val> = h.per.iter().map(|k| self.value(rule, k, &inner)).collect();
            if value == Val::Absent || keys.contains(&Val::Absent) {
                continue;
            }
            let keys: Option<Vec<Value>> = keys.iter().map(|k| k.known().cloned()).collect();
            added.push(Added { keys: keys?, value: value.known()?.clone(), maybe, time: self.rows[row].time });
        }
        Some(added)
    }

    /// Where there are rates, a record in doubt leaves it unknown.
    fn share_of_amounts(&self, rule: &Rule, own: &[&Added]) -> Option<Share> {
        let amount = |a: &&Added| match a.value {
            Value::Money(m) if !a.maybe => Some((m, false, a.time)),
            _ => None,
        };
        let amounts: Option<Vec<(Money, bool, Option<Moment>)>> = own.iter().map(amount).collect();
        let total = Value::Money(self.sum_of(rule, &amounts?)?.0);
        Some(Share { low: total.clone(), high: total, certain: true })
    }
}

fn share(own: &[&Added], ty: &Type) -> Option<Share> {
    let total = |of: &[&Added]| {
        let values: Vec<(Val, bool)> = of.iter().map(|a| (Val::Known(a.value.clone()), a.maybe)).collect();
        match sum(&values, ty) {
            Val::Known(v) => Some((v.clone(), v)),
            Val::Between(low, high) => Some((low, high)),
            _ => None,
        }
    };
    if own.iter().any(|a| !a.maybe) {
        let (low, high) = total(own)?;
        return Some(Share { low, high, certain: true });
    }
    // One of them at least is there: the smallest ones, so many that it is the least; the greatest ones, likewise.
    let certain: Vec<Added> = own
        .iter()
        .map(|a| Added { keys: a.keys.clone(), value: a.value.clone(), maybe: false, time: a.time })
        .collect();
    let mut sorted: Vec<&Added> = certain.iter().collect();
    for a in &sorted {
        order(&a.value, &sorted[0].value)?;
    }
    sorted.sort_by(|a, b| order(&a.value, &b.value).unwrap());
    let lows: Option<Vec<Value>> = (1..=sorted.len()).map(|n| Some(total(&sorted[..n])?.0)).collect();
    let highs: Option<Vec<Value>> = (0..sorted.len()).map(|n| Some(total(&sorted[n..])?.0)).collect();
    Some(Share { low: best(&lows?, false), high: best(&highs?, true), certain: false })
}

fn best(values: &[Value], greatest: bool) -> Value {
    let of = values.iter().reduce(|a, b| if (order(b, a).unwrap().is_gt()) == greatest { b } else { a });
    of.unwrap().clone()
}

fn of_shares(shares: &[Share], ty: &Type) -> Option<Val> {
    let all: Vec<&Value> = shares.iter().flat_map(|s| [&s.low, &s.high]).collect();
    if !shares.iter().any(|s| s.certain) || all.iter().any(|v| order(v, all[0]).is_none()) {
        return None;
    }
    let low = furthest(shares, ty, |s| s.low.clone(), false)?;
    let high = furthest(shares, ty, |s| s.high.clone(), true)?;
    Some(between(low, high))
}

/// The least median, or the greatest, with some of those in doubt or others.
fn furthest(shares: &[Share], ty: &Type, end: impl Fn(&Share) -> Value, greatest: bool) -> Option<Value> {
    let certain: Vec<Value> = shares.iter().filter(|s| s.certain).map(&end).collect();
    let mut doubtful: Vec<Value> = shares.iter().filter(|s| !s.certain).map(&end).collect();
    doubtful.sort_by(|a, b| order(a, b).unwrap());
    let with = |some: Vec<Value>| middle(certain.iter().cloned().chain(some).collect(), ty);
    let mut medians = Vec::new();
    for n in 0..=doubtful.len() {
        medians.push(with(doubtful[..n].to_vec())?);
        medians.push(with(doubtful[n..].to_vec())?);
    }
    let found = best(&medians, greatest);
    if doubtful.len() <= FEW {
        let mut every = Vec::new();
        for set in 0..1u32 << doubtful.len() {
            let some = doubtful.iter().enumerate().filter(|(i, _)| set & 1 << i != 0).map(|(_, v)| v.clone());
            every.push(with(some.collect())?);
        }
        assert_eq!(found, best(&every, greatest), "{certain:?} and {doubtful:?}");
    }
    Some(found)
}

fn middle(mut values: Vec<Value>, ty: &Type) -> Option<Value> {
    values.sort_by(|a, b| order(a, b).unwrap());
    let half = values.len() / 2;
    if values.len() % 2 == 1 {
        return Some(values[half].clone());
    }
    let ((a, currency), (b, _)) = (parts(&values[half - 1]), parts(&values[half]));
    let two = Decimal::from_int(2);
    whole(a + b, ty, currency)?;
    match ty {
        Type::Bytes | Type::Duration => {
            whole(half_even(Decimal::from_int((a + b) as i64).checked_div(two)?)? as i128, ty, currency)
        }
        _ => whole(Decimal::from_raw(a + b).checked_div(two)?.raw(), ty, currency),
    }
}
