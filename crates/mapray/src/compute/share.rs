//! Work shared out among threads: groups of blocks, each with accumulators of its own.
//!
//! Which elements go to which group, and the order in which groups are merged, depend on the layout
//! alone, so results do not depend on how many threads there are.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::axes::Steps;
use super::blocks::for_each_block;
use super::walk::{Sink, Walker};
use crate::error::Result;
use crate::layout::{Block, Layout};
use crate::threads;

/// The most blocks of a group.
const BLOCKS: usize = 4;
/// The most bytes of accumulators of a group, unless a single block has more.
const SLOTS: usize = 256 << 10;
/// The most bytes of accumulators of all groups that are worked on at once.
const BATCH: usize = 32 << 20;
/// The most groups for each thread that are worked on at once: at the end of each time all threads wait for
/// the last one.
const GROUPS: usize = 64;

/// Blocks that are worked on by one thread, one after the other.
pub(super) struct Group {
    pub blocks: Vec<Block>,
    /// The elements of the result that theirs go to, as a range along each axis of the array; one
    /// index along those that are reduced.
    region: Vec<Range<usize>>,
}

impl Group {
    fn new(block: Block, steps: &Steps) -> Group {
        let region = region(&block, steps);
        Group { blocks: vec![block], region }
    }

    /// The bytes from the first element to the last.
    fn span(&self) -> Range<u64> {
        let spans = self.blocks.iter().map(|block| block.layout.span());
        spans.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end)).expect("a group has a block")
    }

    /// How many elements of the result there are.
    pub fn slots(&self) -> usize {
        slots(&self.region)
    }

    /// Whether there is no other element of the array that goes to one of those.
    pub fn is_whole(&self, array: &Layout, whole: &Steps) -> bool {
        self.blocks.iter().all(|block| {
            let axes = block.layout.shape().iter().zip(array.shape()).zip(&whole.slot);
            axes.into_iter().all(|((part, n), &step)| step != 0 || part == n)
        })
    }

    /// How far a step along each axis of the array leads among those.
    pub fn steps(&self, whole: &Steps) -> Steps {
        let mut step = 1;
        let mut slot = vec![0; self.region.len()];
        for (axis, range) in self.region.iter().enumerate().rev() {
            if whole.slot[axis] != 0 {
                slot[axis] = step;
            }
            step *= range.len();
        }
        Steps { slot, position: whole.position.clone() }
    }

    /// Their numbers within the whole result, as ranges, in the order in which the group counts them.
    pub fn try_for_each_range<E>(
        &self,
        whole: &Steps,
        work: &mut dyn FnMut(Range<usize>) -> Result<(), E>,
    ) -> Result<(), E> {
        let kept = || self.region.iter().zip(&whole.slot).filter(|&(_, &step)| step != 0);
        let mut axes: Vec<(usize, usize)> = Vec::new();
        for (range, &step) in kept() {
            match axes.last_mut() {
                // A whole axis within the one before.
                Some((n, wide)) if *wide == range.len() * step => {
                    (*n, *wide) = (*n * range.len(), step);
                }
                _ => axes.push((range.len(), step)),
            }
        }
        walk(&axes, kept().map(|(range, step)| range.start * step).sum(), work)
    }

    /// The index along each axis that the group counts from.
    pub fn corner(&self) -> Vec<usize> {
        self.region.iter().map(|range| range.start).collect()
    }
}

fn walk<E>(
    axes: &[(usize, usize)],
    first: usize,
    work: &mut dyn FnMut(Range<usize>) -> Result<(), E>,
) -> Result<(), E> {
    match axes {
        [] => work(first..first + 1),
        // The last axis, along which they are counted one by one.
        &[(n, _)] => work(first..first + n),
        [(n, step), inner @ ..] => (0..*n).try_for_each(|i| walk(inner, first + i * step, work)),
    }
}

fn region(block: &Block, steps: &Steps) -> Vec<Range<usize>> {
    let axes = block.start.iter().zip(block.layout.shape()).zip(&steps.slot);
    axes.map(|((&start, &n), &step)| if step == 0 { 0..1 } else { start..start + n }).collect()
}

fn slots(region: &[Range<usize>]) -> usize {
    region.iter().map(ExactSizeIterator::len).product()
}

fn union(a: &[Range<usize>], b: &[Range<usize>]) -> Vec<Range<usize>> {
    a.iter().zip(b).map(|(a, b)| a.start.min(b.start)..a.end.max(b.end)).collect()
}

