//! Floating-point numbers of machine learning, which NumPy knows as plain bytes only.

use std::fmt;

use bytemuck::{Pod, Zeroable};
use half::{bf16, f16};

use super::Element;
use super::traits::without_padding;
use crate::DType;
use crate::dtype::Kind;

without_padding!([] bf16);

/// The upper half of an `f32`. NumPy has no dtype for it: files hold it as `V2`, little endian.
impl Element for bf16 {
    fn dtype() -> DType {
        DType::native(Kind::Void(2))
    }

    #[inline]
    fn swap_bytes(self) -> Self {
        bf16::from_bits(self.to_bits().swap_bytes())
    }
}

macro_rules! float8 {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Default, Pod, Zeroable)]
        #[repr(transparent)]
        pub struct $name(u8);

        impl $name {
            /// The number whose bits these are.
            #[inline]
            pub const fn from_bits(bits: u8) -> $name {
                $name(bits)
            }

            /// The bits of the number.
            #[inline]
            pub const fn to_bits(self) -> u8 {
                self.0
            }
        }

        without_padding!([] $name);

        impl Element for $name {
            fn dtype() -> DType {
                DType::native(Kind::Void(1))
            }

            #[inline]
            fn swap_bytes(self) -> Self {
                self
            }
        }

        impl From<$name> for f32 {
            #[inline]
            fn from(number: $name) -> f32 {
                number.to_f32()
            }
        }

        impl PartialEq for $name {
            #[inline]
            fn eq(&self, other: &$name) -> bool {
                self.to_f32() == other.to_f32()
            }
        }

        impl PartialOrd for $name {
            #[inline]
            fn partial_cmp(&self, other: &$name) -> Option<std::cmp::Ordering> {
                self.to_f32().partial_cmp(&other.to_f32())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.to_f32(), f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.to_f32(), f)
            }
        }
    )*};
}

float8! {
    /// Four bits of exponent, three of mantissa, no infinities: `float8_e4m3fn` of `ml_dtypes` and
    /// PyTorch, `F8_E4M3` of safetensors ([arXiv:2209.05433](https://arxiv.org/abs/2209.05433)). NumPy
    /// has no dtype for it: files hold it as `V1`.
    ///
    /// ```
    /// use mapray::element::Float8E4M3;
    ///
    /// let numbers: &[Float8E4M3] = bytemuck::cast_slice(&[0x38_u8, 0x7e, 0x01]);
    /// assert_eq!(numbers[0].to_f32(), 1.0);
    /// assert_eq!(numbers[1].to_f32(), 448.0);
    /// assert_eq!(numbers[2].to_f32(), 2.0_f32.powi(-9));
    /// ```
    Float8E4M3,
    /// Five bits of exponent, two of mantissa: the upper half of an [`f16`](half::f16); `float8_e5m2`
    /// of `ml_dtypes` and PyTorch, `F8_E5M2` of safetensors
    /// ([arXiv:2209.05433](https://arxiv.org/abs/2209.05433)). NumPy has no dtype for it: files hold it
    /// as `V1`.
    ///
    /// ```
    /// use mapray::element::Float8E5M2;
    ///
    /// assert_eq!(Float8E5M2::from_bits(0x3c).to_f32(), 1.0);
    /// assert_eq!(Float8E5M2::from_bits(0xfc).to_f32(), f32::NEG_INFINITY);
    /// ```
    Float8E5M2
}

impl Float8E4M3 {
    /// The number, exactly.
    pub fn to_f32(self) -> f32 {
        let sign = if self.0 & 0x80 == 0 { 1.0 } else { -1.0 };
        let (exponent, mantissa) = (i32::from(self.0 >> 3 & 0xf), f32::from(self.0 & 7));
        sign * match (exponent, self.0 & 7) {
            (15, 7) => f32::NAN,
            (0, _) => mantissa * 2.0_f32.powi(-9),
            _ => (8.0 + mantissa) * 2.0_f32.powi(exponent - 10),
        }
    }
}

impl Float8E5M2 {
    /// The number, exactly.
    pub fn to_f32(self) -> f32 {
        f16::from_bits(u16::from(self.0) << 8).to_f32()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::{Be, Le};

    /// The values of `ml_dtypes` 0.6.
    #[test]
    fn float8_has_the_values_that_ml_dtypes_gives() {
        let e4m3 = |bits| Float8E4M3::from_bits(bits).to_f32();
        assert_eq!(
            [0x00, 0x07, 0x08, 0x40, 0xc5, 0x7e].map(e4m3),
            [0.0, 0.013671875, 0.015625, 2.0, -3.25, 448.0]
        );
        assert!(e4m3(0x80).is_sign_negative() && e4m3(0x7f).is_nan() && e4m3(0xff).is_nan());
        let e5m2 = |bits| Float8E5M2::from_bits(bits).to_f32();
        assert_eq!(
            [0x01, 0x04, 0x40, 0xc5, 0x7b, 0x7c].map(e5m2),
            [2.0_f32.powi(-16), 2.0_f32.powi(-14), 2.0, -5.0, 57344.0, f32::INFINITY]
        );
        assert!(e5m2(0x7d).is_nan());
    }

    #[test]
    fn float8_orders_its_bits_as_its_numbers() {
        let rising =
            |last: u8, number: fn(u8) -> f32| (0..last).all(|bits| number(bits) < number(bits + 1));
        assert!(rising(0x7e, |bits| Float8E4M3::from_bits(bits).to_f32()));
        assert!(rising(0x7c, |bits| Float8E5M2::from_bits(bits).to_f32()));
    }

    #[test]
    fn bfloat16_views_the_two_bytes_that_numpy_makes_of_it() {
        assert!(bf16::views(&"V2".parse().unwrap()));
        assert!(!bf16::views(&"<f2".parse().unwrap()));
        assert!(Le::<bf16>::views(&"V2".parse().unwrap()));
        assert_eq!(bytemuck::cast::<_, Be<bf16>>([0x3f, 0x80_u8]).get(), bf16::ONE);
    }
}
