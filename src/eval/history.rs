//! Conditions and values over other records: candidates by key and time, windows, aggregates.

use super::Truth;
use super::arith::arith;
use super::bounds::{self, Beyond};
use super::index::{List, encode_keys};
use super::interp::{Context, Frame, Operand, Scope, all, value};
use super::mismatch::mismatch;
use super::val::{Val, order};
use super::window::{self, Bounds};
use super::world::World;
use crate::data::{Currency, Decimal, Type};
use crate::plan::{HistoryPlan, stored_as};
use crate::sema::hir::{ArithOp, Func, Window};
use rustc_hash::FxHashSet;
use std::ops::Range;

/// A part of a list to look through, and whether the joins have yet to be tested.
#[derive(Clone)]
pub struct Part<'x> {
    pub list: List<'x>,
    pub range: Range<usize>,
    pub joins: bool,
    /// Whether these are of this window is in doubt.
    pub adrift: bool,
}

/// Where a history condition looks, for one record.
pub struct Search<'x> {
    pub bounds: Bounds,
    pub parts: Vec<Part<'x>>,
    /// Left out: the record itself.
    pub except: Option<u32>,
}

/// Why there is nothing to search.
pub enum NoSearch {
    Time,
    /// Index of the key.
    Key(u32),
}

/// Whether the record itself counts: only in aggregates up to it.
pub fn counts_itself(history: &HistoryPlan) -> bool {
    !matches!(history.func, Func::Exists | Func::No) && backward(history)
}

/// Windows that end with the event: what comes later in order is not in them, even at the same time.
pub fn backward(history: &HistoryPlan) -> bool {
    matches!(history.window, Window::Over(_) | Window::AllTime | Window::In(_))
}

pub fn search<'a>(cx: &Context<'a>, id: u32, scope: &Scope<'_, 'a>) -> Result<Search<'a>, NoSearch> {
    let history = &cx.plan.histories[id as usize];
    let world: &'a World = cx.world;
    let Some(index) = world.histories.get(id as usize) else { return Err(NoSearch::Time) };
    let watch = &cx.runtime.watch;
    if watch.is_stopped() {
        return Err(NoSearch::Time);
    }
    let Some(about) = scope.at(history.root) else { return Err(NoSearch::Time) };
    let bounds = window::bounds(cx, history, about.frame.time).ok_or(NoSearch::Time)?;
    let mut parts = Vec::with_capacity(1);
    let own = (about.frame.kind == history.kind).then(|| index.own(about.frame.id)).flatten();
    let mut key = Vec::new();
    if own.is_none() {
        key.reserve(32);
        encode_keys(cx, history.keys.iter().map(|k| &k.outer), about, &mut key).map_err(NoSearch::Key)?;
    }
    let mut part = |list: Option<List<'a>>, joins: bool| {
        if let Some(list) = list {
            parts.push(Part { list, range: list.within(&bounds), joins, adrift: false });
        }
    };
    // Of the first part: whether it ends with the record itself.
    let mut ends_with_it = 0;
    if let Some((list, Some(at))) = own.filter(|_| backward(history)) {
        parts.push(Part { list, range: list.within_up_to(at, &bounds), joins: false, adrift: false });
        ends_with_it = 1;
    } else if history.joins.is_empty() {
        part(own.map(|own| own.0).or_else(|| index.lists.get(&key)), false);
    } else {
        let loose = index.loose.get(&key);
        let keys = key.len();
        match encode_keys(cx, history.joins.iter().map(|k| &k.outer), about, &mut key) {
            Ok(()) => {
                part(index.lists.get(&key), false);
                part(loose, true);
            }
            Err(_) => part(index.by_keys.get(&key[..keys]), true),
        }
    }
    let mut untimed = Vec::new();
    for group in &index.adrift {
        key.clear();
        let outer = history.keys.iter().enumerate().filter(|(i, _)| !group.unknown.contains(&(*i as u32)));
        encode_keys(cx, outer.map(|(_, k)| &k.outer), about, &mut key).map_err(NoSearch::Key)?;
        let Some(list) = group.lists.get(&key) else { continue };
        let range = if group.timed { list.within(&bounds) } else { 0..list.ids.len() };
        let part = Part { list, range, joins: !history.joins.is_empty(), adrift: true };
        if group.timed { &mut parts } else { &mut untimed }.push(part);
    }
    let frame = &about.frame;
    let mut except = None;
    if frame.kind != history.kind && frame.rows.own().kind == history.kind {
        // One of several kinds that the rule is about, and of this one itself.
        let own = world.own(frame);
        if !counts_itself(history) {
            except = own;
        }
        if backward(history) {
            for p in &mut parts {
                let upto = p.list.ids[p.range.clone()].partition_point(|&id| match own {
                    Some(own) => id <= own,
                    None => world.is_before(&cx.plan.schema, &world.frame(history.kind, id), frame),
                });
                p.range.end = p.range.start + upto;
            }
        }
    }
    if frame.kind == history.kind && frame.id != super::interp::NO_ID {
        if !counts_itself(history) {
            except = Some(frame.id);
        }
        if backward(history) {
            // Records of an equal time that come later in order are left out.
            for p in parts.iter_mut().skip(ends_with_it) {
                let upto = p.list.ids[p.range.clone()].partition_point(|&id| id <= frame.id);
                p.range.end = p.range.start + upto;
            }
        }
    }
    parts.append(&mut untimed);
    parts.retain(|p| !p.adrift || !p.range.is_empty());
    let records = parts.iter().map(|p| p.range.len() as u64).sum();
    if !watch.allows(Beyond::WindowRecords, records, || bounds::readers(cx.plan, history)) {
        return Err(NoSearch::Time);
    }
    Ok(Search { bounds, parts, except })
}

