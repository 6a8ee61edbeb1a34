//! Amounts of two currencies, brought into one by the rate of the event's day.

use super::explain::record_ref;
use super::history::{Search, visit};
use super::interp::{Context, Frame, Operand, Scope, operand, value};
use super::val::{Val, order};
use super::world::World;
use super::{DataProblem, Truth, arith};
use crate::data::{ColumnId, Currency, Decimal, KindId, Type, display};
use crate::diag::Code;
use crate::plan::{Expr, HistoryPlan, Op};
use crate::sema::hir::{ArithOp, Func};
use arrow_buffer::i256;
use rustc_hash::FxHashMap;
use std::cmp::Ordering;

const DATE: ColumnId = ColumnId(0);
const FROM: ColumnId = ColumnId(1);
const TO: ColumnId = ColumnId(2);
pub const RATE: ColumnId = ColumnId(3);

/// The rates of a run, by pair and day.
#[derive(Debug)]
pub struct Rates {
    kind: KindId,
    max_age: i32,
    pairs: FxHashMap<(Currency, Currency), Vec<Day>>,
    /// Rows that cannot be read as a whole.
    doubtful: Vec<Doubt>,
}

/// The rows of one pair on one day.
#[derive(Debug)]
struct Day {
    date: i32,
    rate: Decimal,
    rows: Vec<u32>,
    differ: bool,
}

#[derive(Debug)]
struct Doubt {
    row: u32,
    date: Option<i32>,
    from: Option<Currency>,
    to: Option<Currency>,
}

/// A row as it was read.
pub enum Row {
    Rate {
        date: i32,
        pair: (Currency, Currency),
        rate: Decimal,
    },
    /// Not more than zero, or of a currency into itself.
    Rejected,
    Unreadable {
        date: Option<i32>,
        from: Option<Currency>,
        to: Option<Currency>,
    },
}

/// The rate that is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    pub rate: Decimal,
    pub date: i32,
    pub row: u32,
    /// It is that of the other currency into this one.
    pub inverse: bool,
}

/// Why there is no rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRate {
    /// None of this pair on or before the day.
    Never,
    /// The latest is of this day.
    TooOld(i32),
    /// These are of one day and differ.
    Differ(i32, Vec<u32>),
    /// This row may be of the pair and the day.
    Unreadable(u32),
    /// The event's day is unknown.
    NoTime,
}

pub fn read(world: &World, kind: KindId, row: u32) -> Row {
    let frame = world.frame(kind, row);
    let cell = |column| Val::cell(frame.rows, frame.row, column, false);
    let date = if let Val::Date(date) = cell(DATE) { Some(date) } else { None };
    let currency = |column| if let Val::Text(text) = cell(column) { Currency::parse(text) } else { None };
    let (from, to) = (currency(FROM), currency(TO));
    match (date, from, to, cell(RATE)) {
        (_, _, _, Val::Decimal(rate)) if rate.raw() <= 0 => Row::Rejected,
        (_, Some(from), Some(to), _) if from == to => Row::Rejected,
        (Some(date), Some(from), Some(to), Val::Decimal(rate)) => Row::Rate { date, pair: (from, to), rate },
        _ => Row::Unreadable { date, from, to },
    }
}

impl Rates {
    pub fn build(world: &World, kind: KindId, max_age: u32) -> Rates {
        let max_age = i32::try_from(max_age).unwrap_or(i32::MAX);
        let mut rates = Rates { kind, max_age, pairs: FxHashMap::default(), doubtful: Vec::new() };
        for row in 0..world.len(kind) {
            match read(world, kind, row) {
                Row::Rate { date, pair, rate } => {
                    rates.pairs.entry(pair).or_default().push(Day { date, rate, rows: vec![row], differ: false });
                }
                Row::Rejected => {}
                Row::Unreadable { date, from, to } => rates.doubtful.push(Doubt { row, date, from, to }),
            }
        }
        for days in rates.pairs.values_mut() {
            days.sort_by_key(|d| (d.date, d.rows[0]));
            days.dedup_by(|next, kept| {
                let same = next.date == kept.date;
                if same {
                    kept.differ |= next.rate != kept.rate;
                    kept.rows.append(&mut next.rows);
                }
                same
            });
        }
        rates
    }

    /// Days of a pair with rows that differ, in the order of pairs and days.
    pub fn conflicts(&self) -> Vec<(Currency, Currency, i32, &[u32])> {
        let mut found: Vec<_> = self
            .pairs
            .iter()
            .flat_map(|(pair, days)| days.iter().filter(|d| d.differ).map(|d| (pair.0, pair.1, d.date, &d.rows[..])))
            .collect();
        found.sort_by_key(|c| (c.0, c.1, c.2));
        found
    }

