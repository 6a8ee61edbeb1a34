//! Reports for programs that embed the library.

use super::exchange::{self, Run};
use super::{Context, Entry, human, in_order, render};
use crate::diag::Diagnostic;
use crate::eval::Findings;
use crate::source::SourceMap;
use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

/// All verdicts but compliant ones, a row each, the most severe first: the columns that `bylaws audit --format parquet`
/// writes. `inputs` are the names of the inputs, by their ids.
///
/// # Errors
/// Where they are more than fit into columns.
pub fn verdict_columns(findings: &Findings, sources: &SourceMap, inputs: &[String]) -> Result<RecordBatch, ArrowError> {
    let context = Context { sources, plan: findings.plan(), inputs };
    let run = Run { rules: exchange::rules(&context, |_| 0), ..Run::default() };
    let mut explainer = findings.explainer();
    let notice = |i: usize| exchange::of_entry(&context, &Entry::by(findings, &mut explainer, i), None);
    exchange::rows(&run, &in_order(findings).into_iter().map(notice).collect::<Vec<_>>())
}

/// The order of the rows of [`verdict_columns`].
pub fn verdict_order(findings: &Findings) -> Vec<usize> {
    in_order(findings)
}

/// One verdict as `bylaws audit` tells people of it, without the records' own text; `i` is below [`Findings::len`].
pub fn verdict_text(findings: &Findings, i: usize, sources: &SourceMap, inputs: &[String]) -> String {
    let context = Context { sources, plan: findings.plan(), inputs };
    human::entry(&context, &Entry::of(findings, i), &[], false)
}

/// A diagnostic as `bylaws check` draws it.
pub fn diagnostic_text(sources: &SourceMap, diagnostic: &Diagnostic) -> String {
    render::diagnostics(sources, std::slice::from_ref(diagnostic), false)
}
