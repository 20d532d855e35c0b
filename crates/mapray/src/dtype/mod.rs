//! What one element is: the dtype tree, and NumPy's spellings of it.

mod comma;
mod descr;
mod kind;
mod parse;
mod record;
mod size;
mod sub_array;
mod time;

pub use crate::literal::Literal;
pub use kind::{DType, Endian, Kind};
pub use record::{Field, Record};
pub(crate) use size::{MAX_DIMS, MAX_ITEMSIZE};
pub use sub_array::SubArray;
pub use time::{TimeUnit, Unit};
