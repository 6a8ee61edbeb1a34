//! What a run on several machines is made of, for whatever engine carries the records: `bylaws.spark` is one.

use crate::errors;
use crate::findings::trouble;
use crate::guards::{Guard, guards};
use crate::policies::PolicySet;
use crate::records;
use crate::run::Trouble;
use crate::stream::Counted;
use arrow_array::builder::{BinaryBuilder, Int32Builder, Int64Builder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{ArrayRef, RecordBatch, RecordBatchReader};
use bylaws::{
    ApartError, Batch, By, EvalOptions, Evaluator, Extent, Findings, Ingest, IngestOptions, InputError, InputId,
    InputSpec, KindId, Moved, Part, Plan, Reject, Route, Sieves, Sift, Sink, SourceMap, Time, verdict_columns,
    verdict_order,
};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::PyTable;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// First and last day, and first and last instant.
type Reach = (Option<(i32, i32)>, Option<(i64, i64)>);

const ON_ONE: &str = "judge these records on one machine with `bylaws audit`, where such a record leaves open what it \
                      may change; or set them aside before";

fn apart(py: Python<'_>, error: &ApartError) -> PyErr {
    let help = match error {
        ApartError::NoKey { .. } | ApartError::TwoKeys { .. } => ON_ONE,
        ApartError::Order => "sort each part by its columns `key` and `time`",
        _ => return PyRuntimeError::new_err(error.to_string()),
    };
    errors::records(py, None, &error.to_string(), Some(help))
}

/// Has batches read into typed ones, without the rows that a sieve lets go. What cannot be a record at all ends the run.
fn typed(
    (ingest, sieve): (&Ingest, Option<&Sieves>),
    name: &str,
    route: &Route,
    reader: &mut (dyn RecordBatchReader + Send),
    first: u64,
) -> Result<Vec<Batch>, Trouble> {
    let taken: Mutex<Vec<Batch>> = Mutex::default();
    let rejected: Mutex<Option<Reject>> = Mutex::default();
    let batch = |batch: Batch| taken.lock().unwrap_or_else(PoisonError::into_inner).push(batch);
    let reject = |reject: Reject| {
        rejected.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reject);
    };
    let sink = Sink { batch: &batch, reject: &reject, advance: &|_| () };
    let spec = InputSpec { id: InputId(0), name: name.into(), format: None, route: route.clone() };
    let wrong = |e: InputError| Trouble::Input(name.into(), e);
    // How far they reach, and which of them come twice, is known already.
    let sift = sieve.map(|sieve| Sift { sieve, rest: &|_| () });
    ingest.columns(&spec, (reader, first), IngestOptions::default(), sink, sift).map_err(wrong)?;
    if let Some(reject) = rejected.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let message = format!("a record cannot be read: {}", reject.reason);
        return Err(Trouble::Input(name.into(), InputError { code: reject.code, message, help: None }));
    }
    let mut batches = taken.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Reports name a record's kind for the file that it was in.
    for batch in &mut batches {
        let input = InputId(batch.kind.0);
        batch.places.iter_mut().for_each(|p| p.input = input);
    }
    Ok(batches)
}

fn moved_columns(py: Python<'_>, moved: Vec<Moved>) -> PyResult<PyTable> {
    let mut kinds = Int32Builder::new();
    let (mut keys, mut times, mut rows) = (Int64Builder::new(), Int64Builder::new(), BinaryBuilder::new());
    for one in moved {
        kinds.append_value(one.kind.0 as i32);
        keys.append_value(one.key);
        times.append_value(one.time);
        rows.append_value(one.row);
    }
    let columns: [(&str, ArrayRef); 4] = [
        ("kind", Arc::new(kinds.finish())),
        ("key", Arc::new(keys.finish())),
        ("time", Arc::new(times.finish())),
        ("row", Arc::new(rows.finish())),
    ];
    table(py, RecordBatch::try_from_iter_with_nullable(columns.map(|(n, c)| (n, c, false))))
}

