//! What goes wrong, as the exceptions of `bylaws._errors`.

use bylaws::{Diagnostic, InputError, LoadError, SourceMap, diagnostic_text};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("bylaws._errors")?.getattr(name)
}

fn raised(made: PyResult<Bound<'_, PyAny>>) -> PyErr {
    made.map_or_else(|error| error, PyErr::from_value)
}

/// Policies with errors.
pub fn policy(py: Python<'_>, sources: &SourceMap, told: &[Diagnostic]) -> PyErr {
    raised(diagnostics(py, sources, told).and_then(|list| class(py, "PolicyError")?.call1((list,))))
}

pub fn diagnostics<'py>(py: Python<'py>, sources: &SourceMap, told: &[Diagnostic]) -> PyResult<Bound<'py, PyList>> {
    let class = class(py, "Diagnostic")?;
    let list = PyList::empty(py);
    for d in told {
        let span = d.span();
        let (line, column) = sources.line_col(span);
        let given = PyDict::new(py);
        given.set_item("code", d.code.as_str())?;
        given.set_item("level", format!("{:?}", d.level).to_lowercase())?;
        given.set_item("message", &d.message)?;
        given.set_item("help", &d.help)?;
        given.set_item("file", &sources.file(span.file).name)?;
        given.set_item("line", line)?;
        given.set_item("column", column)?;
        given.set_item("span", (span.start, span.end))?;
        given.set_item("rendered", diagnostic_text(sources, d))?;
        list.append(class.call((), Some(&given))?)?;
    }
    Ok(list)
}

pub fn unreadable(py: Python<'_>, errors: &[LoadError]) -> PyErr {
    let told: Vec<String> = errors.iter().map(LoadError::to_string).collect();
    raised(class(py, "UnreadableError").and_then(|c| c.call1((told.join("; "),))))
}

/// Records that cannot be read as they were given.
pub fn input(py: Python<'_>, name: &str, error: &InputError) -> PyErr {
    let message = if name.is_empty() { error.message.clone() } else { format!("{name}: {}", error.message) };
    records(py, Some(error.code.as_str()), &message, error.help.as_deref())
}

pub fn records(py: Python<'_>, code: Option<&str>, message: &str, help: Option<&str>) -> PyErr {
    raised(class(py, "RecordsError").and_then(|c| c.call1((message, code, help))))
}
