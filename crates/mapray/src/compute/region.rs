//! The elements of the result that some elements of the array go to.

use std::ops::Range;

use super::axes::Steps;
use crate::layout::Block;

/// A range along each axis of the array; one index along those that are reduced.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Region(Vec<Range<usize>>);

impl Region {
    pub fn of(block: &Block, steps: &Steps) -> Region {
        let axes = block.start.iter().zip(block.layout.shape()).zip(&steps.slot);
        let range = |((&start, &n), &step): ((&usize, &usize), &usize)| match step {
            0 => 0..1,
            _ => start..start + n,
        };
        Region(axes.map(range).collect())
    }

    /// How many elements of the result there are.
    pub fn slots(&self) -> usize {
        self.0.iter().map(ExactSizeIterator::len).product()
    }

    /// The least region that has the elements of both, and others where they do not lie side by side.
    pub fn union(&self, other: &Region) -> Region {
        let ranges = self.0.iter().zip(&other.0);
        Region(ranges.map(|(a, b)| a.start.min(b.start)..a.end.max(b.end)).collect())
    }

    /// The index along each axis that the region counts from.
    pub fn corner(&self) -> Vec<usize> {
        self.0.iter().map(|range| range.start).collect()
    }

    /// How far a step along each axis of the array leads among its elements.
    pub fn steps(&self, whole: &Steps) -> Steps {
        let mut step = 1;
        let mut slot = vec![0; self.0.len()];
        for (axis, range) in self.0.iter().enumerate().rev() {
            if whole.slot[axis] != 0 {
                slot[axis] = step;
            }
            step *= range.len();
        }
        Steps { slot, position: whole.position.clone() }
    }

    /// Its elements within some of the whole result: their numbers there, as ranges, and the number of the
    /// first of each within the region.
    ///
    /// # Errors
    ///
    /// The first one of the work.
    pub fn try_for_each_range<E>(
        &self,
        whole: &Steps,
        within: &Range<usize>,
        work: &mut dyn FnMut(Range<usize>, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let kept = || self.0.iter().zip(&whole.slot).filter(|&(_, &step)| step != 0);
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
        let mut at = 0;
        let first = kept().map(|(range, step)| range.start * step).sum();
        walk(&axes, first, &mut |range| {
            let own = range.start.max(within.start)..range.end.min(within.end);
            let start = at;
            at += range.len();
            if own.is_empty() { Ok(()) } else { work(own.clone(), start + own.start - range.start) }
        })
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
            for within in [0..60, 0..7, 7..23, 23..60] {
                let mut found = Vec::new();
                let collect = &mut |range: Range<usize>, at| {
                    found.extend(range.zip(at..));
                    Ok::<(), Infallible>(())
                };
                let Ok(()) = Region(region.to_vec()).try_for_each_range(&steps, &within, collect);
                let expected = expected.iter().copied().zip(0..);
                let expected: Vec<_> = expected.filter(|(slot, _)| within.contains(slot)).collect();
                assert_eq!(found, expected, "{slot:?} {region:?} {within:?}");
            }
        }
    }
}
