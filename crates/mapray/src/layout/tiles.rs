//! Tiles: parts of an array that are compact in two layouts of it at once.

use std::cmp::Reverse;
use std::ops::Range;

use crate::error::Result;
use crate::layout::{Layout, Order};

/// A part of an array: a range of indices along each axis.
pub(crate) type Tile = [Range<usize>];

/// The axes from the widest stride to the narrowest: the order in which the elements lie.
pub(crate) fn natural_axes(layout: &Layout) -> Vec<usize> {
    let mut axes: Vec<usize> = (0..layout.ndim()).collect();
    axes.sort_by_key(|&axis| Reverse(layout.strides()[axis].unsigned_abs()));
    axes
}

/// Hands out parts of an array of two layouts, which have one shape, of at most `most` elements
/// each, so that the runs of elements side by side are long in either: slabs where both lie in the
/// same order, squares where one is the other transposed. They come in C order of their first
/// elements.
pub(crate) fn for_each_tile(
    layouts: [&Layout; 2],
    most: usize,
    work: &mut impl FnMut(&Tile) -> Result<()>,
) -> Result<()> {
    tiles(layouts, most, 1).try_for_each(|tile| work(&tile))
}

/// As [`for_each_tile`], of runs that are so many times longer in the second layout as far as that can be.
pub(crate) fn tiles(layouts: [&Layout; 2], most: usize, times: usize) -> Tiles {
    Tiles::new(layouts[0].shape(), extents(layouts, most, times))
}

/// Hands out parts of an array of this shape, of at most `most` elements each, that follow each
/// other in C order.
pub(crate) fn for_each_slab(
    shape: &[usize],
    most: usize,
    work: &mut impl FnMut(&Tile) -> Result<()>,
) -> Result<()> {
    if shape.contains(&0) {
        return Ok(());
    }
    let mut rest = most;
    let mut extents: Vec<usize> = (shape.iter().rev())
        .map(|&n| {
            let extent = n.min(rest.max(1));
            // Nothing joins further out what is cut here.
            rest = if extent == n { rest / n } else { 1 };
            extent
        })
        .collect();
    extents.reverse();
    Tiles::new(shape, extents).try_for_each(|tile| work(&tile))
}

/// Parts of an array of one extent, but for those at the ends of its axes, in C order.
pub(crate) struct Tiles {
    shape: Vec<usize>,
    extents: Vec<usize>,
    /// Where the next one starts.
    next: Option<Vec<usize>>,
}

impl Tiles {
    fn new(shape: &[usize], extents: Vec<usize>) -> Tiles {
        let next = (!shape.contains(&0)).then(|| vec![0; shape.len()]);
        Tiles { shape: shape.to_vec(), extents, next }
    }
}

impl Iterator for Tiles {
    type Item = Vec<Range<usize>>;

    fn next(&mut self) -> Option<Vec<Range<usize>>> {
        let start = self.next.take()?;
        let ends = self.extents.iter().zip(&self.shape);
        let range = |(&first, (&extent, &n)): (&usize, (&usize, &usize))| {
            first..n.min(first.saturating_add(extent))
        };
        let tile: Vec<Range<usize>> = start.iter().zip(ends).map(range).collect();
        let mut next = start;
        for axis in (0..next.len()).rev() {
            next[axis] = tile[axis].end;
            if next[axis] < self.shape[axis] {
                self.next = Some(next);
                break;
            }
            next[axis] = 0;
        }
        Some(tile)
    }
}

/// How far a tile reaches along each axis. The layout whose runs are shorter has its say next, where
/// those of the first count as so many `times` longer.
fn extents(layouts: [&Layout; 2], most: usize, times: usize) -> Vec<usize> {
    let shape = layouts[0].shape();
    let mut extents = vec![1_usize; shape.len()];
    let orders = layouts.map(|layout| {
        let mut axes = natural_axes(layout);
        axes.retain(|&axis| shape[axis] > 1);
        axes.reverse();
        axes
    });
    loop {
        let growing = orders.each_ref().map(|axes| {
            let partial = axes.iter().position(|&axis| extents[axis] < shape[axis]);
            let run: usize = axes
                .iter()
                .take(partial.unwrap_or(axes.len()) + 1)
                .map(|&axis| extents[axis])
                .product();
            partial.map(|at| (run, axes[at]))
        });
        let [first, second] = growing;
        let first = first.map(|(run, axis)| (run.saturating_mul(times), axis));
        let least = [first, second].into_iter().flatten().min_by_key(|&(run, _)| run);
        let Some((_, axis)) = least else { return extents };
        let others: usize = extents.iter().product::<usize>() / extents[axis];
        let longest = (most / others).min(shape[axis]);
        if longest <= extents[axis] {
            return extents;
        }
        extents[axis] = longest.min(2 * extents[axis]);
    }
}

