//! Random schemas, well-typed policies and records. Each is read off a tape of numbers: an exhausted tape
//! gives zeroes and a zero the simplest choice, so that what proptest shrinks (fewer rules and records,
//! shorter tapes, smaller numbers) is a smaller policy.

pub mod batches;
pub mod mutants;
pub mod parquet;
pub mod policy;
pub mod records;
pub mod schema;
pub mod sequence;
pub mod sources;
pub mod text;

use proptest::collection::vec;
use proptest::prelude::*;

pub struct Tape<'a> {
    numbers: &'a [u16],
    at: usize,
}

impl<'a> Tape<'a> {
    pub fn new(numbers: &'a [u16]) -> Tape<'a> {
        Tape { numbers, at: 0 }
    }

    /// Less than `n`.
    pub fn below(&mut self, n: usize) -> usize {
        let number = self.numbers.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        number as usize % n
    }

    /// True in so many of a hundred cases; false where the tape has ended.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) >= 100 - percent
    }

    pub fn pick<'b, T>(&mut self, from: &'b [T]) -> &'b T {
        &from[self.below(from.len())]
    }
}

/// What one case is made from.
#[derive(Clone)]
pub struct Seeds {
    pub schema: Vec<u16>,
    pub rules: Vec<Vec<u16>>,
    pub rows: Vec<Vec<u16>>,
    pub records: Vec<Vec<u16>>,
    pub run: Vec<u16>,
    pub sources: Vec<u16>,
}

/// At most so many rules, rows of tables and records.
#[derive(Clone, Copy)]
pub struct Size {
    rules: usize,
    rows: usize,
    records: usize,
}

pub const SMALL: Size = Size { rules: 2, rows: 3, records: 8 };
pub const MIDDLE: Size = Size { rules: 2, rows: 4, records: 14 };
/// Many rates.
pub const PRICED: Size = Size { rules: 2, rows: 10, records: 7 };
pub const LARGE: Size = Size { rules: 5, rows: 5, records: 23 };

pub fn seeds(size: Size) -> impl Strategy<Value = Seeds> {
    let tape = |n: usize| vec(any::<u16>(), 0..n);
    let rules = vec(tape(160), 1..=size.rules);
    let (rows, records) = (vec(tape(30), 0..=size.rows), vec(tape(40), 1..=size.records));
    (tape(80), rules, rows, records, tape(40), tape(400))
        .prop_map(|(schema, rules, rows, records, run, sources)| Seeds { schema, rules, rows, records, run, sources })
}

/// What the tapes came to is told where a case fails.
impl std::fmt::Debug for Seeds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} rules, {} rows, {} records", self.rules.len(), self.rows.len(), self.records.len())
    }
}
