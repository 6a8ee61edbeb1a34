//! Records as a stream, in random chunks and out of order within its lateness, stopped and resumed: what is said in all
//! is what one run over all of them says.

use crate::random::{Tape, batches};
use crate::reference::{Cell, Record};
use crate::{Case, describe};
use bylaws::internals::data::calendar::Zone;
use bylaws::internals::data::{ColumnId, KindId, Place, Value, Verdict, identity};
use bylaws::internals::eval::{Evaluator, Findings, Options, Standing, Stream};
use proptest::test_runner::TestCaseError;
use std::collections::{BTreeMap, BTreeSet};

const DAY: i64 = 86_400_000_000_000;

/// When it happened. None of what may come at any time: rows of tables, and records without their time.
fn moment(case: &Case, record: &Record) -> Option<i64> {
    match case.hir.schema.kind(record.kind).time().and_then(|c| record.cells.get(&c)) {
        Some(Cell::Value(Value::Date(day))) => Zone::named(&case.plan.timezone).unwrap().start_of(*day),
        Some(Cell::Value(Value::Timestamp(at))) => Some(*at),
        _ => None,
    }
}

/// All but those that say of another's identity that it happened at another time: when it happened is known only once
/// both are there.
fn streamed(case: &Case) -> Vec<&Record> {
    let stays = |record: &&Record| {
        let kind = case.hir.schema.kind(record.kind);
        let identity =
            |r: &Record| -> Vec<Option<Cell>> { kind.identity.iter().map(|c| r.cells.get(c).cloned()).collect() };
        let first = case.records.iter().find(|r| r.kind == record.kind && identity(r) == identity(record));
        let time = |r: &Record| kind.time().and_then(|c| r.cells.get(&c).cloned());
        kind.identity.is_empty() || first.is_none_or(|first| time(first) == time(record))
    };
    case.records.iter().filter(stays).collect()
}

fn lines(findings: &Findings, which: impl Iterator<Item = usize>) -> Vec<String> {
    which
        .map(|i| {
            let row = findings.row(i);
            format!("{} {} {:?} {:?}", identity::hex(&row.id), row.rule.name, row.verdict, row.time)
        })
        .collect()
}

pub fn agree(case: &Case, tape: &mut Tape) -> Result<(), TestCaseError> {
    let columns = |kind: KindId| -> Option<std::sync::Arc<[ColumnId]>> { case.plan.columns(kind) };
    let mut whole = Evaluator::new(case.plan.clone(), Options::default()).unwrap();
    let records = streamed(case);
    for record in &records {
        if let Some(projection) = columns(record.kind) {
            whole.push(batches::batch(&case.hir.schema, record.kind, &projection, &[record])).unwrap();
        }
    }
    let whole = whole.finish();
    let mut wanted = lines(&whole, 0..whole.len());
    wanted.sort();

    let lateness = *tape.pick(&[0, 1, 3_600_000_000_000, 3 * DAY, 40 * DAY]);
    let mut arriving: Vec<(i64, usize)> = Vec::new();
    for (i, record) in records.iter().enumerate() {
        let delay = if lateness == 0 { 0 } else { (tape.below(1000) as i64).saturating_mul(lateness / 1000) };
        let at = moment(case, record).map_or(i64::MIN, |at| at + delay);
        arriving.push((at, i));
    }
    arriving.sort();
    let mut stream = Stream::new(case.plan.clone(), Standing::default(), Default::default()).unwrap();
    let mut said: Vec<String> = Vec::new();
    let mut all: BTreeMap<[u8; 16], (Verdict, Option<i64>)> = BTreeMap::new();
    let mut kept: BTreeSet<Place> = BTreeSet::new();
    let mut latest = None;
    let mut rest = &arriving[..];
    while !rest.is_empty() {
        let n = (1 + tape.below(4)).min(rest.len());
        for &(_, i) in &rest[..n] {
            let record = records[i];
            let Some(projection) = columns(record.kind) else { continue };
            let batch = batches::batch(&case.hir.schema, record.kind, &projection, &[record]);
            let taken = stream.take(batch).unwrap();
            proptest::prop_assert!(taken.late.is_empty(), "{:?} is late\n{}", record, describe(case));
            kept.extend(taken.kept.iter().map(|k| k.0));
            if moment(case, record).is_some() {
                latest = latest.max(taken.latest);
            }
        }
        rest = &rest[n..];
        if let Some(latest) = latest {
            stream.complete(latest - lateness);
        }
        if tape.chance(30) {
            continue;
        }
        if let Some(judged) = stream.judge(1).unwrap() {
            said.extend(lines(&judged.findings, judged.new.iter().copied()));
            for &i in &judged.new {
                let row = judged.findings.row(i);
                all.insert(row.id, (row.verdict, None));
            }
            stream.let_go(&judged);
        }
        if tape.chance(30) {
            // From what a store keeps: all records here, although most would be gone.
            let standing = stream.standing().clone();
            stream = Stream::new(case.plan.clone(), standing, all.clone().into_iter().collect()).unwrap();
            for record in records.iter().filter(|r| kept.contains(&batches::place(r.place))) {
                if let Some(projection) = columns(record.kind) {
                    let batch = batches::batch(&case.hir.schema, record.kind, &projection, &[record]);
                    stream.take_back(batch, |_, _| true).unwrap();
                }
            }
        }
    }
    let end = stream.end(1).unwrap();
    said.extend(lines(&end.findings, end.new.iter().copied()));
    said.sort();
    proptest::prop_assert_eq!(wanted, said, "lateness {}\n{}", lateness, describe(case));
    Ok(())
}
