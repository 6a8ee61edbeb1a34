//! The same records with one change, judged again: by the evaluator itself, so that what is said of a change is
//! what an audit of the changed records would say.

use super::super::explain::named_finding;
use super::super::index::encode_keys;
use super::super::interp::{Context, Frame, Scope};
use super::super::records::{Taken, settle};
use super::super::results::{Entry, conclude};
use super::super::rows::Rows;
use super::super::screen::{Hold, screen};
use super::super::world::{Watermark, cell_type};
use super::super::{Findings, Options};
use crate::data::build::{CellValue, batch_from_cells};
use crate::data::{ColumnId, InputId, KindId, Origin, Place, Role, Time, Value, Verdict};
use crate::plan::{Expr, Op, RulePlan, Trigger};
use rustc_hash::FxHashSet;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// None: absent.
    Set {
        kind: KindId,
        id: u32,
        column: ColumnId,
        to: Option<Value>,
    },
    Add {
        kind: KindId,
        cells: Vec<(ColumnId, Value)>,
    },
    Remove {
        kind: KindId,
        id: u32,
    },
}

/// How the rule ended there, with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// None: not triggered.
    pub verdict: Option<Verdict>,
    pub exception: Option<u8>,
    /// Findings of the rule at other records.
    pub others: u64,
}

/// Rows and trials multiplied: beyond it fewer trials are made.
const WORK: usize = 20_000_000;

pub struct Lab<'f> {
    findings: &'f Findings,
    rule: u32,
    kind: KindId,
    place: Place,
    /// Of `on each`.
    time: Option<Time>,
    subject: Option<String>,
    /// Its id, where the rule is over findings.
    finding: Option<String>,
    /// By kind, in order: the records that may matter.
    ids: Vec<Vec<u32>>,
    pub before: Outcome,
    pub trials: usize,
}

