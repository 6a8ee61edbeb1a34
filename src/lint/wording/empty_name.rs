use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::syntax::ast::{ClauseKind, Ident, ItemKind};

pub const LINT: Lint = Lint { code: Code::EmptyName, level: Level::Warning, on: true, check };

const EMPTY: [&str; 20] = [
    "rule", "my_rule", "new_rule", "test", "test_rule", "tmp", "temp", "foo", "bar", "baz", "untitled", "copy", "todo", "xxx",
    "param", "my_param", "metric", "thing", "stuff", "name",
];
const EMPTY_EXCEPTIONS: [&str; 10] =
    ["exception", "unless", "excepted", "exempt", "ok", "okay", "other", "special", "special_case", "case"];

fn check(context: &Context, found: &mut Found) {
    for item in context.items() {
        match &item.kind {
            ItemKind::Rule(rule) => look(&rule.name, "the rule", &[], found),
            ItemKind::Let(of) => look(&of.name, "the `let`", &[], found),
            ItemKind::Define(of) => look(&of.name, "the `define`", &[], found),
            ItemKind::Param(of) => look(&of.name, "the parameter", &[], found),
            ItemKind::Metric(of) => look(&of.name, "the metric", &[], found),
            _ => {}
        }
        if let ItemKind::Rule(rule) | ItemKind::Revise(rule) = &item.kind {
            for clause in &rule.clauses {
                if let ClauseKind::Unless { name, .. } = &clause.kind {
                    look(name, "the exception", &EMPTY_EXCEPTIONS, found);
                }
            }
        }
    }
}

fn look(name: &Ident, what: &str, more: &[&str], found: &mut Found) {
    let plain = name.text.to_lowercase();
    let plain = plain.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
    if plain.chars().count() > 1 && !EMPTY.contains(&plain) && !more.contains(&plain) {
        return;
    }
    let message = format!("the name of {what} `{}` says nothing", name.text);
    let d = Diagnostic::warning(LINT.code, message, name.span, "stands in findings and reports");
    found.push(d.help(match what {
        "the exception" => "say why it lets something pass: `state_visit`, `approved`",
        _ => "say what it is about: `gift_without_approval`, `gift_cap`",
    }));
}
