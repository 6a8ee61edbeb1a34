use super::judge::{self, What};
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::RedundantPart, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for seen in judge::all(context, What::Redundant) {
        let (label, other) = match seen.or {
            true => ("does not widen the condition", "holds wherever it does"),
            false => ("does not narrow the condition", "holds only where it does"),
        };
        let mut d = Diagnostic::warning(LINT.code, "this part of the condition changes nothing", seen.span, label);
        if let Some(by) = seen.by {
            d = d.label(by, other);
        }
        found.push(match seen.cut {
            Some(cut) => d.safe_fix("take it out", cut, ""),
            None => d.help("take it out, or write what was meant: perhaps another limit or another field"),
        });
    }
}
