//! From an array, wherever it lies, to runs of elements in memory.
//!
//! The blocks and the order within them depend on the layout alone, not on where the array lies: a
//! file, a live map and memory give the same result, bit for bit.

use std::ops::Range;

use super::axes::Steps;
use super::blocks::BLOCK;
use super::fold::CHUNK;
use super::run::{Run, Sheet};
use crate::array::{AnyArray, read_bytes};
use crate::error::Result;
use crate::layout::{Block, Layout, Order, natural_axes};
use crate::map::require_whole;
use crate::source::Ahead;

/// How many bytes of a row are brought into columns at once: a line of the cache.
const LINE: usize = 64;

/// How many bytes are read at once, so that they are still in the second cache when they are looked at.
const PIECE: usize = 256 << 10;

/// A run of fewer elements is not worth the work around it, nor is a table of fewer rows or columns.
const SHORT: usize = 16;

/// Where the elements of a run go.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Which element of the result the first one goes to, and how far on the next one.
    pub slot: usize,
    pub slot_step: usize,
    /// Which of the elements that are reduced to one it is, and how far on the next one.
    pub position: usize,
    pub position_step: usize,
}

/// What takes the elements in.
pub(super) trait Sink {
    fn run(&mut self, run: Run<'_>, place: Place);

    /// Takes in the rows of a table, each element at its column's place, and so far on in position
    /// from row to row. `false` where it does not: the columns are then handed over one by one.
    fn sheet(&mut self, _sheet: &Sheet<'_>, _place: Place) -> bool {
        false
    }

    /// Is told that no more elements follow.
    fn finish(&mut self) {}

    /// Whether elements may come column by column, in runs that lie nowhere side by side.
    fn has_columns(&self) -> bool {
        false
    }

    /// Whether no further element can change anything.
    fn is_settled(&self) -> bool {
        false
    }

    /// How many bytes are looked at in one go.
    fn at_once(&self) -> usize {
        BLOCK
    }

    /// Whether it makes short work of elements that are all the same, so that it is worth asking
    /// for the holes of a file: they come as runs of one element of zeros.
    fn asks_for_holes(&self) -> bool {
        false
    }

    /// Whether a run may come in pieces of whole chunks, as if it came at once, to the last bit.
    fn takes_pieces(&self) -> bool {
        false
    }

    /// Whether elements of a block may come in any order, so that long runs are better than those of
    /// a few elements side by side.
    fn takes_any_order(&self) -> bool {
        false
    }
}

struct Axis {
    n: usize,
    stride: isize,
    slot: usize,
    position: usize,
}

/// Hands all elements of the array to the sink, in the order in which they lie.
pub(super) fn for_each_run(array: &dyn AnyArray, steps: &Steps, sink: &mut dyn Sink) -> Result<()> {
    let walker = Walker::new(array, sink.asks_for_holes());
    let (mut buffer, corner) = (Vec::new(), vec![0; steps.slot.len()]);
    array.layout().for_each_block(sink.at_once(), &mut |block| match sink.is_settled() {
        true => Ok(()),
        false => walker.block(&block, steps, &corner, &mut buffer, sink),
    })?;
    walker.require_whole()
}

/// An array that is walked block by block, in any order, by any number of threads.
pub(super) struct Walker<'a> {
    array: &'a dyn AnyArray,
    memory: Option<Memory>,
    /// An element of zeros, where holes are asked for.
    zeros: Vec<u8>,
    /// Where the bytes are walked through from the first to the last.
    ahead: Option<Ahead<'a>>,
}

/// Where byte 0 of an array would be that lies in memory.
#[derive(Clone, Copy)]
struct Memory(*const u8);

