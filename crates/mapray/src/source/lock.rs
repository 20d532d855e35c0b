//! Who may work on a file at the same time: advisory locks.

use crate::error::{Error, ErrorKind, Result};
use crate::source::Source;
use crate::sys::{self, FileLock};

/// What a lock goes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Others that write the same file side by side.
    Shared,
    /// Nobody else.
    Exclusive,
}

/// An advisory lock on a file (`flock(2)`), until it is dropped. It holds no descriptor. Readers need
/// none, and it keeps nobody out who does not ask for one.
#[derive(Debug)]
pub(crate) struct Lock {
    _held: FileLock,
}

impl Lock {
    /// Locks the file; `None` where it takes no locks: it has no name, is no regular file, lies on a
    /// file system that has none, or the source was opened [without](Source::without_locks).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Locked`] where somebody else has a lock that this one does not go with, with the
    /// process that has it where the system tells.
    pub(crate) fn take(source: &Source, sharing: Sharing) -> Result<Option<Lock>> {
        let is_file = || source.file().metadata().is_ok_and(|metadata| metadata.is_file());
        if !source.locks() || source.path().is_none() || !is_file() {
            return Ok(None);
        }
        // A lock belongs to what `open` has opened. That of the source may be its user's own.
        let file = source.reopened()?.into_file();
        match sys::lock(file, sharing == Sharing::Exclusive) {
            Ok(Some(held)) => Ok(Some(Lock { _held: held })),
            Ok(None) => Err(source.name(in_use(source, sharing))),
            Err(error) if error.kind() == std::io::ErrorKind::Unsupported => Ok(None),
            Err(error) => Err(source.name(Error::io("lock the file", error))),
        }
    }
}

fn in_use(source: &Source, sharing: Sharing) -> Error {
    let message = match sharing {
        Sharing::Shared => "the file is in use by somebody who lets nobody else write it",
        Sharing::Exclusive => "the file is in use by somebody else who writes it",
    };
    let error = Error::new(ErrorKind::Locked, message).hint("try again when it is closed there");
    let mut holders = sys::lock_holders(source.identity());
    holders.sort_unstable();
    holders.dedup();
    let name = |pid: &u32| match *pid == std::process::id() {
        true => "this process".to_owned(),
        false => format!("process {pid}"),
    };
    match holders.iter().map(name).reduce(|list, one| format!("{list}, {one}")) {
        Some(holders) => error.found(format!("a lock of {holders}")),
        None => error,
    }
}
