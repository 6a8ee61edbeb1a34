//! From batches in any order to records: repeats merged, conflicts made unknown, each kind in its one order.

use super::grouped::words;
use super::held::Held;
use super::live::{InOrder, Live};
use super::repeats::{self, Wanted};
use super::rows::Rows;
use super::screen::{Hold, Screened, Segment, screen};
use super::world::{self, KindWorld, Watermark, World, apart, cell_type, content, event_time, rank, sorted_by};
use super::{AsOf, KindCounts, Options, Runtime, parallel_each};
use crate::data::calendar::Zone;
use crate::data::identity::Content;
use crate::data::{ColumnId, Kind, KindId, Origin, Schema, Time, display};
use crate::plan::Plan;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was taken in.
#[derive(Debug)]
pub struct Taken {
    pub(super) segments: Vec<Vec<Segment>>,
    /// What came once more, and which records these are.
    again: Option<(Arc<Wanted>, Vec<Vec<Segment>>)>,
    counts: Vec<KindCounts>,
    /// By rule: records triggered and compliant by themselves.
    compliant: Vec<u64>,
    /// By rule: it was in force at the time of one of its records.
    in_force: Vec<bool>,
    watermark: Watermark,
    live: Live,
    held: Held,
}

/// Ready to be judged.
pub struct Settled {
    pub world: World,
    pub counts: Vec<KindCounts>,
    pub compliant: Vec<u64>,
    pub in_force: Vec<bool>,
    /// By rule: records to be judged, in order.
    pub candidates: Vec<Vec<u32>>,
}

impl Taken {
    pub fn new(plan: &Plan, as_of: Option<AsOf>, order: Option<InOrder>) -> Taken {
        let kinds = plan.schema.kinds.len();
        Taken {
            segments: (0..kinds).map(|_| Vec::new()).collect(),
            again: None,
            counts: vec![KindCounts::default(); kinds],
            compliant: vec![0; plan.rules.len()],
            in_force: vec![false; plan.rules.len()],
            watermark: Watermark { as_of, ..Watermark::default() },
            live: Live::new(plan, order),
            held: Held::new(kinds),
        }
    }

    /// Whether records were let go that sequences may need after all.
    pub fn lacks(&self) -> bool {
        self.live.was_wrong(|kind| repeats::is_repeated(&self.segments[kind.0 as usize]))
    }

    pub fn held(&self) -> &Held {
        &self.held
    }

    /// Whatever came in, the records reach this far.
    pub fn reaches(&mut self, watermark: Watermark) {
        self.watermark = watermark;
    }

    /// There were others, which reach so far.
    pub fn reach(&mut self, watermark: &Watermark) {
        self.watermark.merge(watermark);
    }

    /// What comes from now on has come before.
    pub fn again(&mut self, wanted: Arc<Wanted>) {
        self.again = Some((wanted, self.segments.iter().map(|_| Vec::new()).collect()));
    }

    /// Records that came once more, of the kinds that files hold.
    pub fn came_again(&self, plan: &Plan) -> u64 {
        let Some((_, segments)) = &self.again else { return 0 };
        let own = segments.iter().zip(&plan.schema.kinds).filter(|(_, k)| repeats::comes(k));
        own.flat_map(|(segments, _)| segments).map(|s| s.rows.len() as u64).sum()
    }

    pub fn add(&mut self, plan: &Plan, runtime: &Runtime, mut screened: Screened) {
        for derived in std::mem::take(&mut screened.derived) {
            self.add(plan, runtime, derived);
        }
        let kind = screened.kind.0 as usize;
        self.held.add(kind, &screened.segment);
        // It is counted already.
        if let Some((_, segments)) = &mut self.again {
            if let Some(segments) = segments.get_mut(kind).filter(|_| screened.segment.rows.len() > 0) {
                segments.push(screened.segment);
            }
            return;
        }
        let (Some(segments), Some(counts)) = (self.segments.get_mut(kind), self.counts.get_mut(kind)) else { return };
        counts.judged += screened.judged;
        counts.after_as_of += screened.after_as_of;
        self.watermark.merge(&screened.watermark);
        for (rule, n) in screened.compliant {
            if let Some(count) = self.compliant.get_mut(rule as usize) {
                *count += n;
            }
        }
        for rule in screened.in_force {
            if let Some(seen) = self.in_force.get_mut(rule as usize) {
                *seen = true;
            }
        }
        let much = self.live.see(screened.kind, &screened.watermark, &screened.segment);
        if screened.segment.rows.len() > 0 || !screened.segment.gone.is_empty() {
            segments.push(screened.segment);
        }
        if much {
            self.live.prune(plan, runtime, &mut self.segments, &mut self.compliant);
            self.segments.iter().enumerate().for_each(|(kind, segments)| self.held.count(kind, segments));
        }
    }
}

