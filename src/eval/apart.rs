//! Records judged on several machines: how they get to where those are that belong with them, and what is judged there.
//!
//! Each record moves as bytes, with its key and time in front ([`Moved`]), so that whatever carries and sorts them need
//! not know their types. Whoever judges takes them in the order of key and time ([`Part`]) and lets go of each key's
//! records as the next one comes.
//!
//! What one machine knows from all records is told to each: how far they reach ([`Extent`]), and which of them came
//! more than once (their [marks](Evaluator::survey)).

use super::repeats::identities;
use super::rows::{Col, FlawKind, Rows};
use super::screen::{Hold, screen};
use super::val::Val;
use super::verdicts::Findings;
use super::world::{Watermark, cell_type, event_time};
use super::{AsOf, BatchError, Evaluator, Options, PlanError, Truth, strata};
use crate::data::build::{CellValue, ColumnBuilder};
use crate::data::{Batch, ColumnId, Defect, InputId, KindId, Origin, Place, Time, Value};
use crate::plan::Plan;
use crate::plan::stages::{By, Stage};
use rustc_hash::{FxHashSet, FxHasher};
use serde::{Deserialize, Serialize};
use std::hash::Hasher;
use std::sync::{Arc, PoisonError};

/// How far records reach: the first and last day of those dated by day, and the first and last instant of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    pub dates: Option<(i32, i32)>,
    pub instants: Option<(i64, i64)>,
}

impl Extent {
    /// As far as both.
    pub fn joined(self, other: Extent) -> Extent {
        fn both<T: Ord + Copy>(one: Option<(T, T)>, other: Option<(T, T)>) -> Option<(T, T)> {
            match (one, other) {
                (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
                (one, other) => one.or(other),
            }
        }
        Extent { dates: both(self.dates, other.dates), instants: both(self.instants, other.instants) }
    }
}

/// Of records of which there may be several.
pub type Marks = FxHashSet<i64>;

/// A record on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    pub kind: KindId,
    /// Equal for those that have to come together.
    pub key: i64,
    /// To sort by: nanoseconds; the greatest where it is not known.
    pub time: i64,
    pub row: Vec<u8>,
}

/// Why records cannot be judged apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApartError {
    Batch(BatchError),
    Plan(PlanError),
    /// One lacks the value by which it has to come together with others: its kind, the column, and where it stands.
    NoKey {
        kind: String,
        column: String,
        row: u64,
    },
    /// Records of one identity, or that are told apart by nothing else, differ in the value by which they have to come
    /// together with others.
    TwoKeys {
        kind: String,
        columns: Vec<String>,
    },
    /// They do not come in the order of key and time.
    Order,
    /// The bytes are not those of a record of this plan.
    Damaged,
}

impl std::fmt::Display for ApartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ApartError::Batch(error) => error.fmt(f),
            ApartError::Plan(error) => error.fmt(f),
            ApartError::NoKey { kind, column, row } => write!(
                f,
                "a record of `{kind}` has no `{column}`, by which it would have to come together with others (row {row} of its part)"
            ),
            ApartError::TwoKeys { kind, columns } => write!(
                f,
                "two records of `{kind}` are one by their identity, or alike without one, but differ in `{}`, by which they would have to come together with others",
                columns.join("` or `")
            ),
            ApartError::Order => f.write_str("records do not come in the order of their keys and times"),
            ApartError::Damaged => f.write_str("this is no record of these policies"),
        }
    }
}

impl std::error::Error for ApartError {}

impl From<BatchError> for ApartError {
    fn from(error: BatchError) -> ApartError {
        ApartError::Batch(error)
    }
}

/// A value on its way.
#[derive(Serialize, Deserialize)]
enum Cell {
    Absent,
    Known(Value),
    Items(Vec<Option<Value>>),
    Defect { found: String, expected: String },
}

