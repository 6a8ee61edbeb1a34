//! The same rules judged apart: records sent to where those of their key are, in as many parts as it comes to, find what
//! one evaluator finds of all of them.

use super::{Case, TestError, case, cases, describe, options, random};
use crate::random::{Seeds, Tape, batches};
use crate::reference::{Cell as Given, Record};
use bylaws::internals::data::{Batch, KindId, Value, Verdict};
use bylaws::internals::eval::apart::{ApartError, Extent, Marks, Moved, Part, found};
use bylaws::internals::eval::{Evaluator, Findings, Options};
use bylaws::internals::plan::stages::{self, By, Stage};
use bylaws::internals::plan::{Atom, AtomTest, Plan, TextMatch};
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

/// What a verdict says, wherever it was found.
fn essence(findings: &Findings) -> Vec<([u8; 16], Verdict, String)> {
    (0..findings.len()).map(|i| (findings.ids()[i], findings.verdicts()[i], findings.explain(i).message)).collect()
}

/// A known value for which the test surely comes out otherwise.
fn surely_not(record: &Record, (atom, holds): &(&Atom, bool)) -> bool {
    let Some(Given::Value(value)) = record.cells.get(&atom.column) else { return false };
    let found = match (&atom.test, value) {
        (AtomTest::True, Value::Bool(b)) => *b,
        (AtomTest::OneOf(words), Value::Enum(..)) => words.contains(value),
        (AtomTest::Below { bound, or_equal }, Value::Int(_) | Value::Bytes(_)) => match (bound, value) {
            (Value::Int(bound) | Value::Bytes(bound), Value::Int(n) | Value::Bytes(n)) => {
                n < bound || *or_equal && n == bound
            }
            _ => return false,
        },
        (AtomTest::Text { how, patterns, ignoring_case: false }, Value::Text(text)) => {
            patterns.iter().any(|p| match how {
                TextMatch::Equals => text == p,
                TextMatch::StartsWith => text.starts_with(p),
                TextMatch::EndsWith => text.ends_with(p),
                TextMatch::Contains => text.contains(p),
                TextMatch::InDomain => *holds,
            })
        }
        _ => return false,
    };
    found != *holds
}

/// Whether the stage's guards tell that a record is nothing to it.
fn nothing(stage: &Stage, record: &Record) -> bool {
    let guards = stage.guards(record.kind);
    guards.is_some_and(|all| all.iter().all(|of| of.iter().any(|guard| surely_not(record, guard))))
}

/// The records of a kind in some batches.
fn of_kind(case: &Case, plan: &Plan, kind: KindId, tape: &mut Tape) -> Vec<Batch> {
    some_of_kind(case, plan, kind, tape, |_| true)
}

fn some_of_kind(
    case: &Case,
    plan: &Plan,
    kind: KindId,
    tape: &mut Tape,
    which: impl Fn(&Record) -> bool,
) -> Vec<Batch> {
    let Some(projection) = plan.columns(kind) else { return Vec::new() };
    let mut of: Vec<&Record> = case.records.iter().filter(|r| r.kind == kind && which(r)).collect();
    let mut found = Vec::new();
    while !of.is_empty() {
        let some = of.split_off(of.len() - 1 - tape.below(of.len()));
        found.push(batches::batch(&case.hir.schema, kind, &projection, &some));
    }
    found
}

fn kinds(case: &Case, tables: bool) -> Vec<KindId> {
    let all = (0..).zip(case.hir.schema.declared());
    all.filter(|(_, k)| k.is_table() == tables).map(|(k, _)| KindId(k)).collect()
}

/// How far the records reach, and the marks of those that may be there more than once.
fn survey(case: &Case, stages: &[Stage], options: Options, tape: &mut Tape) -> Result<(Extent, Marks), ApartError> {
    let survey = stages::survey(&case.plan, stages);
    let evaluator = Evaluator::new(survey.plan.clone(), options).unwrap();
    let (mut reach, mut seen) = (Extent::default(), HashMap::<i64, Vec<i64>>::new());
    for kind in kinds(case, false) {
        let keys = survey.keys.get(&kind);
        for batch in of_kind(case, &survey.plan, kind, tape) {
            let (marks, extent) = evaluator.survey(batch, keys.map_or(&[], Vec::as_slice)).unwrap();
            marks.into_iter().filter(|_| keys.is_some()).for_each(|(m, by)| seen.entry(m).or_default().push(by));
            reach = reach.joined(extent);
        }
    }
    seen.retain(|_, by| by.len() > 1);
    if seen.values().any(|by| by.iter().any(|b| *b != by[0])) {
        return Err(ApartError::TwoKeys { kind: String::new(), columns: Vec::new() });
    }
    Ok((reach, seen.into_keys().collect()))
}

