//! x87's extended precision, which is C's `long double` on x86: 1 bit of sign, 15 of exponent and
//! 64 of mantissa whose highest is not implied, in the low 80 bits of 16 bytes.

use super::real::{Finite, Magnitude, Real};

/// Takes the number apart. The highest 48 bits are padding and may hold anything.
pub fn decode(bits: u128) -> Real {
    const INTEGER_BIT: u64 = 1 << 63;
    const BIAS: i32 = 16383 + 63;
    let significand = bits as u64;
    let fraction = significand & !INTEGER_BIT;
    let biased = (bits >> 64 & 0x7fff) as i32;
    let magnitude = match biased {
        // NumPy ignores a set integer bit here.
        0 => Magnitude::Finite(Finite { mantissa: fraction, exponent: 1 - BIAS, uneven: false }),
        0x7fff if fraction != 0 => Magnitude::NotANumber,
        0x7fff if significand == 0 => Magnitude::Refused(None),
        0x7fff => Magnitude::Infinite,
        _ => {
            let finite = Finite {
                mantissa: significand | INTEGER_BIT,
                exponent: biased - BIAS,
                uneven: fraction == 0 && biased != 1,
            };
            if significand & INTEGER_BIT == 0 {
                Magnitude::Refused(Some(finite))
            } else {
                Magnitude::Finite(finite)
            }
        }
    };
    Real { negative: bits >> 79 & 1 == 1, magnitude }
}
