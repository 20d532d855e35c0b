//! When a plain sum in `f64` makes no error at all.
//!
//! Numbers of one type are multiples of the last place of the smallest of them that is not zero. Their
//! sums are exact as long as these places and the leading ones of the sum fit in the 53 bits of an
//! `f64`.

use super::double::{Double, LANES, Lanes};
use super::values::Values;

/// Between which powers of two some `f32` lie, zeros left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    /// The bits of the smallest absolute value, less one, so that zero is the largest.
    least: u32,
    greatest: u32,
}

impl Spread {
    /// That of zeros. Also of numbers so few powers of two apart that sums of at most
    /// [`CHUNK`](super::fold::CHUNK) are always exact; infinity and NaN spread in them as they should.
    pub const NARROW: Spread = Spread { least: u32::MAX, greatest: 0 };

    /// That of numbers that may lie anywhere.
    pub const ANY: Spread = Spread { least: 0, greatest: u32::MAX };

    /// That of rows of one length.
    #[inline(always)]
    pub fn of<const N: usize>(rows: [&[f32]; N]) -> Spread {
        let mut spread = Spread::NARROW;
        let mut take = |value: f32| {
            let bits = value.to_bits() & 0x7fff_ffff;
            spread.greatest = spread.greatest.max(bits);
            spread.least = spread.least.min(bits.wrapping_sub(1));
        };
        let (fours, rest) = rows.as_chunks();
        for [a, b, c, d] in fours {
            for ((a, b), (c, d)) in a.iter().zip(*b).zip(c.iter().zip(*d)) {
                [a, b, c, d].into_iter().for_each(|&value| take(value));
            }
        }
        for row in rest {
            row.iter().for_each(|&value| take(value));
        }
        spread
    }

    #[inline(always)]
    pub fn and(self, other: Spread) -> Spread {
        Spread { least: self.least.min(other.least), greatest: self.greatest.max(other.greatest) }
    }

    /// Whether the sum of any so many of them is exact, in any order.
    pub fn sums_exactly(self, count: usize) -> bool {
        if self.greatest == 0 {
            return true;
        }
        // The exponents, which the bits begin with; those of the smallest numbers are 1 and 0.
        let (least, greatest) = ((self.least.wrapping_add(1) >> 23).max(1), self.greatest >> 23);
        let is_finite = greatest < 0xff;
        is_finite && greatest.max(1) - least + 24 + count.next_power_of_two().ilog2() <= 53
    }
}

/// The sum of at most [`CHUNK`](super::fold::CHUNK) numbers in plain `f64`, if it is exact.
#[inline(always)]
pub(super) fn exact_sum(values: Values<'_, f32>) -> Option<Double> {
    let (mut sums, mut spread) = ([0.0; LANES], Spread::NARROW);
    // Both in one pass, so that memory is read while numbers are added.
    for part in values.chunks(2 * LANES) {
        values.fetch_behind(part);
        spread = spread.and(Spread::of([part]));
        add_in_lanes(&mut sums, part);
    }
    if spread.sums_exactly(values.len()) {
        return Some(Double::new(plain_total(&mut sums), 0.0));
    }
    spread.sums_exactly(values.len().div_ceil(LANES)).then(|| Lanes::exact(sums).total())
}

/// Adds values to the lanes in turn, in plain `f64`.
#[inline(always)]
pub(super) fn add_in_lanes(sums: &mut [f64; LANES], values: &[f32]) {
    for row in values.chunks(LANES) {
        // Of a length that the compiler does not know: it would unroll the loop instead.
        let sums = &mut sums[..row.len()];
        sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
    }
}

/// The sum of all lanes, halved again and again.
#[inline(always)]
pub(super) fn plain_total(sums: &mut [f64; LANES]) -> f64 {
    let mut half = LANES / 2;
    while half > 0 {
        let (sums, others) = sums.split_at_mut(half);
        sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += *other);
        half /= 2;
    }
    sums[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_far_apart_do_not_sum_exactly() {
        let spread = |values: &[f32]| Spread::of([values]);
        assert!(spread(&[]).sums_exactly(1 << 20));
        assert!(spread(&[0.0, -0.0]).sums_exactly(1 << 20));
        assert!(spread(&[0.0, 1.0, -1.5]).sums_exactly(1 << 20));
        assert!(!spread(&[f32::INFINITY, 1.0]).sums_exactly(2));
        assert!(!spread(&[f32::NAN]).sums_exactly(1));
        assert!(spread(&[1.0, 2.0_f32.powi(-20)]).sums_exactly(1 << 9));
        assert!(!spread(&[1.0, 2.0_f32.powi(-20)]).sums_exactly(1 << 10));
        assert!(spread(&[f32::from_bits(1), f32::MIN_POSITIVE]).sums_exactly(1 << 9));
        assert!(!spread(&[f32::from_bits(1), 1.0]).sums_exactly(2));
    }

    #[test]
    fn a_plain_sum_of_close_numbers_has_no_error() {
        // The largest and the smallest of numbers that may be summed so: all bits are set.
        let (large, small) = (f32::from_bits(0x3fff_ffff), f32::from_bits(0x3600_0001));
        assert!(Spread::of([&[large, small]]).sums_exactly(256));
        let sum: f64 = (0..128).map(|_| f64::from(large) + f64::from(small)).sum();
        let back: f64 = (0..128).map(|_| f64::from(large)).fold(sum, |sum, value| sum - value);
        assert_eq!(back, 128.0 * f64::from(small));
    }
}
