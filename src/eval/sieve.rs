//! Rows that no rule can find anything in, told from a few values before they are laid in columns.
//!
//! Whoever reads rows of a kind, a rule or a history, does so under conditions of which all must hold. The tests
//! among them that compare one column with constants are its guards: where one of them fails, the row is nothing
//! to this reader. A row is let go where a guard of each reader fails; whatever is not plain is kept, and is then
//! judged in full. So a sieve changes no verdict and no count.

mod sets;
mod texts;

use self::sets::{Mask, Sets, bit, keep};
use self::texts::{Search, Words};
use super::screen::triggered_by;
use super::{PlanError, Runtime};
use crate::data::{Between, ColumnId, Kind, KindId, Seen, Sieve, Type, Value, Values};
use crate::plan::{Atom, AtomTest, Plan, Test, TextMatch};
use std::sync::Arc;

/// By kind.
#[derive(Debug)]
pub struct Sieves(Vec<Option<KindSieve>>);

#[derive(Debug)]
struct KindSieve {
    readers: usize,
    all: Mask,
    columns: Vec<ColumnId>,
    /// As in `columns`.
    stages: Vec<Stage>,
    rest: Arc<[ColumnId]>,
}

/// The guards on one column that are tried together.
#[derive(Debug)]
struct Stage {
    optional: bool,
    /// Readers that have a guard here.
    concerned: Mask,
    /// Readers to which the row may be something where no test holds.
    otherwise: Mask,
    guards: Guards,
}

#[derive(Debug)]
enum Guards {
    /// The record's time must be known.
    Timed,
    Text(Box<Words>),
    Search(Box<Search>),
    /// Bounds ascending; by how many of them a value is not below: for whom it may be something.
    Ordered(Vec<i128>, Sets),
    /// By word; others fail all tests.
    Enum(Sets),
    Bool(Mask),
}

/// A test that a reader needs to hold, or not to hold.
struct Guard<'p> {
    reader: u32,
    atom: &'p Atom,
    holds: bool,
}

impl Sieves {
    pub(super) fn new(plan: &Plan, runtime: &Runtime) -> Result<Sieves, PlanError> {
        let all = (0..plan.schema.kinds.len()).map(|kind| KindSieve::new(plan, runtime, KindId(kind as u32)));
        Ok(Sieves(all.collect::<Result<_, _>>()?))
    }
}

impl Sieve for Sieves {
    fn columns(&self, kind: KindId) -> Option<&[ColumnId]> {
        Some(&self.0.get(kind.0 as usize)?.as_ref()?.columns)
    }

    fn rest(&self, kind: KindId) -> Arc<[ColumnId]> {
        self.0.get(kind.0 as usize).and_then(Option::as_ref).map_or_else(|| Arc::from([]), |of| of.rest.clone())
    }

    fn keeps_any<'v>(&self, kind: KindId, value: &mut dyn FnMut(usize) -> Option<Between<'v>>) -> bool {
        self.0.get(kind.0 as usize).and_then(Option::as_ref).is_none_or(|of| of.keeps_any(value))
    }

    fn keeps<'v>(&self, kind: KindId, scratch: &mut Vec<u128>, value: &mut dyn FnMut(usize) -> Seen<'v>) -> bool {
        self.0.get(kind.0 as usize).and_then(Option::as_ref).is_none_or(|of| of.keeps(scratch, value))
    }

    fn keeps_each<'v>(&self, kind: KindId, scratch: &mut Vec<u128>, kept: &mut [bool], values: &mut Values<'_, 'v>) {
        match self.0.get(kind.0 as usize).and_then(Option::as_ref) {
            Some(of) => of.keeps_each(scratch, kept, values),
            None => kept.fill(true),
        }
    }
}

/// The columns that say which record a row is, and when it was.
pub(super) fn rest(kind: &Kind) -> Vec<ColumnId> {
    let mut rest: Vec<ColumnId> = kind.identity.iter().copied().chain(kind.time()).collect();
    rest.sort_unstable();
    rest.dedup();
    rest
}

