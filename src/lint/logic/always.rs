use super::judge::{self, What};
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::AlwaysHolds, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for seen in judge::all(context, What::Always) {
        let label = match seen.role.as_str() {
            "when" | "where" => "holds for every record that gets here".to_owned(),
            name => format!("`{name}` holds for every record that gets here"),
        };
        let d = Diagnostic::warning(LINT.code, "this condition always holds", seen.span, label);
        found.push(match seen.or && seen.parts_can {
            true => d.help("its parts, joined by `or`, leave no value out; was `and` meant?"),
            false => d.help("leave it out if everything is meant; else ask for what tells the records apart"),
        });
    }
}
