use crate::diag::{Code, Diagnostic, Level};
use crate::lint::fields::reads_people;
use crate::lint::{Context, Found, Lint, words};

pub const LINT: Lint = Lint { code: Code::RuleWithoutBasis, level: Level::Advice, on: false, check };

const SAMPLES: [(&str, &str); 3] = [
    ("purpose", "purpose \"Suppliers are chosen on their merits\""),
    ("legal_basis", "legal_basis \"GDPR, Art. 6(1)(f)\""),
    ("retention", "retention 2 years"),
];

fn check(context: &Context, found: &mut Found) {
    for rule in context.hir.rules.iter().filter(|rule| reads_people(&context.hir.schema, rule)) {
        let there = [rule.purpose.is_some(), rule.legal_basis.is_some(), rule.retention.is_some()];
        let lacks: Vec<_> = SAMPLES.into_iter().zip(there).filter(|(_, there)| !there).map(|(s, _)| s).collect();
        if lacks.is_empty() {
            continue;
        }
        let names: Vec<&str> = lacks.iter().map(|(name, _)| *name).collect();
        let lines: String = lacks.iter().map(|(_, line)| format!("\n    {line}")).collect();
        let message = format!("`{}` reads who people are, and does not say its {}", rule.name, words::listed(&names));
        let d = Diagnostic::advice(LINT.code, message, rule.name_span, "people are read here");
        found.push(d.help(format!("add what data protection asks for:{lines}")));
    }
}
