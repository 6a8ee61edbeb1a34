use super::using;
use crate::diag::{Code, Level};
use crate::lint::{Context, Found, Lint};
use crate::sema::What;
use crate::syntax::ast::ItemKind;

pub const LINT: Lint = Lint { code: Code::UnusedLet, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let names = context.items().filter_map(|item| match &item.kind {
        ItemKind::Let(of) => Some(&of.name),
        _ => None,
    });
    using::unused(context, found, LINT.code, What::Let, ("`let`", "take it out, or use it where its values stand now"), names);
}
