//! Atoms of one kind evaluated column by column into bitmaps: all tests of a text column by one look-up a
//! row, domains by one look-up a label, substrings by one automaton, patterns by one set.

use super::mismatch::mismatch;
use super::rows::{Col, Rows};
use super::val::{Val, order};
use super::{PlanError, Truth};
use crate::data::{ColumnId, Kind, Value};
use crate::plan::{Atom, AtomTest, Plan, TextMatch};
use aho_corasick::{AhoCorasick, MatchKind, packed};
use regex::RegexSet;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// One bit a row.
pub type Bits = Vec<u64>;

pub fn words(rows: usize) -> usize {
    rows.div_ceil(64)
}

pub fn set(bits: &mut Bits, row: usize) {
    bits[row / 64] |= 1 << (row % 64);
}

/// What a kind's atoms came to in one batch.
pub struct Marks {
    /// By atom: where it is true.
    pub truths: Vec<Bits>,
    /// By atom: where it is unknown; none: nowhere.
    pub unknowns: Vec<Option<std::rc::Rc<Bits>>>,
}

/// The atoms of a kind, grouped by column.
#[derive(Debug, Default)]
pub struct AtomGroups {
    atoms: usize,
    columns: Vec<ColumnGroup>,
}

/// The atoms of a kind, grouped where that is asked for: what a sieve tells of its rows is mostly enough.
#[derive(Debug)]
pub struct Groups {
    kind: usize,
    grouped: OnceLock<AtomGroups>,
}

impl Groups {
    /// # Errors
    /// Where patterns are too large, or not there.
    pub fn new(plan: &Plan, kind: usize) -> Result<Groups, PlanError> {
        let groups = Groups { kind, grouped: OnceLock::new() };
        if plan.kinds[kind].atoms.iter().any(|atom| matches!(atom.test, AtomTest::Matches(_))) {
            let grouped = groups.made(plan)?;
            groups.grouped.get_or_init(|| grouped);
        }
        Ok(groups)
    }

    pub fn of(&self, plan: &Plan) -> &AtomGroups {
        // Nothing else can be wrong with atoms than a pattern, and where there are some they are grouped already.
        self.grouped.get_or_init(|| self.made(plan).unwrap_or_else(|error| unreachable!("{error}")))
    }

    fn made(&self, plan: &Plan) -> Result<AtomGroups, PlanError> {
        AtomGroups::new(&plan.schema.kinds[self.kind], &plan.kinds[self.kind].atoms, &plan.patterns)
    }
}

#[derive(Debug)]
struct ColumnGroup {
    column: ColumnId,
    optional: bool,
    present: Vec<u32>,
    /// Tests that are evaluated one by one over the whole column.
    plain: Vec<(u32, PlainTest)>,
    text: Option<TextGroup>,
}

#[derive(Debug)]
enum PlainTest {
    True,
    OneOf(Vec<Value>),
    /// Among whole numbers, sizes or durations.
    Whole(FxHashSet<i64>),
    Below(Value, bool),
}

#[derive(Debug, Default)]
pub struct TextGroup {
    equal: FxHashMap<Box<str>, Vec<u32>>,
    /// Keys in lower case.
    equal_folded: FxHashMap<Box<str>, Vec<u32>>,
    starts: Affixes,
    starts_folded: Affixes,
    ends: Affixes,
    ends_folded: Affixes,
    contains: Option<Substrings>,
    contains_folded: Option<Substrings>,
    domains: FxHashMap<Box<str>, Vec<u32>>,
    patterns: Vec<(RegexSet, Vec<u32>)>,
}

/// Distinct texts that are looked for in others, each with its atoms.
#[derive(Debug)]
struct Substrings {
    texts: Vec<String>,
    atoms: Vec<Vec<u32>>,
    /// Built when many have been asked: many are for kinds of which no record comes, or few.
    searchers: OnceLock<Searchers>,
    /// How many texts were searched one by one.
    asked: AtomicU32,
}

/// So many texts are searched before it pays to build searchers.
const ONE_BY_ONE: u32 = 64;

/// Of more, most texts hold one, and the search for the first is in vain.
const FEW: usize = 16;