impl KindSieve {
    /// None where there is no reader or one has no guard, or all rows are held for another reason.
    fn new(plan: &Plan, runtime: &Runtime, id: KindId) -> Result<Option<KindSieve>, PlanError> {
        let at = id.0 as usize;
        let kind = plan.schema.kind(id);
        let read = plan.kinds[at].projection.is_some();
        if !read || kind.is_table() || !runtime.unions[at].is_empty() || !plan.metrics.is_empty() {
            return Ok(None);
        }
        let (mut guards, mut readers, mut dated) = (Vec::new(), 0, false);
        let atoms = &plan.kinds[at].atoms;
        for rule in plan.rules.iter().filter(|r| triggered_by(&r.trigger) == Some(id)) {
            // Where the rule's `where` fails it is not triggered, where its `when` does it is kept.
            let tests = match (rule.screen.filter.is_empty(), rule.screen.filter_exact) {
                (true, true) => &rule.screen.when,
                _ => &rule.screen.filter,
            };
            dated |= rule.effective != (None, None);
            if !guards_of(tests, atoms, readers, &mut guards) {
                return Ok(None);
            }
            readers += 1;
        }
        for &history in &runtime.histories_of[at] {
            if !guards_of(&plan.histories[history as usize].screen, atoms, readers, &mut guards) {
                return Ok(None);
            }
            readers += 1;
        }
        if readers == 0 {
            return Ok(None);
        }
        let mut sieve = KindSieve {
            readers: readers as usize,
            all: Vec::new(),
            columns: Vec::new(),
            stages: Vec::new(),
            rest: rest(kind).into(),
        };
        sieve.all = sieve.mask(0..readers);
        if dated && let Some(time) = kind.time() {
            let all = sieve.all.clone();
            sieve.push(time, Stage { optional: false, concerned: all.clone(), otherwise: all, guards: Guards::Timed });
        }
        // What is cheap first, and what most readers need.
        let mut groups: Vec<(Cost, ColumnId, Vec<Guard>)> = Vec::new();
        for (cost, guard) in guards {
            match groups.iter_mut().find(|g| (g.0, g.1) == (cost, guard.atom.column)) {
                Some((.., own)) if own.iter().any(|g| g.reader == guard.reader) => {}
                Some((.., own)) => own.push(guard),
                None => groups.push((cost, guard.atom.column, vec![guard])),
            }
        }
        groups.sort_by_key(|(cost, column, own)| {
            (matches!(cost, Cost::Search | Cost::Fold), std::cmp::Reverse(own.len()), *column)
        });
        for (cost, column, own) in groups {
            let of = &kind.columns[column.0 as usize];
            if let Some(guards) = sieve.guards(kind, &of.ty, cost, &own)? {
                let (concerned, otherwise) = (sieve.mask(own.iter().map(|g| g.reader)), sieve.otherwise(&own));
                sieve.push(column, Stage { optional: of.optional, concerned, otherwise, guards });
            }
        }
        let mut guarded = sieve.mask(0..0);
        for stage in sieve.stages.iter().filter(|s| !matches!(s.guards, Guards::Timed)) {
            guarded.iter_mut().zip(&stage.concerned).for_each(|(g, c)| *g |= c);
        }
        Ok((guarded == sieve.all).then_some(sieve))
    }

    fn push(&mut self, column: ColumnId, stage: Stage) {
        self.columns.push(column);
        self.stages.push(stage);
    }

    fn mask(&self, readers: impl Iterator<Item = u32>) -> Mask {
        let mut mask = vec![0; self.readers.div_ceil(128)];
        readers.for_each(|r| bit(&mut mask, r));
        mask
    }

    /// Readers without a guard among these, and those that need a test not to hold.
    fn otherwise(&self, own: &[Guard]) -> Mask {
        let needing = |reader| own.iter().any(|g| g.reader == reader && g.holds);
        self.mask((0..self.readers as u32).filter(|&r| !needing(r)))
    }

