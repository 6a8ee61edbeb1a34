use super::using;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::sema::What;
use crate::syntax::ast::ItemKind;

pub const LINT: Lint = Lint { code: Code::UnusedDefine, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let used = using::used(context, What::Define, true);
    for item in context.items() {
        let ItemKind::Define(of) = &item.kind else { continue };
        if used.contains(&of.name.span) {
            continue;
        }
        let label = match using::only_in_tests(context, of.name.span) {
            true => "named in tests only",
            false => "never named",
        };
        found.push(
            Diagnostic::warning(LINT.code, format!("the function `{}` is not used", of.name.text), of.name.span, label)
                .help("take it out, or call it where its condition stands now"),
        );
    }
}
