//! The tests that a policy set contains: given records, expected verdicts.

mod compare;
mod coverage;
mod failures;
mod figures;
mod formats;
mod lcov;
mod sequences;
mod totals;

pub(crate) use compare::{Line, table};
pub(crate) use coverage::{Coverage, Shown};
pub(crate) use formats::{Ran, json, notices, title};
pub(crate) use lcov::lcov;
pub(crate) use totals::{percent, table as coverage_table, to_json as coverage_json};

use crate::data::build::{CellValue, batch_from_cells};
use crate::data::{InputId, Limits, Place, Time, Value, Verdict};
use crate::diag::Diagnostic;
use crate::eval::{Evaluator, Findings, Options};
use crate::plan::Plan;
use crate::sema::hir::{Cell, Expect, Test};
use crate::source::SourceMap;
use std::sync::Arc;

/// What became of a test; no failures: it passed.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub lines: Vec<Line>,
    pub failures: Vec<Diagnostic>,
    /// Where coverage is wanted. A test that fails shows nothing.
    pub shown: Shown,
}

impl Outcome {
    pub fn failed(failures: Vec<Diagnostic>) -> Outcome {
        Outcome { lines: Vec::new(), failures, shown: Shown::default() }
    }
}

/// Runs one test. The plans are compiled with the parameters that the test sets; that of metrics where one is expected.
pub(crate) fn run(
    plan: Arc<Plan>,
    metrics: impl FnOnce() -> Arc<Plan>,
    sources: &SourceMap,
    test: &Test,
    coverage: bool,
) -> Outcome {
    let findings = match judge(plan, test) {
        Ok(findings) => findings,
        Err(why) => return Outcome::failed(vec![failures::not_run(test, &why)]),
    };
    let mut met = vec![false; findings.len()];
    let mut failed = Vec::new();
    let mut lines = Vec::new();
    for expect in &test.expect {
        let wanted = compare::wanted(&findings, test, expect);
        let fits: Vec<usize> = (0..findings.len()).filter(|&i| is_about(&findings, i, expect)).collect();
        let as_expected: Vec<usize> = fits.iter().copied().filter(|&i| is_as_expected(&findings, i, expect)).collect();
        let Some(&first) = as_expected.first() else {
            failed.push(failures::other_verdict(&findings, test, expect, &fits));
            // It has been told: it is not something else.
            fits.iter().for_each(|&i| met[i] = true);
            let (actual, why) = match fits.first() {
                Some(&i) => (compare::came(&findings, test, i), compare::why(&findings, sources, i)),
                None => ("not judged".to_owned(), compare::why_not(&findings, sources, expect)),
            };
            lines.push(Line { expected: Some(wanted), actual, met: false, why });
            continue;
        };
        let message = expect.message.as_ref();
        let said = as_expected.iter().find(|&&i| message.is_none_or(|(m, _)| findings.explain(i).message == *m));
        let i = said.copied().unwrap_or(first);
        met[i] = true;
        let actual = compare::came(&findings, test, i);
        lines.push(Line { expected: Some(wanted), actual, met: true, why: Vec::new() });
        if let Some((wanted, span)) = message {
            let actual = findings.explain(i).message;
            let line = |text: &str| format!("message {text:?}");
            lines.push(Line {
                expected: Some(line(wanted)),
                actual: line(&actual),
                met: said.is_some(),
                why: Vec::new(),
            });
            if said.is_none() {
                failed.push(failures::other_message(&findings, wanted, *span, i));
            }
        }
    }
    if !test.figures.is_empty() {
        match figures::compare(&metrics(), test) {
            Ok((more, failures)) => {
                lines.extend(more);
                failed.extend(failures);
            }
            Err(why) => return Outcome::failed(vec![failures::not_run(test, &why)]),
        }
    }
    if let Some(span) = test.nothing_else {
        let others: Vec<usize> =
            (0..findings.len()).filter(|&i| findings.verdicts()[i] != Verdict::Compliant && !met[i]).collect();
        let expected = Some("nothing else".to_owned());
        if others.is_empty() {
            lines.push(Line { expected, actual: "nothing else".into(), met: true, why: Vec::new() });
        } else {
            failed.push(failures::something_else(&findings, test, span, &others));
            lines.extend(others.iter().enumerate().map(|(n, &i)| Line {
                expected: expected.clone().filter(|_| n == 0),
                actual: compare::came(&findings, test, i),
                met: false,
                why: compare::why(&findings, sources, i),
            }));
        }
    }
    if let Some(case) = &test.case {
        let row = case.span;
        let inside = |d: &Diagnostic| row.file == d.span().file && (row.start..row.end).contains(&d.span().start);
        failed = failed.into_iter().map(|d| if inside(&d) { d } else { d.label(row, "in this case") }).collect();
    }
    let shown = if coverage && failed.is_empty() { show(&findings, test, &met) } else { Shown::default() };
    Outcome { lines, failures: failed, shown }
}

