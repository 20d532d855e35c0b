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
/// [`save_raw`](crate::save_raw), [`reduce`](crate::reduce()) and [`Gather`](crate::Gather) take. A
/// `Box<dyn AnyArray>` is one, too, and so is a reference to one.
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

macro_rules! lent_array {
    ($([$($generics:tt)*] $array:ty),*) => {$(
        impl<$($generics)*> AnyArray for $array {
            fn layout(&self) -> &Layout {
                (**self).layout()
            }
        }

        impl<$($generics)*> ReadAt for $array {
            fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
                (**self).read_at(offset, buffer)
            }

            fn read_within(&self, bytes: Range<u64>, buffer: &mut Vec<u8>) -> Result<usize> {
                (**self).read_within(bytes, buffer)
            }

            fn read_runs(&self, starts: &[u64], len: usize, buffer: &mut [u8]) -> Result<()> {
                (**self).read_runs(starts, len, buffer)
            }

            fn read_ahead(&self, ranges: &[Range<u64>]) {
                (**self).read_ahead(ranges);
            }

            fn are_in_memory(&self, bytes: &[u64]) -> bool {
                (**self).are_in_memory(bytes)
            }

            fn waits(&self) -> bool {
                (**self).waits()
            }

            fn in_memory(&self, layout: &Layout) -> Option<*const u8> {
                (**self).in_memory(layout)
            }

            fn is_hole(&self, bytes: Range<u64>) -> Result<bool> {
                (**self).is_hole(bytes)
            }
        }
    )*};
}

lent_array!([] Box<dyn AnyArray + '_>, [A: AnyArray] &A);

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
