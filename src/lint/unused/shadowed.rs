use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::syntax::ast::{Ident, ItemKind};

pub const LINT: Lint = Lint { code: Code::Shadowed, level: Level::Warning, on: true, check };

/// A bare name is a field first: a `let`, `define` or `param` of the same name is not reached in rules on that record.
fn check(context: &Context, found: &mut Found) {
    let schema = &context.hir.schema;
    let triggers: Vec<_> = context.hir.rules.iter().map(|r| r.trigger.kind()).collect();
    let mut look = |name: &Ident, what: &str| {
        for kind in schema.declared().iter().enumerate().filter(|(i, _)| triggers.iter().any(|t| t.0 as usize == *i)) {
            let field = kind.1.columns.iter().find(|c| c.name.split('.').next() == Some(name.text.as_str()));
            let Some(field) = field else { continue };
            found.push(
                Diagnostic::warning(
                    LINT.code,
                    format!("{what} `{}` has the name of a field of `{}`", name.text, kind.1.name),
                    name.span,
                    "not reached in rules on these records",
                )
                .label(field.span, "a bare name is this field there")
                .help("give it a name of its own: `gift_cap`, not `cap`"),
            );
            return;
        }
    };
    for item in context.items() {
        match &item.kind {
            ItemKind::Let(of) => look(&of.name, "the `let`"),
            ItemKind::Param(of) => look(&of.name, "the parameter"),
            _ => {}
        }
    }
}
