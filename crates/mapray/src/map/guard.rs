//! A guard against the signal that kills a process whose mapped file is cut short.
//!
//! A load from a map, or a store to it, for which the system has no page ends in `SIGBUS`, and that
//! ends the process: where the file was cut short by somebody, where a hole cannot be filled since the
//! disk is full, where the disk fails. [`ArrayFile`](crate::ArrayFile) and
//! [`LiveMap`](crate::LiveMap) never come that far, since the kernel copies for them. A
//! [`Map`](crate::Map), a [`DynMap`](crate::DynMap) and atomics lend the memory itself, and for those
//! there is this guard: [`install`] it once, and what is lost reads as zeros, the map is marked, and
//! each later call of ours on the map is an error, `check()` first of all.
//!
//! The promise of a map that lends references stays what it was: a program that has one of a file
//! which changes is wrong. With the guard it learns of it, and lives.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};
use crate::map::registry;
use crate::sys;

static IS_INSTALLED: AtomicBool = AtomicBool::new(false);

/// Installs a handler of `SIGBUS` for the whole process, for all maps of files that it has and will
/// have. To be called once, early in `main`; again does no harm. A library had better leave it to the
/// program.
///
/// - **What is lost.** Where the file was cut short, all whole pages behind its end, at once. Where it is
///   as long as ever (no room for a hole, a disk that fails), or where its path leads to another file by
///   now, the one page that was asked for. What the file still has stays, and so do edits in mode `c` of
///   pages that it still has.
/// - **What is in its place.** Zeros of this process's own. Stores to them reach no file, in no mode.
/// - **How it shows.** `check()`, `flush()`, `close()` and everything else that can fail on the map, on
///   its clones and slices, gives [`ErrorKind::Truncated`](crate::ErrorKind::Truncated), or
///   [`ErrorKind::Space`](crate::ErrorKind::Space) where the file was as long as ever; so does what reads
///   the lost part through a view: `save`, a reduction. A result that was computed from a view by other
///   code is to be trusted only once `check()` has passed behind it.
/// - **What else sends the signal**, maps of other libraries say, gets the handler that was there before,
///   or ends the process as ever. Whoever installs another handler later must pass on what is not theirs.
///
/// ```
/// use mapray::{ErrorKind, Map};
/// use ndarray::Ix1;
///
/// # if cfg!(any(mapray_portable, not(target_os = "linux"))) { return Ok(()); }
/// # let folder = std::env::temp_dir().join(format!("mapray-guard-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("a.npy");
/// mapray::guard::install()?;
/// mapray::save(&path, &ndarray::Array1::<f64>::ones(100_000))?;
/// // SAFETY: nobody else knows this file. (And who would cut it?)
/// let map = unsafe { Map::<f64, Ix1>::open(&path)? };
/// std::fs::File::options().write(true).open(&path).unwrap().set_len(4096).unwrap();
/// assert_eq!(map[99_999], 0.0); // without the guard the process would be gone
/// assert_eq!(map.check().unwrap_err().kind(), ErrorKind::Truncated);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) outside Linux.
pub fn install() -> Result<()> {
    sys::on_missing_page(restore)
        .map_err(|error| Error::io("install a handler of SIGBUS", error))?;
    IS_INSTALLED.store(true, Ordering::Release);
    Ok(())
}

/// Whether [`install`] has succeeded in this process.
pub fn is_installed() -> bool {
    IS_INSTALLED.load(Ordering::Acquire)
}

/// Runs in the signal handler.
fn restore(address: usize) -> bool {
    // SAFETY: a thread is about to load from the address or store to it, so whoever has the map keeps
    // it mapped: it is borrowed, or lent.
    unsafe { registry::find(address) }.is_some_and(|record| record.restore(address))
}
