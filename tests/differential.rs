//! Random policies and random records: the engine and the slow reference evaluator say the same.

mod random;
mod reference;

use bylaws::internals::data::{Clock, Length, Period};
use bylaws::internals::sema::hir::Window;
use jiff::civil::date;
use reference::time::{Moment, in_window, period_of};

/// The edges that the language fixes, worked out by hand: what the reference itself is held to.
#[test]
fn edges_of_windows() {
    let clock = Clock { timezone: "Europe/London".into(), fiscal_start: (4, 1) };
    let days = |days| Length { days, ..Length::default() };
    let months = |months| Length { months, ..Length::default() };
    let day = |y, m, d| Moment::Day(date(y, m, d));
    let at = |text: &str| Moment::Instant(text.parse().unwrap());
    for (window, event, record, within) in [
        // Thirty days are thirty dates, the event's own among them.
        (Window::Over(days(30)), day(2025, 1, 31), day(2025, 1, 2), true),
        (Window::Over(days(30)), day(2025, 1, 31), day(2025, 1, 1), false),
        (Window::Over(days(30)), day(2025, 1, 31), day(2025, 2, 1), false),
        // What is filed on the thirtieth day is in time.
        (Window::Before(days(30)), day(2025, 1, 31), day(2025, 1, 1), true),
        (Window::After(days(7)), day(2025, 1, 31), day(2025, 2, 7), true),
        (Window::After(days(7)), day(2025, 1, 31), day(2025, 2, 8), false),
        (Window::Around(days(1)), day(2025, 1, 31), day(2025, 2, 1), true),
        // Months end where the shorter one ends.
        (Window::After(months(1)), day(2024, 1, 31), day(2024, 2, 29), true),
        (Window::After(months(1)), day(2024, 1, 31), day(2024, 3, 1), false),
        (Window::After(months(12)), day(2024, 2, 29), day(2025, 2, 28), true),
        (Window::After(months(12)), day(2024, 2, 29), day(2025, 3, 1), false),
        // A day is one of the calendar, also that of 23 hours.
        (Window::After(days(1)), at("2024-03-30T12:00Z"), at("2024-03-31T11:00Z"), true),
        (Window::After(days(1)), at("2024-03-30T12:00Z"), at("2024-03-31T11:30Z"), false),
        // A date and an instant are compared as dates, in the rule's zone.
        (Window::Over(days(1)), day(2024, 7, 2), at("2024-07-01T23:30Z"), true),
        (Window::Over(days(1)), day(2024, 7, 2), at("2024-07-01T22:30Z"), false),
        (Window::In(Period::FiscalYear), day(2024, 4, 2), day(2024, 3, 31), false),
        (Window::In(Period::FiscalYear), day(2024, 4, 2), day(2024, 4, 1), true),
        (Window::In(Period::Month), at("2024-07-01T00:00Z"), at("2024-06-30T23:30Z"), true),
        (Window::AllTime, day(2024, 7, 2), day(1999, 1, 1), true),
    ] {
        assert_eq!(in_window(&window, event, record, &clock), within, "{window:?} {event:?} {record:?}");
    }
    assert_eq!(period_of(date(2025, 2, 3), Period::FiscalQuarter, &clock), (date(2025, 1, 1), date(2025, 3, 31)));
}