/// What a test that holds shows. `met`: the verdicts that it expects one by one.
fn show(findings: &Findings, test: &Test, met: &[bool]) -> Shown {
    let expected = |i: usize| met[i] || test.nothing_else.is_some();
    let of = |i: usize| (findings.rules()[i] as usize, findings.verdicts()[i]);
    let verdicts = (0..findings.len()).filter(|&i| expected(i)).map(of).collect();
    let judged: Vec<(usize, Option<usize>)> = (0..findings.len())
        .filter(|&i| met[i])
        .map(|i| (findings.rules()[i] as usize, given_of(findings, i)))
        .collect();
    let mut parts = Vec::new();
    for trial in findings.trials() {
        let given = trial.place.map(|p| p.offset as usize);
        let judged = judged.contains(&(trial.rule, given));
        if judged || test.nothing_else.is_some() {
            parts.extend(trial.tried.into_iter().map(|(part, tried)| (trial.rule, part, tried)));
        }
    }
    parts.extend(sequences::show(findings, test, met));
    Shown { parts, verdicts }
}

fn as_of(test: &Test) -> Option<Time> {
    match test.as_of.as_ref()? {
        Value::Date(day) => Some(Time::Date(*day)),
        Value::Timestamp(instant) => Some(Time::Instant(*instant)),
        _ => None,
    }
}

fn judge(plan: Arc<Plan>, test: &Test) -> Result<Findings, String> {
    let options = Options { as_of: as_of(test), keep_compliant: true, retain: true, ..Options::default() };
    let mut evaluator = Evaluator::new(plan.clone(), options).map_err(|e| e.to_string())?;
    push_given(&mut evaluator, &plan, test)?;
    evaluator.finish_within(&Limits::default()).map_err(|e| e.to_string())
}

/// The test's records, as far as a plan reads them.
fn push_given(evaluator: &mut Evaluator, plan: &Plan, test: &Test) -> Result<(), String> {
    for (i, given) in test.given.iter().enumerate() {
        let Some(projection) = plan.columns(given.kind) else {
            continue;
        };
        let row = projection
            .iter()
            .map(|column| match given.cells.iter().find(|(c, _)| c == column) {
                Some((_, Cell::Value(value))) => CellValue::Known(value.clone()),
                Some((_, Cell::Malformed(text))) => CellValue::Malformed(text.clone()),
                None => CellValue::Absent,
            })
            .collect();
        let place = place_of(i);
        let batch = batch_from_cells(&plan.schema, given.kind, projection, &[row], vec![place]);
        evaluator.push(batch).map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// Where a given record stands: in no file, at its index.
fn place_of(given: usize) -> Place {
    Place { input: InputId(0), offset: given as u64, line: given as u64 + 1, element: 0 }
}

/// The index of the given record that a verdict is about.
fn given_of(findings: &Findings, i: usize) -> Option<usize> {
    findings.row(i).place.map(|p| p.offset as usize)
}

fn is_about(findings: &Findings, i: usize, expect: &Expect) -> bool {
    findings.row(i).rule.name == expect.rule
        && expect.on.is_none_or(|on| given_of(findings, i) == Some(on))
        && expect.whose.as_ref().is_none_or(|whose| findings.owner(i) == Some(whose))
}

fn is_as_expected(findings: &Findings, i: usize, expect: &Expect) -> bool {
    let row = findings.row(i);
    row.verdict == expect.verdict && expect.by.as_deref().is_none_or(|by| row.exception == Some(by))
}
