//! Numbers of either byte order at any address.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use bytemuck::{NoUninit, Pod, Zeroable};
use half::{bf16, f16};
use num_complex::Complex;

use super::traits::without_padding;
use super::{
    ComplexLongDouble, DateTime64, Element, LongDouble, Text, TimeDelta64, WritableElement,
};
use crate::DType;
use crate::dtype::Endian;

mod sealed {
    pub trait Sealed {}
}

/// A byte order as a type: [`Big`] or [`Little`].
///
/// ```
/// use mapray::dtype::Endian;
/// use mapray::element::{Big, ByteOrder};
///
/// assert_eq!(Big::ENDIAN, Endian::Big);
/// ```
pub trait ByteOrder: sealed::Sealed + Send + Sync + 'static {
    /// The order as a value.
    const ENDIAN: Endian;
}

/// Most significant byte first, NumPy's `>`; for [`Packed`].
///
/// ```
/// use mapray::element::{Big, Packed};
///
/// assert_eq!(bytemuck::bytes_of(&Packed::<u16, Big>::new(1)), [0, 1]);
/// ```
pub enum Big {}

/// Least significant byte first, NumPy's `<`; for [`Packed`].
///
/// ```
/// use mapray::element::{Little, Packed};
///
/// assert_eq!(bytemuck::bytes_of(&Packed::<u16, Little>::new(1)), [1, 0]);
/// ```
pub enum Little {}

impl sealed::Sealed for Big {}
impl sealed::Sealed for Little {}

impl ByteOrder for Big {
    const ENDIAN: Endian = Endian::Big;
}

impl ByteOrder for Little {
    const ENDIAN: Endian = Endian::Little;
}

/// An element of more than one byte, which [`Packed`] can hold.
///
/// ```
/// use mapray::element::{Big, Packable, Packed};
///
/// fn largest<T: Packable + Ord>(numbers: &[Packed<T, Big>]) -> Option<T> {
///     numbers.iter().max().map(|number| number.get())
/// }
/// assert_eq!(largest(&[Packed::new(3u16), Packed::new(256)]), Some(256));
/// ```
pub trait Packable: WritableElement + NoUninit + sealed::Sealed {
    /// As many bytes as the element has.
    #[doc(hidden)]
    type Bytes: Pod + Send + Sync;
}

macro_rules! packable {
    ($($element:ty => $size:literal),*) => {$(
        impl sealed::Sealed for $element {}

        impl Packable for $element {
            type Bytes = [u8; $size];
        }
    )*};
}

packable!(i16 => 2, i32 => 4, i64 => 8, u16 => 2, u32 => 4, u64 => 8);
packable!(bf16 => 2, f16 => 2, f32 => 4, f64 => 8, Complex<f32> => 8, Complex<f64> => 16);
packable!(DateTime64 => 8, TimeDelta64 => 8, LongDouble => 16, ComplexLongDouble => 32);

impl<const N: usize> sealed::Sealed for Text<N> {}

impl<const N: usize> Packable for Text<N> {
    type Bytes = [[u8; 4]; N];
}

/// An element in the byte order `E`, at any address: its alignment is 1.
///
/// So it views big-endian data, and data that starts at an odd byte of the file, where they lie.
/// It compares, prints and computes as the value it holds; results are packed again, and
/// [`get`](Self::get) gives the plain value. All that `ndarray`'s `sum`, `mean` and `product` need
/// is there, and a plain value may stand on the right of an operator.
///
/// ```
/// use mapray::element::{Big, Packed};
/// use ndarray::ArrayView1;
///
/// // np.array([1.5, -2.25], '>f8') behind a header of one byte
/// let file = b"#\x3f\xf8\0\0\0\0\0\0\xc0\x02\0\0\0\0\0\0";
/// let numbers: &[Packed<f64, Big>] = bytemuck::cast_slice(&file[1..]);
/// let view = ArrayView1::from(numbers);
/// assert_eq!(view[1].get(), -2.25);
/// assert_eq!(view.sum(), -0.75);
/// assert_eq!((&view * 0.5).mapv(Packed::get), ndarray::arr1(&[0.75, -1.125]));
/// ```
#[repr(transparent)]
pub struct Packed<T: Packable, E: ByteOrder> {
    bytes: T::Bytes,
    order: PhantomData<E>,
}

