//! Records by key, each key's by time: one list behind another.

use super::super::val::Val;
use super::super::window::Bounds;
use crate::data::{Currency, Value};
use rustc_hash::FxHashMap;
use std::ops::Range;

#[derive(Debug, Default)]
pub struct Lists {
    by_key: Keys,
    /// Where each list begins, and where the last one ends.
    starts: Vec<usize>,
    ids: Vec<u32>,
    /// Days or nanoseconds.
    times: Vec<i64>,
    sums: Option<Sums>,
    /// By list, what few have.
    rare: FxHashMap<u32, Rare>,
}

/// Which list is of which key.
#[derive(Debug, Default)]
struct Keys {
    /// Most are short.
    short: FxHashMap<u128, u32>,
    long: FxHashMap<Box<[u8]>, u32>,
}

impl Keys {
    /// Its bytes and their number in one.
    fn short(key: &[u8]) -> Option<u128> {
        let mut bytes = [0; 16];
        bytes.get_mut(..key.len()).filter(|of| of.len() < 16)?.copy_from_slice(key);
        bytes[15] = key.len() as u8;
        Some(u128::from_le_bytes(bytes))
    }

    fn get(&self, key: &[u8]) -> Option<u32> {
        match Keys::short(key) {
            Some(short) => self.short.get(&short).copied(),
            None => self.long.get(key).copied(),
        }
    }

    fn len(&self) -> usize {
        self.short.len() + self.long.len()
    }

    fn add(&mut self, key: &[u8]) -> u32 {
        let list = self.len() as u32;
        match Keys::short(key) {
            Some(short) => self.short.insert(short, list),
            None => self.long.insert(key.into(), list),
        };
        list
    }
}

#[derive(Debug, Default)]
struct Rare {
    /// How many of the first n are in doubt; empty where none is.
    doubts: Vec<u32>,
    /// The ids do not ascend.
    disordered: bool,
    /// Where a key is a set: whom of it this list is of.
    owner: Option<Value>,
    /// Of the ids, those that may not have this key, ascending.
    unsure: Vec<u32>,
}

/// Running sums of values that are all known or absent, none in doubt, and of one currency.
#[derive(Debug, Default)]
struct Sums {
    /// By record: of its list up to it.
    totals: Vec<i128>,
    /// The same of how many have a value; empty where all have one.
    valued: Vec<u32>,
    /// By list; none where some value is not plain.
    lists: Vec<Option<SumsOf>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct SumsOf {
    total: i128,
    currency: Option<Currency>,
}

/// Candidates with one key, by time, then order.
#[derive(Clone, Copy, Debug)]
pub struct List<'a> {
    pub ids: &'a [u32],
    /// Days or nanoseconds.
    pub times: &'a [i64],
    sums: Option<(&'a [i128], &'a [u32], Option<Currency>)>,
    rare: Option<&'a Rare>,
}

impl Lists {
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub fn get(&self, key: &[u8]) -> Option<List<'_>> {
        self.by_key.get(key).and_then(|list| self.at(list as usize))
    }

    pub fn at(&self, list: usize) -> Option<List<'_>> {
        let range = *self.starts.get(list)?..*self.starts.get(list + 1)?;
        let sums = self.sums.as_ref().and_then(|sums| {
            let valued = if sums.valued.is_empty() { &[] } else { &sums.valued[range.clone()] };
            Some((&sums.totals[range.clone()], valued, sums.lists[list]?.currency))
        });
        // Mostly there are none.
        let rare = if self.rare.is_empty() { None } else { self.rare.get(&(list as u32)) };
        Some(List { ids: &self.ids[range.clone()], times: &self.times[range], sums, rare })
    }

    /// Of what a list's sums are.
    pub fn currency(&self, list: u32) -> Option<Currency> {
        self.sums.as_ref()?.lists.get(list as usize)?.as_ref()?.currency
    }

    pub fn iter(&self) -> impl Iterator<Item = List<'_>> {
        (0..self.len()).filter_map(|list| self.at(list))
    }
}

