//! What can be told of a row from a few of its values, before it is laid in columns.

use super::{ColumnId, Decimal, KindId};
use std::sync::Arc;

/// A value as it is read for a sieve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen<'a> {
    Absent,
    Text(&'a str),
    Int(i64),
    Decimal(Decimal),
    Bool(bool),
    /// Of an enumeration: which of its words.
    Word(u16),
    /// A date or a moment.
    Time,
    /// Anything else, malformed values too.
    Other,
}

/// Adds what stands in a column in the rows of these numbers.
pub type Values<'r, 'v> = dyn FnMut(usize, &[u32], &mut Vec<Seen<'v>>) + 'r;

/// What is known of a value of several rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Between<'a> {
    /// Where both are of one sort, all others are, and lie between.
    pub least: Seen<'a>,
    pub greatest: Seen<'a>,
    /// A row may have none.
    pub absent: bool,
}

/// Tells rows that no rule can find anything in.
pub trait Sieve: Sync {
    /// The columns of a kind that it looks at; none where it lets nothing go.
    fn columns(&self, kind: KindId) -> Option<&[ColumnId]>;

    /// The columns that are read of rows that are let go: which record it is, and when it was.
    fn rest(&self, kind: KindId) -> Arc<[ColumnId]>;

    /// Whether it may keep one of several rows. `value` gives what is known of what stands in one of [`Sieve::columns`].
    fn keeps_any<'v>(&self, kind: KindId, value: &mut dyn FnMut(usize) -> Option<Between<'v>>) -> bool;

    /// Whether some rule may find something in a row, or a history may count it. `value` gives what stands in one of
    /// [`Sieve::columns`], by its index; `scratch` is room that is kept from row to row.
    fn keeps<'v>(&self, kind: KindId, scratch: &mut Vec<u128>, value: &mut dyn FnMut(usize) -> Seen<'v>) -> bool;

    /// The same of several rows, column by column.
    fn keeps_each<'v>(&self, kind: KindId, scratch: &mut Vec<u128>, kept: &mut [bool], values: &mut Values<'_, 'v>) {
        for (row, kept) in kept.iter_mut().enumerate() {
            let mut seen = Vec::with_capacity(1);
            *kept = self.keeps(kind, scratch, &mut |nth| {
                values(nth, &[row as u32], &mut seen);
                seen.pop().unwrap_or(Seen::Other)
            });
        }
    }
}
