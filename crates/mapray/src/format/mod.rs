//! File formats: bytes in, entries out. A format knows nothing of maps.

mod contents;
mod entry;
pub(crate) mod names;
pub mod npy;
pub(crate) mod npz;
mod probe;
mod raw;
mod safetensors;
pub(crate) mod zip;

pub use crate::source::{Checksum, Growth, Slot, Upkeep};
pub(crate) use contents::{Contents, Listing};
pub use entry::{Codec, Content, Entry};
pub use probe::inspect;
pub(crate) use probe::{first_bytes, probe, unknown};
pub(crate) use raw::{RawArray, entry as raw_entry};
