//! Which of some texts one is.

use std::hint::select_unpredictable;
use std::ops::Range;

/// The number of a text that is none of them.
pub const NONE: u32 = 0;

/// Texts that are looked up.
#[derive(Debug)]
pub struct Lookup {
    /// Which of the words stands at a place, no two at one: so no branch hangs on whether a text is one of them. A power of
    /// two; none where they are very many.
    places: Vec<u8>,
    factor: u64,
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
    const NOTHING: Word = Word { text: Short { first: 0, last: 0, length: u32::MAX }, at: NONE };

    #[inline(always)]
    fn is(&self, Short { first, last, length }: Short) -> bool {
        (self.text.first ^ first) | (self.text.last ^ last) | u64::from(self.text.length ^ length) == 0
    }
}

/// Texts of no more bytes are looked up soonest.
pub const SHORT: usize = 16;

/// Of so many each has a place.
const WORDS: usize = 1 << 7;

/// So often places are sought for all before more are taken, and so often more are.
const SEEDS: u64 = 32;
const SIZES: u64 = 6;

impl Lookup {
    /// Each text once, with its number.
    pub fn new(texts: &[(&str, u32)]) -> Lookup {
        let short = texts.iter().filter_map(|(text, at)| Some(Word { text: Short::of(text.as_bytes())?, at: *at }));
        let words: Vec<Word> = std::iter::once(Word::NOTHING).chain(short).collect();
        let least = 4 * words.len().next_power_of_two();
        let factor = |n: u64| (n * 2 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let tries = (0..SEEDS * SIZES).map(|n| (least << (n / SEEDS), factor(n))).filter(|_| words.len() <= WORDS);
        let mut found = tries.filter_map(|(size, factor)| Some((placed(&words, size, factor)?, factor)));
        let (places, factor) = found.next().unwrap_or_default();
        let others =
            texts.iter().filter(|(text, _)| places.is_empty() || Short::of(text.as_bytes()).is_none()).copied();
        let others = Others::new(others);
        Lookup { places, factor, words, others }
    }

    /// [`NONE`] where it is none of them.
    #[inline(always)]
    pub fn get(&self, text: &[u8]) -> u32 {
        if !self.places.is_empty()
            && let Some(short) = Short::of(text)
        {
            return self.short(short);
        }
        if self.others.is_empty() { NONE } else { self.others.get(text) }
    }

    /// As [`Lookup::get`], of a part of a text. Where that goes on behind it, no branch hangs on how long the part is.
    #[inline(always)]
    pub fn get_within(&self, text: &[u8], part: Range<usize>) -> u32 {
        if !self.places.is_empty()
            && let Some(short) = Short::within(text, &part)
        {
            return self.short(short);
        }
        text.get(part).map_or(NONE, |text| self.get(text))
    }

    #[inline(always)]
    fn short(&self, short: Short) -> u32 {
        let word = &self.words[usize::from(self.places[short.place(self.factor, self.places.len())])];
        // It is one of them or not, row by row: a branch would be guessed wrong, and what comes next would wait for it.
        select_unpredictable(word.is(short), word.at, NONE)
    }
}

/// Texts that are very many, or longer.
#[derive(Debug, Default)]
struct Others {
    /// From the place of a text on: a part of its hash, and one more than its number, or 0 where there are no more. So
    /// what is none of them is told without a look at one. A power of two.
    places: Vec<(u32, u32)>,
    all: Vec<Other>,
    texts: Vec<Box<[u8]>>,
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
        let (texts, all): (Vec<Box<[u8]>>, Vec<Other>) = texts
            .map(|(text, at)| (text.as_bytes(), at))
            .map(|(text, at)| (text.into(), Other { edges: Edges::of(text), at }))
            .unzip();
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
    fn get(&self, text: &[u8]) -> u32 {
        let edges = Edges::of(text);
        let hash = edges.hash(text);
        let mut place = hash as usize & (self.places.len() - 1);
        loop {
            let (part, next) = self.places[place];
            let Some(nth) = next.checked_sub(1) else { return NONE };
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
    fn of(text: &[u8]) -> Edges {
        let halves = |all: u128| [all as u64, (all >> 64) as u64];
        let length = text.len();
        let (first, last) = match (text.first_chunk(), text.last_chunk()) {
            (Some(first), Some(last)) => (halves(u128::from_le_bytes(*first)), halves(u128::from_le_bytes(*last))),
            _ => Short::of(text).map_or(Default::default(), |short| ([short.first, 0], [short.last, 0])),
        };
        Edges { first, last, length }
    }

    /// Of the text that has these edges.
    #[inline]
    fn hash(&self, text: &[u8]) -> u64 {
        const MIXED: u64 = 0x9e37_79b9_7f4a_7c15;
        let mix = |[one, other]: [u64; 2], with: u64| {
            let mixed = u128::from(one ^ with) * u128::from(other ^ MIXED);
            mixed as u64 ^ (mixed >> 64) as u64
        };
        let edges = mix(self.first, self.length as u64) ^ mix(self.last, MIXED).rotate_left(32);
        match self.length {
            0..=TOLD => edges,
            _ => text.as_chunks::<8>().0.iter().fold(edges, |mixed, part| mix([u64::from_le_bytes(*part), 0], mixed)),
        }
    }
}

/// All but the first in so many places; none where two have the same.
fn placed(words: &[Word], size: usize, factor: u64) -> Option<Vec<u8>> {
    let mut places = vec![0; size];
    for (n, word) in words.iter().enumerate().skip(1) {
        let place = &mut places[word.text.place(factor, size)];
        if *place != 0 {
            return None;
        }
        *place = u8::try_from(n).ok()?;
    }
    Some(places)
}

/// A text of few bytes as numbers: equal where the texts are.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Short {
    /// The first eight bytes and the next eight, with zeros behind the last.
    first: u64,
    last: u64,
    length: u32,
}

/// By number of bytes: those that are of a text.
const OF_TEXT: [[u64; 2]; SHORT + 1] = {
    let mut masks = [[0; 2]; SHORT + 1];
    let mut length = 1;
    while length <= SHORT {
        let mask = u128::MAX >> (128 - 8 * length);
        masks[length] = [mask as u64, (mask >> 64) as u64];
        length += 1;
    }
    masks
};

impl Short {
    #[inline]
    fn of(all: &[u8]) -> Option<Short> {
        let length = all.len();
        let (first, last) = match length {
            9..=SHORT => {
                let behind = u64::from_le_bytes(*all.last_chunk()?);
                (u64::from_le_bytes(*all.first_chunk()?), behind >> (8 * (SHORT - length)))
            }
            4..9 => {
                let four = |four: &[u8; 4]| u64::from(u32::from_le_bytes(*four));
                (four(all.first_chunk()?) | four(all.last_chunk()?) << (8 * (length - 4)), 0)
            }
            1..4 => {
                let byte = |at: usize| u64::from(all[at]) << (8 * at);
                (byte(0) | byte(length / 2) | byte(length - 1), 0)
            }
            0 => (0, 0),
            _ => return None,
        };
        Some(Short { first, last, length: length as u32 })
    }

