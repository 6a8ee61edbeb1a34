//! For whom a row may be something, told from one text of it.
//!
//! What a text is and how it begins or ends is looked up for all readers at once. What stands inside it is looked for
//! reader by reader, as few are left by then; for all at once where there are many.

use super::sets::{Mask, Sets, bit, keep_either};
use super::{Guard, Stage};
use crate::data::Kind;
use crate::eval::PlanError;
use crate::eval::grouped::{AtomGroups, TextGroup};
use crate::plan::{Atom, AtomTest, TextMatch};
use memchr::memmem::Finder;
use rustc_hash::FxHashMap;

/// Of the sets of those whose test holds, the one of nobody.
const NOBODY: u32 = 0;

/// What a text is, and how it begins and ends.
#[derive(Debug)]
pub struct Words {
    /// Those whose test holds: for whom the row is then something, or is not.
    turned: Sets,
    equal: Equal,
    starts: Affixes,
    ends: Affixes,
}

impl Words {
    pub(super) fn new(readers: usize, own: &[Guard]) -> Words {
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
        let (equal, starts, ends) = (Equal::new(&equal), Affixes::new(&starts, false), Affixes::new(&ends, true));
        Words { turned, equal, starts, ends }
    }

    /// Whether it is told by what a text is alone.
    pub fn is_whole(&self) -> bool {
        self.starts.is_empty() && self.ends.is_empty()
    }

    /// Leaves those of `alive` for whom a row with this text may be something, where [`Words::is_whole`]. `otherwise`: where
    /// no test holds.
    #[inline(always)]
    pub fn narrow_whole<const W: usize>(&self, text: &str, otherwise: &[u128], alive: &mut [u128]) {
        keep_either::<W>(alive, otherwise, self.turned.at::<W>(self.equal.get(text) as usize));
    }

    /// The same of any. `scratch` is room for a set.
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
        add(self.equal.get(text));
        self.starts.find(text, &mut add);
        self.ends.find(text, &mut add);
    }
}

/// Texts that are looked up.
#[derive(Debug)]
struct Equal {
    /// Which of the words stands at a place, no two at one: so no branch hangs on whether a text is one of them. A power of
    /// two; none where they are very many.
    places: Vec<u8>,
    seed: u64,
    /// Those of few bytes. The first is none.
    words: Vec<Word>,
    /// Those that have no place.
    others: Others,
}

#[derive(Clone, Copy, Debug)]
struct Word {
    text: Short,
    at: u32,
}

impl Word {
    const NONE: Word = Word { text: Short { first: 0, last: 0, length: u32::MAX }, at: NOBODY };

    #[inline(always)]
    fn is(&self, Short { first, last, length }: Short) -> bool {
        (self.text.first ^ first) | (self.text.last ^ last) | u64::from(self.text.length ^ length) == 0
    }
}

/// Of so many each has a place.
const WORDS: usize = 1 << 7;

/// So often places are sought for all before more are taken, and so often more are.
const SEEDS: u64 = 32;
const SIZES: u64 = 6;

impl Equal {
    fn new(texts: &[(&str, u32)]) -> Equal {
        let short = texts.iter().filter_map(|(text, at)| Some(Word { text: Short::of(text)?, at: *at }));
        let words: Vec<Word> = std::iter::once(Word::NONE).chain(short).collect();
        let least = 4 * words.len().next_power_of_two();
        let tries = (0..SEEDS * SIZES).map(|n| (least << (n / SEEDS), n * 2 + 1)).filter(|_| words.len() <= WORDS);
        let mut found = tries.filter_map(|(size, seed)| Some((placed(&words, size, seed)?, seed)));
        let (places, seed) = found.next().unwrap_or_default();
        let others = texts.iter().filter(|(text, _)| places.is_empty() || Short::of(text).is_none()).copied();
        let others = Others::new(others);
        Equal { places, seed, words, others }
    }

    #[inline(always)]
    fn get(&self, text: &str) -> u32 {
        match Short::of(text) {
            Some(short) if !self.places.is_empty() => {
                let word = &self.words[usize::from(self.places[short.place(self.seed, self.places.len())])];
                if word.is(short) { word.at } else { NOBODY }
            }
            _ if self.others.is_empty() => NOBODY,
            _ => self.others.get(text),
        }
    }
}

