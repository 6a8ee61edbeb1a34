use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::syntax::ast::ItemKind;

pub const LINT: Lint = Lint { code: Code::PolicyWithoutOwner, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for item in context.items() {
        let ItemKind::Policy(policy) = &item.kind else { continue };
        if policy.owner.is_none() {
            let message = format!("nobody is named who answers for `{}`", policy.name.text);
            let d = Diagnostic::advice(LINT.code, message, policy.name.span, "no `owner`");
            found.push(d.help("name the department that questions about these rules go to:\n    owner \"Compliance\""));
        }
    }
}
