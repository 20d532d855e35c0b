//! Ways through a layout: blocks for copying, byte ranges for pages.

use std::ops::Range;

use crate::error::Result;
use crate::layout::Layout;

/// A part of an array that is worked on at once.
pub(crate) struct Block {
    /// Where its elements lie.
    pub layout: Layout,
    /// Its first element's index in the whole array.
    pub start: Vec<usize>,
}

impl Layout {
    /// Hands out blocks that together cover the array, each of at most `max_bytes` bytes (or one
    /// element), gaps counted and not counted. Blocks are cut along the axis with the widest
    /// stride, so neighbours in the file stay together whatever the order of the axes.
    pub(crate) fn for_each_block(
        &self,
        max_bytes: usize,
        work: &mut impl FnMut(Block) -> Result<()>,
    ) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        self.cut(max_bytes, vec![0; self.ndim()], work)
    }

    fn cut(
        &self,
        max_bytes: usize,
        start: Vec<usize>,
        work: &mut impl FnMut(Block) -> Result<()>,
    ) -> Result<()> {
        let span = self.span();
        let span = (span.end - span.start) as usize;
        let long = (0..self.ndim()).filter(|&axis| self.shape()[axis] > 1);
        let (axis, step) = if span > max_bytes {
            let Some(axis) = long.max_by_key(|&axis| self.strides()[axis].unsigned_abs()) else {
                return work(Block { layout: self.clone(), start });
            };
            let stride = self.strides()[axis].unsigned_abs();
            let one = span - (self.shape()[axis] - 1) * stride;
            (axis, max_bytes.saturating_sub(one) / stride.max(1) + 1)
        } else if self.nbytes() > max_bytes {
            // Strides of 0 and windows that overlap: more to hand out than there is to read.
            let axis = long.max_by_key(|&axis| self.shape()[axis]).unwrap_or(0);
            (axis, self.shape()[axis] / self.nbytes().div_ceil(max_bytes).max(2))
        } else {
            return work(Block { layout: self.clone(), start });
        };
        let n = self.shape()[axis];
        for first in (0..n).step_by(step.max(1)) {
            let part = self.narrowed(axis, first..n.min(first + step.max(1)));
            let mut start = start.clone();
            start[axis] += first;
            part.cut(max_bytes, start, work)?;
        }
        Ok(())
    }

    /// How many bytes from an element on hold only gaps of at most `gap` bytes, and the strides and
    /// lengths of the axes that lead further, the narrowest first.
    pub(crate) fn near(&self, gap: u64) -> (u64, Vec<(u64, u64)>) {
        let mut axes: Vec<(u64, u64)> = self
            .shape()
            .iter()
            .zip(self.strides())
            .filter(|&(&n, _)| n > 1)
            .map(|(&n, &stride)| (stride.unsigned_abs() as u64, n as u64))
            .collect();
        axes.sort_unstable();
        let mut extent = self.itemsize() as u64;
        let mut outer = axes.into_iter().peekable();
        while let Some((stride, n)) = outer.next_if(|&(stride, _)| stride <= extent + gap) {
            extent += (n - 1) * stride;
        }
        (extent, outer.collect())
    }

    /// Hands out the byte ranges that elements lie in, rising where the strides do. Ranges less
    /// than `gap` bytes apart are handed out as one, so there are at most `span / gap` of them
    /// (for `gap` 0: one for each run of elements side by side).
    pub(crate) fn for_each_range(
        &self,
        gap: u64,
        work: &mut impl FnMut(Range<u64>) -> Result<()>,
    ) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        let (extent, outer) = self.near(gap);
        let outer: Vec<_> = outer.into_iter().rev().collect();
        ranges(self.span().start, extent, &outer, work)
    }
}

fn ranges(
    start: u64,
    extent: u64,
    outer: &[(u64, u64)],
    work: &mut impl FnMut(Range<u64>) -> Result<()>,
) -> Result<()> {
    match outer {
        [] => work(start..start + extent),
        [(stride, n), inner @ ..] => {
            (0..*n).try_for_each(|i| ranges(start + i * stride, extent, inner, work))
        }
    }
}
