use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, words};
use crate::syntax::ast::{ItemKind, RuleItem};
use std::collections::BTreeMap;

pub const LINT: Lint = Lint { code: Code::SameTitle, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let mut first: BTreeMap<String, &RuleItem> = BTreeMap::new();
    for (item, rule) in context.rule_items() {
        let (ItemKind::Rule(_), Some(title)) = (&item.kind, &rule.title) else { continue };
        let said = words::of(&title.text).join(" ");
        match first.get(&said) {
            None => {
                first.insert(said, rule);
            }
            Some(other) => {
                let message = format!("`{}` has the title of `{}`", rule.name.text, other.name.text);
                let d = Diagnostic::warning(LINT.code, message, title.span, "readers cannot tell which one found something")
                    .label(other.title.as_ref().map_or(other.name.span, |t| t.span), "the same here");
                found.push(d.help("say in each what the other one does not ask"));
            }
        }
    }
}
