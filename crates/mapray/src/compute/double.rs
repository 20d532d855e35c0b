//! Double-double arithmetic: a number as the sum of two, about 106 bits.
//!
//! Sources: T. J. Dekker, "A floating-point technique for extending the available precision" (1971);
//! T. Ogita, S. M. Rump, S. Oishi, "Accurate sum and dot product" (2005).

use super::values::Values;

/// How many sums are kept side by side where a run is summed, so that they need not wait for one
/// another.
pub(super) const LANES: usize = 64;

/// Sums side by side, and the errors made in them.
pub(super) struct Lanes {
    sums: [f64; LANES],
    errors: [f64; LANES],
}

impl Lanes {
    pub const ZERO: Lanes = Lanes { sums: [0.0; LANES], errors: [0.0; LANES] };

    /// Sums in which no error was made.
    #[inline(always)]
    pub fn exact(sums: [f64; LANES]) -> Lanes {
        Lanes { sums, errors: [0.0; LANES] }
    }

    /// The lanes, each with the error made in it, for a run of so many values. A loop over lanes the
    /// number of which is not known to the compiler becomes one over vectors; one over a known number
    /// may be unrolled to the last number instead.
    #[inline(always)]
    pub fn each(&mut self, values: usize) -> impl Iterator<Item = (&mut f64, &mut f64)> {
        let n = values.min(LANES);
        self.sums[..n].iter_mut().zip(&mut self.errors[..n])
    }

    /// The sum of all.
    #[inline(always)]
    pub fn total(&mut self) -> Double {
        let mut half = LANES / 2;
        while half >= 4 {
            let (sums, others) = self.sums.split_at_mut(half);
            let (errors, other_errors) = self.errors.split_at_mut(half);
            for (lane, (&sum, &error)) in
                sums.iter_mut().zip(errors).zip(others.iter().zip(&*other_errors))
            {
                add(lane, sum, error);
            }
            half /= 2;
        }
        let lane = |at: usize| Double::new(self.sums[at], self.errors[at]);
        lane(0).plus(lane(1)).plus(lane(2).plus(lane(3)))
    }
}

/// Adds a number to a sum, and its error and one so small that only its sum counts to the errors.
#[inline(always)]
pub(super) fn add((sum, error): (&mut f64, &mut f64), value: f64, small: f64) {
    let (high, low) = two_sum(*sum, value);
    *sum = high;
    *error += low + small;
}

/// The sum of two numbers, the second at most half a unit in the last place of the first. An
/// infinity or NaN stands alone, so that it spreads as in plain arithmetic.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Double {
    high: f64,
    low: f64,
}

impl Double {
    /// `high + low`, whichever is larger.
    #[inline]
    pub fn new(high: f64, low: f64) -> Double {
        let (sum, error) = two_sum(high, low);
        if sum.is_finite() { Double { high: sum, low: error } } else { Double { high, low: 0.0 } }
    }

    /// The nearest `f64`.
    pub fn value(self) -> f64 {
        self.high
    }

    pub fn is_finite(self) -> bool {
        self.high.is_finite()
    }

    /// Adds a number. The error is at most 2⁻¹⁰⁴ of the larger one of the sum and the number.
    #[inline]
    pub fn add(&mut self, value: f64) {
        *self = self.plus(Double { high: value, low: 0.0 });
    }

    #[inline]
    pub fn plus(self, other: Double) -> Double {
        let (high, low) = two_sum(self.high, other.high);
        if high.is_finite() {
            Double::new(high, low + (self.low + other.low))
        } else {
            Double { high, low: 0.0 }
        }
    }

    pub fn minus(self, other: Double) -> Double {
        self.plus(Double { high: -other.high, low: -other.low })
    }

    pub fn times(self, other: Double) -> Double {
        let high = self.high * other.high;
        let low = self.high.mul_add(other.high, -high);
        Double::new(high, low + (self.high * other.low + self.low * other.high))
    }