/// A big-endian element at any address.
///
/// ```
/// use mapray::element::Be;
///
/// assert_eq!(bytemuck::bytes_of(&Be::new(1.5f32)), [0x3f, 0xc0, 0, 0]);
/// ```
pub type Be<T> = Packed<T, Big>;

/// A little-endian element at any address.
///
/// ```
/// use mapray::element::Le;
///
/// assert_eq!(bytemuck::bytes_of(&Le::new(1.5f32)), [0, 0, 0xc0, 0x3f]);
/// ```
pub type Le<T> = Packed<T, Little>;

impl<T: Packable, E: ByteOrder> Packed<T, E> {
    /// This value in the byte order `E`.
    #[inline]
    pub fn new(value: T) -> Self {
        Self::from_memory(ordered::<T, E>(value))
    }

    /// The value.
    #[inline]
    pub fn get(self) -> T {
        ordered::<T, E>(self.memory())
    }

    /// The bytes taken for a value of this machine's order.
    #[inline]
    fn memory(self) -> T {
        bytemuck::cast(self.bytes)
    }

    #[inline]
    fn from_memory(memory: T) -> Self {
        Packed { bytes: bytemuck::cast(memory), order: PhantomData }
    }
}

/// From this machine's byte order to `E`, or back.
#[inline]
fn ordered<T: Packable, E: ByteOrder>(value: T) -> T {
    if E::ENDIAN == Endian::NATIVE { value } else { value.swap_bytes() }
}

impl<T: Packable, E: ByteOrder> Clone for Packed<T, E> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Packable, E: ByteOrder> Copy for Packed<T, E> {}

// SAFETY: the struct is transparent over `T::Bytes`, which is `Zeroable`; the marker has no bytes.
unsafe impl<T: Packable, E: ByteOrder> Zeroable for Packed<T, E> {}

// SAFETY: the struct is transparent over `T::Bytes`, which is `Pod` (any bytes are a value, no
// padding, no pointers); the marker has no bytes. It is `Copy`, and 'static as `T` and `E` are.
unsafe impl<T: Packable, E: ByteOrder> Pod for Packed<T, E> {}

without_padding!([T: Packable, E: ByteOrder] Packed<T, E>);

impl<T: Packable, E: ByteOrder> Element for Packed<T, E> {
    fn dtype() -> DType {
        DType::new(T::dtype().kind().clone(), E::ENDIAN)
    }

    fn views(dtype: &DType) -> bool {
        // Plain bytes that hold numbers have no order of their own: whoever asks says which it is.
        dtype.endian().is_none_or(|endian| endian == E::ENDIAN)
            && T::views(&DType::native(dtype.kind().clone()))
    }

    #[inline]
    fn swap_bytes(self) -> Self {
        Self::from_memory(self.memory().swap_bytes())
    }
}

impl<T: Packable, E: ByteOrder> From<T> for Packed<T, E> {
    #[inline]
    fn from(value: T) -> Self {
        Packed::new(value)
    }
}

impl<T: Packable + Default, E: ByteOrder> Default for Packed<T, E> {
    fn default() -> Self {
        Packed::new(T::default())
    }
}

impl<T: Packable + PartialEq, E: ByteOrder> PartialEq for Packed<T, E> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Packable + PartialEq, E: ByteOrder> PartialEq<T> for Packed<T, E> {
    #[inline]
    fn eq(&self, other: &T) -> bool {
        self.get() == *other
    }
}

impl<T: Packable + Eq, E: ByteOrder> Eq for Packed<T, E> {}

impl<T: Packable + PartialOrd, E: ByteOrder> PartialOrd for Packed<T, E> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.get().partial_cmp(&other.get())
    }
}

impl<T: Packable + PartialOrd, E: ByteOrder> PartialOrd<T> for Packed<T, E> {
    #[inline]
    fn partial_cmp(&self, other: &T) -> Option<Ordering> {
        self.get().partial_cmp(other)
    }
}

impl<T: Packable + Ord, E: ByteOrder> Ord for Packed<T, E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.get().cmp(&other.get())
    }
}

impl<T: Packable + Hash, E: ByteOrder> Hash for Packed<T, E> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.get().hash(state);
    }
}

impl<T: Packable + fmt::Debug, E: ByteOrder> fmt::Debug for Packed<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