/// Texts that are very many, or longer.
#[derive(Debug, Default)]
struct Others {
    /// From the place of a text on: a part of its hash, and one more than its number, or 0 where there are no more. So
    /// what is none of them is told without a look at one. A power of two.
    places: Vec<(u32, u32)>,
    all: Vec<Other>,
    texts: Vec<Box<str>>,
}

#[derive(Debug)]
struct Other {
    edges: Edges,
    at: u32,
}

/// How a text begins and ends, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Edges {
    first: [u64; 2],
    last: [u64; 2],
    length: usize,
}

/// Texts of no more bytes are told by their edges.
const TOLD: usize = 32;

impl Others {
    fn new<'t>(texts: impl Iterator<Item = (&'t str, u32)>) -> Others {
        let (texts, all): (Vec<Box<str>>, Vec<Other>) =
            texts.map(|(text, at)| (text.into(), Other { edges: Edges::of(text), at })).unzip();
        let mut places = vec![(0, 0); if all.is_empty() { 0 } else { 2 * all.len().next_power_of_two() }];
        for (n, (other, text)) in all.iter().zip(&texts).enumerate() {
            let hash = other.edges.hash(text);
            let mut place = hash as usize & (places.len() - 1);
            while places[place].1 != 0 {
                place = (place + 1) & (places.len() - 1);
            }
            places[place] = ((hash >> 32) as u32, n as u32 + 1);
        }
        Others { places, all, texts }
    }

    fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    #[inline(never)]
    fn get(&self, text: &str) -> u32 {
        let edges = Edges::of(text);
        let hash = edges.hash(text);
        let mut place = hash as usize & (self.places.len() - 1);
        loop {
            let (part, next) = self.places[place];
            let Some(nth) = next.checked_sub(1) else { return NOBODY };
            if part == (hash >> 32) as u32 {
                let other = &self.all[nth as usize];
                if other.edges == edges && (text.len() <= TOLD || *self.texts[nth as usize] == *text) {
                    return other.at;
                }
            }
            place = (place + 1) & (self.places.len() - 1);
        }
    }
}

impl Edges {
    #[inline]
    fn of(text: &str) -> Edges {
        let halves = |all: u128| [all as u64, (all >> 64) as u64];
        let (bytes, length) = (text.as_bytes(), text.len());
        let (first, last) = match (bytes.first_chunk(), bytes.last_chunk()) {
            (Some(first), Some(last)) => (halves(u128::from_le_bytes(*first)), halves(u128::from_le_bytes(*last))),
            _ => Short::of(text).map_or(Default::default(), |short| ([short.first, 0], [short.last, 0])),
        };
        Edges { first, last, length }
    }

    /// Of the text that has these edges.
    #[inline]
    fn hash(&self, text: &str) -> u64 {
        const MIXED: u64 = 0x9e37_79b9_7f4a_7c15;
        let mix = |[one, other]: [u64; 2], with: u64| {
            let mixed = u128::from(one ^ with) * u128::from(other ^ MIXED);
            mixed as u64 ^ (mixed >> 64) as u64
        };
        let edges = mix(self.first, self.length as u64) ^ mix(self.last, MIXED).rotate_left(32);
        match self.length {
            0..=TOLD => edges,
            _ => text
                .as_bytes()
                .as_chunks::<8>()
                .0
                .iter()
                .fold(edges, |mixed, part| mix([u64::from_le_bytes(*part), 0], mixed)),
        }
    }
}

/// All but the first in so many places; none where two have the same.
fn placed(words: &[Word], size: usize, seed: u64) -> Option<Vec<u8>> {
    let mut places = vec![0; size];
    for (n, word) in words.iter().enumerate().skip(1) {
        let place = &mut places[word.text.place(seed, size)];
        if *place != 0 {
            return None;
        }
        *place = u8::try_from(n).ok()?;
    }
    Some(places)
}

/// A text of few bytes as numbers: equal where the texts are.
#[derive(Clone, Copy, Debug)]
struct Short {
    first: u64,
    last: u64,
    length: u32,
}

