//! For whom a row may be something, told from one text of it.
//!
//! What a text is and how it begins or ends is looked up for all readers at once. What stands inside it is looked for
//! reader by reader, as few are left by then; for all at once where there are many.

use super::sets::{Mask, Sets, bit, keep_either};
use super::{Guard, Stage};
use crate::data::Kind;
use crate::data::lookup::{Lookup, NONE, factor};
use crate::eval::PlanError;
use crate::eval::grouped::{AtomGroups, TextGroup};
use crate::plan::{Atom, AtomTest, TextMatch};
use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, mask8x32, u8x32};
use memchr::memmem::Finder;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::hint::select_unpredictable;
use std::ops::Range;

/// Of the sets of those whose test holds, the one of nobody.
const NOBODY: u32 = NONE;

/// What a text is, and how it begins and ends.
#[derive(Debug)]
pub struct Words {
    /// Those whose test holds: for whom the row is then something, or is not.
    turned: Sets,
    /// By what a text is, where that alone tells: for whom the row may be something.
    left: Option<Sets>,
    equal: Lookup,
    /// Where there are some.
    starts: Option<Affixes>,
    ends: Option<Affixes>,
}

impl Words {
    /// `otherwise`: for whom a row may be something where no test holds.
    pub(super) fn new(readers: usize, own: &[Guard], otherwise: &[u128]) -> Words {
        let words = readers.div_ceil(128);
        let mut found: [FxHashMap<&str, Mask>; 3] = Default::default();
        for Guard { reader, atom, .. } in own {
            let AtomTest::Text { how, patterns, .. } = &atom.test else { continue };
            let of = match how {
                TextMatch::StartsWith => 1,
                TextMatch::EndsWith => 2,
                _ => 0,
            };
            for pattern in patterns {
                bit(found[of].entry(pattern).or_insert_with(|| vec![0; words]), *reader);
            }
        }
        let (mut turned, mut known) = (Sets::new(readers), FxHashMap::<Mask, u32>::default());
        let nobody = vec![0; words];
        turned.push(&nobody);
        known.insert(nobody, NOBODY);
        let [equal, starts, ends] = found.map(|of| {
            let mut of: Vec<(&str, Mask)> = of.into_iter().collect();
            of.sort_unstable();
            let numbered = of.into_iter().map(|(text, readers)| {
                let next = known.len() as u32;
                let at = *known.entry(readers).or_insert_with_key(|readers| {
                    turned.push(readers);
                    next
                });
                (text, at)
            });
            numbered.collect::<Vec<_>>()
        });
        let (equal, starts, ends) = (Lookup::new(&equal), Affixes::new(&starts, false), Affixes::new(&ends, true));
        let left = (starts.is_none() && ends.is_none()).then(|| turned.each_other_than(otherwise));
        Words { turned, left, equal, starts, ends }
    }

    /// Where what a text is tells all: its look-up, and by its number those for whom the row may be something.
    pub fn whole(&self) -> Option<(&Lookup, &Sets)> {
        self.left.as_ref().map(|left| (&self.equal, left))
    }

    /// Leaves those of `alive` for whom a row with this text may be something. `otherwise`: where no test holds; `scratch` is
    /// room for a set.
    #[inline(always)]
    pub fn narrow<const W: usize>(&self, text: &str, otherwise: &[u128], alive: &mut [u128], scratch: &mut [u128]) {
        scratch.fill(0);
        self.turn::<W>(text, scratch);
        keep_either::<W>(alive, otherwise, scratch);
    }

    /// Adds those whose test holds.
    #[inline(always)]
    pub fn turn<const W: usize>(&self, text: &str, turned: &mut [u128]) {
        let turned = if W == 0 { turned } else { &mut turned[..W] };
        let mut add = |at| turned.iter_mut().zip(self.turned.at::<W>(at as usize)).for_each(|(t, of)| *t |= of);
        add(self.equal.get(text.as_bytes()));
        for affixes in [&self.starts, &self.ends].into_iter().flatten() {
            affixes.find(text, &mut add);
        }
    }
}

