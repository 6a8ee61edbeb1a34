//! For whom a sieve left the rows of a batch.

use crate::eval::grouped::{Bits, set, words};

/// What a sieve told of the rows of a batch.
pub struct Left {
    /// By rule: the rows that were left for it.
    pub by_rule: Vec<Bits>,
    /// Rows of which a value is not plain: they may have been left for more than have to look at them again.
    pub doubtful: Bits,
}

impl Left {
    /// None where it has not told.
    pub fn of(left: &[u128], rows: usize, (rules, readers): (usize, usize)) -> Option<Left> {
        let of_row = left.len().checked_div(rows)?;
        if of_row * 128 <= readers || left.len() != of_row * rows {
            return None;
        }
        let mut told = Left { by_rule: vec![vec![0; words(rows)]; rules], doubtful: vec![0; words(rows)] };
        for (row, left) in left.chunks_exact(of_row).enumerate() {
            for (at, mut rest) in left.iter().copied().enumerate() {
                while rest != 0 {
                    let reader = at * 128 + rest.trailing_zeros() as usize;
                    rest &= rest - 1;
                    match told.by_rule.get_mut(reader) {
                        Some(bits) => set(bits, row),
                        None if reader == readers => set(&mut told.doubtful, row),
                        None => {}
                    }
                }
            }
        }
        Some(told)
    }
}
