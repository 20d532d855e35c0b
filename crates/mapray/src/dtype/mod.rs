//! What one element is: the dtype tree, and NumPy's spellings of it.

mod kind;

pub use kind::{DType, Endian, Field, Kind, Record, SubArray, TimeUnit, Unit};