#[derive(Debug)]
struct Searchers {
    /// Finds the first of few, many bytes at a time. None where the processor has no such means.
    first: Option<packed::Searcher>,
    /// Finds all, byte by byte. None where it would be too large.
    all: Option<AhoCorasick>,
}

impl Substrings {
    /// None of no patterns.
    fn new(patterns: Vec<(String, u32)>) -> Option<Substrings> {
        let (mut texts, mut atoms): (Vec<String>, Vec<Vec<u32>>) = (Vec::new(), Vec::new());
        let mut known: FxHashMap<String, usize> = FxHashMap::default();
        for (text, atom) in patterns {
            let at = *known.entry(text).or_insert_with_key(|text| {
                texts.push(text.clone());
                atoms.push(Vec::new());
                texts.len() - 1
            });
            atoms[at].push(atom);
        }
        (!texts.is_empty()).then_some(Substrings { texts, atoms, searchers: OnceLock::new(), asked: AtomicU32::new(0) })
    }

    fn find(&self, text: &str, hit: &mut impl FnMut(u32)) {
        let mut each = |pattern: usize| self.atoms[pattern].iter().for_each(|&a| hit(a));
        if self.searchers.get().is_none() && self.asked.fetch_add(1, Ordering::Relaxed) < ONE_BY_ONE {
            return (0..self.texts.len()).filter(|&n| text.contains(&self.texts[n])).for_each(each);
        }
        let built = || Searchers {
            first: (self.texts.len() <= FEW).then(|| packed::Searcher::new(&self.texts)).flatten(),
            all: AhoCorasick::builder().match_kind(MatchKind::Standard).build(&self.texts).ok(),
        };
        let Searchers { first, all } = self.searchers.get_or_init(built);
        let mut text = text;
        // Most texts hold none of them. Nothing begins before the first.
        if let Some(first) = first.as_ref().filter(|f| f.minimum_len() <= text.len()) {
            match first.find(text) {
                Some(found) => text = text.get(found.start()..).unwrap_or(text),
                None => return,
            }
        }
        match all {
            Some(all) => all.find_overlapping_iter(text).for_each(|m| each(m.pattern().as_usize())),
            None => (0..self.texts.len()).filter(|&n| text.contains(&self.texts[n])).for_each(each),
        }
    }
}

/// Prefixes or suffixes, by length.
#[derive(Debug, Default)]
struct Affixes {
    lengths: Vec<usize>,
    by_text: FxHashMap<Box<str>, Vec<u32>>,
}

impl Affixes {
    fn add(&mut self, text: &str, atom: u32) {
        if !self.lengths.contains(&text.len()) {
            self.lengths.push(text.len());
            self.lengths.sort_unstable();
        }
        self.by_text.entry(text.into()).or_default().push(atom);
    }

    fn find(&self, text: &str, at_end: bool, hit: &mut impl FnMut(u32)) {
        for &length in &self.lengths {
            let part = match text.len().checked_sub(length) {
                None => break,
                Some(rest) if at_end => text.get(rest..),
                Some(_) => text.get(..length),
            };
            if let Some(atoms) = part.and_then(|p| self.by_text.get(p)) {
                atoms.iter().for_each(|&a| hit(a));
            }
        }
    }
}

