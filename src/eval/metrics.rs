//! Metrics: figures by period and key, exact, with what could not be counted beside them.

use super::arith::arith;
use super::bounds::Beyond;
use super::chain;
use super::interp::{Context, Frame, Scope, value};
use super::judge::triggered;
use super::records::Settled;
use super::results::levels;
use super::val::{Val, order};
use super::{KindCounts, Options, RuleCounts, Runtime, Truth};
use crate::data::calendar::{Zone, period_of};
use crate::data::{Currency, Decimal, KindId, Schema, Time, Type, Value, display};
use crate::plan::{Expr, MetricPlan, Op, Plan};
use crate::sema::hir::{ArithOp, Func};
use crate::threads;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a run of metrics came to.
#[derive(Debug)]
pub struct Metrics {
    plan: Arc<Plan>,
    tables: Vec<MetricTable>,
    kinds: Vec<KindCounts>,
}

impl Metrics {
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// By metric, in the plan's order.
    pub fn tables(&self) -> &[MetricTable] {
        &self.tables
    }

    /// By kind.
    pub fn records(&self) -> &[KindCounts] {
        &self.kinds
    }
}

/// One metric. The rows are sorted by keys, currency and period.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricTable {
    /// Index into [`Plan::metrics`]: the first where there are several of one name.
    pub metric: usize,
    pub rows: Vec<MetricRow>,
    /// Records whose time is not known: they lie in no period.
    pub untimed: u64,
    /// Records of which a key is not known.
    pub unkeyed: u64,
    /// Records of which it is not known whether they count, or what they would add.
    pub partial: u64,
    /// Only periods with records are given: with those between there would be too many.
    pub sparse: bool,
}

/// A figure of one period, key and currency.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricRow {
    /// None: the field is absent.
    pub keys: Vec<Option<Value>>,
    /// Of amounts.
    pub currency: Option<Currency>,
    /// First and last day; none over all time.
    pub period: Option<(i32, i32)>,
    /// The period is over: the records reach beyond it.
    pub complete: bool,
    /// None: there is nothing to take it of, or it is too large to keep exactly.
    pub value: Option<Value>,
    /// Least and greatest value, where it is not known of some records whether they count.
    pub bounds: Option<(Option<Value>, Option<Value>)>,
    /// Records that it is made of.
    pub records: u64,
    /// Records of which it is not known whether they count. In `value` they do not.
    pub uncertain: u64,
    /// Records that count, and whose value is not known.
    pub unread: u64,
    /// It is too large to keep exactly.
    pub overflow: bool,
}

pub(super) fn conclude(plan: Arc<Plan>, runtime: &Runtime, settled: Settled, options: &Options) -> Metrics {
    let Settled { mut world, counts, mut candidates, mut in_force, .. } = settled;
    if plan.rules.len() > plan.metrics.len() {
        let mut of_rules = vec![RuleCounts::default(); plan.rules.len()];
        levels(&plan, runtime, (&mut world, &mut candidates), (options, &[]), &mut of_rules, &mut in_force);
    }
    // As a metric reads from day to day.
    let mut readings: Vec<Vec<usize>> = Vec::new();
    for (m, rule) in plan.rules.iter().enumerate().take(plan.metrics.len()) {
        match readings.last_mut().filter(|r| plan.rules[r[0]].name == rule.name) {
            Some(readings) => readings.push(m),
            None => readings.push(vec![m]),
        }
    }
    let tables = threads::each(options.threads, readings.len(), |r| {
        let first = readings[r][0];
        let cx = runtime.context(&plan, &world, plan.rules[first].clock, None);
        let metric = &plan.metrics[first];
        let (groups, table) = (FxHashMap::default(), MetricTable { metric: first, ..MetricTable::default() });
        let kind = plan.rules[first].trigger.kind();
        let mut work = Work { cx: &cx, metric, kind, groups, table, timeless: FxHashSet::default() };
        for &m in &readings[r] {
            let rule = &plan.rules[m];
            for &id in &candidates[m] {
                if runtime.watch.is_stopped() {
                    break;
                }
                let frame = world.frame(rule.trigger.kind(), id);
                match triggered(&cx, rule, &Scope::top(frame), Truth::True) {
                    None => {}
                    Some(Ok(counts)) => {
                        let counts = counts.and(world.existence(frame.kind, id));
                        work.record(&plan.metrics[m], counts, frame);
                    }
                    // Without a time it is not known how the metric reads.
                    Some(Err(_)) => work.timeless(id),
                }
            }
        }
        work.finish()
    });
    Metrics { plan, tables, kinds: counts }
}

