//! A Python type whose instances are `mmap.mmap` objects to whoever looks for one, and lend the pages of a
//! [`Map`] to whoever asks for a buffer.
//!
//! joblib and others know a memory map by an `mmap.mmap` at the end of an array's chain of bases. The pages
//! that such an object has itself are of no use here; an instance's attribute `_map` is the map.

use std::ffi::{c_int, c_void};
use std::ptr;

use pyo3::exceptions::PyBufferError;
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};
use pyo3::{PyResult, ffi};

use crate::map::Map;

/// Makes the type, as a subclass of `mmap.mmap`.
pub fn make_type(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
    let mut slots = [
        ffi::PyType_Slot { slot: ffi::Py_bf_getbuffer, pfunc: lend as *mut c_void },
        ffi::PyType_Slot { slot: ffi::Py_bf_releasebuffer, pfunc: take_back as *mut c_void },
        ffi::PyType_Slot { slot: 0, pfunc: ptr::null_mut() },
    ];
    let mut spec = ffi::PyType_Spec {
        name: c"mapray._core.Exporter".as_ptr(),
        // As its base.
        basicsize: 0,
        itemsize: 0,
        flags: (ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_BASETYPE) as u32,
        slots: slots.as_mut_ptr(),
    };
    let bases = PyTuple::new(py, [py.import("mmap")?.getattr("mmap")?])?;
    // SAFETY: the specification is complete and ends with an empty slot; Python copies what it keeps of it,
    // but the name, which is static.
    let made = unsafe { ffi::PyType_FromSpecWithBases(&raw mut spec, bases.as_ptr()) };
    // SAFETY: the call gives a new reference, or null with an exception set.
    let made = unsafe { Bound::from_owned_ptr_or_err(py, made)? };
    Ok(made.cast_into::<PyType>()?)
}

fn map_of<'py>(exporter: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Map>> {
    Ok(exporter.getattr("_map")?.cast_into::<Map>()?)
}

/// `bf_getbuffer`.
unsafe extern "C" fn lend(
    exporter: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    flags: c_int,
) -> c_int {
    // SAFETY: Python calls its slots with the interpreter attached.
    let py = unsafe { Python::assume_attached() };
    // SAFETY: it lends the object for the call.
    let object = unsafe { Bound::from_borrowed_ptr(py, exporter) };
    let lent = map_of(&object).and_then(|map| {
        let map = map.get();
        let (pages, len, readonly) = map.lend()?;
        // SAFETY: the view is Python's, to be filled in; the pages stay for as long as the map, which
        // lives as long as the exporter that the view keeps.
        let code = unsafe {
            ffi::PyBuffer_FillInfo(view, exporter, pages.cast(), len, readonly.into(), flags)
        };
        if code != 0 {
            map.take_back();
            return Err(PyErr::fetch(py));
        }
        Ok(())
    });
    let Err(error) = lent else {
        return 0;
    };
    // SAFETY: as above; a view that was not lent has no owner.
    unsafe { (*view).obj = ptr::null_mut() };
    let error = if error.is_instance_of::<PyBufferError>(py) {
        error
    } else {
        let raised = PyBufferError::new_err(error.to_string());
        raised.set_cause(py, Some(error));
        raised
    };
    error.restore(py);
    -1
}

/// `bf_releasebuffer`.
unsafe extern "C" fn take_back(exporter: *mut ffi::PyObject, _: *mut ffi::Py_buffer) {
    // SAFETY: Python calls its slots with the interpreter attached.
    let py = unsafe { Python::assume_attached() };
    // SAFETY: it lends the object for the call.
    let object = unsafe { Bound::from_borrowed_ptr(py, exporter) };
    // No exception can leave here; one that is on its way elsewhere must not be lost.
    if let Ok(map) = map_of(&object) {
        map.get().take_back();
    }
}