impl AtomGroups {
    pub fn new(kind: &Kind, atoms: &[Atom], patterns: &[(String, bool)]) -> Result<AtomGroups, PlanError> {
        let mut columns: Vec<ColumnGroup> = Vec::new();
        let mut by_column: FxHashMap<ColumnId, Vec<(u32, &AtomTest)>> = FxHashMap::default();
        for (id, atom) in atoms.iter().enumerate() {
            by_column.entry(atom.column).or_default().push((id as u32, &atom.test));
        }
        let mut in_order: Vec<_> = by_column.into_iter().collect();
        in_order.sort_by_key(|(column, _)| *column);
        for (column, tests) in in_order {
            let optional = kind.columns.get(column.0 as usize).is_some_and(|c| c.optional);
            let mut group = ColumnGroup { column, optional, present: vec![], plain: vec![], text: None };
            let (mut contains, mut contains_folded, mut regexes) = (Vec::new(), Vec::new(), Vec::new());
            for (id, test) in tests {
                match test {
                    AtomTest::Present => group.present.push(id),
                    AtomTest::True => group.plain.push((id, PlainTest::True)),
                    AtomTest::OneOf(values) => group.plain.push((id, PlainTest::one_of(values))),
                    AtomTest::Below { bound, or_equal } => {
                        group.plain.push((id, PlainTest::Below(bound.clone(), *or_equal)));
                    }
                    AtomTest::Matches(pattern) => {
                        group.text.get_or_insert_default();
                        let (pattern, fold) = patterns.get(*pattern as usize).ok_or(PlanError::Damaged)?;
                        regexes.push((id, super::flagged(pattern, *fold)));
                    }
                    AtomTest::Text { how, patterns, ignoring_case } => {
                        let text = group.text.get_or_insert_default();
                        for pattern in patterns {
                            let key = || Box::<str>::from(pattern.as_str());
                            match (how, ignoring_case) {
                                (TextMatch::Equals, false) => text.equal.entry(key()).or_default().push(id),
                                (TextMatch::Equals, true) => text.equal_folded.entry(key()).or_default().push(id),
                                (TextMatch::StartsWith, false) => text.starts.add(pattern, id),
                                (TextMatch::StartsWith, true) => text.starts_folded.add(pattern, id),
                                (TextMatch::EndsWith, false) => text.ends.add(pattern, id),
                                (TextMatch::EndsWith, true) => text.ends_folded.add(pattern, id),
                                (TextMatch::Contains, false) => contains.push((pattern.clone(), id)),
                                (TextMatch::Contains, true) => contains_folded.push((pattern.clone(), id)),
                                (TextMatch::InDomain, _) => text.domains.entry(key()).or_default().push(id),
                            }
                        }
                    }
                }
            }
            if let Some(text) = &mut group.text {
                text.contains = Substrings::new(contains);
                text.contains_folded = Substrings::new(contains_folded);
                regexes.chunks(PATTERNS_IN_A_SET).try_for_each(|some| pattern_sets(some, &mut text.patterns))?;
            }
            columns.push(group);
        }
        Ok(AtomGroups { atoms: atoms.len(), columns })
    }

    /// The tests of a text, of atoms that are all of one column.
    pub fn into_text(mut self) -> Option<TextGroup> {
        self.columns.pop()?.text
    }

    pub fn evaluate(&self, rows: &Rows) -> Marks {
        let words = words(rows.len());
        let mut marks = Marks { truths: vec![vec![0; words]; self.atoms], unknowns: vec![None; self.atoms] };
        for group in &self.columns {
            group.evaluate(rows, &mut marks);
        }
        marks
    }
}

/// A set of very many patterns does not fit in the memory that its automaton is given.
const PATTERNS_IN_A_SET: usize = 64;

/// Sets of patterns, halved until each is small enough to be compiled.
fn pattern_sets(patterns: &[(u32, String)], sets: &mut Vec<(RegexSet, Vec<u32>)>) -> Result<(), PlanError> {
    match RegexSet::new(patterns.iter().map(|p| &p.1)) {
        Ok(set) => sets.push((set, patterns.iter().map(|p| p.0).collect())),
        Err(_) if patterns.len() < 2 => return Err(PlanError::Pattern),
        Err(_) => {
            let (some, others) = patterns.split_at(patterns.len() / 2);
            pattern_sets(some, sets)?;
            pattern_sets(others, sets)?;
        }
    }
    Ok(())
}

impl ColumnGroup {
    fn evaluate(&self, rows: &Rows, marks: &mut Marks) {
        let Some(col) = rows.cols.get(self.column.0 as usize) else { return };
        let unknown = self.unknown(rows, col).map(std::rc::Rc::new);
        let ids = self.plain.iter().map(|p| p.0).chain(self.present.iter().copied());
        if let Some(unknown) = &unknown {
            for id in ids.chain(self.text.iter().flat_map(TextGroup::atoms)) {
                marks.unknowns[id as usize] = Some(unknown.clone());
            }
        }
        for &id in &self.present {
            let bits = &mut marks.truths[id as usize];
            known_rows(col, rows.len(), |row| set(bits, row));
        }
        for (id, test) in &self.plain {
            self.plain_test(test, col, rows, *id as usize, marks);
        }
        if let (Some(text), Col::Text(array)) = (&self.text, col) {
            let truths = &mut marks.truths;
            let mut folded = String::new();
            known_rows(col, rows.len(), |row| {
                text.find(array.value(row), &mut folded, &mut |atom| set(&mut truths[atom as usize], row));
            });
        }
    }

