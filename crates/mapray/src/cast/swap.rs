//! Bytes in the other order.

use half::f16;

use crate::halves::widen;
use crate::simd::{self, Kernel};

/// Reverses the bytes of each unit of so many, as many whole ones as there are.
pub(crate) fn reverse_units(bytes: &mut [u8], unit: usize) {
    simd::dispatch(Reverse { bytes, unit });
}

struct Reverse<'a> {
    bytes: &'a mut [u8],
    unit: usize,
}

impl Kernel for Reverse<'_> {
    #[inline(always)]
    fn run(self) {
        let bytes = self.bytes;
        match self.unit {
            0 | 1 => {}
            2 => units(bytes, |unit| u16::from_ne_bytes(unit).swap_bytes().to_ne_bytes()),
            4 => units(bytes, |unit| u32::from_ne_bytes(unit).swap_bytes().to_ne_bytes()),
            8 => units(bytes, |unit| u64::from_ne_bytes(unit).swap_bytes().to_ne_bytes()),
            unit => bytes.chunks_exact_mut(unit).for_each(<[u8]>::reverse),
        }
    }
}

#[inline(always)]
fn units<const N: usize>(bytes: &mut [u8], reverse: impl Fn([u8; N]) -> [u8; N]) {
    bytes.as_chunks_mut().0.iter_mut().for_each(|unit| *unit = reverse(*unit));
}

/// Stores halves that lie side by side as `f32`, many at a time where the processor can.
pub(super) fn widen_halves(bytes: &[u8], swapped: bool, out: &mut [u8], swaps: bool) {
    let (mut halves, mut wide) = ([f16::ZERO; 512], [0.0_f32; 512]);
    for (bytes, out) in bytes.chunks(2 * halves.len()).zip(out.chunks_mut(4 * wide.len())) {
        let (halves, wide) = (&mut halves[..bytes.len() / 2], &mut wide[..bytes.len() / 2]);
        bytemuck::cast_slice_mut(halves).copy_from_slice(bytes);
        if swapped {
            reverse_units(bytemuck::cast_slice_mut(halves), 2);
        }
        widen(halves, wide);
        let wide: &mut [u8] = bytemuck::cast_slice_mut(wide);
        if swaps {
            reverse_units(wide, 4);
        }
        out[..wide.len()].copy_from_slice(wide);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_any_size_and_number_are_reversed_wherever_they_lie() {
        let bytes: Vec<u8> = (0..1024_u32).map(|i| (i * 7 + i / 256) as u8).collect();
        for unit in [1, 2, 3, 4, 8, 10, 16] {
            for n in 0..64 {
                for at in 0..9 {
                    let mut found = bytes[..at + n * unit].to_vec();
                    reverse_units(&mut found[at..], unit);
                    let mut expected = bytes[..at + n * unit].to_vec();
                    expected[at..].chunks_exact_mut(unit).for_each(<[u8]>::reverse);
                    assert_eq!(found, expected, "{n} units of {unit} bytes from {at} on");
                }
            }
        }
    }
}