fn table(_py: Python<'_>, batch: Result<RecordBatch, arrow_schema::ArrowError>) -> PyResult<PyTable> {
    let batch = batch.map_err(|e| PyRuntimeError::new_err(e.to_string()))?;
    let schema = batch.schema();
    PyTable::try_new(vec![batch], schema)
}

/// The verdicts in columns; with `_later`, what rules over findings read of each.
fn verdicts(findings: &Findings, sources: &SourceMap) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let names: Vec<String> = findings.plan().schema.kinds.iter().map(|k| k.name.clone()).collect();
    let columns = verdict_columns(findings, sources, &names)?;
    let mut later = BinaryBuilder::new();
    verdict_order(findings).into_iter().for_each(|i| later.append_option(findings.for_later(i)));
    let later: ArrayRef = Arc::new(later.finish());
    let schema = columns.schema();
    let own = schema.fields().iter().zip(columns.columns()).map(|(f, c)| (f.name().as_str(), c.clone(), true));
    RecordBatch::try_from_iter_with_nullable(own.chain([("_later", later, true)]))
}

/// Rules that are judged in one go on several machines.
#[pyclass(frozen, module = "bylaws")]
pub struct Stage {
    stage: Arc<bylaws::Stage>,
    sources: Arc<SourceMap>,
}

impl PolicySet {
    fn stage_list(&self, py: Python<'_>) -> PyResult<Vec<Stage>> {
        let hir = self.hir(py)?;
        let stages = py.detach(|| bylaws::stages(&hir));
        let of = |stage| Stage { stage: Arc::new(stage), sources: self.sources().clone() };
        Ok(stages.into_iter().map(of).collect())
    }
}

/// The stages of a policy set, in an order in which they can be run.
#[pyfunction]
pub fn stages(py: Python<'_>, policies: &PolicySet) -> PyResult<Vec<Stage>> {
    policies.stage_list(py)
}

/// How far records reach, and of each a mark that repeats have in common. `tag` 0: `a` is a mark, and `b` is equal where
/// repeats agree on what brings them together; 1: first and last day; 2: first and last instant.
#[pyclass(frozen, module = "bylaws")]
pub struct Survey {
    survey: bylaws::Survey,
    evaluator: Evaluator,
    ingest: Ingest,
    marks: bool,
}

#[pymethods]
impl Survey {
    #[new]
    #[pyo3(signature = (policies, *, as_of = None, marks = true))]
    fn new(py: Python<'_>, policies: &PolicySet, as_of: Option<&Bound<'_, PyAny>>, marks: bool) -> PyResult<Survey> {
        let plan = policies.plan(py)?;
        let options = records::options(py, plan, as_of, Some(1), false)?;
        let survey = bylaws::survey(plan, &bylaws::stages(&policies.hir(py)?));
        let ingest = Ingest::new(&survey.plan.reading());
        let evaluator =
            Evaluator::new(survey.plan.clone(), options).map_err(|e| PyRuntimeError::new_err(e.to_string()))?;
        Ok(Survey { survey, evaluator, ingest, marks })
    }

    /// The paths of the columns that are read of what goes by this name.
    fn paths(&self, py: Python<'_>, name: &str) -> PyResult<Vec<Vec<String>>> {
        let route = route(py, name, self.evaluator.plan())?;
        Ok(self.ingest.paths(&route))
    }

