//! The sum of squares of deviations from the mean, in one pass.
//!
//! Distances from an origin and their squares are summed in double-double. The origin is the first
//! value, so its squared distance from the mean is at most the sum of all; the subtraction in the
//! end then loses at most log₂(count) of the 106 bits, however far from zero the values lie.
//!
//! Where squares are exact in `f64` the origin is zero: numbers of at most 24 bits that are not all the
//! same lie so far apart, for their size, that the subtraction loses at most 48 bits more.

use num_complex::Complex;

use super::columns::{NoColumns, Powers};
use super::double::{Double, LANES, Lanes, add};
use super::fold::{Accumulator, CHUNK};
use super::value::{Float, Real, Value};
use super::values::Values;

/// An accumulator that gives the sum of squares of deviations from the mean.
pub(super) trait Deviations: Accumulator {
    /// How many values there were.
    fn count(&self) -> u64;

    /// The sum of the squares. NaN where a value was infinite or NaN, infinite where a square was
    /// too large.
    fn squares(&self) -> Double;
}

#[derive(Clone, Debug)]
pub(super) struct Moments<T> {
    count: u64,
    origin: T,
    first: Double,
    second: Double,
    /// Whether a value was infinite or NaN.
    invalid: bool,
}

impl<T: Real> Default for Moments<T> {
    fn default() -> Self {
        let zero = Double::default();
        let origin = bytemuck::Zeroable::zeroed();
        Moments { count: 0, origin, first: zero, second: zero, invalid: false }
    }
}

impl<T: Real> Moments<T> {
    #[inline(always)]
    fn set_origin(&mut self, first: T) {
        if self.count == 0 {
            self.origin = first.origin();
        }
    }
}

impl<T: Real> Accumulator for Moments<T> {
    type Item = T;
    type Columns = Powers<T>;

    fn push(&mut self, value: T, _: usize) {
        self.set_origin(value);
        self.count += 1;
        self.invalid |= !value.is_finite();
        let [high, low, squared, error] = value.powers(self.origin);
        self.first = self.first.plus(Double::new(high, low));
        self.second = self.second.plus(Double::new(squared, error));
    }

    #[inline(always)]
    fn fold(&mut self, values: Values<'_, T>, _: usize, _: usize) {
        if let Some((first, second)) = T::exact_powers(&values) {
            self.count += values.len() as u64;
            self.first.add(first);
            self.second.add(second);
            return;
        }
        let Some(&value) = values.first() else { return };
        self.set_origin(value);
        self.count += values.len() as u64;
        let (mut first, mut second) = (Lanes::ZERO, Lanes::ZERO);
        for row in values.chunks(LANES) {
            values.fetch_behind(row);
            let lanes = first.each(row.len()).zip(second.each(row.len()));
            for (lane, &value) in lanes.zip(row) {
                let [high, low, squared, error] = value.powers(self.origin);
                add(lane.0, high, low);
                add(lane.1, squared, error);
            }
        }
        self.first = self.first.plus(first.total());
        self.second = self.second.plus(second.total());
        if !self.second.is_finite() {
            self.invalid |= !values.iter().all(|value| value.is_finite());
        }
    }

    /// Distances from the other origin become distances from this one: with the step from one to the
    /// other each of them is longer.
    fn merge(&mut self, later: &Self) {
        if self.count == 0 || later.count == 0 {
            return if self.count == 0 {
                *self = later.clone();
            };
        }
        let (high, low) = later.origin.minus(self.origin);
        let step = Double::new(high, low);
        let count = Double::new(later.count as f64, 0.0);
        let twice = Double::new(2.0, 0.0);
        let second = step.times(later.first).times(twice).plus(step.times(step).times(count));
        self.first = self.first.plus(later.first).plus(step.times(count));
        self.second = self.second.plus(later.second).plus(second);
        self.count += later.count;
        self.invalid |= later.invalid;
    }

    fn of_column(columns: &Powers<T>, column: usize, rows: usize) -> Self {
        Moments {
            count: rows as u64,
            origin: columns.origins[column],
            first: columns.first.column(column),
            second: columns.second.column(column),
            invalid: false,
        }
    }
}

impl<T: Real> Deviations for Moments<T> {
    fn count(&self) -> u64 {
        self.count
    }

    fn squares(&self) -> Double {
        if self.invalid || self.count == 0 {
            return Double::new(f64::NAN, 0.0);
        }
        if !self.first.is_finite() || !self.second.is_finite() {
            return Double::new(f64::INFINITY, 0.0);
        }
        let mean = self.first.divided_by(self.count as f64);
        let squares = self.second.minus(mean.times(self.first));
        if squares.value() < 0.0 { Double::default() } else { squares }
    }
}

/// As NumPy: the squares of the absolute values, which are those of both parts.
#[derive(Clone, Debug, Default)]
pub(super) struct ComplexMoments<P: Real> {
    re: Moments<P>,
    im: Moments<P>,
}

impl<P: Float> Accumulator for ComplexMoments<P>
where
    Complex<P>: Value,
{
    type Item = Complex<P>;
    type Columns = NoColumns;

    fn push(&mut self, value: Complex<P>, position: usize) {
        self.re.push(value.re, position);
        self.im.push(value.im, position);
    }

    #[inline(always)]
    fn fold(&mut self, values: Values<'_, Complex<P>>, position: usize, step: usize) {
        let mut parts: [P; CHUNK] = bytemuck::Zeroable::zeroed();
        let parts = &mut parts[..values.len()];
        for (moments, part) in
            [(&mut self.re, (|z| z.re) as fn(Complex<P>) -> P), (&mut self.im, |z| z.im)]
        {
            parts.iter_mut().zip(&*values).for_each(|(to, &from)| *to = part(from));
            moments.fold(Values::lent(parts), position, step);
        }
    }

    fn merge(&mut self, later: &Self) {
        self.re.merge(&later.re);
        self.im.merge(&later.im);
    }
}

impl<P: Float> Deviations for ComplexMoments<P>
where
    Complex<P>: Value,
{
    fn count(&self) -> u64 {
        self.re.count
    }

    fn squares(&self) -> Double {
        self.re.squares().plus(self.im.squares())
    }
}
