//! Rows on their way into columns: those that a rule looks at, and what is kept of the others.

use super::Sift;
use super::layout::Target;
use super::paths::{Kept, Part, Slots};
use super::rows::{Cells, Expr};
use super::values::{MAX_TEXT, Misfit, unquoted};
use super::worker::Spread;
use crate::data::build::{ColumnBuilder, shortened};
use crate::data::calendar::Zone;
use crate::data::times;
use crate::data::{Batch, ColumnId, Defect, Gone, KindId, LetGo, Place, Reading, Seen, Sieve};
use std::sync::Arc;

/// Batches are given out at the latest with so many rows, or so many bytes of input.
const MAX_ROWS: usize = 1 << 13;
const MAX_BATCH_BYTES: usize = 64 << 20;

/// So many rows are sifted together.
const TOGETHER: usize = 64;

/// Rows of a target that wait for others, to be sifted together.
#[derive(Debug, Default)]
pub struct Waiting<'a>(Vec<WaitingRow<'a>>);

#[derive(Clone, Copy, Debug)]
pub struct WaitingRow<'a> {
    pub kept: Kept<'a>,
    pub place: Place,
    pub bytes: usize,
}

impl<'a> Waiting<'a> {
    /// Whether there are enough of them then.
    #[inline]
    pub fn add(&mut self, row: WaitingRow<'a>) -> bool {
        if self.0.is_empty() {
            self.0.reserve_exact(TOGETHER);
        }
        self.0.push(row);
        self.0.len() >= TOGETHER
    }

    pub fn rows(&self) -> &[WaitingRow<'a>] {
        &self.0
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// What stands in a slot of some of the rows that wait, and in which text.
struct Column<'c, 'a> {
    rows: std::slice::Iter<'c, u32>,
    all: &'c [WaitingRow<'a>],
    slots: &'c Slots<'a>,
    slot: u32,
}

impl<'a> Iterator for Column<'_, 'a> {
    type Item = (Part, &'a str);

    #[inline(always)]
    fn next(&mut self) -> Option<(Part, &'a str)> {
        let kept = self.all[*self.rows.next()? as usize].kept;
        Some((self.slots.part(kept, self.slot), kept.text))
    }
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Kept,
    /// It is yet to be.
    LetGo,
    /// In brief.
    Gone,
}

/// What is kept of the rows of a target, and where the rest goes.
pub struct Sifter<'w> {
    sieve: &'w dyn Sieve,
    looked_at: Vec<&'w Expr>,
    brief: Option<InBrief<'w>>,
    /// Rows that are let go and not plain.
    rest: Filling,
    /// As the columns of `rest`.
    exprs: Vec<&'w Expr>,
    projection: Arc<[ColumnId]>,
    scratch: Vec<u128>,
    /// For whom the rows that were sifted last were left, so many words each.
    left: Vec<u128>,
    words: usize,
    tried: u32,
    kept: u32,
}

/// Rows that are let go of which a hash is all that stays.
struct InBrief<'w> {
    /// The slot of a text that is taken as it stands.
    identity: u32,
    /// The slot of a time in the usual form, and the zone where it has no offset.
    time: Option<(u32, &'w Zone)>,
    gone: Gone,
}

pub struct Filling {
    columns: Vec<ColumnBuilder>,
    places: Vec<Place>,
    defects: Vec<Defect>,
    /// For whom each row was left, as far as that was told.
    left: Vec<u128>,
    told: usize,
    bytes: usize,
}

impl Filling {
    pub fn new(reading: &Reading, kind: KindId, projection: &[ColumnId]) -> Filling {
        let schema = &reading.schema;
        let builder = |c: &ColumnId| ColumnBuilder::new(schema, &schema.column(kind, *c).ty);
        Filling {
            columns: projection.iter().map(builder).collect(),
            places: Vec::new(),
            defects: Vec::new(),
            left: Vec::new(),
            told: 0,
            bytes: 0,
        }
    }

