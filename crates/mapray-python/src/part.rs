//! A part of a map as NumPy describes it.

use mapray::{DType, DynLiveMap, Result};
use pyo3::FromPyObject;

/// An array over the bytes of a map: where its first element lies, counted from the first byte of the
/// map, how many elements along each axis, how many bytes apart, and how large.
#[derive(FromPyObject)]
pub struct Part(usize, Vec<usize>, Vec<isize>, String);

impl Part {
    /// This part of the map.
    pub fn of(&self, map: &DynLiveMap) -> Result<DynLiveMap> {
        let Part(offset, shape, strides, descr) = self;
        map.view(DType::parse_descr(descr)?, shape, *offset, Some(strides))
    }
}
