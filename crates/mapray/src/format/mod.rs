//! File formats: bytes in, entries out. A format knows nothing of maps.

mod entry;
pub mod npy;
mod probe;
mod raw;
pub(crate) mod zip;

pub use entry::{Codec, Content, Entry};
pub use probe::inspect;
pub(crate) use probe::probe;
pub(crate) use raw::{RawArray, entry as raw_entry};
