//! Headers of `.npy` files as text.

use mapray::format::npy::Header;
use mapray::{DType, Result};

/// Version, descr, shape, whether the order is Fortran's, and the byte at which the elements start.
pub type Parsed = ((u8, u8), String, Vec<usize>, bool, u64);

/// Reads a header, which has at most so many characters.
pub fn parse(bytes: &[u8], limit: usize) -> Result<Parsed> {
    let header = Header::parse_limited(bytes, limit)?;
    let descr = header.dtype.descr();
    Ok((header.version, descr, header.shape, header.fortran_order, header.data_offset))
}

/// The bytes of a header, in this version or the oldest that can hold it.
pub fn format(
    descr: &str,
    shape: Vec<usize>,
    fortran_order: bool,
    version: Option<(u8, u8)>,
) -> Result<Vec<u8>> {
    Header::new(DType::parse_descr(descr)?, shape, fortran_order)?.encode(version)
}
