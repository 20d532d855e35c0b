//! Elements that lie side by side and go to as many accumulators: row upon row, each row in one loop.

use super::double::{Double, add};
use super::exact::Spread;
use super::fold::CHUNK;
use super::sum::Exact;
use super::value::{Float, Real, Value};
use super::values::Values;

/// What is known of each column of some rows. The lengths of all rows are the same.
pub(super) trait Columns<T>: Default + Send + Sync {
    /// Whether there is such a thing for these accumulators: otherwise columns are brought into
    /// rows and taken in one by one.
    const SUPPORTED: bool = true;

    /// Forgets all columns, and prepares for as many as there are in the first row.
    fn start(&mut self, first: &[T]);

    /// Takes a row in.
    fn row(&mut self, values: Values<'_, T>);

    /// Takes some rows in, with the same result as one after the other.
    #[inline(always)]
    fn rows(&mut self, [a, b, c, d]: [Values<'_, T>; ROWS]) {
        self.row(a);
        self.row(b);
        self.row(c);
        self.row(d);
    }

    /// Whether the columns stand for the values of all rows, whatever these are.
    fn always_holds(_skip_nan: bool) -> bool {
        false
    }

    /// Whether the columns stand for the values of all rows.
    fn holds(&self, skip_nan: bool) -> bool;
}

/// How many rows are taken in at once where they lie far apart: memory is then read at as many places.
pub(super) const ROWS: usize = 4;

/// How many values of a row are taken in at once.
const PART: usize = 256;

/// A part of a row. The memory that lies some way behind it is asked for.
#[inline(always)]
fn part<'a, T: Copy>(values: Values<'a, T>, start: usize) -> &'a [T] {
    let part = &values.as_slice()[start..values.len().min(start + PART)];
    values.fetch_behind(part);
    part
}

/// The parts of a row.
#[inline(always)]
fn parts<'a, T: Copy>(values: Values<'a, T>) -> impl Iterator<Item = &'a [T]> {
    (0..values.len()).step_by(PART).map(move |start| part(values, start))
}

/// None.
#[derive(Default)]
pub(super) struct NoColumns;

impl<T> Columns<T> for NoColumns {
    const SUPPORTED: bool = false;

    fn start(&mut self, _: &[T]) {}

    fn row(&mut self, _: Values<'_, T>) {}

    fn holds(&self, _: bool) -> bool {
        false
    }
}

/// Sums, and the errors made in them.
#[derive(Default)]
pub(super) struct RealSums {
    sums: Vec<f64>,
    errors: Vec<f64>,
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

    #[inline(always)]
    pub fn column(&self, column: usize) -> Double {
        Double::new(self.sums[column], self.errors[column])
    }
}

/// Plain sums for as long as no error is made in them, and the sums of these.
#[derive(Default)]
pub(super) struct ExactSums {
    total: RealSums,
    plain: Vec<f64>,
    /// Whether the totals are all zero.
    is_plain: bool,
    /// Of each part of a row, what is in its plain sums.
    parts: Vec<Summands>,
}

/// The values of some rows, and how many rows.
#[derive(Clone, Copy)]
struct Summands {
    spread: Spread,
    rows: usize,
}

impl Summands {
    /// Takes in values of so many rows more, if plain sums stay exact.
    #[inline(always)]
    fn takes(&mut self, spread: Spread, rows: usize) -> bool {
        let all = Summands { spread: self.spread.and(spread), rows: self.rows + rows };
        let is_exact = all.rows <= CHUNK && all.spread.sums_exactly(all.rows);
        if is_exact {
            *self = all;
        }
        is_exact
    }
}

impl ExactSums {
    /// Adds values to a part of the columns.
    #[inline(always)]
    fn add<T: Float>(&mut self, at: usize, values: &[T]) {
        let (start, of_row) = (at * PART, T::spread([values]));
        let plain = &mut self.plain[start..][..values.len()];
        if !self.parts[at].takes(of_row, 1) {
            self.is_plain = false;
            self.parts[at] = Summands { spread: of_row, rows: 1 };
            for (sum, plain) in self.total.lanes().skip(start).zip(&mut *plain) {
                add(sum, std::mem::take(plain), 0.0);
            }
        }
        plain.iter_mut().zip(values).for_each(|(sum, value)| *sum += value.wide());
    }

    #[inline(always)]
    pub fn column(&self, column: usize) -> Double {
        let plain = Double::new(self.plain[column], 0.0);
        if self.is_plain { plain } else { self.total.column(column).plus(plain) }
    }
}

impl<T: Float> Columns<T> for ExactSums {
    fn start(&mut self, first: &[T]) {
        self.total.clear(first.len());
        self.plain.clear();
        self.plain.resize(first.len(), 0.0);
        self.is_plain = T::MAY_SUM_EXACTLY;
        self.parts.clear();
        self.parts.resize(first.len().div_ceil(PART), Summands { spread: Spread::NARROW, rows: 0 });
    }

    #[inline(always)]
    fn row(&mut self, values: Values<'_, T>) {
        if !T::MAY_SUM_EXACTLY {
            return self.total.lanes().zip(&*values).for_each(|(sum, v)| add(sum, v.wide(), 0.0));
        }
        for (at, values) in parts(values).enumerate() {
            self.add(at, values);
        }
    }

