use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::syntax::ast::{ClauseKind, Ident, ItemKind};

pub const LINT: Lint = Lint { code: Code::MixedNames, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let mut names: Vec<&Ident> = Vec::new();
    for item in context.items() {
        match &item.kind {
            ItemKind::Rule(rule) => {
                names.push(&rule.name);
                names.extend(rule.clauses.iter().filter_map(|clause| match &clause.kind {
                    ClauseKind::Unless { name, .. } => Some(name),
                    _ => None,
                }));
            }
            ItemKind::Define(of) => names.push(&of.name),
            ItemKind::Param(of) => names.push(&of.name),
            ItemKind::Let(of) => names.push(&of.name),
            ItemKind::Metric(of) => names.push(&of.name),
            _ => {}
        }
    }
    let joined: Vec<&Ident> = names.iter().copied().filter(|name| joined(&name.text)).collect();
    let apart: Vec<&Ident> = names.iter().copied().filter(|name| name.text.contains('_')).collect();
    let (few, many) = if joined.len() > apart.len() { (apart, joined) } else { (joined, apart) };
    let Some(usual) = many.first() else { return };
    for name in few {
        let message = format!("`{}` is written in another style than the other names", name.text);
        let d = Diagnostic::advice(LINT.code, message, name.span, "this style is the rarer one here")
            .label(usual.span, "as most names are written");
        found.push(d.help(format!("write it like `{}`", usual.text)));
    }
}

/// `bigGift`, `BigGift`.
fn joined(name: &str) -> bool {
    !name.contains('_') && name.chars().any(char::is_uppercase) && name.chars().any(char::is_lowercase)
}