impl<'f> Lab<'f> {
    /// None where nothing can be tried: the records are not all at hand.
    pub fn new(findings: &'f Findings, rule: u32, frame: &Frame<'f>, entry: Option<&Entry>) -> Option<Lab<'f>> {
        let of = &findings.plan.rules[rule as usize];
        let schema = &findings.plan.schema;
        if !findings.runtime.retain {
            return None;
        }
        let each = matches!(of.trigger, Trigger::Each { .. });
        // The records behind findings, and those that are read as one of several kinds, are not told by its keys.
        let kinds = of.histories.iter().map(|h| findings.plan.histories[*h as usize].kind).chain([of.trigger.kind()]);
        let declared = kinds.map(|k| &schema.kind(k).origin).all(|origin| *origin == Origin::Declared);
        let finding = (schema.kind(frame.kind).origin == Origin::Findings)
            .then(|| named_finding(&findings.context(of, None), frame).1);
        let mut lab = Lab {
            findings,
            rule,
            kind: frame.kind,
            place: *frame.rows.places.get(frame.row)?,
            time: frame.time.filter(|_| each),
            finding,
            subject: entry.and_then(|e| e.owner).and(entry).and_then(|e| findings.judging().subject(e)),
            ids: Vec::new(),
            before: Outcome { verdict: entry.map(|e| e.judgement.verdict), exception: None, others: 0 },
            trials: 0,
        };
        let cx = findings.runtime.context(&findings.plan, &findings.world, of.clock, entry.and_then(|e| e.period));
        for narrow in [true, false] {
            lab.ids = (0..schema.kinds.len() as u32).map(|k| (0..findings.world.len(KindId(k))).collect()).collect();
            if narrow && declared && of.once.is_none() {
                lab.narrow(&cx, of, frame);
            }
            let rows: usize = lab.ids.iter().map(Vec::len).sum();
            let again = lab.run(&[])?;
            if again.verdict == lab.before.verdict {
                lab.before = again;
                lab.trials = (WORK / rows.max(1)).clamp(12, 200);
                return Some(lab);
            }
        }
        None
    }

    /// Only the records with the keys that the rule looks for, where it looks for keys.
    fn narrow(&mut self, cx: &Context<'f>, rule: &'f RulePlan, frame: &Frame<'f>) {
        let plan = &self.findings.plan;
        let world = &self.findings.world;
        let mut wanted: Vec<FxHashSet<u32>> = vec![FxHashSet::default(); self.ids.len()];
        let mut whole: FxHashSet<u32> = FxHashSet::default();
        wanted[frame.kind.0 as usize].insert(frame.id);
        let scope = Scope::top(*frame);
        for &h in &rule.histories {
            let history = &plan.histories[h as usize];
            let mut key = Vec::new();
            let keyed = history.root == 0
                && rule.sequence.is_none()
                && history.every().is_none()
                && encode_keys(cx, history.keys.iter().map(|k| &k.outer), &scope, &mut key).is_ok();
            if !keyed {
                whole.insert(history.kind.0);
                continue;
            }
            let index = &world.histories[h as usize];
            let lists = if history.joins.is_empty() { &index.lists } else { &index.by_keys };
            if let Some(list) = lists.get(&key) {
                wanted[history.kind.0 as usize].extend(list.ids);
            }
        }
        for (k, ids) in self.ids.iter_mut().enumerate() {
            let kind = KindId(k as u32);
            let table = matches!(plan.schema.kind(kind).role, Role::Table { .. });
            let only_itself = table && kind == frame.kind && !looked_up(self.findings, rule, kind);
            if whole.contains(&kind.0) || (table && !only_itself) {
                continue;
            }
            ids.retain(|id| wanted[k].contains(id));
        }
    }

    /// The verdict with these changes; none where a change cannot be made.
    pub fn run(&self, edits: &[Edit]) -> Option<Outcome> {
        let findings = self.findings;
        let (plan, runtime, world) = (&findings.plan, &findings.runtime, &findings.world);
        let as_of = Watermark { as_of: world.watermark.as_of, ..Watermark::default() };
        let mut taken = Taken::new(plan, world.watermark.as_of, None);
        let take = |taken: &mut Taken, rows: Rows| {
            taken.add(plan, runtime, screen(plan, runtime, true, as_of, rows, (true, Hold::Rows)))
        };
        for (k, ids) in self.ids.iter().enumerate() {
            let kind = KindId(k as u32);
            // What no file holds comes with its parts.
            if plan.schema.kind(kind).origin != Origin::Declared {
                continue;
            }
            let touched: Vec<u32> = edits.iter().filter_map(|e| e.touches(kind)).collect();
            let of = &world.kinds[k];
            let mut by_segment: Vec<Vec<u32>> = vec![Vec::new(); of.segments.len()];
            for &id in ids.iter().filter(|id| !touched.contains(id)) {
                let (segment, row) = of.order[id as usize];
                by_segment[segment as usize].push(row);
            }
            for (segment, mut rows) in by_segment.into_iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
                rows.sort_unstable();
                take(&mut taken, of.segments[segment].take(&rows));
            }
            let Some(needed) = plan.columns(kind) else { continue };
            let mut made: Vec<(Vec<CellValue>, Place)> = Vec::new();
            for &id in &touched {
                let frame = world.frame(kind, id);
                let mut cells = cells(findings, &frame, &needed);
                let mut removed = false;
                for edit in edits {
                    match edit {
                        Edit::Set { kind: k, id: i, column, to } if *k == kind && *i == id => {
                            let at = needed.iter().position(|c| c == column)?;
                            cells[at] = to.clone().map_or(CellValue::Absent, CellValue::Known);
                        }
                        Edit::Remove { kind: k, id: i } => removed |= *k == kind && *i == id,
                        _ => {}
                    }
                }
                if !removed {
                    made.push((cells, frame.rows.places[frame.row]));
                }
            }
            for (n, edit) in edits.iter().enumerate() {
                let Edit::Add { kind: k, cells } = edit else { continue };
                if *k != kind {
                    continue;
                }
                let cell = |c: &ColumnId| {
                    let found = cells.iter().find(|(column, _)| column == c);
                    found.map_or(CellValue::Absent, |(_, value)| CellValue::Known(value.clone()))
                };
                let place = Place { input: InputId(u32::MAX), offset: n as u64, line: 0, element: 0 };
                made.push((needed.iter().map(cell).collect(), place));
            }
            if !made.is_empty() {
                let (rows, places): (Vec<_>, Vec<_>) = made.into_iter().unzip();
                let batch = batch_from_cells(&plan.schema, kind, needed.clone(), &rows, places);
                if batch.defects.iter().any(|d| d.expected.starts_with("a value of type") && touched.is_empty()) {
                    return None;
                }
                take(&mut taken, Rows::of(batch, &plan.schema, &needed).ok()?);
            }
        }
        taken.reaches(world.watermark);
        let options = Options {
            as_of: world.watermark.as_of,
            threads: 1,
            keep_compliant: true,
            retain: true,
            ..Options::default()
        };
        let settled = settle(plan, runtime, taken, &options);
        Some(self.outcome(&conclude(Arc::clone(plan), Arc::clone(runtime), settled, (&options, &[]))))
    }

    fn outcome(&self, after: &Findings) -> Outcome {
        let mut outcome = Outcome { verdict: None, exception: None, others: 0 };
        let cx = after.context(&after.plan.rules[self.rule as usize], None);
        for (i, e) in after.entries.iter().enumerate().filter(|(_, e)| e.rule == self.rule) {
            let frame = after.world.frame(e.kind, e.id);
            let own = e.kind == self.kind
                && frame.rows.places[frame.row] == self.place
                && self.time.is_none_or(|t| e.time == Some(t))
                && self.finding.as_ref().is_none_or(|id| named_finding(&cx, &frame).1 == *id)
                && self.subject.as_deref().is_none_or(|s| after.row(i).subject == Some(s));
            if own {
                outcome.verdict = Some(e.judgement.verdict);
                outcome.exception = e.judgement.exception;
            } else {
                outcome.others += u64::from(e.judgement.verdict == Verdict::Finding);
            }
        }
        outcome
    }
}

