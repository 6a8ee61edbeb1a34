use super::granted;
use crate::data::display;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::WaiversOverlap, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let all = granted::all(context);
    for (i, later) in all.iter().enumerate() {
        let Some(earlier) = all[..i].iter().find(|e| e.same(later) && e.waiver.until > later.waiver.from) else { continue };
        let message = format!("`{}` is waived twice {} at one time", later.rule, later.whom());
        let last = display::date(earlier.waiver.until.min(later.waiver.until) - 1);
        let both = format!("from {} to {last} both hold", display::date(later.waiver.from));
        let d = Diagnostic::warning(LINT.code, message, later.from(), both).label(earlier.until(), "the other one holds until here");
        found.push(d.help(match later.waiver.until <= earlier.waiver.until {
            true => "take this one out: the other one covers all of its days".to_owned(),
            false => format!("let this one begin where the other one ends: from {}", display::date(earlier.waiver.until)),
        }));
    }
}