/// Hands out the groups that cover the array, some at a time, until the work says that no further
/// one can change anything, if that may be. Each element of the result takes `slot_size` bytes; `waits` says
/// whether each read waits for a disk.
pub(super) fn for_each_batch(
    layout: &Layout,
    steps: &Steps,
    slot_size: usize,
    may_settle: bool,
    waits: bool,
    work: &mut dyn FnMut(&[Group]) -> Result<bool>,
) -> Result<()> {
    let (mut batch, mut is_settled) = (Vec::<Group>::new(), false);
    let threads = threads::readers(waits);
    // Many threads have memory of their own.
    let most_bytes = if waits { BATCH / 4 } else { BATCH };
    // A few at first, if they may settle it.
    let mut most = if may_settle { threads } else { GROUPS * threads };
    for_each_block(layout, steps, &mut |block| {
        if is_settled {
            return Ok(());
        }
        let region = region(&block, steps);
        if let Some(group) = batch.last_mut() {
            let union = union(&group.region, &region);
            if group.blocks.len() < BLOCKS && slots(&union).saturating_mul(slot_size) <= SLOTS {
                group.region = union;
                group.blocks.push(block);
                return Ok(());
            }
        }
        let bytes = |group: &Group| group.slots().saturating_mul(slot_size);
        let in_work: usize = batch.iter().map(bytes).sum();
        if batch.len() >= most || in_work >= most_bytes {
            is_settled = work(&batch)?;
            batch.clear();
            most = (4 * most).min(GROUPS * threads);
        }
        if !is_settled {
            batch.push(Group::new(block, steps));
        }
        Ok(())
    })?;
    if !batch.is_empty() {
        work(&batch)?;
    }
    Ok(())
}

/// Hands the elements of each group to the sink of the same number. Where there is one result, groups are
/// left out once a sink has settled it.
pub(super) fn fold_groups(
    walker: &Walker<'_>,
    steps: &Steps,
    groups: &[Group],
    sinks: Vec<&mut (dyn Sink + Send)>,
) -> Result<()> {
    let is_one = steps.slot.iter().all(|&step| step == 0);
    let is_settled = AtomicBool::new(false);
    let work = |buffer: &mut Vec<u8>, (group, sink): (&Group, &mut (dyn Sink + Send))| {
        if is_settled.load(Ordering::Relaxed) {
            return Ok(());
        }
        let (steps, corner) = (group.steps(steps), group.corner());
        walker.pass(group.span());
        group.blocks.iter().try_for_each(|block| match sink.is_settled() {
            true => Ok(()),
            false => walker.block(block, &steps, &corner, buffer, sink),
        })?;
        sink.finish();
        if is_one && sink.is_settled() {
            is_settled.store(true, Ordering::Relaxed);
        }
        Ok(())
    };
    let items = groups.iter().zip(sinks);
    threads::for_each_read(walker.waits(), groups.len(), items, Vec::new, work)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn ranges_are_the_numbers_of_all_indices_in_turn() {
        // What a step along each axis of an array of 3 × 4 × 5 leads to, and a part of its axes.
        for (slot, region) in [
            ([20, 5, 1], [0..3, 0..4, 0..5]),
            ([20, 5, 1], [1..3, 1..3, 0..5]),
            ([20, 5, 1], [0..3, 0..4, 2..4]),
            ([20, 5, 1], [2..3, 1..2, 4..5]),
            ([5, 0, 1], [0..3, 0..1, 1..5]),
            ([4, 1, 0], [0..3, 1..3, 0..1]),
            ([4, 1, 0], [1..3, 0..4, 0..1]),
            ([0, 0, 0], [0..1, 0..1, 0..1]),
        ] {
            let mut expected = Vec::new();
            for i in region[0].clone() {
                for j in region[1].clone() {
                    let numbers =
                        region[2].clone().map(|k| i * slot[0] + j * slot[1] + k * slot[2]);
                    expected.extend(numbers);
                }
            }
            let steps = Steps { slot: slot.to_vec(), position: vec![0; 3] };
            let mut found = Vec::new();
            let group = Group { blocks: Vec::new(), region: region.to_vec() };
            let collect = &mut |range| {
                found.extend(range);
                Ok::<(), Infallible>(())
            };
            let Ok(()) = group.try_for_each_range(&steps, collect);
            assert_eq!(found, expected, "{slot:?} {region:?}");
        }
    }
}