    /// Of a part of a text that goes on behind it.
    #[inline(always)]
    fn within(text: &[u8], part: &Range<usize>) -> Option<Short> {
        let length = part.len();
        let chunk = text.get(part.start..)?.first_chunk::<SHORT>().filter(|_| length <= SHORT)?;
        let all = u128::from_le_bytes(*chunk);
        let [first, last] = OF_TEXT[length];
        Some(Short { first: all as u64 & first, last: (all >> 64) as u64 & last, length: length as u32 })
    }

    /// Among so many, a power of two.
    #[inline]
    fn place(&self, factor: u64, of: usize) -> usize {
        let mixed = self.first ^ self.last.rotate_left(23) ^ u64::from(self.length);
        (mixed.wrapping_mul(factor) >> 32) as usize & (of - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        // Short, or of one edge and one length with others; few, or more than have a place.
        #[test]
        fn a_text_is_found_and_no_other(
            texts in prop::collection::btree_set("[ab.é]{0,18}|abcdefghijklmnop[ab]{0,3}abcdefghijklmnop", 0..200),
            more in prop::collection::vec("[ab.é]{0,18}|abcdefghijklmnop[ab]{0,3}abcdefghijklmnop", 1..50),
            before in "[ab]{0,3}",
            behind in "[ab]{0,20}",
        ) {
            let numbered: Vec<(&str, u32)> = texts.iter().map(|t| &**t).zip(1..).collect();
            let lookup = Lookup::new(&numbered);
            for text in texts.iter().chain(&more) {
                let wanted = numbered.iter().find(|(t, _)| t == text).map_or(NONE, |(_, n)| *n);
                prop_assert_eq!(lookup.get(text.as_bytes()), wanted, "{:?}", text);
                let around = format!("{before}{text}{behind}");
                let part = before.len()..before.len() + text.len();
                prop_assert_eq!(lookup.get_within(around.as_bytes(), part), wanted, "{:?}", around);
            }
        }
    }
}
