//! Bytes by position. Knows nothing of arrays.

mod crc;
mod file;
mod inflate;
mod lock;
mod upkeep;

pub(crate) use crc::{crc32, update as update_crc32};
pub(crate) use file::{ReadAt, Source};
pub(crate) use inflate::Inflate;
pub(crate) use lock::Lock;
pub use upkeep::{Checksum, Slot, Upkeep};