    fn latest(&self, pair: (Currency, Currency), day: i32) -> Option<&Day> {
        let days = self.pairs.get(&pair)?;
        days[..days.partition_point(|d| d.date <= day)].last()
    }

    /// The rate of one unit of `from` in `to` on a day: the latest, of the pair or its inverse; of one day, the
    /// pair's own.
    pub fn find(&self, from: Currency, to: Currency, day: i32) -> Result<Quote, NoRate> {
        let (direct, inverse) = (self.latest((from, to), day), self.latest((to, from), day));
        let (best, inverse) = match (direct, inverse) {
            (Some(d), Some(i)) if i.date > d.date => (Some(i), true),
            (Some(d), _) => (Some(d), false),
            (None, i) => (i, true),
        };
        let oldest = day.saturating_sub(self.max_age);
        let is = |known: Option<Currency>, currency| known.is_none_or(|k| k == currency);
        let doubt = self.doubtful.iter().find(|doubt| {
            let own = is(doubt.from, from) && is(doubt.to, to);
            let either = own || is(doubt.from, to) && is(doubt.to, from);
            match (doubt.date, best) {
                (None, _) => either,
                (Some(date), _) if date > day || date < oldest => false,
                (Some(date), Some(best)) if date < best.date => false,
                (Some(date), Some(best)) if date == best.date && !inverse => own,
                _ => either,
            }
        });
        match (doubt, best) {
            (Some(doubt), _) => Err(NoRate::Unreadable(doubt.row)),
            (None, None) => Err(NoRate::Never),
            (None, Some(best)) if best.date < oldest => Err(NoRate::TooOld(best.date)),
            (None, Some(best)) if best.differ => Err(NoRate::Differ(best.date, best.rows.clone())),
            (None, Some(best)) => Ok(Quote { rate: best.rate, date: best.date, row: best.rows[0], inverse }),
        }
    }
}

impl Quote {
    /// An amount in the other currency, rounded half to even where it has more than eighteen places.
    pub fn convert(&self, amount: Decimal) -> Option<Decimal> {
        if self.inverse { amount.checked_div(self.rate) } else { amount.checked_mul(self.rate) }
    }

    /// The order of an amount to be converted and one of the other currency, without any rounding.
    fn order(&self, amount: Decimal, other: Decimal) -> Option<Ordering> {
        let wide = |d: Decimal| i256::from_i128(d.raw());
        let (rate, one) = (wide(self.rate), wide(Decimal::from_int(1)));
        let (of, by) = if self.inverse { (one, rate) } else { (rate, one) };
        Some(wide(amount).checked_mul(of)?.cmp(&wide(other).checked_mul(by)?))
    }
}

/// The rate between two currencies on the day of the event.
pub fn quote(cx: &Context<'_>, from: Currency, to: Currency, scope: &Scope<'_, '_>) -> Result<Quote, NoRate> {
    let rates = cx.world.rates.as_ref().ok_or(NoRate::Never)?;
    let day = scope.frame.time.ok_or(NoRate::NoTime)?.date(cx.zone);
    rates.find(from, to, day)
}

/// Why there is none, as a sentence goes on; and the rows that it is about.
pub fn why_not(cx: &Context<'_>, why: &NoRate) -> (String, Vec<u32>) {
    let name = cx.world.rates.as_ref().map_or("rates", |r| &cx.plan.schema.kind(r.kind).name);
    let most = cx.world.rates.as_ref().map_or(0, |r| r.max_age);
    match why {
        NoRate::Never => (format!("`{name}` has none of that day or before"), Vec::new()),
        NoRate::TooOld(day) => {
            let days = if most == 1 { "day" } else { "days" };
            (format!("the latest in `{name}` is of {}, and holds for {most} {days}", display::date(*day)), Vec::new())
        }
        NoRate::Differ(day, rows) => (format!("the rows of `{name}` of {} differ", display::date(*day)), rows.clone()),
        NoRate::Unreadable(row) => (format!("a row of `{name}` that may be it cannot be read"), vec![*row]),
        NoRate::NoTime => ("the day of the record is not known".into(), Vec::new()),
    }
}

