//! The only place with system calls: the same items in a file for each kind of system.

#[cfg(all(target_os = "linux", not(mapray_portable)))]
#[path = "linux.rs"]
mod imp;
#[cfg(any(mapray_portable, not(target_os = "linux")))]
#[path = "portable.rs"]
mod imp;

mod change;
#[cfg(test)]
pub(crate) mod record;
mod shared;

pub(crate) use change::*;
pub(crate) use imp::{
    FileLock, Identity, Mapping, cached, data_from, evict, examine, is_immutable, lock_holders,
    memfd, page_size, path_of, reading, rights, start_write_back, uncut_len,
};
pub use shared::Advice;
pub(crate) use shared::{Access, read_exact_at};