    fn guards(&self, kind: &Kind, ty: &Type, cost: Cost, own: &[Guard]) -> Result<Option<Guards>, PlanError> {
        Ok(Some(match cost {
            Cost::Word => Guards::Text(Box::new(Words::new(self.readers, own))),
            Cost::Search | Cost::Fold => {
                let Some(search) = Search::new(kind, self.readers, own)? else { return Ok(None) };
                Guards::Search(Box::new(search))
            }
            Cost::Order => {
                // The least number that is not below.
                let bound = |guard: &Guard| match &guard.atom.test {
                    AtomTest::Below { bound, or_equal } => number(bound).map(|n| n.saturating_add((*or_equal).into())),
                    _ => None,
                };
                let mut bounds: Vec<i128> = own.iter().filter_map(bound).collect();
                bounds.sort_unstable();
                bounds.dedup();
                let mut sets = Sets::new(self.readers);
                for not_below in 0..=bounds.len() {
                    let fails = |guard: &&Guard| {
                        let below = bound(guard).is_some_and(|b| bounds[not_below..].contains(&b));
                        below != guard.holds
                    };
                    sets.push(&self.all_but(own.iter().filter(fails)));
                }
                Guards::Ordered(bounds, sets)
            }
            Cost::Enum => {
                let Type::Enum(_) = ty else { return Ok(None) };
                let words = |guard: &Guard| match &guard.atom.test {
                    AtomTest::OneOf(values) => values.iter().filter_map(word).collect::<Vec<u16>>(),
                    _ => Vec::new(),
                };
                let most = own.iter().flat_map(words).max().unwrap_or(0);
                let mut sets = Sets::new(self.readers);
                for word in 0..=most {
                    let fails = |guard: &&Guard| words(guard).contains(&word) != guard.holds;
                    sets.push(&self.all_but(own.iter().filter(fails)));
                }
                Guards::Enum(sets)
            }
            Cost::Bool => Guards::Bool(self.all_but(own.iter().filter(|g| !g.holds))),
        }))
    }

    fn all_but<'g>(&self, failing: impl Iterator<Item = &'g Guard<'g>>) -> Mask {
        let mut all = self.all.clone();
        failing.for_each(|g| all[g.reader as usize / 128] &= !(1 << (g.reader % 128)));
        all
    }

    fn keeps_any<'v>(&self, value: &mut dyn FnMut(usize) -> Option<Between<'v>>) -> bool {
        let mut alive = self.all.clone();
        for (nth, stage) in self.stages.iter().enumerate() {
            // Those to which some of the rows may be something; none where it is not known.
            match (value(nth).and_then(|v| stage.between(v)), &stage.guards) {
                (Some(left), _) => alive.iter_mut().zip(&left).for_each(|(a, l)| *a &= l),
                (None, Guards::Timed) => return true,
                (None, _) => {}
            }
        }
        alive.iter().any(|a| *a != 0)
    }

    fn keeps<'v>(&self, scratch: &mut Vec<u128>, value: &mut dyn FnMut(usize) -> Seen<'v>) -> bool {
        let words = self.all.len();
        scratch.resize(2 * words, 0);
        let (alive, scratch) = scratch.split_at_mut(words);
        alive.copy_from_slice(&self.all);
        for (nth, stage) in self.stages.iter().enumerate() {
            if alive.iter().zip(&stage.concerned).all(|(a, c)| a & c == 0) {
                continue;
            }
            if !stage.narrow(value(nth), alive, scratch) {
                return true;
            }
            if alive.iter().all(|a| *a == 0) {
                return false;
            }
        }
        true
    }

    /// Stage by stage: what rows come to hangs less on each other than what the stages of one row come to, and the processor
    /// does more of it at once.
    fn keeps_each<'v>(&self, scratch: &mut Vec<u128>, kept: &mut [bool], values: &mut Values<'_, 'v>) {
        let (rows, words) = (kept.len(), self.all.len());
        scratch.resize((rows + 1) * words, 0);
        let (scratch, alive) = scratch.split_at_mut(words);
        alive.chunks_exact_mut(words).for_each(|alive| alive.copy_from_slice(&self.all));
        let (mut looked, mut seen) = (vec![0; rows], Vec::with_capacity(rows));
        for (nth, stage) in self.stages.iter().enumerate() {
            let mut concerned = 0;
            for (row, alive) in alive.chunks_exact(words).enumerate() {
                looked[concerned] = row as u32;
                let any = alive.iter().zip(&stage.concerned).fold(0, |any, (a, c)| any | a & c);
                concerned += usize::from(any != 0);
            }
            let looked = &looked[..concerned];
            seen.clear();
            values(nth, looked, &mut seen);
            for (&row, &value) in looked.iter().zip(&seen) {
                let alive = &mut alive[row as usize * words..][..words];
                let told = match (&stage.guards, value) {
                    // As it mostly is.
                    (Guards::Text(words), Seen::Text(text)) => {
                        words.narrow(text, &stage.otherwise, alive, scratch);
                        true
                    }
                    _ => stage.narrow(value, alive, scratch),
                };
                if !told {
                    kept[row as usize] = true;
                    alive.fill(0);
                }
            }
        }
        for (kept, alive) in kept.iter_mut().zip(alive.chunks_exact(words)) {
            *kept |= alive.iter().any(|a| *a != 0);
        }
    }
}

