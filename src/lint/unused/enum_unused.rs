use super::using;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::sema::What;
use crate::syntax::ast::ItemKind;

pub const LINT: Lint = Lint { code: Code::UnusedEnum, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let used = using::used(context, What::Enum, true);
    for item in context.items() {
        let ItemKind::Enum(of) = &item.kind else { continue };
        if used.contains(&of.name.span) {
            continue;
        }
        let label = match using::only_in_tests(context, of.name.span) {
            true => "named in tests only",
            false => "never named",
        };
        found.push(
            Diagnostic::warning(LINT.code, format!("the enum `{}` is not used", of.name.text), of.name.span, label)
                .help("give a field this type, or take it out"),
        );
    }
}
