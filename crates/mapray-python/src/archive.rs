//! Members of an archive, decoded into memory that Python's arrays lie over.

use std::ffi::c_int;
use std::os::fd::RawFd;

use mapray::{DecodedArray, Order};
use pyo3::prelude::*;
use pyo3::{PyResult, ffi};

use crate::error::raise;
use crate::open;

/// An archive that is open.
#[pyclass(frozen, module = "mapray._core")]
pub struct Archive {
    archive: mapray::Archive,
}

#[pymethods]
impl Archive {
    /// Reads the directory of an open file, of which it keeps a descriptor.
    #[staticmethod]
    fn open(py: Python<'_>, file: RawFd) -> PyResult<Archive> {
        let archive = py.detach(|| open::archive(file))?;
        Ok(Archive { archive })
    }

    /// Reads a member, compressed or not, and checks its checksum.
    fn decode(&self, py: Python<'_>, name: &str) -> PyResult<Decoded> {
        let decode = || {
            let order = self.archive.entry(name)?.order;
            Ok(Decoded::new(self.archive.decode(name)?, order))
        };
        py.detach(decode).map_err(raise)
    }
}

/// A decoded member: a buffer that can be written.
#[pyclass(frozen, module = "mapray._core")]
pub struct Decoded {
    array: DecodedArray,
    bytes: Bytes,
    order: Order,
}

/// The bytes of a decoded member, which Python alone reads and writes.
struct Bytes(*mut [u8]);

// SAFETY: it leads to memory of the object's own; Python's users keep order among their threads, as with
// any array.
unsafe impl Send for Bytes {}
// SAFETY: as above.
unsafe impl Sync for Bytes {}

impl Decoded {
    fn new(mut array: DecodedArray, order: Order) -> Decoded {
        let bytes = Bytes(array.as_bytes_mut());
        Decoded { array, bytes, order }
    }
}

#[pymethods]
impl Decoded {
    #[getter]
    fn shape(&self) -> Vec<usize> {
        self.array.shape().to_vec()
    }

    /// The dtype, as the header of a `.npy` file spells it.
    #[getter]
    fn descr(&self) -> String {
        self.array.dtype().descr()
    }

    #[getter]
    fn fortran_order(&self) -> bool {
        self.order == Order::F
    }

    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let Bytes(bytes) = slf.get().bytes;
        // SAFETY: the view is Python's, to be filled in. The bytes are an allocation of the array's, which
        // neither moves nor goes while the object lives, which the view keeps; nothing else of the array
        // looks at them. Their number fits an `isize`, as that of any allocation.
        let code = unsafe {
            ffi::PyBuffer_FillInfo(view, slf.as_ptr(), bytes.cast(), bytes.len() as isize, 0, flags)
        };
        if code == 0 { Ok(()) } else { Err(PyErr::fetch(slf.py())) }
    }
}
