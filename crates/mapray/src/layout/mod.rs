//! Where the elements of an array lie: shape, strides, order, slices. Pure arithmetic.

mod order;
mod strided;
mod walk;

pub use order::Order;
pub use strided::{Layout, MAX_NDIM};
pub(crate) use strided::display_shape;
pub(crate) use walk::Block;
