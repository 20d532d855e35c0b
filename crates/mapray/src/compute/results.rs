//! From the accumulators of groups to those of the whole, and to the elements of the result.

use std::convert::Infallible;
use std::ops::Range;

use super::axes::{Axes, Steps};
use super::fold::{Accumulator, Folded, Load, fold_all};
use crate::array::AnyArray;
use crate::error::{Error, ErrorKind, Result};
use crate::{sys, threads};

/// One accumulator for each element of the result, all elements of the array taken in.
pub(super) fn accumulate<A: Accumulator>(
    array: &dyn AnyArray,
    axes: &Axes<'_>,
    skip_nan: bool,
    initial: A,
) -> Result<Vec<A>> {
    let (steps, mut slots) = (axes.steps(), filled(axes.slots(), initial.clone())?);
    fold_all(array, axes, skip_nan, &initial, None, &mut |folded| {
        merge(&folded.iter().collect::<Vec<_>>(), &steps, &mut slots);
        Ok(is_settled(&slots))
    })?;
    Ok(slots)
}

/// What is made of an accumulator, for each element of the result, all elements of the array taken in;
/// `load` is another way to make a value of an element. Until then there is a `blank`.
pub(super) fn finished<A: Accumulator, R: Clone + Send>(
    array: &dyn AnyArray,
    axes: &Axes<'_>,
    skip_nan: bool,
    initial: &A,
    load: Option<Load<'_, A::Item>>,
    blank: R,
    finish: &(dyn Fn(&A) -> Result<R> + Sync),
) -> Result<Vec<R>> {
    let n = axes.slots();
    if array.layout().is_empty() && n > 0 {
        return filled(n, finish(initial)?);
    }
    let finish = |result: &mut R, slot: &A| finish(slot).map(|value| *result = value);
    let (steps, mut results) = (axes.steps(), filled(n, blank)?);
    // Where several groups have a part of an element, and what they have.
    let (mut regions, mut slots) = (Vec::new(), Vec::new());
    fold_all(array, axes, skip_nan, initial, load, &mut |folded| {
        let (whole, parts): (Vec<_>, Vec<_>) = folded.iter().partition(|one| one.are_whole);
        put(&whole, &steps, &mut results, &finish)?;
        if parts.is_empty() {
            return Ok(false);
        }
        if slots.is_empty() {
            slots = filled(n, initial.clone())?;
        }
        merge(&parts, &steps, &mut slots);
        for part in parts {
            // Those of one region follow each other.
            if regions.last() != Some(part.region) {
                regions.push(part.region.clone());
            }
        }
        Ok(is_settled(&slots))
    })?;
    in_parts(size_of::<A>() * slots.len(), &mut results, |results, own| {
        regions.iter().try_for_each(|region| {
            region.try_for_each_range(&steps, own, &mut |range, _| {
                let results = &mut results[range.start - own.start..range.end - own.start];
                results.iter_mut().zip(&slots[range]).try_for_each(|(to, slot)| finish(to, slot))
            })
        })
    })?;
    Ok(results)
}

fn is_settled<A: Accumulator>(slots: &[A]) -> bool {
    matches!(slots, [slot] if slot.is_settled())
}

/// Merges what groups have into the slots of the whole.
fn merge<A: Accumulator>(groups: &[&Folded<'_, A>], steps: &Steps, slots: &mut [A]) {
    let merge = |slot: &mut A, later: &A| {
        slot.merge(later);
        Ok::<(), Infallible>(())
    };
    let Ok(()) = put(groups, steps, slots, &merge);
}

/// Hands what groups have to the elements of the result, to each of these in the order of the groups.
fn put<A: Accumulator, R: Send, E: Send>(
    groups: &[&Folded<'_, A>],
    steps: &Steps,
    results: &mut [R],
    put: &(dyn Fn(&mut R, &A) -> Result<(), E> + Sync),
) -> Result<(), E> {
    let slots: usize = groups.iter().map(|group| group.slots.len()).sum();
    in_parts(size_of::<A>() * slots, results, |results, own| {
        groups.iter().try_for_each(|group| {
            group.region.try_for_each_range(steps, own, &mut |range, at| {
                let slots = &group.slots[at..][..range.len()];
                let results = &mut results[range.start - own.start..range.end - own.start];
                results.iter_mut().zip(slots).try_for_each(|(result, slot)| put(result, slot))
            })
        })
    })
}

/// Works on some of the results on each thread, if so many bytes are to be looked at. The work is told which
/// ones they are.
fn in_parts<R: Send, E: Send>(
    nbytes: usize,
    results: &mut [R],
    work: impl Fn(&mut [R], &Range<usize>) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let most = if nbytes >= threads::WORTHWHILE { threads::count() } else { 1 };
    let n = results.len().div_ceil(most).max(1);
    let parts = results.chunks_mut(n).zip((0..).step_by(n));
    let work = |(): &mut (), (part, first): (&mut [R], usize)| {
        let own = first..first + part.len();
        work(part, &own)
    };
    threads::for_each(most, parts, || (), work)
}

/// As many of the same as the result has elements, in memory of few faults.
pub(super) fn filled<T: Clone>(len: usize, value: T) -> Result<Vec<T>> {
    let mut values = Vec::new();
    values.try_reserve_exact(len).map_err(|_| {
        Error::new(ErrorKind::Io, "there is not enough memory for the result")
            .found(format!("{len} elements"))
            .hint("reduce along more axes, or a part of the array at a time")
    })?;
    let room = values.spare_capacity_mut();
    sys::prefer_huge_pages(room.as_mut_ptr().cast(), size_of_val(room));
    values.resize(len, value);
    Ok(values)
}
