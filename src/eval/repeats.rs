//! Which records came more than once, told from eight bytes of each.
//!
//! A record that no rule can find anything in is let go, and the hash of its identity is held. Where two hashes are
//! equal, the batches come once more: the records with that hash are held whole then, and compared value by value.
//! So two identities with one hash cost a second reading and change nothing.

use super::records::Taken;
use super::rows::{Col, Rows};
use super::screen::Segment;
use super::val::Val;
use super::world::has_identity;
use crate::data::{Kind, KindId, Origin};
use crate::plan::Plan;
use crate::threads;
use rustc_hash::{FxHashSet, FxHasher};
use std::cmp::Reverse;
use std::hash::Hasher;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Of fewer hashes one thread is done sooner.
const WORTH_A_THREAD: usize = 1 << 16;

/// The records that have to come once more.
#[derive(Debug, Default)]
pub struct Wanted {
    hashes: FxHashSet<u64>,
    /// How many records of the kinds that are read have one of them.
    expected: u64,
}

/// The batches that came the second time are not those that came the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed;

impl std::fmt::Display for Changed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the records changed while they were read")
    }
}

impl std::error::Error for Changed {}

/// Whether two records of a kind have one hash.
pub fn is_repeated(segments: &[Segment]) -> bool {
    !twice(&|| segments.iter().flat_map(of_segment), (held(segments), 0, 1), &mut Bits::default()).is_empty()
}

impl Wanted {
    /// Records of which one was let go and another has the same hash; none where there are no such.
    pub fn of(plan: &Plan, taken: &Taken, threads: usize) -> Option<Wanted> {
        let kinds: Vec<&Vec<Segment>> =
            taken.segments.iter().filter(|segments| segments.iter().any(|s| !s.gone.is_empty())).collect();
        let all = kinds.iter().map(|segments| held(segments)).sum::<usize>();
        let threads = if all < WORTH_A_THREAD { 1 } else { threads.max(1) };
        // Of a kind with more than a thread's share several take hashes of their own, by their value.
        let parts = |segments| (held(segments) * threads).div_ceil(all.max(1));
        let mut tasks: Vec<(&Vec<Segment>, usize, usize)> =
            kinds.iter().flat_map(|of| (0..parts(of)).map(|part| (*of, part, parts(of)))).collect();
        tasks.sort_by_key(|(segments, _, parts)| Reverse(held(segments) / parts));
        let next = AtomicUsize::new(0);
        let found = threads::on_all(threads.min(tasks.len()), &|| {
            let (mut bits, mut found) = (Bits::default(), FxHashSet::default());
            while let Some((segments, part, parts)) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                let hashes = || segments.iter().flat_map(of_segment);
                let twice = twice(&hashes, (held(segments), *part, *parts), &mut bits);
                if !twice.is_empty() {
                    found.extend(segments.iter().flat_map(|s| &s.gone).filter(|hash| twice.contains(hash)));
                }
            }
            found
        });
        let hashes: FxHashSet<u64> = found.into_iter().flatten().collect();
        if hashes.is_empty() {
            return None;
        }
        let own = taken.segments.iter().zip(&plan.schema.kinds).filter(|(_, k)| comes(k));
        let all = own.flat_map(|(segments, _)| segments).flat_map(of_segment);
        let expected = all.filter(|h| hashes.contains(h)).count() as u64;
        Some(Wanted { hashes, expected })
    }

    /// The rows that are wanted.
    pub fn among(&self, plan: &Plan, rows: &Rows) -> Vec<u32> {
        if !comes(plan.schema.kind(rows.kind)) {
            return Vec::new();
        }
        let all = identities(plan, rows).into_iter().enumerate();
        all.filter(|(_, hash)| hash.is_some_and(|h| self.hashes.contains(&h))).map(|(row, _)| row as u32).collect()
    }

    pub fn is_complete(&self, came: u64) -> bool {
        came == self.expected
    }

    /// Takes the rows out that came once more.
    pub fn take_from(&self, segment: &mut Segment) {
        let mut out = vec![false; segment.identities.len()];
        for (out, hash) in out.iter_mut().zip(&mut segment.identities) {
            if hash.is_some_and(|h| self.hashes.contains(&h)) {
                *hash = None;
                *out = true;
            }
        }
        if out.contains(&true) {
            let stays = |row: &u32| !out[*row as usize];
            segment.candidates.iter_mut().chain(&mut segment.histories).for_each(|(_, rows)| rows.retain(stays));
        }
    }
}

