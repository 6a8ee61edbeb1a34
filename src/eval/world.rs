//! All that was retained of the records and tables of a run, each kind in its one order.

use super::business::Calendar;
use super::index::HistoryIndex;
use super::interp::Frame;
use super::rates::Rates;
use super::rows::{Col, FlawKind, Rows};
use super::tables::TableIndex;
use super::val::Val;
use super::{Runtime, Truth};
use crate::data::calendar::Zone;
use crate::data::identity::{self, Content};
use crate::data::{ColumnId, KindId, Place, Schema, Time, Type};
use crate::plan::{Body, Plan, stored};
use crate::sema::hir::Times;
use rustc_hash::FxHashMap;

#[derive(Debug, Default)]
pub struct World {
    pub kinds: Vec<KindWorld>,
    pub watermark: Watermark,
    pub tables: Vec<Option<TableIndex>>,
    /// By clock: its business days, where it has them.
    pub calendars: Vec<Option<Calendar>>,
    /// Where the set has them, and some rule reads amounts.
    pub rates: Option<Rates>,
    pub histories: Vec<HistoryIndex>,
    /// By kind that is a part of another: where its records stand.
    places: Vec<FxHashMap<Place, u32>>,
}

/// The rows of one kind. A row's *id* is its index in `order`: by event time (unknown times last), then
/// identity, then what is read of it; never by arrival.
#[derive(Debug, Default)]
pub struct KindWorld {
    pub segments: Vec<Rows>,
    /// Segment and row.
    pub order: Vec<(u32, u32)>,
    pub time: Option<ColumnId>,
    /// Of findings: rows that are only perhaps there, since the rule could not be decided (or not yet).
    pub open: FxHashMap<u32, Truth>,
}

impl World {
    pub fn empty(plan: &Plan) -> World {
        World { kinds: plan.schema.kinds.iter().map(|_| KindWorld::default()).collect(), ..World::default() }
    }

    pub fn len(&self, kind: KindId) -> u32 {
        self.kinds.get(kind.0 as usize).map_or(0, |k| k.order.len() as u32)
    }

    pub fn frame(&self, kind: KindId, id: u32) -> Frame<'_> {
        let of = &self.kinds[kind.0 as usize];
        let (segment, row) = of.order[id as usize];
        let rows = &of.segments[segment as usize];
        let row = row as usize;
        Frame { kind, rows, row, id, time: time_of(rows, row, of.time) }
    }

    /// Of a record that is read as one of several kinds: itself among those of its own; none where it was not kept.
    pub fn own(&self, frame: &Frame<'_>) -> Option<u32> {
        let place = frame.rows.places.get(frame.row)?;
        self.places.get(frame.rows.own().kind.0 as usize)?.get(place).copied()
    }

    /// The order of a kind, between one of its records and one that is read as one of several kinds.
    pub fn is_before(&self, schema: &Schema, one: &Frame<'_>, other: &Frame<'_>) -> bool {
        let key = |frame: &Frame<'_>| {
            let rows = frame.rows.own();
            let time = frame.time.map(|t| match t {
                Time::Date(d) => d as i64,
                Time::Instant(t) => t,
            });
            let identity = (sorted_by(schema, rows, frame.row), apart(schema, rows, frame.row));
            (time, rank(schema, rows, frame.row), identity, rows.places[frame.row])
        };
        key(one) < key(other)
    }

    /// Whether the record is there at all: a finding may hang on what is not known.
    pub fn existence(&self, kind: KindId, id: u32) -> Truth {
        self.kinds[kind.0 as usize].open.get(&id).copied().unwrap_or(Truth::True)
    }

    pub fn table(&self, kind: KindId) -> Option<&TableIndex> {
        self.tables.get(kind.0 as usize)?.as_ref()
    }

    /// The record's identity, as reports show it and findings' ids are made of.
    pub fn identity(&self, schema: &Schema, kind: KindId, id: u32) -> String {
        let frame = self.frame(kind, id);
        identity_of(schema, frame.rows, frame.row)
    }
}

