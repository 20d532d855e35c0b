//! Arrays of Python's memory as files.

use std::path::PathBuf;
use std::slice;

use mapray::{
    Compression, DType, Durability, DynView, Layout, Order, Result, SaveOptions, SavezOptions,
};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// An array whose elements lie side by side: name, descr, shape, whether in Fortran's order, and the
/// memory.
#[derive(FromPyObject)]
pub struct Array(String, String, Vec<usize>, bool, PyBuffer<u8>);

impl Array {
    fn view(&self) -> Result<DynView<'_>> {
        let Array(_, descr, shape, fortran, buffer) = self;
        let order = if *fortran { Order::F } else { Order::C };
        let layout = Layout::contiguous(DType::parse_descr(descr)?, shape, order, 0)?;
        let bytes = if buffer.len_bytes() == 0 {
            &[]
        } else {
            // SAFETY: the buffer, which `self` keeps, is contiguous and has so many bytes. Whoever writes
            // it while it is saved has been told by NumPy, which does the same, not to; the bytes are
            // only copied, so what comes of that are other bytes.
            unsafe { slice::from_raw_parts(buffer.buf_ptr().cast::<u8>(), buffer.len_bytes()) }
        };
        DynView::new(bytes, layout)
    }

    fn require_contiguous(&self) -> PyResult<()> {
        if self.4.is_c_contiguous() {
            return Ok(());
        }
        Err(PyValueError::new_err("the memory of an array to save must be contiguous"))
    }
}

/// Writes a `.npy` file: beside its place, then put there.
pub fn save(py: Python<'_>, path: PathBuf, array: &Array) -> PyResult<()> {
    array.require_contiguous()?;
    let options = SaveOptions::new().durability(Durability::Buffered);
    py.detach(|| options.save_dyn(path, &array.view()?)).map_err(crate::error::raise)
}

/// Writes an archive of arrays: beside its place, then put there.
pub fn savez(py: Python<'_>, path: PathBuf, arrays: &[Array], compress: bool) -> PyResult<()> {
    arrays.iter().try_for_each(Array::require_contiguous)?;
    let mut options = SavezOptions::new().durability(Durability::Buffered);
    if compress {
        options = options.compression(Compression::Deflate(6));
    }
    py.detach(|| {
        let views = arrays.iter().map(Array::view).collect::<Result<Vec<_>>>()?;
        options.save(path, arrays.iter().map(|array| &array.0).zip(&views))
    })
    .map_err(crate::error::raise)
}