/// Of an identity that is one text.
#[inline]
pub fn hash_of(kind: KindId, text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u32(kind.0);
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// By row: a hash of the identity, where one is declared and known.
pub fn identities(plan: &Plan, rows: &Rows) -> Vec<Option<u64>> {
    let rows = rows.own();
    let columns = &plan.schema.kind(rows.kind).identity;
    let mut bytes = Vec::new();
    // As it mostly is.
    if let [column] = columns[..]
        && let Some(Col::Text(texts)) = rows.cols.get(column.0 as usize)
    {
        return texts.iter().map(|text| text.map(|text| hash_of(rows.kind, text))).collect();
    }
    (0..rows.len())
        .map(|row| {
            if !has_identity(&plan.schema, rows, row) {
                return None;
            }
            bytes.clear();
            bytes.extend(rows.kind.0.to_le_bytes());
            for &c in columns {
                Val::cell(rows, row, c, false).encode(&mut bytes);
            }
            let mut hasher = FxHasher::default();
            hasher.write(&bytes);
            Some(hasher.finish())
        })
        .collect()
}

/// Room that is kept from one call of [`twice`] to the next: 32 bits that were seen, and above them those that were seen again.
type Bits = Vec<u64>;

/// Those of one of some equal parts that come more than once. `count`: so many there are in all parts, or fewer.
fn twice<I: Iterator<Item = u64>>(
    hashes: &impl Fn() -> I,
    (count, part, parts): (usize, usize, usize),
    words: &mut Bits,
) -> FxHashSet<u64> {
    // A bit for some sixteenth of a hash: few share one, and only these are compared.
    let bits = (count / parts * 16).next_power_of_two().max(64);
    words.clear();
    words.resize(bits / 32, 0);
    let at = |hash: u64| {
        let at = (mixed(hash) >> (64 - bits.ilog2())) as usize;
        (at / 32, 1u64 << (at % 32))
    };
    each_of(hashes(), (part, parts), |some| {
        for &hash in some {
            let (word, bit) = at(hash);
            words[word] |= (words[word] & bit) << 32 | bit;
        }
    });
    let mut all: Vec<u64> = Vec::new();
    each_of(hashes(), (part, parts), |some| {
        all.extend(some.iter().filter(|&&hash| {
            let (word, bit) = at(hash);
            words[word] >> 32 & bit != 0
        }));
    });
    all.sort_unstable();
    all.chunk_by(|a, b| a == b).filter(|run| run.len() > 1).map(|run| run[0]).collect()
}

/// The hashes of one of some equal parts, some at a time. Which these are no branch can foresee, so there is none.
fn each_of(hashes: impl Iterator<Item = u64>, (part, parts): (usize, usize), mut each: impl FnMut(&[u64])) {
    let (mut own, mut end) = ([0; 512], 0);
    for hash in hashes {
        own[end] = hash;
        end += usize::from(parts == 1 || share(hash, parts) == part);
        if end == own.len() {
            each(&own);
            end = 0;
        }
    }
    each(&own[..end]);
}

/// So many hashes at the most.
fn held(segments: &[Segment]) -> usize {
    segments.iter().map(|s| s.gone.len() + s.identities.len()).sum()
}

/// Which of some equal parts a hash is in.
fn share(hash: u64, parts: usize) -> usize {
    (((mixed(hash) & u64::from(u32::MAX)) * parts as u64) >> 32) as usize
}

/// Of a hash whose bits are not all of equal worth.
fn mixed(hash: u64) -> u64 {
    let product = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ product >> 32
}

/// Whether a kind's records come from files, and are let go: of a table all rows are held.
pub fn comes(kind: &Kind) -> bool {
    kind.origin == Origin::Declared && !kind.is_table()
}

fn of_segment(segment: &Segment) -> impl Iterator<Item = u64> + '_ {
    segment.gone.iter().copied().chain(segment.identities.iter().flatten().copied())
}

#[cfg(test)]
mod tests {
    use super::super::scenarios::{GIFT, company, gift};
    use super::super::testing::{batch, column, compare, constant, money, on, plan, rule};
    use super::super::{Evaluator, Options};
    use super::*;
    use crate::sema::hir::{Body, CompareOp};

    #[test]
    fn each_repeat_is_told_in_one_part() {
        let once = (0..40_000u64).chain([u64::MAX, u64::MAX - 1, 1 << 63]);
        let again = [0, 7, 7, 39_999, u64::MAX];
        let hashes: Vec<u64> = once.chain(again).collect();
        for parts in 1..5 {
            let mut bits = Bits::default();
            let found =
                (0..parts).flat_map(|part| twice(&|| hashes.iter().copied(), (hashes.len(), part, parts), &mut bits));
            let mut found: Vec<u64> = found.collect();
            found.sort_unstable();
            assert_eq!(found, [0, 7, 39_999, u64::MAX]);
        }
    }

    #[test]
    fn only_what_came_twice_comes_once_more_and_it_must_be_there() {
        let schema = company();
        let when = compare(CompareOp::Gt, column(&schema, GIFT, 0, 3), constant(money(500, "CNY")));
        let plan = plan(&schema, vec![rule("dear", on(GIFT), Body::Forbid { when })]);
        let of = |gifts: &[_], lines: &[u64]| batch(&plan, GIFT, gifts, lines);
        let options = Options { twice: true, ..Options::default() };
        let mut once = Evaluator::new(plan.clone(), options).unwrap();
        // Both of G2 are held.
        let gifts = [gift("a", 1, "E1", 10), gift("b", 2, "E1", 600), gift("b", 2, "E1", 700)];
        once.push(of(&gifts, &[1, 2, 3])).unwrap();
        assert_eq!(once.again(), Ok(false));
        assert_eq!(once.finish().records()[GIFT as usize].conflicts, 1);

        let first = [gift("a", 1, "E1", 10), gift("b", 2, "E1", 600), gift("b", 2, "E1", 10)];
        let run = |second: &[_], lines: &[u64]| {
            let mut evaluator = Evaluator::new(plan.clone(), options).unwrap();
            evaluator.push(of(&first, &[1, 2, 3])).unwrap();
            assert_eq!(evaluator.again(), Ok(true));
            evaluator.push(of(second, lines)).unwrap();
            let over = evaluator.again();
            over.map(|again| (again, evaluator.finish().records()[GIFT as usize]))
        };
        let (again, counts) = run(&first, &[1, 2, 3]).unwrap();
        assert_eq!((again, counts.judged, counts.repeats, counts.conflicts), (false, 2, 1, 1));
        assert_eq!(run(&first[..2], &[1, 2]), Err(Changed));
        assert_eq!(run(&[], &[]), Err(Changed));
    }
}
