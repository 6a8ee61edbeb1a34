//! Sets of readers.

use std::ops::RangeInclusive;

/// One bit a reader.
pub type Mask = Vec<u128>;

pub fn bit(mask: &mut [u128], reader: u32) {
    mask[reader as usize / 128] |= 1 << (reader % 128);
}

/// Leaves those that are in both.
#[inline]
pub fn keep(alive: &mut [u128], left: &[u128]) {
    alive.iter_mut().zip(left).for_each(|(a, l)| *a &= l);
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

    #[inline]
    pub fn get(&self, at: usize) -> Option<&[u128]> {
        self.all.get(at * self.words..(at + 1) * self.words)
    }

    /// One that is there.
    #[inline]
    pub fn at(&self, at: usize) -> &[u128] {
        &self.all[at * self.words..(at + 1) * self.words]
    }

    /// Those of any of them; none where the range runs backwards.
    pub fn union(&self, range: RangeInclusive<usize>) -> Option<Mask> {
        let mut all = self.get(*range.start()).filter(|_| !range.is_empty())?.to_vec();
        range.filter_map(|at| self.get(at)).for_each(|m| all.iter_mut().zip(m).for_each(|(a, m)| *a |= m));
        Some(all)
    }
}
