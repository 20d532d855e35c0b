//! Who may write a file at the same time: advisory locks.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::source::Source;
use crate::sys::{self, FileLock, Identity};

/// The claim to write some bytes of a file, until it is dropped: side by side with others that do so,
/// or exclusively.
///
/// Between processes it is an advisory lock on the whole file (`flock(2)`), which holds no descriptor;
/// within this process claims on other bytes of the file go with each other. Readers need none, and it
/// keeps nobody out who does not ask for one.
#[derive(Debug)]
pub(crate) struct Lock {
    identity: Identity,
    number: u64,
}

/// The claims of this process on one file.
struct Claims {
    /// The lock that they share. Where exclusive ones came first, it stays so until all are gone.
    file: FileLock,
    exclusive: bool,
    claims: Vec<Claim>,
}

struct Claim {
    number: u64,
    bytes: Range<u64>,
    exclusive: bool,
}

static FILES: LazyLock<Mutex<HashMap<Identity, Claims>>> = LazyLock::new(Mutex::default);

fn files() -> MutexGuard<'static, HashMap<Identity, Claims>> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lock {
    /// Claims bytes to be written side by side with others; `None` as for
    /// [`exclusive`](Lock::exclusive).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Locked`] where somebody has claimed them exclusively, with the process that has
    /// where the system tells.
    pub(crate) fn shared(source: &Source, bytes: Range<u64>) -> Result<Option<Lock>> {
        Lock::take(source, bytes, false)
    }

    /// Claims bytes that nobody else may write meanwhile; `None` where the file takes no locks: it has
    /// no name, is no regular file, lies on a file system that has none, or the source was opened
    /// [without](Source::without_locks).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Locked`] where somebody else has claimed them, or another process any of the file.
    pub(crate) fn exclusive(source: &Source, bytes: Range<u64>) -> Result<Option<Lock>> {
        Lock::take(source, bytes, true)
    }

    fn take(source: &Source, bytes: Range<u64>, exclusive: bool) -> Result<Option<Lock>> {
        let is_file = || source.file().metadata().is_ok_and(|metadata| metadata.is_file());
        if !source.locks() || source.path().is_none() || !is_file() {
            return Ok(None);
        }
        let mut files = files();
        let claims = match files.entry(source.identity()) {
            Entry::Occupied(held) => held.into_mut(),
            Entry::Vacant(free) => match lock(source, exclusive)? {
                Some(file) => free.insert(Claims { file, exclusive, claims: Vec::new() }),
                None => return Ok(None),
            },
        };
        let number = claims.claims.last().map_or(0, |last| last.number + 1);
        let claim = Claim { number, bytes, exclusive };
        claims.require_free(source, &claim)?;
        claims.claims.push(claim);
        Ok(Some(Lock { identity: source.identity(), number }))
    }

    /// Makes the claim an exclusive one. The source must be that of the same file.
    ///
    /// # Errors
    ///
    /// As [`exclusive`](Lock::exclusive); the claim is as it was then.
    pub(crate) fn make_exclusive(&self, source: &Source) -> Result<()> {
        self.change(source, None, true)
    }

    /// Makes the claim one on other bytes, shared or exclusive. The source must be that of the same
    /// file.
    ///
    /// # Errors
    ///
    /// As [`exclusive`](Lock::exclusive); the claim is as it was then.
    pub(crate) fn change(
        &self,
        source: &Source,
        bytes: Option<Range<u64>>,
        exclusive: bool,
    ) -> Result<()> {
        let mut files = files();
        let claims = files.get_mut(&self.identity).expect("a claim stands until it is dropped");
        let at = claims.claims.iter().position(|claim| claim.number == self.number);
        let old = claims.claims.remove(at.expect("a claim stands until it is dropped"));
        let bytes = bytes.unwrap_or_else(|| old.bytes.clone());
        let new = Claim { number: self.number, bytes, exclusive };
        let free = claims.require_free(source, &new);
        claims.claims.push(if free.is_ok() { new } else { old });
        claims.claims.sort_by_key(|claim| claim.number);
        if claims.exclusive
            && !claims.claims.iter().any(|claim| claim.exclusive)
            && let Ok(again) = source.reopened()
        {
            claims.file.make_shared(again.into_file());
            claims.exclusive = false;
        }
        free
    }
}

impl Claims {
    /// Checks that the claim goes with all others, and locks the file for it.
    fn require_free(&mut self, source: &Source, claim: &Claim) -> Result<()> {
        let (bytes, exclusive) = (&claim.bytes, claim.exclusive);
        let in_the_way = |other: &Claim| {
            let overlap = other.bytes.start < bytes.end && bytes.start < other.bytes.end;
            overlap && (exclusive || other.exclusive)
        };
        if self.claims.iter().any(in_the_way) {
            return Err(source.name(in_use(source, exclusive)));
        }
        if exclusive && !self.exclusive {
            patiently(source, |file| self.file.make_exclusive(file))?.map_err(|error| {
                source.name(match error.kind() {
                    io::ErrorKind::WouldBlock => in_use(source, true),
                    _ => Error::io("lock the file", error),
                })
            })?;
            self.exclusive = true;
        }
        Ok(())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Entry::Occupied(mut held) = files().entry(self.identity) {
            held.get_mut().claims.retain(|claim| claim.number != self.number);
            if held.get().claims.is_empty() {
                held.remove();
            }
        }
    }
}

/// How long at most a process that is being started is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Locks another opening of the file, since a lock belongs to what `open` has opened, and that of the
/// source may be its user's own.
///
/// Where only this process has it locked, that is tried for a while: it has no claim any more, but
/// while another program is started there are two processes for a moment, each of which has the locks
/// of both.
fn patiently<T>(
    source: &Source,
    mut lock: impl FnMut(File) -> io::Result<T>,
) -> Result<io::Result<T>> {
    let mut pause = Duration::from_millis(1);
    loop {
        let locked = lock(source.reopened()?.into_file());
        let is_blocked = |error: &io::Error| error.kind() == io::ErrorKind::WouldBlock;
        if !locked.as_ref().is_err_and(is_blocked) || pause >= PATIENCE || !is_ours(source) {
            return Ok(locked);
        }
        std::thread::sleep(pause);
        pause *= 2;
    }
}

/// Locks the file, unless its file system has no locks.
fn lock(source: &Source, exclusive: bool) -> Result<Option<FileLock>> {
    match patiently(source, |file| FileLock::new(file, exclusive))? {
        Ok(file) => Ok(Some(file)),
        Err(error) => match error.kind() {
            io::ErrorKind::WouldBlock => Err(source.name(in_use(source, exclusive))),
            io::ErrorKind::Unsupported => Ok(None),
            _ => Err(source.name(Error::io("lock the file", error))),
        },
    }
}

/// Whether nobody but this process has the file locked, as far as the system tells.
fn is_ours(source: &Source) -> bool {
    let own = std::process::id();
    sys::lock_holders(source.identity()).iter().all(|&pid| pid == own)
}

fn in_use(source: &Source, exclusive: bool) -> Error {
    let message = match exclusive {
        false => "the file is in use by somebody who lets nobody else write it",
        true => "the file is in use by somebody else who writes it",
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