impl<T: Packable + fmt::Display, E: ByteOrder> fmt::Display for Packed<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::{Kind, TimeUnit, Unit};

    fn lies_as_it_should<T: Packable + PartialEq + fmt::Debug>(value: T) {
        assert_eq!(size_of::<Packed<T, Big>>(), size_of::<T>());
        assert_eq!(align_of::<Packed<T, Big>>(), 1);
        let big = Packed::<T, Big>::new(value);
        let little = Packed::<T, Little>::new(value);
        assert_eq!(big.get(), value);
        assert_eq!(little.get(), value);
        assert_eq!(bytemuck::bytes_of(&big.swap_bytes()), bytemuck::bytes_of(&little));
        let native = if cfg!(target_endian = "big") {
            bytemuck::bytes_of(&big).to_vec()
        } else {
            bytemuck::bytes_of(&little).to_vec()
        };
        assert_eq!(native, bytemuck::bytes_of(&value));
        assert_ne!(bytemuck::bytes_of(&big), bytemuck::bytes_of(&little));
        for endian in [Endian::Big, Endian::Little] {
            let dtype = DType::new(T::dtype().kind().clone(), endian);
            assert_eq!(Packed::<T, Big>::views(&dtype), endian == Endian::Big);
            assert_eq!(Packed::<T, Little>::views(&dtype), endian == Endian::Little);
        }
    }

    #[test]
    fn every_packable_type_keeps_its_value_in_either_order_at_alignment_one() {
        lies_as_it_should(-2i16);
        lies_as_it_should(-2i32);
        lies_as_it_should(-2i64);
        lies_as_it_should(2u16);
        lies_as_it_should(2u32);
        lies_as_it_should(2u64);
        lies_as_it_should(f16::from_f32(1.5));
        lies_as_it_should(1.5f32);
        lies_as_it_should(1.5f64);
        lies_as_it_should(Complex::new(1.5f32, -2.0));
        lies_as_it_should(Complex::new(1.5f64, -2.0));
        lies_as_it_should(DateTime64(3));
        lies_as_it_should(TimeDelta64(3));
        lies_as_it_should(LongDouble([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]));
        lies_as_it_should(ComplexLongDouble(std::array::from_fn(|index| index as u8)));
        lies_as_it_should(Text::<3>::new("ab").unwrap());
    }

    #[test]
    fn bytes_that_numpy_wrote_are_read() {
        // np.array([1.5-2j], '>c8'), ([1.5, -2], '>f2'), (['NaT', '2020-01-01'], '>M8[D]'), (['a\xe9'], '>U3')
        let complex: &[Be<Complex<f32>>] =
            bytemuck::cast_slice(&[0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0u8]);
        assert_eq!(complex, [Complex::new(1.5, -2.0)]);
        let halves: &[Be<f16>] = bytemuck::cast_slice(&[0x3e, 0, 0xc0, 0u8]);
        assert_eq!(halves, [f16::from_f32(1.5), f16::from_f32(-2.0)]);
        let dates: &[Be<DateTime64>] =
            bytemuck::cast_slice(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x47, 0x56u8]);
        assert!(dates[0].get().is_nat());
        assert_eq!(dates[1], DateTime64(18_262));
        let text: &[Be<Text<3>>] =
            bytemuck::cast_slice(&[0, 0, 0, 0x61, 0, 0, 0, 0xe9, 0, 0, 0, 0u8]);
        assert_eq!(text[0].get(), "a\u{e9}");
    }

    #[test]
    fn packed_dates_view_every_unit_in_their_order() {
        let kind = Kind::DateTime(TimeUnit::Every(25, Unit::Microsecond));
        assert!(Be::<DateTime64>::views(&DType::new(kind.clone(), Endian::Big)));
        assert!(!Be::<DateTime64>::views(&DType::new(kind, Endian::Little)));
    }

    #[test]
    fn packed_values_compare_by_value_not_by_bytes() {
        assert!(Be::new(256u16) > Be::new(1u16));
        assert!(Le::new(256u16) > 1);
        assert_eq!(Be::new(0.0f64), Be::new(-0.0));
        assert_ne!(Be::new(f64::NAN), Be::new(f64::NAN));
        assert_eq!(format!("{:6.2}|{:?}", Be::new(1.5f32), Be::new(1.5f32)), "  1.50|1.5");
    }
}