impl Short {
    /// Without a branch by the length where that is usual: lengths differ from row to row.
    #[inline]
    fn of(text: &str) -> Option<Short> {
        let all = text.as_bytes();
        let length = all.len();
        let (first, last) = match length {
            4..=16 => {
                let four = |from: usize| Some(u64::from(u32::from_le_bytes(*all.get(from..)?.first_chunk()?)));
                let first = four(0)? | four(4.min(length - 4))? << 32;
                (first, four(length.saturating_sub(8))? | four(length - 4)? << 32)
            }
            0 => (0, 0),
            1..4 => (u64::from(all[0]) | u64::from(all[length / 2]) << 8, all[length - 1].into()),
            _ => return None,
        };
        Some(Short { first, last, length: length as u32 })
    }

    /// Among so many, a power of two.
    #[inline]
    fn place(&self, seed: u64, of: usize) -> usize {
        let mixed = self.first ^ self.last.rotate_left(23) ^ u64::from(self.length);
        (mixed.wrapping_mul(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 32) as usize & (of - 1)
    }
}

/// Beginnings or ends of texts.
#[derive(Debug)]
struct Affixes {
    at_end: bool,
    /// That of no bytes, which all texts have.
    empty: Option<u32>,
    /// Where they are few, all of them, by the byte at the edge.
    few: Vec<Affix>,
    /// By this byte: the first of them, or their number.
    from: [u8; 256],
    /// Where they are many, by length.
    lengths: Vec<usize>,
    many: FxHashMap<Box<str>, u32>,
}

/// The eight bytes at the edge of a text that has it, as far as they count.
#[derive(Debug)]
struct Affix {
    edge: u64,
    counts: u64,
    byte: u8,
    text: Box<str>,
    at: u32,
}

/// So many are compared one after the other.
const COMPARED: usize = 48;

impl Affixes {
    fn new(texts: &[(&str, u32)], at_end: bool) -> Affixes {
        let empty = texts.iter().find(|(text, _)| text.is_empty()).map(|(_, at)| *at);
        let mut affixes =
            Affixes { at_end, empty, few: Vec::new(), from: [0; 256], lengths: Vec::new(), many: FxHashMap::default() };
        let texts = texts.iter().filter(|(text, _)| !text.is_empty());
        if texts.clone().count() > COMPARED {
            affixes.lengths.extend(texts.clone().map(|(text, _)| text.len()));
            affixes.lengths.sort_unstable();
            affixes.lengths.dedup();
            affixes.many.extend(texts.map(|(text, at)| (Box::from(*text), *at)));
            return affixes;
        }
        affixes.few.extend(texts.filter_map(|(text, at)| {
            let byte = *if at_end { text.as_bytes().last() } else { text.as_bytes().first() }?;
            let spare = 64 - 8 * text.len().min(8) as u32;
            let counts = if at_end { u64::MAX << spare } else { u64::MAX >> spare };
            Some(Affix { edge: edge(text, at_end), counts, byte, text: (*text).into(), at: *at })
        }));
        affixes.few.sort_by_key(|affix| affix.byte);
        affixes.from = [affixes.few.len() as u8; 256];
        affixes.few.iter().enumerate().rev().for_each(|(n, affix)| affixes.from[affix.byte as usize] = n as u8);
        affixes
    }

    fn is_empty(&self) -> bool {
        self.empty.is_none() && self.few.is_empty() && self.many.is_empty()
    }

