use super::judge::{self, What};
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::ExceptionAlways, level: Level::Error, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for seen in judge::all(context, What::ExceptionAlways) {
        found.push(
            Diagnostic::error(
                LINT.code,
                format!("the exception `{}` covers all that the rule finds", seen.role),
                seen.span,
                "holds wherever the rule's condition does",
            )
            .help("the rule can find nothing: narrow the exception"),
        );
    }
}
