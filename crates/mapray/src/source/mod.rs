//! Bytes by position. Knows nothing of arrays.

mod ahead;
mod crc;
mod direct;
mod file;
mod inflate;
#[cfg(feature = "libdeflate")]
mod inflate_at_once;
mod journal;
mod lock;
mod recover;
mod redo;
mod replacement;
mod unfinished;
mod upkeep;

pub(crate) use ahead::Ahead;
pub(crate) use crc::{crc32, update as update_crc32};
pub(crate) use file::{ReadAt, Source};
pub(crate) use inflate::Inflate;
#[cfg(feature = "libdeflate")]
pub(crate) use inflate_at_once::inflate_at_once;
pub(crate) use journal::{Journal, Kind};
pub(crate) use lock::Lock;
pub(crate) use recover::{require_trusted, set_aside};
pub(crate) use redo::{SECTOR, sectors, write_over};
pub use replacement::Durability;
pub(crate) use replacement::{Replacement, folder_of, target_of};
pub use unfinished::remove_unfinished;
pub use upkeep::{Checksum, Growth, Slot, Upkeep};