pub fn settle(plan: &Plan, runtime: &Runtime, taken: Taken, options: &Options) -> Settled {
    let Taken { mut segments, again, mut counts, mut compliant, in_force, watermark, live: _, held: _ } = taken;
    for segment in segments.iter_mut().flatten() {
        segment.gone = Vec::new();
    }
    if let Some((wanted, again)) = again {
        let records = segments.iter_mut().zip(&plan.schema.kinds).filter(|(_, k)| !k.is_table());
        records.flat_map(|(segments, _)| segments).for_each(|segment| wanted.take_from(segment));
        segments.iter_mut().zip(again).for_each(|(segments, again)| segments.extend(again));
    }
    let as_of = Watermark { as_of: watermark.as_of, ..Watermark::default() };
    let size = |segments: &Vec<Segment>| segments.iter().map(|s| s.rows.len()).sum();
    let laid = parallel_each(options.threads, segments, size, |k, segments| {
        settle_kind(plan, runtime, KindId(k as u32), segments, as_of, options.keep_compliant)
    });
    let mut candidates = vec![Vec::new(); plan.rules.len()];
    let mut histories = vec![Vec::new(); plan.histories.len()];
    let mut kinds = Vec::with_capacity(laid.len());
    for (one, counts) in laid.into_iter().zip(&mut counts) {
        counts.judged -= one.repeats;
        counts.repeats = one.repeats;
        counts.conflicts = one.conflicts;
        for (rule, more, less) in one.compliant {
            let of = &mut compliant[rule as usize];
            *of = *of + more - less;
        }
        // Of one kind each.
        one.candidates.into_iter().for_each(|(rule, ids)| candidates[rule as usize] = ids);
        one.histories.into_iter().for_each(|(history, ids)| histories[history as usize] = ids);
        kinds.push(one.world);
    }
    let world = world::build(plan, runtime, kinds, watermark, (&candidates, &histories), options.threads);
    Settled { world, counts, compliant, in_force, candidates }
}

pub(super) fn settle_kind(
    plan: &Plan,
    runtime: &Runtime,
    kind: KindId,
    mut segments: Vec<Segment>,
    as_of: Watermark,
    keep_compliant: bool,
) -> Laid {
    let merged = merge(plan, &segments, &runtime.zone);
    let mut compliant = Vec::new();
    for (segment, dropped) in segments.iter_mut().zip(&merged.dropped) {
        if dropped.is_empty() {
            continue;
        }
        // What these rows were counted for is taken back; it is a sum over rows.
        let again = screen(plan, runtime, keep_compliant, as_of, segment.rows.take(dropped), (false, Hold::Rows));
        compliant.extend(again.compliant.iter().map(|&(rule, n)| (rule, 0, n)));
        let stays = |row: &u32| dropped.binary_search(row).is_err();
        segment.candidates.iter_mut().chain(&mut segment.histories).for_each(|(_, rows)| rows.retain(stays));
    }
    let mut dropped = merged.dropped;
    for rows in merged.instead {
        let screened = screen(plan, runtime, keep_compliant, Watermark::default(), rows, (false, Hold::Rows));
        compliant.extend(screened.compliant.iter().map(|&(rule, n)| (rule, n, 0)));
        segments.push(screened.segment);
        dropped.push(Vec::new());
    }
    Laid {
        repeats: merged.repeats,
        conflicts: merged.conflicts,
        compliant,
        ..lay(plan, runtime.retain, kind, segments, &dropped)
    }
}

#[derive(Default)]
struct Merged {
    /// By segment, sorted: rows that are repeats, or of a record whose repeats differ.
    dropped: Vec<Vec<u32>>,
    /// Rows that stand for records whose repeats differ.
    instead: Vec<Rows>,
    repeats: u64,
    conflicts: u64,
}

