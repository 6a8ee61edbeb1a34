use super::granted;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, words};

pub const LINT: Lint = Lint { code: Code::OpenReason, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for granted in granted::all(context).iter().filter(|g| says_nothing(&g.waiver.reason)) {
        let message = format!("the waiver of `{}` does not really say why", granted.rule);
        let d = Diagnostic::warning(LINT.code, message, granted.reason(), "nobody can judge by this whether it was right");
        found.push(d.help("say what made it necessary, for somebody who was not there:\n    reason \"State visit; gifts handed to the company\""));
    }
}

/// An open text or a single word; one without spaces is as many words as it has signs.
fn says_nothing(reason: &str) -> bool {
    let reason = reason.trim();
    let signs = reason.chars().filter(|c| !c.is_ascii()).count();
    words::open(reason) || (words::of(reason).len() < 2 && signs < 4)
}
