//! The least and the greatest value, and where it is.

use super::columns::{Extremes, NoColumns};
use super::fold::Accumulator;
use super::value::Value;
use super::values::Values;

/// How many extremes are kept side by side where a run is looked at: at least one vector of the
/// smallest values.
const LANES: usize = 32;
/// How many values are looked at for NaN at once.
const PART: usize = 4 * LANES;

/// Whether `value` goes before the other, neither of them NaN.
#[inline(always)]
fn precedes<T: Value, const MAX: bool>(value: T, other: T) -> bool {
    if MAX { other.is_less(value) } else { value.is_less(other) }
}

/// Whether `value` takes the place of the best one so far. The first NaN stays, as in NumPy.
#[inline(always)]
fn replaces<T: Value, const MAX: bool>(value: T, best: T) -> bool {
    !best.is_nan() && (value.is_nan() || precedes::<T, MAX>(value, best))
}

/// The extreme of some values; the first of those that are equal, but for those in other lanes.
#[inline(always)]
fn extreme<T: Value, const MAX: bool>(values: Values<'_, T>) -> Option<T> {
    let (parts, rest) = values.as_chunks::<PART>();
    let mut lanes = [*values.first()?; LANES];
    let mut has_nan = T::has_nan(rest);
    // Both in one pass, so that memory is read while values are compared.
    for part in parts {
        values.fetch_behind(part);
        has_nan |= T::has_nan(part);
        for row in part.as_chunks::<LANES>().0 {
            for lane in 0..LANES {
                lanes[lane] = lanes[lane].extreme::<MAX>(row[lane]);
            }
        }
    }
    if has_nan {
        return values.iter().copied().find(|value| value.is_nan());
    }
    lanes.iter().chain(rest).copied().reduce(T::extreme::<MAX>)
}

/// The least or the greatest value; NaN where there is one.
#[derive(Clone, Debug)]
pub(super) struct Extreme<T, const MAX: bool> {
    pub best: Option<T>,
}

impl<T, const MAX: bool> Default for Extreme<T, MAX> {
    fn default() -> Self {
        Extreme { best: None }
    }
}

impl<T: Value, const MAX: bool> Accumulator for Extreme<T, MAX> {
    type Item = T;
    type Columns = Extremes<T, MAX>;

    #[inline]
    fn push(&mut self, value: T, _: usize) {
        if self.best.is_none_or(|best| replaces::<T, MAX>(value, best)) {
            self.best = Some(value);
        }
    }

    #[inline(always)]
    fn fold(&mut self, values: Values<'_, T>, position: usize, _: usize) {
        if let Some(value) = extreme::<T, MAX>(values) {
            self.push(value, position);
        }
    }

    fn merge(&mut self, later: &Self) {
        if let Some(value) = later.best {
            self.push(value, 0);
        }
    }

    fn of_column(columns: &Extremes<T, MAX>, column: usize, _: usize) -> Self {
        Extreme { best: Some(columns.best[column]) }
    }
}

/// The least or the greatest value and its position: the lowest one in C order, whatever the order
/// in which the values come.
#[derive(Clone, Debug)]
pub(super) struct ArgExtreme<T, const MAX: bool> {
    pub best: Option<(T, usize)>,
}

impl<T, const MAX: bool> Default for ArgExtreme<T, MAX> {
    fn default() -> Self {
        ArgExtreme { best: None }
    }
}

impl<T: Value, const MAX: bool> Accumulator for ArgExtreme<T, MAX> {
    type Item = T;
    type Columns = NoColumns;
    const POSITIONS: bool = true;

    #[inline]
    fn push(&mut self, value: T, position: usize) {
        let wins = self.best.is_none_or(|(best, at)| {
            replaces::<T, MAX>(value, best) || position < at && ties(value, best)
        });
        if wins {
            self.best = Some((value, position));
        }
    }

    #[inline(always)]
    fn fold(&mut self, values: Values<'_, T>, position: usize, step: usize) {
        let Some(value) = extreme::<T, MAX>(values) else { return };
        let wins = self.best.is_none_or(|(best, at)| {
            replaces::<T, MAX>(value, best) || position < at && ties(value, best)
        });
        if wins && let Some(index) = first_of(&values, value) {
            self.push(values[index], position + index * step);
        }
    }

    fn merge(&mut self, later: &Self) {
        if let Some((value, position)) = later.best {
            self.push(value, position);
        }
    }
}

/// The index of the first one that ties with `value`.
#[inline(always)]
fn first_of<T: Value>(values: &[T], value: T) -> Option<usize> {
    // Without a branch for each of them.
    let has = |chunk: &[T]| chunk.iter().fold(false, |has, &other| has | ties(other, value));
    let chunk = values.chunks(LANES).position(has)?;
    let first = chunk * LANES;
    let index = values[first..].iter().position(|&other| ties(other, value))?;
    Some(first + index)
}

/// Whether neither goes before the other.
#[inline(always)]
fn ties<T: Value>(a: T, b: T) -> bool {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => !a.is_less(b) && !b.is_less(a),
        (a, b) => a && b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_position_wins_whatever_the_order_of_arrival() {
        let mut least = ArgExtreme::<i32, false>::default();
        for (value, position) in [(3, 7), (1, 6), (1, 2), (1, 9), (2, 0)] {
            least.push(value, position);
        }
        assert_eq!(least.best, Some((1, 2)));
        // A run that starts lower than the best so far, but whose least value comes after it.
        least.fold(Values::lent(&[5, 1, 1]), 1, 4);
        assert_eq!(least.best, Some((1, 2)));
        least.fold(Values::lent(&[1, 1]), 1, 4);
        assert_eq!(least.best, Some((1, 1)));
    }

    #[test]
    fn the_first_nan_wins() {
        let mut greatest = ArgExtreme::<f64, true>::default();
        let mut values = [1.0; 100];
        (values[61], values[70], values[3]) = (f64::NAN, f64::NAN, f64::INFINITY);
        greatest.fold(Values::lent(&values), 0, 1);
        assert_eq!(greatest.best.unwrap().1, 61);
        greatest.push(f64::NAN, 50);
        greatest.push(f64::INFINITY, 0);
        assert_eq!(greatest.best.unwrap().1, 50);
    }
}
