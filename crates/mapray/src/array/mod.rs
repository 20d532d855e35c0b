//! Arrays: a layout over a file, a map or memory.

mod any;
mod archive;
mod assign;
mod atomic;
mod cache;
mod copy;
mod decode;
mod dynamic;
mod file;
mod gather;
mod live;
mod map;
mod methods;
mod npz;
mod options;
mod read;
mod refresh;
mod shared;
mod stored;
mod tiles;
mod transpose;
mod typed_live;
mod view;
mod write;

pub use any::AnyArray;
pub use archive::Archive;
pub use atomic::AtomicElement;
pub use decode::DecodedArray;
pub use dynamic::{DynMap, DynMapMut};
pub use file::ArrayFile;
pub use gather::Gather;
pub use live::DynLiveMap;
pub use map::{Map, MapMut};
pub use npz::Npz;
pub use options::{MapOptions, Origin};
pub use typed_live::LiveMap;
pub use view::{DynView, DynViewMut};

pub(crate) use methods::map_methods;
pub(crate) use read::{read_bytes, swap};
pub(crate) use stored::Stored;
pub(crate) use tiles::TileReader;
pub(crate) use typed_live::require_elements;
pub(crate) use view::require_plain;