/// Whether an expression over records of a kind names people.
pub fn names_person(schema: &Schema, kind: KindId, of: &Expr) -> bool {
    schema.names_people(&of.ty)
        || match &of.op {
            Op::Column { column, .. } => schema.is_person(kind, *column),
            Op::Lookup { table, column, .. } => schema.is_person(*table, *column),
            Op::Coalesce(of, _) => names_person(schema, kind, of),
            Op::Every { .. } => true,
            _ => false,
        }
}

struct Work<'c, 'a> {
    cx: &'c Context<'a>,
    metric: &'a MetricPlan,
    /// Of its records.
    kind: KindId,
    /// By the bytes of the keys.
    groups: FxHashMap<Vec<u8>, Group<'a>>,
    table: MetricTable,
    /// Records without a time, each of which is told once.
    timeless: FxHashSet<u32>,
}

/// None: the field is absent.
type Keys = Vec<Option<Value>>;

/// All of one key.
struct Group<'a> {
    keys: Vec<Option<Value>>,
    /// By the period's first day.
    cells: BTreeMap<i32, Cell<'a>>,
}

#[derive(Default)]
struct Cell<'a> {
    /// Records that count, and whose value is not known.
    unread: u64,
    /// Records of which neither is known, whether they count and what they would add.
    blind: u64,
    sums: BTreeMap<Option<Currency>, Sum<'a>>,
}

/// Of what is known.
#[derive(Default)]
struct Sum<'a> {
    records: u64,
    /// None: none yet; unknown: too large.
    total: Option<Val<'a>>,
    least: Option<Val<'a>>,
    greatest: Option<Val<'a>>,
    different: FxHashSet<Vec<u8>>,
    /// Of records that may count or not.
    perhaps: Vec<Val<'a>>,
}

/// Of more rows than this, those without any record are left out, which is told.
const MOST_ROWS: usize = 1_000_000;

/// Stands for the one period over all time.
const ALWAYS: i32 = i32::MIN;

