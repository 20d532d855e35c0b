//! Memory-mapped n-dimensional arrays: open an array where it lies on disk, slice it, compute on it,
//! edit it in place.
//!
//! A file that holds an array is opened by one of four types. They differ in what they lend, and in
//! what their user promises for it:
//!
//! | type | is | promise |
//! |---|---|---|
//! | [`ArrayFile`] | read by position | none |
//! | [`LiveMap`], [`DynLiveMap`] | a map that others may write meanwhile; elements by value | none |
//! | [`Map`], [`DynMap`] | an `ndarray` array, or a [`DynView`] of any dtype | the file does not change (`unsafe`) |
//! | [`MapMut`], [`DynMapMut`] | the same, for writing | nobody else touches the file (`unsafe`) |
//!
//! - `.npy` files: [`ArrayFile::open`], [`Map::open`], [`create`], [`save`], [`load`], [`inspect`].
//! - Arrays that grow where they lie: [`append`](append()), [`resize`], [`Appender`].
//! - Files without a header: [`MapOptions`]. Memory: [`DynView::new`], [`DynView::from_buffer`].
//! - Archives: [`Npz`] and [`Archive`] read and map, [`savez`] writes, [`NpzEditor`] edits.
//! - Parts of arrays: [`Slice`], NumPy's basic indexing as text or as Rust ranges.
//! - Rows by a list of indices, batch after batch: [`Gather`].
//! - Elements: [`Element`] for the numbers, [`f16`](struct@f16), [`Complex`], [`Bool8`], text, times, and
//!   [`Packed`] for unaligned and foreign-endian data.
//! - Edits in memory: [`Mode::CopyOnWrite`], with `dirty_pages`, `discard` and a crash-safe `commit`.
//! - The page cache: [`ArrayFile::warm`], [`ArrayFile::evict`], [`ArrayFile::residency`].
//! - Pages: [`Pages`] flushes, advises on, prefetches and releases a map or a slice of one.
//!
//! With the feature `libdeflate` deflated members are loaded by that library, which is faster, and needs a C
//! compiler when it is built; without, all is Rust.
//!
//! ```
//! use mapray::{ArrayFile, Mode};
//! use ndarray::{Ix2, array};
//!
//! # let folder = std::env::temp_dir().join(format!("mapray-lib-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder).unwrap();
//! # let path = folder.join("a.npy");
//! mapray::save(&path, &array![[1.0, 2.0], [3.0, 4.0]])?;
//! let map = ArrayFile::open(&path)?.map_live::<f64, Ix2>(Mode::ReadWrite)?;
//! map.set((1, 1), 5.0)?;
//! map.flush()?;
//! assert_eq!(mapray::load::<f64, Ix2>(&path)?, array![[1.0, 2.0], [3.0, 5.0]]);
//! # std::fs::remove_dir_all(&folder).unwrap();
//! # Ok::<(), mapray::Error>(())
//! ```

mod array;
mod cast;
mod compute;
pub mod dtype;
mod edit;
pub mod element;
mod error;
pub mod format;
mod halves;
mod interop;
pub mod layout;
mod literal;
mod map;
mod simd;
mod source;
mod sys;
mod threads;

pub use array::{
    AnyArray, Archive, ArrayFile, AtomicElement, DecodedArray, DynLiveMap, DynMap, DynMapMut,
    DynView, DynViewMut, Gather, LiveMap, Map, MapMut, MapOptions, Npz, Origin,
};
pub use cast::Casting;
pub use compute::{
    Algorithm, Bin, Comparison, Counts, Difference, Differing, Digest, Histogram, Reduced,
    Reduction, Scalar, Summaries, Summary, binned, checksum, compare, histogram, reduce, summaries,
    summary,
};
pub use dtype::DType;
pub use edit::{
    Aligned, AppendOptions, Appender, Compression, Conversion, CreateOptions, Durability, Fault,
    FaultKind, MemberArray, NpzEditOptions, NpzEditor, NpzWriter, Repaired, SaveOptions,
    SavezOptions, append, append_dyn, create, load, resize, save, save_dyn, save_raw, savez,
    savez_compressed,
};
#[doc(hidden)]
pub use element::derived as __derived;
pub use element::{
    AtomicInteger, Be, Big, Bool8, Bytes, ComplexLongDouble, DateTime64, Element, Le, Little,
    LongDouble, Packed, Record, Text, TimeDelta64, Void, WritableElement,
};
pub use error::{Error, ErrorKind, Result};
pub use format::inspect;
pub use half::{bf16, f16};
pub use layout::{Layout, Order, Slice};
pub use map::{Advice, Mode, Pages, Residency, guard};
pub use num_complex::Complex;
pub use source::remove_unfinished;

/// The examples of the README run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
