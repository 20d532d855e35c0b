//! Bytes by position. Knows nothing of arrays.

mod crc;
mod file;
mod inflate;
#[allow(dead_code, reason = "the kinds of journals use it")]
mod journal;
mod lock;
mod replacement;
mod upkeep;

pub(crate) use crc::{crc32, update as update_crc32};
pub(crate) use file::{ReadAt, Source};
pub(crate) use inflate::Inflate;
#[allow(unused_imports, reason = "the kinds of journals use it")]
pub(crate) use journal::{Journal, Kind};
pub(crate) use lock::Lock;
pub use replacement::Durability;
pub(crate) use replacement::{Replacement, folder_of, target_of};
pub use upkeep::{Checksum, Slot, Upkeep};