impl<'a> Work<'_, 'a> {
    fn timeless(&mut self, id: u32) {
        if self.timeless.insert(id) {
            self.table.untimed += 1;
        }
    }

    /// `metric`: as it reads on the record's day.
    fn record(&mut self, metric: &'a MetricPlan, counts: Truth, frame: Frame<'a>) {
        let cx = self.cx;
        let scope = Scope::top(frame);
        let start = match (metric.period, frame.time) {
            (None, _) => ALWAYS,
            (Some(_), None) => return self.timeless(frame.id),
            (Some(period), Some(time)) => match period_of(time.date(cx.zone), period, cx.fiscal_start) {
                Some((start, _)) => start,
                None => return self.timeless(frame.id),
            },
        };
        let groups = self.groups_of(metric, &scope);
        let of = match &metric.value {
            None => Val::Int(1),
            Some(expr) => value(cx, expr, &scope),
        };
        let mut partial = false;
        for (name, keys, among) in groups {
            let certain = counts.and(among) == Truth::True;
            let group = self.groups.entry(name).or_insert_with(|| Group { keys, cells: BTreeMap::new() });
            let cell = group.cells.entry(start).or_default();
            if matches!(of, Val::Absent) {
                continue;
            }
            if of.is_known() {
                partial |= !certain;
                cell.sums.entry(currency(metric, of)).or_default().add(metric, of, certain);
            } else {
                partial = true;
                cell.unread += u64::from(certain);
                cell.blind += u64::from(!certain);
            }
        }
        self.table.partial += u64::from(partial);
        let (keys, name) = (self.groups.len() as u64, || vec![cx.plan.rules[self.table.metric].name.clone()]);
        cx.runtime.watch.allows(Beyond::Keys, keys, name);
    }

    /// The rows that a record counts in: of each the keys, as bytes and as values, and whether it is among them. None
    /// where a key is not known.
    fn groups_of(&mut self, metric: &'a MetricPlan, scope: &Scope<'_, 'a>) -> Vec<(Vec<u8>, Keys, Truth)> {
        let cx = self.cx;
        let schema = &cx.plan.schema;
        let mut groups: Vec<(Vec<u8>, Keys, Truth)> = vec![(Vec::new(), Vec::new(), Truth::True)];
        let mut unkeyed = false;
        for (_, key) in &metric.keys {
            if let Op::Every { who, table, column, root } = &key.op {
                let at = scope.frame(*root).and_then(|f| f.time);
                let chain = chain::above(cx, *table, *column, value(cx, who, scope), at);
                // Who else is above is not known.
                unkeyed |= !matches!(chain.end, chain::End::Top);
                let ty = Type::Ref(*table);
                let before = std::mem::take(&mut groups);
                for (step, sure) in chain.steps() {
                    let among = if sure { Truth::True } else { Truth::Unknown };
                    groups.extend(before.iter().map(|(name, keys, other)| {
                        let (mut name, mut keys) = (name.clone(), keys.clone());
                        name.push(1);
                        step.key.encode(&mut name);
                        keys.push(step.key.owned(&ty, schema));
                        (name, keys, other.and(among))
                    }));
                }
                continue;
            }
            let of = value(cx, key, scope);
            let absent = matches!(of, Val::Absent);
            for (name, keys, _) in &mut groups {
                name.push(u8::from(!absent));
                if absent {
                    keys.push(None);
                } else if of.encode(name) {
                    keys.push(of.owned(&key.ty, schema));
                } else {
                    unkeyed = true;
                }
            }
            if !absent && !of.is_known() {
                groups.clear();
            }
        }
        self.table.unkeyed += u64::from(unkeyed);
        groups
    }

    /// Puts pseudonyms, where there are any, in the place of keys that name people.
    fn call_people(&self, groups: &mut [Group<'a>]) {
        let schema = &self.cx.plan.schema;
        let people: Vec<bool> = self.metric.keys.iter().map(|(_, of)| names_person(schema, self.kind, of)).collect();
        for group in groups {
            for (key, person) in group.keys.iter_mut().zip(&people) {
                *key = key.take().map(|value| self.called(value, *person));
            }
        }
    }

    fn called(&self, value: Value, person: bool) -> Value {
        let people = &self.cx.runtime.people;
        match value {
            value if people.fingerprint().is_none() => value,
            value if person => Value::Text(people.called(&display::exact(&value, &self.cx.plan.schema, &Zone::utc()))),
            Value::Text(text) => Value::Text(people.text(&text)),
            value => value,
        }
    }

    fn finish(mut self) -> MetricTable {
        let cx = self.cx;
        let schema = &cx.plan.schema;
        let mut groups: Vec<Group> = std::mem::take(&mut self.groups).into_values().collect();
        let value_names_person = self.metric.value.as_ref().is_some_and(|of| names_person(schema, self.kind, of));
        self.call_people(&mut groups);
        groups.sort_by(|a, b| compare_keys(&a.keys, &b.keys));
        let starts = groups.iter().flat_map(|g| g.cells.keys().copied());
        let first = starts.clone().min();
        let last = starts.max().max(self.as_of());
        let mut periods: Vec<(i32, i32)> = Vec::new();
        if let (Some(first), Some(last), Some(period)) = (first, last, self.metric.period) {
            let mut day = first;
            while let Some((start, end)) = period_of(day, period, cx.fiscal_start) {
                if start > last || end < day {
                    break;
                }
                periods.push((start, end));
                day = end.saturating_add(1);
            }
        } else if first.is_some() {
            periods.push((ALWAYS, ALWAYS));
        }
        self.table.sparse = periods.len().saturating_mul(groups.len()) > MOST_ROWS;
        let today = cx.world.watermark.date(cx.zone);
        for group in &mut groups {
            let mut currencies: BTreeSet<Option<Currency>> =
                group.cells.values().flat_map(|c| c.sums.keys().copied()).collect();
            if currencies.is_empty() {
                currencies.insert(None);
            }
            for currency in &currencies {
                for &(start, end) in &periods {
                    let cell = group.cells.get_mut(&start);
                    if self.table.sparse && cell.is_none() {
                        continue;
                    }
                    let (unread, blind) = cell.as_ref().map_or((0, 0), |c| (c.unread, c.blind));
                    let sum = cell.and_then(|c| c.sums.remove(currency)).unwrap_or_default();
                    let uncertain = sum.perhaps.len() as u64 + blind;
                    let (value, overflow) = sum.value(self.metric, *currency);
                    let bounds = (uncertain > 0).then(|| {
                        let (low, high) = sum.bounds(self.metric, *currency, blind);
                        (low.owned(&self.metric.ty, schema), high.owned(&self.metric.ty, schema))
                    });
                    let always = start == ALWAYS;
                    self.table.rows.push(MetricRow {
                        keys: group.keys.clone(),
                        currency: *currency,
                        period: (!always).then_some((start, end)),
                        complete: !always && today.is_some_and(|t| end < t),
                        value: value.owned(&self.metric.ty, schema).map(|v| self.called(v, value_names_person)),
                        bounds,
                        records: sum.records,
                        uncertain,
                        unread,
                        overflow,
                    });
                }
            }
        }
        self.table
    }

    /// The first day of the period that `as_of` is in.
    fn as_of(&self) -> Option<i32> {
        let day = match self.cx.world.watermark.as_of? {
            Time::Date(day) => day,
            Time::Instant(at) => self.cx.zone.date_at(at),
        };
        Some(period_of(day, self.metric.period?, self.cx.fiscal_start)?.0)
    }
}