    /// For whom the next row was left.
    pub fn tell(&mut self, left: &[u128]) {
        self.left.extend_from_slice(left);
        self.told += usize::from(!left.is_empty());
    }

    /// Whether it is full then.
    #[inline]
    pub fn add<'e>(
        &mut self,
        exprs: &mut impl Iterator<Item = &'e Expr>,
        cells: &impl Cells,
        place: Place,
        bytes: usize,
    ) -> bool {
        for (n, (expr, column)) in exprs.zip(&mut self.columns).enumerate() {
            if let Err(Misfit { found, expected }) = expr.append(cells, column) {
                let (row, column) = (self.places.len() as u32, n as u32);
                self.defects.push(Defect { row, column, found: shortened(&found), expected });
            }
        }
        self.places.push(place);
        self.bytes += bytes;
        self.places.len() >= MAX_ROWS || self.bytes >= MAX_BATCH_BYTES
    }

    /// Values that are not what their field is for, in the rows of the next batch.
    pub fn malformed(&self) -> u64 {
        self.defects.len() as u64
    }

    pub fn take(&mut self, kind: KindId, projection: &Arc<[ColumnId]>) -> Option<Batch> {
        if self.places.is_empty() {
            return None;
        }
        self.bytes = 0;
        let left = std::mem::take(&mut self.left);
        let all_told = std::mem::take(&mut self.told) == self.places.len();
        Some(Batch {
            kind,
            projection: projection.clone(),
            columns: self.columns.iter_mut().map(ColumnBuilder::finish).collect(),
            places: {
                let room = Vec::with_capacity(self.places.len());
                std::mem::replace(&mut self.places, room)
            },
            defects: std::mem::take(&mut self.defects),
            left: if all_told { left } else { Vec::new() },
        })
    }
}

impl InBrief<'_> {
    /// False, and nothing added, where the row is not plain.
    #[inline(always)]
    fn add<'t>(&mut self, sieve: &dyn Sieve, text: impl Fn(u32) -> Option<&'t str>) -> bool {
        let Some(identity) = text(self.identity).filter(|text| text.len() <= MAX_TEXT) else { return false };
        if let Some((slot, zone)) = self.time {
            let Some(time) = text(slot).and_then(|text| times::timestamp(text, zone)) else { return false };
            let (first, last) = self.gone.times.unwrap_or((time, time));
            self.gone.times = Some((first.min(time), last.max(time)));
        }
        if self.gone.identities.is_empty() {
            self.gone.identities.reserve_exact(MAX_ROWS + TOGETHER);
        }
        self.gone.identities.push(sieve.hash(self.gone.kind, identity));
        true
    }

    fn is_full(&self) -> bool {
        self.gone.identities.len() >= MAX_ROWS
    }

    fn take(&mut self) -> Option<Gone> {
        let mut identities = std::mem::take(&mut self.gone.identities);
        identities.shrink_to_fit();
        let times = self.gone.times.take();
        (!identities.is_empty()).then_some(Gone { kind: self.gone.kind, identities, times })
    }
}

