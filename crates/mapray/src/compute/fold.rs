//! Accumulators, and how the elements of an array get into them.

use super::axes::Axes;
use super::run::Run;
use super::value::Value;
use super::walk::{Place, Sink, for_each_run};
use crate::array::AnyArray;
use crate::element::Element;
use crate::error::{Error, ErrorKind, Result};

/// How many values are loaded at once: they stay in the first cache.
pub(super) const CHUNK: usize = 256;

/// What becomes of the elements that are reduced to one.
pub(super) trait Accumulator: Clone {
    type Item: Value;

    /// Whether it makes use of the positions.
    const POSITIONS: bool = false;

    fn push(&mut self, value: Self::Item, position: usize);

    /// Takes in several values, at `position`, `position + step`, …; at most [`CHUNK`].
    fn fold(&mut self, values: &[Self::Item], position: usize, step: usize) {
        for (index, &value) in values.iter().enumerate() {
            self.push(value, position + index * step);
        }
    }

    /// Whether no further value can change it.
    fn is_settled(&self) -> bool {
        false
    }
}

/// Fills a chunk with the values of a run from an index on.
pub(super) type Load<'a, T> = &'a dyn Fn(Run<'_>, usize, &mut [T]);

struct Fold<'a, A: Accumulator> {
    slots: Vec<A>,
    chunk: Vec<A::Item>,
    skip_nan: bool,
    load: Load<'a, A::Item>,
}

/// One accumulator for each element of the result, all elements of the array taken in.
pub(super) fn accumulate<A: Accumulator>(
    array: &dyn AnyArray,
    axes: &Axes<'_>,
    skip_nan: bool,
    initial: A,
) -> Result<Vec<A>> {
    let swapped = !array.layout().dtype().is_native();
    accumulate_with(array, axes, skip_nan, initial, &|run, start, values| {
        run.load(start, values);
        if swapped {
            values.iter_mut().for_each(|value| *value = value.swap_bytes());
        }
    })
}

/// As [`accumulate`], with another way to make a value of an element.
pub(super) fn accumulate_with<A: Accumulator>(
    array: &dyn AnyArray,
    axes: &Axes<'_>,
    skip_nan: bool,
    initial: A,
    load: Load<'_, A::Item>,
) -> Result<Vec<A>> {
    let slots = new_slots(axes, initial)?;
    let chunk = vec![bytemuck::Zeroable::zeroed(); CHUNK];
    let skip_nan = skip_nan && A::Item::HAS_NAN;
    let mut fold = Fold { slots, chunk, skip_nan, load };
    let mut steps = axes.steps();
    if !A::POSITIONS {
        // Axes that differ in nothing else can then be walked as one.
        steps.position.fill(0);
    }
    for_each_run(array, &steps, &mut fold)?;
    Ok(fold.slots)
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

impl<A: Accumulator> Sink for Fold<'_, A> {
    fn run(&mut self, run: Run<'_>, place: Place) {
        for start in (0..run.len()).step_by(CHUNK) {
            let values = &mut self.chunk[..CHUNK.min(run.len() - start)];
            (self.load)(run, start, values);
            let slot = place.slot + start * place.slot_step;
            let position = place.position + start * place.position_step;
            let step = place.position_step;
            if self.skip_nan && values.iter().any(|value| value.is_nan()) {
                for (index, &value) in values.iter().enumerate() {
                    if !value.is_nan() {
                        let slot = slot + index * place.slot_step;
                        self.slots[slot].push(value, position + index * step);
                    }
                }
                continue;
            }
            match place.slot_step {
                0 => self.slots[slot].fold(values, position, step),
                1 => {
                    let slots = &mut self.slots[slot..slot + values.len()];
                    for (index, (slot, &value)) in slots.iter_mut().zip(&*values).enumerate() {
                        slot.push(value, position + index * step);
                    }
                }
                slot_step => {
                    for (index, &value) in values.iter().enumerate() {
                        self.slots[slot + index * slot_step].push(value, position + index * step);
                    }
                }
            }
        }
    }

    fn is_settled(&self) -> bool {
        matches!(&self.slots[..], [slot] if slot.is_settled())
    }
}
