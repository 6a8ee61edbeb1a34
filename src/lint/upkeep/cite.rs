use super::rules;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::RuleWithoutCite, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for rule in rules(context).filter(|rule| rule.cite.as_ref().is_none_or(|cite| cite.trim().is_empty())) {
        let message = format!("`{}` does not say where it is written down", rule.name);
        let d = Diagnostic::warning(LINT.code, message, rule.name_span, "no `cite`");
        found.push(d.help("name the handbook or law, and the place in it:\n    cite \"Code of Ethics, section 3\""));
    }
}
