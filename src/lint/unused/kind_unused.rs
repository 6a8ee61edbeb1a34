use super::using;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::sema::What;
use crate::syntax::ast::ItemKind;

pub const LINT: Lint = Lint { code: Code::UnusedKind, level: Level::Advice, on: true, check };

/// A set without rules is a vocabulary for others.
fn check(context: &Context, found: &mut Found) {
    if context.hir.rules.is_empty() {
        return;
    }
    let used = using::used(context, What::Kind, false);
    for item in context.items() {
        let (kind, what) = match &item.kind {
            ItemKind::Record(kind) => (kind, "record"),
            ItemKind::Table(kind) => (kind, "table"),
            _ => continue,
        };
        if !used.contains(&kind.name.span) {
            found.push(
                Diagnostic::advice(
                    LINT.code,
                    format!("no rule reads the {what} `{}`", kind.name.text),
                    kind.name.span,
                    "in no rule, metric or other record",
                )
                .help("its records are read, checked and never judged: write the rule that is missing, or take it out"),
            );
        }
    }
}
