//! What rules of lower levels find, as records for those above.

use super::index::HistoryIndex;
use super::records::settle_kind;
use super::results::{Entry, Judging};
use super::rows::Rows;
use super::screen::{Hold, screen};
use super::val::Val;
use super::world::{Watermark, World};
use super::{Options, Runtime, Truth};
use crate::data::build::{CellValue, batch_from_cells};
use crate::data::{ColumnId, InputId, KindId, Place, Schema, Severity, Type, Value, Verdict, display, identity};
use crate::plan::Plan;
use crate::threads;
use std::sync::Arc;

/// Rows of a kind of findings, and whether each is there at all.
pub struct Found {
    rows: Rows,
    truths: Vec<Truth>,
}

/// Whether a finding is there, and what rules over findings read of it.
pub type Row = (Truth, Vec<CellValue>);

/// A verdict as rules over findings read it; none where it is none to them.
pub fn row_of(judging: &Judging<'_>, kind: KindId, entry: &Entry) -> Option<Row> {
    let truth = match entry.judgement.verdict {
        Verdict::Finding => Truth::True,
        Verdict::Indeterminate => Truth::Unknown,
        Verdict::Pending => Truth::Pending,
        Verdict::Compliant | Verdict::Excepted | Verdict::Waived | Verdict::Repeated => return None,
    };
    let columns = 0..judging.plan.schema.kind(kind).columns.len() as u32;
    Some((truth, columns.map(|c| cell(judging, kind, ColumnId(c), entry)).collect()))
}

/// The verdicts that are findings, or may be, behind those that were found elsewhere.
pub fn collect(judging: &Judging<'_>, kind: KindId, before: &[Row], entries: &[Entry]) -> Option<Found> {
    let schema = &judging.plan.schema;
    let columns: Arc<[ColumnId]> = (0..schema.kind(kind).columns.len() as u32).map(ColumnId).collect();
    let nowhere = Place { input: InputId(u32::MAX), offset: 0, line: 0, element: 0 };
    let (mut cells, mut places, mut truths) = (Vec::new(), Vec::new(), Vec::new());
    for (truth, row) in before {
        truths.push(*truth);
        places.push(nowhere);
        cells.push(row.clone());
    }
    for entry in entries {
        let Some((truth, row)) = row_of(judging, kind, entry) else { continue };
        let frame = judging.world.frame(entry.kind, entry.id);
        truths.push(truth);
        places.push(frame.rows.places.get(frame.row).copied().unwrap_or(nowhere));
        cells.push(row);
    }
    let batch = batch_from_cells(schema, kind, Arc::clone(&columns), &cells, places);
    let needed = judging.plan.kinds.get(kind.0 as usize)?.projection.as_deref()?;
    Some(Found { rows: Rows::of(batch, schema, needed).ok()?, truths })
}

fn cell(judging: &Judging<'_>, kind: KindId, column: ColumnId, entry: &Entry) -> CellValue {
    let (plan, schema) = (judging.plan, &judging.plan.schema);
    let rule = &plan.rules[entry.rule as usize];
    let declared = schema.column(kind, column);
    let text = |text: &Option<String>| match text {
        Some(text) => CellValue::Known(Value::Text(text.clone())),
        None => CellValue::Absent,
    };
    let word = |name: &str| match &declared.ty {
        Type::Enum(id) => schema
            .enum_def(*id)
            .words
            .iter()
            .position(|w| w.name == name)
            .map_or(CellValue::Absent, |w| CellValue::Known(Value::Enum(*id, w as u16))),
        _ => CellValue::Absent,
    };
    match declared.name.as_str() {
        "id" => CellValue::Known(Value::Text(identity::hex(&judging.identity(entry)))),
        "rule" => word(&rule.name),
        "severity" => word(Severity::as_str(rule.severity)),
        "title" => CellValue::Known(Value::Text(rule.title.clone())),
        "policy" => text(&rule.policy),
        "cite" => text(&rule.cite),
        "consequence" => text(&rule.consequence),
        "time" => {
            let zone = judging.context(rule, None).zone;
            match (entry.time, &declared.ty) {
                (Some(time), Type::Date) => CellValue::Known(Value::Date(time.date(zone))),
                (Some(time), _) => match time.instant(zone) {
                    Some(at) => CellValue::Known(Value::Timestamp(at)),
                    None => CellValue::Malformed(display::time(time, zone)),
                },
                (None, _) => CellValue::Absent,
            }
        }
        _ => subject(judging, &declared.ty, declared.optional, entry),
    }
}

