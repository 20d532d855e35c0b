//! Memory-mapped n-dimensional arrays.

pub mod dtype;
pub mod element;
mod error;
pub mod layout;

pub use dtype::DType;
pub use element::{
    Be, Big, Bool8, Bytes, ComplexLongDouble, DateTime64, Element, Le, Little, LongDouble, Packed,
    Text, TimeDelta64, Void, WritableElement,
};
pub use error::{Error, ErrorKind, Result};
pub use half::f16;
pub use num_complex::Complex;
