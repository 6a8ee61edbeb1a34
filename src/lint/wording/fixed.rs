use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::syntax::ast::{ClauseKind, TemplatePart};

pub const LINT: Lint = Lint { code: Code::FixedMessage, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for (_, rule) in context.rule_items() {
        for clause in &rule.clauses {
            let ClauseKind::Because(sentence) = &clause.kind else { continue };
            if !sentence.parts.iter().any(|part| matches!(part, TemplatePart::Expr(_))) {
                let message = format!("every finding of `{}` says the same", rule.name.text);
                let d = Diagnostic::advice(LINT.code, message, sentence.span, "no value of the record stands in it");
                found.push(d.help("say what was found, with fields in braces:\n    because \"{actor} was given {value} by {giver}\""));
            }
        }
    }
}