    fn take(&self, py: Python<'_>, name: &str, batches: &Bound<'_, PyAny>) -> PyResult<PyTable> {
        let route = route(py, name, self.evaluator.plan())?;
        let mut reader = records::reader(batches)?.into_reader()?;
        let told = py.detach(|| -> Result<_, Trouble> {
            let mut told: Vec<(i32, i64, i64)> = Vec::new();
            for batch in typed((&self.ingest, None), name, &route, &mut *reader, 0)? {
                let keys = self.survey.keys.get(&batch.kind).filter(|_| self.marks);
                let of = keys.map_or(&[][..], Vec::as_slice);
                let (marks, reach) = self.evaluator.survey(batch, of).map_err(|e| Trouble::Other(e.to_string()))?;
                if keys.is_some() {
                    told.extend(marks.into_iter().map(|(mark, by)| (0, mark, by)));
                }
                told.extend(reach.dates.map(|(a, b)| (1, a.into(), b.into())));
                told.extend(reach.instants.map(|(a, b)| (2, a, b)));
            }
            Ok(told)
        });
        let told = told.map_err(|t| trouble(py, &t))?;
        let (mut tags, mut a, mut b) = (Int32Builder::new(), Int64Builder::new(), Int64Builder::new());
        for (tag, first, last) in told {
            tags.append_value(tag);
            a.append_value(first);
            b.append_value(last);
        }
        let columns: [(&str, ArrayRef); 3] =
            [("tag", Arc::new(tags.finish())), ("a", Arc::new(a.finish())), ("b", Arc::new(b.finish()))];
        table(py, RecordBatch::try_from_iter_with_nullable(columns.map(|(n, c)| (n, c, false))))
    }

    /// That repeats do not agree on what brings them together.
    fn two_keys(&self, py: Python<'_>) -> PyErr {
        let schema = &self.survey.plan.schema;
        let shown = |(kind, columns): (&KindId, &Vec<bylaws::ColumnId>)| {
            let of = schema.kind(*kind);
            columns.iter().map(|c| format!("`{}` of `{}`", of.columns[c.0 as usize].name, of.name)).collect::<Vec<_>>()
        };
        let shown: Vec<String> = self.survey.keys.iter().flat_map(shown).collect();
        let message = format!(
            "records of one identity, or alike and without one, differ in a field by which they would have to come together with \
             others: {}",
            shown.join(", ")
        );
        errors::records(py, None, &message, Some(ON_ONE))
    }
}

pub fn route(py: Python<'_>, name: &str, plan: &Plan) -> PyResult<Route> {
    Route::named(name, &plan.reading()).map_err(|e| errors::input(py, "", &e))
}

/// The kinds that an input of this name may hold.
pub fn kinds_of(plan: &Plan, route: &Route) -> Vec<KindId> {
    match route {
        Route::Kind(kind) => vec![*kind],
        Route::Sources(sources) => sources.iter().filter_map(|&s| Some(plan.sources.get(s)?.kind)).collect(),
        Route::Tagged => Vec::new(),
    }
}

impl Stage {
    fn plan(&self) -> &Arc<Plan> {
        &self.stage.plan
    }

    fn names<'p>(&'p self, kind: KindId, columns: &[bylaws::ColumnId]) -> (&'p str, Vec<String>) {
        let of = self.plan().schema.kind(kind);
        (&of.name, columns.iter().map(|c| of.columns[c.0 as usize].name.clone()).collect())
    }

    fn options(&self, py: Python<'_>, as_of: Option<&Bound<'_, PyAny>>) -> PyResult<EvalOptions> {
        records::options(py, self.plan(), as_of, Some(1), false)
    }

    /// What tells rows that no rule can find anything in; none where records of which there are several have to meet.
    fn sieve(&self, py: Python<'_>, as_of: Option<&Bound<'_, PyAny>>, several: &[i64]) -> PyResult<Option<Sieves>> {
        if !several.is_empty() {
            return Ok(None);
        }
        let options = EvalOptions { twice: true, ..self.options(py, as_of)? };
        let sieve = Evaluator::new(self.plan().clone(), options).and_then(|evaluator| evaluator.sieve());
        sieve.map_err(|e| PyRuntimeError::new_err(e.to_string()))
    }

    fn tables(&self, py: Python<'_>, tables: &Bound<'_, PyDict>) -> PyResult<Vec<Batch>> {
        let ingest = Ingest::new(&self.plan().reading());
        let mut all = Vec::new();
        for (name, value) in tables.iter() {
            let name: String = name.extract()?;
            let route = route(py, &name, self.plan())?;
            let mut reader = records::reader(&value)?.into_reader()?;
            let typed =
                py.detach(|| typed((&ingest, None), &name, &route, &mut *reader, 0)).map_err(|t| trouble(py, &t))?;
            let read = |b: &Batch| self.plan().kinds.get(b.kind.0 as usize).is_some_and(|k| k.projection.is_some());
            all.extend(typed.into_iter().filter(read));
        }
        Ok(all)
    }
}

