use super::amounts::{Amount, asked, said};
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::sema::hir::{MessagePart, Rule};
use crate::source::Span;
use crate::syntax::ast::ClauseKind;

pub const LINT: Lint = Lint { code: Code::AnotherAmount, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for (item, written) in context.rule_items() {
        let rules: Vec<&Rule> = context.rules_of(item).collect();
        let Some(rule) = rules.first() else { continue };
        // A value that changes stands in one of them each.
        let asked: Vec<Amount> = rules.iter().flat_map(|rule| asked(rule)).collect();
        let mut look = |text: &str, what: &str, span: Span| {
            for (amount, shown) in said(text) {
                let alike: Vec<&Amount> = asked.iter().filter(|other| other.alike(amount)).collect();
                if alike.is_empty() || alike.contains(&&amount) {
                    continue;
                }
                let message = format!("the {what} of `{}` says {shown}, and the rule does not", rule.name);
                let d = Diagnostic::warning(LINT.code, message, span, "another amount than the rule's")
                    .label(written.name.span, format!("in it stands {}", stands(&alike)));
                found.push(d.help(match what {
                    "title" if written.title.is_none() => "give this wording a title of its own, with its own amount",
                    "title" => "correct the one that is wrong; or leave the amount out of the title",
                    _ => "correct the one that is wrong; a parameter or field in braces never differs: {gift_cap}",
                }));
            }
        };
        look(&rule.title, "title", written.title.as_ref().map_or(written.name.span, |title| title.span));
        let sentence = written.clauses.iter().find_map(|clause| match &clause.kind {
            ClauseKind::Because(sentence) => Some(sentence.span),
            _ => None,
        });
        for part in rule.because.iter().flatten() {
            if let (MessagePart::Text(text), Some(span)) = (part, sentence) {
                look(text, "sentence", span);
            }
        }
    }
}

/// The first few, each once.
fn stands(amounts: &[&Amount]) -> String {
    let mut shown: Vec<String> = Vec::new();
    for text in amounts.iter().map(|amount| amount.shown()) {
        if !shown.contains(&text) {
            shown.push(text);
        }
    }
    shown.truncate(4);
    shown.join(", ")
}
