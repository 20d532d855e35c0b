//! Accumulators, and how the elements of an array get into them.

use std::ops::Range;

use rayon::prelude::*;

use super::axes::{Axes, Steps};
use super::run::Run;
use super::simd;
use super::value::Value;
use super::walk::{BLOCK, Place, Sink, Walker};
use crate::array::AnyArray;
use crate::element::Element;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::Block;

/// How many values are loaded at once: they stay in the first cache.
pub(super) const CHUNK: usize = 256;

/// How many blocks are shared out among threads at first: little is done in vain where the first ones
/// settle the result.
const FIRST_BATCH: usize = 8;
/// How many later on.
const LONGEST_BATCH: usize = 64;
/// The most bytes of accumulators that one block may have for itself.
const MOST_MERGED: usize = 256 << 10;

/// What becomes of the elements that are reduced to one.
pub(super) trait Accumulator: Clone + Send + Sync {
    type Item: Value;

    /// Whether it makes use of the positions.
    const POSITIONS: bool = false;

    fn push(&mut self, value: Self::Item, position: usize);

    /// Takes in several values, at `position`, `position + step`, …; at most [`CHUNK`].
    #[inline(always)]
    fn fold(&mut self, values: &[Self::Item], position: usize, step: usize) {
        for (index, &value) in values.iter().enumerate() {
            self.push(value, position + index * step);
        }
    }

    /// Takes in what another one has, whose values come behind.
    fn merge(&mut self, later: Self);

    /// Whether no further value can change it.
    fn is_settled(&self) -> bool {
        false
    }

    /// How many bytes it takes.
    fn nbytes(&self) -> usize {
        size_of::<Self>()
    }
}

/// Fills a chunk with the values of a run from an index on.
pub(super) type Load<'a, T> = &'a (dyn Fn(Run<'_>, usize, &mut [T]) + Sync);

/// One accumulator for each element of the result, all elements of the array taken in.
pub(super) fn accumulate<A: Accumulator>(
    array: &dyn AnyArray,
    axes: &Axes<'_>,
    skip_nan: bool,
    initial: A,
) -> Result<Vec<A>> {
    fold_blocks(array, axes, skip_nan, initial, None)
}

/// As [`accumulate`], with another way to make a value of an element.
pub(super) fn accumulate_with<A: Accumulator>(
    array: &dyn AnyArray,
    axes: &Axes<'_>,
    skip_nan: bool,
    initial: A,
    load: Load<'_, A::Item>,
) -> Result<Vec<A>> {
    fold_blocks(array, axes, skip_nan, initial, Some(load))
}

fn fold_blocks<A: Accumulator>(
    array: &dyn AnyArray,
    axes: &Axes<'_>,
    skip_nan: bool,
    initial: A,
    load: Option<Load<'_, A::Item>>,
) -> Result<Vec<A>> {
    let mut slots = new_slots(axes, initial.clone())?;
    let mut steps = axes.steps();
    if !A::POSITIONS {
        // Axes that differ in nothing else can then be walked as one.
        steps.position.fill(0);
    }
    let how = How {
        skip_nan: skip_nan && A::Item::HAS_NAN,
        swapped: !array.layout().dtype().is_native(),
        load,
    };
    let walker = Walker::new(array, &steps, false);
    let mut blocks = Blocks { walker: &walker, steps: &steps, how, initial };
    let (mut batch, mut most) = (Vec::new(), FIRST_BATCH);
    array.layout().for_each_block(BLOCK, &mut |block| {
        if is_settled(&slots) {
            return Ok(());
        }
        batch.push(block);
        if batch.len() == most {
            blocks.fold(&batch, &mut slots)?;
            batch.clear();
            most = (2 * most).min(LONGEST_BATCH);
        }
        Ok(())
    })?;
    blocks.fold(&batch, &mut slots)?;
    walker.require_whole()?;
    Ok(slots)
}

fn is_settled<A: Accumulator>(slots: &[A]) -> bool {
    matches!(slots, [slot] if slot.is_settled())
}

/// The same accumulator for each element of the result.
pub(super) fn new_slots<A: Accumulator>(axes: &Axes<'_>, initial: A) -> Result<Vec<A>> {
    let mut slots = Vec::new();
    slots.try_reserve_exact(axes.slots()).map_err(|_| {
        Error::new(ErrorKind::Io, "there is not enough memory for the result")
            .found(format!("{} elements", axes.slots()))
            .hint("reduce along more axes, or a part of the array at a time")
    })?;
    slots.resize(axes.slots(), initial);
    Ok(slots)
}

/// How values get out of a run.
#[derive(Clone, Copy)]
struct How<'a, T> {
    skip_nan: bool,
    swapped: bool,
    load: Option<Load<'a, T>>,
}

/// Blocks of an array, taken in by several threads.
///
/// What goes where depends on the layout alone, never on the threads: either each block has
/// accumulators of its own, which are merged in the order of the blocks; or, where those would be
/// many, its elements go to the result directly, and no two blocks at once to the same.
struct Blocks<'a, A: Accumulator> {
    walker: &'a Walker<'a>,
    steps: &'a Steps,
    how: How<'a, A::Item>,
    initial: A,
}

