//! L02: windows, dates and clocks.

mod clock;
mod reach;

lints! {
    retention, literal, days, holidays, month_end, revises_nothing, later_nothing, far, ended, short, by_condition,
}
