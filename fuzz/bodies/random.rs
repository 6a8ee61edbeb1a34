//! Random policies and records, made as those of `tests/differential.rs`, from bytes that a fuzzer turns about.

use crate::agree::{agree, figures_agree, mutants_agree};
use crate::random::Seeds;
use proptest::test_runner::TestCaseError;

/// The engine, in each way that it can be given records, and the reference evaluator say the same.
pub fn engine(bytes: &[u8]) {
    right(seeds(bytes).as_ref().map(agree));
}

/// Policies that no generator has made: those that are accepted never meet what they do not take.
pub fn well_typed(bytes: &[u8]) {
    right(seeds(bytes).as_ref().map(mutants_agree));
}

/// Figures by period and key.
pub fn metrics(bytes: &[u8]) {
    right(seeds(bytes).as_ref().map(figures_agree));
}

fn right(outcome: Option<Result<(), TestCaseError>>) {
    if let Some(Err(TestCaseError::Fail(why))) = outcome {
        panic!("{why}");
    }
}

/// Tapes of a byte a number, each ended by the byte 255: schema, run, sources, and in turns a rule, a row and a record.
fn seeds(bytes: &[u8]) -> Option<Seeds> {
    let tape = |bytes: &[u8], most: usize| -> Vec<u16> {
        // All remainders by a hundred and more come about.
        bytes.iter().take(most).map(|b| u16::from(*b) * 251).collect()
    };
    let mut parts = bytes.split(|b| *b == 255);
    let mut next = |most| parts.next().map(|part| tape(part, most));
    let (schema, run, sources) = (next(80)?, next(40)?, next(400)?);
    let mut seeds = Seeds { schema, rules: Vec::new(), rows: Vec::new(), records: Vec::new(), run, sources };
    for (i, part) in parts.enumerate() {
        match i % 3 {
            0 if seeds.rules.len() < 5 => seeds.rules.push(tape(part, 160)),
            1 if seeds.rows.len() < 5 => seeds.rows.push(tape(part, 30)),
            2 if seeds.records.len() < 23 => seeds.records.push(tape(part, 40)),
            _ => {}
        }
    }
    (!seeds.rules.is_empty() && !seeds.records.is_empty()).then_some(seeds)
}
