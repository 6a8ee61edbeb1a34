//! Look-ups in tables as of a moment.

use super::Truth;
use super::interp::Context;
use super::mismatch::mismatch;
use super::val::{Val, compare};
use super::world::World;
use crate::data::calendar::Zone;
use crate::data::{ColumnId, KindId, Role, Schema, Time};
use crate::sema::hir::CompareOp;
use rustc_hash::FxHashMap;

/// A table's rows by key.
#[derive(Debug, Default)]
pub struct TableIndex {
    by_key: FxHashMap<Box<[u8]>, Vec<u32>>,
}

impl TableIndex {
    pub fn build(world: &World, schema: &Schema, table: KindId) -> TableIndex {
        let Role::Table { key, .. } = schema.kind(table).role else { return TableIndex::default() };
        let mut index = TableIndex::default();
        let mut bytes = Vec::new();
        for id in 0..world.len(table) {
            let frame = world.frame(table, id);
            bytes.clear();
            if Val::cell(frame.rows, frame.row, key, false).encode(&mut bytes) {
                index.by_key.entry(bytes.as_slice().into()).or_default().push(id);
            }
        }
        index
    }

    /// The first row with this key: the same for each of its rows.
    pub fn first(&self, key: Val<'_>) -> Option<u32> {
        self.rows(key).first().copied()
    }

    pub fn rows(&self, key: Val<'_>) -> &[u32] {
        let mut bytes = Vec::with_capacity(32);
        if !key.encode(&mut bytes) {
            return &[];
        }
        self.by_key.get(bytes.as_slice()).map_or(&[], Vec::as_slice)
    }
}

/// What a look-up came to.
pub enum Found<'a> {
    /// The cell of this row.
    Row(u32, Val<'a>),
    /// The key itself is absent, unknown or pending.
    NoKey(Val<'a>),
    NoRow,
    ManyRows,
    /// The event's time, or a row's own validity, is unknown.
    NoTime,
}

impl<'a> Found<'a> {
    pub fn value(self) -> Val<'a> {
        match self {
            Found::Row(_, value) | Found::NoKey(value) => value,
            Found::NoRow | Found::ManyRows | Found::NoTime => Val::Unknown,
        }
    }
}

pub fn lookup<'a>(cx: &Context<'a>, table: KindId, key: Val<'a>, column: ColumnId, at: Option<Time>) -> Found<'a> {
    if !key.is_known() {
        return Found::NoKey(key);
    }
    if matches!(key, Val::Items(..) | Val::List(_)) {
        return mismatch(Found::NoRow, &key);
    }
    let schema = &cx.plan.schema;
    let optional = schema.column(table, column).optional;
    let mut found: Option<(u32, Val<'a>)> = None;
    let (mut doubtful, mut any) = (false, false);
    for &id in cx.world.table(table).map_or(&[][..], |t| t.rows(key)) {
        any = true;
        match valid(cx.world, schema, table, id, at, cx.zone) {
            Truth::False => {}
            Truth::True => {
                let frame = cx.world.frame(table, id);
                let value = Val::cell(frame.rows, frame.row, column, optional);
                match &found {
                    Some((_, before)) if !same(before, &value) => return Found::ManyRows,
                    Some(_) => {}
                    None => found = Some((id, value)),
                }
            }
            _ => doubtful = true,
        }
    }
    match found {
        _ if doubtful => Found::NoTime,
        Some((id, value)) => Found::Row(id, value),
        None if any && at.is_none() => Found::NoTime,
        None => Found::NoRow,
    }
}

pub fn same(a: &Val<'_>, b: &Val<'_>) -> bool {
    match (a, b) {
        (Val::Absent, Val::Absent) => true,
        (a, b) if a.is_known() && b.is_known() => compare(CompareOp::Eq, a, b, false) == Truth::True,
        _ => false,
    }
}

/// Whether a row of a table holds at a moment: `from <= at < until`.
pub fn valid(world: &World, schema: &Schema, table: KindId, id: u32, at: Option<Time>, zone: &Zone) -> Truth {
    let Role::Table { valid: Some((from, until)), .. } = schema.kind(table).role else { return Truth::True };
    let frame = world.frame(table, id);
    let cell = |column: ColumnId| Val::cell(frame.rows, frame.row, column, schema.column(table, column).optional);
    // A start that is absent is open, as an end is.
    let started = match cell(from) {
        Val::Absent => Truth::True,
        start => before(start, at, zone).not(),
    };
    let ended = match until.map(cell) {
        None | Some(Val::Absent) => Truth::False,
        Some(end) => before(end, at, zone).not(),
    };
    started.and(ended.not())
}

/// Whether a moment lies before a bound.
fn before(bound: Val<'_>, at: Option<Time>, zone: &Zone) -> Truth {
    let Some(at) = at else { return Truth::Unknown };
    match bound {
        Val::Date(bound) => Truth::of(at.date(zone) < bound),
        Val::Timestamp(bound) => match at.instant(zone) {
            Some(at) => Truth::of(at < bound),
            None => Truth::Unknown,
        },
        Val::Unknown => Truth::Unknown,
        other => mismatch(Truth::Unknown, &other),
    }
}

/// The date from which the table's earliest row holds; none where some row holds from ever, or from no one
/// knows when.
pub fn first_date(cx: &Context<'_>, table: KindId) -> Option<i32> {
    let Role::Table { valid: Some((from, _)), .. } = cx.plan.schema.kind(table).role else { return None };
    let mut first = None;
    for id in 0..cx.world.len(table) {
        let frame = cx.world.frame(table, id);
        let date = match Val::cell(frame.rows, frame.row, from, true) {
            Val::Date(d) => d,
            Val::Timestamp(t) => cx.zone.date_at(t),
            _ => return None,
        };
        first = Some(first.map_or(date, |f: i32| f.min(date)));
    }
    first
}
