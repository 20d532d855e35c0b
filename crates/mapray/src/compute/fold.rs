//! Accumulators, and how the elements of an array get into them.

use super::axes::Axes;
use super::blocks::are_in_order;
use super::columns::{Columns, ROWS};
use super::region::Region;
use super::run::{Run, Sheet};
use super::share::{fold_groups, for_each_batch};
use super::value::Value;
use super::values::{AHEAD, Values};
use super::walk::{Place, Sink, Walker};
use crate::array::{AnyArray, swap};
use crate::error::Result;
use crate::simd::{self, Kernel};

/// How many values are taken in at once: they stay in the first cache.
pub(super) const CHUNK: usize = 4096;

/// What becomes of the elements that are reduced to one.
pub(super) trait Accumulator: Clone + Send + Sync {
    type Item: Value;

    /// What takes the place of many of them while rows of elements go to as many of them.
    type Columns: Columns<Self::Item>;

    /// Whether it makes use of the positions.
    const POSITIONS: bool = false;

    fn push(&mut self, value: Self::Item, position: usize);

    /// Takes in several values, at `position`, `position + step`, …; at most [`CHUNK`].
    #[inline(always)]
    fn fold(&mut self, values: Values<'_, Self::Item>, position: usize, step: usize) {
        for (index, &value) in values.iter().enumerate() {
            self.push(value, position + index * step);
        }
    }

    /// Takes in what another one has, whose values come behind.
    fn merge(&mut self, later: &Self);

    /// What has taken in a column of so many rows.
    fn of_column(_columns: &Self::Columns, _column: usize, _rows: usize) -> Self {
        unreachable!("there are no columns of these")
    }

    /// Whether it may be settled before it has taken in everything.
    const MAY_SETTLE: bool = false;

    /// Whether no further value can change it, nor one that goes before.
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

/// What the elements of a group have become.
pub(super) struct Folded<'a, A> {
    pub region: &'a Region,
    /// An accumulator for each element of the region.
    pub slots: &'a [A],
    /// Whether they have taken in all that goes to them.
    pub are_whole: bool,
}

/// Hands out what all elements of the array have become, some groups at a time and in their order, until the
/// work says that no further ones can change anything.
pub(super) fn fold_all<A: Accumulator>(
    array: &dyn AnyArray,
    axes: &Axes<'_>,
    skip_nan: bool,
    initial: &A,
    load: Option<Load<'_, A::Item>>,
    work: &mut dyn FnMut(&[Folded<'_, A>]) -> Result<bool>,
) -> Result<()> {
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
    let walker = match are_in_order(array.layout(), &steps) {
        true => Walker::in_order(array),
        false => Walker::new(array, false),
    };
    // Kept from one batch to the next: fresh memory costs more than the work on few elements.
    let slot_size = initial.nbytes();
    let mut folds: Vec<Fold<'_, A>> = Vec::new();
    let waits = walker.waits();
    for_each_batch(array.layout(), &steps, slot_size, A::MAY_SETTLE, waits, &mut |groups| {
        folds.resize_with(folds.len().max(groups.len()), || Fold::new(how));
        let sinks = folds.iter_mut().zip(groups).map(|(fold, group)| {
            fold.slots.clear();
            fold.slots.resize(group.region.slots(), initial.clone());
            fold as &mut (dyn Sink + Send)
        });
        fold_groups(&walker, &steps, groups, sinks.collect())?;
        let folded = groups.iter().zip(&folds).map(|(group, fold)| Folded {
            region: &group.region,
            slots: &fold.slots,
            are_whole: group.is_whole(axes.reduced_len()),
        });
        work(&folded.collect::<Vec<_>>())
    })?;
    walker.require_whole()
}

/// How values get out of a run.
#[derive(Clone, Copy)]
struct How<'a, T> {
    skip_nan: bool,
    swapped: bool,
    load: Option<Load<'a, T>>,
}

impl<T: Value> How<'_, T> {
    /// Values of a run: where they lie if they can be used there, else copied into the chunk.
    fn values<'r>(
        &self,
        run: Run<'r>,
        start: usize,
        n: usize,
        chunk: &'r mut Vec<T>,
    ) -> Values<'r, T> {
        if let Some(load) = self.load {
            let values = room(chunk, n);
            load(run, start, values);
            return Values::lent(values);
        }
        match run.lent(start, n) {
            Some(values) if !self.swapped => return Values::lent(values),
            Some(values) => simd::dispatch(Swap { from: values, to: room(chunk, n) }),
            None => {
                run.load(start, room(chunk, n));
                if self.swapped {
                    swap(&mut chunk[..n]);
                }
            }
        }
        Values::before(&chunk[..n], run.address(start + n))
    }
}

