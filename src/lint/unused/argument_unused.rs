use super::using;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, walk};
use crate::sema::What;
use crate::syntax::ast::{ExprKind, ItemKind};

pub const LINT: Lint = Lint { code: Code::UnusedArgument, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let used = using::used(context, What::Argument, true);
    for item in context.items() {
        let ItemKind::Define(of) = &item.kind else { continue };
        let mut looks_back = false;
        walk::each_written(&of.body, &mut |e| looks_back |= matches!(e.kind, ExprKind::History(_)));
        // Then what is looked for is of the subject of the argument, and in its time.
        if looks_back {
            continue;
        }
        for (name, _) in of.params.iter().filter(|(name, _)| !used.contains(&name.span)) {
            found.push(
                Diagnostic::warning(
                    LINT.code,
                    format!("`{}` does not read its argument `{}`", of.name.text, name.text),
                    name.span,
                    "never read",
                )
                .help("take it out here and where the function is called; or perhaps another name was meant in the body"),
            );
        }
    }
}