    pub fn divided_by(self, divisor: f64) -> Double {
        let high = self.high / divisor;
        let rest = (-high).mul_add(divisor, self.high) + self.low;
        Double::new(high, rest / divisor)
    }

    pub fn sqrt(self) -> Double {
        let high = self.high.sqrt();
        if high == 0.0 || !high.is_finite() {
            return Double { high, low: 0.0 };
        }
        let rest = (-high).mul_add(high, self.high) + self.low;
        Double::new(high, rest / (2.0 * high))
    }

    /// Adds many numbers: in lanes, with the rounding errors summed beside them.
    #[inline(always)]
    pub fn add_all<T: Copy>(&mut self, values: Values<'_, T>, to_f64: impl Fn(T) -> f64) {
        let mut lanes = Lanes::ZERO;
        for row in values.chunks(LANES) {
            values.fetch_behind(row);
            lanes.each(row.len()).zip(row).for_each(|(lane, &value)| add(lane, to_f64(value), 0.0));
        }
        *self = self.plus(lanes.total());
    }
}

/// The sum and its rounding error, exactly, where nothing overflows.
#[inline(always)]
pub(super) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_part = sum - a;
    (sum, (a - (sum - b_part)) + (b - b_part))
}

/// The square and its rounding error, exactly, where nothing overflows or underflows. Without a
/// fused multiply-add, which is a call where the target is not known to have it.
#[inline(always)]
pub(super) fn square(value: f64) -> (f64, f64) {
    const SPLITTER: f64 = 134_217_729.0; // 2^27 + 1
    let scaled = SPLITTER * value;
    let high = scaled - (scaled - value);
    let low = value - high;
    let square = value * value;
    (square, ((high * high - square) + 2.0 * high * low) + low * low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_keeps_what_plain_addition_loses() {
        let mut sum = Double::default();
        [1e16, 1.0, -1e16, 1e-20].into_iter().for_each(|value| sum.add(value));
        assert_eq!((sum.high, sum.low), (1.0, 1e-20));
        let mut sum = Double::default();
        sum.add_all(Values::lent(&[1e16, 1.0, -1e16, 1e-16].repeat(16)), |value| value);
        assert_eq!(sum.value(), 16.0 + 16e-16);
    }

    #[test]
    fn infinities_and_nan_spread_as_in_plain_arithmetic() {
        let sum = |values: &[f64]| {
            let (mut one, mut all) = (Double::default(), Double::default());
            values.iter().for_each(|&value| one.add(value));
            all.add_all(Values::lent(values), |value| value);
            assert_eq!(one.value().to_bits(), all.value().to_bits(), "{values:?}");
            one.value()
        };
        assert_eq!(sum(&[1.0, f64::INFINITY, 2.0]), f64::INFINITY);
        assert_eq!(sum(&[f64::NEG_INFINITY; 20]), f64::NEG_INFINITY);
        assert!(sum(&[f64::INFINITY, 1.0, f64::NEG_INFINITY]).is_nan());
        assert!(sum(&[f64::NAN, 1.0]).is_nan());
        assert_eq!(sum(&[f64::MAX, f64::MAX]), f64::INFINITY);
    }

    #[test]
    fn squares_quotients_and_roots_carry_their_error() {
        let x = 1.0 + 2.0_f64.powi(-30);
        assert_eq!(square(x), (1.0 + 2.0_f64.powi(-29), 2.0_f64.powi(-60)));
        let third = Double::new(1.0, 0.0).divided_by(3.0);
        let one = third.times(Double::new(3.0, 0.0));
        assert!(one.minus(Double::new(1.0, 0.0)).value().abs() < 2.0_f64.powi(-100));
        let root = Double::new(2.0, 0.0).sqrt();
        assert!(root.times(root).minus(Double::new(2.0, 0.0)).value().abs() < 2.0_f64.powi(-100));
    }
}
