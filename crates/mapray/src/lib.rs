//! Memory-mapped n-dimensional arrays.

pub mod dtype;
mod error;
pub mod format;
mod literal;

pub use dtype::DType;
pub use error::{Error, ErrorKind, Result};
