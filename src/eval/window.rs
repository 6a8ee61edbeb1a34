//! The edges of windows.

use super::business::{self, Beyond, Unclear};
use super::interp::Context;
use crate::data::Time;
use crate::data::calendar::{Length, Zone, add_to_date, period_of};
use crate::plan::HistoryPlan;
use crate::sema::hir::Window;

/// First and last moment, both included, in days or nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub from: i64,
    pub until: i64,
    /// The window's end has passed the watermark. A window up to the event is always over.
    pub over: bool,
}

/// A moment in the units of a history: days or nanoseconds.
pub fn unit(time: Time, dates: bool, zone: &Zone) -> Option<i64> {
    if dates { Some(time.date(zone) as i64) } else { time.instant(zone) }
}

/// The window of a history around a moment; none where the moment is unknown.
pub fn bounds(cx: &Context<'_>, history: &HistoryPlan, time: Option<Time>) -> Option<Bounds> {
    let at = unit(time?, history.dates, cx.zone)?;
    // What lies beyond the range of time reaches as far as time does.
    let moved = |by: Length, beyond: i64| match reach(cx, at, by, history.dates) {
        Ok(at) => Some(at),
        Err(Beyond::Range) => Some(beyond),
        Err(Beyond::Unclear(_)) => None,
    };
    let back = |by: Length| by.checked_neg().map_or(Some(i64::MIN), |by| moved(by, i64::MIN));
    let forth = |by: Length| moved(by, i64::MAX);
    let (from, until) = match &history.window {
        Window::Before(by) => (back(*by)?, at),
        Window::After(by) => (at, forth(*by)?),
        Window::Around(by) => (back(*by)?, forth(*by)?),
        Window::Over(by) => (back(*by)?.saturating_add(1), at),
        Window::AllTime => (i64::MIN, at),
        Window::In(period) => {
            let day = time?.date(cx.zone);
            let (first, _) = period_of(day, *period, cx.fiscal_start)?;
            (if history.dates { first as i64 } else { cx.zone.start_of(first)? }, at)
        }
    };
    let over = match &history.window {
        Window::After(_) | Window::Around(_) => {
            let watermark = if history.dates {
                cx.world.watermark.date(cx.zone).map(i64::from)
            } else {
                cx.world.watermark.instant(cx.zone)
            };
            watermark.is_some_and(|w| w > until)
        }
        _ => true,
    };
    Some(Bounds { from, until, over })
}

/// A moment, in days or nanoseconds, plus a length.
fn reach(cx: &Context<'_>, at: i64, by: Length, dates: bool) -> Result<i64, Beyond> {
    if !dates {
        return business::instant(cx, at, by);
    }
    business::date(cx, i32::try_from(at).map_err(|_| Beyond::Range)?, by).map(i64::from)
}

/// Why the business days of a window cannot be counted, where they cannot.
pub fn unclear(cx: &Context<'_>, history: &HistoryPlan, time: Option<Time>) -> Option<Unclear> {
    let at = unit(time?, history.dates, cx.zone)?;
    let lengths = match &history.window {
        Window::Before(by) | Window::Over(by) => [by.checked_neg(), None],
        Window::After(by) => [Some(*by), None],
        Window::Around(by) => [by.checked_neg(), Some(*by)],
        Window::AllTime | Window::In(_) => [None, None],
    };
    lengths.into_iter().flatten().find_map(|by| match reach(cx, at, by, history.dates) {
        Err(Beyond::Unclear(why)) => Some(why),
        _ => None,
    })
}

pub fn shift(at: i64, by: Length, dates: bool, zone: &Zone) -> Option<i64> {
    if dates { add_to_date(i32::try_from(at).ok()?, by).map(i64::from) } else { zone.add(at, by) }
}

/// A moment in the units of a history, as a time.
pub fn moment(at: i64, dates: bool) -> Option<Time> {
    if at == i64::MIN || at == i64::MAX {
        return None;
    }
    if dates { i32::try_from(at).ok().map(Time::Date) } else { Some(Time::Instant(at)) }
}
