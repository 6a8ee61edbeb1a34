use super::using;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::sema::What;
use crate::syntax::ast::{Field, ItemKind, TypeExprKind};
use rustc_hash::FxHashSet;
use crate::source::Span;

pub const LINT: Lint = Lint { code: Code::UnusedField, level: Level::Advice, on: false, check };

fn check(context: &Context, found: &mut Found) {
    if context.hir.rules.is_empty() {
        return;
    }
    let used = using::used(context, What::Field, false);
    for item in context.items() {
        if let ItemKind::Record(kind) | ItemKind::Table(kind) = &item.kind {
            look(&kind.fields, &used, found);
        }
    }
}

fn look(fields: &[Field], used: &FxHashSet<Span>, found: &mut Found) {
    for field in fields {
        if let TypeExprKind::Struct(inner) = &field.ty.kind {
            look(inner, used, found);
        } else if !used.contains(&field.name.span) {
            found.push(
                Diagnostic::advice(
                    LINT.code,
                    format!("no rule reads the field `{}`", field.name.text),
                    field.name.span,
                    "never read",
                )
                .help("what nobody reads need not be collected: take it out, above all where it is about people"),
            );
        }
    }
}
