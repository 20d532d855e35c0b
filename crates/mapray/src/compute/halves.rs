//! The order and the sum of numbers of half precision.

use half::f16;

use super::double::{Double, LANES};
use super::exact::{add_in_lanes, plain_total};
use super::values::Values;
use crate::halves::widen;

/// A number that is less where the value is, neither of them NaN.
#[inline(always)]
pub(super) fn key(value: f16) -> i16 {
    let bits = value.to_bits() as i16;
    if bits < 0 { -(bits & i16::MAX) } else { bits }
}

#[inline(always)]
pub(super) fn min(a: f16, b: f16) -> f16 {
    if key(b) < key(a) { b } else { a }
}

#[inline(always)]
pub(super) fn max(a: f16, b: f16) -> f16 {
    if key(a) < key(b) { b } else { a }
}

#[inline(always)]
pub(super) fn is_nan(value: f16) -> bool {
    value.to_bits() & 0x7fff > 0x7c00
}

/// The sum of at most [`CHUNK`](super::fold::CHUNK) in plain `f64`, which is exact for all that are finite.
#[inline(always)]
pub(super) fn exact_sum(values: Values<'_, f16>) -> Double {
    let (mut sums, mut wide) = ([0.0; LANES], [0.0_f32; 4 * LANES]);
    for part in values.chunks(4 * LANES) {
        values.fetch_behind(part);
        let wide = &mut wide[..part.len()];
        widen(bytemuck::cast_slice(part), bytemuck::cast_slice_mut(wide));
        add_in_lanes(&mut sums, wide);
    }
    Double::new(plain_total(&mut sums), 0.0)
}