impl Stage {
    /// Leaves those for whom a row with this value may be something; false where that cannot be told.
    #[inline]
    fn narrow(&self, value: Seen<'_>, alive: &mut [u128], scratch: &mut [u128]) -> bool {
        match (value, &self.guards) {
            (Seen::Time, Guards::Timed) => {}
            (Seen::Absent, guards) if self.optional && !matches!(guards, Guards::Timed) => keep(alive, &self.otherwise),
            (Seen::Text(text), Guards::Text(words)) => words.narrow(text, &self.otherwise, alive, scratch),
            (Seen::Text(text), Guards::Search(search)) => search.narrow(text, self, alive, scratch),
            (Seen::Int(n), Guards::Ordered(bounds, sets)) => keep(alive, sets.at(not_below(bounds, n.into()))),
            (Seen::Decimal(d), Guards::Ordered(bounds, sets)) => keep(alive, sets.at(not_below(bounds, d.raw()))),
            (Seen::Word(word), Guards::Enum(sets)) => keep(alive, sets.get(word.into()).unwrap_or(&self.otherwise)),
            (Seen::Bool(true), Guards::Bool(mask)) => keep(alive, mask),
            (Seen::Bool(false), Guards::Bool(_)) => keep(alive, &self.otherwise),
            _ => return false,
        }
        true
    }

    /// For whom a row may be something of which the value lies so; none where that is not known.
    fn between(&self, Between { least, greatest, absent }: Between) -> Option<Mask> {
        if absent && (!self.optional || matches!(self.guards, Guards::Timed)) {
            return None;
        }
        let mut left = match (least, greatest, &self.guards) {
            (Seen::Time, Seen::Time, Guards::Timed) => return Some(self.otherwise.clone()),
            (Seen::Int(a), Seen::Int(b), Guards::Ordered(bounds, sets)) => {
                sets.union(not_below(bounds, a.into())..=not_below(bounds, b.into()))?
            }
            (Seen::Decimal(a), Seen::Decimal(b), Guards::Ordered(bounds, sets)) => {
                sets.union(not_below(bounds, a.raw())..=not_below(bounds, b.raw()))?
            }
            (Seen::Text(a), Seen::Text(b), Guards::Text(_) | Guards::Search(_)) if a == b => {
                let mut turned = vec![0; self.otherwise.len()];
                match &self.guards {
                    Guards::Text(words) => words.turn(a, &mut turned),
                    Guards::Search(search) => search.turn(a, &mut turned),
                    _ => return None,
                }
                turned.iter_mut().zip(&self.otherwise).for_each(|(t, o)| *t ^= o);
                turned
            }
            (Seen::Word(a), Seen::Word(b), Guards::Enum(sets)) if a == b => {
                sets.get(a.into()).unwrap_or(&self.otherwise).to_vec()
            }
            (Seen::Bool(a), Seen::Bool(b), Guards::Bool(mask)) if a == b => {
                if a {
                    mask.clone()
                } else {
                    self.otherwise.clone()
                }
            }
            _ => return None,
        };
        if absent {
            left.iter_mut().zip(&self.otherwise).for_each(|(l, o)| *l |= o);
        }
        Some(left)
    }
}

