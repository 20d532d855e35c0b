//! Elements that lie side by side and go to as many accumulators: row upon row, each row in one loop.

use super::double::{Double, add};
use super::exact::Spread;
use super::sum::Exact;
use super::value::{Float, Real, Value};

/// What is known of each column of some rows. The lengths of all rows are the same.
pub(super) trait Columns<T>: Default + Send {
    /// Whether there is such a thing for these accumulators: otherwise columns are brought into
    /// rows and taken in one by one.
    const SUPPORTED: bool = true;

    /// Forgets all columns, and prepares for as many as there are in the first row: for a way that
    /// is fast but need not [hold](Columns::holds), or for one that takes its time.
    fn start(&mut self, first: &[T], is_fast: bool);

    /// Takes a row in.
    fn row(&mut self, values: &[T]);

    /// Whether the columns stand for the values of so many rows.
    fn holds(&self, rows: usize, skip_nan: bool) -> bool;
}

/// None.
#[derive(Default)]
pub(super) struct NoColumns;

impl<T> Columns<T> for NoColumns {
    const SUPPORTED: bool = false;

    fn start(&mut self, _: &[T], _: bool) {}

    fn row(&mut self, _: &[T]) {}

    fn holds(&self, _: usize, _: bool) -> bool {
        false
    }
}

/// Sums, and the errors made in them unless there are none.
#[derive(Default)]
pub(super) struct RealSums {
    sums: Vec<f64>,
    errors: Vec<f64>,
    /// Of all values, where nothing is done about errors.
    spread: Option<Spread>,
}

impl RealSums {
    fn clear(&mut self, columns: usize) {
        for sums in [&mut self.sums, &mut self.errors] {
            sums.clear();
            sums.resize(columns, 0.0);
        }
    }

    #[inline(always)]
    fn lanes(&mut self) -> impl Iterator<Item = (&mut f64, &mut f64)> {
        self.sums.iter_mut().zip(&mut self.errors)
    }

    pub fn column(&self, column: usize) -> Double {
        Double::new(self.sums[column], self.errors[column])
    }
}

impl<T: Float> Columns<T> for RealSums {
    fn start(&mut self, first: &[T], is_fast: bool) {
        self.clear(first.len());
        self.spread = is_fast.then(|| T::spread(first));
    }

    #[inline(always)]
    fn row(&mut self, values: &[T]) {
        match &mut self.spread {
            Some(spread) => {
                *spread = spread.and(T::spread(values));
                self.sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value.wide());
            }
            None => self.lanes().zip(values).for_each(|(sum, value)| add(sum, value.wide(), 0.0)),
        }
    }

    fn holds(&self, rows: usize, skip_nan: bool) -> bool {
        self.spread.is_none_or(|spread| spread.sums_exactly(rows))
            && !(skip_nan && self.sums.iter().any(|sum| sum.is_nan()))
    }
}

/// Sums of integers of at most 32 bits.
#[derive(Default)]
pub(super) struct IntSums(pub Vec<i64>);

impl<T: Exact> Columns<T> for IntSums {
    fn start(&mut self, first: &[T], _: bool) {
        self.0.clear();
        self.0.resize(first.len(), 0);
    }

    #[inline(always)]
    fn row(&mut self, values: &[T]) {
        self.0.iter_mut().zip(values).for_each(|(sum, &value)| *sum += value.exact());
    }

    fn holds(&self, _: usize, _: bool) -> bool {
        true
    }
}

/// The least or the greatest values.
pub(super) struct Extremes<T, const MAX: bool> {
    pub best: Vec<T>,
    has_nan: bool,
}

impl<T, const MAX: bool> Default for Extremes<T, MAX> {
    fn default() -> Self {
        Extremes { best: Vec::new(), has_nan: false }
    }
}

impl<T: Value, const MAX: bool> Columns<T> for Extremes<T, MAX> {
    fn start(&mut self, first: &[T], _: bool) {
        self.best.clear();
        self.best.extend_from_slice(first);
        self.has_nan = false;
    }

    #[inline(always)]
    fn row(&mut self, values: &[T]) {
        self.has_nan |= T::has_nan(values);
        for (best, &value) in self.best.iter_mut().zip(values) {
            *best = best.extreme::<MAX>(value);
        }
    }

    fn holds(&self, _: usize, _: bool) -> bool {
        !self.has_nan
    }
}

/// Sums of distances from an origin and of their squares.
pub(super) struct Powers<T> {
    pub origins: Vec<T>,
    pub first: RealSums,
    pub second: RealSums,
}

impl<T> Default for Powers<T> {
    fn default() -> Self {
        Powers { origins: Vec::new(), first: RealSums::default(), second: RealSums::default() }
    }
}

impl<T: Real> Columns<T> for Powers<T> {
    fn start(&mut self, first: &[T], _: bool) {
        self.origins.clear();
        self.origins.extend(first.iter().map(|&value| value.origin()));
        self.first.clear(first.len());
        self.second.clear(first.len());
    }

    #[inline(always)]
    fn row(&mut self, values: &[T]) {
        let sums = self.first.lanes().zip(self.second.lanes());
        for ((sums, &value), &origin) in sums.zip(values).zip(&self.origins) {
            let [high, low, squared, error] = value.powers(origin);
            add(sums.0, high, low);
            add(sums.1, squared, error);
        }
    }

    fn holds(&self, _: usize, _: bool) -> bool {
        self.second.sums.iter().all(|sum| sum.is_finite())
    }
}
