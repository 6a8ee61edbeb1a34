//! The tests that a policy set contains: given records, expected verdicts.

mod failures;

use crate::data::build::{CellValue, batch_from_cells};
use crate::data::{InputId, Place, Time, Value, Verdict};
use crate::diag::Diagnostic;
use crate::eval::{Evaluator, Findings, Options};
use crate::plan::Plan;
use crate::sema::hir::{Cell, Expect, Test};
use std::sync::Arc;

/// What became of a test; no failures: it passed.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub failures: Vec<Diagnostic>,
}

/// Runs one test. `plan` is compiled with the parameters that the test sets.
pub(crate) fn run(plan: Arc<Plan>, test: &Test) -> Outcome {
    let findings = match judge(plan, test) {
        Ok(findings) => findings,
        Err(why) => return Outcome { failures: vec![failures::not_run(test, &why)] },
    };
    let mut met = vec![false; findings.len()];
    let mut failed = Vec::new();
    for expect in &test.expect {
        let fits: Vec<usize> = (0..findings.len()).filter(|&i| is_about(&findings, i, expect)).collect();
        let as_expected: Vec<usize> =
            fits.iter().copied().filter(|&i| findings.verdicts()[i] == expect.verdict).collect();
        let Some(&first) = as_expected.first() else {
            failed.push(failures::other_verdict(&findings, test, expect, &fits));
            continue;
        };
        let message = expect.message.as_ref();
        match as_expected.iter().find(|&&i| message.is_none_or(|(m, _)| findings.explain(i).message == *m)) {
            Some(&i) => met[i] = true,
            None => {
                met[first] = true;
                failed.extend(message.map(|(m, span)| failures::other_message(&findings, m, *span, first)));
            }
        }
    }
    if let Some(span) = test.nothing_else {
        let others: Vec<usize> =
            (0..findings.len()).filter(|&i| findings.verdicts()[i] != Verdict::Compliant && !met[i]).collect();
        if !others.is_empty() {
            failed.push(failures::something_else(&findings, test, span, &others));
        }
    }
    Outcome { failures: failed }
}

fn judge(plan: Arc<Plan>, test: &Test) -> Result<Findings, String> {
    let as_of = test.as_of.as_ref().and_then(|v| match v {
        Value::Date(day) => Some(Time::Date(*day)),
        Value::Timestamp(instant) => Some(Time::Instant(*instant)),
        _ => None,
    });
    let options = Options { as_of, threads: 1, keep_compliant: true, ..Options::default() };
    let schema = plan.schema.clone();
    let mut evaluator = Evaluator::new(plan.clone(), options).map_err(|e| e.to_string())?;
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
        let place = Place { input: InputId(0), offset: i as u64, line: i as u64 + 1, element: 0 };
        let batch = batch_from_cells(&schema, given.kind, projection, &[row], vec![place]);
        evaluator.push(batch).map_err(|e| e.to_string())?;
    }
    Ok(evaluator.finish())
}

/// The index of the given record that a verdict is about.
fn given_of(findings: &Findings, i: usize) -> Option<usize> {
    findings.row(i).place.map(|p| p.offset as usize)
}

fn is_about(findings: &Findings, i: usize, expect: &Expect) -> bool {
    findings.row(i).rule.name == expect.rule && expect.on.is_none_or(|on| given_of(findings, i) == Some(on))
}
