use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::syntax::ast::ItemKind;

pub const LINT: Lint = Lint { code: Code::NoTitle, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for (item, rule) in context.rule_items().filter(|(item, _)| matches!(item.kind, ItemKind::Rule(_))) {
        if !item.broken && rule.title.as_ref().is_none_or(|title| title.text.trim().is_empty()) {
            let name = &rule.name.text;
            let message = format!("`{name}` has no title");
            let d = Diagnostic::advice(LINT.code, message, rule.name.span, "reports show this name to people");
            found.push(d.help(format!("say in a sentence what the rule asks, as people were told it:\n    {name} \"No gift over 500 CNY\"")));
        }
    }
}
