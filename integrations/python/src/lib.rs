//! Bylaws for Python: the same evaluator, over Arrow tables of any library.

mod errors;
mod files;
mod findings;
mod guards;
mod policies;
mod records;
mod run;
mod stages;
mod stream;

use pyo3::prelude::*;

#[pymodule]
fn _bylaws(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<policies::PolicySet>()?;
    module.add_class::<findings::Findings>()?;
    module.add_class::<stream::Evaluator>()?;
    module.add_class::<stages::Stage>()?;
    module.add_class::<stages::Survey>()?;
    module.add_function(wrap_pyfunction!(stages::stages, module)?)
}
