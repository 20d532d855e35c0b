//! Numbers of half precision, brought to `f32` exactly.

use half::f16;

/// Without a branch, so that loops over it are compiled to vectors.
#[inline(always)]
pub(crate) fn to_f32(value: f16) -> f32 {
    let bits = u32::from(value.to_bits());
    let magnitude = (bits & 0x7fff) << 13;
    // The exponents are biased by 15 and by 127.
    let scaled = f32::from_bits(magnitude) * f32::from_bits((127 + 127 - 15) << 23);
    let is_special = magnitude >= 0x1f << 23;
    let special = if is_special { 0xff << 23 } else { 0 };
    f32::from_bits(scaled.to_bits() | special | (bits & 0x8000) << 16)
}

/// Each of them, as many as there is room for.
pub(crate) fn widen(values: &[f16], wide: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("f16c") {
        // SAFETY: the processor has what it takes.
        return unsafe { widen_by_instruction(values, wide) };
    }
    widen_by_loop(values, wide);
}

fn widen_by_loop(values: &[f16], wide: &mut [f32]) {
    wide.iter_mut().zip(values).for_each(|(wide, &value)| *wide = to_f32(value));
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "f16c")]
fn widen_by_instruction(values: &[f16], wide: &mut [f32]) {
    use std::arch::x86_64::{__m128i, __m256, _mm256_cvtph_ps};

    let n = values.len().min(wide.len());
    let (vectors, rest) = values[..n].as_chunks::<8>();
    let (wide_vectors, wide_rest) = wide[..n].as_chunks_mut::<8>();
    for (values, wide) in vectors.iter().zip(wide_vectors) {
        let halves: __m128i = bytemuck::cast(*values);
        let eight: __m256 = _mm256_cvtph_ps(halves);
        *wide = bytemuck::cast(eight);
    }
    widen_by_loop(rest, wide_rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_is_widened_exactly_by_either_way() {
        let halves: Vec<f16> = (0..=u16::MAX).map(f16::from_bits).collect();
        for start in 0..9 {
            let halves = &halves[start..];
            let (mut wide, mut by_loop) = (vec![0.0; halves.len()], vec![0.0; halves.len()]);
            widen(halves, &mut wide);
            widen_by_loop(halves, &mut by_loop);
            for (index, half) in halves.iter().enumerate() {
                for found in [wide[index], by_loop[index]] {
                    let expected = half.to_f32();
                    let is_same = found.to_bits() == expected.to_bits();
                    assert!(is_same || found.is_nan() && half.is_nan(), "{half:?}");
                }
            }
        }
    }
}
