//! A run of elements in memory, loaded by value.

use std::marker::PhantomData;
use std::ops::Range;

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

    /// Where an element lies, or would.
    #[inline(always)]
    pub fn address(&self, index: usize) -> *const u8 {
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

    /// The elements themselves, where they lie side by side as values of this type do.
    #[inline(always)]
    pub fn lent<T: Element>(&self, start: usize, n: usize) -> Option<&'a [T]> {
        assert!(start <= self.len && n <= self.len - start);
        assert_eq!(size_of::<T>(), self.itemsize);
        let first = self.address(start).cast::<T>();
        if self.stride != self.itemsize as isize || !first.is_aligned() {
            return None;
        }
        // SAFETY: `n` elements lie side by side there, lent for `'a`; any bytes are a `T`, which is
        // `AnyBitPattern`.
        Some(unsafe { std::slice::from_raw_parts(first, n) })
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

/// Runs that are equally far apart: the rows of a table.
pub(super) struct Sheet<'a> {
    first: Run<'a>,
    stride: isize,
    rows: usize,
}

impl<'a> Sheet<'a> {
    /// # Safety
    ///
    /// As for [`Run::new`], for `rows` runs as the first one, each `stride` bytes behind the one
    /// before.
    pub unsafe fn new(first: Run<'a>, stride: isize, rows: usize) -> Sheet<'a> {
        Sheet { first, stride, rows }
    }

    #[inline(always)]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many bytes a row lies behind the one before.
    #[inline(always)]
    pub fn stride(&self) -> isize {
        self.stride
    }

    /// Whether at least as much lies between rows as in them.
    #[inline(always)]
    pub fn rows_are_apart(&self) -> bool {
        self.stride.unsigned_abs() >= 2 * self.columns() * self.first.itemsize
    }

    #[inline(always)]
    pub fn columns(&self) -> usize {
        self.first.len
    }

    #[inline(always)]
    pub fn row(&self, index: usize) -> Run<'a> {
        assert!(index < self.rows);
        let first = self.first.first.wrapping_offset(index as isize * self.stride);
        Run { first, ..self.first }
    }

    /// Some of the columns.
    pub fn part(&self, columns: Range<usize>) -> Sheet<'a> {
        assert!(columns.start <= columns.end && columns.end <= self.first.len);
        let first =
            Run { first: self.first.address(columns.start), len: columns.len(), ..self.first };
        Sheet { first, ..*self }
    }

    /// Copies some rows of a few columns, each column side by side.
    pub fn transpose(&self, rows: Range<usize>, out: &mut Vec<u8>) {
        out.resize(self.columns() * rows.len() * self.first.itemsize, 0);
        match self.first.itemsize {
            1 => self.transpose_as::<1>(rows, out),
            2 => self.transpose_as::<2>(rows, out),
            4 => self.transpose_as::<4>(rows, out),
            8 => self.transpose_as::<8>(rows, out),
            16 => self.transpose_as::<16>(rows, out),
            _ => self.transpose_bytes(rows, out),
        }
    }

    fn transpose_as<const N: usize>(&self, rows: Range<usize>, out: &mut [u8]) {
        let n = rows.len();
        let (out, _) = out.as_chunks_mut::<N>();
        for (index, row) in rows.enumerate() {
            let row = self.row(row);
            for column in 0..row.len() {
                // SAFETY: one of the elements, of `N` bytes.
                out[column * n + index] = unsafe { row.address(column).cast::<[u8; N]>().read() };
            }
        }
    }

    fn transpose_bytes(&self, rows: Range<usize>, out: &mut [u8]) {
        let (n, itemsize) = (rows.len(), self.first.itemsize);
        for (index, row) in rows.enumerate() {
            let row = self.row(row);
            for column in 0..row.len() {
                let at = (column * n + index) * itemsize;
                out[at..at + itemsize].copy_from_slice(row.element(column));
            }
        }
    }
}
