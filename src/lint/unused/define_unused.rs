use super::using;
use crate::diag::{Code, Level};
use crate::lint::{Context, Found, Lint};
use crate::sema::What;
use crate::syntax::ast::ItemKind;

pub const LINT: Lint = Lint { code: Code::UnusedDefine, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let names = context.items().filter_map(|item| match &item.kind {
        ItemKind::Define(of) => Some(&of.name),
        _ => None,
    });
    using::unused(context, found, LINT.code, What::Define, ("function", "take it out, or call it where its condition stands now"), names);
}