/// A record of the window.
pub struct Member<'a> {
    pub frame: Frame<'a>,
    /// True, or in doubt.
    pub truth: Truth,
}

/// The records of the window for which the conditions are not false, in order, until `f` says stop.
pub fn visit<'a>(
    cx: &Context<'a>,
    history: &'a HistoryPlan,
    search: &Search<'_>,
    scope: &Scope<'_, 'a>,
    f: &mut dyn FnMut(&Member<'a>, &Scope<'_, 'a>) -> bool,
) {
    // What its amounts are added up in is nothing to the conditions on a record.
    let cx = &Context { into: None, ..*cx };
    let about = scope.at(history.root);
    let mut step = |part: &Part<'_>, i: usize| -> bool {
        let list = part.list;
        let id = list.ids[i];
        if search.except == Some(id) {
            return true;
        }
        let frame = cx.world.frame(history.kind, id);
        let own = Scope { root: history.root + 1, frame, parent: about };
        let mut truth = if list.is_doubtful(i) {
            cx.world.existence(history.kind, id).and(all(cx, &history.inner, &own))
        } else {
            Truth::True
        };
        if !list.is_sure(id) {
            truth = truth.and(Truth::Unknown);
        }
        truth = truth.and(all(cx, &history.pair, &own));
        if part.joins && truth != Truth::False {
            truth = truth.and(all(cx, &history.join_conditions, &own));
        }
        if part.adrift {
            truth = truth.and(Truth::Unknown);
        }
        truth == Truth::False || f(&Member { frame, truth }, &own)
    };
    match &search.parts[..] {
        [] => {}
        [one] => {
            for i in one.range.clone() {
                if !step(one, i) {
                    return;
                }
            }
        }
        many => {
            let mut merged: Vec<(i64, u32, usize, usize)> = Vec::new();
            for (p, part) in many.iter().enumerate() {
                merged.extend(part.range.clone().map(|i| (part.list.times[i], part.list.ids[i], p, i)));
            }
            merged.sort_unstable();
            for (_, _, p, i) in merged {
                if !step(&many[p], i) {
                    return;
                }
            }
        }
    }
}

pub fn evaluate<'a>(cx: &Context<'a>, id: u32, scope: &Scope<'_, 'a>) -> Operand<'a> {
    let history = &cx.plan.histories[id as usize];
    if let Some(value) = looking_back(cx, id, scope) {
        return Operand::One(value);
    }
    match search(cx, id, scope) {
        Ok(search) => evaluate_in(cx, history, &search, scope),
        Err(_) => Operand::One(Val::Unknown),
    }
}

/// Counts and sums up to a record over those with its own key, none of them in doubt, as most are: they are told when
/// the index is made. None where it takes a search.
fn looking_back<'a>(cx: &Context<'a>, id: u32, scope: &Scope<'_, 'a>) -> Option<Val<'a>> {
    let history = &cx.plan.histories[id as usize];
    let frame = &scope.at(history.root)?.frame;
    let index = cx.world.histories.get(id as usize).filter(|_| frame.kind == history.kind)?;
    let (raw, currency) = index.window(frame.id).filter(|_| !cx.runtime.watch.is_stopped())?;
    let ty = if history.func == Func::Count { &Type::Int } else { value_type(cx, history) };
    // There may be another currency to add it up in.
    (*ty != Type::Money || cx.world.rates.is_none()).then(|| total(raw, currency, ty))
}

fn as_val<'a>(truth: Truth) -> Operand<'a> {
    Operand::One(match truth {
        Truth::True => Val::Bool(true),
        Truth::False => Val::Bool(false),
        Truth::Unknown => Val::Unknown,
        Truth::Pending => Val::Pending,
    })
}