/// Beginnings or ends of texts.
#[derive(Debug)]
struct Affixes {
    at_end: bool,
    /// That of no bytes, which all texts have.
    empty: Option<u32>,
    /// Of up to eight bytes, by their number.
    short: Vec<Edges>,
    /// The others, by length.
    lengths: Vec<usize>,
    long: FxHashMap<Box<str>, u32>,
}

/// Beginnings or ends of one length, as the edges of texts have them.
#[derive(Debug)]
struct Edges {
    length: usize,
    factor: u64,
    /// No two at one place, so that no branch hangs on which of them a text has. A power of two.
    places: Vec<(u64, u32)>,
}

/// Of more the places would be many times as many as they are.
const PLACED: usize = 128;

/// So often places are sought for all, and there are more of them each few times.
const SEEDS: u64 = 256;

impl Edges {
    /// None where they are many, or no places are found.
    fn new(length: usize, edges: &[(u64, u32)]) -> Option<Edges> {
        let size = |n: u64| (4 * edges.len().next_power_of_two()) << (n / 32);
        (0..SEEDS).filter(|_| edges.len() <= PLACED).find_map(|n| {
            let mut of = Edges { length, factor: factor(n), places: vec![(0, NOBODY); size(n)] };
            let all = edges.iter().all(|&(edge, at)| {
                let place = of.place(edge);
                let is_free = of.places[place].1 == NOBODY;
                of.places[place] = (edge, at);
                is_free
            });
            all.then_some(of)
        })
    }

    #[inline(always)]
    fn place(&self, edge: u64) -> usize {
        (edge.wrapping_mul(self.factor) >> 32) as usize & (self.places.len() - 1)
    }

    /// Its bytes of the eight at the edge of a text, with zeros before or behind.
    #[inline(always)]
    fn of(length: usize, eight: u64, at_end: bool) -> u64 {
        let spare = 64 - 8 * length as u32;
        if at_end { eight >> spare } else { eight << spare }
    }
}

impl Affixes {
    /// None of none.
    fn new(texts: &[(&str, u32)], at_end: bool) -> Option<Affixes> {
        if texts.is_empty() {
            return None;
        }
        let mut affixes =
            Affixes { at_end, empty: None, short: Vec::new(), lengths: Vec::new(), long: FxHashMap::default() };
        let mut by_length: BTreeMap<usize, Vec<(&str, u32)>> = BTreeMap::new();
        texts.iter().for_each(|&(text, at)| by_length.entry(text.len()).or_default().push((text, at)));
        for (length, texts) in by_length {
            let edges = || texts.iter().map(|(text, at)| (Edges::of(length, edge(text, at_end), at_end), *at));
            match length {
                0 => affixes.empty = texts.first().map(|(_, at)| *at),
                1..=8 if let Some(edges) = Edges::new(length, &edges().collect::<Vec<_>>()) => {
                    affixes.short.push(edges)
                }
                _ => {
                    affixes.lengths.push(length);
                    affixes.long.extend(texts.iter().map(|(text, at)| (Box::from(*text), *at)));
                }
            }
        }
        Some(affixes)
    }

    /// Those that a text has, and `NOBODY` perhaps.
    #[inline]
    fn find(&self, text: &str, hit: &mut impl FnMut(u32)) {
        self.empty.into_iter().for_each(&mut *hit);
        match self.at_end {
            true => self.find_short::<true>(text, hit),
            false => self.find_short::<false>(text, hit),
        }
        for &length in self.lengths.iter().take_while(|l| **l <= text.len()) {
            let part = if self.at_end { text.get(text.len() - length..) } else { text.get(..length) };
            part.and_then(|part| self.long.get(part)).copied().into_iter().for_each(&mut *hit);
        }
    }

    #[inline(always)]
    fn find_short<const AT_END: bool>(&self, text: &str, hit: &mut impl FnMut(u32)) {
        let eight = edge(text, AT_END);
        for edges in &self.short {
            let own = Edges::of(edges.length, eight, AT_END);
            let (edge, at) = edges.places[edges.place(own)];
            hit(select_unpredictable((edge == own) & (text.len() >= edges.length), at, NOBODY));
        }
    }
}

