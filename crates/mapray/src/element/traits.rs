//! What a Rust type must be to stand for the elements of an array.

use std::marker::PhantomData;

use bytemuck::{AnyBitPattern, NoUninit};

use crate::DType;

/// A Rust type that elements of an array can be viewed or loaded as.
///
/// The trait is safe to implement: before an array is viewed, its itemsize is compared with
/// `size_of::<Self>()` and its address with `align_of::<Self>()`, and every bit pattern is a value,
/// so a wrong implementation gives wrong values and nothing worse.
///
/// ```
/// use mapray::dtype::{DType, Kind};
/// use mapray::element::Element;
///
/// /// A number that counts metres.
/// #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
/// #[repr(transparent)]
/// struct Metres(f32);
///
/// impl Element for Metres {
///     fn dtype() -> DType {
///         f32::dtype()
///     }
///
///     fn swap_bytes(self) -> Metres {
///         Metres(Element::swap_bytes(self.0))
///     }
/// }
///
/// assert!(Metres::views(&DType::native(Kind::Float32)));
/// assert!(!Metres::views(&DType::native(Kind::Int32)));
/// ```
pub trait Element: AnyBitPattern + Send + Sync + 'static {
    /// The dtype of which every element lies in memory exactly as `Self`.
    fn dtype() -> DType;

    /// Whether elements of `dtype` lie in memory exactly as `Self`.
    ///
    /// Most types view one dtype only, [`Element::dtype`]; a [`DateTime64`](super::DateTime64)
    /// views every unit of time, a [`Void`](super::Void) every record.
    fn views(dtype: &DType) -> bool {
        *dtype == Self::dtype()
    }

    /// The value with the bytes of each of its components in reverse order; loads foreign-endian
    /// elements.
    fn swap_bytes(self) -> Self;
}

/// An [`Element`] that can also be stored: it says which bytes stand for it, and none of them are
/// padding, which would put uninitialised memory into a file.
///
/// A type without padding gives the proof of that and is done; a type with padding stores its
/// fields one by one, as the [derive of records](macro@crate::Record) does.
///
/// ```
/// use mapray::element::{Element, NoPadding, WritableElement};
/// use mapray::{DType, LiveMap};
///
/// #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
/// #[repr(transparent)]
/// struct Metres(f32);
///
/// impl Element for Metres {
///     fn dtype() -> DType {
///         f32::dtype()
///     }
///
///     fn swap_bytes(self) -> Metres {
///         Metres(Element::swap_bytes(self.0))
///     }
/// }
///
/// impl WritableElement for Metres {
///     const NO_PADDING: Option<NoPadding<Metres>> = Some(NoPadding::PROVED);
/// }
///
/// let mut bytes = [0; 4];
/// Metres(1.5).store(&mut bytes);
/// assert_eq!(bytes, 1.5f32.to_ne_bytes());
/// ```
pub trait WritableElement: Element {
    /// The proof that no byte of the type is padding, if there is one: whole arrays are then copied
    /// as they lie.
    const NO_PADDING: Option<NoPadding<Self>> = None;

    /// Writes the value into `bytes`, which are as many as it has, all zero. Those of its padding
    /// stay so.
    ///
    /// What is here by default serves types whose [`NO_PADDING`](Self::NO_PADDING) is given; for
    /// others it does not compile.
    fn store(&self, bytes: &mut [u8]) {
        const { assert!(Self::NO_PADDING.is_some(), "`store` or `NO_PADDING` must be given") };
        if let Some(proof) = Self::NO_PADDING {
            bytes.copy_from_slice(proof.bytes_of(self));
        }
    }
}

/// The proof that no byte of a `T` is padding: there is none of a type that is not [`NoUninit`].
///
/// ```
/// use mapray::element::NoPadding;
///
/// assert_eq!(NoPadding::PROVED.bytes_of(&1u16), 1u16.to_ne_bytes());
/// ```
#[derive(Debug)]
pub struct NoPadding<T>(PhantomData<fn() -> T>);

impl<T: NoUninit> NoPadding<T> {
    /// The proof, which the type's own promise gives.
    pub const PROVED: NoPadding<T> = NoPadding(PhantomData);
}

impl<T> NoPadding<T> {
    /// The bytes of the value, as they lie in memory.
    pub fn bytes_of(self, value: &T) -> &[u8] {
        // SAFETY: the range is that of `value`, borrowed for as long; every byte of it has a value,
        // since a `NoPadding<T>` can only be made where `T` is `NoUninit`.
        unsafe { std::slice::from_raw_parts((&raw const *value).cast(), size_of::<T>()) }
    }
}

impl<T> Clone for NoPadding<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for NoPadding<T> {}

/// Implements [`WritableElement`] for types without padding.
macro_rules! without_padding {
    ($([$($generics:tt)*] $element:ty),* $(,)?) => {$(
        impl<$($generics)*> $crate::element::WritableElement for $element {
            const NO_PADDING: Option<$crate::element::NoPadding<Self>> =
                Some($crate::element::NoPadding::PROVED);
        }
    )*};
}

pub(super) use without_padding;