/// What is converted where two amounts meet: from which currency into which, and which amount.
pub fn conversion<'a>(
    cx: &Context<'a>,
    expr: &'a Expr,
    scope: &Scope<'_, 'a>,
) -> Option<(Currency, Currency, Decimal, &'a Expr)> {
    let (left, right, converts_left) = match &expr.op {
        Op::Compare { left, right, .. } => (&**left, &**right, left_converts(left, right)),
        Op::Arith { left, right, .. } => (&**left, &**right, false),
        _ => return None,
    };
    let (a, b) = sides(cx, left, right, scope);
    let (a, b) = (a.single(), b.single());
    let (x, y) = mixed(&a, &b)?;
    let (of, amount, from, to) = if converts_left { (left, a, x, y) } else { (right, b, y, x) };
    match amount {
        Val::Money(amount, _) => Some((from, to, amount, of)),
        _ => None,
    }
}

/// The rate that a comparison or sum of two amounts applies, where they are of two currencies.
pub fn applied<'a>(
    cx: &Context<'a>,
    expr: &'a Expr,
    (from, to): (Currency, Currency),
    scope: &Scope<'_, 'a>,
) -> Result<Quote, NoRate> {
    match &expr.op {
        Op::Compare { left, right, .. } | Op::Arith { left, right, .. } => {
            quote(cx, from, to, scope_of(cx, [left, right], scope))
        }
        _ => Err(NoRate::Never),
    }
}

impl Quote {
    /// `1 USD = 0.92 EUR on 2026-03-02`
    pub fn shown(&self, from: Currency, to: Currency) -> String {
        let (one, other) = if self.inverse { (to, from) } else { (from, to) };
        format!("1 {one} = {} {other} on {}", self.rate, display::date(self.date))
    }

    /// The row that it stands in.
    pub fn frame<'a>(&self, cx: &Context<'a>) -> Option<Frame<'a>> {
        Some(cx.world.frame(cx.world.rates.as_ref()?.kind, self.row))
    }
}

/// What is wrong with the rates themselves.
pub fn problems(cx: &Context<'_>, problems: &mut Vec<DataProblem>) {
    let Some(rates) = &cx.world.rates else { return };
    let name = &cx.plan.schema.kind(rates.kind).name;
    let refs = |rows: &[u32]| rows.iter().map(|&row| record_ref(cx, &cx.world.frame(rates.kind, row))).collect();
    let mut tell = |code, message, rows: &[u32]| {
        problems.push(DataProblem { code, table: rates.kind, message, rows: refs(rows) });
    };
    for row in 0..cx.world.len(rates.kind) {
        match read(cx.world, rates.kind, row) {
            Row::Rate { .. } => {}
            Row::Rejected => {
                let message = format!(
                    "a row of `{name}` cannot be a rate: it is not more than zero, or of a currency into itself; it is left out"
                );
                tell(Code::RateRejected, message, &[row]);
            }
            Row::Unreadable { .. } => {
                let columns = &cx.plan.schema.kind(rates.kind).columns;
                let rows = cx.world.frame(rates.kind, row);
                let is_read = |column| match (column, Val::cell(rows.rows, rows.row, column, false)) {
                    (FROM | TO, Val::Text(text)) => Currency::parse(text).is_some(),
                    (_, cell) => cell.is_known() && !matches!(cell, Val::Absent),
                };
                let missing = [DATE, FROM, TO, RATE].into_iter().filter(|&column| !is_read(column));
                let missing: Vec<_> = missing.map(|c| format!("`{}`", columns[c.0 as usize].name)).collect();
                let message = format!(
                    "a row of `{name}` has no readable {}: what it may be the rate of is unknown",
                    missing.join(", ")
                );
                tell(Code::UnplacedRate, message, &[row]);
            }
        }
    }
    for (from, to, day, rows) in rates.conflicts() {
        let message =
            format!("the rates from {from} to {to} of {} in `{name}` differ: none of them is used", display::date(day));
        tell(Code::RatesDiffer, message, rows);
    }
}

/// Of parts of a condition, the scope of the innermost record that they are about.
pub fn scope_of<'x, 's, 'a>(cx: &Context<'_>, parts: [&Expr; 2], scope: &'x Scope<'s, 'a>) -> &'x Scope<'s, 'a> {
    let mut roots = 0;
    for part in parts {
        roots |= part.reads().roots;
        part.histories().iter().for_each(|&id| roots |= 1 << cx.plan.histories[id as usize].root.min(63));
    }
    // What is read of no record is about the condition's own.
    let root = if roots == 0 { scope.root } else { 63 - roots.leading_zeros() as u8 };
    scope.at(root).unwrap_or(scope)
}