    #[inline]
    fn find(&self, text: &str, hit: &mut impl FnMut(u32)) {
        self.empty.into_iter().for_each(&mut *hit);
        let bytes = text.as_bytes();
        let Some(&byte) = (if self.at_end { bytes.last() } else { bytes.first() }) else { return };
        let some = &self.few[self.from[byte as usize].into()..];
        if some.first().is_some_and(|affix| affix.byte == byte) {
            let edge = edge(text, self.at_end);
            for affix in some.iter().take_while(|affix| affix.byte == byte) {
                let length = affix.text.len();
                if (affix.edge ^ edge) & affix.counts != 0 || text.len() < length {
                    continue;
                }
                let has = || if self.at_end { text.ends_with(&*affix.text) } else { text.starts_with(&*affix.text) };
                if length <= 8 || has() {
                    hit(affix.at);
                }
            }
        }
        for &length in self.lengths.iter().take_while(|l| **l <= text.len()) {
            let part = if self.at_end { text.get(text.len() - length..) } else { text.get(..length) };
            part.and_then(|part| self.many.get(part)).copied().into_iter().for_each(&mut *hit);
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
    /// By reader: the finders of its test, from the first to before the last, and whether it needs it to hold.
    of: Vec<(u32, u32, bool)>,
    /// What tests look for, of each any. Empty where some test is of another sort.
    finders: Vec<Finder<'static>>,
    /// Of each of them.
    pairs: Vec<u64>,
    /// Those whose test it is.
    turned: Vec<Vec<u32>>,
    all: TextGroup,
}

/// For so many readers a text is searched one by one.
const ONE_BY_ONE: u32 = 16;

/// Longer texts have nearly all pairs.
const PAIRED: usize = 128;

/// One bit for each two bytes that stand side by side.
#[inline]
fn pairs_of(text: &[u8]) -> u64 {
    let bit = |pair: &[u8; 2]| 1 << (u32::from(u16::from_le_bytes(*pair)).wrapping_mul(0x9e37_79b1) >> 26);
    text.array_windows().fold(0, |all, pair| all | bit(pair))
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
            ranges.push((from, finders.len() as u32));
        }
        if ranges.iter().any(|(from, to)| from == to) {
            finders.clear();
        }
        let pairs = finders.iter().map(|f| pairs_of(f.needle())).collect();
        let mut of = vec![(0, 0, false); readers];
        for Guard { reader, atom, holds } in own {
            let (from, to) = ranges[known[atom] as usize];
            of[*reader as usize] = (from, to, *holds);
        }
        Ok(AtomGroups::new(kind, &atoms, &[])?.into_text().map(|all| Search { of, finders, pairs, turned, all }))
    }

    /// As [`Words::narrow`].
    pub(super) fn narrow(&self, text: &str, stage: &Stage, alive: &mut [u128], scratch: &mut [u128]) {
        let concerned = alive.iter().zip(&stage.concerned).map(|(a, c)| (a & c).count_ones()).sum::<u32>();
        if self.finders.is_empty() || concerned > ONE_BY_ONE {
            scratch.fill(0);
            self.turn(text, scratch);
            return keep_either::<0>(alive, &stage.otherwise, scratch);
        }
        // What has a pair of bytes that the text has not is not in it.
        let pairs = if concerned > 1 && text.len() <= PAIRED { pairs_of(text.as_bytes()) } else { u64::MAX };
        for (at, (alive, concerned)) in alive.iter_mut().zip(&stage.concerned).enumerate() {
            let mut rest = *alive & concerned;
            while rest != 0 {
                let reader = rest.trailing_zeros();
                rest &= rest - 1;
                let (from, to, holds) = self.of[at * 128 + reader as usize];
                let is_in = |n: u32| {
                    self.pairs[n as usize] & !pairs == 0 && self.finders[n as usize].find(text.as_bytes()).is_some()
                };
                if (from..to).any(is_in) != holds {
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
        prop_oneof!["[ab.é]{0,18}", "abcdefghijklmnop[ab]{0,3}abcdefghijklmnop"]
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

    // Those are left who need what a text is, or need it to be something else.
    proptest! {
        #[test]
        fn what_a_text_is_leaves_whom_it_concerns(
            atoms in atoms(&[TextMatch::Equals, TextMatch::StartsWith, TextMatch::EndsWith]),
            more in prop::collection::vec(text(), 1..20),
        ) {
            let guards = guards(&atoms);
            let words = Words::new(guards.len(), &guards);
            let otherwise = mask(&guards, |g| !g.holds);
            for text in texts(&atoms, more) {
                let (mut alive, mut scratch) = (mask(&guards, |_| true), mask(&guards, |_| true));
                words.narrow::<0>(&text, &otherwise, &mut alive, &mut scratch);
                prop_assert_eq!(&alive, &mask(&guards, |g| holds(g.atom, &text) == g.holds), "{:?}", text);
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