/// The first or the last eight bytes of a text, or as many as there are.
#[inline]
fn edge(text: &str, at_end: bool) -> u64 {
    let bytes = text.as_bytes();
    match if at_end { bytes.last_chunk() } else { bytes.first_chunk() } {
        Some(eight) => u64::from_le_bytes(*eight),
        None if at_end => bytes.iter().rev().fold((0, 64), |(n, at), b| (n | u64::from(*b) << (at - 8), at - 8)).0,
        None => bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)),
    }
}

/// What stands in a text.
#[derive(Debug)]
pub struct Search {
    /// By reader.
    of: Vec<Sought>,
    /// What tests look for, of each any. Empty where some test is of another sort.
    finders: Vec<Finder<'static>>,
    /// As in `finders`.
    probes: Vec<Probe>,
    /// Those whose test it is.
    turned: Vec<Vec<u32>>,
    all: TextGroup,
    /// What the processor can do at once.
    level: Level,
}

/// What a reader looks for.
#[derive(Clone, Debug, Default)]
struct Sought {
    /// The finders of its test.
    finders: Range<u32>,
    /// Whether it needs the test to hold.
    holds: bool,
}

/// For so many readers a text is searched one by one.
const ONE_BY_ONE: u32 = 32;

/// Compared at once.
const WINDOW: usize = 32;

/// Longer texts are searched without a probe.
const PROBED: usize = 128;

/// Three bytes of what is looked for, and how far behind the first the others stand, less than a window. A text that has not
/// all of them, so far apart, has it not; for most that is soon told.
#[derive(Clone, Copy, Debug)]
struct Probe {
    bytes: [u8; 3],
    behind: [u8; 3],
}

/// A text, and behind it as many zeros as a probe may look at.
type Probed = [u8; PROBED + 2 * WINDOW];

impl Probe {
    fn of(sought: &[u8]) -> Probe {
        let last = sought.len().saturating_sub(1).min(WINDOW - 1);
        let behind = [0, last / 2, last];
        Probe { bytes: behind.map(|at| sought.get(at).copied().unwrap_or(0)), behind: behind.map(|at| at as u8) }
    }

    /// Whether a text of so many bytes may hold what is looked for.
    #[inline(always)]
    fn may_be_in<S: Simd>(self, simd: S, text: &Probed, length: usize) -> bool {
        let mut from = 0;
        // With the zeros behind it, in which nothing at all is found.
        while from <= length {
            let mut all = self.stands(simd, text, from, 0);
            all &= self.stands(simd, text, from, 1);
            all &= self.stands(simd, text, from, 2);
            if all.any_true() {
                return true;
            }
            from += WINDOW;
        }
        false
    }

    /// Where in a window its nth byte stands as far behind as it has to.
    #[inline(always)]
    fn stands<S: Simd>(self, simd: S, text: &Probed, from: usize, nth: usize) -> mask8x32<S> {
        let from = from + usize::from(self.behind[nth]) % WINDOW;
        u8x32::from_slice(simd, &text[from..from + WINDOW]).simd_eq(u8x32::splat(simd, self.bytes[nth]))
    }
}

impl Search {
    /// None where these are no tests of texts.
    pub(super) fn new(kind: &Kind, readers: usize, own: &[Guard]) -> Result<Option<Search>, PlanError> {
        let mut atoms: Vec<Atom> = Vec::new();
        let mut turned: Vec<Vec<u32>> = Vec::new();
        let mut known: FxHashMap<&Atom, u32> = FxHashMap::default();
        for Guard { reader, atom, .. } in own {
            let at = *known.entry(atom).or_insert_with(|| {
                atoms.push((*atom).clone());
                turned.push(Vec::new());
                atoms.len() as u32 - 1
            });
            turned[at as usize].push(*reader);
        }
        let (mut finders, mut ranges) = (Vec::new(), Vec::new());
        for atom in &atoms {
            let from = finders.len() as u32;
            if let AtomTest::Text { how: TextMatch::Contains, patterns, ignoring_case: false } = &atom.test {
                finders.extend(patterns.iter().map(|p| Finder::new(p).into_owned()));
            }
            ranges.push(from..finders.len() as u32);
        }
        if ranges.iter().any(Range::is_empty) {
            finders.clear();
        }
        let probes = finders.iter().map(|finder| Probe::of(finder.needle())).collect();
        let mut of = vec![Sought::default(); readers];
        for Guard { reader, atom, holds } in own {
            of[*reader as usize] = Sought { finders: ranges[known[atom] as usize].clone(), holds: *holds };
        }
        let level = Level::new();
        Ok(AtomGroups::new(kind, &atoms, &[])?.into_text().map(|all| Search {
            of,
            finders,
            probes,
            turned,
            all,
            level,
        }))
    }

