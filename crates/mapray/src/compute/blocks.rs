//! Which parts of an array are worked on at once. They depend on the layout alone.

use super::axes::Steps;
use crate::error::Result;
use crate::layout::{Block, Layout};

/// How many bytes are looked at in one go.
pub(super) const BLOCK: usize = 1 << 20;

/// How many bytes of a row, the elements of which go to different places, are looked at in one go: so
/// many accumulators stay in the second cache while row upon row is taken in.
const PANEL: usize = 8 << 10;

/// Hands out blocks of at most [`BLOCK`] bytes that cover the array.
///
/// Where elements side by side go to different places, rows are cut into panels, and the blocks of
/// a panel follow each other.
pub(super) fn for_each_block(
    layout: &Layout,
    steps: &Steps,
    work: &mut dyn FnMut(Block) -> Result<()>,
) -> Result<()> {
    if layout.is_empty() {
        return Ok(());
    }
    match narrow_axes(layout, steps) {
        Some(axes) => panels(layout, &axes, vec![0; layout.ndim()], work),
        None => layout.for_each_block(BLOCK, &mut |block| work(block)),
    }
}

/// Whether there are blocks that follow each other in the file: several, but one panel, and little
/// between the elements.
pub(super) fn are_in_order(layout: &Layout, steps: &Steps) -> bool {
    let panel = |axes: Vec<usize>| {
        axes.iter().map(|&axis| layout.shape()[axis]).product::<usize>() * layout.itemsize()
    };
    let span = layout.span();
    // What one look takes in at once needs no way to be prepared.
    layout.nbytes() > BLOCK
        && span.end - span.start <= 2 * layout.nbytes() as u64
        && narrow_axes(layout, steps).is_none_or(|axes| panel(axes) <= PANEL)
}

/// The axes, the widest first, along which elements lie closer than along any that is reduced; where
/// there is such an axis, and one that is.
fn narrow_axes(layout: &Layout, steps: &Steps) -> Option<Vec<usize>> {
    let stride = |&axis: &usize| layout.strides()[axis].unsigned_abs();
    let mut axes: Vec<usize> =
        (0..layout.ndim()).filter(|&axis| layout.shape()[axis] > 1).collect();
    axes.sort_by_key(|axis| std::cmp::Reverse(stride(axis)));
    let reduced = axes.iter().rposition(|&axis| steps.slot[axis] == 0)?;
    let narrow = axes.split_off(reduced + 1);
    (!narrow.is_empty()).then_some(narrow)
}

fn panels(
    layout: &Layout,
    axes: &[usize],
    start: Vec<usize>,
    work: &mut dyn FnMut(Block) -> Result<()>,
) -> Result<()> {
    let elements: usize = axes.iter().map(|&axis| layout.shape()[axis]).product();
    let wide = axes.iter().copied().find(|&axis| layout.shape()[axis] > 1);
    let bytes = elements * layout.itemsize();
    let Some(axis) = wide.filter(|_| bytes > PANEL) else { return rows(layout, start, work) };
    let n = layout.shape()[axis];
    let extent = (PANEL / (bytes / n).max(1)).max(1);
    cut(layout, axis, extent, start, &mut |part, start| panels(part, axes, start, work))
}

/// Cuts a panel into blocks along the axes with the widest strides.
fn rows(
    layout: &Layout,
    start: Vec<usize>,
    work: &mut dyn FnMut(Block) -> Result<()>,
) -> Result<()> {
    let long = (0..layout.ndim()).filter(|&axis| layout.shape()[axis] > 1);
    let widest = long.max_by_key(|&axis| layout.strides()[axis].unsigned_abs());
    let bytes = layout.nbytes();
    match widest.filter(|_| bytes > BLOCK) {
        Some(axis) => {
            let extent = (BLOCK / (bytes / layout.shape()[axis]).max(1)).max(1);
            cut(layout, axis, extent, start, &mut |part, start| rows(part, start, work))
        }
        None => work(Block { layout: layout.clone(), start }),
    }
}

fn cut(
    layout: &Layout,
    axis: usize,
    extent: usize,
    start: Vec<usize>,
    work: &mut dyn FnMut(&Layout, Vec<usize>) -> Result<()>,
) -> Result<()> {
    let n = layout.shape()[axis];
    for first in (0..n).step_by(extent) {
        let mut start = start.clone();
        start[axis] += first;
        work(&layout.narrowed(axis, first..n.min(first + extent)), start)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Order;

    #[test]
    fn blocks_cover_each_element_once_and_follow_each_other_down_a_panel() {
        for (shape, slot) in [
            (vec![700, 9000], vec![0, 1]),
            (vec![700, 9000], vec![1, 0]),
            (vec![300_000, 3], vec![0, 1]),
            (vec![40, 50, 60, 7], vec![0, 7, 0, 1]),
            (vec![3, 7, 10_000], vec![0, 10_000, 1]),
        ] {
            for order in [Order::C, Order::F] {
                let layout = Layout::contiguous("f4".parse().unwrap(), &shape, order, 0).unwrap();
                let steps = Steps { slot: slot.clone(), position: vec![0; shape.len()] };
                let mut seen = vec![0_u8; layout.len()];
                for_each_block(&layout, &steps, &mut |block| {
                    assert!(block.layout.nbytes() <= BLOCK);
                    let first = layout.element(&block.start).unwrap();
                    assert_eq!(block.layout.offset(), first);
                    block.layout.for_each_range(0, &mut |bytes| {
                        (bytes.start / 4..bytes.end / 4).for_each(|i| seen[i as usize] += 1);
                        Ok(())
                    })
                })
                .unwrap();
                assert!(seen.iter().all(|&n| n == 1), "{shape:?}");
            }
        }
    }
}
