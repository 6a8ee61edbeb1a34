use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::syntax::ast::ItemKind;

pub const LINT: Lint = Lint { code: Code::RulesWithoutPolicy, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for (_, file) in context.files {
        if file.items.iter().any(|item| matches!(item.kind, ItemKind::Policy(_))) {
            continue;
        }
        let first = file.items.iter().find_map(|item| match &item.kind {
            ItemKind::Rule(rule) => Some(&rule.name),
            _ => None,
        });
        let Some(first) = first else { continue };
        let message = "the rules of this file belong to no policy";
        let d = Diagnostic::advice(LINT.code, message, first.span, "the first of them: its days are counted in UTC");
        found.push(d.help(
            "say at the top of the file whose rules they are, and where days begin:\n    policy gifts \"Gifts\" {\n      \
             owner    \"Compliance\"\n      timezone \"Asia/Shanghai\"\n    }",
        ));
    }
}
