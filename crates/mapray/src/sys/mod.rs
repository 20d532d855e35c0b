//! The only place with system calls: the same items in a file for each kind of system.

#[cfg(all(target_os = "linux", not(mapray_portable)))]
#[path = "linux.rs"]
mod imp;
#[cfg(any(mapray_portable, not(target_os = "linux")))]
#[path = "portable.rs"]
mod imp;

mod shared;

pub(crate) use imp::*;
pub use shared::Advice;
pub(crate) use shared::{Access, read_exact_at, write_all_at};
