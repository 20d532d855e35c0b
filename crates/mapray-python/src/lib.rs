//! `mapray._core`: the Rust half of the Python package. It knows bytes, layouts and files; what NumPy makes
//! of them is Python's business.

mod advice;
mod archive;
mod error;
mod exporter;
mod header;
mod map;
mod open;
mod part;
mod reduce;
mod save;

use pyo3::prelude::*;

#[pymodule]
mod _core {
    #[pymodule_export]
    use crate::archive::{Archive, Decoded};
    #[pymodule_export]
    use crate::map::Map;

    use std::ffi::OsString;
    use std::path::PathBuf;
    use std::process::ExitCode;

    use pyo3::buffer::PyBuffer;
    use pyo3::exceptions::PyValueError;

    use super::*;
    use crate::header::Parsed;
    use crate::open::Name;
    use crate::save::Array;

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

    /// Reads the header of a `.npy` file.
    #[pyfunction]
    fn parse_header(bytes: &[u8], limit: usize) -> PyResult<Parsed> {
        crate::header::parse(bytes, limit).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// The header of a `.npy` file.
    #[pyfunction]
    fn format_header(
        descr: &str,
        shape: Vec<usize>,
        fortran_order: bool,
        version: Option<(u8, u8)>,
    ) -> PyResult<Vec<u8>> {
        crate::header::format(descr, shape, fortran_order, version)
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// Fills memory that nobody but the caller knows with bytes of an open file from `offset` on.
    #[pyfunction]
    fn read(py: Python<'_>, file: Name, offset: u64, out: PyBuffer<u8>) -> PyResult<()> {
        let memory = crate::map::memory_of(&out)?;
        // SAFETY: the package hands in an array that it has just made and told nobody of.
        let bytes = unsafe { &mut *memory };
        py.detach(|| crate::open::read(file, offset, bytes))
    }

    /// Writes a `.npy` file.
    #[pyfunction]
    fn save(py: Python<'_>, path: PathBuf, array: Array) -> PyResult<()> {
        crate::save::save(py, path, &array)
    }

    /// Writes a `.npz` file.
    #[pyfunction]
    fn savez(py: Python<'_>, path: PathBuf, arrays: Vec<Array>, compress: bool) -> PyResult<()> {
        crate::save::savez(py, path, &arrays, compress)
    }

    /// Runs the `mapray` command and gives its exit code. `again` starts a process that does the same.
    #[pyfunction]
    fn run_command(py: Python<'_>, arguments: Vec<OsString>, again: Vec<OsString>) -> Option<u8> {
        let code = py.detach(|| mapray_cli::run(arguments, again));
        (0..=u8::MAX).find(|&number| ExitCode::from(number) == code)
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
