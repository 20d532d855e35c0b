//! Which dtypes a reduction takes, and what it says of the others.

use super::truth::has_long_double;
use crate::dtype::DType;
use crate::error::{Error, ErrorKind};

pub(super) use crate::element::for_type;

/// The error for a dtype that has no such reduction.
pub(super) fn unsupported(name: &str, dtype: &DType, supported: &str) -> Error {
    let error = Error::new(ErrorKind::Dtype, format!("there is no {name} of this dtype"))
        .expected(supported)
        .found(format!("dtype '{dtype}'"));
    if has_long_double(dtype) {
        return error.hint(
            "C's long double is kept and moved as bytes, never computed with: Rust has no such \
             number, and what its bytes mean depends on the machine that wrote them",
        );
    }
    error
}
