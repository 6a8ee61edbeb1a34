//! What tests came to, for programs.

use super::Line;
use crate::data::Severity;
use crate::diag::Code;
use crate::report::exchange::{self, Notice, Outcome, Run};
use crate::report::{diagnostic, line_of, place};
use crate::sema::hir::Test;
use crate::source::SourceMap;
use serde_json::{Value, json as value};

/// A test and what became of it.
pub(crate) struct Ran<'a> {
    pub test: &'a Test,
    pub outcome: super::Outcome,
}

impl Ran<'_> {
    pub fn passed(&self) -> bool {
        self.outcome.failures.is_empty()
    }

    pub fn title(&self) -> String {
        title(self.test)
    }

    pub fn place(&self, sources: &SourceMap) -> String {
        line_of(sources, self.span())
    }

    fn span(&self) -> crate::source::Span {
        self.test.case.as_ref().map_or(self.test.span, |case| case.span)
    }
}

/// The title, and the row of `cases`.
pub(crate) fn title(test: &Test) -> String {
    match &test.case {
        Some(case) => format!("{} [{}]", test.title, case.label),
        None => test.title.clone(),
    }
}

pub(crate) fn json(ran: &[Ran<'_>], filtered: usize, sources: &SourceMap) -> Value {
    let line = |l: &Line| value!({ "expected": l.expected, "actual": l.actual, "met": l.met, "why": l.why });
    let test = |r: &Ran<'_>| {
        value!({
            "title": r.test.title,
            "case": r.test.case.as_ref().map(|case| &case.label),
            "place": place(sources, r.span()),
            "passed": r.passed(),
            "expectations": r.outcome.lines.iter().map(line).collect::<Vec<_>>(),
            "diagnostics": r.outcome.failures.iter().map(|d| diagnostic(sources, d)).collect::<Vec<_>>(),
        })
    };
    let passed = ran.iter().filter(|r| r.passed()).count();
    value!({
        "schema": "bylaws.test/1",
        "passed": passed,
        "failed": ran.len() - passed,
        "filtered_out": filtered,
        "tests": ran.iter().map(test).collect::<Vec<_>>(),
    })
}

/// The tests as other programs are told of them: a notice each.
pub(crate) fn notices(ran: &[Ran<'_>], sources: &SourceMap) -> (Run, Vec<Notice>) {
    let notice = |r: &Ran<'_>| {
        let told: Vec<&str> = r.outcome.failures.iter().map(|d| d.message.as_str()).collect();
        let mut message = told.join("\n");
        if !r.outcome.lines.is_empty() && !r.passed() {
            message.push_str(&format!("\n{}", super::table(&r.outcome.lines).trim_end()));
        }
        let failures = r.outcome.failures.iter().flat_map(|d| &d.labels);
        let place = exchange::place(sources, r.span());
        Notice {
            outcome: if r.passed() { Outcome::Passed } else { Outcome::Found },
            grade: Severity::Major,
            about: r.title(),
            message,
            id: exchange::hex(&[&place.file, &r.title()]),
            places: vec![place],
            related: failures.map(|l| (exchange::place(sources, l.span), l.text.clone())).collect(),
            ..Notice::default()
        }
    };
    let failed = ran.iter().filter(|r| !r.passed()).count();
    let run = Run {
        command: "test",
        rules: vec![exchange::rule(Code::Expectation)],
        totals: vec![(Outcome::Found, failed as u64), (Outcome::Passed, (ran.len() - failed) as u64)],
        ..Run::default()
    };
    (run, ran.iter().map(notice).collect())
}