/// Whether two amounts are of two currencies.
pub fn mixed(left: &Val<'_>, right: &Val<'_>) -> Option<(Currency, Currency)> {
    match (left, right) {
        (Val::Money(_, Some(a)), Val::Money(_, Some(b))) if a != b => Some((*a, *b)),
        _ => None,
    }
}

/// Which side of a comparison is converted: the left, but never an amount that is written down.
pub fn left_converts(left: &Expr, right: &Expr) -> bool {
    !matches!(left.op, Op::Constant(_)) || matches!(right.op, Op::Constant(_))
}

/// The order of two amounts; none where it is not known.
pub fn ordering<'a>(
    cx: &Context<'a>,
    (left, right): (&Expr, &Expr),
    (a, b): (Val<'a>, Val<'a>),
    scope: &Scope<'_, 'a>,
) -> Option<Ordering> {
    let ((x, y), (Val::Money(a, _), Val::Money(b, _))) = (mixed(&a, &b)?, (a, b)) else { return None };
    let scope = scope_of(cx, [left, right], scope);
    match left_converts(left, right) {
        true => quote(cx, x, y, scope).ok()?.order(a, b),
        false => quote(cx, y, x, scope).ok()?.order(b, a).map(Ordering::reverse),
    }
}

/// The right amount of a sum, difference or quotient, in the currency of the left.
pub fn joined<'a>(
    cx: &Context<'a>,
    parts: [&Expr; 2],
    left: Val<'a>,
    right: Val<'a>,
    scope: &Scope<'_, 'a>,
) -> Val<'a> {
    let (Some((to, from)), Val::Money(amount, _)) = (mixed(&left, &right), right) else { return right };
    let quote = quote(cx, from, to, scope_of(cx, parts, scope));
    quote.ok().and_then(|q| q.convert(amount)).map_or(Val::Unknown, |a| Val::Money(a, Some(to)))
}

fn is_aggregate(expr: &Expr) -> bool {
    !expr.histories().is_empty()
}

fn currency(operand: Operand<'_>) -> Option<Currency> {
    match operand.ends().1 {
        Val::Money(_, currency) => currency,
        _ => None,
    }
}

/// As the context, for an aggregate that is compared with this.
pub fn towards<'a>(cx: &Context<'a>, other: Operand<'_>) -> Context<'a> {
    Context { into: currency(other), ..*cx }
}

/// Both sides of a comparison or sum of amounts: an aggregate in the currency of the other side.
pub fn sides<'a>(
    cx: &Context<'a>,
    left: &'a Expr,
    right: &'a Expr,
    scope: &Scope<'_, 'a>,
) -> (Operand<'a>, Operand<'a>) {
    if cx.world.rates.is_none() || left.ty != Type::Money || right.ty != Type::Money {
        return (operand(cx, left, scope), operand(cx, right, scope));
    }
    match is_aggregate(left) {
        true => {
            let b = operand(cx, right, scope);
            (operand(&towards(cx, b), left, scope), b)
        }
        false => {
            let a = operand(cx, left, scope);
            (a, operand(&towards(cx, a), right, scope))
        }
    }
}

/// Whether it compares, adds or divides two amounts.
pub fn are_amounts(expr: &Expr) -> bool {
    matches!(&expr.op, Op::Compare { left, right, .. } | Op::Arith { left, right, .. }
        if left.ty == Type::Money && right.ty == Type::Money)
}

/// Both of two amounts, each with the context that it is worked out in: what is added up comes in the currency of the
/// other.
pub fn amounts<'a>(cx: &Context<'a>, expr: &'a Expr, scope: &Scope<'_, 'a>) -> Vec<(&'a Expr, Context<'a>)> {
    match &expr.op {
        Op::Compare { left, right, .. } => {
            let (a, b) = sides(cx, left, right, scope);
            vec![(left, towards(cx, b)), (right, towards(cx, a))]
        }
        Op::Arith { left, right, .. } => {
            vec![(left, *cx), (right, towards(cx, operand(cx, left, scope)))]
        }
        _ => Vec::new(),
    }
}

/// Amounts by the rate that each is converted by, least and most.
pub struct Groups {
    into: Option<Currency>,
    of: Vec<(Option<Quote>, Decimal, Decimal)>,
}

impl Groups {
    pub fn new(into: Option<Currency>) -> Groups {
        Groups { into, of: Vec::new() }
    }

