//! The files with names that are not complete yet: what a process must not leave behind.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::sys;

/// The names; `None` once the process is about to end.
static UNFINISHED: Mutex<Names> = Mutex::new(Names(Some(Vec::new())));

struct Names(Option<Vec<PathBuf>>);

impl Names {
    fn add<T>(&mut self, name: &Path, make: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let Some(names) = self.0.as_mut() else {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "the process is about to end"));
        };
        let made = make()?;
        // The process may go to another folder meanwhile.
        names.push(std::path::absolute(name).unwrap_or_else(|_| name.to_owned()));
        Ok(made)
    }

    fn forget(&mut self, name: &Path) {
        if let (Some(names), Ok(name)) = (&mut self.0, std::path::absolute(name)) {
            names.retain(|one| *one != name);
        }
    }

    fn remove_all(&mut self) {
        for name in self.0.take().unwrap_or_default() {
            // What is gone already, or cannot be removed, is all the same to a process that ends.
            let _ = sys::remove_file(&name);
        }
    }
}

fn unfinished() -> MutexGuard<'static, Names> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a file of this name, and notes it.
///
/// # Errors
///
/// That of `make`, or `Interrupted` where the process is about to end.
pub(super) fn add<T>(name: &Path, make: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    unfinished().add(name, make)
}

/// The file has another name now, or none.
pub(super) fn forget(name: &Path) {
    unfinished().forget(name);
}

/// Removes the files that are being written beside their places, and keeps new ones from being made: the
/// last thing to do before the process ends because of a signal, Ctrl-C say. Whatever is being saved
/// fails from then on, and what it was to replace stays.
///
/// On the file systems of Linux that know nameless files (`O_TMPFILE`) there is hardly ever one to remove.
/// Not to be called inside a signal handler, but by a thread that waits for the signal.
pub fn remove_unfinished() {
    unfinished().remove_all();
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn what_has_not_taken_its_place_goes_and_nothing_new_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let mut names = Names(Some(Vec::new()));
        for name in ["one", "two", "done"] {
            names.add(&at(name), || File::create_new(at(name))).unwrap();
        }
        let failed = names.add(&at("one"), || File::create_new(at("one")));
        assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        names.forget(&at("done"));
        names.remove_all();
        let is_there = ["one", "two", "done"].map(|name| at(name).exists());
        assert_eq!(is_there, [false, false, true]);

        let late = names.add(&at("late"), || File::create_new(at("late")));
        assert_eq!(late.unwrap_err().kind(), io::ErrorKind::Interrupted);
        assert!(!at("late").exists());
        names.remove_all();
        assert!(at("done").exists());
    }
}
