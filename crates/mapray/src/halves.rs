//! Numbers of half precision, brought to `f32` exactly.

use half::f16;

/// Without a branch, so that loops over it are compiled to vectors.
#[inline(always)]
pub(crate) fn to_f32(value: f16) -> f32 {
    const INFINITE: u32 = 0x1f << 23;
    let bits = u32::from(value.to_bits());
    let magnitude = (bits & 0x7fff) << 13;
    // The exponents are biased by 15 and by 127.
    let scaled = f32::from_bits(magnitude) * f32::from_bits((127 + 127 - 15) << 23);
    let special = if magnitude >= INFINITE { 0xff << 23 } else { 0 };
    // As the instruction does, so that a NaN is the same whichever way it goes.
    let quiet = if magnitude > INFINITE { 1 << 22 } else { 0 };
    f32::from_bits(scaled.to_bits() | special | quiet | (bits & 0x8000) << 16)
}

/// Each of the halves as an `f32`, as many as there is room for, both as bytes in this machine's order
/// wherever they lie.
pub(crate) fn widen(values: &[[u8; 2]], wide: &mut [[u8; 4]]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("f16c") {
        // SAFETY: the processor has what it takes.
        return unsafe { widen_by_instruction(values, wide) };
    }
    widen_by_loop(values, wide);
}

fn widen_by_loop(values: &[[u8; 2]], wide: &mut [[u8; 4]]) {
    for (wide, &value) in wide.iter_mut().zip(values) {
        *wide = to_f32(f16::from_ne_bytes(value)).to_ne_bytes();
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "f16c")]
fn widen_by_instruction(values: &[[u8; 2]], wide: &mut [[u8; 4]]) {
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
            let values = bytemuck::cast_slice(halves);
            let (mut wide, mut by_loop) = (vec![[0; 4]; halves.len()], vec![[0; 4]; halves.len()]);
            widen(values, &mut wide);
            widen_by_loop(values, &mut by_loop);
            for (index, half) in halves.iter().enumerate() {
                for found in [wide[index], by_loop[index]].map(f32::from_ne_bytes) {
                    let expected = half.to_f32();
                    assert_eq!(found.to_bits(), expected.to_bits(), "{half:?}");
                }
            }
        }
    }
}
