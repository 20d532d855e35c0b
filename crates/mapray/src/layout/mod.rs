//! Where the elements of an array lie: shape, strides, offset, and the slice expressions that move them.

mod index;
mod parse;
mod slice;

pub use index::Index;
pub use slice::{Slice, Sliced};