impl Edit {
    fn touches(&self, of: KindId) -> Option<u32> {
        match *self {
            Edit::Set { kind, id, .. } | Edit::Remove { kind, id } if kind == of => Some(id),
            _ => None,
        }
    }
}

/// A record's cells as they are.
pub fn cells(findings: &Findings, frame: &Frame<'_>, columns: &[ColumnId]) -> Vec<CellValue> {
    use super::super::rows::FlawKind;
    let schema = &findings.plan.schema;
    let cell = |&c: &ColumnId| {
        if let Some(value) = frame.rows.cols[c.0 as usize].value(frame.row, &cell_type(schema, frame.kind, c)) {
            return CellValue::Known(value);
        }
        match frame.rows.flaw(frame.row, c).map(|f| &f.kind) {
            None | Some(FlawKind::Missing) => CellValue::Absent,
            Some(FlawKind::Malformed { found, .. }) => CellValue::Malformed(found.clone()),
            Some(FlawKind::Conflict { found }) => CellValue::Malformed(found.join(", ")),
        }
    };
    columns.iter().map(cell).collect()
}

/// Whether the rule looks anything up in a table.
fn looked_up(findings: &Findings, rule: &RulePlan, of: KindId) -> bool {
    let mut found = false;
    let mut look = |e: &Expr| {
        e.walk(&mut |e| match e.op {
            Op::Lookup { table, .. } | Op::Under { table, .. } | Op::Every { table, .. } => found |= table == of,
            _ => {}
        });
    };
    rule.filter.iter().chain(&rule.when).for_each(&mut look);
    rule.unless.iter().for_each(|u| look(&u.condition));
    for &h in &rule.histories {
        let history = &findings.plan.histories[h as usize];
        history.inner.iter().chain(&history.pair).chain(&history.join_conditions).for_each(&mut look);
        history.value.iter().chain(history.per.iter().map(|p| &p.1)).for_each(&mut look);
        history.keys.iter().chain(&history.joins).for_each(|k| {
            look(&k.inner);
            look(&k.outer);
        });
    }
    found
}
