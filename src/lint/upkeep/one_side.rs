use super::rules;
use crate::data::Verdict;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::sema::hir::{Expect, Rule, Test};

pub const LINT: Lint = Lint { code: Code::OneSideTested, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let tests = &context.hir.tests;
    for rule in rules(context) {
        let Some(one) = tests.iter().flat_map(|t| &t.expect).find(|e| e.rule == rule.name) else { continue };
        let is = |verdict: Verdict| tests.iter().flat_map(|t| &t.expect).any(move |e| e.rule == rule.name && e.verdict == verdict);
        let finding = is(Verdict::Finding);
        let compliant = is(Verdict::Compliant) || tests.iter().any(|test| clean_by_silence(test, rule));
        let (what, lacks, name) = match (finding, compliant) {
            (true, true) => continue,
            (false, _) => ("no test shows a finding of", "nobody can tell whether it finds anything", "finding"),
            (true, false) => ("no test shows what is no finding of", "nobody can tell where it ends", "compliant"),
        };
        let d = Diagnostic::advice(LINT.code, format!("{what} `{}`", rule.name), rule.name_span, lacks)
            .label(one.span, "the other side is tested here");
        found.push(d.help(format!("give a record just beside the limit, and say:\n    expect {name} {} on …", rule.name)));
    }
}

/// `expect nothing else`, with a record of the rule's that is not expected to be anything.
fn clean_by_silence(test: &Test, rule: &Rule) -> bool {
    let expected = |given: usize| {
        let of = |e: &&Expect| e.rule == rule.name && e.on.is_none_or(|on| on == given) && e.verdict != Verdict::Compliant;
        test.expect.iter().any(|e| of(&e))
    };
    let own = test.given.iter().enumerate().filter(|(_, given)| given.kind == rule.trigger.kind());
    test.nothing_else.is_some() && own.into_iter().any(|(given, _)| !expected(given))
}