/// Elements of a group on their way to their accumulators.
struct Fold<'a, A: Accumulator> {
    slots: Vec<A>,
    columns: A::Columns,
    /// What of them the slots lack.
    pending: Option<Pending>,
    /// Empty until the first value has to be copied.
    chunk: Vec<A::Item>,
    how: How<'a, A::Item>,
}

/// Rows that were taken into columns.
struct Pending {
    place: Place,
    columns: usize,
    rows: usize,
}

impl Pending {
    /// Whether rows that go to this place belong to the same columns.
    fn goes_on(&self, place: Place, columns: usize) -> bool {
        (self.place.slot, self.place.slot_step, self.columns)
            == (place.slot, place.slot_step, columns)
    }
}

/// Room for so many values.
fn room<T: Value>(chunk: &mut Vec<T>, len: usize) -> &mut [T] {
    if chunk.len() < len {
        chunk.resize(len, bytemuck::Zeroable::zeroed());
    }
    &mut chunk[..len]
}

impl<'a, A: Accumulator> Fold<'a, A> {
    fn new(how: How<'a, A::Item>) -> Self {
        let (slots, columns, chunk) = Default::default();
        Fold { slots, columns, pending: None, chunk, how }
    }

    /// Merges the columns into the slots.
    fn merge_columns(&mut self) {
        let Some(Pending { place, columns, rows }) = self.pending.take() else { return };
        for column in 0..columns {
            let slot = &mut self.slots[place.slot + column * place.slot_step];
            slot.merge(&A::of_column(&self.columns, column, rows));
        }
    }

    fn take(&mut self, run: Run<'_>, start: usize, n: usize, place: Place) {
        let Fold { slots, chunk, how, .. } = self;
        let values = how.values(run, start, n, chunk);
        let Place { slot, slot_step, position, position_step: step } = place;
        let skips = how.skip_nan && values.iter().any(|value| value.is_nan());
        if slot_step == 0 && !skips {
            simd::dispatch(FoldChunk { slot: &mut slots[slot], values, position, step });
            return;
        }
        for (index, &value) in values.iter().enumerate() {
            if !(skips && value.is_nan()) {
                slots[slot + index * slot_step].push(value, position + index * step);
            }
        }
    }
}

impl<A: Accumulator> Sink for Fold<'_, A> {
    fn run(&mut self, run: Run<'_>, place: Place) {
        for start in (0..run.len()).step_by(CHUNK) {
            let n = CHUNK.min(run.len() - start);
            let place = Place {
                slot: place.slot + start * place.slot_step,
                position: place.position + start * place.position_step,
                ..place
            };
            self.take(run, start, n, place);
        }
    }

    fn sheet(&mut self, sheet: &Sheet<'_>, place: Place) -> bool {
        if !A::Columns::SUPPORTED || self.how.load.is_some() {
            return false;
        }
        let before = match &self.pending {
            Some(pending) if pending.goes_on(place, sheet.columns()) => pending.rows,
            _ => {
                self.merge_columns();
                0
            }
        };
        let Fold { columns, chunk, how, .. } = self;
        let at_once = if sheet.rows_are_apart() { ROWS } else { 1 };
        let chunk = room(chunk, at_once * sheet.columns());
        let (starts, swapped) = (before == 0, how.swapped);
        simd::dispatch(FoldSheet::<A> { columns, chunk, sheet, starts, swapped });
        if !columns.holds(how.skip_nan) {
            return false;
        }
        let goes_on = A::Columns::always_holds(how.skip_nan);
        let rows = before + sheet.rows();
        self.pending = Some(Pending { place, columns: sheet.columns(), rows });
        if !goes_on {
            self.merge_columns();
        }
        true
    }

    fn finish(&mut self) {
        self.merge_columns();
        // Only groups that are worked on need it.
        self.chunk = Vec::new();
    }

    fn is_settled(&self) -> bool {
        matches!(&self.slots[..], [slot] if slot.is_settled())
    }

    fn has_columns(&self) -> bool {
        true
    }

    /// It takes in chunk by chunk anyway.
    fn takes_pieces(&self) -> bool {
        true
    }
}

