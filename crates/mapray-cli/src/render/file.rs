//! Arrays anywhere, of which only the elements that are shown are read.

use mapray::dtype::Kind;

use super::array::{Elements, array_str, shown};
use super::text;
use crate::failure::Failure;

/// More than anyone reads. A sparse file can hold a thousand elements of gigabytes each.
pub const MOST_BYTES: usize = 1 << 30;

/// NumPy's `str` of the array.
pub fn file_str(file: &impl Elements) -> Result<String, Failure> {
    require_readable(file)?;
    Ok(array_str(file)?)
}

/// NumPy's `str` of the one element of an array without axes, taken out of it.
pub fn element_str(file: &impl Elements) -> Result<String, Failure> {
    let Kind::Bytes(_) = file.dtype().kind() else { return file_str(file) };
    require_readable(file)?;
    let mut bytes = Vec::new();
    file.element(&[], &mut bytes)?;
    Ok(text::bytes_repr(&bytes))
}

fn require_readable(file: &impl Elements) -> Result<(), Failure> {
    let bytes = shown(file.shape()).saturating_mul(file.dtype().itemsize());
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    Err(format!(
        "the part to print is too large: expected at most {MOST_BYTES} bytes, found {bytes}; take a \
         smaller slice, or write it to a file with `slice -o`"
    )
    .into())
}