impl<'a> List<'a> {
    fn doubts(&self) -> &'a [u32] {
        self.rare.map_or(&[], |rare| &rare.doubts)
    }

    /// Some of its records are in doubt, or whether they have its key.
    pub fn is_doubted(&self) -> bool {
        self.rare.is_some_and(|rare| !rare.doubts.is_empty() || !rare.unsure.is_empty())
    }

    /// The ids ascend.
    pub fn in_order(&self) -> bool {
        self.rare.is_none_or(|rare| !rare.disordered)
    }

    /// Where a key is a set: whom of it this list is of.
    pub fn owner(&self) -> Option<&'a Value> {
        self.rare?.owner.as_ref()
    }

    pub fn is_doubtful(&self, i: usize) -> bool {
        let doubts = self.doubts();
        !doubts.is_empty() && doubts[i + 1] != doubts[i]
    }

    /// Whether it is known that the record has the list's key.
    pub fn is_sure(&self, id: u32) -> bool {
        self.rare.is_none_or(|rare| rare.unsure.binary_search(&id).is_err())
    }

    pub fn within(&self, bounds: &Bounds) -> Range<usize> {
        let from = self.times.partition_point(|&t| t < bounds.from);
        let until = self.times.partition_point(|&t| t <= bounds.until);
        from..until.max(from)
    }

    /// Up to the one at a place, looked for from there backwards: most windows are short.
    pub fn within_up_to(&self, at: usize, bounds: &Bounds) -> Range<usize> {
        let (mut until, mut step) = (at + 1, 1);
        while let Some(from) = until.checked_sub(step) {
            if self.times[from] < bounds.from {
                let more = self.times[from..until].partition_point(|&t| t < bounds.from);
                return from + more..at + 1;
            }
            (until, step) = (from, step * 2);
        }
        self.times[..until].partition_point(|&t| t < bounds.from)..at + 1
    }

    /// The sum of a range in the smallest parts, its currency (none where nothing has a value), and how many
    /// have a value; none where it takes looking at each.
    pub fn sum(&self, range: &Range<usize>) -> Option<(i128, Option<Currency>, u32)> {
        let (totals, valued, currency) = self.sums?;
        let valued = match valued {
            [] => range.len() as u32,
            valued => difference(valued, range),
        };
        Some((difference(totals, range), currency.filter(|_| valued > 0), valued))
    }

    pub fn doubts_in(&self, range: &Range<usize>) -> usize {
        match self.doubts() {
            [] => 0,
            doubts => (doubts[range.end] - doubts[range.start]) as usize,
        }
    }
}

/// Of running sums up to each: what a range adds.
fn difference<T: Copy + Default + std::ops::Sub<Output = T>>(running: &[T], range: &Range<usize>) -> T {
    if range.is_empty() {
        return T::default();
    }
    let before = range.start.checked_sub(1).map_or(T::default(), |last| running[last]);
    running[range.end - 1] - before
}

/// Lists as they are gathered, in the records' order.
#[derive(Debug, Default)]
pub struct Gathering {
    by_key: Keys,
    records: Vec<Gathered>,
    /// Of the records, those in doubt.
    doubtful: Vec<usize>,
    sums: Option<Summing>,
    rare: FxHashMap<u32, Rare>,
}

#[derive(Clone, Copy, Debug)]
struct Gathered {
    list: u32,
    id: u32,
    time: i64,
}

#[derive(Debug, Default)]
struct Summing {
    totals: Vec<i128>,
    /// Of the records, those without a value.
    absent: Vec<usize>,
    lists: Vec<Option<SumsOf>>,
}

impl Gathering {
    /// Of so many records at the most. `summing`: their values are added up, and each has to come with one.
    pub fn of_up_to(records: usize, summing: bool) -> Gathering {
        let sums = summing.then(|| Summing { totals: Vec::with_capacity(records), ..Summing::default() });
        Gathering { records: Vec::with_capacity(records), sums, ..Gathering::default() }
    }

    pub fn keys(&self) -> usize {
        self.by_key.len()
    }

    /// To which list.
    pub fn push(&mut self, key: &[u8], id: u32, time: i64, doubtful: bool, value: Option<Val<'_>>) -> u32 {
        let list = match self.by_key.get(key) {
            Some(list) => list,
            None => {
                let list = self.by_key.add(key);
                if let Some(sums) = &mut self.sums {
                    sums.lists.push(Some(SumsOf::default()));
                }
                list
            }
        };
        let at = self.records.len();
        if doubtful {
            self.doubtful.push(at);
        }
        if let Some(sums) = &mut self.sums {
            sums.add(list, at, value.filter(|_| !doubtful));
        }
        self.records.push(Gathered { list, id, time });
        list
    }

    /// Of a list that is of somebody in a set: whom, and whether the record is surely theirs.
    pub fn owned(&mut self, list: u32, sure: bool, id: u32, owner: impl FnOnce() -> Option<Value>) {
        let rare = self.rare.entry(list).or_default();
        if !sure {
            rare.unsure.push(id);
        }
        if rare.owner.is_none() {
            rare.owner = owner();
        }
    }

