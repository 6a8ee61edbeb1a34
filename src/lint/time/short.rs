use super::reach;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::context::within;
use crate::lint::{Context, Found, Lint, walk};
use crate::sema::hir::{EachAt, Trigger, Window};

pub const LINT: Lint = Lint { code: Code::WindowOfAPartOfThePeriod, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for rule in &context.hir.rules {
        let Trigger::Each { at: EachAt::EndOf(period), span, .. } = &rule.trigger else { continue };
        let (whole, _) = reach::period(*period);
        for history in walk::histories(rule) {
            // What comes after the period's end, and a part of it by the calendar, are meant so.
            let by = match &history.window {
                Window::Before(by) | Window::Over(by) => by,
                _ => continue,
            };
            if history.root != 0 || reach::days(by).1 * 2.0 > whole || !within(history.span, rule.span) {
                continue;
            }
            found.push(
                Diagnostic::warning(
                    LINT.code,
                    "most of the period is not looked at",
                    history.span,
                    "reaches back over a part of it only",
                )
                .label(*span, "judged once for each of these")
                .help("look at all of it: a window by the period, as `in fiscal_year`; or judge more often"),
            );
        }
    }
}
