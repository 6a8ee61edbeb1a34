//! Days on which business is done: some days of the week, but for those that a table lists.

use super::interp::Context;
use super::val::Val;
use super::world::World;
use crate::data::calendar::{Business, Length, add_to_date, civil};
use crate::data::{KindId, Role, Schema};
use rustc_hash::{FxHashMap, FxHashSet};

/// More are not counted: longer than any calendar reaches.
const MOST: i32 = 10_000;

/// The business days of one clock.
#[derive(Debug, Default)]
pub struct Calendar {
    /// Bit n: weekday n, Monday first.
    weekdays: u8,
    table: Option<KindId>,
    /// Days that the table lists: whether business is done; none where that is unknown.
    listed: FxHashMap<i32, Option<bool>>,
    /// Years of which the table has a row.
    years: FxHashSet<i32>,
    /// A row is of an unknown day, which may be any.
    doubtful: bool,
}

/// Why it is not known on which days business is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// The clock has no business days, or so many are never counted.
    Never,
    /// The table has no row of this year.
    NoYear(KindId, i32),
    /// The table lists this day, and not what it is.
    Day(KindId, i32),
    /// A row of the table is of an unknown day.
    Row(KindId),
}

/// A moment that cannot be worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// It lies beyond the range of time.
    Range,
    Unclear(Unclear),
}

impl Calendar {
    pub fn build(world: &World, schema: &Schema, business: &Business) -> Calendar {
        let mut calendar = Calendar { weekdays: business.weekdays, ..Calendar::default() };
        let Some((table, working)) = business.except else { return calendar };
        let Role::Table { key, .. } = schema.kind(table).role else { return calendar };
        calendar.table = Some(table);
        for id in 0..world.len(table) {
            let frame = world.frame(table, id);
            let Val::Date(day) = Val::cell(frame.rows, frame.row, key, false) else {
                calendar.doubtful = true;
                continue;
            };
            let open = match working {
                None => Some(false),
                // Nobody counts by it.
                Some(column) if !frame.rows.is_read(column) => None,
                Some(column) => match Val::cell(frame.rows, frame.row, column, schema.column(table, column).optional) {
                    Val::Bool(open) => Some(open),
                    Val::Absent => Some(false),
                    _ => None,
                },
            };
            calendar.years.insert(civil(day).0);
            let listed = calendar.listed.entry(day).or_insert(open);
            if *listed != open {
                *listed = None;
            }
        }
        calendar
    }

    fn is_open(&self, day: i32) -> Result<bool, Unclear> {
        if let Some(table) = self.table {
            let year = civil(day).0;
            if !self.years.contains(&year) {
                return Err(Unclear::NoYear(table, year));
            }
            match self.listed.get(&day) {
                Some(Some(open)) => return Ok(*open),
                Some(None) => return Err(Unclear::Day(table, day)),
                None if self.doubtful => return Err(Unclear::Row(table)),
                None => {}
            }
        }
        // 1970-01-01 was a Thursday.
        Ok(self.weekdays & (1 << (day as i64 + 3).rem_euclid(7)) != 0)
    }

    /// The n-th business day after a day, or before it; the day itself where n is 0.
    pub fn add(&self, day: i32, n: i32) -> Result<i32, Beyond> {
        if n.unsigned_abs() > MOST as u32 {
            return Err(Beyond::Unclear(Unclear::Never));
        }
        let (mut day, mut left) = (day, n.abs());
        while left > 0 {
            day = day.checked_add(n.signum()).ok_or(Beyond::Range)?;
            left -= i32::from(self.is_open(day).map_err(Beyond::Unclear)?);
        }
        Ok(day)
    }
}

/// A date plus a length; its business days are counted last.
pub fn date(cx: &Context<'_>, day: i32, by: Length) -> Result<i32, Beyond> {
    let plain = add_to_date(day, Length { business: 0, ..by }).ok_or(Beyond::Range)?;
    match by.business {
        0 => Ok(plain),
        n => cx.calendar.ok_or(Beyond::Unclear(Unclear::Never))?.add(plain, n),
    }
}

/// An instant plus a length: months, days and business days at the same local time of day, then the exact rest.
pub fn instant(cx: &Context<'_>, at: i64, by: Length) -> Result<i64, Beyond> {
    if by.business == 0 {
        return cx.zone.add(at, by).ok_or(Beyond::Range);
    }
    let calendar = cx.calendar.ok_or(Beyond::Unclear(Unclear::Never))?;
    let start = cx.zone.add(at, Length { business: 0, nanos: 0, ..by }).ok_or(Beyond::Range)?;
    let day = calendar.add(cx.zone.date_at(start), by.business)?;
    let moved = cx.zone.at_local(day, cx.zone.time_of_day(start)).ok_or(Beyond::Range)?;
    moved.checked_add(by.nanos).ok_or(Beyond::Range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::calendar::date_of;

    #[test]
    fn days_of_the_week() {
        let calendar = Calendar { weekdays: 0b001_1111, ..Calendar::default() };
        let friday = date_of(2026, 1, 2);
        for (from, n, to) in [(0, 1, 3), (0, 5, 7), (0, 0, 0), (1, 1, 3), (2, -1, 0), (3, -1, 0), (3, 6, 11)] {
            assert_eq!(calendar.add(friday + from, n), Ok(friday + to), "{from} {n}");
        }
        assert_eq!(calendar.add(i32::MAX - 1, 3), Err(Beyond::Range));
    }

    #[test]
    fn a_table_speaks_only_of_its_years() {
        let table = KindId(0);
        let monday = date_of(2026, 1, 5);
        let calendar = Calendar {
            weekdays: 0b001_1111,
            table: Some(table),
            listed: [(monday, Some(false)), (monday + 5, Some(true)), (monday + 2, None)].into_iter().collect(),
            years: [2026].into_iter().collect(),
            doubtful: false,
        };
        assert_eq!(calendar.add(monday - 3, 1), Ok(monday + 1));
        assert_eq!(calendar.add(monday - 3, 2), Err(Beyond::Unclear(Unclear::Day(table, monday + 2))));
        assert_eq!(calendar.add(monday + 4, 1), Ok(monday + 5));
        assert_eq!(calendar.add(monday - 4, -2), Err(Beyond::Unclear(Unclear::NoYear(table, 2025))));
    }
}
