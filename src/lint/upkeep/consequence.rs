use super::rules;
use crate::data::Severity;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::NoConsequence, level: Level::Advice, on: false, check };

fn check(context: &Context, found: &mut Found) {
    for rule in rules(context).filter(|rule| rule.severity >= Severity::Major && rule.consequence.is_none()) {
        let message = format!("`{}` is {} and does not say what follows", rule.name, rule.severity.as_str());
        let d = Diagnostic::advice(LINT.code, message, rule.name_span, "no `consequence`");
        found.push(d.help("name what the handbook foresees; a person decides, and nothing here acts on it:\n    consequence warning"));
    }
}
