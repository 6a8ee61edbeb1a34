//! Rows that no rule can find anything in, told from a few values before they are laid in columns.
//!
//! Whoever reads rows of a kind, a rule or a history, does so under conditions of which all must hold. The tests
//! among them that compare one column with constants are its guards: where one of them fails, the row is nothing
//! to this reader. A row is let go where a guard of each reader fails; whatever is not plain is kept, and is then
//! judged in full. So a sieve changes no verdict and no count.

mod guards;
mod sets;
mod texts;

pub(super) use self::guards::are_guards;
use self::guards::{Group, Guard, Guards, guards_of, in_order};
use self::sets::{Mask, bit, cut, keep, meet, unbit};
use super::repeats::hash_of;
use super::screen::triggered_by;
use super::{Options, PlanError, Runtime, threads_for};
use crate::data::{Between, Brief, ColumnId, Kind, KindId, Seen, Sieve, Time, Type, Values};
use crate::plan::Plan;
use crate::threads;
use std::sync::Arc;

/// By kind.
#[derive(Debug)]
pub struct Sieves(Vec<Option<KindSieve>>);

#[derive(Debug)]
struct KindSieve {
    /// And behind them one that is nobody's: set where a value is not plain.
    readers: usize,
    all: Mask,
    /// All guards are tried, so that a row whose values are plain is left for those whose guards hold, and for nobody else.
    exact: bool,
    columns: Vec<ColumnId>,
    /// As in `columns`.
    stages: Vec<Stage>,
    rest: Arc<[ColumnId]>,
    brief: Option<Brief>,
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

impl Sieves {
    /// Of records up to a moment, if one is named.
    pub(super) fn new(plan: &Plan, runtime: &Runtime, options: Options) -> Result<Sieves, PlanError> {
        let threads = threads_for(plan, options.threads);
        let all = threads::each(threads, plan.schema.kinds.len(), |kind| {
            KindSieve::new(plan, runtime, (KindId(kind as u32), options.as_of))
        });
        Ok(Sieves(all.into_iter().collect::<Result<_, _>>()?))
    }
}

impl Sieve for Sieves {
    fn columns(&self, kind: KindId) -> Option<&[ColumnId]> {
        Some(&self.0.get(kind.0 as usize)?.as_ref()?.columns)
    }

    fn rest(&self, kind: KindId) -> Arc<[ColumnId]> {
        self.0.get(kind.0 as usize).and_then(Option::as_ref).map_or_else(|| Arc::from([]), |of| of.rest.clone())
    }

    fn brief(&self, kind: KindId) -> Option<Brief> {
        self.0.get(kind.0 as usize)?.as_ref()?.brief
    }

    #[inline]
    fn hash(&self, kind: KindId, identity: &str) -> u64 {
        hash_of(kind, identity)
    }

    fn keeps_any<'v>(&self, kind: KindId, value: &mut dyn FnMut(usize) -> Option<Between<'v>>) -> bool {
        self.0.get(kind.0 as usize).and_then(Option::as_ref).is_none_or(|of| of.keeps_any(value))
    }

    fn keeps<'v>(&self, kind: KindId, scratch: &mut Vec<u128>, value: &mut dyn FnMut(usize) -> Seen<'v>) -> bool {
        self.0.get(kind.0 as usize).and_then(Option::as_ref).is_none_or(|of| of.keeps(scratch, value))
    }

    fn keeps_each<'v>(
        &self,
        kind: KindId,
        kept: &mut [bool],
        left: &mut Vec<u128>,
        values: &mut Values<'_, 'v>,
    ) -> usize {
        let Some(of) = self.0.get(kind.0 as usize).and_then(Option::as_ref) else {
            kept.fill(true);
            return 0;
        };
        match of.all.len() {
            1 => of.keeps_each::<1>(kept, left, values),
            2 => of.keeps_each::<2>(kept, left, values),
            _ => of.keeps_each::<0>(kept, left, values),
        }
        if of.exact { of.all.len() } else { 0 }
    }
}

