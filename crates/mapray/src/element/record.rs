//! What structs that derive `Record` are made of.

use bytemuck::NoUninit;

use super::{Element, WritableElement};
use crate::DType;
use crate::dtype::{Kind, SubArray};

/// Makes a `#[repr(C)]` struct an element of arrays: a record of NumPy's structured dtypes.
///
/// The fields are [`Element`]s, arrays of them (sub-arrays of the dtype), or
/// structs that derive `Record` themselves (nested records). NumPy packs its records unless told to
/// align them, so most files want `#[repr(C, packed)]`; `#[repr(C)]` has the padding of
/// `np.dtype(…, align=True)`. Names, offsets, sizes and byte orders are compared with the file's
/// before an array is opened, and an error names the field that differs. Titles do not count.
///
/// ```
/// use mapray::{ArrayFile, Bytes, Record};
/// use ndarray::{Ix1, arr1};
///
/// /// `np.dtype([('id', '<u2'), ('pos', '<f4', (3,)), ('class', 'S4')])`
/// #[derive(Clone, Copy, Debug, PartialEq, Record)]
/// #[repr(C, packed)]
/// struct Star {
///     id: u16,
///     pos: [f32; 3],
///     #[record(rename = "class")]
///     kind: Bytes<4>,
/// }
///
/// # fn main() -> mapray::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("mapray-record-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("stars.npy");
/// let sun = Star { id: 1, pos: [0.0, 0.5, 1.0], kind: Bytes::new(b"G2V")? };
/// mapray::save(&path, &arr1(&[sun, Star { id: 2, ..sun }]))?;
///
/// let file = ArrayFile::open(&path)?;
/// assert_eq!(file.dtype().descr(), "[('id', '<u2'), ('pos', '<f4', (3,)), ('class', '|S4')]");
/// assert_eq!(file.get::<Star>(&[0])?, sun);
///
/// // SAFETY: nobody else knows this file.
/// let stars = unsafe { mapray::Map::<Star, Ix1>::open(&path)? };
/// let ids = stars.map(|star| star.id);
/// assert_eq!(ids, arr1(&[1, 2]));
/// // One field of all records, where it lies: the records are no whole number of `f32`s apart,
/// // so `ndarray` cannot view it, but a dynamic view can.
/// let heights = stars.as_dyn().field("pos")?.slice(&"[:, 1]".parse()?)?;
/// assert_eq!(heights.to_array::<f32, Ix1>()?, arr1(&[0.5, 0.5]));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok(())
/// # }
/// ```
///
/// # What it implements
///
/// [`Element`], [`WritableElement`], and bytemuck's `Zeroable` and `AnyBitPattern`; where no byte is
/// padding also [`NoUninit`], so that memory can be lent for writing. (Do not derive those again.)
/// What is stored by value, by `set`, `fill`, `assign` and `save`, has zeros for padding. The struct
/// must be `Copy`.
///
/// # Attributes of a field
///
/// - `#[record(rename = "…")]`: its name in the dtype; by default the field's own, and `f0`, `f1`, …
///   in a tuple struct, as NumPy names them.
/// - `#[record(title = "…")]`: NumPy's second name, for arrays that are made.
/// - `#[record(padding)]`: the field is padding, and not part of the dtype: for dtypes with gaps of
///   their own. It is stored as zeros.
///
/// # Panics
///
/// `Element::dtype` panics for a struct of which NumPy could make no dtype: nested deeper
/// than some 28 records, with arrays of more than 64 axes, or of elements without bytes.
pub use mapray_derive::Record;

mod sealed {
    use super::Element;

    pub trait Sealed {}

    impl<T: Element> Sealed for T {}

    impl<T: Sealed, const N: usize> Sealed for [T; N] {}
}

/// What a field of a struct that [derives `Record`](macro@crate::Record) can be: an [`Element`], or
/// an array of what a field can be, which is a sub-array of the dtype.
///
/// Nothing else is one, so that whoever sees a `RecordField` knows that any bytes are a value of it.
///
/// ```
/// fn field<T: mapray::element::RecordField>() {}
///
/// field::<f32>();
/// field::<[[mapray::Be<i16>; 3]; 2]>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a record",
    label = "not an `Element`, and not an array of them",
    note = "a boolean is a `Bool8`, text a `Bytes<N>` or `Text<N>`, a nested record a struct that \
            derives `Record`"
)]
pub trait RecordField: sealed::Sealed + Copy + Send + Sync + 'static {
    #[doc(hidden)]
    fn field_dtype() -> DType;

    /// Whether an array of these axes, of elements of `dtype`, lies as the field does.
    #[doc(hidden)]
    fn field_views(dtype: &DType, axes: &[usize]) -> bool;

    #[doc(hidden)]
    fn field_swapped(self) -> Self;
}

impl<T: Element> RecordField for T {
    fn field_dtype() -> DType {
        T::dtype()
    }

    fn field_views(dtype: &DType, axes: &[usize]) -> bool {
        axes.is_empty() && dtype.itemsize() == size_of::<T>() && T::views(dtype)
    }

    #[inline]
    fn field_swapped(self) -> T {
        self.swap_bytes()
    }
}

impl<T: RecordField, const N: usize> RecordField for [T; N] {
    fn field_dtype() -> DType {
        // One level of brackets: that is how NumPy writes what it has made of `(2, 3)`.
        let (dtype, mut axes) = T::field_dtype().split_axes();
        axes.insert(0, N);
        let array = SubArray::new(dtype, &axes);
        array.expect("an array of fields is a sub-array that NumPy can hold").into()
    }

    fn field_views(dtype: &DType, axes: &[usize]) -> bool {
        axes.split_first().is_some_and(|(&n, rest)| n == N && T::field_views(dtype, rest))
    }

    #[inline]
    fn field_swapped(self) -> [T; N] {
        self.map(T::field_swapped)
    }
}

/// A [`RecordField`] that can be stored: a [`WritableElement`], or an array of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored as a field of a record",
    label = "not a `WritableElement`, and not an array of them"
)]
#[doc(hidden)]
pub trait WritableField: RecordField {
    /// As [`WritableElement::store`].
    fn field_store(&self, bytes: &mut [u8]);
}

impl<T: WritableElement> WritableField for T {
    #[inline]
    fn field_store(&self, bytes: &mut [u8]) {
        self.store(bytes);
    }
}

impl<T: WritableField, const N: usize> WritableField for [T; N] {
    fn field_store(&self, bytes: &mut [u8]) {
        let size = size_of::<T>();
        for (i, value) in self.iter().enumerate() {
            value.field_store(&mut bytes[i * size..(i + 1) * size]);
        }
    }
}

/// A field none of whose bytes are padding.
///
/// # Safety
///
/// As [`NoUninit`].
#[doc(hidden)]
pub unsafe trait Gapless: RecordField {}

// SAFETY: the same promise.
unsafe impl<T: Element + NoUninit> Gapless for T {}

// SAFETY: the elements of an array lie side by side.
unsafe impl<T: Gapless, const N: usize> Gapless for [T; N] {}

/// Whether a field of type `T` lies as elements of `dtype`, a sub-array perhaps, do.
pub(super) fn views<T: RecordField>(dtype: &DType) -> bool {
    match dtype.kind() {
        Kind::SubArray(array) => T::field_views(array.dtype(), array.shape()),
        _ => T::field_views(dtype, &[]),
    }
}
