use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, words};
use crate::source::Span;
use crate::syntax::ast::{ClauseKind, ItemKind};

pub const LINT: Lint = Lint { code: Code::ClauseSaysNothing, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for item in context.items() {
        let mut texts: Vec<(&str, &str, Span)> = Vec::new();
        match &item.kind {
            ItemKind::Policy(policy) => {
                texts.extend(policy.owner.iter().map(|s| ("owner", s.text.as_str(), s.span)));
                texts.extend(policy.title.iter().map(|s| ("title", s.text.as_str(), s.span)));
            }
            ItemKind::Rule(rule) | ItemKind::Revise(rule) => {
                texts.extend(rule.title.iter().map(|s| ("title", s.text.as_str(), s.span)));
                for clause in &rule.clauses {
                    match &clause.kind {
                        ClauseKind::Cite(s) => texts.push(("cite", &s.text, s.span)),
                        ClauseKind::Purpose(s) => texts.push(("purpose", &s.text, s.span)),
                        ClauseKind::LegalBasis(s) => texts.push(("legal_basis", &s.text, s.span)),
                        ClauseKind::Consequence(word) => texts.push(("consequence", &word.text, word.span)),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        // "none" is a consequence that a handbook can name.
        let open = |(name, text): (&str, &str)| words::open(text) && !(name == "consequence" && text == "none");
        for (name, text, span) in texts.into_iter().filter(|(name, text, _)| open((name, text))) {
            let message = format!("this {} is still to be written", name.replace('_', " "));
            let d = Diagnostic::warning(LINT.code, message, span, format!("\"{text}\" says nothing"));
            found.push(d.help(match name {
                "title" => "say what the rule asks, as the handbook does",
                "owner" => "name the department that answers for these rules",
                _ => "write it, or take the clause out: what is not there is asked for by a lint",
            }));
        }
    }
}