/// Amounts are kept by currency.
fn currency(metric: &MetricPlan, of: Val<'_>) -> Option<Currency> {
    match of {
        Val::Money(_, currency) if metric.func != Func::Distinct => currency,
        _ => None,
    }
}

impl<'a> Sum<'a> {
    fn add(&mut self, metric: &MetricPlan, of: Val<'a>, certain: bool) {
        if !certain {
            self.perhaps.push(of);
            return;
        }
        self.records += 1;
        match metric.func {
            Func::Sum | Func::Avg => {
                let ty = of_value(metric);
                self.total = Some(self.total.map_or(of, |t| arith(ArithOp::Add, t, of, ty)));
            }
            Func::Min => self.least = Some(self.least.map_or(of, |v| pick(v, of, Ordering::Less))),
            Func::Max => self.greatest = Some(self.greatest.map_or(of, |v| pick(v, of, Ordering::Greater))),
            Func::Distinct => {
                self.different.insert(bytes(of));
            }
            _ => {}
        }
    }

    /// The figure, and whether it is too large to keep.
    fn value(&self, metric: &MetricPlan, currency: Option<Currency>) -> (Val<'a>, bool) {
        let value = match metric.func {
            Func::Sum => self.total.unwrap_or_else(|| nothing(metric, currency)),
            Func::Avg => match self.total {
                Some(total) => mean(metric, total, self.records),
                None => Val::Absent,
            },
            Func::Min => self.least.unwrap_or(Val::Absent),
            Func::Max => self.greatest.unwrap_or(Val::Absent),
            Func::Distinct => Val::Int(self.different.len() as i64),
            _ => Val::Int(self.records as i64),
        };
        (value, matches!(value, Val::Unknown))
    }

