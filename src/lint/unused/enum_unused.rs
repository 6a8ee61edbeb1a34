use super::using;
use crate::diag::{Code, Level};
use crate::lint::{Context, Found, Lint};
use crate::sema::What;
use crate::syntax::ast::ItemKind;

pub const LINT: Lint = Lint { code: Code::UnusedEnum, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let names = context.items().filter_map(|item| match &item.kind {
        ItemKind::Enum(of) => Some(&of.name),
        _ => None,
    });
    using::unused(context, found, LINT.code, What::Enum, ("enum", "give a field this type, or take it out"), names);
}