fn judge_apart(case: &Case, tape: &mut Tape, told: &Cell<usize>) -> Result<Vec<Findings>, ApartError> {
    let options = options(case, 1, false);
    let stages = stages::stages(&case.hir);
    let (reach, several) = survey(case, &stages, options, tape)?;
    let (mut all, mut later): (Vec<Findings>, Vec<Vec<u8>>) = (Vec::new(), Vec::new());
    for stage in stages {
        let stage: Arc<Stage> = Arc::new(stage);
        let read = |kind: &KindId| stage.plan.kinds[kind.0 as usize].projection.is_some();
        let mut tables = Vec::new();
        for kind in kinds(case, true).into_iter().filter(read) {
            tables.extend(of_kind(case, &stage.plan, kind, tape));
        }
        let evaluator = || Evaluator::new(stage.plan.clone(), options).unwrap();
        let sender = evaluator();
        let number = 1 + tape.below(4);
        let mut parts: Vec<Vec<Moved>> = vec![Vec::new(); number];
        let mut own = Vec::new();
        // Repeats meet, whatever is in them.
        let sent = |record: &Record| {
            let stays = !several.is_empty() || !nothing(&stage, record);
            told.set(told.get() + usize::from(!stays));
            stays
        };
        for kind in kinds(case, false).into_iter().filter(read) {
            for batch in some_of_kind(case, &stage.plan, kind, tape, sent) {
                for moved in sender.scatter(batch.clone(), &stage.by, &several)? {
                    parts[moved.key.rem_euclid(number as i64) as usize].push(moved);
                }
                if stage.by == By::Record {
                    let mut single = evaluator();
                    single.reaches(reach);
                    tables.iter().for_each(|t| single.push(t.clone()).unwrap());
                    single.take_single(batch, &several).unwrap();
                    own.push(single.finish());
                }
            }
        }
        for bytes in &later {
            if let Some(moved) = found(&stage, bytes)? {
                parts[moved.key.rem_euclid(number as i64) as usize].push(moved);
            }
        }
        for (n, mut rows) in parts.into_iter().enumerate() {
            if rows.is_empty() && !(stage.by == By::Everyone && n == 0) {
                continue;
            }
            // What is equal in key and time may come in any order.
            for i in (1..rows.len()).rev() {
                rows.swap(i, tape.below(i + 1));
            }
            rows.sort_by_key(|m| (m.key, m.time));
            let mut part = Part::new(stage.clone(), tables.clone(), reach, options.as_of).together(1 + tape.below(3));
            for moved in rows {
                own.extend(part.push(moved)?);
            }
            own.push(part.finish()?);
        }
        later.extend(own.iter().flat_map(|f| (0..f.len()).filter_map(|i| f.for_later(i))).collect::<Vec<_>>());
        all.extend(own);
    }
    Ok(all)
}

fn agree(seeds: &Seeds, done: &Cell<[usize; 4]>, told: &Cell<usize>) -> Result<(), TestError> {
    let case = case(seeds);
    let mut tape = Tape::new(&seeds.run);
    let batches = super::shuffled(&case, &mut tape);
    let whole = crate::agree::run(&case, batches, 1, false);
    let mut so_far = done.get();
    let apart = match judge_apart(&case, &mut tape, told) {
        Ok(apart) => apart,
        Err(ApartError::NoKey { .. } | ApartError::TwoKeys { .. }) => {
            so_far[3] += 1;
            done.set(so_far);
            return Ok(());
        }
        Err(error) => return Err(TestError::fail(format!("{error}\n{}", describe(&case)))),
    };
    let stages = stages::stages(&case.hir);
    for stage in &stages {
        let nth = match stage.by {
            By::Record => 0,
            By::Key(_) => 1,
            By::Everyone => 2,
        };
        so_far[nth] += 1;
    }
    done.set(so_far);
    let mut have: Vec<_> = apart.iter().flat_map(essence).collect();
    let mut want = essence(&whole);
    have.sort();
    want.sort();
    let shown = || {
        let rules = |s: &Stage| s.plan.rules.iter().map(|r| r.name.clone()).collect::<Vec<_>>();
        let stages: Vec<String> = stages.iter().map(|s| format!("{:?} {:?}", s.by, rules(s))).collect();
        format!("{}\n{}", stages.join("\n"), describe(&case))
    };
    proptest::prop_assert_eq!(want, have, "{}", shown());
    Ok(())
}

/// Small sets, in which most records can be told apart, and large ones, in which windows are crowded.
#[test]
fn what_is_judged_apart_is_what_is_judged_together() {
    let (done, told) = (Cell::new([0; 4]), Cell::new(0));
    proptest::proptest!(cases(12), |(seeds in random::seeds(random::SMALL))| {
        agree(&seeds, &done, &told)?;
    });
    proptest::proptest!(cases(8), |(seeds in random::seeds(random::LARGE))| {
        agree(&seeds, &done, &told)?;
    });
    let [record, key, everyone, refused] = done.get();
    eprintln!("stages by record {record}, by key {key}, of everyone {everyone}; {refused} cases refused");
    eprintln!("{} records told to be nothing to a stage", told.get());
    // Not all of them were refused, of whatever sort.
    assert!(record.min(key).min(everyone) > 0 && told.get() > 0, "{record} {key} {everyone} {refused}");
}
