//! The files with names that are not complete yet: what a process must not leave behind.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The names; `None` once the process is about to end.
static UNFINISHED: Mutex<Option<Vec<PathBuf>>> = Mutex::new(Some(Vec::new()));

fn unfinished() -> MutexGuard<'static, Option<Vec<PathBuf>>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a file of this name, and notes it.
///
/// # Errors
///
/// That of `make`, or `Interrupted` where the process is about to end.
pub(super) fn add<T>(name: &Path, make: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let mut names = unfinished();
    let Some(names) = names.as_mut() else {
        return Err(io::Error::new(io::ErrorKind::Interrupted, "the process is about to end"));
    };
    let made = make()?;
    // The process may go to another folder meanwhile.
    names.push(std::path::absolute(name).unwrap_or_else(|_| name.to_owned()));
    Ok(made)
}

/// The file has another name now, or none.
pub(super) fn forget(name: &Path) {
    if let (Some(names), Ok(name)) = (unfinished().as_mut(), std::path::absolute(name)) {
        names.retain(|one| *one != name);
    }
}

/// Removes the files that are being written beside their places, and keeps new ones from being made: the
/// last thing to do before the process ends because of a signal, Ctrl-C say. Whatever is being saved
/// fails from then on, and what it was to replace stays.
///
/// On the file systems of Linux that know nameless files (`O_TMPFILE`) there is hardly ever one to remove.
/// Not to be called inside a signal handler, but by a thread that waits for the signal.
pub fn remove_unfinished() {
    for name in unfinished().take().unwrap_or_default() {
        // What is gone already, or cannot be removed, is all the same to a process that ends.
        let _ = std::fs::remove_file(name);
    }
}