/// A finding on its way, for rules over findings.
#[derive(Serialize, Deserialize)]
struct FoundCells {
    /// Of its rule: those of higher levels see it.
    level: u32,
    truth: Truth,
    cells: Vec<Option<Value>>,
    malformed: Vec<(u32, String)>,
}

fn cell(plan: &Plan, rows: &Rows, row: usize, column: ColumnId) -> Cell {
    let ty = cell_type(&plan.schema, rows.kind, column);
    let col = &rows.cols[column.0 as usize];
    if let (Col::List { offsets, items, .. }, Some(of)) = (col, ty.item())
        && !col.is_null(row)
    {
        let range = offsets[row] as usize..offsets[row + 1] as usize;
        return Cell::Items(range.map(|i| items.value(i, of)).collect());
    }
    match (col.value(row, &ty), rows.flaw(row, column).map(|f| &f.kind)) {
        (Some(value), _) => Cell::Known(value),
        (None, Some(FlawKind::Malformed { found, expected })) => {
            Cell::Defect { found: found.clone(), expected: expected.clone() }
        }
        (None, _) => Cell::Absent,
    }
}

fn pack(plan: &Plan, rows: &Rows, row: usize, columns: &[ColumnId]) -> Vec<u8> {
    let cells: Vec<Cell> = columns.iter().map(|&c| cell(plan, rows, row, c)).collect();
    // Into memory nothing fails.
    postcard::to_allocvec(&cells).unwrap_or_default()
}

fn unpack(plan: &Plan, kind: KindId, rows: &[Vec<u8>], first: u64) -> Result<Batch, ApartError> {
    let schema = &*plan.schema;
    let projection = plan.columns(kind).ok_or(ApartError::Damaged)?;
    let mut columns: Vec<ColumnBuilder> =
        projection.iter().map(|&c| ColumnBuilder::new(schema, &schema.column(kind, c).ty)).collect();
    let mut defects = Vec::new();
    for (row, bytes) in rows.iter().enumerate() {
        let cells: Vec<Cell> = postcard::from_bytes(bytes).map_err(|_| ApartError::Damaged)?;
        if cells.len() != columns.len() {
            return Err(ApartError::Damaged);
        }
        for (n, (cell, column)) in cells.into_iter().zip(&mut columns).enumerate() {
            let fits = match cell {
                Cell::Known(value) => column.append(&value),
                Cell::Items(items) => column.append_items(&items),
                Cell::Absent => {
                    column.append_null();
                    true
                }
                Cell::Defect { found, expected } => {
                    column.append_null();
                    defects.push(Defect { row: row as u32, column: n as u32, found, expected });
                    true
                }
            };
            if !fits {
                return Err(ApartError::Damaged);
            }
        }
    }
    let places = (0..rows.len() as u64)
        .map(|n| Place { input: InputId(kind.0), offset: first + n, line: first + n + 1, element: 0 })
        .collect();
    let columns = columns.iter_mut().map(ColumnBuilder::finish).collect();
    Ok(Batch { kind, projection, columns, places, defects, left: Vec::new() })
}

/// Of each row a number that is equal for repeats of one record, and for records without an identity that may have to
/// be numbered; hardly ever for others.
fn marks(plan: &Plan, rows: &Rows) -> Vec<i64> {
    let kind = plan.schema.kind(rows.kind);
    let mut columns = kind.telling();
    columns.retain(|c| !kind.columns[c.0 as usize].sensitive);
    let content = |row: usize| {
        let mut hasher = FxHasher::default();
        hasher.write_u32(rows.kind.0);
        hasher.write(&pack(plan, rows, row, &columns));
        hasher.finish()
    };
    let named = identities(plan, rows).into_iter().enumerate();
    named.map(|(row, mark)| mark.unwrap_or_else(|| content(row)) as i64).collect()
}

fn order_of(rows: &Rows, row: usize, time: Option<ColumnId>) -> i64 {
    match time.and_then(|column| event_time(rows, row, column)) {
        Some(Time::Instant(at)) => at,
        Some(Time::Date(day)) => i64::from(day).saturating_mul(86_400_000_000_000),
        None => i64::MAX,
    }
}

