use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::syntax::ast::ItemKind;

pub const LINT: Lint = Lint { code: Code::RuleWithoutDoc, level: Level::Advice, on: false, check };

fn check(context: &Context, found: &mut Found) {
    for (item, rule) in context.rule_items().filter(|(item, _)| matches!(item.kind, ItemKind::Rule(_))) {
        if item.doc.as_ref().is_none_or(|doc| doc.trim().is_empty()) {
            let message = format!("`{}` is not explained", rule.name.text);
            let d = Diagnostic::advice(LINT.code, message, rule.name.span, "no `///` above it");
            found.push(d.help("say above the rule what its title leaves open:\n    /// The approval is given before, and by somebody else."));
        }
    }
}
