//! Time for the reference evaluator: civil dates and instants of jiff, nothing precomputed.

use bylaws::internals::data::{Clock, Length, Period, Value};
use bylaws::internals::sema::hir::Window;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    Day(Date),
    Instant(Timestamp),
}

/// Whether business is done on a day, where that is known.
pub type Open<'a> = &'a dyn Fn(Date) -> Option<bool>;

impl Moment {
    pub fn of(value: &Value) -> Option<Moment> {
        match value {
            Value::Date(days) => Some(Moment::Day(from_days(*days))),
            Value::Timestamp(nanos) => Some(Moment::Instant(from_nanos(*nanos))),
            _ => None,
        }
    }

    pub fn value(self) -> Value {
        match self {
            Moment::Day(day) => Value::Date(to_days(day)),
            Moment::Instant(at) => Value::Timestamp(at.as_nanosecond() as i64),
        }
    }

    pub fn day(self, zone: &TimeZone) -> Date {
        match self {
            Moment::Day(day) => day,
            Moment::Instant(at) => zone.to_datetime(at).date(),
        }
    }

    /// A date counts as its first instant.
    pub fn instant(self, zone: &TimeZone) -> Timestamp {
        match self {
            Moment::Day(day) => start_of_day(day, zone),
            Moment::Instant(at) => at,
        }
    }

    /// As [`Moment::shifted`], with business days behind the months and days, before the exact part. None where it is
    /// not known on which days business is done.
    pub fn moved(self, by: Length, sign: i64, clock: &Clock, open: Open) -> Option<Moment> {
        let zone = zone(clock);
        let moment = self.shifted(Length { business: 0, nanos: 0, ..by }, sign, &zone);
        let forward = by.business as i64 * sign > 0;
        let mut day = moment.day(&zone);
        for _ in 0..by.business.abs() {
            loop {
                day = if forward { day.tomorrow().unwrap() } else { day.yesterday().unwrap() };
                if open(day)? {
                    break;
                }
            }
        }
        let moment = match moment {
            _ if by.business == 0 => moment,
            Moment::Day(_) => Moment::Day(day),
            Moment::Instant(at) => {
                let civil = day.to_datetime(zone.to_datetime(at).time());
                Moment::Instant(zone.to_ambiguous_timestamp(civil).compatible().unwrap())
            }
        };
        Some(moment.shifted(Length { nanos: by.nanos, ..Length::default() }, sign, &zone))
    }

    /// By calendar arithmetic at the same time of day; the exact part comes last.
    pub fn shifted(self, by: Length, sign: i64, zone: &TimeZone) -> Moment {
        let calendar = Span::new().months(by.months as i64 * sign).days(by.days as i64 * sign);
        match self {
            Moment::Day(day) => Moment::Day(day.checked_add(calendar).unwrap()),
            Moment::Instant(at) => {
                let mut at = at;
                if by.months != 0 || by.days != 0 {
                    let civil = zone.to_datetime(at).checked_add(calendar).unwrap();
                    at = zone.to_ambiguous_timestamp(civil).compatible().unwrap();
                }
                Moment::Instant(at.checked_add(SignedDuration::from_nanos(by.nanos * sign)).unwrap())
            }
        }
    }
}

pub fn zone(clock: &Clock) -> TimeZone {
    TimeZone::get(&clock.timezone).unwrap()
}

pub fn from_days(days: i32) -> Date {
    date(1970, 1, 1).checked_add((days as i64).days()).unwrap()
}

pub fn to_days(day: Date) -> i32 {
    day.duration_since(date(1970, 1, 1)).as_hours() as i32 / 24
}

pub fn from_nanos(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(nanos as i128).unwrap()
}

pub fn start_of_day(day: Date, zone: &TimeZone) -> Timestamp {
    zone.to_ambiguous_timestamp(day.at(0, 0, 0, 0)).compatible().unwrap()
}

/// First and last date of the period that the day is in.
pub fn period_of(day: Date, period: Period, clock: &Clock) -> (Date, Date) {
    let months = |n: i64| n.months();
    let (first, length) = match period {
        Period::Day => (day, 0),
        Period::Month => (day.first_of_month(), 1),
        Period::Quarter => (date(day.year(), (day.month() - 1) / 3 * 3 + 1, 1), 3),
        Period::Year => (date(day.year(), 1, 1), 12),
        Period::FiscalYear => (fiscal_year_start(day, clock), 12),
        Period::FiscalQuarter => {
            let year = fiscal_year_start(day, clock);
            let quarter = (0..4).rev().find(|q| year.checked_add(months(q * 3)).unwrap() <= day).unwrap();
            let first = year.checked_add(months(quarter * 3)).unwrap();
            let next = year.checked_add(months(quarter * 3 + 3)).unwrap();
            return (first, next.yesterday().unwrap());
        }
    };
    if length == 0 {
        return (day, day);
    }
    (first, first.checked_add(months(length)).unwrap().yesterday().unwrap())
}

fn fiscal_year_start(day: Date, clock: &Clock) -> Date {
    let (month, first) = clock.fiscal_start;
    let this = date(day.year(), month as i8, first as i8);
    if this <= day { this } else { date(day.year() - 1, month as i8, first as i8) }
}

/// Is a record of time `r` in the window of an event of time `t`? Ties in order are not looked at here. None where an
/// end of the window is not known.
pub fn in_window(window: &Window, t: Moment, r: Moment, clock: &Clock, open: Open) -> Option<bool> {
    let zone = zone(clock);
    // Where either is a date, both are.
    let (t, r) = match (t, r) {
        (Moment::Instant(_), Moment::Instant(_)) => (t, r),
        _ => (Moment::Day(t.day(&zone)), Moment::Day(r.day(&zone))),
    };
    let upto = |a: Moment, b: Moment| match (a, b) {
        (Moment::Instant(a), Moment::Instant(b)) => a <= b,
        _ => a.day(&zone) <= b.day(&zone),
    };
    let at = |length: Length, sign| t.moved(length, sign, clock, open);
    Some(match *window {
        Window::Before(length) => upto(at(length, -1)?, r) && upto(r, t),
        Window::After(length) => upto(r, at(length, 1)?) && upto(t, r),
        Window::Around(length) => {
            let (first, last) = (at(length, -1)?, at(length, 1)?);
            upto(first, r) && upto(r, last)
        }
        Window::Over(length) => !upto(r, at(length, -1)?) && upto(r, t),
        Window::AllTime => upto(r, t),
        Window::In(period) => period_of(t.day(&zone), period, clock).0 <= r.day(&zone) && upto(r, t),
    })
}
