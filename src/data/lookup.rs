//! Which of some texts one is.

use rustc_hash::FxHashMap;
use std::hint::select_unpredictable;
use std::ops::Range;

/// The number of a text that is none of them.
pub const NONE: u32 = 0;

/// Texts that are looked up.
#[derive(Debug)]
pub struct Lookup {
    /// Of a place in it the text that stands there can be told without a branch.
    table: Table,
    /// Those that have no place.
    others: FxHashMap<Box<[u8]>, u32>,
}

#[derive(Debug)]
enum Table {
    Narrow(Narrow),
    Wide(Box<Wide>),
    None,
}

impl Lookup {
    /// Each text once, with its number.
    pub fn new(texts: &[(&str, u32)]) -> Lookup {
        let narrow = || Narrow::new(texts).map(Table::Narrow);
        let wide = || Wide::new(texts).map(|wide| Table::Wide(Box::new(wide)));
        let table = narrow().or_else(wide).unwrap_or(Table::None);
        let most = match table {
            Table::Narrow(_) => Some(SHORT),
            Table::Wide(_) => Some(LONG),
            Table::None => None,
        };
        let others = texts.iter().filter(|(text, _)| most.is_none_or(|most| text.len() > most));
        Lookup { table, others: others.map(|(text, at)| (text.as_bytes().into(), *at)).collect() }
    }

    /// [`NONE`] where it is none of them.
    #[inline(always)]
    pub fn get(&self, text: &[u8]) -> u32 {
        match &self.table {
            Table::Narrow(table) if let Some(text) = Short::of(text) => table.get(text),
            Table::Wide(table) if let Some(text) = Long::of(text) => table.get(text),
            _ if self.others.is_empty() => NONE,
            _ => self.others.get(text).copied().unwrap_or(NONE),
        }
    }

    /// As [`Lookup::get`], of parts of texts. Where a text goes on behind its part, no branch hangs on how long that is. Each
    /// sort of table has a loop of its own. `part`: none where it is told by `other`, as are parts that have no place.
    #[inline(always)]
    pub fn get_each<'a, O, P: Copy>(
        &self,
        all: impl Iterator<Item = (O, P, &'a str)>,
        part: impl Fn(P) -> Option<Range<usize>>,
        mut put: impl FnMut(O, u32),
        mut other: impl FnMut(O, P, &'a str),
    ) {
        match &self.table {
            Table::Narrow(table) => {
                for (out, of, text) in all {
                    match part(of).and_then(|part| Short::within(text.as_bytes(), &part)) {
                        Some(short) => put(out, table.get(short)),
                        None => other(out, of, text),
                    }
                }
            }
            Table::Wide(table) => {
                for (out, of, text) in all {
                    match part(of).and_then(|part| Long::within(text.as_bytes(), &part)) {
                        Some(long) => put(out, table.get(long)),
                        None => other(out, of, text),
                    }
                }
            }
            Table::None => all.for_each(|(out, of, text)| other(out, of, text)),
        }
    }
}

/// Not very many texts of up to 16 bytes, each at a place of its own.
#[derive(Debug)]
struct Narrow {
    factor: u64,
    /// Which of the texts stands at a place. A power of two.
    places: Vec<u8>,
    /// The first is none.
    texts: Vec<(Short, u32)>,
}

/// So many have places.
const NARROW: usize = 1 << 7;

/// So often places are sought for all before more are taken, and so often more are.
const SEEDS: u64 = 32;
const SIZES: u64 = 6;

const MIXED: u64 = 0x9e37_79b9_7f4a_7c15;

/// By which the numbers of texts are multiplied, when places are sought for the nth time.
pub fn factor(n: u64) -> u64 {
    (n * 2 + 1).wrapping_mul(MIXED)
}

impl Narrow {
    /// None where some are longer, or no places are found.
    fn new(texts: &[(&str, u32)]) -> Option<Narrow> {
        let own = texts.iter().map(|(text, at)| Some((Short::of(text.as_bytes())?, *at)));
        let texts: Vec<(Short, u32)> =
            std::iter::once(Some((Short::NOTHING, NONE))).chain(own).collect::<Option<_>>()?;
        let least = 4 * texts.len().next_power_of_two();
        let mut tries = (0..SEEDS * SIZES).map(|n| (least << (n / SEEDS), factor(n))).filter(|_| texts.len() <= NARROW);
        let (places, factor) = tries.find_map(|(size, factor)| Some((placed(&texts, size, factor)?, factor)))?;
        Some(Narrow { factor, places, texts })
    }