impl Evaluator {
    fn rows(&self, batch: Batch) -> Result<Rows, BatchError> {
        let needed = self.plan.columns(batch.kind).unwrap_or_default();
        Rows::of(batch, &self.plan.schema, &needed)
    }

    fn watermark(&self) -> Watermark {
        Watermark { as_of: self.options.as_of, ..Watermark::default() }
    }

    /// Of each row a mark: equal for records that are, or may be, repeats of one, or alike; with a number that is equal
    /// where repeats agree on some columns. And how far the rows reach. For a plan of [`crate::plan::stages::survey`].
    ///
    /// Repeats that differ in a column by which some stage brings records together cannot be judged apart: whose record
    /// it is, is not known. Nor can records without an identity that are alike but for such a column, which would be
    /// numbered in two places.
    ///
    /// # Errors
    /// A batch that is not of the plan's shape.
    pub fn survey(&self, batch: Batch, columns: &[ColumnId]) -> Result<(Vec<(i64, i64)>, Extent), BatchError> {
        let mut rows = self.rows(batch)?;
        let mut reach = Watermark::default();
        if let Some(time) = self.plan.schema.kind(rows.kind).time() {
            let as_of = self.watermark();
            let mut stay = Vec::with_capacity(rows.len());
            for row in 0..rows.len() {
                let at = event_time(&rows, row, time);
                if !at.is_some_and(|t| as_of.is_after(t, &self.runtime.zone)) {
                    at.into_iter().for_each(|t| reach.see(t));
                    stay.push(row as u32);
                }
            }
            rows = rows.take(&stay);
        }
        let agree = |row: usize| hash(&pack(&self.plan, &rows, row, columns));
        let marks = marks(&self.plan, &rows).into_iter().enumerate().map(|(row, mark)| (mark, agree(row)));
        Ok((marks.collect(), Extent { dates: reach.dates, instants: reach.instants }))
    }

    /// All records reach so far, those that do not come here too.
    pub fn reaches(&mut self, extent: Extent) {
        let Extent { dates, instants } = extent;
        let taken = self.taken.get_mut().unwrap_or_else(PoisonError::into_inner);
        taken.reaches(Watermark { as_of: self.options.as_of, dates, instants });
    }

    /// Takes records in that are judged each by itself, without those of which there may be several: these have to
    /// come together first ([`Evaluator::scatter`]).
    ///
    /// # Errors
    /// A batch that is not of the plan's shape.
    pub fn take_single(&self, batch: Batch, several: &Marks) -> Result<(), BatchError> {
        let mut rows = self.rows(batch)?;
        if !several.is_empty() {
            let marks = marks(&self.plan, &rows).into_iter().enumerate();
            let single: Vec<u32> = marks.filter(|(_, m)| !several.contains(m)).map(|(row, _)| row as u32).collect();
            rows = rows.take(&single);
        }
        // None has the identity of another, so what no rule finds anything in may be forgotten.
        let (keep, hold) = (self.options.keep_compliant, Hold::Hashes);
        let mut screened = screen(&self.plan, &self.runtime, keep, self.watermark(), rows, (true, hold));
        screened.segment.gone = Vec::new();
        self.absorb(screened);
        Ok(())
    }

