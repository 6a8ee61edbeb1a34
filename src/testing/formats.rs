//! What tests came to, for programs: JSON, and the JUnit XML that CI servers show.

use super::{Line, Outcome};
use crate::report::{diagnostic, line_of, place};
use crate::sema::hir::Test;
use crate::source::SourceMap;
use serde_json::{Value, json as value};
use std::fmt::Write as _;

/// A test and what became of it.
pub(crate) struct Ran<'a> {
    pub test: &'a Test,
    pub outcome: Outcome,
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

/// A suite a file, a case a test.
pub(crate) fn junit(ran: &[Ran<'_>], sources: &SourceMap) -> String {
    let failed = |of: &[&Ran<'_>]| of.iter().filter(|r| !r.passed()).count();
    let all: Vec<&Ran<'_>> = ran.iter().collect();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(text, "<testsuites name=\"bylaws\" tests=\"{}\" failures=\"{}\">", all.len(), failed(&all));
    let mut files: Vec<_> = ran.iter().map(|r| r.test.span.file).collect();
    files.sort();
    files.dedup();
    for file in files {
        let own: Vec<&Ran<'_>> = ran.iter().filter(|r| r.test.span.file == file).collect();
        let name = escaped(&sources.file(file).name);
        let (tests, failures) = (own.len(), failed(&own));
        let _ = writeln!(text, "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\">");
        for r in own {
            let (line, _) = sources.line_col(r.span());
            let head = format!(
                "<testcase classname=\"{name}\" name=\"{}\" file=\"{name}\" line=\"{line}\"",
                escaped(&r.title())
            );
            if r.passed() {
                let _ = writeln!(text, "    {head}/>");
                continue;
            }
            let message = r.outcome.failures.first().map(|d| d.message.as_str()).unwrap_or_default();
            let told: Vec<&str> = r.outcome.failures.iter().map(|d| d.message.as_str()).collect();
            let body = match r.outcome.lines.is_empty() {
                true => told.join("\n"),
                false => super::table(&r.outcome.lines),
            };
            let (message, body) = (escaped(message), escaped(&body));
            let _ =
                writeln!(text, "    {head}>\n      <failure message=\"{message}\">{body}</failure>\n    </testcase>");
        }
        let _ = writeln!(text, "  </testsuite>");
    }
    text.push_str("</testsuites>\n");
    text
}

/// As XML wants it: without the characters that it cannot hold.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
