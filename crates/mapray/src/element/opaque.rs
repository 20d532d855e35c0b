//! Elements that are kept and moved as bytes, and never computed with.

use std::fmt;

use bytemuck::{Pod, Zeroable};

use super::Element;
use super::traits::without_padding;
use crate::DType;
use crate::dtype::Kind;

/// `N` bytes without a meaning, dtype `V`; also any record of `N` bytes, as a whole.
///
/// All bytes count, NUL at the end included.
///
/// ```
/// use mapray::element::Void;
///
/// let halves: &[Void<2>] = bytemuck::cast_slice(b"\x80\x3f\x00\x40");
/// assert_eq!(halves, [Void([0x80, 0x3f]), Void([0x00, 0x40])]);
/// assert_eq!(halves[0].to_string(), r"b'\x80\x3F'");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub struct Void<const N: usize>(
    /// The bytes as they lie.
    pub [u8; N],
);

without_padding!([const N: usize] Void<N>, [] LongDouble, [] ComplexLongDouble);

impl<const N: usize> Default for Void<N> {
    fn default() -> Self {
        Void([0; N])
    }
}

impl<const N: usize> Element for Void<N> {
    fn dtype() -> DType {
        DType::native(Kind::Void(N))
    }

    // A record's size is left to the check of the itemsize, which every view goes through.
    fn views(dtype: &DType) -> bool {
        matches!(dtype.kind(), Kind::Record(_)) || *dtype == Self::dtype()
    }

    #[inline]
    fn swap_bytes(self) -> Self {
        self
    }
}

/// C's `long double`, dtype `f16` (16 bytes), where Rust has no such number.
///
/// What the bytes mean depends on the machine that wrote them (x87 with six bytes of padding, IEEE
/// quadruple, double-double). Equality is that of the bytes, padding included.
///
/// ```
/// use mapray::element::LongDouble;
///
/// let two = LongDouble([0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0x40, 0, 0, 0, 0, 0, 0]);
/// assert_eq!(std::mem::align_of_val(&two), 1);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub struct LongDouble(
    /// The bytes as they lie.
    pub [u8; 16],
);

impl Element for LongDouble {
    fn dtype() -> DType {
        DType::native(Kind::LongDouble)
    }

    #[inline]
    fn swap_bytes(mut self) -> Self {
        self.0.reverse();
        self
    }
}

/// Two `long double`, real and imaginary, dtype `c32` (32 bytes); see [`LongDouble`].
///
/// ```
/// use mapray::element::ComplexLongDouble;
///
/// let zero = ComplexLongDouble([0; 32]);
/// assert_eq!(zero.parts()[1].0, [0; 16]);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub struct ComplexLongDouble(
    /// The bytes as they lie.
    pub [u8; 32],
);

impl ComplexLongDouble {
    /// The real and the imaginary part.
    pub fn parts(self) -> [LongDouble; 2] {
        bytemuck::cast(self)
    }
}

impl Element for ComplexLongDouble {
    fn dtype() -> DType {
        DType::native(Kind::ComplexLongDouble)
    }

    #[inline]
    fn swap_bytes(self) -> Self {
        bytemuck::cast(self.parts().map(Element::swap_bytes))
    }
}

/// NumPy's way of showing a void: `b'\x80\x3F'`.
fn hexadecimal(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("b'")?;
    bytes.iter().try_for_each(|byte| write!(f, "\\x{byte:02X}"))?;
    f.write_str("'")
}

macro_rules! formats {
    ($([$($generics:tt)*] $opaque:ty, $name:literal);*) => {$(
        impl<$($generics)*> fmt::Display for $opaque {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                hexadecimal(&self.0, f)
            }
        }

        impl<$($generics)*> fmt::Debug for $opaque {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($name, "({})"), self)
            }
        }
    )*};
}

formats!(
    [const N: usize] Void<N>, "Void";
    [] LongDouble, "LongDouble";
    [] ComplexLongDouble, "ComplexLongDouble"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swap_bytes_reverses_a_long_double_and_each_part_of_a_complex_one() {
        let rising: [u8; 32] = std::array::from_fn(|index| index as u8);
        let mut expected = rising;
        expected[..16].reverse();
        expected[16..].reverse();
        assert_eq!(ComplexLongDouble(rising).swap_bytes().0, expected);
        let [real, _] = ComplexLongDouble(rising).parts();
        assert_eq!(real.swap_bytes().0, expected[..16]);
    }

    #[test]
    fn a_void_views_bytes_of_its_own_length_only() {
        assert!(Void::<3>::views(&DType::native(Kind::Void(3))));
        assert!(!Void::<3>::views(&DType::native(Kind::Void(4))));
        assert!(!Void::<3>::views(&DType::native(Kind::Bytes(3))));
    }
}
