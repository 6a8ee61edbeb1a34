//! What a run found, for any library that reads Arrow.

use crate::errors;
use crate::run::{Outcome, Trouble};
use arrow_array::{ArrayRef, RecordBatch, StructArray};
use arrow_schema::Field;
use bylaws::{verdict_columns, verdict_text};
use pyo3::exceptions::{PyKeyError, PyOSError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList};
use pyo3_arrow::ffi::{ArrayIterator, to_schema_pycapsule, to_stream_pycapsule};
use std::sync::Arc;

/// The verdicts of a run but compliant ones, a row each, with the columns of `bylaws audit --format parquet`.
/// It is a table for whatever takes one by the Arrow PyCapsule interface.
#[pyclass(frozen, module = "bylaws")]
pub struct Findings {
    outcome: Outcome,
    columns: RecordBatch,
}

/// What ended a run.
pub fn trouble(py: Python<'_>, trouble: &Trouble) -> PyErr {
    match trouble {
        Trouble::Input(name, error) => errors::input(py, name, error),
        Trouble::Unreadable(name, error) => PyOSError::new_err(format!("cannot read `{name}`: {error}")),
        Trouble::Other(message) => PyRuntimeError::new_err(message.clone()),
    }
}

impl Findings {
    pub fn of(py: Python<'_>, outcome: Result<Outcome, Trouble>) -> PyResult<Findings> {
        let outcome = outcome.map_err(|t| trouble(py, &t))?;
        let columns = py.detach(|| verdict_columns(&outcome.findings, &outcome.sources, &outcome.inputs));
        let columns = columns.map_err(|e| PyRuntimeError::new_err(e.to_string()))?;
        Ok(Findings { outcome, columns })
    }
}

#[pymethods]
impl Findings {
    fn __len__(&self) -> usize {
        self.columns.num_rows()
    }

    fn __repr__(&self) -> String {
        format!("<bylaws.Findings: {} verdicts, {} records rejected>", self.columns.num_rows(), self.rejected())
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, self.columns.schema().as_ref())?)
    }

    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = self.columns.schema();
        let field = Arc::new(Field::new_struct("", schema.fields().clone(), false));
        let rows: ArrayRef = Arc::new(StructArray::from(self.columns.clone()));
        let stream = Box::new(ArrayIterator::new(vec![Ok(rows)], field));
        Ok(to_stream_pycapsule(py, stream, requested_schema)?)
    }

    /// By rule: how many records came to each verdict, compliant ones too.
    #[getter]
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let all = PyDict::new(py);
        let findings = &self.outcome.findings;
        let rules = &findings.plan().rules;
        for (name, of) in rules.chunk_by(|a, b| a.name == b.name).map(|of| (&of[0].name, of)) {
            let first = rules.iter().position(|r| r.name == *name).unwrap_or(0);
            let mut counts = findings.counts(first);
            (first + 1..first + of.len()).for_each(|i| counts.add(&findings.counts(i)));
            let line = PyDict::new(py);
            for verdict in bylaws::Verdict::ALL {
                line.set_item(verdict.as_str(), counts.of(verdict))?;
            }
            all.set_item(name, line)?;
        }
        Ok(all)
    }

    /// How many records were read, by kind.
    #[getter]
    fn records<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let all = PyDict::new(py);
        let kinds = self.outcome.findings.plan().schema.declared();
        for (i, kind) in kinds.iter().enumerate() {
            let of = |r: &bylaws::InputReport| {
                r.records.iter().filter(|(k, _)| k.0 as usize == i).map(|(_, n)| *n).sum::<u64>()
            };
            all.set_item(&kind.name, self.outcome.reports.iter().map(of).sum::<u64>())?;
        }
        Ok(all)
    }

    /// How many records could not be read as such at all.
    #[getter]
    fn rejected(&self) -> u64 {
        self.outcome.reports.iter().map(|r| r.rejected).sum()
    }

    /// What could not be read: input, line, code and reason of each record.
    #[getter]
    fn rejects<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for reject in &self.outcome.rejects {
            let name = self.outcome.inputs.get(reject.place.input.0 as usize);
            let line = PyDict::new(py);
            line.set_item("file", name)?;
            line.set_item("line", reject.place.line)?;
            line.set_item("code", reject.code.as_str())?;
            line.set_item("reason", &reject.reason)?;
            list.append(line)?;
        }
        Ok(list)
    }

    /// One verdict in full, by its id: the rule's clauses, what they saw, and the records.
    fn explain(&self, py: Python<'_>, id: &str) -> PyResult<String> {
        let findings = &self.outcome.findings;
        let hex = |id: &[u8; 16]| id.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let at = findings.ids().iter().position(|own| hex(own) == id);
        let at = at.ok_or_else(|| PyKeyError::new_err(format!("no verdict has the id {id}")))?;
        Ok(py.detach(|| verdict_text(findings, at, &self.outcome.sources, &self.outcome.inputs)))
    }
}