    /// Its least and greatest value, over all that may be true of the records that may count.
    /// `blind`: how many more may count, whose value is not known.
    fn bounds(&self, metric: &MetricPlan, currency: Option<Currency>, blind: u64) -> (Val<'a>, Val<'a>) {
        let (own, _) = self.value(metric, currency);
        match metric.func {
            Func::Sum | Func::Avg if blind > 0 => (Val::Unknown, Val::Unknown),
            // Without a record that counts for sure it may be any of the others'.
            Func::Min if blind > 0 => (Val::Unknown, if self.records > 0 { own } else { Val::Unknown }),
            Func::Max if blind > 0 => (if self.records > 0 { own } else { Val::Unknown }, Val::Unknown),
            Func::Sum => {
                let zero = nothing(metric, currency);
                let sum = |side: Ordering| {
                    let of_side = self.perhaps.iter().filter(|v| order(v, &zero) == Some(side));
                    of_side.fold(own, |t, v| arith(ArithOp::Add, t, *v, of_value(metric)))
                };
                (sum(Ordering::Less), sum(Ordering::Greater))
            }
            Func::Avg => (self.mean_towards(metric, Ordering::Less), self.mean_towards(metric, Ordering::Greater)),
            Func::Min if self.records > 0 => (self.furthest(own, Ordering::Less), own),
            Func::Max if self.records > 0 => (own, self.furthest(own, Ordering::Greater)),
            Func::Min | Func::Max => (self.furthest(own, Ordering::Less), self.furthest(own, Ordering::Greater)),
            Func::Distinct => {
                let more: FxHashSet<Vec<u8>> = self.perhaps.iter().map(|v| bytes(*v)).collect();
                let more = more.iter().filter(|b| !self.different.contains(*b)).count();
                (own, Val::Int((self.different.len() + more) as i64 + blind as i64))
            }
            _ => (own, Val::Int(self.records as i64 + self.perhaps.len() as i64)),
        }
    }

    /// A value, or one of those that may count that lies further to a side.
    fn furthest(&self, own: Val<'a>, side: Ordering) -> Val<'a> {
        self.perhaps.iter().fold(own, |v, p| pick(v, *p, side))
    }

    /// The least (or greatest) mean: those that may count are taken while they lower (or raise) it.
    fn mean_towards(&self, metric: &MetricPlan, side: Ordering) -> Val<'a> {
        let mut perhaps = self.perhaps.clone();
        perhaps.sort_by(|a, b| {
            let natural = order(a, b).unwrap_or(Ordering::Equal);
            if side == Ordering::Less { natural } else { natural.reverse() }
        });
        let (mut total, mut n) = (self.total, self.records);
        for of in perhaps {
            let better = match total {
                None => true,
                Some(total) => order(&of, &mean(metric, total, n)) == Some(side),
            };
            if !better {
                break;
            }
            total = Some(total.map_or(of, |t| arith(ArithOp::Add, t, of, of_value(metric))));
            n += 1;
        }
        total.map_or(Val::Absent, |total| mean(metric, total, n))
    }
}

fn mean<'a>(metric: &MetricPlan, total: Val<'a>, n: u64) -> Val<'a> {
    arith(ArithOp::Div, total, Val::Int(n as i64), &metric.ty)
}

/// The type of what is added up.
fn of_value(metric: &MetricPlan) -> &Type {
    metric.value.as_ref().map_or(&metric.ty, |v| &v.ty)
}

/// The sum of no records.
fn nothing<'a>(metric: &MetricPlan, currency: Option<Currency>) -> Val<'a> {
    match metric.ty {
        Type::Money => Val::Money(Decimal::from_int(0), currency),
        Type::Decimal | Type::Percent => Val::Decimal(Decimal::from_int(0)),
        _ => Val::Int(0),
    }
}

/// Of two values the one that is on a side; the other where one is absent.
fn pick<'a>(a: Val<'a>, b: Val<'a>, side: Ordering) -> Val<'a> {
    match (a, b) {
        (Val::Absent, other) | (other, Val::Absent) => other,
        (a, b) if order(&b, &a) == Some(side) => b,
        (a, _) => a,
    }
}

fn bytes(of: Val<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    of.encode(&mut bytes);
    bytes
}

/// As the keys' types have it; what is absent comes last.
fn compare_keys(a: &[Option<Value>], b: &[Option<Value>]) -> Ordering {
    let one = |(a, b): (&Option<Value>, &Option<Value>)| match (a, b) {
        (Some(a), Some(b)) => match (Val::of(a), Val::of(b)) {
            (Val::Money(x, a), Val::Money(y, b)) => (a, x).cmp(&(b, y)),
            (a, b) => order(&a, &b).unwrap_or(Ordering::Equal),
        },
        (None, None) => Ordering::Equal,
        (a, _) => {
            if a.is_none() {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
    };
    a.iter().zip(b).map(one).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}
