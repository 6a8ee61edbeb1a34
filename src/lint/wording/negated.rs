use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, fields, words};
use crate::sema::hir::ExprKind;

pub const LINT: Lint = Lint { code: Code::DoubleNegation, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let schema = &context.hir.schema;
    for rule in &context.hir.rules {
        fields::each(rule, &mut |_, e, kinds| {
            let ExprKind::Not(of) = &e.kind else { return };
            let name = match &of.kind {
                ExprKind::Named { name, .. } => name.clone(),
                _ => match fields::of(of, kinds) {
                    Some((kind, column)) => fields::last(&schema.column(kind, column).name).to_owned(),
                    None => return,
                },
            };
            if negative(&name) {
                let message = format!("`not {name}` says no twice");
                let d = Diagnostic::advice(LINT.code, message, e.span, "what holds here takes two thoughts");
                found.push(d.help("give it the name of what it is when it is so: `approved`, not `not_approved`"));
            }
        });
    }
}

fn negative(name: &str) -> bool {
    let words = words::of(name);
    let rest = words.iter().find(|word| !["is", "was", "has", "are"].contains(&word.as_str()));
    words.len() > 1 && rest.is_some_and(|word| ["not", "no", "non", "never", "without"].contains(&word.as_str()))
}