    /// None where its rate, or the sum, is not known. `low`, `high`: whether it adds to the least and to the most.
    pub fn add<'a>(
        &mut self,
        cx: &Context<'a>,
        own: &Scope<'_, 'a>,
        value: Val<'a>,
        low: bool,
        high: bool,
    ) -> Option<()> {
        let Val::Money(amount, currency) = value else { return None };
        let quote = match (currency, self.into) {
            (Some(from), Some(to)) if from != to => Some(quote(cx, from, to, own).ok()?),
            (currency, into) => {
                self.into = into.or(currency);
                None
            }
        };
        let at = self.of.iter().position(|g| g.0 == quote).unwrap_or_else(|| {
            self.of.push((quote, Decimal::ZERO, Decimal::ZERO));
            self.of.len() - 1
        });
        let group = &mut self.of[at];
        if low {
            group.1 = group.1.checked_add(amount)?;
        }
        if high {
            group.2 = group.2.checked_add(amount)?;
        }
        Some(())
    }

    pub fn ends<'a>(&self) -> (Val<'a>, Val<'a>) {
        (self.total(|g| g.1), self.total(|g| g.2))
    }

    /// Each group converted once, and all added.
    fn total<'a>(&self, of: impl Fn(&(Option<Quote>, Decimal, Decimal)) -> Decimal) -> Val<'a> {
        let total = self.of.iter().try_fold(Decimal::ZERO, |total, group| {
            let amount = of(group);
            total.checked_add(match group.0 {
                Some(quote) => quote.convert(amount)?,
                None => amount,
            })
        });
        total.map_or(Val::Unknown, |t| Val::Money(t, self.into.filter(|_| !self.of.is_empty())))
    }
}

/// A sum, average, least or greatest of amounts, each converted as of its own day.
pub fn aggregate<'a>(
    cx: &Context<'a>,
    history: &'a HistoryPlan,
    of: &'a Expr,
    search: &Search<'_>,
    scope: &Scope<'_, 'a>,
) -> Operand<'a> {
    let plain = Context { into: None, ..*cx };
    let mut groups = Groups::new(cx.into);
    let (mut best, mut number, mut unknown, mut open) = (Val::Absent, 0i64, false, false);
    visit(&plain, history, search, scope, &mut |member, own| {
        let v = value(&plain, of, own);
        let certain = member.truth == Truth::True;
        open |= !certain;
        if matches!(v, Val::Absent) {
            return true;
        }
        if !v.is_known() || !certain && history.func != Func::Sum {
            unknown = true;
            return false;
        }
        number += 1;
        if matches!(history.func, Func::Sum | Func::Avg) {
            let negative = matches!(v, Val::Money(a, _) if a.raw() < 0);
            unknown |= groups.add(&plain, own, v, certain || negative, certain || !negative).is_none();
            return !unknown;
        }
        // Of the first or last only its own rate matters.
        if history.func == Func::First && !matches!(best, Val::Absent) {
            return true;
        }
        if let (Func::First | Func::Last, Val::Money(_, currency)) = (history.func, v) {
            best = in_currency(&plain, v, cx.into.or(currency), own);
            return true;
        }
        let v = in_currency(&plain, v, groups.into, own);
        if let Val::Money(_, currency) = v {
            groups.into = groups.into.or(currency);
        }
        if !v.is_known() {
            unknown = true;
            return false;
        }
        let better = match &best {
            Val::Absent => true,
            best => order(&v, best).is_some_and(|o| if history.func == Func::Min { o.is_lt() } else { o.is_gt() }),
        };
        if better {
            best = v;
        }
        true
    });
    if unknown {
        return Operand::One(Val::Unknown);
    }
    match history.func {
        Func::Sum => {
            let (low, high) = groups.ends();
            match (low.is_known() && high.is_known(), open) {
                (false, _) => Operand::One(Val::Unknown),
                (true, true) => Operand::Range(low, high),
                (true, false) => Operand::One(low),
            }
        }
        Func::Avg if number == 0 => Operand::One(Val::Absent),
        Func::Avg => Operand::One(arith::arith(ArithOp::Div, groups.total(|g| g.1), Val::Int(number), &Type::Money)),
        _ => Operand::One(best),
    }
}

/// An amount in a currency, as of the day of its record.
pub fn in_currency<'a>(cx: &Context<'a>, value: Val<'a>, into: Option<Currency>, own: &Scope<'_, 'a>) -> Val<'a> {
    match (value, into) {
        (Val::Money(amount, Some(from)), Some(to)) if from != to => quote(cx, from, to, own)
            .ok()
            .and_then(|q| q.convert(amount))
            .map_or(Val::Unknown, |a| Val::Money(a, Some(to))),
        _ => value,
    }
}
