use crate::data::Verdict;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::ExceptionUntested, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let expected = || context.hir.tests.iter().flat_map(|test| &test.expect);
    for rule in &context.hir.rules {
        // Of a rule without any test, that is what is told.
        let tested = expected().any(|e| e.rule == rule.name);
        for exception in rule.unless.iter().filter(|_| tested) {
            let by = |by: &Option<String>| by.as_ref().is_none_or(|by| *by == exception.name);
            if expected().any(|e| e.rule == rule.name && e.verdict == Verdict::Excepted && by(&e.by)) {
                continue;
            }
            let message = format!("no test shows what the exception `{}` lets pass", exception.name);
            let d = Diagnostic::advice(LINT.code, message, exception.name_span, "no `expect excepted` names it");
            found.push(d.help(format!(
                "give a record that it lets pass, and say:\n    expect excepted {} on … by {}",
                rule.name, exception.name
            )));
        }
    }
}
