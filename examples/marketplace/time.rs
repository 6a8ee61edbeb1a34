//! Days and moments of the company's clock, eight hours ahead of UTC all year.

use std::fmt;

/// A day, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i32);

/// The first day of the two fiscal years.
pub const FIRST: Day = Day::of(2024, 4, 1);
/// The last day of the data.
pub const LAST: Day = Day::of(2026, 3, 31);

impl Day {
    pub const fn of(year: i32, month: i32, day: i32) -> Self {
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let of_era = y - era * 400;
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        Self(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
    }

    pub const fn civil(self) -> (i32, i32, i32) {
        let z = self.0 + 719_468;
        let era = z.div_euclid(146_097);
        let of_era = z - era * 146_097;
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        (year_of_era + era * 400 + if month <= 2 { 1 } else { 0 }, month, day)
    }

    pub const fn plus(self, days: i32) -> Self {
        Self(self.0 + days)
    }

    /// The same day of a later month, or that month's last.
    pub fn plus_months(self, months: i32) -> Self {
        let (year, month, day) = self.civil();
        let count = year * 12 + month - 1 + months;
        let first = Self::of(count.div_euclid(12), count.rem_euclid(12) + 1, 1);
        let next = Self::of((count + 1).div_euclid(12), (count + 1).rem_euclid(12) + 1, 1);
        Self((first.0 + day - 1).min(next.0 - 1))
    }

    pub const fn since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    pub const fn month(self) -> i32 {
        self.civil().1
    }

    pub const fn year(self) -> i32 {
        self.civil().0
    }

    pub fn weekend(self) -> bool {
        (self.0 + 3).rem_euclid(7) >= 5
    }

    pub const fn at(self, hour: i32, minute: i32) -> Moment {
        Moment { day: self, second: hour * 3600 + minute * 60 }
    }

    /// The first day from this one on that is no Saturday and no Sunday.
    pub fn weekday(self) -> Self {
        let mut day = self;
        while day.weekend() {
            day = day.plus(1);
        }
        day
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    pub day: Day,
    second: i32,
}

impl Moment {
    pub const fn plus_seconds(self, seconds: i32) -> Self {
        let second = self.second + seconds;
        Self { day: self.day.plus(second.div_euclid(86_400)), second: second.rem_euclid(86_400) }
    }

    pub const fn plus_minutes(self, minutes: i32) -> Self {
        self.plus_seconds(minutes * 60)
    }

    pub const fn plus_days(self, days: i32) -> Self {
        Self { day: self.day.plus(days), second: self.second }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = self.second;
        write!(f, "{}T{:02}:{:02}:{:02}+08:00", self.day, s / 3600, s / 60 % 60, s % 60)
    }
}

fn numbers(text: &str) -> Vec<i32> {
    text.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().expect("a number")).collect()
}

/// `2025-03-04`.
pub fn day(text: &str) -> Day {
    let n = numbers(text);
    Day::of(n[0], n[1], n[2])
}

/// `2025-03-04 09:30` or `2025-03-04 09:30:15`.
pub fn moment(text: &str) -> Moment {
    let n = numbers(text);
    Day::of(n[0], n[1], n[2]).at(n[3], n[4]).plus_seconds(n.get(5).copied().unwrap_or(0))
}
