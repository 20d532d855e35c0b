//! Where the rows of an array lie.

use std::ops::Range;

use crate::error::{Error, ErrorKind, Result};
use crate::layout::{Layout, Order};
use crate::sys::page_size;

/// A gap that takes about as long to read as another request.
const GAP: u64 = 8 << 10;

/// Rows of more pieces than this are not asked for ahead.
const MOST_PARTS: u64 = 1 << 10;

#[derive(Debug)]
pub(super) struct Rows {
    count: usize,
    stride: isize,
    /// The elements of the row with index 0.
    first: Layout,
    pub nbytes: usize,
    /// Whether the elements of a row lie side by side, in C order.
    pub are_runs: bool,
    /// The bytes that a row has a share in, gaps of less than a page included, counted from its first
    /// element.
    parts: Vec<Range<i64>>,
}

impl Rows {
    pub fn new(layout: &Layout) -> Result<Rows> {
        let (Some((&count, shape)), Some((&stride, strides))) =
            (layout.shape().split_first(), layout.strides().split_first())
        else {
            return Err(Error::new(ErrorKind::Index, "an array without axes has no rows"));
        };
        let first = match count {
            // Nothing is ever found through it.
            0 => Layout::contiguous(layout.dtype().clone(), shape, Order::C, 0)?,
            _ => Layout::strided(layout.dtype().clone(), shape, strides, layout.offset())?,
        };
        let gap = page_size() as u64;
        let pieces = first.near(gap).1.iter().try_fold(1_u64, |n, axis| n.checked_mul(axis.1));
        let mut parts = Vec::new();
        if pieces.is_some_and(|pieces| pieces <= MOST_PARTS) {
            let from_first = |byte: u64| byte as i64 - first.offset() as i64;
            first.for_each_range(gap, &mut |range| {
                parts.push(from_first(range.start)..from_first(range.end));
                Ok(())
            })?;
        }
        let (nbytes, are_runs) = (first.nbytes(), first.is_contiguous(Order::C));
        Ok(Rows { count, stride, first, nbytes, are_runs, parts })
    }

    /// Where the first elements of these rows lie.
    pub fn find(&self, indices: &[i64], starts: &mut Vec<u64>) -> Result<()> {
        starts.clear();
        starts.reserve(indices.len());
        // Shapes fit an `isize`.
        let count = self.count as i64;
        for &index in indices {
            let row = if index < 0 { index + count } else { index };
            if row < 0 || row >= count {
                starts.clear();
                return Err(out_of_bounds(index, self.count));
            }
            starts.push((self.first.offset() as i64 + row * self.stride as i64) as u64);
        }
        Ok(())
    }

    /// The row that begins there.
    pub fn at(&self, start: u64) -> Layout {
        self.first.moved_to(start)
    }

    /// The bytes that the rows which begin there have a share in: rising, and as few ranges as are worth a
    /// request of their own.
    pub fn ranges(&self, starts: &[u64]) -> Vec<Range<u64>> {
        let place = |start: u64, byte: i64| start.wrapping_add_signed(byte);
        let of_row = |&start: &u64| {
            self.parts.iter().map(move |part| place(start, part.start)..place(start, part.end))
        };
        let mut ranges: Vec<Range<u64>> = starts.iter().flat_map(of_row).collect();
        ranges.sort_unstable_by_key(|range| range.start);
        ranges.dedup_by(|next, last| {
            let joins = next.start <= last.end + GAP;
            if joins {
                last.end = last.end.max(next.end);
            }
            joins
        });
        ranges
    }
}

fn out_of_bounds(index: i64, size: usize) -> Error {
    let message = format!("index {index} is out of bounds for axis 0 with size {size}");
    let error = Error::new(ErrorKind::Index, message);
    match size.checked_sub(1) {
        None => error.hint("an empty axis has no element to take"),
        Some(last) => error.hint(format_args!("the axis takes -{size} to {last}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(shape: &[usize], slice: &str) -> Rows {
        let layout = Layout::contiguous("<f8".parse().unwrap(), shape, Order::C, 128).unwrap();
        Rows::new(&layout.slice(&slice.parse().unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn neighbours_are_asked_for_at_once_and_each_page_once() {
        let rows = rows(&[1000, 512], "[:]");
        let mut starts = Vec::new();
        rows.find(&[500, 4, 5, 4, 990, 7, -1], &mut starts).unwrap();
        let row = |first: u64, last: u64| 128 + 4096 * first..128 + 4096 * (last + 1);
        // Row 6 costs less than another request; so do rows 991 to 998 not.
        assert_eq!(rows.ranges(&starts), [row(4, 7), row(500, 500), row(990, 990), row(999, 999)]);
    }

    #[test]
    fn rows_that_run_backwards_are_asked_for_where_they_lie() {
        let rows = rows(&[1000, 512], "[::-1, ::-2]");
        let mut starts = Vec::new();
        rows.find(&[0], &mut starts).unwrap();
        assert_eq!(starts, [128 + 4096 * 1000 - 8]);
        let range = 128 + 4096 * 999 + 8..128 + 4096 * 1000;
        assert_eq!(rows.ranges(&starts), std::slice::from_ref(&range));
    }

    #[test]
    fn rows_of_very_many_pieces_are_not_asked_for() {
        let rows = rows(&[2, 5000, 1 << 17], "[:, :, 0]");
        assert!(rows.ranges(&[128]).is_empty());
    }
}
