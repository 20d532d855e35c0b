//! What a Rust type must be to stand for the elements of an array.

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

/// An [`Element`] that can also be written: none of its bytes are padding, which would put
/// uninitialised memory into a file.
///
/// Every `Element` that is [`NoUninit`] is one.
///
/// ```
/// fn bytes_of<T: mapray::element::WritableElement>(value: &T) -> &[u8] {
///     bytemuck::bytes_of(value)
/// }
/// assert_eq!(bytes_of(&1.5f32), 1.5f32.to_ne_bytes());
/// ```
pub trait WritableElement: Element + NoUninit {}

impl<T: Element + NoUninit> WritableElement for T {}
