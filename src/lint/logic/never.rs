use super::judge::{self, What};
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::NeverHolds, level: Level::Error, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for seen in judge::all(context, What::Never) {
        let label = match seen.role.as_str() {
            "when" | "where" => "no record can satisfy it".to_owned(),
            name => format!("no record can satisfy `{name}`"),
        };
        let d = Diagnostic::error(LINT.code, "this condition never holds", seen.span, label);
        found.push(match !seen.or && seen.parts_can {
            true => d.help("each part can hold, but not all at once; was `or` meant?"),
            false => d.help("the rule is blind here: ask for what can be, or take it out"),
        });
    }
}
