//! What all arrays of a dtype known at run time have in common.

use std::ops::Range;

use ndarray::Dimension;

use crate::array::{
    ArrayFile, DecodedArray, DynLiveMap, DynMap, DynMapMut, DynView, LiveMap, Stored,
};
use crate::element::{Element, WritableElement};
use crate::error::Result;
use crate::layout::Layout;
use crate::source::ReadAt;

/// An array of a dtype known at run time, wherever it lies: what [`save_dyn`](crate::save_dyn),
/// [`save_raw`](crate::save_raw) and [`reduce`](crate::reduce()) take. A `Box<dyn AnyArray>` is one, too.
pub trait AnyArray: ReadAt {
    /// Where the elements lie.
    fn layout(&self) -> &Layout;
}

macro_rules! any_array {
    ($($array:ty),*) => {$(
        impl AnyArray for $array {
            fn layout(&self) -> &Layout {
                self.layout()
            }
        }
    )*};
}

any_array!(ArrayFile, DecodedArray, DynLiveMap, DynMap, DynMapMut, DynView<'_>);

impl AnyArray for Box<dyn AnyArray + '_> {
    fn layout(&self) -> &Layout {
        (**self).layout()
    }
}

impl ReadAt for Box<dyn AnyArray + '_> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        (**self).read_at(offset, buffer)
    }

    fn in_memory(&self, layout: &Layout) -> Option<*const u8> {
        (**self).in_memory(layout)
    }

    fn is_hole(&self, bytes: Range<u64>) -> Result<bool> {
        (**self).is_hole(bytes)
    }
}

impl<T: Element, D: Dimension> AnyArray for LiveMap<T, D> {
    fn layout(&self) -> &Layout {
        self.layout()
    }
}

impl<T: WritableElement> AnyArray for Stored<'_, T> {
    fn layout(&self) -> &Layout {
        self.layout()
    }
}
