//! Records as Python gives them: tables of whatever library, and paths.

use crate::errors;
use crate::run::{Given, Named};
use bylaws::{EvalOptions, Plan, Reading, Route, Time, format_of};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use pyo3_arrow::input::AnyRecordBatch;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A mapping from names of kinds or sources to tables and paths, or paths alone.
pub fn all(records: &Bound<'_, PyAny>, reading: &Reading) -> PyResult<Vec<Named>> {
    let mut found = Vec::new();
    if let Ok(mapping) = records.cast::<PyDict>() {
        for (name, value) in mapping.iter() {
            let name: String = name.extract()?;
            let route = Route::named(&name, reading).map_err(|e| errors::input(records.py(), "", &e))?;
            named(&name, &route, &value, &mut found)?;
        }
    } else {
        for path in paths(records)? {
            let name = path.display().to_string();
            let route = by_name(&name, &path, reading).map_err(|e| e.into_err(records.py(), &name))?;
            found.push(Named { name, route, given: Given::File(path) });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn named(name: &str, route: &Route, value: &Bound<'_, PyAny>, found: &mut Vec<Named>) -> PyResult<()> {
    if let Some(path) = path(value)? {
        let name = path.display().to_string();
        found.push(Named { name, route: route.clone(), given: Given::File(path) });
    } else if is_arrow(value)? {
        found.push(Named { name: name.into(), route: route.clone(), given: table(value)? });
    } else if let (false, Ok(several)) = (value.is_instance_of::<PyDict>(), value.try_iter()) {
        for one in several {
            named(name, route, &one?, found)?;
        }
    } else {
        return Err(not_records(value));
    }
    Ok(())
}

fn not_records(value: &Bound<'_, PyAny>) -> PyErr {
    let what = value.get_type().name().map_or_else(|_| "this".to_owned(), |n| n.to_string());
    PyTypeError::new_err(format!(
        "expected a path, or a table with the Arrow PyCapsule interface (pyarrow, polars, duckdb, pandas 2.2 and later), not {what}"
    ))
}

fn is_arrow(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(value.hasattr("__arrow_c_stream__")? || value.hasattr("__arrow_c_array__")?)
}

pub fn reader(value: &Bound<'_, PyAny>) -> PyResult<AnyRecordBatch> {
    if !is_arrow(value)? {
        return Err(not_records(value));
    }
    let given: AnyRecordBatch = value.extract()?;
    // Polars gives columns of nothing but nulls a buffer, which such a column has not.
    let nulls = given.schema()?.fields().iter().any(|f| *f.data_type() == arrow_schema::DataType::Null);
    if nulls && value.hasattr("to_arrow")? { value.call_method0("to_arrow")?.extract() } else { Ok(given) }
}

fn table(value: &Bound<'_, PyAny>) -> PyResult<Given> {
    let (batches, schema) = reader(value)?.into_table()?.into_inner();
    Ok(Given::Table(batches, schema))
}

/// A text, or what has a path of the file system.
fn path(value: &Bound<'_, PyAny>) -> PyResult<Option<PathBuf>> {
    if value.is_instance_of::<PyString>() || value.hasattr("__fspath__")? {
        return value.extract().map(Some);
    }
    Ok(None)
}

pub fn paths(value: &Bound<'_, PyAny>) -> PyResult<Vec<PathBuf>> {
    if let Some(path) = path(value)? {
        return Ok(vec![path]);
    }
    let Ok(several) = value.try_iter() else { return Err(not_records(value)) };
    several.map(|one| path(&one?)?.ok_or_else(|| not_records(value))).collect()
}

enum NoRoute {
    Unreadable(std::io::Error),
    Unclear,
}

impl NoRoute {
    fn into_err(self, py: Python<'_>, name: &str) -> PyErr {
        match self {
            NoRoute::Unreadable(error) => {
                errors::records(py, Some("B0001"), &format!("cannot read `{name}`: {error}"), None)
            }
            NoRoute::Unclear => {
                let message = format!("`{name}` does not say which records it holds");
                errors::records(py, None, &message, Some(&format!("say which: {{\"KIND\": \"{name}\"}}")))
            }
        }
    }
}

/// Objects name their kind themselves; else the only source of the format reads it.
fn by_name(name: &str, path: &Path, reading: &Reading) -> Result<Route, NoRoute> {
    use bylaws::Format;
    let mut head = Vec::new();
    let file = std::fs::File::open(path).map_err(NoRoute::Unreadable)?;
    file.take(4096).read_to_end(&mut head).map_err(NoRoute::Unreadable)?;
    let format = format_of(name, &head);
    let fitting: Vec<usize> =
        (0..reading.sources.len()).filter(|&i| reading.sources[i].format == Some(format)).collect();
    match (format, &fitting[..]) {
        (_, [only]) => Ok(Route::Sources(vec![*only])),
        (Format::Ndjson | Format::Json, []) => Ok(Route::Tagged),
        _ => Err(NoRoute::Unclear),
    }
}

/// How a run goes, from what Python says.
pub fn options(
    py: Python<'_>,
    plan: &Plan,
    as_of: Option<&Bound<'_, PyAny>>,
    threads: Option<usize>,
    twice: bool,
) -> PyResult<EvalOptions> {
    let threads = threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1);
    let as_of = as_of.map(|of| moment(py, plan, of)).transpose()?;
    Ok(EvalOptions { as_of, threads, twice, ..EvalOptions::default() })
}

/// A date or datetime, or a text as the command takes it.
fn moment(py: Python<'_>, plan: &Plan, value: &Bound<'_, PyAny>) -> PyResult<Time> {
    let text: String = match value.hasattr("isoformat")? {
        true => value.call_method0("isoformat")?.extract()?,
        false => value.extract()?,
    };
    plan.moment(&text).ok_or_else(|| {
        let help = "give a date like 2026-03-31, or a timestamp like 2026-03-31T18:00+08:00";
        errors::records(py, None, &format!("`{text}` is not a time"), Some(help))
    })
}
