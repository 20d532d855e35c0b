//! Bytes in the other order.

use crate::simd::{self, Kernel};

/// Reverses the bytes of each unit of so many, as many whole ones as there are.
pub(crate) fn reverse_units(bytes: &mut [u8], unit: usize) {
    simd::dispatch(Reverse { bytes, unit });
}

/// The bytes with those of each unit of so many in reverse order, in the room for them.
pub(super) fn reversed<'a>(bytes: &[u8], unit: usize, room: &'a mut [u8]) -> &'a [u8] {
    let room = &mut room[..bytes.len()];
    room.copy_from_slice(bytes);
    reverse_units(room, unit);
    room
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