    /// Rows in which the column's value is unknown; none where there are none.
    fn unknown(&self, rows: &Rows, col: &Col) -> Option<Bits> {
        let nulls = col.nulls().filter(|n| n.null_count() > 0)?;
        let mut bits = vec![0; words(rows.len())];
        if self.optional {
            rows.flaws.iter().filter(|f| f.column == self.column).for_each(|f| set(&mut bits, f.row as usize));
        } else {
            (0..rows.len()).filter(|&r| nulls.is_null(r)).for_each(|r| set(&mut bits, r));
        }
        bits.iter().any(|&w| w != 0).then_some(bits)
    }

    fn plain_test(&self, test: &PlainTest, col: &Col, rows: &Rows, id: usize, marks: &mut Marks) {
        let bits = &mut marks.truths[id];
        let n = rows.len();
        match (test, col) {
            (PlainTest::True, Col::Bool(a)) => known_rows(col, n, |r| {
                if a.value(r) {
                    set(bits, r);
                }
            }),
            (PlainTest::Below(Value::Int(b) | Value::Bytes(b) | Value::Duration(b), e), Col::Int(a)) => {
                below(a.values(), *b, *e, bits);
            }
            (PlainTest::Below(Value::Date(b), e), Col::Date(a)) => below(a.values(), *b, *e, bits),
            (PlainTest::Below(Value::Timestamp(b), e), Col::Timestamp(a)) => below(a.values(), *b, *e, bits),
            (PlainTest::Below(Value::Enum(_, b), e), Col::Enum(a)) => below(a.values(), *b, *e, bits),
            (PlainTest::Below(Value::Decimal(b) | Value::Percent(b), e), Col::Decimal(a)) => {
                below(a.values(), b.raw(), *e, bits);
            }
            (PlainTest::Whole(among), Col::Int(a)) => test_each(a.values(), bits, |v| among.contains(&v)),
            (PlainTest::OneOf(values), Col::Enum(a)) => {
                let mut among = vec![false; 1 + values.iter().filter_map(word).max().unwrap_or(0) as usize];
                values.iter().filter_map(word).for_each(|w| among[w as usize] = true);
                test_each(a.values(), bits, |w| among.get(w as usize).copied().unwrap_or(false));
            }
            _ => {
                // Money, and membership of numbers and times: by the rules of comparison.
                let mut doubtful: Option<Bits> = None;
                for row in (0..n).filter(|&r| !col.is_null(r)) {
                    match test.one(&Val::cell(rows, row, self.column, self.optional)) {
                        Truth::True => set(bits, row),
                        Truth::False => {}
                        _ => set(doubtful.get_or_insert_with(|| vec![0; words(n)]), row),
                    }
                }
                if let Some(mut doubtful) = doubtful {
                    if let Some(before) = &marks.unknowns[id] {
                        doubtful.iter_mut().zip(before.iter()).for_each(|(d, b)| *d |= b);
                    }
                    marks.unknowns[id] = Some(std::rc::Rc::new(doubtful));
                }
                return;
            }
        }
        // The values under nulls are anything.
        if let Some(nulls) = col.nulls().filter(|n| n.null_count() > 0) {
            let bits = &mut marks.truths[id];
            (0..n).filter(|&r| nulls.is_null(r)).for_each(|r| bits[r / 64] &= !(1 << (r % 64)));
        }
    }
}

impl PlainTest {
    fn one_of(values: &[Value]) -> PlainTest {
        let whole: Option<FxHashSet<i64>> = values
            .iter()
            .map(|v| match v {
                Value::Int(n) | Value::Bytes(n) | Value::Duration(n) => Some(*n),
                _ => None,
            })
            .collect();
        // Of no values it is not known what they are.
        let whole = whole.filter(|whole| !whole.is_empty());
        whole.map_or_else(|| PlainTest::OneOf(values.to_vec()), PlainTest::Whole)
    }