/// The value over the records of a search.
pub fn evaluate_in<'a>(
    cx: &Context<'a>,
    history: &'a HistoryPlan,
    search: &Search<'_>,
    scope: &Scope<'_, 'a>,
) -> Operand<'a> {
    match history.func {
        Func::Exists => as_val(exists(cx, history, search, scope)),
        Func::No => as_val(exists(cx, history, search, scope).not()),
        _ if !search.bounds.over => Operand::One(Val::Pending),
        Func::Count => {
            let (certain, doubtful) = count(cx, history, search, scope);
            range(Val::Int(certain as i64), Val::Int((certain + doubtful) as i64), doubtful > 0)
        }
        Func::Sum | Func::Min | Func::Max | Func::Avg | Func::First | Func::Last if converts(cx, history, search) => {
            match &history.value {
                Some(of) => super::rates::aggregate(cx, history, of, search, scope),
                None => mismatch(Operand::One(Val::Unknown), &history.func),
            }
        }
        Func::Median => super::median::median(cx, history, search, scope),
        Func::Sum => sum(cx, history, search, scope),
        Func::Distinct => distinct(cx, history, search, scope),
        Func::Min | Func::Max | Func::First | Func::Last | Func::Avg => Operand::One(pick(cx, history, search, scope)),
    }
}

/// Amounts, where there are rates, that are not all of the currency that is asked for.
fn converts(cx: &Context<'_>, history: &HistoryPlan, search: &Search<'_>) -> bool {
    if cx.world.rates.is_none() || *value_type(cx, history) != Type::Money {
        return false;
    }
    match summed(search, &Type::Money) {
        Some((Val::Money(_, Some(own)), _)) => cx.into.is_some_and(|into| into != own),
        Some(_) => false,
        None => true,
    }
}

fn range<'a>(low: Val<'a>, high: Val<'a>, open: bool) -> Operand<'a> {
    if open { Operand::Range(low, high) } else { Operand::One(low) }
}

fn exists<'a>(cx: &Context<'a>, history: &'a HistoryPlan, search: &Search<'_>, scope: &Scope<'_, 'a>) -> Truth {
    let (mut found, mut doubtful) = (false, false);
    if let Some((certain, in_doubt)) = counted(history, search) {
        (found, doubtful) = (certain > 0, in_doubt > 0);
    } else {
        visit(cx, history, search, scope, &mut |member, _| {
            found |= member.truth == Truth::True;
            doubtful |= member.truth != Truth::True;
            !found
        });
    }
    match (found, doubtful) {
        (true, _) => Truth::True,
        (false, true) => Truth::Unknown,
        _ if !search.bounds.over => Truth::Pending,
        _ => Truth::False,
    }
}

/// Certain and doubtful records by subtraction alone, where no condition is left to test.
fn counted(history: &HistoryPlan, search: &Search<'_>) -> Option<(usize, usize)> {
    if !history.pair.is_empty() || search.parts.iter().any(|p| p.joins && !p.range.is_empty()) {
        return None;
    }
    let (mut total, mut doubtful) = (0, 0);
    for part in &search.parts {
        total += part.range.len();
        doubtful += part.list.doubts_in(&part.range);
        if let Some(at) = position(part, search.except) {
            total -= 1;
            doubtful -= usize::from(part.list.is_doubtful(at));
        }
    }
    Some((total - doubtful, doubtful))
}

fn position(part: &Part<'_>, id: Option<u32>) -> Option<usize> {
    let (id, ids) = (id?, &part.list.ids[part.range.clone()]);
    // Within one list, order and time agree except where clocks go back.
    let at = match ids.binary_search(&id) {
        Ok(at) => Some(at),
        Err(_) if part.list.in_order() => None,
        Err(_) => ids.iter().position(|&i| i == id),
    };
    at.map(|at| part.range.start + at)
}

fn count<'a>(cx: &Context<'a>, history: &'a HistoryPlan, search: &Search<'_>, scope: &Scope<'_, 'a>) -> (usize, usize) {
    if let Some(counted) = counted(history, search) {
        return counted;
    }
    let (mut certain, mut doubtful) = (0, 0);
    visit(cx, history, search, scope, &mut |member, _| {
        if member.truth == Truth::True {
            certain += 1
        } else {
            doubtful += 1
        }
        true
    });
    (certain, doubtful)
}

/// Zero of the type: of no currency, for money.
fn zero<'a>(ty: &Type) -> Val<'a> {
    match ty {
        Type::Money => Val::Money(Decimal::ZERO, None),
        Type::Decimal | Type::Percent => Val::Decimal(Decimal::ZERO),
        _ => Val::Int(0),
    }
}

fn value_type<'a>(cx: &Context<'a>, history: &'a HistoryPlan) -> &'a Type {
    history.value.as_ref().map_or(&Type::Int, |v| stored_as(&cx.plan.schema, &v.ty))
}

