//! `mapray._core`: the Rust half of the Python package. It knows bytes, layouts and files; what NumPy makes
//! of them is Python's business.

mod advice;
mod error;
mod exporter;
mod map;
mod open;
mod part;
mod reduce;

use pyo3::prelude::*;

#[pymodule]
mod _core {
    #[pymodule_export]
    use crate::map::Map;

    use super::*;

    /// Installs the handler that keeps the process alive where the file under a map is cut short.
    #[pyfunction]
    fn install_guard() -> PyResult<()> {
        mapray::guard::install().map_err(crate::error::raise)
    }

    /// Whether that handler is installed.
    #[pyfunction]
    fn is_guard_installed() -> bool {
        mapray::guard::is_installed()
    }

    /// How many references there are to an object.
    #[pyfunction]
    fn references(object: &Bound<'_, PyAny>) -> isize {
        // SAFETY: the object lives, and the interpreter is attached.
        unsafe { pyo3::ffi::Py_REFCNT(object.as_ptr()) }
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("Exporter", crate::exporter::make_type(module.py())?)
    }
}