// SAFETY: it is only read through, and what it leads to does not change while the array is lent.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl<'a> Walker<'a> {
    pub fn new(array: &'a dyn AnyArray, asks_for_holes: bool) -> Walker<'a> {
        let layout = array.layout();
        let zeros = if asks_for_holes { vec![0; layout.itemsize()] } else { Vec::new() };
        Walker { array, memory: array.in_memory(layout).map(Memory), zeros, ahead: None }
    }

    /// As [`new`](Walker::new), for blocks that are about to be walked in the order of the file: the
    /// disk is kept busy ahead of them.
    pub fn in_order(array: &'a dyn AnyArray) -> Walker<'a> {
        let ahead = Ahead::new(array, array.layout().span());
        Walker { ahead: Some(ahead), ..Walker::new(array, false) }
    }

    /// Whether each read waits for a disk and is a long one, as those in the order of the file are: more
    /// threads than processors are worth their memory then.
    pub fn waits(&self) -> bool {
        self.ahead.is_some() && self.array.waits()
    }

    /// To be called before these bytes are walked through.
    pub fn pass(&self, bytes: Range<u64>) {
        if let Some(ahead) = &self.ahead {
            ahead.pass(bytes);
        }
    }

    /// Hands the elements of one block of the array to the sink. The elements of the result are
    /// counted from the one that those at `corner` go to. The buffer is for bytes.
    pub fn block(
        &self,
        block: &Block,
        steps: &Steps,
        corner: &[usize],
        buffer: &mut Vec<u8>,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let layout = &block.layout;
        let span = layout.span();
        let asks_for_holes = self.memory.is_none() && !self.zeros.is_empty();
        let is_hole = asks_for_holes && self.array.is_hole(span.clone())?;
        let slots = block.start.iter().zip(corner).zip(&steps.slot);
        let positions = block.start.iter().zip(&steps.position);
        let place = Place {
            slot: slots.map(|((i, corner), step)| (i - corner) * step).sum(),
            position: positions.map(|(i, step)| i * step).sum(),
            slot_step: 0,
            position_step: 0,
        };
        let itemsize = layout.itemsize();
        let mut strides = layout.strides().to_vec();
        if sink.takes_pieces()
            && self.memory.is_none()
            && !is_hole
            && let [run] = &ordered_axes(layout.shape(), &strides, steps)[..]
            && itemsize > 0
            && run.stride == itemsize as isize
        {
            return self.pieces(span, run, place, buffer, sink);
        }
        let first = match self.memory {
            Some(Memory(base)) => base.wrapping_add(layout.offset() as usize),
            None if is_hole => self.zeros.as_ptr(),
            None if span.end - span.start > 2 * BLOCK.max(layout.nbytes()) as u64 => {
                strides = self.read_compactly(layout, buffer)?;
                buffer.as_ptr()
            }
            None => {
                let at = match span.is_empty() {
                    true => 0,
                    false => self.array.read_within(span.clone(), buffer)?,
                };
                let first = (layout.offset() - span.start) as usize;
                buffer[at..].as_ptr().wrapping_add(first)
            }
        };
        let mut axes = ordered_axes(layout.shape(), &strides, steps);
        if sink.takes_any_order() && axes.last().is_some_and(|inner| inner.n < SHORT) {
            axes.sort_by_key(|axis| axis.n);
        }
        if is_hole {
            axes.iter_mut().for_each(|axis| axis.stride = 0);
        }
        let inner = axes.pop().unwrap_or(Axis { n: 1, stride: 0, slot: 0, position: 0 });
        if sink.has_columns() && inner.slot != 0 {
            // The widths do not matter within a block: rows of a table come last.
            if let Some(at) = axes.iter().rposition(|axis| axis.slot == 0) {
                let rows = axes.remove(at);
                axes.push(rows);
            }
        }
        // SAFETY: the axes lead to the elements of the block and nowhere else; those are lent by
        // the array, or lie in `buffer`, which holds the whole span of the block or its elements
        // side by side; of a hole all are the one in `zeros`.
        unsafe { walk(first, &axes, &inner, itemsize, place, sink) };
        Ok(())
    }

    /// Reads elements side by side, some at a time.
    fn pieces(
        &self,
        bytes: Range<u64>,
        axis: &Axis,
        place: Place,
        buffer: &mut Vec<u8>,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let itemsize = axis.stride as usize;
        // Whole chunks, as in memory.
        let piece = if self.waits() { BLOCK } else { PIECE };
        let most = (piece / (CHUNK * itemsize)).max(1) * CHUNK;
        for start in (0..axis.n).step_by(most) {
            let n = most.min(axis.n - start);
            let first = bytes.start + (start * itemsize) as u64;
            let at = self.array.read_within(first..first + (n * itemsize) as u64, buffer)?;
            let values = &buffer[at..][..n * itemsize];
            // SAFETY: so many elements lie side by side there.
            let run = unsafe { Run::new(values.as_ptr(), axis.stride, n, itemsize) };
            let place = Place {
                slot: place.slot + start * axis.slot,
                slot_step: axis.slot,
                position: place.position + start * axis.position,
                position_step: axis.position,
            };
            sink.run(run, place);
        }
        Ok(())
    }

    /// Reads elements that lie far apart. Their strides in the buffer.
    fn read_compactly(&self, layout: &Layout, buffer: &mut Vec<u8>) -> Result<Vec<isize>> {
        let axes = natural_axes(layout);
        let part = layout.permuted(&axes);
        buffer.resize(part.nbytes(), 0);
        read_bytes(self.array, &part, buffer)?;
        let compact = Layout::contiguous(part.dtype().clone(), part.shape(), Order::C, 0)?;
        let mut strides = vec![0; axes.len()];
        axes.iter().zip(compact.strides()).for_each(|(&axis, &stride)| strides[axis] = stride);
        Ok(strides)
    }

    /// Checks, at the end, that no page was lost meanwhile.
    pub fn require_whole(&self) -> Result<()> {
        let span = || self.array.layout().span();
        self.memory.map_or(Ok(()), |Memory(base)| require_whole(base, span()))
    }
}

/// The axes from the widest stride to the narrowest, those joined that can be walked as one.
fn ordered_axes(shape: &[usize], strides: &[isize], steps: &Steps) -> Vec<Axis> {
    let mut axes: Vec<Axis> = (0..shape.len())
        .filter(|&axis| shape[axis] > 1)
        .map(|axis| Axis {
            n: shape[axis],
            stride: strides[axis],
            slot: steps.slot[axis],
            position: steps.position[axis],
        })
        .collect();
    axes.sort_by_key(|axis| std::cmp::Reverse(axis.stride.unsigned_abs()));
    axes.dedup_by(|inner, outer| {
        let joins = outer.stride == inner.n as isize * inner.stride
            && outer.slot == inner.n * inner.slot
            && outer.position == inner.n * inner.position;
        if joins {
            *outer = Axis { n: outer.n * inner.n, ..*inner };
        }
        joins
    });
    axes
}

/// # Safety
///
/// Wherever the axes lead from `first`, `itemsize` bytes must be readable, and must not change
/// during the call.
unsafe fn walk(
    first: *const u8,
    outer: &[Axis],
    inner: &Axis,
    itemsize: usize,
    place: Place,
    sink: &mut dyn Sink,
) {
    let (axis, rest) = match outer {
        [] => {
            // SAFETY: the caller's.
            let run = unsafe { Run::new(first, inner.stride, inner.n, itemsize) };
            let place = Place { slot_step: inner.slot, position_step: inner.position, ..place };
            return sink.run(run, place);
        }
        [rows] if sink.has_columns() && rows.slot == 0 && inner.slot != 0 && rows.n >= SHORT => {
            // SAFETY: the caller's.
            let run = unsafe { Run::new(first, inner.stride, inner.n, itemsize) };
            // SAFETY: the caller's: a row for each step along the axis.
            let sheet = unsafe { Sheet::new(run, rows.stride, rows.n) };
            return columns(&sheet, rows.position, inner, place, sink);
        }
        [axis, rest @ ..] => (axis, rest),
    };
    for i in 0..axis.n {
        let first = first.wrapping_offset(i as isize * axis.stride);
        let place = Place {
            slot: place.slot + i * axis.slot,
            position: place.position + i * axis.position,
            ..place
        };
        // SAFETY: one step along an axis that the caller vouches for.
        unsafe { walk(first, rest, inner, itemsize, place, sink) };
    }
}

/// Hands over the columns of a table, many at once where the sink takes them so, or one by one.
fn columns(sheet: &Sheet<'_>, step: usize, inner: &Axis, place: Place, sink: &mut dyn Sink) {
    for first in (0..sheet.columns()).step_by(CHUNK) {
        let part = sheet.part(first..sheet.columns().min(first + CHUNK));
        let place = Place {
            slot: place.slot + first * inner.slot,
            slot_step: inner.slot,
            position: place.position + first * inner.position,
            position_step: step,
        };
        if part.columns() < SHORT || !sink.sheet(&part, place) {
            one_by_one(&part, inner.position, place, sink);
        }
    }
}

fn one_by_one(sheet: &Sheet<'_>, position_step: usize, place: Place, sink: &mut dyn Sink) {
    let itemsize = sheet.row(0).element(0).len();
    let few = (LINE / itemsize.max(1)).max(1);
    let mut transposed = Vec::new();
    for rows in (0..sheet.rows()).step_by(CHUNK) {
        let rows = rows..sheet.rows().min(rows + CHUNK);
        for first in (0..sheet.columns()).step_by(few) {
            let part = sheet.part(first..sheet.columns().min(first + few));
            part.transpose(rows.clone(), &mut transposed);
            for (index, column) in
                transposed.chunks_exact((rows.len() * itemsize).max(1)).enumerate()
            {
                // SAFETY: the elements of a column lie side by side in it.
                let run =
                    unsafe { Run::new(column.as_ptr(), itemsize as isize, rows.len(), itemsize) };
                let column = first + index;
                let place = Place {
                    slot: place.slot + column * place.slot_step,
                    slot_step: 0,
                    position: place.position
                        + column * position_step
                        + rows.start * place.position_step,
                    ..place
                };
                sink.run(run, place);
            }
        }
    }
}