    #[inline(always)]
    fn rows(&mut self, [a, b, c, d]: [Values<'_, T>; ROWS]) {
        if !T::MAY_SUM_EXACTLY {
            return [a, b, c, d].into_iter().for_each(|values| self.row(values));
        }
        for (at, start) in (0..a.len()).step_by(PART).enumerate() {
            let (a, b, c, d) = (part(a, start), part(b, start), part(c, start), part(d, start));
            let of_rows = T::spread([a, b, c, d]);
            if !self.parts[at].takes(of_rows, ROWS) {
                [a, b, c, d].into_iter().for_each(|values| self.add(at, values));
                continue;
            }
            let rows = a.iter().zip(b).zip(c.iter().zip(d));
            for (sum, ((a, b), (c, d))) in self.plain[start..].iter_mut().zip(rows) {
                *sum += (a.wide() + b.wide()) + (c.wide() + d.wide());
            }
        }
    }

    fn always_holds(skip_nan: bool) -> bool {
        !skip_nan
    }

    fn holds(&self, skip_nan: bool) -> bool {
        let mut sums = self.total.sums.iter().chain(&self.plain);
        !(skip_nan && sums.any(|sum| sum.is_nan()))
    }
}

/// Sums of integers of at most 32 bits.
#[derive(Default)]
pub(super) struct IntSums(pub Vec<i64>);

impl<T: Exact> Columns<T> for IntSums {
    fn start(&mut self, first: &[T]) {
        self.0.clear();
        self.0.resize(first.len(), 0);
    }

    #[inline(always)]
    fn row(&mut self, values: Values<'_, T>) {
        for (values, sums) in parts(values).zip(self.0.chunks_mut(PART)) {
            sums.iter_mut().zip(values).for_each(|(sum, &value)| *sum += value.exact());
        }
    }

    fn always_holds(_: bool) -> bool {
        true
    }

    fn holds(&self, _: bool) -> bool {
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
    fn start(&mut self, first: &[T]) {
        self.best.clear();
        self.best.extend_from_slice(first);
        self.has_nan = false;
    }

    #[inline(always)]
    fn row(&mut self, values: Values<'_, T>) {
        for (values, best) in parts(values).zip(self.best.chunks_mut(PART)) {
            self.has_nan |= T::has_nan(values);
            for (best, &value) in best.iter_mut().zip(values) {
                *best = best.extreme::<MAX>(value);
            }
        }
    }

    fn holds(&self, _: bool) -> bool {
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
    fn start(&mut self, first: &[T]) {
        self.origins.clear();
        self.origins.extend(first.iter().map(|&value| value.origin()));
        self.first.clear(first.len());
        self.second.clear(first.len());
    }

    #[inline(always)]
    fn row(&mut self, values: Values<'_, T>) {
        let sums = self.first.lanes().zip(self.second.lanes());
        for ((sums, &value), &origin) in sums.zip(&*values).zip(&self.origins) {
            let [high, low, squared, error] = value.powers(origin);
            add(sums.0, high, low);
            add(sums.1, squared, error);
        }
    }

    fn holds(&self, _: bool) -> bool {
        self.second.sums.iter().all(|sum| sum.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_exact_wherever_their_rows_grow_unlike() {
        const COLUMNS: usize = PART + 44;
        let places: [&dyn Fn(usize, usize) -> usize; 5] = [
            &|_, _| 0,
            &|row, _| row / 8 * 15 % 60,
            &|row, _| row * 11 % 60,
            &|_, column| column % 60,
            &|row, column| if (row, column) == (21, 290) { 60 } else { 0 },
        ];
        for (case, place) in places.iter().enumerate() {
            let whole = |row: usize, column: usize| (row * 7919 + column * 104_729) % 241;
            let value = |row, column| {
                (whole(row, column) as f32 - 120.0) * 2.0_f32.powi(-(place(row, column) as i32))
            };
            let rows: Vec<Vec<f32>> = (0..39)
                .map(|row| (0..COLUMNS).map(|column| value(row, column)).collect())
                .collect();
            let (mut one, mut four) = (ExactSums::default(), ExactSums::default());
            Columns::start(&mut one, &rows[0]);
            Columns::start(&mut four, &rows[0]);
            rows.iter().for_each(|row| one.row(Values::lent(row)));
            let (fours, rest) = rows.as_chunks::<ROWS>();
            fours.iter().for_each(|rows| four.rows(rows.each_ref().map(|row| Values::lent(row))));
            rest.iter().for_each(|row| four.row(Values::lent(row)));
            for column in 0..COLUMNS {
                let fixed = |row: &Vec<f32>| (f64::from(row[column]) * 2.0_f64.powi(60)) as i128;
                let expected = rows.iter().map(fixed).sum::<i128>() as f64 / 2.0_f64.powi(60);
                assert_eq!(one.column(column).value(), expected, "case {case}, column {column}");
                assert_eq!(one.column(column), four.column(column), "case {case}, column {column}");
            }
        }
    }
}
