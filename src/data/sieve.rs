//! What can be told of a row from a few of its values, before it is laid in columns.

use super::lookup::Lookup;
use super::{Batch, ColumnId, Decimal, KindId};
use std::sync::Arc;

/// A value as it is read for a sieve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen<'a> {
    Absent,
    Text(&'a str),
    /// A text that was looked up among those that are asked for: its number.
    Known(u32),
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

/// Lays in its place what stands in a column in each of the rows of these numbers. With a look-up, texts are looked up.
pub type Values<'r, 'v> = dyn FnMut(usize, &[u32], Option<&Lookup>, &mut [Seen<'v>]) + 'r;

/// What is known of a value of several rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Between<'a> {
    /// Where both are of one sort, all others are, and lie between.
    pub least: Seen<'a>,
    pub greatest: Seen<'a>,
    /// A row may have none.
    pub absent: bool,
}

/// The columns of which all that is needed of a row that is let go is known: which record it is, a text, and when it was, a
/// timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brief {
    pub identity: ColumnId,
    pub time: Option<ColumnId>,
}

/// Rows of a kind that are let go.
#[derive(Clone, Debug)]
pub enum LetGo {
    /// With the columns of [`Sieve::rest`].
    Rows(Batch),
    /// Of a kind of which [`Sieve::brief`] is known.
    Brief(Gone),
}

/// What stays of rows that are let go: eight bytes of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    pub kind: KindId,
    /// By row, as [`Sieve::hash`] has them.
    pub identities: Vec<u64>,
    /// The first and the last, in nanoseconds since 1970.
    pub times: Option<(i64, i64)>,
}

/// Tells rows that no rule can find anything in.
pub trait Sieve: Sync {
    /// The columns of a kind that it looks at; none where it lets nothing go.
    fn columns(&self, kind: KindId) -> Option<&[ColumnId]>;

    /// The columns that are read of rows that are let go: which record it is, and when it was.
    fn rest(&self, kind: KindId) -> Arc<[ColumnId]>;

    /// Where less is needed of most of them.
    fn brief(&self, _kind: KindId) -> Option<Brief> {
        None
    }

    /// Of the text that says which record of a kind it is.
    fn hash(&self, _kind: KindId, _identity: &str) -> u64 {
        0
    }

    /// Whether it may keep one of several rows. `value` gives what is known of what stands in one of [`Sieve::columns`].
    fn keeps_any<'v>(&self, kind: KindId, value: &mut dyn FnMut(usize) -> Option<Between<'v>>) -> bool;

    /// Whether some rule may find something in a row, or a history may count it. `value` gives what stands in one of
    /// [`Sieve::columns`], by its index; `scratch` is room that is kept from row to row.
    fn keeps<'v>(&self, kind: KindId, scratch: &mut Vec<u128>, value: &mut dyn FnMut(usize) -> Seen<'v>) -> bool;

    /// The same of several rows, column by column. In `left`, so many words a row as it gives back: a bit for each rule of the
    /// kind in the order of the plan, and behind them for each history, to which the row is something as far as guards tell,
    /// and one that says that a value was not plain, so that they may have told too little.
    fn keeps_each<'v>(
        &self,
        kind: KindId,
        kept: &mut [bool],
        left: &mut Vec<u128>,
        values: &mut Values<'_, 'v>,
    ) -> usize {
        let mut scratch = Vec::new();
        for (row, kept) in kept.iter_mut().enumerate() {
            *kept = self.keeps(kind, &mut scratch, &mut |nth| {
                let mut seen = [Seen::Other];
                values(nth, &[row as u32], None, &mut seen);
                seen[0]
            });
        }
        left.clear();
        0
    }
}
