use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::syntax::ast::{ClauseKind, ItemKind};

pub const LINT: Lint = Lint { code: Code::NoSeverity, level: Level::Advice, on: false, check };

fn check(context: &Context, found: &mut Found) {
    for (_, rule) in context.rule_items().filter(|(item, _)| matches!(item.kind, ItemKind::Rule(_))) {
        if !rule.clauses.iter().any(|clause| matches!(clause.kind, ClauseKind::Severity(_))) {
            let message = format!("`{}` does not say how grave a finding is", rule.name.text);
            let d = Diagnostic::advice(LINT.code, message, rule.name.span, "counts as `major`");
            found.push(d.help("say it, even where it is `major`:\n    severity major"));
        }
    }
}