/// The columns that say which record a row is, and when it was.
pub(super) fn rest(kind: &Kind) -> Vec<ColumnId> {
    let mut rest: Vec<ColumnId> = kind.identity.iter().copied().chain(kind.time()).collect();
    rest.sort_unstable();
    rest.dedup();
    rest
}

fn brief(kind: &Kind) -> Option<Brief> {
    let [identity] = kind.identity[..] else { return None };
    let ty = |column: ColumnId| &kind.columns[column.0 as usize].ty;
    let dated = kind.time().is_none_or(|time| *ty(time) == Type::Timestamp);
    (*ty(identity) == Type::Text && dated).then_some(Brief { identity, time: kind.time() })
}

impl KindSieve {
    /// None where there is no reader or one has no guard, or all rows are held for another reason.
    fn new(
        plan: &Plan,
        runtime: &Runtime,
        (id, as_of): (KindId, Option<Time>),
    ) -> Result<Option<KindSieve>, PlanError> {
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
            exact: true,
            columns: Vec::new(),
            stages: Vec::new(),
            rest: rest(kind).into(),
            // Which of its days a rule is in force is told day by day, and so is what is after a moment.
            brief: if dated || as_of.is_some() { None } else { brief(kind) },
        };
        sieve.all = sieve.mask(0..readers);
        if dated && let Some(time) = kind.time() {
            let all = sieve.all.clone();
            sieve.push(time, Stage { optional: false, concerned: all.clone(), otherwise: all, guards: Guards::Timed });
        }
        let mut groups: Vec<Group> = Vec::new();
        for (cost, guard) in guards {
            match groups.iter_mut().find(|g| (g.0, g.1) == (cost, guard.atom.column)) {
                // They come reader by reader.
                Some((.., own)) if own.last().is_some_and(|g| g.reader == guard.reader) => {}
                Some((.., own)) => own.push(guard),
                None => groups.push((cost, guard.atom.column, vec![guard])),
            }
        }
        for (cost, column, own) in in_order(groups, readers as usize) {
            let of = &kind.columns[column.0 as usize];
            let Some(guards) = Guards::new(kind, &of.ty, readers as usize + 1, cost, &own)? else {
                sieve.exact = false;
                continue;
            };
            let (concerned, otherwise) = (sieve.mask(own.iter().map(|g| g.reader)), sieve.otherwise(&own));
            sieve.push(column, Stage { optional: of.optional, concerned, otherwise, guards });
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
        let mut mask = vec![0; (self.readers + 1).div_ceil(128)];
        readers.for_each(|r| bit(&mut mask, r));
        mask
    }

