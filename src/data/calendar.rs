//! Lengths of time, periods and time zones, and arithmetic with them.
//!
//! Dates are days since 1970-01-01, instants nanoseconds since 1970-01-01T00:00Z. Whatever leaves the
//! range of its integer is refused (`None`), never wrapped.

use super::{ColumnId, KindId, Type};
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

/// A length: months and days are calendar arithmetic, the rest is exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Length {
    pub months: i32,
    pub days: i32,
    /// Days on which business is done, as the clock has them.
    #[serde(default)]
    pub business: i32,
    pub nanos: i64,
}

/// A calendar or fiscal period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    Day,
    Month,
    Quarter,
    Year,
    FiscalQuarter,
    FiscalYear,
}

/// What a policy says about its clock.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Clock {
    /// IANA name: `Asia/Shanghai`.
    pub timezone: String,
    /// First day of the fiscal year: month and day.
    pub fiscal_start: (u8, u8),
    /// None: the policy does not say.
    #[serde(default)]
    pub business: Option<Business>,
}

/// On which days business is done.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Business {
    /// Bit n: weekday n, Monday first.
    pub weekdays: u8,
    /// A table whose key is a day on which it is not; and its column that says where it is after all.
    pub except: Option<(KindId, Option<ColumnId>)>,
}

impl Length {
    pub const fn days(days: i32) -> Length {
        Length { months: 0, days, business: 0, nanos: 0 }
    }

    pub fn checked_neg(self) -> Option<Length> {
        Some(Length {
            months: self.months.checked_neg()?,
            days: self.days.checked_neg()?,
            business: self.business.checked_neg()?,
            nanos: self.nanos.checked_neg()?,
        })
    }
}

pub const NANOS_PER_SECOND: i64 = 1_000_000_000;
pub const NANOS_PER_DAY: i64 = 86_400 * NANOS_PER_SECOND;

/// Year, month and day of a date (proleptic Gregorian).
pub fn civil(date: i32) -> (i32, u8, u8) {
    // Days are counted from 0000-03-01 in eras of 400 years, so that the leap day is a year's last.
    let z = date as i64 + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted + 2) / 5 + 1) as u8;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 } as u8;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month, day)
}

/// The date of a year, month (1 to 12) and day; the day is taken as it is.
pub fn date_of(year: i32, month: u8, day: u8) -> i32 {
    let y = year as i64 - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let shifted = (month as i64 + 9) % 12;
    let day_of_year = (153 * shifted + 2) / 5 + day as i64 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era - 719_468) as i32
}

pub const fn days_in_month(year: i32, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The date some months later, on the same day or the month's last: 2024-02-29 plus a year is 2025-02-28.
pub fn add_months(date: i32, months: i32) -> Option<i32> {
    if months == 0 {
        return Some(date);
    }
    let (year, month, day) = civil(date);
    let total = (year as i64 * 12 + month as i64 - 1).checked_add(months as i64)?;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) as u8 + 1);
    if !(-200_000..=200_000).contains(&year) {
        return None;
    }
    Some(date_of(year as i32, month, day.min(days_in_month(year as i32, month))))
}

/// A date plus a length: months first, then days; a part of a day is dropped towards the past.
/// None, too, where it has business days: these take a calendar.
pub fn add_to_date(date: i32, by: Length) -> Option<i32> {
    if by.business != 0 {
        return None;
    }
    let whole_days = i32::try_from(by.nanos.div_euclid(NANOS_PER_DAY)).ok()?;
    add_months(date, by.months)?.checked_add(by.days)?.checked_add(whole_days)
}

/// First and last date of the period that a date is in.
pub fn period_of(date: i32, period: Period, fiscal_start: (u8, u8)) -> Option<(i32, i32)> {
    let (year, month, _) = civil(date);
    let span = |first: i32, months: i32| Some((first, add_months(first, months)?.checked_sub(1)?));
    match period {
        Period::Day => Some((date, date)),
        Period::Month => span(date_of(year, month, 1), 1),
        Period::Quarter => span(date_of(year, (month - 1) / 3 * 3 + 1, 1), 3),
        Period::Year => span(date_of(year, 1, 1), 12),
        Period::FiscalYear => {
            let first = fiscal_year_start(date, fiscal_start);
            let (year, ..) = civil(first);
            Some((first, fiscal_date(year + 1, fiscal_start) - 1))
        }
        Period::FiscalQuarter => {
            // Quarters are counted from the year's first day, so that each keeps its day of the month.
            let first = fiscal_year_start(date, fiscal_start);
            let (year, ..) = civil(first);
            let starts = [first, add_months(first, 3)?, add_months(first, 6)?, add_months(first, 9)?];
            let next = fiscal_date(year + 1, fiscal_start);
            let nth = starts.iter().rposition(|&s| s <= date)?;
            Some((starts[nth], starts.get(nth + 1).copied().unwrap_or(next) - 1))
        }
    }
}