impl<A: Accumulator> Blocks<'_, A> {
    fn fold(&mut self, blocks: &[Block], slots: &mut [A]) -> Result<()> {
        let ranges: Vec<Range<usize>> = blocks.iter().map(|block| self.slots_of(block)).collect();
        let most = ranges.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
        if most * self.initial.nbytes() <= MOST_MERGED {
            return self.fold_and_merge(blocks, &ranges, slots);
        }
        let are_apart = ranges.windows(2).all(|pair| pair[0].end <= pair[1].start);
        if !are_apart {
            let mut buffer = Vec::new();
            return blocks.iter().try_for_each(|block| self.block(block, &mut buffer, 0, slots));
        }
        let (mut parts, mut rest, mut at) = (Vec::new(), slots, 0);
        for (block, range) in blocks.iter().zip(ranges) {
            let (part, behind) = rest[range.start - at..].split_at_mut(range.len());
            parts.push((block, range.start, part));
            (rest, at) = (behind, range.end);
        }
        let folded: Vec<Result<()>> = parts
            .into_par_iter()
            .map_init(Vec::new, |buffer, (block, first, part)| {
                self.block(block, buffer, first, part)
            })
            .collect();
        folded.into_iter().collect()
    }

    fn fold_and_merge(
        &self,
        blocks: &[Block],
        ranges: &[Range<usize>],
        slots: &mut [A],
    ) -> Result<()> {
        let one = |buffer: &mut Vec<u8>, (block, range): (&Block, &Range<usize>)| {
            let mut part = vec![self.initial.clone(); range.len()];
            self.block(block, buffer, range.start, &mut part).map(|()| part)
        };
        let mut merge = |range: &Range<usize>, part: Vec<A>| {
            slots[range.clone()].iter_mut().zip(part).for_each(|(slot, later)| slot.merge(later));
        };
        if let ([block], [range]) = (blocks, ranges) {
            merge(range, one(&mut Vec::new(), (block, range))?);
            return Ok(());
        }
        let pairs = blocks.par_iter().zip(ranges);
        let parts: Vec<Result<Vec<A>>> = pairs.map_init(Vec::new, one).collect();
        for (range, part) in ranges.iter().zip(parts) {
            merge(range, part?);
        }
        Ok(())
    }

    /// Takes in the elements of a block; `slots` begin with the one numbered `first`.
    fn block(
        &self,
        block: &Block,
        buffer: &mut Vec<u8>,
        first: usize,
        slots: &mut [A],
    ) -> Result<()> {
        let chunk = vec![bytemuck::Zeroable::zeroed(); CHUNK];
        self.walker.block(block, buffer, &mut Fold { slots, first, chunk, how: self.how })
    }

    /// The elements of the result that those of a block go to, and all between them.
    fn slots_of(&self, block: &Block) -> Range<usize> {
        let (mut first, mut last) = (0, 0);
        for (axis, step) in self.steps.slot.iter().enumerate() {
            first += block.start[axis] * step;
            last += (block.start[axis] + block.layout.shape()[axis] - 1) * step;
        }
        first..last + 1
    }
}

/// Elements of a block on their way to their accumulators.
struct Fold<'a, A: Accumulator> {
    slots: &'a mut [A],
    /// The number of the first of the accumulators.
    first: usize,
    chunk: Vec<A::Item>,
    how: How<'a, A::Item>,
}

impl<A: Accumulator> Sink for Fold<'_, A> {
    fn run(&mut self, run: Run<'_>, place: Place) {
        let Fold { slots, chunk, how, .. } = self;
        for start in (0..run.len()).step_by(CHUNK) {
            let values = &mut chunk[..CHUNK.min(run.len() - start)];
            match how.load {
                Some(load) => load(run, start, values),
                None => run.load(start, values),
            }
            if how.load.is_none() && how.swapped {
                simd::dispatch(Swap(values));
            }
            let slot = place.slot - self.first + start * place.slot_step;
            let position = place.position + start * place.position_step;
            let step = place.position_step;
            let skips = how.skip_nan && values.iter().any(|value| value.is_nan());
            if place.slot_step == 0 && !skips {
                simd::dispatch(FoldChunk { slot: &mut slots[slot], values, position, step });
                continue;
            }
            for (index, &value) in values.iter().enumerate() {
                if !(skips && value.is_nan()) {
                    slots[slot + index * place.slot_step].push(value, position + index * step);
                }
            }
        }
    }
}

/// Values in the other byte order.
struct Swap<'a, T>(&'a mut [T]);

impl<T: Element> simd::Kernel for Swap<'_, T> {
    #[inline(always)]
    fn run(self) {
        self.0.iter_mut().for_each(|value| *value = value.swap_bytes());
    }
}

/// Values that go to one accumulator.
struct FoldChunk<'a, A: Accumulator> {
    slot: &'a mut A,
    values: &'a [A::Item],
    position: usize,
    step: usize,
}

impl<A: Accumulator> simd::Kernel for FoldChunk<'_, A> {
    #[inline(always)]
    fn run(self) {
        self.slot.fold(self.values, self.position, self.step);
    }
}