/// A number of smallest parts as a value.
fn total<'a>(raw: i128, currency: Option<Currency>, ty: &Type) -> Val<'a> {
    match ty {
        Type::Money => Val::Money(Decimal::from_raw(raw), currency),
        Type::Decimal | Type::Percent => Val::Decimal(Decimal::from_raw(raw)),
        _ => i64::try_from(raw).map_or(Val::Unknown, Val::Int),
    }
}

/// The sum, and how many have a value, by subtraction alone; none where it takes looking at each.
fn summed<'a>(search: &Search<'_>, ty: &Type) -> Option<(Val<'a>, u32)> {
    let (None, [part]) = (search.except, &search.parts[..]) else { return None };
    if part.joins {
        return None;
    }
    let (raw, currency, valued) = part.list.sum(&part.range)?;
    Some((total(raw, currency, ty), valued))
}

fn sum<'a>(cx: &Context<'a>, history: &'a HistoryPlan, search: &Search<'_>, scope: &Scope<'_, 'a>) -> Operand<'a> {
    let ty = value_type(cx, history);
    if let Some((total, _)) = summed(search, ty) {
        return Operand::One(total);
    }
    let Some(of) = &history.value else { return mismatch(Operand::One(Val::Unknown), &history.func) };
    let (mut low, mut high) = (zero(ty), zero(ty));
    let (mut unknown, mut open) = (false, false);
    visit(cx, history, search, scope, &mut |member, own| {
        let value = value(cx, of, own);
        let certain = member.truth == Truth::True;
        open |= !certain;
        match value {
            Val::Absent => {}
            v if !v.is_known() => unknown = true,
            v => {
                let negative = order(&v, &zero(ty)).is_some_and(|o| o.is_lt());
                if certain || negative {
                    low = arith(ArithOp::Add, low, v, ty);
                }
                if certain || !negative {
                    high = arith(ArithOp::Add, high, v, ty);
                }
                unknown |= !low.is_known() || !high.is_known();
            }
        }
        !unknown
    });
    if unknown { Operand::One(Val::Unknown) } else { range(low, high, open) }
}

fn distinct<'a>(cx: &Context<'a>, history: &'a HistoryPlan, search: &Search<'_>, scope: &Scope<'_, 'a>) -> Operand<'a> {
    let Some(of) = &history.value else { return mismatch(Operand::One(Val::Unknown), &history.func) };
    let mut seen: FxHashSet<Box<[u8]>> = FxHashSet::default();
    let mut doubtful = 0i64;
    let mut bytes = Vec::new();
    visit(cx, history, search, scope, &mut |member, own| {
        match value(cx, of, own) {
            Val::Absent => {}
            v => {
                bytes.clear();
                if member.truth != Truth::True || !v.encode(&mut bytes) {
                    doubtful += 1;
                } else if !seen.contains(bytes.as_slice()) {
                    seen.insert(bytes.as_slice().into());
                }
            }
        }
        true
    });
    let certain = seen.len() as i64;
    range(Val::Int(certain), Val::Int(certain + doubtful), doubtful > 0)
}

fn pick<'a>(cx: &Context<'a>, history: &'a HistoryPlan, search: &Search<'_>, scope: &Scope<'_, 'a>) -> Val<'a> {
    let Some(of) = &history.value else { return mismatch(Val::Unknown, &history.func) };
    let ty = value_type(cx, history);
    let average = |total, number: i64| {
        let ty = if *ty == Type::Int { &Type::Decimal } else { ty };
        if number == 0 { Val::Absent } else { arith(ArithOp::Div, total, Val::Int(number), ty) }
    };
    if let (Func::Avg, Some((total, valued))) = (history.func, summed(search, ty)) {
        return average(total, valued as i64);
    }
    let (mut best, mut total, mut number, mut unknown) = (Val::Absent, zero(ty), 0i64, false);
    visit(cx, history, search, scope, &mut |member, own| {
        let v = value(cx, of, own);
        // Whether it counts or not, it gives nothing.
        if matches!(v, Val::Absent) {
            return true;
        }
        if member.truth != Truth::True || !v.is_known() {
            unknown = true;
            return false;
        }
        number += 1;
        let replace = match (history.func, &best) {
            (_, Val::Absent) | (Func::Last, _) => true,
            (Func::First, _) => false,
            (Func::Avg, _) => false,
            (func, best) => match order(&v, best) {
                Some(o) => {
                    if func == Func::Min {
                        o.is_lt()
                    } else {
                        o.is_gt()
                    }
                }
                None => {
                    unknown = true;
                    false
                }
            },
        };
        if replace {
            best = v;
        }
        if history.func == Func::Avg {
            total = arith(ArithOp::Add, total, v, ty);
            unknown |= !total.is_known();
        }
        !unknown
    });
    match history.func {
        _ if unknown => Val::Unknown,
        Func::Avg => average(total, number),
        _ => best,
    }
}