fn fiscal_date(year: i32, (month, day): (u8, u8)) -> i32 {
    let month = month.clamp(1, 12);
    date_of(year, month, day.clamp(1, days_in_month(year, month)))
}

fn fiscal_year_start(date: i32, fiscal_start: (u8, u8)) -> i32 {
    let (year, ..) = civil(date);
    let this = fiscal_date(year, fiscal_start);
    if this <= date { this } else { fiscal_date(year - 1, fiscal_start) }
}

/// A time zone with its changes of offset laid out, so that the date of an instant is a look-up.
#[derive(Clone, Debug)]
pub struct Zone {
    name: String,
    tz: TimeZone,
    /// From this instant on (nanoseconds), this offset (nanoseconds); sorted, the first from the beginning.
    steps: Vec<(i64, i64)>,
}

impl Zone {
    /// A zone by its IANA name; none where there is no such zone.
    pub fn named(name: &str) -> Option<Zone> {
        let tz = TimeZone::get(name).ok()?;
        let nanos = |offset: Offset| offset.seconds() as i64 * NANOS_PER_SECOND;
        // The range of instants is 1677 to 2262.
        let first = jiff::Timestamp::from_nanosecond(i64::MIN as i128).ok()?;
        let last = jiff::Timestamp::from_nanosecond(i64::MAX as i128).ok()?;
        let mut steps = vec![(i64::MIN, nanos(tz.to_offset(first)))];
        for change in tz.following(first) {
            if change.timestamp() >= last {
                break;
            }
            let Ok(at) = i64::try_from(change.timestamp().as_nanosecond()) else { continue };
            let offset = nanos(change.offset());
            if steps.last().is_some_and(|s| s.1 != offset) {
                steps.push((at, offset));
            }
        }
        Some(Zone { name: name.into(), tz, steps })
    }

    pub fn utc() -> Zone {
        Zone { name: "UTC".into(), tz: TimeZone::UTC, steps: vec![(i64::MIN, 0)] }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Offset from UTC at an instant, in nanoseconds.
    pub fn offset_at(&self, instant: i64) -> i64 {
        if let [(_, only)] = self.steps[..] {
            return only;
        }
        let after = self.steps.partition_point(|s| s.0 <= instant);
        self.steps[after.saturating_sub(1)].1
    }

    /// The local date of an instant.
    pub fn date_at(&self, instant: i64) -> i32 {
        let local = instant as i128 + self.offset_at(instant) as i128;
        local.div_euclid(NANOS_PER_DAY as i128) as i32
    }

    /// The first instant of a local date (where midnight does not exist, the first that does).
    pub fn start_of(&self, date: i32) -> Option<i64> {
        self.at_local(date, 0)
    }

    /// The instant of a local date and time of day (nanoseconds). A time that does not exist moves
    /// forward by the gap, one that exists twice is the earlier.
    pub fn at_local(&self, date: i32, time_of_day: i64) -> Option<i64> {
        let local = date as i128 * NANOS_PER_DAY as i128 + time_of_day as i128;
        // With one offset from a day before to a day after there is neither gap nor repeat.
        let rough = i64::try_from(local).ok()?;
        let before = self.offset_at(rough.saturating_sub(2 * NANOS_PER_DAY));
        let after = self.offset_at(rough.saturating_add(2 * NANOS_PER_DAY));
        let within = self.steps.partition_point(|s| s.0 <= rough.saturating_add(2 * NANOS_PER_DAY))
            == self.steps.partition_point(|s| s.0 <= rough.saturating_sub(2 * NANOS_PER_DAY));
        if before == after && within {
            return rough.checked_sub(before);
        }
        let (year, month, day) = civil(date);
        let seconds = time_of_day / NANOS_PER_SECOND;
        let civil = DateTime::new(
            i16::try_from(year).ok()?,
            month as i8,
            day as i8,
            (seconds / 3600) as i8,
            (seconds / 60 % 60) as i8,
            (seconds % 60) as i8,
            (time_of_day % NANOS_PER_SECOND) as i32,
        )
        .ok()?;
        let instant = self.tz.to_ambiguous_timestamp(civil).compatible().ok()?;
        i64::try_from(instant.as_nanosecond()).ok()
    }

    /// The local time of day of an instant, in nanoseconds.
    pub fn time_of_day(&self, instant: i64) -> i64 {
        let local = instant as i128 + self.offset_at(instant) as i128;
        local.rem_euclid(NANOS_PER_DAY as i128) as i64
    }

    /// An instant plus a length: months and days at the same local time of day, then the exact rest.
    pub fn add(&self, instant: i64, by: Length) -> Option<i64> {
        let mut instant = instant;
        if by.business != 0 {
            return None;
        }
        if let ([_], 0) = (&self.steps[..], by.months) {
            // Every day is as long as any other.
            instant = instant.checked_add(i64::from(by.days).checked_mul(NANOS_PER_DAY)?)?;
        } else if by.months != 0 || by.days != 0 {
            let local = instant as i128 + self.offset_at(instant) as i128;
            let date = local.div_euclid(NANOS_PER_DAY as i128) as i32;
            let time_of_day = local.rem_euclid(NANOS_PER_DAY as i128) as i64;
            instant = self.at_local(add_months(date, by.months)?.checked_add(by.days)?, time_of_day)?;
        }
        instant.checked_add(by.nanos)
    }
}

/// When a record happened: its `at` field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Time {
    /// Days since 1970.
    Date(i32),
    /// Nanoseconds since 1970.
    Instant(i64),
}

