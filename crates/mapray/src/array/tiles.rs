//! Copies of parts of an array in the order that is asked for.

use crate::array::{AnyArray, DynView, read_bytes};
use crate::error::Result;
use crate::layout::{Layout, Order, Tile, natural_axes};
use crate::map::require_whole;

/// Reads parts of arrays, in buffers that are used again.
#[derive(Default)]
pub(crate) struct TileReader {
    read: Vec<u8>,
    ordered: Vec<u8>,
}

impl TileReader {
    /// Hands out the elements of a part, as [`read`](TileReader::read) gives them; without a copy where they
    /// lie so in memory.
    pub(crate) fn lend(
        &mut self,
        array: &dyn AnyArray,
        tile: &Tile,
        axes: &[usize],
        work: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let part = array.layout().tile(tile).permuted(axes);
        match array.in_memory(&part) {
            Some(base) if part.nbytes() > 0 && part.is_contiguous(Order::C) => {
                let first = base.wrapping_add(part.offset() as usize);
                // SAFETY: elements side by side, which the array lends and which do not change.
                work(unsafe { std::slice::from_raw_parts(first, part.nbytes()) })?;
                require_whole(base, part.span())
            }
            _ => work(self.read(array, tile, axes)?),
        }
    }

    /// The elements of a part, side by side, the last one of `axes` the fastest.
    ///
    /// They are read in the order in which they lie, and brought into the other in memory.
    pub(crate) fn read(
        &mut self,
        array: &dyn AnyArray,
        tile: &Tile,
        axes: &[usize],
    ) -> Result<&[u8]> {
        let part = array.layout().tile(tile);
        self.read.resize(part.nbytes(), 0);
        if array.in_memory(&part).is_some() {
            read_bytes(array, &part.permuted(axes), &mut self.read)?;
            return Ok(&self.read);
        }
        let natural = natural_axes(&part);
        let part = part.permuted(&natural);
        read_bytes(array, &part, &mut self.read)?;
        let place = |axis| natural.iter().position(|other| other == axis);
        let places: Option<Vec<usize>> = axes.iter().map(place).collect();
        let lies = Layout::contiguous(part.dtype().clone(), part.shape(), Order::C, 0)?;
        let wanted = lies.permuted(&places.expect("every axis has a place"));
        if wanted.is_contiguous(Order::C) {
            return Ok(&self.read);
        }
        self.ordered.resize(self.read.len(), 0);
        read_bytes(&DynView::new(&self.read, wanted.clone())?, &wanted, &mut self.ordered)?;
        Ok(&self.ordered)
    }
}
