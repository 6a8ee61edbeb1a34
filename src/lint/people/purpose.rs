use crate::diag::{Code, Diagnostic, Level};
use crate::lint::fields::reads_people;
use crate::lint::{Context, Found, Lint};
use crate::sema::hir::Rule;

pub const LINT: Lint = Lint { code: Code::RuleWithoutPurpose, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let says = |rule: &&Rule| rule.purpose.as_ref().is_some_and(|p| !p.trim().is_empty());
    let (with, without): (Vec<&Rule>, Vec<&Rule>) = context.hir.rules.iter().partition(says);
    // Where few do, the set does without: `L0402` asks for it there.
    if with.len() < without.len() {
        return;
    }
    for rule in without.into_iter().filter(|rule| reads_people(&context.hir.schema, rule)) {
        let message = format!("`{}` reads who people are, and does not say what for", rule.name);
        let d = Diagnostic::advice(LINT.code, message, rule.name_span, "no `purpose`; other rules here state theirs");
        found.push(d.help("say in a few words what the rule is for:\n    purpose \"Suppliers are chosen on their merits\""));
    }
}
