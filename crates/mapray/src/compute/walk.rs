//! From an array, wherever it lies, to runs of elements in memory.
//!
//! The blocks and the order within them depend on the layout alone, not on where the array lies: a
//! file, a live map and memory give the same result, bit for bit.

use super::axes::Steps;
use super::run::Run;
use crate::array::AnyArray;
use crate::error::Result;
use crate::layout::Block;
use crate::map::require_whole;

/// How many bytes are looked at in one go.
pub(super) const BLOCK: usize = 1 << 20;

/// A run of fewer elements is not worth the work around it.
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
    let walker = Walker::new(array, steps, sink.asks_for_holes());
    let mut buffer = Vec::new();
    array.layout().for_each_block(sink.at_once(), &mut |block| match sink.is_settled() {
        true => Ok(()),
        false => walker.block(&block, &mut buffer, sink),
    })?;
    walker.require_whole()
}

/// An array that is walked block by block, in any order, by any number of threads.
pub(super) struct Walker<'a> {
    array: &'a dyn AnyArray,
    steps: &'a Steps,
    memory: Option<Memory>,
    /// An element of zeros, where holes are asked for.
    zeros: Vec<u8>,
}

/// Where byte 0 of an array would be that lies in memory.
#[derive(Clone, Copy)]
struct Memory(*const u8);

// SAFETY: it is only read through, and what it leads to does not change while the array is lent.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl<'a> Walker<'a> {
    pub fn new(array: &'a dyn AnyArray, steps: &'a Steps, asks_for_holes: bool) -> Walker<'a> {
        let layout = array.layout();
        let zeros = if asks_for_holes { vec![0; layout.itemsize()] } else { Vec::new() };
        Walker { array, steps, memory: array.in_memory(layout).map(Memory), zeros }
    }

    /// Hands the elements of one block of the array to the sink. The buffer is for its bytes.
    pub fn block(&self, block: &Block, buffer: &mut Vec<u8>, sink: &mut dyn Sink) -> Result<()> {
        let span = block.layout.span();
        let asks_for_holes = self.memory.is_none() && !self.zeros.is_empty();
        let is_hole = asks_for_holes && self.array.is_hole(span.clone())?;
        let first = match self.memory {
            Some(Memory(base)) => base.wrapping_add(block.layout.offset() as usize),
            None if is_hole => self.zeros.as_ptr(),
            None => {
                buffer.resize((span.end - span.start) as usize, 0);
                if !buffer.is_empty() {
                    self.array.read_at(span.start, buffer)?;
                }
                buffer.as_ptr().wrapping_add((block.layout.offset() - span.start) as usize)
            }
        };
        let steps = self.steps;
        let at = |steps: &[usize]| block.start.iter().zip(steps).map(|(i, step)| i * step).sum();
        let place = Place {
            slot: at(&steps.slot),
            position: at(&steps.position),
            slot_step: 0,
            position_step: 0,
        };
        let mut axes = ordered_axes(block.layout.shape(), block.layout.strides(), steps);
        if sink.takes_any_order() && axes.last().is_some_and(|inner| inner.n < SHORT) {
            axes.sort_by_key(|axis| axis.n);
        }
        if is_hole {
            axes.iter_mut().for_each(|axis| axis.stride = 0);
        }
        let (inner, outer) = match axes.split_last() {
            Some((inner, outer)) => (inner, outer),
            None => (&Axis { n: 1, stride: 0, slot: 0, position: 0 }, &axes[..]),
        };
        // SAFETY: the axes lead to the elements of the block and nowhere else; those are lent by
        // the array, or lie in `buffer`, which holds the whole span of the block; of a hole all are
        // the one in `zeros`.
        unsafe { walk(first, outer, inner, self.array.layout().itemsize(), place, sink) };
        Ok(())
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
    let Some((axis, rest)) = outer.split_first() else {
        // SAFETY: the caller's.
        let run = unsafe { Run::new(first, inner.stride, inner.n, itemsize) };
        return sink
            .run(run, Place { slot_step: inner.slot, position_step: inner.position, ..place });
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
