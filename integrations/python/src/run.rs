//! Records judged, without Python at hand.

use crate::files;
use arrow_array::{RecordBatch, RecordBatchIterator};
use arrow_schema::SchemaRef;
use bylaws::{
    BatchError, EvalOptions, Evaluator, Findings, Ingest, IngestOptions, InputError, InputId, InputReport, InputSpec,
    LetGo, Plan, Reject, Route, Sift, Sink, SourceMap,
};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Where records of a run are.
pub enum Given {
    Table(Vec<RecordBatch>, SchemaRef),
    File(PathBuf),
}

pub struct Named {
    /// As reports show it.
    pub name: String,
    pub route: Route,
    pub given: Given,
}

/// Why a run ended early: the input, and what is wrong.
pub enum Trouble {
    Input(String, InputError),
    Unreadable(String, std::io::Error),
    /// A fault of this program, or files that changed while they were read.
    Other(String),
}

/// All that a run came to.
pub struct Outcome {
    pub findings: Findings,
    pub sources: Arc<SourceMap>,
    pub inputs: Vec<String>,
    pub reports: Vec<InputReport>,
    pub rejects: Vec<Reject>,
}

pub fn audit(
    plan: &Arc<Plan>,
    sources: Arc<SourceMap>,
    given: &[Named],
    options: EvalOptions,
) -> Result<Outcome, Trouble> {
    let ingest = Ingest::new(&plan.reading());
    let other = |e: &dyn std::fmt::Display| Trouble::Other(e.to_string());
    let mut evaluator = Evaluator::new(plan.clone(), options).map_err(|e| other(&e))?;
    let (reports, rejects) = pass(&ingest, &evaluator, given, options.threads)?;
    while evaluator.again().map_err(|e| other(&e))? {
        pass(&ingest, &evaluator, given, options.threads)?;
    }
    let inputs = given.iter().map(|g| g.name.clone()).collect();
    Ok(Outcome { findings: evaluator.finish(), sources, inputs, reports, rejects })
}

fn pass(
    ingest: &Ingest,
    evaluator: &Evaluator,
    given: &[Named],
    threads: usize,
) -> Result<(Vec<InputReport>, Vec<Reject>), Trouble> {
    let sieve = evaluator.sieve().map_err(|e| Trouble::Other(e.to_string()))?;
    let mut reports = Vec::new();
    let mut rejects = Vec::new();
    for (i, named) in given.iter().enumerate() {
        let spec =
            InputSpec { id: InputId(i as u32), name: named.name.clone(), format: None, route: named.route.clone() };
        let read = take(evaluator, threads, |options, sink, rest| {
            let sift = sieve.as_ref().map(|sieve| Sift { sieve, rest });
            let wrong = |e| Trouble::Input(named.name.clone(), e);
            match &named.given {
                Given::Table(batches, schema) => {
                    let mut reader = RecordBatchIterator::new(batches.iter().cloned().map(Ok), schema.clone());
                    ingest.columns(&spec, (&mut reader, 0), options, sink, sift).map_err(wrong)
                }
                Given::File(path) => {
                    let input = files::open(path).map_err(|e| Trouble::Unreadable(named.name.clone(), e))?;
                    ingest.sift(&spec, input, options, sink, sift).map_err(wrong)
                }
            }
        })?;
        reports.push(read.0);
        rejects.extend(read.1);
    }
    rejects.sort_by_key(|r| r.place);
    Ok((reports, rejects))
}

/// Has one input read into an evaluator; what is rejected comes back.
pub fn take(
    evaluator: &Evaluator,
    threads: usize,
    read: impl FnOnce(IngestOptions, Sink<'_>, &(dyn Fn(LetGo) + Sync)) -> Result<InputReport, Trouble>,
) -> Result<(InputReport, Vec<Reject>), Trouble> {
    let rejects: Mutex<Vec<Reject>> = Mutex::default();
    let broken: Mutex<Option<BatchError>> = Mutex::default();
    let note = |taken: Result<(), BatchError>| {
        if let Err(error) = taken {
            *broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    };
    let batch = |batch| note(evaluator.screen(batch).map(|screened| evaluator.absorb(screened)));
    let rest = |rows| note(evaluator.let_go(rows));
    let reject = |reject| rejects.lock().unwrap_or_else(PoisonError::into_inner).push(reject);
    let sink = Sink { batch: &batch, reject: &reject, advance: &|_| () };
    let report = read(IngestOptions { threads, ..IngestOptions::default() }, sink, &rest)?;
    match broken.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(Trouble::Other(error.to_string())),
        None => Ok((report, rejects.into_inner().unwrap_or_else(PoisonError::into_inner))),
    }
}
