//! What the bytes of an element mean, worked out apart from the library.

use std::fmt::Debug;

use bytemuck::NoUninit;
use mapray::WritableElement;
use mapray::element::{ByteOrder, Packable};
use mapray::{
    Bool8, Bytes, Complex, ComplexLongDouble, DateTime64, LongDouble, Packed, Text, TimeDelta64,
    Void, f16,
};

/// An element that can be compared with its bytes in a file.
pub trait Value: WritableElement + NoUninit + Debug {
    /// Whether it is the value of these bytes, which have the byte order of a file. No NaN is
    /// like another.
    fn is(&self, bytes: &[u8], big_endian: bool) -> bool;
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Value for $integer {
            fn is(&self, bytes: &[u8], big_endian: bool) -> bool {
                let bytes = bytes.try_into().unwrap();
                *self == if big_endian {
                    <$integer>::from_be_bytes(bytes)
                } else {
                    <$integer>::from_le_bytes(bytes)
                }
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, u8, u16, u32, u64);

macro_rules! wrapped {
    ($($element:ty: $element_bits:expr),*) => {$(
        impl Value for $element {
            fn is(&self, bytes: &[u8], big_endian: bool) -> bool {
                $element_bits(*self).is(bytes, big_endian)
            }
        }
    )*};
}

wrapped!(
    f16: f16::to_bits,
    f32: f32::to_bits,
    f64: f64::to_bits,
    DateTime64: |time: DateTime64| time.0,
    TimeDelta64: |time: TimeDelta64| time.0
);

impl<T: Value> Value for Complex<T>
where
    Complex<T>: WritableElement + NoUninit,
{
    fn is(&self, bytes: &[u8], big_endian: bool) -> bool {
        let (re, im) = bytes.split_at(bytes.len() / 2);
        self.re.is(re, big_endian) && self.im.is(im, big_endian)
    }
}

impl Value for Bool8 {
    fn is(&self, bytes: &[u8], _: bool) -> bool {
        self.get() == (bytes[0] != 0) && self.to_byte() == bytes[0]
    }
}

impl<const N: usize> Value for Bytes<N> {
    fn is(&self, bytes: &[u8], _: bool) -> bool {
        self.0 == bytes
    }
}

impl<const N: usize> Value for Void<N> {
    fn is(&self, bytes: &[u8], _: bool) -> bool {
        self.0 == bytes
    }
}

impl<const N: usize> Value for Text<N> {
    fn is(&self, bytes: &[u8], big_endian: bool) -> bool {
        let points = bytes.chunks(4).zip(&self.0);
        bytes.len() == 4 * N && points.into_iter().all(|(bytes, point)| point.is(bytes, big_endian))
    }
}

/// In this machine's byte order.
fn native(bytes: &[u8], big_endian: bool) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if big_endian != cfg!(target_endian = "big") {
        bytes.reverse();
    }
    bytes
}

impl Value for LongDouble {
    fn is(&self, bytes: &[u8], big_endian: bool) -> bool {
        self.0 == *native(bytes, big_endian)
    }
}

impl Value for ComplexLongDouble {
    fn is(&self, bytes: &[u8], big_endian: bool) -> bool {
        let halves = bytes.chunks(16).flat_map(|half| native(half, big_endian));
        self.0 == *halves.collect::<Vec<u8>>()
    }
}

impl<T: Packable + Value, E: ByteOrder> Value for Packed<T, E> {
    fn is(&self, bytes: &[u8], big_endian: bool) -> bool {
        self.get().is(bytes, big_endian)
    }
}