    /// As [`Words::narrow`].
    pub(super) fn narrow(&self, text: &str, stage: &Stage, alive: &mut [u128], scratch: &mut [u128]) {
        let concerned = alive.iter().zip(&stage.concerned).map(|(a, c)| (a & c).count_ones()).sum::<u32>();
        if self.finders.is_empty() || concerned > ONE_BY_ONE {
            scratch.fill(0);
            self.turn(text, scratch);
            return keep_either::<0>(alive, &stage.otherwise, scratch);
        }
        dispatch!(self.level, simd => self.one_by_one(simd, text.as_bytes(), &stage.concerned, alive));
    }

    #[inline(always)]
    fn one_by_one<S: Simd>(&self, simd: S, text: &[u8], concerned: &[u128], alive: &mut [u128]) {
        let mut probed = [0; PROBED + 2 * WINDOW];
        let is_probed = text.len() <= PROBED;
        if is_probed {
            probed[..text.len()].copy_from_slice(text);
        }
        for (at, (alive, concerned)) in alive.iter_mut().zip(concerned).enumerate() {
            let mut rest = *alive & concerned;
            while rest != 0 {
                let reader = rest.trailing_zeros();
                rest &= rest - 1;
                let Sought { finders, holds } = &self.of[at * 128 + reader as usize];
                let mut is_in = false;
                // A closure would be made for any processor, and not for this one.
                for n in finders.start as usize..finders.end as usize {
                    let may_be_in = !is_probed || self.probes[n].may_be_in(simd, &probed, text.len());
                    if may_be_in && self.finders[n].find(text).is_some() {
                        is_in = true;
                        break;
                    }
                }
                if is_in != *holds {
                    *alive &= !(1 << reader);
                }
            }
        }
    }

