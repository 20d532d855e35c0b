//! Work shared out among threads: groups of blocks, each with accumulators of its own.
//!
//! Which elements go to which group, and the order in which groups are merged, depend on the layout
//! alone, so results do not depend on how many threads there are.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::axes::Steps;
use super::blocks::{BLOCK, for_each_block};
use super::region::Region;
use super::walk::{Sink, Walker};
use crate::error::Result;
use crate::layout::{Block, Layout};
use crate::threads;

/// The most blocks of a group: so few that there are some groups for each thread, and so many that what they
/// have to merge is little.
const FEW_BLOCKS: usize = 4;
const MANY_BLOCKS: usize = 8;
/// How many groups there are at least before they get more blocks.
const MANY_GROUPS: usize = 128;
/// The most bytes of accumulators of a group, unless a single block has more.
const SLOTS: usize = 256 << 10;
/// The most bytes of accumulators of all groups that are worked on at once.
const BATCH: usize = 32 << 20;
/// The most groups for each thread that are worked on at once: at the end of each time all threads wait for
/// the last one.
const GROUPS: usize = 64;

/// Blocks that are worked on by one thread, one after the other.
pub(super) struct Group {
    blocks: Vec<Block>,
    /// The elements of the result that theirs go to.
    pub region: Region,
}

impl Group {
    /// The bytes from the first element to the last.
    fn span(&self) -> Range<u64> {
        let spans = self.blocks.iter().map(|block| block.layout.span());
        spans.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end)).expect("a group has a block")
    }

    /// Whether its elements are all that go to the region, if so many go to each element of the result.
    pub fn is_whole(&self, reduced_len: usize) -> bool {
        let elements: usize = self.blocks.iter().map(|block| block.layout.len()).sum();
        elements == self.region.slots() * reduced_len
    }
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
    let most_blocks = (layout.nbytes() / BLOCK / MANY_GROUPS).clamp(FEW_BLOCKS, MANY_BLOCKS);
    // Many threads have memory of their own.
    let most_bytes = if waits { BATCH / 4 } else { BATCH };
    // A few at first, if they may settle it.
    let mut most = if may_settle { threads } else { GROUPS * threads };
    for_each_block(layout, steps, &mut |block| {
        if is_settled {
            return Ok(());
        }
        let region = Region::of(&block, steps);
        let bytes = |slots: usize| slots.saturating_mul(slot_size);
        if let Some(group) = batch.last_mut() {
            let union = group.region.union(&region);
            let (n, a, b) = (union.slots(), group.region.slots(), region.slots());
            // One has the other, or they lie side by side: there is nothing that neither of them has.
            let is_filled = n == a.max(b) || n == a + b;
            if is_filled && bytes(n) <= SLOTS && group.blocks.len() < most_blocks {
                group.region = union;
                group.blocks.push(block);
                return Ok(());
            }
        }
        let in_work: usize = batch.iter().map(|group| bytes(group.region.slots())).sum();
        if batch.len() >= most || in_work >= most_bytes {
            is_settled = work(&batch)?;
            batch.clear();
            most = (4 * most).min(GROUPS * threads);
        }
        if !is_settled {
            batch.push(Group { blocks: vec![block], region });
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
        let (steps, corner) = (group.region.steps(steps), group.region.corner());
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
    use super::*;
    use crate::compute::axes::Axes;
    use crate::layout::Order;

    #[test]
    fn groups_of_a_large_array_have_each_element_once_and_know_whether_they_have_all() {
        let cases: [(&[usize], Order, &[isize]); 9] = [
            (&[1 << 27], Order::C, &[0]),
            (&[1 << 10, 1 << 17], Order::C, &[0]),
            (&[1 << 10, 1 << 17], Order::C, &[1]),
            (&[1 << 17, 1 << 10], Order::F, &[0]),
            (&[1 << 17, 1 << 10], Order::F, &[1]),
            (&[130, 1001, 1013], Order::C, &[0]),
            (&[130, 1001, 1013], Order::C, &[1]),
            (&[130, 1001, 1013], Order::C, &[0, 2]),
            (&[130, 1001, 1013], Order::F, &[1]),
        ];
        for (shape, order, axes) in cases {
            let layout = Layout::contiguous("f8".parse().unwrap(), shape, order, 0).unwrap();
            let axes = Axes::new(shape, Some(axes)).unwrap();
            let (steps, all) = (axes.steps(), 0..axes.slots());
            // How many elements go to each one of the result: of one group, and of all before it.
            let (mut own, mut given) = (vec![0; all.len()], vec![0; all.len()]);
            let mut most_blocks = 0;
            for_each_batch(&layout, &steps, 16, false, false, &mut |groups| {
                for group in groups {
                    most_blocks = most_blocks.max(group.blocks.len());
                    for block in &group.blocks {
                        let region = Region::of(block, &steps);
                        let each = block.layout.len() / region.slots();
                        region.try_for_each_range(&steps, &all, &mut |range, _| {
                            own[range].iter_mut().for_each(|n| *n += each);
                            Ok::<(), crate::Error>(())
                        })?;
                    }
                    let mut has_all = true;
                    group.region.try_for_each_range(&steps, &all, &mut |range, _| {
                        assert!(!own[range.clone()].contains(&0), "results of nothing");
                        has_all &= own[range.clone()].iter().all(|&n| n == axes.reduced_len());
                        for (given, own) in given[range.clone()].iter_mut().zip(&mut own[range]) {
                            *given += std::mem::take(own);
                        }
                        Ok::<(), crate::Error>(())
                    })?;
                    assert_eq!(group.is_whole(axes.reduced_len()), has_all);
                }
                Ok(false)
            })
            .unwrap();
            assert!(own.iter().all(|&n| n == 0), "elements outside of a group's results");
            assert!(given.iter().all(|&n| n == axes.reduced_len()), "{shape:?} {order:?}");
            assert!(most_blocks > FEW_BLOCKS, "{shape:?} {order:?}");
        }
    }
}