impl<'w> Sifter<'w> {
    pub fn new(reading: &Reading, target: &'w Target, sift: Sift<'w>) -> Option<Sifter<'w>> {
        let looked_at = sift.sieve.columns(target.kind)?;
        let projection = sift.sieve.rest(target.kind);
        let exprs = |columns: &[ColumnId]| columns.iter().map(|c| target.expr(*c)).collect::<Option<Vec<_>>>();
        let brief = sift.sieve.brief(target.kind).and_then(|brief| {
            let identity = target.expr(brief.identity)?.as_it_stands()?;
            let time = match brief.time {
                Some(time) => {
                    let (slot, reader) = target.expr(time)?.read_plainly()?;
                    Some((slot, reader.usual_time()?))
                }
                None => None,
            };
            let gone = Gone { kind: target.kind, identities: Vec::new(), times: None };
            Some(InBrief { identity, time, gone })
        });
        Some(Sifter {
            sieve: sift.sieve,
            looked_at: exprs(looked_at)?,
            brief,
            rest: Filling::new(reading, target.kind, &projection),
            exprs: exprs(&projection)?,
            projection,
            scratch: Vec::new(),
            left: Vec::new(),
            words: 0,
            tried: 0,
            kept: 0,
        })
    }

    #[inline]
    pub fn keeps(&mut self, kind: KindId, cells: &impl Cells) -> bool {
        let Sifter { sieve, looked_at, scratch, .. } = self;
        let keeps = sieve.keeps(kind, scratch, &mut |nth| looked_at[nth].seen(cells));
        self.tried += 1;
        self.kept += u32::from(keeps);
        keeps
    }

    /// What is done with each of several rows; those that are let go in brief are.
    pub fn sift<'a>(&mut self, kind: KindId, all: &[WaitingRow<'a>], slots: &Slots<'a>) -> Vec<Fate> {
        let Sifter { sieve, looked_at, left, brief, .. } = self;
        let mut kept = vec![false; all.len()];
        let mut values =
            |nth: usize, rows: &[u32], lookup: Option<&_>, out: &mut [Seen<'a>]| match looked_at[nth].read_plainly() {
                Some((slot, reader)) => reader.seen_each(Column { rows: rows.iter(), all, slots, slot }, lookup, out),
                None => out.fill(Seen::Other),
            };
        self.words = sieve.keeps_each(kind, &mut kept, left, &mut values);
        self.tried += kept.len() as u32;
        self.kept += kept.iter().filter(|kept| **kept).count() as u32;
        let fate = |(kept, WaitingRow { kept: at, .. }): (&bool, &WaitingRow<'a>)| match (*kept, &mut *brief) {
            (true, _) => Fate::Kept,
            (false, Some(brief)) => {
                let text = |slot| {
                    let part = slots.part(*at, slot);
                    part.text(at.text).or_else(|| unquoted(part.of(at.text)))
                };
                if brief.add(*sieve, text) { Fate::Gone } else { Fate::LetGo }
            }
            (false, None) => Fate::LetGo,
        };
        kept.iter().zip(all).map(fate).collect()
    }

    /// For whom one of the rows that were sifted last was left; empty where that is not told.
    pub fn left(&self, row: usize) -> &[u128] {
        &self.left[row * self.words..][..self.words]
    }

    /// Adds a row that no rule looks at; whether the batch is full then.
    #[inline]
    pub fn let_go(&mut self, cells: &impl Cells, place: Place, bytes: usize) -> bool {
        if let Some(brief) = &mut self.brief
            && brief.add(self.sieve, |slot| cells.raw(false, slot).and_then(unquoted))
        {
            return brief.is_full();
        }
        self.rest.add(&mut self.exprs.iter().copied(), cells, place, bytes)
    }

    /// Whether what is let go in brief is to be given out.
    pub fn is_full(&self) -> bool {
        self.brief.as_ref().is_some_and(InBrief::is_full)
    }

    /// What was let go since the last time, and how many of its values are malformed.
    pub fn take(&mut self, kind: KindId) -> (u64, impl Iterator<Item = LetGo>) {
        let malformed = self.rest.malformed();
        let rows = self.rest.take(kind, &self.projection).map(LetGo::Rows);
        let brief = self.brief.as_mut().and_then(InBrief::take).map(LetGo::Brief);
        (malformed, rows.into_iter().chain(brief))
    }

    /// Where most are kept, telling them apart takes longer than it saves.
    pub fn is_idle(&self) -> bool {
        self.tried >= MAX_ROWS as u32 && self.kept > self.tried / 2
    }

    pub fn keeps_any(&self, kind: KindId, spread: &impl Spread) -> bool {
        self.sieve.keeps_any(kind, &mut |nth| spread.between(self.looked_at[nth]))
    }
}
