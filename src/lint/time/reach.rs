//! How far conditions over history reach, in days.

use crate::data::{Length, Period};
use crate::sema::hir::Window;

const NANOS_PER_DAY: i64 = 86_400_000_000_000;

/// The least and the most that a length can be.
pub fn days(by: &Length) -> (f64, f64) {
    let rest = f64::from(by.days) + by.nanos as f64 / NANOS_PER_DAY as f64 + f64::from(by.business) * 1.4;
    // A year has 365 days at least and 366 at most, a month on its own 28 to 31.
    let (years, months) = (f64::from(by.months / 12), f64::from(by.months % 12));
    (rest + years * 365.0 + months * 28.0, rest + years * 366.0 + months * 31.0)
}

/// As [`days`]; none: without end.
pub fn window(window: &Window) -> Option<(f64, f64)> {
    Some(match window {
        Window::Before(by) | Window::After(by) | Window::Around(by) | Window::Over(by) => days(by),
        Window::AllTime => return None,
        Window::In(period) => self::period(*period),
    })
}

pub fn period(period: Period) -> (f64, f64) {
    match period {
        Period::Day => (1.0, 1.0),
        Period::Month => (28.0, 31.0),
        Period::Quarter | Period::FiscalQuarter => (90.0, 92.0),
        Period::Year | Period::FiscalYear => (365.0, 366.0),
    }
}