fn extent((dates, instants): Reach) -> Extent {
    Extent { dates, instants }
}

#[pymethods]
impl Stage {
    /// Findings of stages of lower levels come before.
    #[getter]
    fn level(&self) -> u32 {
        self.stage.level
    }

    /// `record`: each by itself; `key`: those with one key together; `everyone`: all in one place.
    #[getter]
    fn by(&self) -> &'static str {
        match self.stage.by {
            By::Record => "record",
            By::Key(_) => "key",
            By::Everyone => "everyone",
        }
    }

    #[getter]
    fn rules(&self) -> Vec<String> {
        let mut names: Vec<String> = self.plan().rules.iter().map(|r| r.name.clone()).collect();
        names.dedup();
        names
    }

    /// By kind of record: the column by whose values its records come together.
    #[getter]
    fn keys(&self) -> BTreeMap<String, String> {
        let keys = self.stage.records().filter_map(|(kind, _)| Some((kind, self.stage.key(kind)?)));
        let named = keys.map(|(kind, column)| (self.names(kind, &[column]), kind));
        named.map(|((name, columns), _)| (name.to_owned(), columns.concat())).collect()
    }

    /// By kind of record: the fields that are read.
    #[getter]
    fn records(&self) -> BTreeMap<String, Vec<String>> {
        let read = self.stage.records().map(|(kind, columns)| self.names(kind, &columns));
        read.map(|(name, columns)| (name.to_owned(), columns)).collect()
    }

    /// By table that every part needs whole: the fields that are read.
    #[getter]
    fn tables_read(&self) -> BTreeMap<String, Vec<String>> {
        let read = self.stage.tables().map(|(kind, columns)| self.names(kind, &columns));
        read.map(|(name, columns)| (name.to_owned(), columns)).collect()
    }

    /// Whether findings of earlier stages are read.
    #[getter]
    fn findings(&self) -> bool {
        self.stage.findings().is_some()
    }

    /// Whether what goes by this name, a kind or a source, is read.
    fn reads(&self, py: Python<'_>, name: &str) -> PyResult<bool> {
        let kinds = kinds_of(self.plan(), &route(py, name, self.plan())?);
        let read = |kind: &KindId| self.plan().kinds.get(kind.0 as usize).is_some_and(|k| k.projection.is_some());
        Ok(kinds.iter().any(read))
    }

    /// The paths of the columns that are read of what goes by this name.
    fn paths(&self, py: Python<'_>, name: &str) -> PyResult<Vec<Vec<String>>> {
        Ok(Ingest::new(&self.plan().reading()).paths(&route(py, name, self.plan())?))
    }

    /// Tests that a row which may be something to a rule passes, as far as its columns have these types and are there:
    /// in each list there is one that others fail. None where any row may be something.
    fn guards(&self, py: Python<'_>, name: &str) -> PyResult<Option<Vec<Vec<Guard>>>> {
        let route = route(py, name, self.plan())?;
        Ok(guards(&self.stage, &Ingest::new(&self.plan().reading()), &route))
    }

    /// What sends records to where they are judged. `several`: marks of records of which there may be several.
    #[pyo3(signature = (several, *, as_of = None))]
    fn scatter(&self, py: Python<'_>, several: Vec<i64>, as_of: Option<&Bound<'_, PyAny>>) -> PyResult<Scatter> {
        let evaluator = Evaluator::new(self.plan().clone(), self.options(py, as_of)?)
            .map_err(|e| PyRuntimeError::new_err(e.to_string()))?;
        let ingest = Ingest::new(&self.plan().reading());
        let sieve = self.sieve(py, as_of, &several)?;
        Ok(Scatter { stage: self.stage.clone(), evaluator, ingest, sieve, several: several.into_iter().collect() })
    }

    /// What judges records each by itself.
    #[pyo3(signature = (tables, reach, several, *, as_of = None))]
    fn single(
        &self,
        py: Python<'_>,
        tables: &Bound<'_, PyDict>,
        reach: Reach,
        several: Vec<i64>,
        as_of: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Single> {
        let mut evaluator = Evaluator::new(self.plan().clone(), self.options(py, as_of)?)
            .map_err(|e| PyRuntimeError::new_err(e.to_string()))?;
        evaluator.reaches(extent(reach));
        for table in self.tables(py, tables)? {
            evaluator.push(table).map_err(|e| PyRuntimeError::new_err(e.to_string()))?;
        }
        let state = SingleState { evaluator, rows: 0 };
        Ok(Single {
            state: Mutex::new(Some(state)),
            sieve: self.sieve(py, as_of, &several)?,
            ingest: Ingest::new(&self.plan().reading()),
            sources: self.sources.clone(),
            several: several.into_iter().collect(),
        })
    }

    /// What judges records that have come together.
    #[pyo3(signature = (tables, reach, *, as_of = None))]
    fn part(
        &self,
        py: Python<'_>,
        tables: &Bound<'_, PyDict>,
        reach: Reach,
        as_of: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Together> {
        let as_of: Option<Time> = self.options(py, as_of)?.as_of;
        let part = Part::new(self.stage.clone(), self.tables(py, tables)?, extent(reach), as_of);
        Ok(Together { part: Mutex::new(Some(part)), sources: self.sources.clone() })
    }

    /// Findings of earlier stages, in the column `_later`, on their way to this one.
    fn found(&self, py: Python<'_>, batches: &Bound<'_, PyAny>) -> PyResult<PyTable> {
        let mut moved = Vec::new();
        for batch in records::reader(batches)?.into_reader()? {
            let batch = batch.map_err(|e| PyRuntimeError::new_err(e.to_string()))?;
            let column = batch.column_by_name("_later").and_then(|c| c.as_binary_opt::<i32>());
            let column = column.ok_or_else(|| PyRuntimeError::new_err("there is no binary column `_later`"))?;
            for bytes in column.iter().flatten() {
                moved.extend(bylaws::found(&self.stage, bytes).map_err(|e| apart(py, &e))?);
            }
        }
        moved_columns(py, moved)
    }
}

#[pyclass(frozen, module = "bylaws")]
pub struct Scatter {
    stage: Arc<bylaws::Stage>,
    evaluator: Evaluator,
    ingest: Ingest,
    sieve: Option<Sieves>,
    several: bylaws::Marks,
}

#[pymethods]
impl Scatter {
    fn take(&self, py: Python<'_>, name: &str, batches: &Bound<'_, PyAny>) -> PyResult<PyTable> {
        let route = route(py, name, self.evaluator.plan())?;
        let mut reader = records::reader(batches)?.into_reader()?;
        let typed = py.detach(|| typed((&self.ingest, self.sieve.as_ref()), name, &route, &mut *reader, 0));
        let typed = typed.map_err(|t| trouble(py, &t))?;
        let moved = py.detach(|| {
            let read = |b: &Batch| self.stage.plan.kinds.get(b.kind.0 as usize).is_some_and(|k| k.projection.is_some());
            let mut all = Vec::new();
            for batch in typed.into_iter().filter(read) {
                all.extend(self.evaluator.scatter(batch, &self.stage.by, &self.several)?);
            }
            Ok(all)
        });
        moved_columns(py, moved.map_err(|e| apart(py, &e))?)
    }
}

struct SingleState {
    evaluator: Evaluator,
    rows: u64,
}

#[pyclass(frozen, module = "bylaws")]
pub struct Single {
    state: Mutex<Option<SingleState>>,
    ingest: Ingest,
    sieve: Option<Sieves>,
    sources: Arc<SourceMap>,
    several: bylaws::Marks,
}

fn over() -> PyErr {
    PyRuntimeError::new_err("it is finished: nothing more can come")
}

#[pymethods]
impl Single {
    fn take(&self, py: Python<'_>, name: &str, batches: &Bound<'_, PyAny>) -> PyResult<()> {
        let mut reader = records::reader(batches)?.into_reader()?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = state.as_mut().ok_or_else(over)?;
        let route = route(py, name, state.evaluator.plan())?;
        let done = py.detach(|| -> Result<(), Trouble> {
            let mut counted = Counted { reader: &mut *reader, rows: 0 };
            let typed = typed((&self.ingest, self.sieve.as_ref()), name, &route, &mut counted, state.rows)?;
            state.rows += counted.rows;
            for batch in typed {
                state.evaluator.take_single(batch, &self.several).map_err(|e| Trouble::Other(e.to_string()))?;
            }
            Ok(())
        });
        done.map_err(|t| trouble(py, &t))
    }

    fn finish(&self, py: Python<'_>) -> PyResult<PyTable> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(over)?;
        table(py, py.detach(|| verdicts(&state.evaluator.finish(), &self.sources)))
    }
}

#[pyclass(frozen, module = "bylaws")]
pub struct Together {
    part: Mutex<Option<Part>>,
    sources: Arc<SourceMap>,
}

#[pymethods]
impl Together {
    /// Takes records in the order of `key` and `time`. What some of them came to is given as soon as it is known.
    fn take(&self, py: Python<'_>, batches: &Bound<'_, PyAny>) -> PyResult<Vec<PyTable>> {
        let reader = records::reader(batches)?.into_reader()?;
        let mut part = self.part.lock().unwrap_or_else(PoisonError::into_inner);
        let part = part.as_mut().ok_or_else(over)?;
        let mut done = Vec::new();
        for batch in reader {
            let batch = batch.map_err(|e| PyRuntimeError::new_err(e.to_string()))?;
            let wrong =
                || PyRuntimeError::new_err("expected the columns kind, key, time and row, as `scatter` gives them");
            let column = |name| batch.column_by_name(name).filter(|c| c.null_count() == 0).ok_or_else(wrong);
            let kinds = column("kind")?.as_primitive_opt::<Int32Type>().ok_or_else(wrong)?;
            let keys = column("key")?.as_primitive_opt::<Int64Type>().ok_or_else(wrong)?;
            let times = column("time")?.as_primitive_opt::<Int64Type>().ok_or_else(wrong)?;
            let rows = column("row")?.as_binary_opt::<i32>().ok_or_else(wrong)?;
            let found = py.detach(|| -> Result<Vec<Findings>, ApartError> {
                let mut found = Vec::new();
                // One of no kind says only that there is somebody to judge.
                for n in (0..batch.num_rows()).filter(|&n| kinds.value(n) >= 0) {
                    let kind = KindId(kinds.value(n) as u32);
                    let (key, time, row) = (keys.value(n), times.value(n), rows.value(n).to_vec());
                    found.extend(part.push(Moved { kind, key, time, row })?);
                }
                Ok(found)
            });
            for findings in found.map_err(|e| apart(py, &e))? {
                done.push(table(py, py.detach(|| verdicts(&findings, &self.sources)))?);
            }
        }
        Ok(done)
    }

    fn finish(&self, py: Python<'_>) -> PyResult<PyTable> {
        let part = self.part.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(over)?;
        let findings = py.detach(|| part.finish()).map_err(|e| apart(py, &e))?;
        table(py, py.detach(|| verdicts(&findings, &self.sources)))
    }
}
