//! Values side by side, and what comes after them in memory.

use std::ops::Deref;

use crate::map::fetch_lines;

/// How many bytes the memory is asked for ahead: two pages, far enough for it to keep up, near enough for
/// the first cache.
pub(super) const AHEAD: usize = 8 << 10;

/// Values where they lie, or copies of them.
#[derive(Clone, Copy)]
pub(super) struct Values<'a, T> {
    values: &'a [T],
    /// How many bytes away from each lies the one that will soon be read.
    ahead: usize,
}

impl<'a, T> Values<'a, T> {
    /// Values where they lie.
    #[inline(always)]
    pub fn lent(values: &'a [T]) -> Values<'a, T> {
        Values { values, ahead: AHEAD }
    }

    /// Values or copies of them, and the address where those are that will be read next.
    #[inline(always)]
    pub fn before(values: &'a [T], next: *const u8) -> Values<'a, T> {
        Values { values, ahead: next.addr().wrapping_sub(values.as_ptr().addr()) }
    }

    /// Asks the processor for the memory that comes some way behind a part of the values. For loops that
    /// have more to do with a value than to load it: by itself the processor looks ahead only as far as
    /// it would without that work.
    #[inline(always)]
    pub fn fetch_behind(&self, part: &[T]) {
        let first = part.as_ptr().cast::<u8>().wrapping_add(self.ahead);
        fetch_lines(first, size_of_val(part));
    }

    #[inline(always)]
    pub fn as_slice(&self) -> &'a [T] {
        self.values
    }
}

impl<T> Deref for Values<'_, T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        self.values
    }
}