/// The index in the array of an element of a tile, which is counted in C order.
pub(crate) fn index_in(tile: &Tile, mut element: usize) -> Vec<usize> {
    let mut index: Vec<usize> = tile.iter().map(|range| range.start).collect();
    for (index, range) in index.iter_mut().zip(tile).rev() {
        *index += element % range.len();
        element /= range.len();
    }
    index
}

impl Layout {
    /// The layout of a part of this array.
    pub(crate) fn tile(&self, tile: &Tile) -> Layout {
        let parts = tile.iter().enumerate();
        parts.fold(self.clone(), |part, (axis, range)| part.narrowed(axis, range.clone()))
    }

    /// The same elements with the axes in another order.
    pub(crate) fn permuted(&self, axes: &[usize]) -> Layout {
        let shape: Vec<usize> = axes.iter().map(|&axis| self.shape()[axis]).collect();
        let strides: Vec<isize> = axes.iter().map(|&axis| self.strides()[axis]).collect();
        Layout::strided(self.dtype().clone(), &shape, &strides, self.offset())
            .expect("the axes of a layout in another order")
    }

    /// The axes from the slowest to the fastest of an array in this order.
    pub(crate) fn axes_in(&self, order: Order) -> Vec<usize> {
        let axes = 0..self.ndim();
        match order {
            Order::C => axes.collect(),
            Order::F => axes.rev().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(shape: &[usize], order: Order) -> Layout {
        Layout::contiguous("f8".parse().unwrap(), shape, order, 0).unwrap()
    }

    #[test]
    fn tiles_are_slabs_in_one_order_and_squares_in_two() {
        let (c, f) = (layout(&[1000, 3000], Order::C), layout(&[1000, 3000], Order::F));
        assert_eq!(extents([&c, &c], 30_000, 1), [10, 3000]);
        assert_eq!(extents([&f, &f], 30_000, 1), [1000, 30]);
        assert_eq!(extents([&c, &f], 1 << 14, 1), [128, 128]);
        assert_eq!(extents([&c, &f], 1 << 14, 64), [1000, 16]);
        let (c, f) = (layout(&[3, 1000, 5], Order::C), layout(&[3, 1000, 5], Order::F));
        assert_eq!(extents([&c, &f], 150, 1), [3, 10, 5]);
    }

    #[test]
    fn slabs_follow_each_other() {
        for shape in [&[][..], &[7], &[0, 3], &[5, 1, 6], &[4, 3, 2, 5], &[2, 23]] {
            let (c, mut next) = (layout(shape, Order::C), 0);
            for_each_slab(shape, 11, &mut |tile| {
                let part = c.tile(tile);
                assert!(part.len() <= 11 && part.is_contiguous(Order::C));
                assert_eq!(part.span(), 8 * next..8 * (next + part.len() as u64));
                next += part.len() as u64;
                Ok(())
            })
            .unwrap();
            assert_eq!(next, c.len() as u64, "{shape:?}");
        }
    }

    #[test]
    fn tiles_cover_every_element_once() {
        for shape in [&[][..], &[7], &[0, 3], &[5, 1, 6], &[4, 3, 2, 5]] {
            let (c, f) = (layout(shape, Order::C), layout(shape, Order::F));
            let mut seen = vec![0; c.len()];
            for_each_tile([&c, &f], 11, &mut |tile| {
                let part = c.tile(tile);
                assert!(part.len() <= 11);
                part.for_each_range(0, &mut |bytes| {
                    (bytes.start / 8..bytes.end / 8).for_each(|i| seen[i as usize] += 1);
                    Ok(())
                })
            })
            .unwrap();
            assert!(seen.iter().all(|&n| n == 1), "{shape:?}");
        }
    }
}