    /// Readers without a guard among these, and those that need a test not to hold.
    fn otherwise(&self, own: &[Guard]) -> Mask {
        let mut all = self.all.clone();
        own.iter().filter(|g| g.holds).for_each(|g| unbit(&mut all, g.reader));
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
            if !meet::<0>(alive, &stage.concerned) {
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
    /// does more of it at once. `W`: so many words a set has; 0 for any.
    fn keeps_each<'v, const W: usize>(&self, kept: &mut [bool], left: &mut Vec<u128>, values: &mut Values<'_, 'v>) {
        let (rows, words) = (kept.len(), if W == 0 { self.all.len() } else { W });
        left.resize((rows + 1) * words, 0);
        let (alive, scratch) = left.split_at_mut(rows * words);
        alive.chunks_exact_mut(words).for_each(|alive| alive.copy_from_slice(&self.all));
        // All readers are left for each row when it is looked at first.
        let mut looked: Vec<u32> = (0..rows as u32).collect();
        kept.fill(false);
        let (mut concerned, mut seen) = (rows, vec![Seen::Absent; rows]);
        for (nth, stage) in self.stages.iter().enumerate() {
            if nth > 0 {
                concerned = 0;
                let own = cut::<W>(&stage.concerned);
                for (row, alive) in alive.chunks_exact(words).enumerate() {
                    looked[concerned] = row as u32;
                    concerned += usize::from(meet::<W>(alive, own));
                }
            }
            let looked = &looked[..concerned];
            if looked.is_empty() {
                continue;
            }
            let seen = &mut seen[..concerned];
            let whole = if let Guards::Text(texts) = &stage.guards { texts.whole() } else { None };
            values(nth, looked, whole.map(|(lookup, _)| lookup), seen);
            let rows = looked.iter().zip(&*seen);
            let otherwise = &stage.otherwise;
            // As it mostly is, each sort by itself.
            match &stage.guards {
                Guards::Text(_) if let Some((_, left)) = whole => {
                    narrow_each::<W>(rows, words, alive, kept, |value, alive| {
                        let Seen::Known(text) = value else { return stage.narrow(*value, alive, scratch) };
                        keep::<W>(alive, left.at::<W>(*text as usize));
                        true
                    })
                }
                Guards::Text(texts) => narrow_each::<W>(rows, words, alive, kept, |value, alive| {
                    let Seen::Text(text) = value else { return stage.narrow(*value, alive, scratch) };
                    texts.narrow::<W>(text, otherwise, alive, scratch);
                    true
                }),
                Guards::Ordered(bounds, sets) => narrow_each::<W>(rows, words, alive, kept, |value, alive| {
                    let number = match value {
                        Seen::Int(n) => (*n).into(),
                        Seen::Decimal(d) => d.raw(),
                        _ => return stage.narrow(*value, alive, scratch),
                    };
                    keep::<W>(alive, sets.at::<W>(not_below(bounds, number)));
                    true
                }),
                Guards::Bool(masks) => narrow_each::<W>(rows, words, alive, kept, |value, alive| {
                    let Seen::Bool(value) = value else { return stage.narrow(*value, alive, scratch) };
                    keep::<W>(alive, &masks[usize::from(*value)]);
                    true
                }),
                _ => narrow_each::<W>(rows, words, alive, kept, |value, alive| stage.narrow(*value, alive, scratch)),
            }
        }
        for (kept, alive) in kept.iter_mut().zip(alive.chunks_exact_mut(words)) {
            if *kept {
                bit(alive, self.readers as u32);
            }
            *kept |= alive.iter().any(|a| *a != 0);
        }
    }
}

/// Narrows what is left for each row. Where that cannot be told the row is kept, for those to whom what else is in it may be
/// something.
#[inline(always)]
fn narrow_each<'r, 'v: 'r, const W: usize>(
    rows: impl Iterator<Item = (&'r u32, &'r Seen<'v>)>,
    words: usize,
    alive: &mut [u128],
    kept: &mut [bool],
    mut narrow: impl FnMut(&Seen<'v>, &mut [u128]) -> bool,
) {
    for (row, value) in rows {
        let (at, words) = (*row as usize, if W == 0 { words } else { W });
        let alive = &mut alive[at * words..at * words + words];
        if !narrow(value, alive) {
            kept[*row as usize] = true;
        }
    }
}

impl Stage {
    /// Leaves those for whom a row with this value may be something; false where that cannot be told.
    fn narrow(&self, value: Seen<'_>, alive: &mut [u128], scratch: &mut [u128]) -> bool {
        match (value, &self.guards) {
            (Seen::Time, Guards::Timed) => {}
            (Seen::Absent, guards) if self.optional && !matches!(guards, Guards::Timed) => {
                keep::<0>(alive, &self.otherwise)
            }
            (Seen::Text(text), Guards::Text(words)) => words.narrow::<0>(text, &self.otherwise, alive, scratch),
            (Seen::Text(text), Guards::Search(search)) => search.narrow(text, self, alive, scratch),
            (Seen::Int(n), Guards::Ordered(bounds, sets)) => {
                keep::<0>(alive, sets.at::<0>(not_below(bounds, n.into())))
            }
            (Seen::Decimal(d), Guards::Ordered(bounds, sets)) => {
                keep::<0>(alive, sets.at::<0>(not_below(bounds, d.raw())))
            }
            (Seen::Word(word), Guards::Enum(sets)) => {
                keep::<0>(alive, sets.get(word.into()).unwrap_or(&self.otherwise))
            }
            (Seen::Bool(value), Guards::Bool(masks)) => keep::<0>(alive, &masks[usize::from(value)]),
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
                    Guards::Text(words) => words.turn::<0>(a, &mut turned),
                    Guards::Search(search) => search.turn(a, &mut turned),
                    _ => return None,
                }
                turned.iter_mut().zip(&self.otherwise).for_each(|(t, o)| *t ^= o);
                turned
            }
            (Seen::Word(a), Seen::Word(b), Guards::Enum(sets)) if a == b => {
                sets.get(a.into()).unwrap_or(&self.otherwise).to_vec()
            }
            (Seen::Bool(a), Seen::Bool(b), Guards::Bool(masks)) if a == b => masks[usize::from(a)].clone(),
            _ => return None,
        };
        if absent {
            left.iter_mut().zip(&self.otherwise).for_each(|(l, o)| *l |= o);
        }
        Some(left)
    }
}