fn not_below(bounds: &[i128], n: i128) -> usize {
    bounds.partition_point(|bound| *bound <= n)
}

/// What a test takes, about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cost {
    Bool,
    Enum,
    Order,
    /// A look-up of a text.
    Word,
    /// A search in a text.
    Search,
    /// The same whatever the case, or for a domain.
    Fold,
}

/// Adds the guards among conditions that all must hold; false where there is none.
fn guards_of<'p>(tests: &'p [Test], atoms: &'p [Atom], reader: u32, out: &mut Vec<(Cost, Guard<'p>)>) -> bool {
    let before = out.len();
    for test in tests {
        if let Test::Atoms(program) = test {
            program.conjuncts(true, &mut |atom, holds| {
                if let Some(atom) = atoms.get(atom as usize)
                    && let Some(cost) = cost(&atom.test)
                {
                    out.push((cost, Guard { reader, atom, holds }));
                }
            });
        }
    }
    out.len() > before
}

fn cost(test: &AtomTest) -> Option<Cost> {
    match test {
        AtomTest::True => Some(Cost::Bool),
        AtomTest::OneOf(values) => values.iter().all(|v| word(v).is_some()).then_some(Cost::Enum),
        AtomTest::Below { bound, .. } => number(bound).map(|_| Cost::Order),
        AtomTest::Text {
            how: TextMatch::Equals | TextMatch::StartsWith | TextMatch::EndsWith,
            ignoring_case: false,
            ..
        } => Some(Cost::Word),
        AtomTest::Text { how: TextMatch::Contains, ignoring_case: false, .. } => Some(Cost::Search),
        AtomTest::Text { .. } => Some(Cost::Fold),
        AtomTest::Present | AtomTest::Matches(_) => None,
    }
}

fn word(value: &Value) -> Option<u16> {
    match value {
        Value::Enum(_, word) => Some(*word),
        _ => None,
    }
}

fn number(value: &Value) -> Option<i128> {
    match value {
        Value::Int(n) | Value::Bytes(n) | Value::Duration(n) => Some((*n).into()),
        Value::Decimal(d) | Value::Percent(d) => Some(d.raw()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reader 0 needs less than 5, reader 1 needs it not to be; a third looks elsewhere.
    fn stage(optional: bool) -> Stage {
        let mut sets = Sets::new(3);
        sets.push(&[0b101]);
        sets.push(&[0b110]);
        Stage { optional, concerned: vec![0b011], otherwise: vec![0b110], guards: Guards::Ordered(vec![5], sets) }
    }

    #[test]
    fn between_two_values_is_whoever_one_of_them_concerns() {
        let of = |optional, least, greatest, absent| stage(optional).between(Between { least, greatest, absent });
        let between = |a, b, absent| of(true, Seen::Int(a), Seen::Int(b), absent);
        assert_eq!(between(1, 4, false), Some(vec![0b101]));
        assert_eq!(between(5, 9, false), Some(vec![0b110]));
        assert_eq!(between(4, 5, false), Some(vec![0b111]));
        // A row without a value is not less than 5 either.
        assert_eq!(between(1, 4, true), Some(vec![0b111]));
        // A value that must be there and is not makes the row worth a look.
        assert_eq!(of(false, Seen::Int(1), Seen::Int(4), true), None);
        assert_eq!(of(false, Seen::Int(1), Seen::Int(4), false), Some(vec![0b101]));
        assert_eq!(of(false, Seen::Other, Seen::Int(4), false), None);
        assert_eq!(of(false, Seen::Int(1), Seen::Time, false), None);
        assert_eq!(of(false, Seen::Int(9), Seen::Int(4), false), None);
    }
}
