use super::judge::{self, What};
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::UnreachableBranch, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for seen in judge::all(context, What::Unreachable) {
        found.push(
            Diagnostic::warning(
                LINT.code,
                "this branch of an `or` can never be the one that holds",
                seen.span,
                "not where the rest of the condition holds",
            )
            .help("what stands beside it, or the trigger's `where`, shuts it out: take the branch out, or widen what shuts it out"),
        );
    }
}
