use super::judge::{self, What};
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::ExceptionNever, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for seen in judge::all(context, What::ExceptionNever) {
        found.push(
            Diagnostic::warning(
                LINT.code,
                format!("the exception `{}` can never apply", seen.role),
                seen.span,
                "does not hold where the rule's condition does",
            )
            .help("what it excepts is not found anyway: take it out, or ask for what was meant"),
        );
    }
}
