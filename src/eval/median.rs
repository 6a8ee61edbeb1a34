//! The middle of what each of several comes to: how many records of a window they have, or the sum of these.

use super::Truth;
use super::arith::arith;
use super::history::{Search, visit};
use super::interp::{Context, Operand, Scope, value};
use super::message::result_type;
use super::rates::Groups;
use super::val::{Val, order};
use super::{MedianTrace, mismatch::mismatch};
use crate::data::{Decimal, Type};
use crate::plan::{HistoryPlan, stored};
use crate::sema::hir::{ArithOp, Func};
use rustc_hash::FxHashMap;
use std::cmp::Ordering;

/// What one comes to, least and most.
struct Share<'a> {
    low: Option<Val<'a>>,
    high: Option<Val<'a>>,
    /// The least and the greatest of the records in doubt.
    doubtful: Option<(Val<'a>, Val<'a>)>,
    /// It has a record that is in no doubt.
    certain: bool,
    /// Of amounts, where there are rates.
    amounts: Groups,
}

/// Each with a record in the window; none where it is not known whose one of them is, or what it adds.
fn shares<'a>(
    cx: &Context<'a>,
    history: &'a HistoryPlan,
    search: &Search<'_>,
    scope: &Scope<'_, 'a>,
    ty: &Type,
) -> Option<Vec<Share<'a>>> {
    let plain = Context { into: None, ..*cx };
    let rated = *ty == Type::Money && cx.world.rates.is_some();
    let mut at: FxHashMap<Box<[u8]>, usize> = FxHashMap::default();
    let mut shares: Vec<Share<'a>> = Vec::new();
    let (mut into, mut known) = (cx.into, true);
    let mut bytes = Vec::new();
    visit(&plain, history, search, scope, &mut |member, own| {
        let adds = match &history.value {
            None => Val::Decimal(Decimal::from_int(1)),
            Some(of) => value(&plain, of, own),
        };
        bytes.clear();
        let keys = history.per.iter().map(|(_, key)| value(&plain, key, own));
        // What is nobody's, or nothing, does not count, whether it is there or not.
        let (mut nothing, mut sure) = (matches!(adds, Val::Absent), adds.is_known());
        for key in keys {
            nothing |= matches!(key, Val::Absent);
            sure &= key.encode(&mut bytes);
        }
        if nothing {
            return true;
        }
        let certain = member.truth == Truth::True;
        known &= sure && (certain || !rated);
        if !known {
            return false;
        }
        if let (true, Val::Money(_, currency)) = (rated, adds) {
            into = into.or(currency);
        }
        let share = match at.get(bytes.as_slice()) {
            Some(&i) => &mut shares[i],
            None => {
                at.insert(bytes.as_slice().into(), shares.len());
                let amounts = Groups::new(into);
                shares.push(Share { low: None, high: None, doubtful: None, certain: false, amounts });
                let last = shares.len() - 1;
                &mut shares[last]
            }
        };
        share.certain |= certain;
        known = match rated {
            true => share.amounts.add(&plain, own, adds, true, true).is_some(),
            false => share.add(adds, certain, ty).is_some(),
        };
        known
    });
    if rated {
        for share in &mut shares {
            let (low, high) = share.amounts.ends();
            (share.low, share.high) = (Some(low), Some(high));
            known &= low.is_known() && high.is_known();
        }
    }
    known.then_some(shares)
}

impl<'a> Share<'a> {
    fn add(&mut self, adds: Val<'a>, certain: bool, ty: &Type) -> Option<()> {
        let negative = is_negative(adds);
        let plus = |sum: Option<Val<'a>>| match sum {
            None => Some(adds),
            Some(sum) => Some(arith(ArithOp::Add, sum, adds, ty)).filter(|v| v.is_known()),
        };
        if certain || negative {
            self.low = Some(plus(self.low)?);
        }
        if certain || !negative {
            self.high = Some(plus(self.high)?);
        }
        if !certain {
            self.doubtful = Some(match self.doubtful {
                None => (adds, adds),
                Some((least, most)) => (
                    if order(&adds, &least)?.is_lt() { adds } else { least },
                    if order(&adds, &most)?.is_gt() { adds } else { most },
                ),
            });
        }
        Some(())
    }

    /// The least and the most that it may come to, where it has a record at all. Of records that are all in doubt, one
    /// has to be there.
    fn ends(&self) -> Option<(Val<'a>, Val<'a>)> {
        let (least, most) = self.doubtful.unzip();
        Some((self.low.or(least)?, self.high.or(most)?))
    }
}

fn is_negative(value: Val<'_>) -> bool {
    match value {
        Val::Int(n) => n < 0,
        Val::Decimal(d) | Val::Money(d, _) => d.raw() < 0,
        _ => false,
    }
}

pub fn median<'a>(
    cx: &Context<'a>,
    history: &'a HistoryPlan,
    search: &Search<'_>,
    scope: &Scope<'_, 'a>,
) -> Operand<'a> {
    let ty = stored(&cx.plan.schema, &result_type(history));
    let found = shares(cx, history, search, scope, &ty).and_then(|shares| within(&shares, &ty));
    match found {
        Some(operand) => operand,
        None => Operand::One(Val::Unknown),
    }
}

