//! One floating-point number of any width, taken apart exactly.

use std::cmp::Ordering;

use super::bignum::Natural;
use super::longdouble;

/// A floating-point format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    Half,
    Single,
    Double,
    /// x87's 80 bits in 16 bytes.
    Long,
}

impl Width {
    pub fn itemsize(self) -> usize {
        match self {
            Width::Half => 2,
            Width::Single => 4,
            Width::Double => 8,
            Width::Long => 16,
        }
    }

    /// How many bits a mantissa has, the implied one included.
    fn precision(self) -> u32 {
        match self {
            Width::Half => 11,
            Width::Single => 24,
            Width::Double => 53,
            Width::Long => 64,
        }
    }

    /// Takes apart the number in these bytes, least significant first. What is missing is zero.
    pub fn decode(self, bytes: &[u8]) -> Real {
        match self {
            Width::Half => ieee(u64::from(u16::from_le_bytes(prefix(bytes))), 10, 5),
            Width::Single => ieee(u64::from(u32::from_le_bytes(prefix(bytes))), 23, 8),
            Width::Double => ieee(u64::from_le_bytes(prefix(bytes)), 52, 11),
            Width::Long => longdouble::decode(u128::from_le_bytes(prefix(bytes))),
        }
    }
}

/// The first `N` bytes, padded with zeros.
pub fn prefix<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(bytes) {
        *to = *from;
    }
    out
}

/// A number with its sign, which zero and NaN have too.
#[derive(Clone, Copy, Debug)]
pub struct Real {
    pub negative: bool,
    pub magnitude: Magnitude,
}

#[derive(Clone, Copy, Debug)]
pub enum Magnitude {
    Finite(Finite),
    Infinite,
    NotANumber,
    /// An x87 encoding that the processor refuses: NumPy takes it for NaN in an array, but a
    /// scalar prints as if it were the number given.
    Refused(Option<Finite>),
}

/// `mantissa * 2^exponent`.
#[derive(Clone, Copy, Debug)]
pub struct Finite {
    pub mantissa: u64,
    pub exponent: i32,
    /// Whether the next smaller number is only half as far away as the next larger one.
    pub uneven: bool,
}

impl Finite {
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    pub fn from_f64(value: f64) -> Finite {
        ieee_finite(value.to_bits(), 52, 11)
    }

    /// The position of the highest bit that is set, as a power of two.
    fn log2(self) -> i32 {
        63 - self.mantissa.leading_zeros() as i32 + self.exponent
    }

    pub fn compare(self, other: Finite) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => {
                let aligned = |value: Finite| value.mantissa << value.mantissa.leading_zeros();
                let by_size = self.log2().cmp(&other.log2());
                by_size.then_with(|| aligned(self).cmp(&aligned(other)))
            }
        }
    }

    /// Whether the quotient of two numbers of this width, rounded to it, is above 1000.
    ///
    /// The quotient rounds to 1000 as long as it is at most half a last place above: a tie goes
    /// to 1000, whose mantissa is even in every width.
    pub fn quotient_exceeds_thousand(self, divisor: Finite, width: Width) -> bool {
        let difference = self.log2() - divisor.log2();
        if self.is_zero() || difference < 9 {
            return false;
        }
        if difference > 11 {
            return true;
        }
        // 1000 has its highest bit at 2^9; half of a last place is then 2^(9 - precision).
        let shift = width.precision() - 9;
        let mut dividend = Natural::from_u128(u128::from(self.mantissa));
        let mut limit = Natural::from_u128((1000 << shift) + 1).times(divisor.mantissa);
        dividend.shift_left(shift);
        let exponent = self.exponent - divisor.exponent;
        let scaled = if exponent >= 0 { &mut dividend } else { &mut limit };
        scaled.shift_left(exponent.unsigned_abs());
        dividend > limit
    }
}

/// A number of IEEE 754's binary interchange formats.
fn ieee(bits: u64, fraction_bits: u32, exponent_bits: u32) -> Real {
    let negative = bits >> (fraction_bits + exponent_bits) & 1 == 1;
    let fraction = bits & ((1 << fraction_bits) - 1);
    let largest = (1 << exponent_bits) - 1;
    let magnitude = match bits >> fraction_bits & largest {
        biased if biased != largest => {
            Magnitude::Finite(ieee_finite(bits, fraction_bits, exponent_bits))
        }
        _ if fraction == 0 => Magnitude::Infinite,
        _ => Magnitude::NotANumber,
    };
    Real { negative, magnitude }
}

fn ieee_finite(bits: u64, fraction_bits: u32, exponent_bits: u32) -> Finite {
    let fraction = bits & ((1 << fraction_bits) - 1);
    let biased = (bits >> fraction_bits & ((1 << exponent_bits) - 1)) as i32;
    let bias = (1 << (exponent_bits - 1)) - 1 + fraction_bits as i32;
    if biased == 0 {
        Finite { mantissa: fraction, exponent: 1 - bias, uneven: false }
    } else {
        Finite {
            mantissa: fraction | 1 << fraction_bits,
            exponent: biased - bias,
            uneven: fraction == 0 && biased != 1,
        }
    }
}