/// So many bounds are counted.
const COUNTED: usize = 16;

/// How many bounds a number is not below. Where they are few, no branch hangs on the number, which is another in each row.
fn not_below(bounds: &[i128], n: i128) -> usize {
    match bounds.len() {
        0..=COUNTED => bounds.iter().map(|bound| usize::from(*bound <= n)).sum(),
        _ => bounds.partition_point(|bound| *bound <= n),
    }
}

#[cfg(test)]
mod tests {
    use super::guards::Cost;
    use super::*;
    use crate::data::{Role, Type, Value};
    use crate::eval::testing;
    use crate::plan::{Atom, AtomTest};

    /// Reader 0 needs less than 5, reader 1 needs it not to be; a third looks elsewhere.
    fn stage(optional: bool) -> Stage {
        let mut sets = sets::Sets::new(3);
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

    /// Two readers for each test, one of which needs it not to hold.
    #[test]
    fn a_value_leaves_those_whom_it_concerns() {
        let atom = |test| Atom { column: ColumnId(0), test };
        let below = |n, or_equal| atom(AtomTest::Below { bound: Value::Int(n), or_equal });
        let among = |all: &[i64]| atom(AtomTest::OneOf(all.iter().copied().map(Value::Int).collect()));
        let bools = |all: &[bool]| atom(AtomTest::OneOf(all.iter().copied().map(Value::Bool).collect()));
        let numbers = vec![below(3, false), below(3, true), among(&[3]), among(&[-1, 4, 5])];
        let flags = vec![atom(AtomTest::True), bools(&[false]), bools(&[true]), bools(&[false, true])];
        let holds = |atom: &Atom, n: i64| match &atom.test {
            AtomTest::Below { bound: Value::Int(b), or_equal } => n < *b || *or_equal && n == *b,
            AtomTest::OneOf(values) => values.contains(&Value::Int(n)) || values.contains(&Value::Bool(n == 1)),
            _ => n == 1,
        };
        for (ty, cost, atoms, values) in
            [(Type::Int, Cost::Order, numbers, -3..8), (Type::Bool, Cost::Bool, flags, 0..2)]
        {
            let kind = testing::kind("k", Role::Record { time: None, subject: None }, &[], &[("c", ty.clone(), true)]);
            let readers = atoms.iter().flat_map(|atom| [(atom, true), (atom, false)]).enumerate();
            let own: Vec<Guard> =
                readers.map(|(reader, (atom, holds))| Guard { reader: reader as u32, atom, holds }).collect();
            let mask = |of: &dyn Fn(&Guard) -> bool| {
                let mut mask = vec![0];
                own.iter().filter(|g| of(g)).for_each(|g| bit(&mut mask, g.reader));
                mask
            };
            let stage = Stage {
                optional: true,
                concerned: mask(&|_| true),
                otherwise: mask(&|g| !g.holds),
                guards: Guards::new(&kind, &ty, own.len(), cost, &own).unwrap().unwrap(),
            };
            let left = |value| {
                let (mut alive, mut scratch) = (mask(&|_| true), vec![0]);
                assert!(stage.narrow(value, &mut alive, &mut scratch));
                alive
            };
            for n in values {
                let value = if ty == Type::Bool { Seen::Bool(n == 1) } else { Seen::Int(n) };
                assert_eq!(left(value), mask(&|g| holds(g.atom, n) == g.holds), "{value:?}");
            }
            assert_eq!(left(Seen::Absent), mask(&|g| !g.holds));
        }
    }
}
