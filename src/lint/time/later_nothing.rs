use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::source::Span;
use crate::syntax::ast::ItemKind;

pub const LINT: Lint = Lint { code: Code::LaterChangesNothing, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let plain = |span: Span| context.text(span).chars().filter(|c| !c.is_whitespace() && *c != '_').collect::<String>();
    for item in context.items() {
        let ItemKind::Param(param) = &item.kind else { continue };
        let mut before = param.default.span;
        for (day, value) in &param.later {
            if plain(before) == plain(value.span) {
                found.push(
                    Diagnostic::warning(
                        LINT.code,
                        format!("from {} on, `{}` is what it was before", context.text(day.span), param.name.text),
                        value.span,
                        "changes nothing",
                    )
                    .label(before, "the value before")
                    .help("take the line out, or write the new value"),
                );
            }
            before = value.span;
        }
    }
}