/// The event's time: by this column, or, where several kinds have no time in common, by its own kind's.
pub fn time_of(rows: &Rows, row: usize, time: Option<ColumnId>) -> Option<Time> {
    match (time, rows.own_time()) {
        (Some(column), _) => event_time(rows, row, column),
        (None, own) => own.and_then(|column| event_time(rows.own(), row, column)),
    }
}

pub fn event_time(rows: &Rows, row: usize, column: ColumnId) -> Option<Time> {
    match Val::cell(rows, row, column, false) {
        Val::Date(d) => Some(Time::Date(d)),
        Val::Timestamp(t) => Some(Time::Instant(t)),
        _ => None,
    }
}

/// The columns that tell the record from others, where all of them are known.
pub fn has_identity(schema: &Schema, rows: &Rows, row: usize) -> bool {
    let rows = rows.own();
    let columns = &schema.kind(rows.kind).identity;
    !columns.is_empty() && columns.iter().all(|c| !rows.cols[c.0 as usize].is_null(row))
}

/// Where the record stands among those of its kind that have its time.
pub fn rank(schema: &Schema, rows: &Rows, row: usize) -> identity::Rank {
    let rows = rows.own();
    let columns = &schema.kind(rows.kind).identity;
    let values = columns.iter().map(|&c| rows.cols[c.0 as usize].value(row, &cell_type(schema, rows.kind, c)));
    identity::Rank::of(if columns.is_empty() { None } else { values.collect() })
}

/// Of a record without an identity: what it is told by, whatever else rules read of it.
pub fn identity_of(schema: &Schema, rows: &Rows, row: usize) -> String {
    let rows = rows.own();
    declared(schema, rows, row)
        .unwrap_or_else(|| of_content(schema, rows, row, Some(&schema.kind(rows.kind).telling()), false))
}

/// As [`identity_of`], but of a record without an identity all that is read of it: so that their order hangs on nothing
/// else.
pub fn sorted_by(schema: &Schema, rows: &Rows, row: usize) -> String {
    let rows = rows.own();
    declared(schema, rows, row).unwrap_or_else(|| of_content(schema, rows, row, None, false))
}

fn declared(schema: &Schema, rows: &Rows, row: usize) -> Option<String> {
    if !has_identity(schema, rows, row) {
        return None;
    }
    let columns = schema.kind(rows.kind).identity.iter();
    let values = columns.filter_map(|&c| {
        let ty = cell_type(schema, rows.kind, c);
        Some((c, rows.cols[c.0 as usize].value(row, &ty)?))
    });
    Some(identity::declared(schema, rows.kind, &values.collect::<Vec<_>>()))
}

/// Of what is read of a record. A hash of what is `@sensitive` would tell it to whoever tries all values.
fn of_content(schema: &Schema, rows: &Rows, row: usize, among: Option<&[ColumnId]>, sensitive: bool) -> String {
    let kind = schema.kind(rows.kind);
    let contents = (0..kind.columns.len() as u32).map(ColumnId).filter_map(|c| {
        let left_out = matches!(rows.cols[c.0 as usize], Col::None)
            || kind.columns[c.0 as usize].sensitive && !sensitive
            || among.is_some_and(|among| !among.contains(&c));
        (!left_out).then(|| (c, content(schema, rows, row, c)))
    });
    identity::of_content(schema, rows.kind, contents)
}

/// Tells records apart, and is never shown, that are equal but for what is `@sensitive`: so that their order hangs on
/// nothing else.
pub fn apart(schema: &Schema, rows: &Rows, row: usize) -> String {
    let rows = rows.own();
    let open = schema.kind(rows.kind).columns.iter().all(|c| !c.sensitive);
    if open || has_identity(schema, rows, row) { String::new() } else { of_content(schema, rows, row, None, true) }
}

