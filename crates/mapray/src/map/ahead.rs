//! Memory that will be read soon: pages that a disk has, under memory that is lent, and lines of pages.

use std::ops::Range;

use crate::map::registry::is_map;
use crate::sys;

/// Starts reading these bytes, counted from `base`, from the disk where they are a map's, and does not
/// wait. They are lent.
pub(crate) fn read_ahead(base: *const u8, ranges: &[Range<u64>]) {
    let address = |byte: u64| base.addr().wrapping_add(byte as usize);
    let first = ranges.first().map(|range| address(range.start));
    if first.is_some_and(is_map) {
        let mut ranges = ranges.iter().map(|range| address(range.start)..address(range.end));
        // Only speed is at stake.
        let _ = ranges.try_for_each(sys::read_ahead_at);
    }
}

/// Whether none of these bytes, counted from `base` and lent, has to be fetched from the file under a
/// map, as far as that is known.
pub(crate) fn are_in_memory(base: *const u8, bytes: &[u64]) -> bool {
    let mut addresses = bytes.iter().map(|&byte| base.addr().wrapping_add(byte as usize));
    let is_there = |address| sys::is_in_memory(address).unwrap_or(true);
    !addresses.clone().next().is_some_and(is_map) || addresses.all(is_there)
}

/// Asks the processor for the lines of memory in which a run of bytes begins; it goes on by itself. A hint:
/// the memory need not be there.
#[inline]
pub(crate) fn fetch(first: *const u8, len: usize) {
    /// More of a run gains nothing.
    const MOST: usize = 1 << 10;
    fetch_lines(first, len.min(MOST));
}

/// Asks the processor for all lines of a run of bytes. A hint, as [`fetch`] is.
#[inline(always)]
pub(crate) fn fetch_lines(first: *const u8, len: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..len).step_by(64) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: it loads nothing, so the address may be any.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(first.wrapping_add(line).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (first, len);
}