impl Time {
    /// The date, as seen in a zone.
    pub fn date(self, zone: &Zone) -> i32 {
        match self {
            Time::Date(date) => date,
            Time::Instant(instant) => zone.date_at(instant),
        }
    }

    /// The instant; a date's is its start in the zone.
    pub fn instant(self, zone: &Zone) -> Option<i64> {
        match self {
            Time::Date(date) => zone.start_of(date),
            Time::Instant(instant) => Some(instant),
        }
    }

    pub fn ty(self) -> Type {
        match self {
            Time::Date(_) => Type::Date,
            Time::Instant(_) => Type::Timestamp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> i32 {
        let parts: Vec<i32> = text.split('-').map(|p| p.parse().unwrap()).collect();
        date_of(parts[0], parts[1] as u8, parts[2] as u8)
    }

    fn at(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_nanosecond() as i64
    }

    #[test]
    fn dates_and_days_agree() {
        assert_eq!(date("1970-01-01"), 0);
        assert_eq!(date("2000-03-01"), 11_017);
        for day in (-800_000..800_000).step_by(37) {
            let (y, m, d) = civil(day);
            assert_eq!(date_of(y, m, d), day);
            assert!((1..=days_in_month(y, m)).contains(&d));
        }
    }

    #[test]
    fn months_clamp_to_the_last_day() {
        for (from, months, to) in [
            ("2024-02-29", 12, "2025-02-28"),
            ("2024-02-29", -12, "2023-02-28"),
            ("2025-01-31", 1, "2025-02-28"),
            ("2025-03-31", -1, "2025-02-28"),
            ("2025-12-15", 1, "2026-01-15"),
            ("2024-02-29", 48, "2028-02-29"),
        ] {
            assert_eq!(add_months(date(from), months), Some(date(to)), "{from} {months}");
        }
        assert_eq!(add_months(0, i32::MAX), None);
        assert_eq!(add_to_date(i32::MAX, Length::days(1)), None);
        assert_eq!(
            add_to_date(0, Length { months: 1, days: 2, nanos: NANOS_PER_DAY, ..Length::default() }),
            Some(date("1970-02-04"))
        );
    }

    #[test]
    fn periods() {
        for (day, period, fiscal, first, last) in [
            ("2025-05-17", Period::Day, (1, 1), "2025-05-17", "2025-05-17"),
            ("2024-02-17", Period::Month, (1, 1), "2024-02-01", "2024-02-29"),
            ("2025-05-17", Period::Quarter, (1, 1), "2025-04-01", "2025-06-30"),
            ("2025-05-17", Period::Year, (4, 1), "2025-01-01", "2025-12-31"),
            ("2025-03-31", Period::FiscalYear, (4, 1), "2024-04-01", "2025-03-31"),
            ("2025-04-01", Period::FiscalYear, (4, 1), "2025-04-01", "2026-03-31"),
            ("2025-04-05", Period::FiscalQuarter, (4, 6), "2025-01-06", "2025-04-05"),
            ("2025-07-05", Period::FiscalQuarter, (4, 6), "2025-04-06", "2025-07-05"),
            ("2025-02-28", Period::FiscalYear, (2, 29), "2025-02-28", "2026-02-27"),
            ("2024-02-28", Period::FiscalYear, (2, 29), "2023-02-28", "2024-02-28"),
            ("2024-02-29", Period::FiscalYear, (2, 29), "2024-02-29", "2025-02-27"),
        ] {
            assert_eq!(period_of(date(day), period, fiscal), Some((date(first), date(last))), "{day} {period:?}");
        }
    }

    #[test]
    fn zones_give_local_dates() {
        let shanghai = Zone::named("Asia/Shanghai").unwrap();
        assert_eq!(shanghai.date_at(at("2025-03-31T16:00:00Z")), date("2025-04-01"));
        assert_eq!(shanghai.date_at(at("2025-03-31T15:59:59.999999999Z")), date("2025-03-31"));
        assert_eq!(shanghai.start_of(date("2025-04-01")), Some(at("2025-03-31T16:00:00Z")));
        let london = Zone::named("Europe/London").unwrap();
        assert_eq!(london.start_of(date("2025-06-01")), Some(at("2025-05-31T23:00:00Z")));
        assert_eq!(london.start_of(date("2025-12-01")), Some(at("2025-12-01T00:00:00Z")));
        assert_eq!(london.date_at(i64::MAX), date("2262-04-12"));
        assert_eq!(london.date_at(i64::MIN), date("1677-09-21"));
        assert!(Zone::named("Mars/Olympus").is_none());
        assert_eq!(Zone::utc().date_at(-1), date("1969-12-31"));
    }

    #[test]
    fn days_keep_the_time_of_day() {
        let london = Zone::named("Europe/London").unwrap();
        let days = |n| Length::days(n);
        // The clock goes forward on 2025-03-30 at 01:00: noon to noon is 23 hours.
        assert_eq!(london.add(at("2025-03-29T12:00:00Z"), days(1)), Some(at("2025-03-30T11:00:00Z")));
        // 01:30 does not exist on that day: forward by the gap.
        assert_eq!(london.add(at("2025-03-29T01:30:00Z"), days(1)), Some(at("2025-03-30T01:30:00Z")));
        // 01:30 exists twice on 2025-10-26: the earlier.
        assert_eq!(london.add(at("2025-10-25T00:30:00Z"), days(1)), Some(at("2025-10-26T00:30:00Z")));
        let hours = Length { nanos: 24 * 3600 * NANOS_PER_SECOND, ..Length::default() };
        assert_eq!(london.add(at("2025-03-29T12:00:00Z"), hours), Some(at("2025-03-30T12:00:00Z")));
        let year = Length { months: 12, ..Length::default() };
        assert_eq!(london.add(at("2024-02-29T08:00:00Z"), year), Some(at("2025-02-28T08:00:00Z")));
        assert_eq!(london.add(i64::MAX - 5, days(1)), None);
        assert_eq!(Zone::utc().add(i64::MIN + 5, days(-1)), None);
    }

    #[test]
    fn local_times_agree_with_the_tables() {
        for name in ["Europe/London", "America/New_York", "America/Asuncion", "Asia/Shanghai", "Australia/Lord_Howe"] {
            let zone = Zone::named(name).unwrap();
            for hour in 0..(24 * 800) {
                let instant = at("2023-06-01T00:30:00Z") + hour * 3600 * NANOS_PER_SECOND;
                let local = instant + zone.offset_at(instant);
                let (day, rest) = (local.div_euclid(NANOS_PER_DAY), local.rem_euclid(NANOS_PER_DAY));
                let back = zone.at_local(day as i32, rest).unwrap();
                // The same instant, or the earlier of a repeated local time.
                assert!(back == instant || back + zone.offset_at(back) == local && back < instant, "{name} {instant}");
            }
        }
    }
}
