//! Booleans of one byte, of which a file may hold any value.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Not;

use bytemuck::{Pod, Zeroable};
use ndarray::{ArrayView, Dimension};

use super::Element;
use super::traits::without_padding;
use crate::dtype::Kind;
use crate::{DType, Error, ErrorKind, Result};

/// A boolean as files hold it, dtype `b1`: zero is false and, as in NumPy, every other byte is true.
///
/// Rust's `bool` must be 0 or 1, which no file can promise; [`Bool8::slice_as_bools`] and
/// [`Bool8::view_as_bools`] look at every byte and then give `bool`.
///
/// ```
/// use mapray::element::Bool8;
///
/// let mask: &[Bool8] = bytemuck::cast_slice(&[0u8, 1, 7]);
/// assert_eq!(mask, [false, true, true]);
/// assert_eq!(mask.iter().filter(|value| value.get()).count(), 2);
/// assert_eq!(Bool8::slice_as_bools(&mask[..2]), Some(&[false, true][..]));
/// assert_eq!(Bool8::slice_as_bools(mask), None);
/// ```
#[derive(Clone, Copy, Default, Pod, Zeroable)]
#[repr(transparent)]
pub struct Bool8(u8);

impl Bool8 {
    /// True, as the byte 1.
    pub const TRUE: Bool8 = Bool8(1);

    /// False, as the byte 0.
    pub const FALSE: Bool8 = Bool8(0);

    /// The truth of it.
    #[inline]
    pub fn get(self) -> bool {
        self.0 != 0
    }

    /// The byte in memory.
    #[inline]
    pub fn to_byte(self) -> u8 {
        self.0
    }

    /// The same memory as `bool`, or `None` if a byte is neither 0 nor 1. Reads all of it.
    pub fn slice_as_bools(slice: &[Bool8]) -> Option<&[bool]> {
        bytemuck::checked::try_cast_slice(slice).ok()
    }

    /// The same memory, shape and strides as `bool`. Reads all of it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Format`] if a byte is neither 0 nor 1; names the index of the first.
    ///
    /// ```
    /// use mapray::element::Bool8;
    /// use ndarray::{arr2, s};
    ///
    /// let mask = arr2(&[[true, false], [true, true]]).mapv(Bool8::from);
    /// let bools = Bool8::view_as_bools(mask.slice(s![..;-1, ..]))?;
    /// assert_eq!(bools, arr2(&[[true, true], [true, false]]));
    /// # Ok::<(), mapray::Error>(())
    /// ```
    pub fn view_as_bools<'a, D: Dimension>(
        view: ArrayView<'a, Bool8, D>,
    ) -> Result<ArrayView<'a, bool, D>> {
        if let Some((index, value)) = view.indexed_iter().find(|(_, value)| value.0 > 1) {
            let message = "a bool that is neither 0 nor 1 cannot be viewed as Rust's `bool`";
            return Err(Error::new(ErrorKind::Format, message)
                .expected("bytes 0 and 1")
                .found(format_args!("{} at index {index:?}", value.0))
                .hint("use `Bool8`, for which every byte but 0 is true"));
        }
        let raw = view.raw_view().cast::<bool>();
        // SAFETY: `raw` has the pointer, shape and strides of `view`, so each of its elements is an
        // element of `view`: readable for 'a and, behind a shared view, unchanged for 'a. `bool`
        // has the size and alignment of `Bool8`, and each byte was just seen to be 0 or 1, the two
        // values a `bool` may have.
        Ok(unsafe { raw.deref_into_view() })
    }
}

without_padding!([] Bool8);

impl Element for Bool8 {
    fn dtype() -> DType {
        DType::native(Kind::Bool)
    }

    #[inline]
    fn swap_bytes(self) -> Self {
        self
    }
}

impl From<bool> for Bool8 {
    #[inline]
    fn from(value: bool) -> Bool8 {
        Bool8(u8::from(value))
    }
}

impl From<Bool8> for bool {
    #[inline]
    fn from(value: Bool8) -> bool {
        value.get()
    }
}

impl Not for Bool8 {
    type Output = Bool8;

    #[inline]
    fn not(self) -> Bool8 {
        Bool8::from(!self.get())
    }
}

impl PartialEq for Bool8 {
    #[inline]
    fn eq(&self, other: &Bool8) -> bool {
        self.get() == other.get()
    }
}

impl Eq for Bool8 {}

impl PartialEq<bool> for Bool8 {
    #[inline]
    fn eq(&self, other: &bool) -> bool {
        self.get() == *other
    }
}

impl Hash for Bool8 {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.get().hash(state);
    }
}

impl fmt::Debug for Bool8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.get(), f)
    }
}

impl fmt::Display for Bool8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.get(), f)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{ArrayView2, s};

    use super::*;

    #[test]
    fn every_byte_but_zero_is_true_and_equal_to_true() {
        for byte in 0..=u8::MAX {
            assert_eq!(Bool8(byte), Bool8::from(byte != 0));
            assert_eq!(Bool8(byte).to_string(), (byte != 0).to_string());
        }
    }

    #[test]
    fn only_zero_and_one_are_written() {
        assert_eq!(Bool8::from(true).to_byte(), 1);
        assert_eq!(Bool8::from(false).to_byte(), 0);
        assert_eq!((!Bool8(0)).to_byte(), 1);
        assert_eq!((!Bool8(2)).to_byte(), 0);
    }

    #[test]
    fn a_view_as_bools_keeps_strides_of_either_sign() {
        let bytes = [0u8, 9, 1, 1, 9, 0].map(Bool8);
        let whole = ArrayView2::from_shape((2, 3), &bytes).unwrap();
        let bools = Bool8::view_as_bools(whole.slice(s![..;-1, ..;2])).unwrap();
        assert_eq!(bools, ndarray::arr2(&[[true, false], [false, true]]));
    }

    #[test]
    fn a_view_with_another_byte_is_refused_with_its_index() {
        let bytes = [0u8, 1, 1, 2].map(Bool8);
        let view = ArrayView2::from_shape((2, 2), &bytes).unwrap();
        let error = Bool8::view_as_bools(view).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Format);
        assert_eq!(error.found_value(), Some("2 at index (1, 1)"));
    }
}
