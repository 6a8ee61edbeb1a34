use super::judge::{self, What};
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::ExceptionShadowed, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for seen in judge::all(context, What::ExceptionShadowed) {
        let mut d = Diagnostic::warning(
            LINT.code,
            format!("the exception `{}` is never the one that is named", seen.role),
            seen.span,
            "holds only where an earlier one does",
        );
        if let Some(by) = seen.by {
            d = d.label(by, "this one is named first");
        }
        found.push(d.help("of several exceptions that hold the first is named: put the narrower one first, or take it out"));
    }
}