    /// As [`Words::turn`].
    pub fn turn(&self, text: &str, turned: &mut [u128]) {
        self.all.find(text, &mut String::new(), &mut |test| {
            self.turned[test as usize].iter().for_each(|&reader| bit(turned, reader));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{ColumnId, Role, Type};
    use crate::eval::sieve::Guards;
    use crate::eval::testing;
    use proptest::prelude::*;

    /// Short, or of one edge and one length with others.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof!["[ab.é]{0,18}", "abcdefghijklmnop[ab]{0,3}abcdefghijklmnop", "[ab\\x00]{120,140}"]
    }

    fn atoms(hows: &'static [TextMatch]) -> impl Strategy<Value = Vec<(Atom, bool)>> {
        let patterns = prop::collection::vec(text(), 1..4);
        let atom = (prop::sample::select(hows), patterns).prop_map(|(how, patterns)| Atom {
            column: ColumnId(0),
            test: AtomTest::Text { how, patterns, ignoring_case: false },
        });
        prop::collection::vec((atom, any::<bool>()), 1..150)
    }

    fn holds(atom: &Atom, text: &str) -> bool {
        let AtomTest::Text { how, patterns, .. } = &atom.test else { return false };
        patterns.iter().any(|p| match how {
            TextMatch::Equals => text == p,
            TextMatch::StartsWith => text.starts_with(&**p),
            TextMatch::EndsWith => text.ends_with(&**p),
            _ => text.contains(&**p),
        })
    }

    fn guards(atoms: &[(Atom, bool)]) -> Vec<Guard<'_>> {
        let numbered = atoms.iter().enumerate();
        numbered.map(|(reader, (atom, holds))| Guard { reader: reader as u32, atom, holds: *holds }).collect()
    }

    fn mask(guards: &[Guard], is_in: impl Fn(&Guard) -> bool) -> Mask {
        let mut mask = vec![0; guards.len().div_ceil(128)];
        guards.iter().filter(|g| is_in(g)).for_each(|g| bit(&mut mask, g.reader));
        mask
    }

    /// Some texts, and some that are looked for.
    fn texts(atoms: &[(Atom, bool)], more: Vec<String>) -> Vec<String> {
        let patterns = atoms.iter().flat_map(|(atom, _)| match &atom.test {
            AtomTest::Text { patterns, .. } => &patterns[..1],
            _ => &[],
        });
        patterns.cloned().chain(more).collect()
    }

    #[test]
    fn many_ends_of_one_length_take_no_table() {
        let texts: Vec<String> = (0..2000).map(|n| format!(".{n:04}")).collect();
        let numbered: Vec<(&str, u32)> = texts.iter().map(|t| &**t).zip(1..).collect();
        let affixes = Affixes::new(&numbered, true).unwrap();
        assert!(affixes.short.is_empty());
        for (text, at) in [("a.0000", vec![1]), (".1999", vec![2000]), ("1999", vec![]), ("b.12345", vec![])] {
            let mut found = Vec::new();
            affixes.find(text, &mut |at| found.push(at));
            assert_eq!(found, at, "{text}");
        }
        assert!(Affixes::new(&numbered[..PLACED], true).unwrap().lengths.is_empty());
    }

    // Those are left who need what a text is, or need it to be something else.
    proptest! {
        #[test]
        fn what_a_text_is_leaves_whom_it_concerns(
            atoms in prop_oneof![
                atoms(&[TextMatch::Equals]),
                atoms(&[TextMatch::Equals, TextMatch::StartsWith, TextMatch::EndsWith]),
            ],
            more in prop::collection::vec(text(), 1..20),
        ) {
            let guards = guards(&atoms);
            let otherwise = mask(&guards, |g| !g.holds);
            let words = Words::new(guards.len(), &guards, &otherwise);
            for text in texts(&atoms, more) {
                let (mut alive, mut scratch) = (mask(&guards, |_| true), mask(&guards, |_| true));
                words.narrow::<0>(&text, &otherwise, &mut alive, &mut scratch);
                let wanted = mask(&guards, |g| holds(g.atom, &text) == g.holds);
                prop_assert_eq!(&alive, &wanted, "{:?}", text);
                if let Some((lookup, left)) = words.whole() {
                    prop_assert_eq!(left.at::<0>(lookup.get(text.as_bytes()) as usize), &wanted, "{:?}", text);
                }
            }
        }

        #[test]
        fn what_stands_in_a_text_leaves_whom_it_concerns(
            atoms in atoms(&[TextMatch::Contains]),
            more in prop::collection::vec(text(), 1..20),
            few in any::<bool>(),
        ) {
            let guards = guards(&atoms);
            let kind = testing::kind("k", Role::Record { time: None, subject: None }, &[], &[("text", Type::Text, false)]);
            let search = Search::new(&kind, guards.len(), &guards).unwrap().unwrap();
            let all = mask(&guards, |_| true);
            let guarding = Guards::Timed;
            let stage =
                Stage { optional: false, concerned: all, otherwise: mask(&guards, |g| !g.holds), guards: guarding };
            // Of few that are left the others stay out.
            let left = |g: &Guard| !few || g.reader.is_multiple_of(16);
            for text in texts(&atoms, more) {
                let (mut alive, mut scratch) = (mask(&guards, left), mask(&guards, |_| true));
                search.narrow(&text, &stage, &mut alive, &mut scratch);
                let wanted = mask(&guards, |g| left(g) && holds(g.atom, &text) == g.holds);
                prop_assert_eq!(&alive, &wanted, "{:?}", text);
            }
        }
    }
}