    /// `stands`: told each record's id, its list and its place there.
    pub fn lists(self, mut stands: impl FnMut(u32, u32, u32)) -> Lists {
        let Gathering { by_key, records, doubtful, sums, rare } = self;
        let mut starts = vec![0; by_key.len() + 1];
        records.iter().for_each(|r| starts[r.list as usize + 1] += 1);
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut ends = starts.clone();
        let (mut ids, mut times) = (vec![0; records.len()], vec![0; records.len()]);
        let mut totals = sums.as_ref().map(|_| vec![0; records.len()]);
        let absent = sums.as_ref().map_or(&[][..], |sums| &sums.absent);
        let (mut doubtful, mut absent) = (Marks::new(&doubtful, records.len()), Marks::new(absent, records.len()));
        for (from, record) in records.iter().enumerate() {
            let end = &mut ends[record.list as usize];
            let to = std::mem::replace(end, *end + 1);
            (ids[to], times[to]) = (record.id, record.time);
            stands(record.id, record.list, (to - starts[record.list as usize]) as u32);
            if let (Some(totals), Some(sums)) = (&mut totals, &sums) {
                totals[to] = sums.totals[from];
            }
            doubtful.moved(from, to);
            absent.moved(from, to);
        }
        let (doubtful, absent) = (doubtful.laid, absent.laid);
        let sums = sums.zip(totals).map(|(sums, totals)| Sums { totals, valued: Vec::new(), lists: sums.lists });
        let mut lists = Lists { by_key, starts, ids, times, sums, rare };
        lists.sort(doubtful, absent);
        lists
    }
}

impl Summing {
    /// None: what it is worth is not known, or whether it counts.
    fn add(&mut self, list: u32, at: usize, value: Option<Val<'_>>) {
        let of = &mut self.lists[list as usize];
        let total = of.and_then(|before| {
            let (raw, currency) = match value? {
                Val::Absent => {
                    self.absent.push(at);
                    (0, before.currency)
                }
                Val::Int(n) => (n.into(), None),
                Val::Decimal(d) => (d.raw(), None),
                Val::Money(amount, currency) if before.currency.is_none() || before.currency == currency => {
                    (amount.raw(), currency)
                }
                _ => return None,
            };
            Some(SumsOf { total: before.total.checked_add(raw)?, currency })
        });
        *of = total;
        self.totals.push(total.map_or(0, |of| of.total));
    }
}

/// Marks on a few records, carried to where these are laid.
struct Marks<'m> {
    left: std::iter::Peekable<std::slice::Iter<'m, usize>>,
    /// By place; empty where there are none.
    laid: Vec<bool>,
}

impl Marks<'_> {
    fn new(of: &[usize], places: usize) -> Marks<'_> {
        let laid = if of.is_empty() { Vec::new() } else { vec![false; places] };
        Marks { left: of.iter().peekable(), laid }
    }

    fn moved(&mut self, from: usize, to: usize) {
        if self.left.next_if(|&&marked| marked == from).is_some() {
            self.laid[to] = true;
        }
    }
}

