//! A run of elements in memory, loaded by value.

use std::marker::PhantomData;

use crate::element::Element;

/// Elements that are equally far apart, at any address and in any byte order.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    first: *const u8,
    stride: isize,
    len: usize,
    itemsize: usize,
    lent: PhantomData<&'a [u8]>,
}

impl<'a> Run<'a> {
    /// # Safety
    ///
    /// For all of `'a`, `itemsize` bytes at each of `first`, `first + stride`, … (`len` of them)
    /// must be readable and must not change.
    pub unsafe fn new(first: *const u8, stride: isize, len: usize, itemsize: usize) -> Run<'a> {
        Run { first, stride, len, itemsize, lent: PhantomData }
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether all elements are the same one.
    pub fn is_constant(&self) -> bool {
        self.stride == 0
    }

    #[inline(always)]
    fn address(&self, index: usize) -> *const u8 {
        self.first.wrapping_offset(index as isize * self.stride)
    }

    /// The bytes of one element.
    pub fn element(&self, index: usize) -> &'a [u8] {
        assert!(index < self.len);
        if self.itemsize == 0 {
            return &[];
        }
        // SAFETY: one of the elements, lent for `'a`.
        unsafe { std::slice::from_raw_parts(self.address(index), self.itemsize) }
    }

    /// Copies the elements from `start` on, as they lie.
    #[inline(always)]
    pub fn load<T: Element>(&self, start: usize, values: &mut [T]) {
        assert!(start <= self.len && values.len() <= self.len - start);
        assert_eq!(size_of::<T>(), self.itemsize);
        if self.stride == self.itemsize as isize {
            let bytes = values.as_mut_ptr().cast::<u8>();
            // SAFETY: the elements asked for lie side by side and are readable; `values` is as
            // long, and any bytes are a `T`, which is `AnyBitPattern`.
            unsafe { bytes.copy_from_nonoverlapping(self.address(start), size_of_val(values)) };
            return;
        }
        for (index, value) in values.iter_mut().enumerate() {
            // SAFETY: one of the elements, of the size of a `T`; any bytes are a `T`.
            *value = unsafe { self.address(start + index).cast::<T>().read_unaligned() };
        }
    }
}