    #[inline(always)]
    fn get(&self, text: Short) -> u32 {
        let (own, at) = &self.texts[usize::from(self.places[text.place(self.factor, self.places.len())])];
        // It is one of them or not, row by row: a branch would be guessed wrong, and what comes next would wait for it.
        select_unpredictable(own.is(text), *at, NONE)
    }
}

/// All but the first in so many places; none where two have the same.
fn placed(texts: &[(Short, u32)], size: usize, factor: u64) -> Option<Vec<u8>> {
    let mut places = vec![0; size];
    for (n, (text, _)) in texts.iter().enumerate().skip(1) {
        let place = &mut places[text.place(factor, size)];
        if *place != 0 {
            return None;
        }
        *place = u8::try_from(n).ok()?;
    }
    Some(places)
}

/// Texts that are very many, or longer, of up to 32 bytes: each at a place of its own, found by two steps, so that no branch
/// hangs on whether a text is one of them. Belazzougui and others, "Hash, Displace, and Compress", ESA 2009.
#[derive(Debug)]
struct Wide {
    factor: u64,
    /// By a part of the hash: what it is displaced by. A power of two.
    displaced: Vec<u16>,
    /// Which of the texts stands at a place; the first is none. A power of two.
    places: Vec<u16>,
    texts: Vec<(Long, u32)>,
}

/// So many have places.
const WIDE: usize = 1 << 15;

impl Wide {
    /// None where no places are found.
    fn new(texts: &[(&str, u32)]) -> Option<Wide> {
        let own = texts.iter().filter_map(|(text, at)| Some((Long::of(text.as_bytes())?, *at)));
        let texts: Vec<(Long, u32)> = std::iter::once((Long::NOTHING, NONE)).chain(own).collect();
        let size = texts.len().next_power_of_two();
        let few = texts.len() <= WIDE;
        let mut wide = Wide { factor: 0, displaced: vec![0; size.div_ceil(4)], places: vec![0; 2 * size], texts };
        (few && (0..SEEDS).any(|n| wide.place(factor(n)))).then_some(wide)
    }

    fn group(&self, hash: u64) -> usize {
        (hash >> 48) as usize & (self.displaced.len() - 1)
    }

    #[inline(always)]
    fn at(&self, hash: u64, by: u16) -> usize {
        ((hash ^ u64::from(by)).wrapping_mul(MIXED) >> 32) as usize & (self.places.len() - 1)
    }

    /// False where two texts are at one place however they are displaced.
    fn place(&mut self, factor: u64) -> bool {
        self.factor = factor;
        self.places.fill(0);
        let mut groups: Vec<Vec<(u16, u64)>> = vec![Vec::new(); self.displaced.len()];
        for (n, (text, _)) in self.texts.iter().enumerate().skip(1) {
            let hash = text.hash(factor);
            groups[self.group(hash)].push((n as u16, hash));
        }
        let mut order: Vec<usize> = (0..groups.len()).collect();
        // The largest first, while there is room.
        order.sort_by_key(|&group| std::cmp::Reverse(groups[group].len()));
        let mut placed = Vec::new();
        order.into_iter().all(|group| {
            let found = (0..=u16::MAX).find(|&by| {
                placed.clear();
                let fits = groups[group].iter().all(|&(n, hash)| {
                    let at = self.at(hash, by);
                    let is_free = self.places[at] == 0;
                    if is_free {
                        self.places[at] = n;
                        placed.push(at);
                    }
                    is_free
                });
                if !fits {
                    placed.iter().for_each(|at: &usize| self.places[*at] = 0);
                }
                fits
            });
            found.map(|by| self.displaced[group] = by).is_some()
        })
    }

    #[inline(always)]
    fn get(&self, text: Long) -> u32 {
        let hash = text.hash(self.factor);
        let place = self.at(hash, self.displaced[self.group(hash)]);
        let (own, at) = &self.texts[usize::from(self.places[place])];
        select_unpredictable(own.is(text), *at, NONE)
    }
}

/// A text of few bytes as numbers: equal where the texts are.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Short {
    /// The first eight bytes and the next eight, with zeros behind the last.
    first: u64,
    last: u64,
    length: u32,
}

