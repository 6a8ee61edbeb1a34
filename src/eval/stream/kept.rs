//! Rows of one kind that are kept, in batches.

use crate::data::calendar::Zone;
use crate::data::{Batch, Defect};
use crate::plan::Plan;
use arrow_array::{Array, ArrayRef, Date32Array, TimestampNanosecondArray, UInt32Array};
use arrow_select::concat::concat;
use arrow_select::take::take;

/// So many batches are laid together.
const MANY: usize = 16;
/// Those of fewer rows.
const FEW: usize = 1 << 13;

/// Each batch with the moments of its rows.
#[derive(Debug, Default)]
pub struct Kept {
    batches: Vec<(Batch, Vec<Option<i64>>)>,
}

/// When the records of a batch happened; of a day, its beginning.
pub fn moments(plan: &Plan, batch: &Batch, zone: &Zone) -> Vec<Option<i64>> {
    let unknown = || vec![None; batch.rows()];
    let Some(column) = plan.schema.kind(batch.kind).time() else { return unknown() };
    let Some(at) = batch.projection.iter().position(|c| *c == column) else { return unknown() };
    let array = batch.columns[at].as_any();
    if let Some(days) = array.downcast_ref::<Date32Array>() {
        return days.iter().map(|day| zone.start_of(day?)).collect();
    }
    match array.downcast_ref::<TimestampNanosecondArray>() {
        Some(times) => times.iter().collect(),
        None => unknown(),
    }
}

impl Kept {
    pub fn rows(&self) -> usize {
        self.batches.iter().map(|b| b.0.rows()).sum()
    }

    pub fn batches(&self) -> impl Iterator<Item = &Batch> {
        self.batches.iter().map(|b| &b.0)
    }

    /// Some rows of a batch.
    pub fn add(&mut self, batch: Batch, times: Vec<Option<i64>>, rows: &[u32]) {
        if rows.len() == batch.rows() {
            self.batches.push((batch, times));
        } else if let Some(some) = picked(&batch, &times, rows) {
            self.batches.push(some);
        }
        self.batches.retain(|b| b.0.rows() > 0);
    }

    /// Lets go of what is older than a moment, if not of all of it at once.
    pub fn let_go(&mut self, from: i64) {
        let needed = |time: &Option<i64>| time.is_none_or(|at| at >= from);
        self.batches.retain(|(_, times)| times.iter().any(needed));
        let small = self.batches.iter().filter(|b| b.0.rows() < FEW).count();
        let old: usize = self.batches.iter().flat_map(|b| &b.1).filter(|t| !needed(t)).count();
        if small <= MANY && old < FEW {
            return;
        }
        let (few, mut rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.batches).into_iter().partition(|b| b.0.rows() < FEW);
        for (batch, times) in &mut rest {
            let rows: Vec<u32> = (0..times.len() as u32).filter(|&r| needed(&times[r as usize])).collect();
            if rows.len() < times.len() / 2
                && let Some(some) = picked(batch, times, &rows)
            {
                (*batch, *times) = some;
            }
        }
        let few = few.into_iter().map(|(batch, times)| {
            let rows: Vec<u32> = (0..times.len() as u32).filter(|&r| needed(&times[r as usize])).collect();
            picked(&batch, &times, &rows).unwrap_or((batch, times))
        });
        rest.extend(joined(few.collect()));
        self.batches = rest;
    }
}

fn picked(batch: &Batch, times: &[Option<i64>], rows: &[u32]) -> Option<(Batch, Vec<Option<i64>>)> {
    let indices = UInt32Array::from(rows.to_vec());
    let columns = batch.columns.iter().map(|c| take(c, &indices, None)).collect::<Result<Vec<_>, _>>().ok()?;
    let places = rows.iter().map(|&r| batch.places[r as usize]).collect();
    let defects = batch.defects.iter().filter_map(|d| {
        let row = rows.binary_search(&d.row).ok()? as u32;
        Some(Defect { row, ..d.clone() })
    });
    let defects = defects.collect();
    let times = rows.iter().map(|&r| times[r as usize]).collect();
    Some((
        Batch { kind: batch.kind, projection: batch.projection.clone(), columns, places, defects, left: Vec::new() },
        times,
    ))
}

/// Batches of one kind and the same columns as one; as they are where they cannot be joined.
fn joined(all: Vec<(Batch, Vec<Option<i64>>)>) -> Vec<(Batch, Vec<Option<i64>>)> {
    let Some((first, _)) = all.first() else { return all };
    if all.len() < 2 || all.iter().any(|(b, _)| b.projection != first.projection) {
        return all;
    }
    let columns: Result<Vec<ArrayRef>, _> = (0..first.columns.len())
        .map(|c| concat(&all.iter().map(|(b, _)| b.columns[c].as_ref()).collect::<Vec<&dyn Array>>()))
        .collect();
    let Ok(columns) = columns else { return all };
    let (kind, projection) = (first.kind, first.projection.clone());
    let (mut places, mut defects, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for (batch, of) in all {
        let before = places.len() as u32;
        defects.extend(batch.defects.into_iter().map(|d| Defect { row: d.row + before, ..d }));
        places.extend(batch.places);
        times.extend(of);
    }
    vec![(Batch { kind, projection, columns, places, defects, left: Vec::new() }, times)]
}