    /// The records that some rule may find something in, and all of which there may be several, as they go to where
    /// they are judged; where each is judged by itself, only the latter.
    ///
    /// # Errors
    /// A batch that is not of the plan's shape, and records without the value by which they come together.
    pub fn scatter(&self, batch: Batch, by: &By, several: &Marks) -> Result<Vec<Moved>, ApartError> {
        let kind = batch.kind;
        let mut batch = batch;
        for (n, place) in batch.places.iter_mut().enumerate() {
            *place = Place { input: InputId(0), offset: n as u64, line: place.line, element: 0 };
        }
        let rows = self.rows(batch)?;
        let marks = if several.is_empty() { Vec::new() } else { marks(&self.plan, &rows) };
        let is_several = |row: usize| marks.get(row).is_some_and(|m| several.contains(m));
        let mut keep: Vec<bool> = (0..rows.len()).map(is_several).collect();
        if *by != By::Record {
            let how = (true, Hold::Hashes);
            let screened = screen(&self.plan, &self.runtime, false, self.watermark(), rows.clone(), how);
            for part in std::iter::once(&screened).chain(&screened.derived) {
                part.segment.rows.places.iter().for_each(|p| keep[p.offset as usize] = true);
            }
        }
        let columns = self.plan.columns(kind).unwrap_or_default();
        let time = self.plan.schema.kind(kind).time();
        let mut bytes = Vec::new();
        let mut moved = Vec::new();
        for row in (0..rows.len()).filter(|&row| keep[row]) {
            let key = match by {
                By::Record => marks[row],
                By::Everyone => 0,
                By::Key(keys) => {
                    let column = *keys.get(&kind).ok_or(ApartError::Damaged)?;
                    bytes.clear();
                    if !Val::cell(&rows, row, column, false).encode(&mut bytes) {
                        let of = self.plan.schema.kind(kind);
                        let column = of.columns[column.0 as usize].name.clone();
                        return Err(ApartError::NoKey { kind: of.name.clone(), column, row: rows.places[row].line });
                    }
                    hash(&bytes)
                }
            };
            let row_bytes = pack(&self.plan, &rows, row, &columns);
            moved.push(Moved { kind, key, time: order_of(&rows, row, time), row: row_bytes });
        }
        Ok(moved)
    }
}

fn hash(bytes: &[u8]) -> i64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish() as i64
}

impl Findings {
    /// A verdict as rules over findings read it, as bytes for [`found`]; none of one that is none to them.
    pub fn for_later(&self, i: usize) -> Option<Vec<u8>> {
        let kinds = &self.plan.schema.kinds;
        let kind = KindId(kinds.iter().position(|k| k.origin == Origin::Findings)? as u32);
        let (truth, cells) = strata::row_of(&self.judging(), kind, &self.entries[i])?;
        let level = self.row(i).rule.level;
        let mut packed = FoundCells { level, truth, cells: Vec::with_capacity(cells.len()), malformed: Vec::new() };
        for (n, cell) in cells.into_iter().enumerate() {
            packed.cells.push(match cell {
                CellValue::Known(value) => Some(value),
                CellValue::Absent => None,
                CellValue::Malformed(text) => {
                    packed.malformed.push((n as u32, text));
                    None
                }
            });
        }
        postcard::to_allocvec(&packed).ok()
    }
}

/// What [`Findings::for_later`] gave, on its way to a stage that reads findings; none where the stage does not see it.
///
/// # Errors
/// Bytes that are none, and a finding without the value by which it has to come together with records.
pub fn found(stage: &Stage, bytes: &[u8]) -> Result<Option<Moved>, ApartError> {
    let Some(kind) = stage.findings() else { return Ok(None) };
    let of = stage.plan.schema.kind(kind);
    let found: FoundCells = postcard::from_bytes(bytes).map_err(|_| ApartError::Damaged)?;
    if found.cells.len() != of.columns.len() {
        return Err(ApartError::Damaged);
    }
    if found.level >= stage.level {
        return Ok(None);
    }
    let value = |column: Option<ColumnId>| column.and_then(|c| found.cells[c.0 as usize].as_ref());
    let time = match value(of.time()) {
        Some(Value::Timestamp(at)) => *at,
        Some(Value::Date(day)) => i64::from(*day).saturating_mul(86_400_000_000_000),
        _ => i64::MAX,
    };
    let key = match stage.key(kind) {
        None => 0,
        Some(column) => {
            let mut key = Vec::new();
            if !value(Some(column)).is_some_and(|v| Val::of(v).encode(&mut key)) {
                let column = of.columns[column.0 as usize].name.clone();
                return Err(ApartError::NoKey { kind: of.name.clone(), column, row: 0 });
            }
            hash(&key)
        }
    };
    Ok(Some(Moved { kind, key, time, row: bytes.to_vec() }))
}