/// Tells records apart, and is never shown, that have no identity: of what a rule reads.
pub fn apart_by(schema: &Schema, rows: &Rows, row: usize, columns: &[ColumnId]) -> String {
    let rows = rows.own();
    if has_identity(schema, rows, row) { String::new() } else { of_content(schema, rows, row, Some(columns), true) }
}

pub fn content(schema: &Schema, rows: &Rows, row: usize, column: ColumnId) -> Content {
    let ty = cell_type(schema, rows.kind, column);
    if let Some(value) = rows.cols[column.0 as usize].value(row, &ty) {
        return Content::Known(value);
    }
    match rows.flaw(row, column).map(|f| &f.kind) {
        Some(FlawKind::Malformed { found, .. }) => Content::Malformed(found.clone()),
        Some(FlawKind::Conflict { found }) => Content::Malformed(found.join("\n")),
        Some(FlawKind::Missing) => Content::Missing,
        None if schema.column(rows.kind, column).optional => Content::Absent,
        None => Content::Missing,
    }
}

/// The type of what a cell holds: a reference's is its table's key's.
pub fn cell_type(schema: &Schema, kind: KindId, column: ColumnId) -> Type {
    match stored(schema, &schema.column(kind, column).ty) {
        Type::List(of) => Type::List(Box::new(stored(schema, &of))),
        Type::Set(of) => Type::Set(Box::new(stored(schema, &of))),
        other => other,
    }
}

/// How far the records reach.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watermark {
    pub as_of: Option<Time>,
    /// Of records dated by day: the first and last.
    pub dates: Option<(i32, i32)>,
    /// Of records with a timestamp.
    pub instants: Option<(i64, i64)>,
}

impl Watermark {
    pub fn see(&mut self, time: Time) {
        match time {
            Time::Date(d) => self.dates = Some(self.dates.map_or((d, d), |(a, b)| (a.min(d), b.max(d)))),
            Time::Instant(t) => self.instants = Some(self.instants.map_or((t, t), |(a, b)| (a.min(t), b.max(t)))),
        }
    }

    pub fn merge(&mut self, other: &Watermark) {
        if let Some((first, last)) = other.dates {
            self.see(Time::Date(first));
            self.see(Time::Date(last));
        }
        if let Some((first, last)) = other.instants {
            self.see(Time::Instant(first));
            self.see(Time::Instant(last));
        }
    }

    /// A deadline on date D has passed once this is later. The end of an `as_of` date is the next one's start.
    pub fn date(&self, zone: &Zone) -> Option<i32> {
        match self.as_of {
            Some(Time::Date(d)) => Some(d.saturating_add(1)),
            Some(Time::Instant(t)) => Some(zone.date_at(t)),
            None => self.dates.map(|d| d.1).max(self.instants.map(|i| zone.date_at(i.1))),
        }
    }

    /// A deadline at an instant has passed once this is later.
    pub fn instant(&self, zone: &Zone) -> Option<i64> {
        match self.as_of {
            Some(Time::Date(d)) => zone.start_of(d.saturating_add(1)),
            Some(Time::Instant(t)) => Some(t),
            None => self.dates.and_then(|d| zone.start_of(d.1)).max(self.instants.map(|i| i.1)),
        }
    }

    /// The date on which things are looked at: an `as_of` date is itself.
    pub fn day(&self, zone: &Zone) -> Option<i32> {
        match self.as_of {
            Some(Time::Date(d)) => Some(d),
            _ => self.date(zone),
        }
    }

    /// The date of the earliest record.
    pub fn earliest(&self, zone: &Zone) -> Option<i32> {
        let dates = self.dates.map(|d| d.0);
        let instants = self.instants.map(|i| zone.date_at(i.0));
        match (dates, instants) {
            (Some(a), Some(b)) => Some(a.min(b)),
            // Without any record, the day on which things are looked at.
            (a, b) => a.or(b).or_else(|| self.day(zone)),
        }
    }