    fn one(&self, value: &Val<'_>) -> Truth {
        if !value.is_known() {
            return Truth::Unknown;
        }
        match self {
            PlainTest::True => match value {
                Val::Bool(b) => Truth::of(*b),
                other => mismatch(Truth::Unknown, other),
            },
            PlainTest::Whole(among) => match value {
                Val::Int(n) => Truth::of(among.contains(n)),
                other => mismatch(Truth::Unknown, other),
            },
            PlainTest::OneOf(values) => values.iter().fold(Truth::False, |t, v| {
                t.or(order(value, &Val::of(v)).map_or(Truth::Unknown, |o| Truth::of(o.is_eq())))
            }),
            PlainTest::Below(bound, or_equal) => order(value, &Val::of(bound))
                .map_or(Truth::Unknown, |o| Truth::of(if *or_equal { o.is_le() } else { o.is_lt() })),
        }
    }
}

fn word(value: &Value) -> Option<u16> {
    match value {
        Value::Enum(_, w) => Some(*w),
        _ => None,
    }
}

fn below<T: PartialOrd + Copy>(values: &[T], bound: T, or_equal: bool, bits: &mut Bits) {
    if or_equal { test_each(values, bits, |v| v <= bound) } else { test_each(values, bits, |v| v < bound) }
}

fn test_each<T: Copy>(values: &[T], bits: &mut Bits, test: impl Fn(T) -> bool) {
    for (word, chunk) in bits.iter_mut().zip(values.chunks(64)) {
        *word = chunk.iter().enumerate().fold(0, |w, (i, &v)| w | (test(v) as u64) << i);
    }
}

fn known_rows(col: &Col, rows: usize, mut f: impl FnMut(usize)) {
    match col.nulls().filter(|n| n.null_count() > 0) {
        Some(nulls) => nulls.valid_indices().for_each(f),
        None => (0..rows).for_each(&mut f),
    }
}

impl TextGroup {
    fn atoms(&self) -> Vec<u32> {
        let maps = [
            &self.equal,
            &self.equal_folded,
            &self.starts.by_text,
            &self.starts_folded.by_text,
            &self.ends.by_text,
            &self.ends_folded.by_text,
            &self.domains,
        ];
        let mut all: Vec<u32> = maps.into_iter().flat_map(|m| m.values().flatten().copied()).collect();
        for Substrings { atoms, .. } in self.contains.iter().chain(&self.contains_folded) {
            all.extend(atoms.iter().flatten());
        }
        all.extend(self.patterns.iter().flat_map(|p| &p.1));
        all
    }

    fn folds(&self) -> bool {
        !self.equal_folded.is_empty()
            || !self.starts_folded.lengths.is_empty()
            || !self.ends_folded.lengths.is_empty()
            || self.contains_folded.is_some()
            || !self.domains.is_empty()
    }

    pub fn find(&self, text: &str, folded: &mut String, hit: &mut impl FnMut(u32)) {
        fn all(atoms: Option<&Vec<u32>>, hit: &mut impl FnMut(u32)) {
            atoms.into_iter().flatten().for_each(|&a| hit(a));
        }
        if !self.equal.is_empty() {
            all(self.equal.get(text), hit);
        }
        if let Some(contains) = &self.contains {
            contains.find(text, hit);
        }
        for (patterns, atoms) in &self.patterns {
            patterns.matches(text).iter().for_each(|i| hit(atoms[i]));
        }
        self.starts.find(text, false, hit);
        self.ends.find(text, true, hit);
        if !self.folds() {
            return;
        }
        let lower = if text.bytes().any(|b| b.is_ascii_uppercase() || !b.is_ascii()) {
            folded.clear();
            folded.push_str(&text.to_lowercase());
            folded.as_str()
        } else {
            text
        };
        self.starts_folded.find(lower, false, hit);
        self.ends_folded.find(lower, true, hit);
        all(self.equal_folded.get(lower), hit);
        if let Some(contains) = &self.contains_folded {
            contains.find(lower, hit);
        }
        if !self.domains.is_empty() {
            all(self.domains.get(lower), hit);
            for (dot, _) in lower.match_indices('.') {
                all(self.domains.get(&lower[dot + 1..]), hit);
            }
        }
    }
}