/// Finds the rows that have one identity. Of equal ones the first by place stays; of differing ones none,
/// but one row in which the differing columns are unknown.
fn merge(plan: &Plan, segments: &[Segment], zone: &Zone) -> Merged {
    let schema = &*plan.schema;
    let mut merged = Merged { dropped: vec![Vec::new(); segments.len()], ..Merged::default() };
    let mut all: Vec<(u64, u32, u32)> = Vec::new();
    for (s, segment) in segments.iter().enumerate() {
        let hashes = segment.identities.iter().enumerate();
        all.extend(hashes.filter_map(|(r, h)| Some(((*h)?, s as u32, r as u32))));
    }
    let rows = |at: &(u64, u32, u32)| (segments[at.1 as usize].rows.own(), at.2 as usize);
    let place = |at: &(u64, u32, u32)| {
        let (rows, row) = rows(at);
        rows.places[row]
    };
    all.sort_unstable_by_key(|at| at.0);
    let mut conflicts: BTreeMap<u32, Vec<(u32, Differing)>> = BTreeMap::new();
    for run in all.chunk_by_mut(|a, b| a.0 == b.0).filter(|r| r.len() > 1) {
        run.sort_by_key(|at| place(at));
        let mut rest: Vec<(u64, u32, u32)> = run.to_vec();
        while rest.len() > 1 {
            let first = rest[0];
            // Equal hashes are nearly always equal identities.
            let (group, others): (Vec<_>, Vec<_>) =
                rest.into_iter().partition(|at| same_identity(schema, rows(&first), rows(at)));
            rest = others;
            if group.len() < 2 {
                continue;
            }
            merged.repeats += group.len() as u64 - 1;
            let differing = differing(schema, rows(&first).0.kind, &group.iter().map(rows).collect::<Vec<_>>(), zone);
            let stays = if differing.is_empty() { 1 } else { 0 };
            for (_, segment, row) in &group[stays..] {
                merged.dropped[*segment as usize].push(*row);
            }
            if !differing.is_empty() {
                merged.conflicts += 1;
                conflicts.entry(first.1).or_default().push((first.2, differing));
            }
        }
    }
    merged.dropped.iter_mut().for_each(|rows| rows.sort_unstable());
    for (segment, mut of) in conflicts {
        of.sort_by_key(|c| c.0);
        let taken = segments[segment as usize].rows.take(&of.iter().map(|c| c.0).collect::<Vec<_>>());
        let cells = of.into_iter().enumerate().flat_map(|(new, (_, columns))| {
            columns.into_iter().map(move |(column, found)| (new as u32, column, found))
        });
        merged.instead.push(taken.with_conflicts(cells.collect()));
    }
    merged
}

fn same_identity(schema: &Schema, a: (&Rows, usize), b: (&Rows, usize)) -> bool {
    a.0.kind == b.0.kind && schema.kind(a.0.kind).identity.iter().all(|&c| same_cell(schema, a, b, c))
}

fn same_cell(schema: &Schema, a: (&Rows, usize), b: (&Rows, usize), column: ColumnId) -> bool {
    let (x, y) = (&a.0.cols[column.0 as usize], &b.0.cols[column.0 as usize]);
    let ty = cell_type(schema, a.0.kind, column);
    match (x.value(a.1, &ty), y.value(b.1, &ty)) {
        (Some(x), Some(y)) => x == y,
        (None, None) => content(schema, a.0, a.1, column) == content(schema, b.0, b.1, column),
        _ => false,
    }
}

/// The columns in which rows differ, each with the values found, sorted.
type Differing = Vec<(ColumnId, Vec<String>)>;

fn differing(schema: &Schema, kind: KindId, rows: &[(&Rows, usize)], zone: &Zone) -> Differing {
    let mut found = Vec::new();
    for (i, column) in schema.kind(kind).columns.iter().enumerate() {
        let id = ColumnId(i as u32);
        if rows.iter().all(|r| same_cell(schema, rows[0], *r, id)) {
            continue;
        }
        let mut shown: Vec<String> = rows
            .iter()
            .map(|(rows, row)| match content(schema, rows, *row, id) {
                _ if column.sensitive => display::WITHHELD.into(),
                Content::Known(value) => display::value(&value, schema, zone),
                Content::Malformed(text) => format!("{}{text}", display::UNREAD),
                Content::Absent | Content::Missing => display::ABSENT.into(),
            })
            .collect();
        shown.sort();
        shown.dedup();
        found.push((id, shown));
    }
    found
}

