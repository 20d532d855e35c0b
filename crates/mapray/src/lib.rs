//! Memory-mapped n-dimensional arrays.

pub mod dtype;
mod error;
pub mod layout;

pub use dtype::DType;
pub use error::{Error, ErrorKind, Result};
