//! Memory-mapped n-dimensional arrays.

mod array;
pub mod dtype;
mod edit;
pub mod element;
mod error;
pub mod format;
mod interop;
pub mod layout;
mod literal;
mod map;
mod source;
mod sys;

pub use array::{
    Archive, ArrayFile, DecodedArray, DynLiveMap, DynMap, DynMapMut, DynView, DynViewMut, LiveMap,
    Map, MapMut, MapOptions, Npz, Origin,
};
pub use dtype::DType;
pub use edit::{
    AnyArray, CreateOptions, Fault, FaultKind, Repaired, create, load, save, save_dyn, save_raw,
};
pub use element::{
    Be, Big, Bool8, Bytes, ComplexLongDouble, DateTime64, Element, Le, Little, LongDouble, Packed,
    Text, TimeDelta64, Void, WritableElement,
};
pub use error::{Error, ErrorKind, Result};
pub use format::inspect;
pub use half::{bf16, f16};
pub use layout::{Layout, Order, Slice};
pub use map::{Advice, Mode, Pages, Residency};
pub use num_complex::Complex;
