//! The Rust types that the elements of an array can be viewed or loaded as.
//!
//! | dtype | in this machine's byte order, aligned | in any byte order, at any address |
//! |---|---|---|
//! | `i1 i2 i4 i8`, `u1 u2 u4 u8` | [`i8`] … [`u64`] | `Packed<i32, Big>` … |
//! | `f2 f4 f8` | [`f16`](half::f16), [`f32`], [`f64`] | `Packed<f64, Big>` … |
//! | `c8 c16` | [`Complex<f32>`](num_complex::Complex), `Complex<f64>` | `Packed<Complex<f64>, Big>` … |
//! | `b1` | [`Bool8`] | the same |
//! | `M8 m8`, whatever the unit | [`DateTime64`], [`TimeDelta64`] | `Packed<DateTime64, Big>` … |
//! | `S5` | [`Bytes<5>`](Bytes) | the same |
//! | `U5` | [`Text<5>`](Text) | `Packed<Text<5>, Big>` |
//! | `V5`, records of 5 bytes | [`Void<5>`](Void) | the same |
//! | `V2` that holds bfloat16, `V1` that holds a float8 | [`bf16`](half::bf16), [`Float8E4M3`], [`Float8E5M2`] | `Packed<bf16, Little>` … |
//! | records | a `#[repr(C)]` struct that derives [`Record`](macro@Record) | a `#[repr(C, packed)]` one |
//! | sub-arrays in records | `[f32; 3]` | `[Packed<f32, Big>; 3]` |
//! | `f16 c32` (C's `long double`) | [`LongDouble`], [`ComplexLongDouble`] | `Packed<LongDouble, Big>` … |
//!
//! ```
//! use mapray::element::{Be, Element};
//!
//! // Two big-endian numbers behind a header of one byte: seen where they lie, and computed with.
//! let file = [0xff, 0, 1, 0, 2u8];
//! let numbers: &[Be<i16>] = bytemuck::cast_slice(&file[1..]);
//! let view = ndarray::ArrayView1::from(numbers);
//! assert_eq!(view.sum(), 3);
//! assert_eq!(Be::<i16>::dtype().endian(), Some(mapray::dtype::Endian::Big));
//! ```

mod atomic;
mod bool8;
mod complex;
#[doc(hidden)]
pub mod derived;
mod differ;
mod dispatch;
mod numbers;
mod opaque;
mod packed;
mod packed_arithmetic;
mod record;
mod small_floats;
mod suggest;
mod text;
mod time;
mod traits;

pub use atomic::AtomicInteger;
pub use bool8::Bool8;
pub use opaque::{ComplexLongDouble, LongDouble, Void};
pub use packed::{Be, Big, ByteOrder, Le, Little, Packable, Packed};
pub use record::{Record, RecordField};
pub use small_floats::{Float8E4M3, Float8E5M2};
pub use text::{Bytes, Text};
pub use time::{DateTime64, TimeDelta64};
pub use traits::{Element, NoPadding, WritableElement};

pub(crate) use dispatch::for_type;
pub(crate) use suggest::{Conversion, conversion, packed_type, rust_type};