/// So many records are judged together at the least, where so many come.
const TOGETHER: usize = 1 << 17;
/// Rows of a batch.
const BATCH: usize = 1 << 13;

/// Judges what comes to one place, in the order of key and time.
#[derive(Debug)]
pub struct Part {
    stage: Arc<Stage>,
    tables: Vec<Batch>,
    extent: Extent,
    options: Options,
    /// By kind.
    waiting: Vec<Vec<Vec<u8>>>,
    held: usize,
    together: usize,
    last: Option<(i64, i64)>,
}

impl Part {
    /// `tables`: all rows of the tables that the stage reads.
    pub fn new(stage: Arc<Stage>, tables: Vec<Batch>, extent: Extent, as_of: Option<AsOf>) -> Part {
        let waiting = stage.plan.schema.kinds.iter().map(|_| Vec::new()).collect();
        let options = Options { as_of, ..Options::default() };
        Part { stage, tables, extent, options, waiting, held: 0, together: TOGETHER, last: None }
    }

    /// So many records are judged together at the least, where so many come.
    pub fn together(self, records: usize) -> Part {
        Part { together: records, ..self }
    }

    /// Takes a record. What those before it came to is given as soon as there are many of them.
    ///
    /// # Errors
    /// Records in another order, and bytes that are none.
    pub fn push(&mut self, moved: Moved) -> Result<Option<Findings>, ApartError> {
        let Moved { kind, key, time, row } = moved;
        let at = (key, time);
        if self.last.is_some_and(|last| at < last) {
            return Err(ApartError::Order);
        }
        let next = self.last.is_some_and(|(last, _)| last != key);
        let done = if next && self.held >= self.together { Some(self.judge()?) } else { None };
        self.last = Some(at);
        self.waiting.get_mut(kind.0 as usize).ok_or(ApartError::Damaged)?.push(row);
        self.held += 1;
        Ok(done)
    }

    /// What is left comes to this. Nothing more comes.
    ///
    /// # Errors
    /// Bytes that are no records.
    pub fn finish(mut self) -> Result<Findings, ApartError> {
        self.judge()
    }

    fn judge(&mut self) -> Result<Findings, ApartError> {
        let plan = &self.stage.plan;
        let mut evaluator = Evaluator::new(plan.clone(), self.options).map_err(ApartError::Plan)?;
        evaluator.reaches(self.extent);
        for table in &self.tables {
            evaluator.push(table.clone())?;
        }
        self.held = 0;
        for (kind, rows) in self.waiting.iter_mut().enumerate() {
            let (kind, rows) = (KindId(kind as u32), std::mem::take(rows));
            if plan.schema.kind(kind).origin == Origin::Findings {
                let found = rows.iter().map(|bytes| later(bytes)).collect::<Result<Vec<_>, _>>()?;
                evaluator.before.extend(found);
                continue;
            }
            for (n, chunk) in rows.chunks(BATCH).enumerate() {
                evaluator.push(unpack(plan, kind, chunk, (n * BATCH) as u64)?)?;
            }
        }
        Ok(evaluator.finish())
    }
}

fn later(bytes: &[u8]) -> Result<strata::Row, ApartError> {
    let FoundCells { truth, cells, malformed, .. } = postcard::from_bytes(bytes).map_err(|_| ApartError::Damaged)?;
    let mut cells: Vec<CellValue> = cells.into_iter().map(|c| c.map_or(CellValue::Absent, CellValue::Known)).collect();
    for (n, text) in malformed {
        *cells.get_mut(n as usize).ok_or(ApartError::Damaged)? = CellValue::Malformed(text);
    }
    Ok((truth, cells))
}
