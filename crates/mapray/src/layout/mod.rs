//! Where the elements of an array lie: shape, strides, order, slices. Pure arithmetic.

mod index;
mod order;
mod parse;
mod slice;
mod strided;
mod tiles;
mod walk;

pub use index::Index;
pub use order::Order;
pub use slice::{Slice, Sliced};
pub(crate) use strided::display_shape;
pub use strided::{Layout, MAX_NDIM};
pub(crate) use tiles::{Tile, Tiles, for_each_slab, for_each_tile, index_in, natural_axes, tiles};
pub(crate) use walk::Block;
