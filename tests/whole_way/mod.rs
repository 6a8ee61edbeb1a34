//! From the text of a policy with its sources and the bytes of files to the verdicts: the same that the reference
//! gives for the records themselves.

use crate::random::sources::{self, Made};
use crate::random::{self, Seeds, Tape};
use crate::reference::{self, Outcome};
use crate::{Case, case, cases, check, describe, options, outcome};
use bylaws::internals::data::InputId;
use bylaws::internals::eval::Evaluator;
use bylaws::internals::ingest::{self, Ingest, Input, InputSpec, Reject, Route, Sink};
use bylaws::internals::plan::Plan;
use proptest::prop_assert;
use proptest::test_runner::TestCaseError;
use std::sync::{Arc, Mutex};

#[test]
fn files_read_by_their_sources_give_the_verdicts_of_the_reference() {
    proptest::proptest!(cases(30), |(seeds in random::seeds(random::MIDDLE))| {
        agree(&seeds)?;
    });
}

fn agree(seeds: &Seeds) -> Result<(), TestCaseError> {
    let mut case = case(seeds);
    let mut tape = Tape::new(&seeds.sources);
    let made: Vec<Made> = (0..case.schema.kinds.len())
        .map(|kind| {
            let of: Vec<_> = case.raws.iter().enumerate().filter(|(_, raw)| raw.kind == kind).collect();
            sources::made(&case.schema, kind, &of, &mut tape)
        })
        .collect();
    made.iter().for_each(|m| case.text += &m.text);
    case.hir = check(&case.text).map_err(|errors| TestCaseError::fail(format!("{errors}\n{}", case.text)))?;
    case.plan = Arc::new(Plan::compile(&case.hir));

    let columns: Vec<_> = case.plan.kinds.iter().map(|k| k.projection.clone()).collect();
    let wanted = reference::evaluate(&case.hir, &case.records, case.as_of.clone(), &columns);
    let wanted = placed(&case, wanted.into_iter().map(|o| (o.place, o)).collect());
    let (found, rejects) = read(&case, &made, 1 + tape.below(4), 1 + tape.below(400));
    let shown = || made.iter().map(|m| format!("-- {}\n{}\n", m.file, m.shown)).collect::<String>();
    prop_assert!(rejects.is_empty(), "{:?}\n{}\n{}", rejects, describe(&case), shown());
    let got = placed(&case, found);
    prop_assert!(got == wanted, "{}\n{}\nreference: {wanted:#?}\nread: {got:#?}", describe(&case), shown());
    Ok(())
}

/// Equal records stand for each other, as which of them is reported goes by where they stand.
fn placed(case: &Case, outcomes: Vec<(usize, Outcome)>) -> Vec<Outcome> {
    let least = |i: usize| {
        let raw = &case.raws[i];
        let identity = &case.schema.kinds[raw.kind].identity;
        let whole = identity.iter().all(|f| raw.fields.get(f).is_some_and(|d| !d.is_bad()));
        let same = |other: &random::records::Raw| {
            let by_identity = whole && !identity.is_empty();
            other.kind == raw.kind
                && (other.fields == raw.fields
                    || by_identity && identity.iter().all(|f| other.fields.get(f) == raw.fields.get(f)))
        };
        case.raws.iter().position(same).unwrap()
    };
    // Lines of several files are no indices of records: which records a sequence names is compared over batches.
    let place = |i| if i == usize::MAX { i } else { least(i) };
    let at_record = |(i, o)| Outcome { place: place(i), steps: Vec::new(), ..o };
    let mut all: Vec<Outcome> = outcomes.into_iter().map(at_record).collect();
    all.sort();
    all
}

/// Verdicts with the index of the record that each is about.
fn read(case: &Case, made: &[Made], threads: usize, chunk_bytes: usize) -> (Vec<(usize, Outcome)>, Vec<Reject>) {
    let mut evaluator = Evaluator::new(case.plan.clone(), options(case, threads, true)).unwrap();
    let reading = case.plan.reading();
    let ingest = Ingest::new(&reading);
    let mut all_rejects = Vec::new();
    for (i, made) in made.iter().enumerate() {
        let (batches, rejects) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
        let source = reading.sources.iter().position(|s| s.name == made.name).unwrap();
        let route = Route::Sources(vec![source]);
        let spec = InputSpec { id: InputId(i as u32), name: made.file.clone(), format: None, route };
        let sink = Sink {
            batch: &|b| batches.lock().unwrap().push(b),
            reject: &|r: Reject| rejects.lock().unwrap().push(r),
            advance: &|_| {},
        };
        ingest
            .read(&spec, Input::Bytes(&made.bytes), ingest::Options { threads, chunk_bytes }, sink)
            .unwrap_or_else(|e| panic!("{e}\n{}\n{}", case.text, made.shown));
        all_rejects.extend(rejects.into_inner().unwrap());
        batches.into_inner().unwrap().into_iter().for_each(|b| evaluator.push(b).unwrap());
    }
    let findings = evaluator.finish();
    let at = |place: bylaws::internals::data::Place| {
        let places = &made[place.input.0 as usize].places;
        let found = places.iter().find(|p| (p.0, p.1) == (place.line, place.element));
        found.unwrap_or_else(|| panic!("no record stands at {place:?}\n{}", made[place.input.0 as usize].shown)).2
    };
    let indices = findings.iter().map(|row| row.place.map_or(usize::MAX, at));
    let paired = indices.zip((0..findings.len()).map(|i| outcome(&findings, i))).collect();
    (paired, all_rejects)
}