    /// What `as_of` is in a condition: of a date its last moment, so that it is of that day.
    pub fn as_value(&self, ty: &Type, zone: &Zone) -> Val<'static> {
        match (ty, self.as_of) {
            (Type::Timestamp, Some(Time::Date(_))) => {
                self.instant(zone).map_or(Val::Unknown, |next| Val::Timestamp(next.saturating_sub(1)))
            }
            (Type::Timestamp, _) => self.instant(zone).map_or(Val::Unknown, Val::Timestamp),
            _ => self.day(zone).map_or(Val::Unknown, Val::Date),
        }
    }

    /// Whether a record lies after `as_of` and is set aside.
    pub fn is_after(&self, time: Time, zone: &Zone) -> bool {
        match (self.as_of, time) {
            (None, _) => false,
            (Some(Time::Instant(as_of)), Time::Instant(t)) => t > as_of,
            (Some(as_of), time) => time.date(zone) > as_of.date(zone),
        }
    }
}

/// Lays each kind's retained rows in order, and indexes tables and histories.
pub fn build(
    plan: &Plan,
    runtime: &Runtime,
    kinds: Vec<KindWorld>,
    watermark: Watermark,
    (candidates, history_rows): (&[Vec<u32>], &[Vec<u32>]),
    threads: usize,
) -> World {
    let mut world = World { kinds, watermark, ..World::default() };
    world.tables = (0..plan.schema.kinds.len() as u32)
        .map(|k| {
            let kind = KindId(k);
            let read = plan.kinds.get(k as usize).is_some_and(|p| p.projection.is_some());
            (plan.schema.kind(kind).is_table() && plan.schema.kind(kind).rates.is_none() && read)
                .then(|| TableIndex::build(&world, &plan.schema, kind))
        })
        .collect();
    let read = |kind: KindId| plan.kinds.get(kind.0 as usize).is_some_and(|p| p.projection.is_some());
    world.rates = plan.schema.rates().filter(|r| read(r.0)).map(|(kind, max_age)| Rates::build(&world, kind, max_age));
    world.calendars =
        plan.clocks.iter().map(|c| c.business.as_ref().map(|b| Calendar::build(&world, &plan.schema, b))).collect();
    world.places = (0..plan.schema.kinds.len())
        .map(|k| {
            let part = runtime.unions.get(k).is_some_and(|u| !u.is_empty());
            let ids = 0..if part { world.len(KindId(k as u32)) } else { 0 };
            ids.filter_map(|id| {
                let frame = world.frame(KindId(k as u32), id);
                Some((*frame.rows.places.get(frame.row)?, id))
            })
            .collect()
        })
        .collect();
    let strict = strict(plan);
    let mut askers = vec![0; plan.histories.len()];
    for (rule, candidates) in plan.rules.iter().zip(candidates) {
        rule.histories.iter().for_each(|&history| askers[history as usize] += candidates.len());
    }
    let rows: Vec<&Vec<u32>> = history_rows.iter().collect();
    world.histories = super::parallel_each(
        threads,
        rows,
        |rows| rows.len(),
        |i, rows| HistoryIndex::build(plan, runtime, &world, (i as u32, rows), (strict[i], askers[i])),
    );
    world
}

/// By history: whether it is what a limit adds up, or a step of a sequence that has a record. Only what is known to
/// belong there is in it; of what may not lie between, all that may is.
pub fn strict(plan: &Plan) -> Vec<bool> {
    let mut strict = vec![false; plan.histories.len()];
    for rule in &plan.rules {
        if let Body::Limit { aggregate, .. } = rule.body {
            strict[aggregate as usize] = true;
        }
        let steps = rule.sequence.iter().flat_map(|s| &s.steps).filter(|s| s.times != Times::None);
        steps.for_each(|step| strict[step.history as usize] = true);
    }
    strict
}
