//! The only place with system calls: the same items in a file for each kind of system.

#[cfg(all(target_os = "linux", not(mapray_portable)))]
#[path = "linux.rs"]
mod imp;
#[cfg(any(mapray_portable, not(target_os = "linux")))]
#[path = "portable.rs"]
mod imp;

#[cfg(all(target_os = "linux", not(mapray_portable)))]
#[path = "linux_faults.rs"]
mod faults;
#[cfg(any(mapray_portable, not(target_os = "linux")))]
#[path = "portable_faults.rs"]
mod faults;

#[cfg(all(target_os = "linux", not(mapray_portable)))]
#[path = "linux_space.rs"]
mod space;
#[cfg(any(mapray_portable, not(target_os = "linux")))]
#[path = "portable_space.rs"]
mod space;

mod change;
#[cfg(test)]
pub(crate) mod record;
mod shared;

pub(crate) use change::*;
pub(crate) use faults::{
    LengthProbe, has_page, let_others_run, on_missing_page, process_id, replace_with_zeros,
};
pub(crate) use imp::{
    FileLock, Identity, Mapping, cached, data_from, evict, examine, is_immutable, is_in_memory,
    lock_holders, memfd, open, open_directly, open_uncached, own_user, page_size, path_of,
    prefer_huge_pages, read_ahead, read_ahead_at, rights, start_write_back, uncut_len, waits,
};
pub use shared::Advice;
pub(crate) use shared::{
    Access, Stamp, Time, is_sparse, is_there, may_stand_for, read_exact_at, read_some_at, stamp,
};
