//! Records that come bit by bit.

use crate::findings::Findings;
use crate::policies::PolicySet;
use crate::records;
use crate::run::{self, Outcome, Trouble};
use bylaws::{Ingest, InputId, InputReport, InputSpec, Reject, Route, SourceMap};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

/// Takes batches of records in any order and judges them at the end.
#[pyclass(frozen, module = "bylaws")]
pub struct Evaluator {
    state: Mutex<Option<State>>,
}

struct State {
    evaluator: bylaws::Evaluator,
    ingest: Ingest,
    threads: usize,
    sources: Arc<SourceMap>,
    /// Name, route and rows so far.
    inputs: Vec<(String, Route, u64)>,
    reports: Vec<InputReport>,
    rejects: Vec<Reject>,
}

fn over() -> PyErr {
    PyRuntimeError::new_err("this evaluator is finished: nothing more can come")
}

#[pymethods]
impl Evaluator {
    #[new]
    #[pyo3(signature = (policies, *, as_of = None, threads = None))]
    fn new(
        py: Python<'_>,
        policies: &PolicySet,
        as_of: Option<&Bound<'_, PyAny>>,
        threads: Option<usize>,
    ) -> PyResult<Evaluator> {
        let plan = policies.plan(py)?;
        let options = records::options(py, plan, as_of, threads, false)?;
        let evaluator =
            bylaws::Evaluator::new(plan.clone(), options).map_err(|e| PyRuntimeError::new_err(e.to_string()))?;
        let state = State {
            evaluator,
            ingest: Ingest::new(&plan.reading()),
            threads: options.threads,
            sources: policies.sources().clone(),
            inputs: Vec::new(),
            reports: Vec::new(),
            rejects: Vec::new(),
        };
        Ok(Evaluator { state: Mutex::new(Some(state)) })
    }

    /// Takes a batch, a table or a stream of batches of one kind or source.
    fn push(&self, py: Python<'_>, name: &str, batches: &Bound<'_, PyAny>) -> PyResult<()> {
        let reader = records::reader(batches)?.into_reader()?;
        let taken = py.detach(|| {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.as_mut().map(|state| state.push(name, reader))
        });
        taken.ok_or_else(over)?.map_err(|t| crate::findings::trouble(py, &t))
    }

    /// Judges what has come in. Nothing more can come.
    fn finish(&self, py: Python<'_>) -> PyResult<Findings> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(over)?;
        let outcome = py.detach(|| {
            let State { evaluator, sources, inputs, reports, rejects, .. } = state;
            let inputs = inputs.into_iter().map(|(name, ..)| name).collect();
            Outcome { findings: evaluator.finish(), sources, inputs, reports, rejects }
        });
        Findings::of(py, Ok(outcome))
    }
}

impl State {
    fn push(&mut self, name: &str, mut reader: Box<dyn arrow_array::RecordBatchReader + Send>) -> Result<(), Trouble> {
        let at = match self.inputs.iter().position(|(n, ..)| n == name) {
            Some(at) => at,
            None => {
                let route = Route::named(name, &self.evaluator.plan().reading());
                let route = route.map_err(|e| Trouble::Input(String::new(), e))?;
                self.inputs.push((name.into(), route, 0));
                self.reports.push(InputReport::default());
                self.inputs.len() - 1
            }
        };
        let (_, route, first) = &self.inputs[at];
        let spec = InputSpec { id: InputId(at as u32), name: name.into(), format: None, route: route.clone() };
        let mut counted = Counted { reader: &mut *reader, rows: 0 };
        let read = run::take(&self.evaluator, self.threads, |options, sink, _| {
            let read = self.ingest.columns(&spec, (&mut counted, *first), options, sink, None);
            read.map_err(|e| Trouble::Input(name.into(), e))
        });
        self.inputs[at].2 += counted.rows;
        let (report, rejects) = read?;
        let so_far = &mut self.reports[at];
        report.records.into_iter().for_each(|(kind, n)| *so_far.records.entry(kind).or_default() += n);
        so_far.rejected += report.rejected;
        so_far.unclaimed += report.unclaimed;
        so_far.malformed += report.malformed;
        so_far.notes.extend(report.notes);
        self.rejects.extend(rejects);
        Ok(())
    }
}

/// Batches as they go by.
pub struct Counted<'r> {
    pub reader: &'r mut (dyn arrow_array::RecordBatchReader + Send),
    pub rows: u64,
}

impl Iterator for Counted<'_> {
    type Item = Result<arrow_array::RecordBatch, arrow_schema::ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.reader.next();
        if let Some(Ok(batch)) = &next {
            self.rows += batch.num_rows() as u64;
        }
        next
    }
}

impl arrow_array::RecordBatchReader for Counted<'_> {
    fn schema(&self) -> arrow_schema::SchemaRef {
        self.reader.schema()
    }
}
