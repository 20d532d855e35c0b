//! Integers and floating-point numbers.

use half::f16;

use super::Element;
use super::traits::without_padding;
use crate::DType;
use crate::dtype::Kind;

macro_rules! integers {
    ($($number:ty => $kind:ident),*) => {$(
        without_padding!([] $number);

        impl Element for $number {
            fn dtype() -> DType {
                DType::native(Kind::$kind)
            }

            #[inline]
            fn swap_bytes(self) -> Self {
                <$number>::swap_bytes(self)
            }
        }
    )*};
}

macro_rules! floats {
    ($($number:ty => $kind:ident),*) => {$(
        without_padding!([] $number);

        impl Element for $number {
            fn dtype() -> DType {
                DType::native(Kind::$kind)
            }

            #[inline]
            fn swap_bytes(self) -> Self {
                <$number>::from_bits(self.to_bits().swap_bytes())
            }
        }
    )*};
}

integers!(i8 => Int8, i16 => Int16, i32 => Int32, i64 => Int64);
integers!(u8 => UInt8, u16 => UInt16, u32 => UInt32, u64 => UInt64);
floats!(f16 => Float16, f32 => Float32, f64 => Float64);

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes in memory after `swap_bytes` are the bytes before it, last to first.
    fn reverses<T: Element + bytemuck::NoUninit>(value: T) {
        let mut expected = bytemuck::bytes_of(&value).to_vec();
        expected.reverse();
        assert_eq!(bytemuck::bytes_of(&value.swap_bytes()), expected);
    }

    #[test]
    fn swap_bytes_reverses_the_bytes_of_every_number() {
        reverses(-2i8);
        reverses(0x0102i16);
        reverses(0x0102_0304i32);
        reverses(0x0102_0304_0506_0708i64);
        reverses(2u8);
        reverses(0x0102u16);
        reverses(0x0102_0304u32);
        reverses(0x0102_0304_0506_0708u64);
        reverses(f16::from_f32(-1.5));
        reverses(-1.5e10f32);
        reverses(-1.5e100f64);
    }

    #[test]
    fn swap_bytes_keeps_the_payload_of_a_nan() {
        let signalling = 0x7ff0_0000_0000_0001u64;
        let swapped = Element::swap_bytes(f64::from_bits(signalling.swap_bytes()));
        assert_eq!(swapped.to_bits(), signalling);
    }

    #[test]
    fn a_number_views_its_own_dtype_in_native_order_only() {
        let native = DType::native(Kind::Float64);
        let foreign = DType::new(Kind::Float64, crate::dtype::Endian::NATIVE.swapped());
        assert!(f64::views(&native));
        assert!(!f64::views(&foreign));
        assert!(!i64::views(&native));
        assert!(!f32::views(&native));
    }
}