/// Which of the kinds that another is made of, in the order in which a rule names them.
fn member(of: &Kind, rows: &Rows) -> usize {
    match &of.origin {
        Origin::Union(members) => members.iter().position(|m| m.0 == rows.own().kind).unwrap_or(members.len()),
        _ => 0,
    }
}

/// One kind in order, with what refers to its rows by id.
pub(super) struct Laid {
    pub world: KindWorld,
    repeats: u64,
    conflicts: u64,
    /// By rule: records to count more as compliant, and less.
    pub compliant: Vec<(u32, u64, u64)>,
    /// By rule, ascending; the same by history.
    pub candidates: Vec<(u32, Vec<u32>)>,
    pub histories: Vec<(u32, Vec<u32>)>,
}

fn lay(plan: &Plan, retain: bool, kind: KindId, segments: Vec<Segment>, dropped: &[Vec<u32>]) -> Laid {
    let schema = &*plan.schema;
    let of = schema.kind(kind);
    let mut entries: Vec<(i64, u32, u32)> = Vec::new();
    for (s, segment) in segments.iter().enumerate() {
        // Of tables all rows are looked up; of records only those that a rule may be about.
        let mut needed = vec![if of.is_table() || retain { u64::MAX } else { 0 }; words(segment.rows.len())];
        for (_, rows) in segment.candidates.iter().chain(&segment.histories) {
            rows.iter().for_each(|&r| super::grouped::set(&mut needed, r as usize));
        }
        dropped[s].iter().for_each(|&r| needed[r as usize / 64] &= !(1 << (r % 64)));
        for row in (0..segment.rows.len()).filter(|r| needed[r / 64] >> (r % 64) & 1 == 1) {
            let key = match of.time().and_then(|c| event_time(&segment.rows, row, c)) {
                Some(Time::Date(d)) => d as i64,
                Some(Time::Instant(t)) => t,
                None => i64::MAX,
            };
            entries.push((key, s as u32, row as u32));
        }
    }
    // As a rule runs that ascend.
    entries.sort_by_key(|e| e.0);
    let mut order = Vec::with_capacity(entries.len());
    for run in entries.chunk_by(|a, b| a.0 == b.0) {
        if let [(_, segment, row)] = run {
            order.push((*segment, *row));
            continue;
        }
        let mut named: Vec<_> = run
            .iter()
            .map(|&(_, s, r)| {
                let rows = &segments[s as usize].rows;
                // Unknown times sort with the last moment there is; they come after it.
                let timeless = of.time().is_some_and(|c| event_time(rows, r as usize, c).is_none());
                let (rank, identity) = (rank(schema, rows, r as usize), sorted_by(schema, rows, r as usize));
                let apart = apart(schema, rows, r as usize);
                (timeless, member(of, rows), rank, identity, apart, rows.places[r as usize], s, r)
            })
            .collect();
        named.sort_unstable();
        order.extend(named.into_iter().map(|(.., s, r)| (s, r)));
    }
    let mut ids: Vec<Vec<u32>> = segments.iter().map(|s| vec![super::interp::NO_ID; s.rows.len()]).collect();
    order.iter().enumerate().for_each(|(id, &(s, r))| ids[s as usize][r as usize] = id as u32);
    let (mut candidates, mut histories, mut kept) =
        (BTreeMap::new(), BTreeMap::new(), Vec::with_capacity(segments.len()));
    for (segment, ids) in segments.into_iter().zip(ids) {
        let named = |all: &mut BTreeMap<u32, Vec<u32>>, (what, rows): (u32, Vec<u32>)| {
            all.entry(what).or_default().extend(rows.into_iter().map(|r| ids[r as usize]));
        };
        segment.candidates.into_iter().for_each(|of| named(&mut candidates, of));
        segment.histories.into_iter().for_each(|of| named(&mut histories, of));
        kept.push(segment.rows);
    }
    let sorted = |(what, mut ids): (u32, Vec<u32>)| {
        // Often these are all.
        match ids.len() == order.len() {
            true => ids.iter_mut().zip(0..).for_each(|(id, n)| *id = n),
            // Runs that ascend, one a batch.
            false => ids.sort(),
        }
        (what, ids)
    };
    let candidates = candidates.into_iter().map(sorted).collect();
    let histories = histories.into_iter().map(sorted).collect();
    let world = KindWorld { segments: kept, order, time: of.time(), ..KindWorld::default() };
    Laid { world, repeats: 0, conflicts: 0, compliant: Vec::new(), candidates, histories }
}