impl Lists {
    /// Dates of instants may run backwards where a zone's clock goes back at midnight.
    fn sort(&mut self, mut doubtful: Vec<bool>, mut absent: Vec<bool>) {
        for list in 0..self.len() {
            let range = self.starts[list]..self.starts[list + 1];
            if self.times[range.clone()].is_sorted() {
                continue;
            }
            self.rare.entry(list as u32).or_default().disordered = true;
            let mut order: Vec<usize> = range.clone().collect();
            order.sort_by_key(|&i| (self.times[i], self.ids[i]));
            if let Some(sums) = &mut self.sums {
                let of = &mut sums.totals[range.clone()];
                let each = |i: &usize| difference(of, &(i - range.start..i - range.start + 1));
                let mut total = 0i128;
                let sorted: Option<Vec<i128>> = order
                    .iter()
                    .map(|i| {
                        total = total.checked_add(each(i))?;
                        Some(total)
                    })
                    .collect();
                match sorted {
                    Some(sorted) => of.copy_from_slice(&sorted),
                    None => sums.lists[list] = None,
                }
            }
            fn permute<T: Copy>(of: &mut [T], order: &[usize], range: &Range<usize>) {
                if !of.is_empty() {
                    let sorted: Vec<T> = order.iter().map(|&i| of[i]).collect();
                    of[range.clone()].copy_from_slice(&sorted);
                }
            }
            permute(&mut self.ids, &order, &range);
            permute(&mut self.times, &order, &range);
            permute(&mut doubtful, &order, &range);
            permute(&mut absent, &order, &range);
        }
        if let (Some(sums), false) = (&mut self.sums, absent.is_empty()) {
            sums.valued = vec![0; absent.len()];
            for list in self.starts.windows(2) {
                let (mut valued, of) = (0, list[0]..list[1]);
                for (upto, absent) in sums.valued[of.clone()].iter_mut().zip(&absent[of]) {
                    valued += u32::from(!absent);
                    *upto = valued;
                }
            }
        }
        if doubtful.is_empty() {
            return;
        }
        for list in 0..self.len() {
            let of = &doubtful[self.starts[list]..self.starts[list + 1]];
            if of.contains(&true) {
                let mut doubts = vec![0];
                for (i, &doubtful) in of.iter().enumerate() {
                    doubts.push(doubts[i] + u32::from(doubtful));
                }
                self.rare.entry(list as u32).or_default().doubts = doubts;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Decimal;
    use proptest::prelude::*;

    /// Key, time, whether it is in doubt, and what it is worth: nothing, an amount of one of two currencies, or unknown.
    type Row = (u8, i64, bool, u8);

    fn worth(row: &Row) -> Val<'static> {
        match row.3 % 16 {
            0 => Val::Unknown,
            1 => Val::Absent,
            2 => Val::Money(Decimal::from_int(7), Currency::parse("USD")),
            n => Val::Money(Decimal::from_int(i64::from(n) - 8), Currency::parse("EUR")),
        }
    }

    /// As the lists say it: none where it takes looking at each.
    fn added(rows: &[&Row], of: &[&Row]) -> Option<(i128, Option<Currency>, u32)> {
        let plain = |row: &&&Row| !row.2 && !matches!(worth(row), Val::Unknown);
        let amount = |row: &&&Row| match worth(row) {
            Val::Money(amount, currency) => Some((amount.raw(), currency?)),
            _ => None,
        };
        let first = of.iter().filter_map(|row| amount(&row)).next();
        let alike = of.iter().filter_map(|row| amount(&row)).all(|(_, currency)| Some(currency) == first.map(|f| f.1));
        if !alike || !of.iter().all(|row| plain(&row)) {
            return None;
        }
        let amounts: Vec<_> = rows.iter().filter_map(|row| amount(&row)).collect();
        let currency = amounts.first().map(|a| a.1);
        Some((amounts.iter().map(|a| a.0).sum(), currency, amounts.len() as u32))
    }

    proptest! {
        #[test]
        fn lists_are_what_was_gathered(
            rows in prop::collection::vec((0u8..4, 0i64..40, prop::bool::weighted(0.02), 0u8..255), 0..60),
            in_order in any::<bool>(),
            long in any::<bool>(),
            ends in (0usize..60, 0usize..60),
        ) {
            let mut rows: Vec<Row> = rows;
            if in_order {
                rows.sort_by_key(|row| row.1);
            }
            let key = |of: u8| vec![of; if long { 30 } else { 3 }];
            let mut gathering = Gathering::of_up_to(rows.len(), true);
            for (id, row) in rows.iter().enumerate() {
                gathering.push(&key(row.0), id as u32, row.1, row.2, Some(worth(row)));
            }
            let mut places = vec![(0, 0); rows.len()];
            let lists = gathering.lists(|id, list, at| places[id as usize] = (list, at));
            prop_assert_eq!(lists.iter().map(|list| list.ids.len()).sum::<usize>(), rows.len());
            for of in 0..4 {
                let mut wanted: Vec<u32> = (0..rows.len() as u32).filter(|id| rows[*id as usize].0 == of).collect();
                wanted.sort_by_key(|id| (rows[*id as usize].1, *id));
                let Some(list) = lists.get(&key(of)) else {
                    prop_assert!(wanted.is_empty());
                    continue;
                };
                prop_assert_eq!(list.ids, &wanted[..]);
                prop_assert_eq!(list.in_order(), wanted.is_sorted());
                let of: Vec<&Row> = wanted.iter().map(|id| &rows[*id as usize]).collect();
                prop_assert_eq!(list.times, of.iter().map(|row| row.1).collect::<Vec<_>>());
                let range = ends.0.min(of.len())..ends.1.min(of.len());
                let range = range.start.min(range.end)..range.end;
                prop_assert_eq!(list.sum(&range), added(&of[range.clone()], &of), "{:?}", of);
                prop_assert_eq!(list.doubts_in(&range), of[range].iter().filter(|row| row.2).count());
                for (at, row) in of.iter().enumerate() {
                    prop_assert_eq!(list.is_doubtful(at), row.2);
                    let (own, place) = places[wanted[at] as usize];
                    prop_assert_eq!(lists.at(own as usize).map(|list| list.ids), Some(list.ids));
                    prop_assert!(!list.in_order() || place as usize == at);
                }
            }
        }
    }
}
