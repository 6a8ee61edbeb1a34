use super::granted::{self, Granted};
use crate::data::display;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::RenewedWaiver, level: Level::Warning, on: true, check };

/// Waivers with no more days than these between them are one.
const PAUSE: i32 = 31;
/// From then on it is a change of the rule, as in `B0453`.
const LONG: i32 = 366;

fn check(context: &Context, found: &mut Found) {
    let all = granted::all(context);
    let mut told: Vec<usize> = Vec::new();
    for (i, first) in all.iter().enumerate() {
        if told.contains(&i) {
            continue;
        }
        let mut chain: Vec<&Granted> = vec![first];
        let mut until = first.waiver.until;
        for (j, next) in all.iter().enumerate().skip(i + 1).filter(|(_, next)| next.same(first)) {
            if next.waiver.from > until.saturating_add(PAUSE) {
                break;
            }
            chain.push(next);
            told.push(j);
            until = until.max(next.waiver.until);
        }
        let days = until - first.waiver.from;
        let last = chain[chain.len() - 1];
        if chain.len() < 2 || days <= LONG {
            continue;
        }
        let message = format!("`{}` has been waived {} for {days} days on end", first.rule, first.whom());
        let label = format!("the last of {} waivers, one behind the other", chain.len());
        let d = Diagnostic::warning(LINT.code, message, last.item.rule.span, label)
            .label(first.from(), format!("the first began on {}", display::date(first.waiver.from)));
        found.push(d.help(
            "what is waived for so long is no exception any more: change the rule (`revise`), or write an exception into it \
             (`unless NAME: …`)",
        ));
    }
}
