//! A policy set, checked and compiled once.

use crate::errors;
use crate::files::Disk;
use crate::findings::Findings;
use crate::{records, run};
use bylaws::{Checked, Diagnostic, Files, MemoryFiles, Plan, SourceMap};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Policy files, parsed and checked.
#[pyclass(frozen, module = "bylaws")]
pub struct PolicySet {
    sources: Arc<SourceMap>,
    told: Vec<Diagnostic>,
    /// None where there are errors.
    compiled: Option<Compiled>,
}

struct Compiled {
    plan: Arc<Plan>,
    saved: Vec<u8>,
}

impl PolicySet {
    fn of(py: Python<'_>, files: &dyn Files, paths: &[String], set: BTreeMap<String, String>) -> PyResult<PolicySet> {
        let mut policies = bylaws::PolicySet::load(files, paths).map_err(|e| errors::unreadable(py, &e))?;
        let set: Vec<(String, String)> = set.into_iter().collect();
        let checked: Checked = policies.check(&set);
        let compiled = checked
            .compile()
            .zip(checked.save(policies.sources()))
            .map(|(plan, saved)| Compiled { plan: Arc::new(plan), saved });
        Ok(PolicySet { sources: Arc::new(policies.sources().clone()), told: checked.diagnostics().to_vec(), compiled })
    }

    fn compiled(&self, py: Python<'_>) -> PyResult<&Compiled> {
        self.compiled.as_ref().ok_or_else(|| errors::policy(py, &self.sources, &self.told))
    }

    pub fn plan(&self, py: Python<'_>) -> PyResult<&Arc<Plan>> {
        Ok(&self.compiled(py)?.plan)
    }

    /// The typed rules.
    pub fn hir(&self, py: Python<'_>) -> PyResult<bylaws::TypedRules> {
        let saved = Plan::load(&self.compiled(py)?.saved).and_then(|s| s.hir());
        saved.map_err(|e| errors::records(py, None, &e.to_string(), None))
    }

    pub fn sources(&self) -> &Arc<SourceMap> {
        &self.sources
    }
}

#[pymethods]
impl PolicySet {
    /// Reads policy files and folders of them. `set` gives parameters other values, as written.
    #[staticmethod]
    #[pyo3(signature = (paths, *, set = BTreeMap::new()))]
    fn load(py: Python<'_>, paths: &Bound<'_, PyAny>, set: BTreeMap<String, String>) -> PyResult<PolicySet> {
        let paths = records::paths(paths)?;
        let paths: Vec<String> = paths.iter().map(|p| p.to_string_lossy().into_owned()).collect();
        PolicySet::of(py, &Disk, &paths, set)
    }

    /// Policy texts by their names.
    #[staticmethod]
    #[pyo3(signature = (texts, *, set = BTreeMap::new()))]
    fn from_texts(
        py: Python<'_>,
        texts: BTreeMap<String, String>,
        set: BTreeMap<String, String>,
    ) -> PyResult<PolicySet> {
        let names: Vec<String> = texts.keys().cloned().collect();
        PolicySet::of(py, &MemoryFiles::from_iter(texts), &names, set)
    }

    /// What `save` or `bylaws compile` of the same version made.
    #[staticmethod]
    fn from_plan(py: Python<'_>, plan: &[u8]) -> PyResult<PolicySet> {
        let saved = Plan::load(plan).map_err(|e| errors::records(py, None, &e.to_string(), None))?;
        Ok(PolicySet {
            sources: Arc::new(saved.sources),
            told: saved.warnings,
            compiled: Some(Compiled { plan: saved.plan, saved: plan.to_vec() }),
        })
    }

    /// The compiled set as bytes, for another process with the same version.
    fn save<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.compiled(py)?.saved))
    }

    /// Warnings. Errors are raised, all at once.
    fn check<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.compiled(py)?;
        errors::diagnostics(py, &self.sources, &self.told)
    }

    /// All that was found wrong, without raising it.
    #[getter]
    fn diagnostics<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        errors::diagnostics(py, &self.sources, &self.told)
    }

    /// The rules' names.
    #[getter]
    fn rules(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        let mut names: Vec<String> = self.plan(py)?.rules.iter().map(|r| r.name.clone()).collect();
        names.dedup();
        Ok(names)
    }

    /// The kinds that what goes by this name, a kind or a source, may hold.
    fn kinds(&self, py: Python<'_>, name: &str) -> PyResult<Vec<String>> {
        let plan = self.plan(py)?;
        let kinds = crate::stages::kinds_of(plan, &crate::stages::route(py, name, plan)?);
        Ok(kinds.into_iter().map(|k| plan.schema.kind(k).name.clone()).collect())
    }

    /// Judges records: tables by the name of a kind or source, or paths.
    #[pyo3(signature = (records, *, as_of = None, threads = None))]
    fn audit(
        &self,
        py: Python<'_>,
        records: &Bound<'_, PyAny>,
        as_of: Option<&Bound<'_, PyAny>>,
        threads: Option<usize>,
    ) -> PyResult<Findings> {
        let plan = self.plan(py)?;
        let given = records::all(records, &plan.reading())?;
        let options = records::options(py, plan, as_of, threads, true)?;
        let outcome = py.detach(|| run::audit(plan, self.sources.clone(), &given, options));
        Findings::of(py, outcome)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        Ok((py.get_type::<PolicySet>().getattr("from_plan")?, (self.save(py)?,)))
    }
}