/// Copies values in the other byte order, as many as there are in both.
struct Swap<'a, T> {
    from: &'a [T],
    to: &'a mut [T],
}

impl<T: Value> Kernel for Swap<'_, T> {
    #[inline(always)]
    fn run(self) {
        self.to.iter_mut().zip(self.from).for_each(|(to, from)| *to = from.swap_bytes());
    }
}

/// Values that go to one accumulator.
struct FoldChunk<'a, A: Accumulator> {
    slot: &'a mut A,
    values: Values<'a, A::Item>,
    position: usize,
    step: usize,
}

impl<A: Accumulator> Kernel for FoldChunk<'_, A> {
    #[inline(always)]
    fn run(self) {
        self.slot.fold(self.values, self.position, self.step);
    }
}

/// Rows that go to an accumulator for each column.
struct FoldSheet<'a, A: Accumulator> {
    columns: &'a mut A::Columns,
    chunk: &'a mut [A::Item],
    sheet: &'a Sheet<'a>,
    /// Whether there are no rows before these.
    starts: bool,
    swapped: bool,
}

impl<A: Accumulator> Kernel for FoldSheet<'_, A> {
    #[inline(always)]
    fn run(self) {
        let FoldSheet { columns, chunk, sheet, starts, swapped } = self;
        let n = sheet.columns();
        // As far on as is worth while, and at least a row.
        let rows_ahead = (AHEAD / (size_of::<A::Item>() * n).max(1)).max(1);
        if starts {
            columns.start(&values_of(sheet, 0, rows_ahead, swapped, &mut chunk[..n]));
        }
        // Those side by side are quickest read from the first to the last.
        let at_once = if sheet.rows_are_apart() { sheet.rows() / ROWS * ROWS } else { 0 };
        for row in (0..at_once).step_by(ROWS) {
            let (ab, cd) = chunk.split_at_mut(2 * n);
            let ((a, b), (c, d)) = (ab.split_at_mut(n), cd.split_at_mut(n));
            let ahead = rows_ahead.max(ROWS);
            columns.rows([
                values_of(sheet, row, ahead, swapped, a),
                values_of(sheet, row + 1, ahead, swapped, b),
                values_of(sheet, row + 2, ahead, swapped, c),
                values_of(sheet, row + 3, ahead, swapped, d),
            ]);
        }
        for row in at_once..sheet.rows() {
            columns.row(values_of(sheet, row, rows_ahead, swapped, &mut chunk[..n]));
        }
    }
}

/// The values of a row of a table, where they lie if they can be used there, else copied into the chunk. So many
/// rows ahead lies what will be read next.
#[inline(always)]
fn values_of<'r, T: Value>(
    sheet: &'r Sheet<'_>,
    row: usize,
    rows_ahead: usize,
    swapped: bool,
    chunk: &'r mut [T],
) -> Values<'r, T> {
    let row = sheet.row(row);
    let values: &[T] = match row.lent(0, row.len()) {
        Some(values) if !swapped => values,
        Some(values) => {
            Swap { from: values, to: chunk }.run();
            chunk
        }
        None => {
            row.load(0, chunk);
            if swapped {
                chunk.iter_mut().for_each(|value| *value = value.swap_bytes());
            }
            chunk
        }
    };
    let next = row.address(0).wrapping_offset(rows_ahead as isize * sheet.stride());
    Values::before(values, next)
}