/// The median, or the range in which it lies where records are in doubt.
fn within<'a>(shares: &[Share<'a>], ty: &Type) -> Option<Operand<'a>> {
    if shares.is_empty() {
        return Some(Operand::One(Val::Absent));
    }
    let (mut certain, mut doubtful) = (Vec::new(), Vec::new());
    for share in shares {
        let ends = share.ends()?;
        if share.certain { &mut certain } else { &mut doubtful }.push(ends);
    }
    let first = certain.first()?.0;
    let comparable = |v: &Val<'a>| order(v, &first).is_some();
    if !certain.iter().chain(&doubtful).all(|(low, high)| comparable(low) && comparable(high)) {
        return None;
    }
    let low = furthest(certain.iter().map(|e| e.0).collect(), doubtful.iter().map(|e| e.0).collect(), ty, false)?;
    let high = furthest(certain.iter().map(|e| e.1).collect(), doubtful.iter().map(|e| e.1).collect(), ty, true)?;
    Some(match order(&low, &high) {
        Some(Ordering::Equal) => Operand::One(low),
        _ => Operand::Range(low, high),
    })
}

/// The least median of these, or the greatest, where those in doubt may be among them or not: one that is no greater
/// draws it down, and the smallest do so most.
fn furthest<'a>(mut those: Vec<Val<'a>>, mut doubtful: Vec<Val<'a>>, ty: &Type, up: bool) -> Option<Val<'a>> {
    let by = |a: &Val<'a>, b: &Val<'a>| order(a, b).unwrap_or(Ordering::Equal);
    those.sort_by(by);
    doubtful.sort_by(by);
    if up {
        doubtful.reverse();
    }
    let mut best = middle(&those, ty)?;
    for value in doubtful {
        let beyond = by(&value, &best);
        if if up { beyond.is_lt() } else { beyond.is_gt() } {
            break;
        }
        let place = those.partition_point(|v| by(v, &value).is_lt());
        those.insert(place, value);
        let next = middle(&those, ty)?;
        let better = by(&next, &best);
        if if up { better.is_gt() } else { better.is_lt() } {
            best = next;
        }
    }
    Some(best)
}

/// Of values in their order: the one in the middle, or the mean of two.
fn middle<'a>(sorted: &[Val<'a>], ty: &Type) -> Option<Val<'a>> {
    let half = sorted.len() / 2;
    let upper = *sorted.get(half)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let both = arith(ArithOp::Add, *sorted.get(half.checked_sub(1)?)?, upper, ty);
    Some(arith(ArithOp::Div, both, Val::Int(2), ty)).filter(|v| v.is_known())
}

/// Over how many it is; none of what is no median, or where that is not known.
pub fn spread<'a>(
    cx: &Context<'a>,
    history: &'a HistoryPlan,
    search: &Search<'_>,
    scope: &Scope<'_, 'a>,
) -> Option<MedianTrace> {
    if history.func != Func::Median {
        return None;
    }
    if history.per.is_empty() {
        return mismatch(None, &history.func);
    }
    let shares = shares(cx, history, search, scope, &stored(&cx.plan.schema, &result_type(history)))?;
    let least = shares.iter().filter(|s| s.certain).count();
    Some(MedianTrace { per: history.per.iter().map(|p| p.0.clone()).collect(), least, most: shares.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(least: i64, most: i64, certain: bool) -> Share<'static> {
        let of = |n| Val::Decimal(Decimal::from_int(n));
        let (low, high) = (Some(of(least)), Some(of(most)));
        Share { low, high, doubtful: None, certain, amounts: Groups::new(None) }
    }

    fn shown(shares: &[Share<'static>]) -> String {
        let text = |v: Val<'_>| if let Val::Decimal(d) = v { d.to_string() } else { format!("{v:?}") };
        match within(shares, &Type::Decimal) {
            None => "unknown".into(),
            Some(Operand::One(v)) => text(v),
            Some(Operand::Range(low, high)) => format!("{} to {}", text(low), text(high)),
        }
    }

    #[test]
    fn those_in_doubt_bound_it() {
        let (sure, doubt) = (|n| share(n, n, true), |n| share(n, n, false));
        assert_eq!(shown(&[]), "Absent");
        assert_eq!(shown(&[sure(3), sure(1), sure(2)]), "2");
        assert_eq!(shown(&[sure(4), sure(1)]), "2.5");
        assert_eq!(shown(&[doubt(1)]), "unknown");
        // Its median with the one in doubt is what it is without.
        assert_eq!(shown(&[sure(1), sure(1), sure(3), doubt(1)]), "1");
        assert_eq!(shown(&[sure(1), sure(3), doubt(1)]), "1 to 2");
        assert_eq!(shown(&[sure(5), doubt(1), doubt(9), doubt(2)]), "2 to 7");
        assert_eq!(shown(&[sure(1), share(2, 8, true), sure(9)]), "2 to 8");
    }
}
