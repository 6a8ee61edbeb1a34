//! Sets of readers.

use std::ops::RangeInclusive;

/// One bit a reader.
pub type Mask = Vec<u128>;

pub fn bit(mask: &mut [u128], reader: u32) {
    mask[reader as usize / 128] |= 1 << (reader % 128);
}

pub fn unbit(mask: &mut [u128], reader: u32) {
    mask[reader as usize / 128] &= !(1 << (reader % 128));
}

/// As many words as `W`, or where that is 0 all: with a number that is known beforehand a loop over them is none.
#[inline(always)]
pub fn cut<const W: usize>(mask: &[u128]) -> &[u128] {
    if W == 0 { mask } else { &mask[..W] }
}

/// Leaves those that are in both.
#[inline(always)]
pub fn keep<const W: usize>(alive: &mut [u128], left: &[u128]) {
    let alive = if W == 0 { alive } else { &mut alive[..W] };
    alive.iter_mut().zip(cut::<W>(left)).for_each(|(a, l)| *a &= l);
}

/// Leaves those that are in one of the others and not in both.
#[inline(always)]
pub fn keep_either<const W: usize>(alive: &mut [u128], one: &[u128], other: &[u128]) {
    let alive = if W == 0 { alive } else { &mut alive[..W] };
    alive.iter_mut().zip(cut::<W>(one).iter().zip(cut::<W>(other))).for_each(|(a, (o, t))| *a &= o ^ t);
}

/// Whether some are in both.
#[inline(always)]
pub fn meet<const W: usize>(one: &[u128], other: &[u128]) -> bool {
    cut::<W>(one).iter().zip(cut::<W>(other)).fold(0, |any, (a, b)| any | a & b) != 0
}

/// Several masks, one behind the other.
#[derive(Debug)]
pub struct Sets {
    words: usize,
    all: Vec<u128>,
}

impl Sets {
    pub fn new(readers: usize) -> Sets {
        Sets { words: readers.div_ceil(128), all: Vec::new() }
    }

    pub fn push(&mut self, mask: &[u128]) {
        self.all.extend(mask);
    }

    /// Of each set those that are in it or in `other`, and not in both.
    pub fn each_other_than(&self, other: &[u128]) -> Sets {
        let all =
            self.all.chunks_exact(other.len()).flat_map(|set| set.iter().zip(other).map(|(s, o)| s ^ o)).collect();
        Sets { words: self.words, all }
    }

    #[inline]
    pub fn get(&self, at: usize) -> Option<&[u128]> {
        self.all.get(at * self.words..(at + 1) * self.words)
    }

    /// One that is there.
    #[inline(always)]
    pub fn at<const W: usize>(&self, at: usize) -> &[u128] {
        let words = if W == 0 { self.words } else { W };
        &self.all[at * words..][..words]
    }

    /// Those of any of them; none where the range runs backwards.
    pub fn union(&self, range: RangeInclusive<usize>) -> Option<Mask> {
        let mut all = self.get(*range.start()).filter(|_| !range.is_empty())?.to_vec();
        range.filter_map(|at| self.get(at)).for_each(|m| all.iter_mut().zip(m).for_each(|(a, m)| *a |= m));
        Some(all)
    }
}
