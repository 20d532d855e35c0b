//! Errors of the library as Python's exceptions.

use std::error::Error as _;
use std::io;

use mapray::{Error, ErrorKind};
use pyo3::PyErr;
use pyo3::exceptions::{
    PyBlockingIOError, PyIndexError, PyKeyError, PyOSError, PyTypeError, PyValueError,
};

/// `ESTALE`: the file is another one.
const STALE: i32 = 116;
/// `EAGAIN`: somebody else has it.
const AGAIN: i32 = 11;
/// `ENOSPC`: the disk is full.
const FULL: i32 = 28;
/// `EOPNOTSUPP`: it cannot be done here.
const UNSUPPORTED: i32 = 95;
/// `EIO`: the bytes are not there.
const GONE: i32 = 5;

/// The exception that says what this error says. What the system refused keeps its number, and so
/// becomes `FileNotFoundError`, `PermissionError` and so on.
pub fn raise(error: Error) -> PyErr {
    let message = error.to_string();
    let system = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    if let Some(code) = system.and_then(io::Error::raw_os_error) {
        // The message names the file and the system's reason already.
        return PyOSError::new_err((code, message));
    }
    match error.kind() {
        ErrorKind::Io | ErrorKind::Truncated => PyOSError::new_err((GONE, message)),
        ErrorKind::Space => PyOSError::new_err((FULL, message)),
        ErrorKind::Changed => PyOSError::new_err((STALE, message)),
        ErrorKind::Unsupported => PyOSError::new_err((UNSUPPORTED, message)),
        ErrorKind::Locked => PyBlockingIOError::new_err((AGAIN, message)),
        ErrorKind::Index => PyIndexError::new_err(message),
        ErrorKind::Member => PyKeyError::new_err(message),
        ErrorKind::Dtype => PyTypeError::new_err(message),
        _ => PyValueError::new_err(message),
    }
}

/// What every call on a closed map raises.
pub fn closed() -> PyErr {
    PyValueError::new_err("the map is closed")
}