/// Texts of no more bytes are looked up soonest.
pub const SHORT: usize = 16;

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
    const NOTHING: Short = Short { first: 0, last: 0, length: u32::MAX };

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

    #[inline(always)]
    fn is(&self, Short { first, last, length }: Short) -> bool {
        (self.first ^ first) | (self.last ^ last) | u64::from(self.length ^ length) == 0
    }

    /// Among so many, a power of two.
    #[inline]
    fn place(&self, factor: u64, of: usize) -> usize {
        let mixed = self.first ^ self.last.rotate_left(23) ^ u64::from(self.length);
        (mixed.wrapping_mul(factor) >> 32) as usize & (of - 1)
    }
}

/// Longer texts have no place.
const LONG: usize = 32;

/// A text of up to 32 bytes as numbers: equal where the texts are.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Long {
    parts: [u64; 4],
    length: u64,
}

impl Long {
    const NOTHING: Long = Long { parts: [0; 4], length: u64::MAX };

    #[inline]
    fn of(text: &[u8]) -> Option<Long> {
        let length = text.len();
        let parts = match (text.first_chunk::<SHORT>(), text.last_chunk::<SHORT>()) {
            _ if length > LONG => return None,
            (Some(first), Some(last)) => {
                let behind = u128::from_le_bytes(*last).checked_shr(8 * (LONG - length) as u32).unwrap_or(0);
                let first = u128::from_le_bytes(*first);
                [first as u64, (first >> 64) as u64, behind as u64, (behind >> 64) as u64]
            }
            _ => {
                let Short { first, last, .. } = Short::of(text)?;
                [first, last, 0, 0]
            }
        };
        Some(Long { parts, length: length as u64 })
    }

    /// Of a part of a text that goes on behind it.
    #[inline(always)]
    fn within(text: &[u8], part: &Range<usize>) -> Option<Long> {
        let length = part.len();
        let chunk = text.get(part.start..)?.first_chunk::<LONG>().filter(|_| length <= LONG)?;
        let (parts, mut of_text) = (chunk.as_chunks::<8>().0, [0; 4]);
        for (n, (own, part)) in of_text.iter_mut().zip(parts).enumerate() {
            *own = u64::from_le_bytes(*part) & OF_TEXT[length.saturating_sub(SHORT * (n / 2)).min(SHORT)][n % 2];
        }
        Some(Long { parts: of_text, length: length as u64 })
    }

    #[inline(always)]
    fn is(&self, other: Long) -> bool {
        let differ = self.parts.iter().zip(other.parts).fold(0, |differ, (a, b)| differ | (a ^ b));
        differ | (self.length ^ other.length) == 0
    }

    #[inline(always)]
    fn hash(&self, factor: u64) -> u64 {
        let [a, b, c, d] = self.parts;
        let mixed =
            (a ^ c.rotate_left(23) ^ self.length).wrapping_mul(factor) ^ (b ^ d.rotate_left(41)).wrapping_mul(MIXED);
        mixed ^ (mixed >> 32)
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
            behind in "[ab]{0,40}",
        ) {
            let numbered: Vec<(&str, u32)> = texts.iter().map(|t| &**t).zip(1..).collect();
            let lookup = Lookup::new(&numbered);
            for text in texts.iter().chain(&more) {
                let wanted = numbered.iter().find(|(t, _)| t == text).map_or(NONE, |(_, n)| *n);
                prop_assert_eq!(lookup.get(text.as_bytes()), wanted, "{:?}", text);
                let around = format!("{before}{text}{behind}");
                let part = before.len()..before.len() + text.len();
                let (mut put, mut left) = (None, false);
                let one = std::iter::once(((), 0, &*around));
                lookup.get_each(one, |_| Some(part.clone()), |(), at| put = Some(at), |(), _, _| left = true);
                prop_assert_eq!((put.is_none_or(|at| at == wanted), put.is_none()), (true, left), "{:?}", around);
                let has_place = text.len() <= SHORT && around.len() >= before.len() + LONG;
                prop_assert!(!left || !has_place || matches!(lookup.table, Table::None), "{:?}", around);
            }
        }
    }
}