/// Absent where the rule's records have none; unknown where this record's is not known.
fn subject(judging: &Judging<'_>, ty: &Type, optional: bool, entry: &Entry) -> CellValue {
    let schema: &Schema = &judging.plan.schema;
    let unknown = || CellValue::Malformed(display::UNKNOWN.into());
    let (value, of) = if let Some(owner) = judging.owner(entry) {
        (owner.clone(), ty.clone())
    } else {
        let Some(column) = schema.kind(entry.kind).subject() else { return CellValue::Absent };
        let frame = judging.world.frame(entry.kind, entry.id);
        let of = schema.column(entry.kind, column);
        match Val::cell(frame.rows, frame.row, column, of.optional) {
            Val::Absent => return CellValue::Absent,
            cell => match cell.owned(&of.ty, schema) {
                Some(value) => (value, of.ty.clone()),
                None if optional => return unknown(),
                None => return CellValue::Absent,
            },
        }
    };
    match (crate::plan::stored(schema, ty), crate::plan::stored(schema, &of)) {
        (a, b) if a == b => CellValue::Known(value),
        _ => {
            let rule = &judging.plan.rules[entry.rule as usize];
            CellValue::Known(Value::Text(display::exact(&value, schema, judging.context(rule, None).zone)))
        }
    }
}

/// What the rows alone say of the rules over them.
pub struct Laid {
    /// By rule: how many are compliant by themselves.
    pub compliant: Vec<(u32, u64)>,
    /// Rules that were in force at one of them.
    pub in_force: Vec<u32>,
}

/// Lays them in their order, for the rules that see them.
pub fn lay(
    plan: &Plan,
    runtime: &Runtime,
    world: &mut World,
    candidates: &mut [Vec<u32>],
    found: Found,
    options: &Options,
) -> Laid {
    let Found { rows, truths } = found;
    let kind = rows.kind;
    let screened = screen(plan, runtime, options.keep_compliant, Watermark::default(), rows, (false, Hold::Rows));
    let (compliant, in_force) = (screened.compliant, screened.in_force);
    let laid = settle_kind(plan, runtime, kind, vec![screened.segment], Watermark::default(), options.keep_compliant);
    let mut own = laid.world;
    let places = own.order.iter().enumerate();
    own.open = places
        .filter_map(|(id, &(_, row))| truths.get(row as usize).filter(|t| **t != Truth::True).map(|t| (id as u32, *t)))
        .collect();
    world.kinds[kind.0 as usize] = own;
    laid.candidates.into_iter().for_each(|(rule, ids)| candidates[rule as usize] = ids);
    let mut rows_of = vec![Vec::new(); plan.histories.len()];
    laid.histories.into_iter().for_each(|(history, ids)| rows_of[history as usize] = ids);
    let of: Vec<usize> = (0..plan.histories.len()).filter(|&h| plan.histories[h].kind == kind).collect();
    let strict = super::world::strict(plan);
    let built = threads::each(options.threads, of.len(), |i| {
        HistoryIndex::build(plan, runtime, world, (of[i] as u32, &rows_of[of[i]]), (strict[of[i]], 0))
    });
    of.into_iter().zip(built).for_each(|(h, index)| world.histories[h] = index);
    Laid { compliant, in_force }
}
