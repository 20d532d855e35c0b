//! What is done at every open about a change of the file that was cut off: it is finished or undone
//! before anybody looks, or there is an error. It is never passed over.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::source::redo;
use crate::source::{Journal, Kind, Lock, Source, folder_of};
use crate::sys;

/// How long an open waits for somebody who is in the middle of a change.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it looks.
const STEP: Duration = Duration::from_millis(5);

/// What a kind makes of its journal.
#[derive(Debug)]
pub(crate) enum Recovery {
    /// The file is whole, and on the disk: the journal has done its work.
    Done,
    /// The file is whole as it is for who only reads it, who cannot do more.
    Readable,
    /// Others have written the file since: nothing was done to it.
    Stale(Error),
}

impl Source {
    /// The same file, after a change of it that was cut off has been finished or undone. Where nothing
    /// was, this costs one look into its folder.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Locked`] where somebody is in the middle of a change and does not come to its end;
    /// [`ErrorKind::Io`] where a change must be finished and this user may not;
    /// [`ErrorKind::Changed`] once where others have written the file meanwhile, and
    /// [`ErrorKind::Format`] once where the journal is damaged: it is set aside then.
    pub(crate) fn settled(self) -> Result<Source> {
        let Some(target) = self.target() else {
            return Ok(self);
        };
        if find(&target)?.is_some() {
            settle(&self, &target)?;
            return self.examined_again();
        }
        Ok(self)
    }

    /// Checks, with a lock on the file, that no change of it was cut off since it was opened.
    pub(crate) fn require_settled(&self) -> Result<()> {
        match self.target().map(|target| find(&target)).transpose()? {
            Some(Some(_)) => {
                let message = "a change of the file was cut off after it was opened";
                Err(self.name(Error::new(ErrorKind::Changed, message).hint("open it anew")))
            }
            _ => Ok(()),
        }
    }
}

/// The journal that must be seen to before anybody looks at the file. (Of an edit behind the end those
/// take care who know the format, and of elements that were being appended who appends next.)
fn find(target: &Path) -> Result<Option<PathBuf>> {
    Journal::find(target, Kind::Redo)
}

/// Waits for who is at work, or takes over from who is no more.
fn settle(source: &Source, target: &Path) -> Result<()> {
    let begun = Instant::now();
    loop {
        match Lock::exclusive(&source.try_clone()?.with_locks(), 0..u64::MAX) {
            Ok(Some(_lock)) => {
                // Who had the lock before may have come to the end.
                return match find(target)? {
                    Some(path) => recover(source, &path),
                    None => Ok(()),
                };
            }
            Ok(None) => return Err(source.name(without_locks(target))),
            Err(error) if error.kind() != ErrorKind::Locked => return Err(error),
            Err(error) => {
                if find(target)?.is_none() {
                    return Ok(());
                }
                if begun.elapsed() > PATIENCE {
                    return Err(error);
                }
            }
        }
        thread::sleep(STEP);
    }
}

/// Does what the journal says; the exclusive lock is ours.
fn recover(source: &Source, path: &Path) -> Result<()> {
    let journal = match Journal::open(path) {
        Ok(journal) => journal,
        Err(error) if error.kind() == ErrorKind::Format => return Err(set_aside(path, error)),
        Err(error) if error.kind() == ErrorKind::Io => {
            return Err(error.hint("the file may hold half of a change until it can be read"));
        }
        Err(error) => return Err(error),
    };
    let stamp = sys::stamp(source.file())
        .map_err(|error| source.name(Error::io("examine the file", error)))?;
    if !journal.is_about(&stamp) {
        // It tells of another file, whose place this one has taken whole. Who may not move it may
        // pass over it.
        let _ = sys::rename(path, &aside(path));
        return Ok(());
    }
    require_trusted(&journal, source)?;
    let recovered = match journal.kind() {
        Kind::Redo => redo::recover(&journal, source),
        Kind::Length | Kind::Append => {
            let message = "the journal is of a kind that goes by another name";
            Err(Error::new(ErrorKind::Format, message).at_path(path))
        }
    };
    match recovered {
        Ok(Recovery::Done) => match journal.remove() {
            // Who may write the file but not its folder leaves it to others: the file is whole.
            Err(error) if error.is_refused() => Ok(()),
            removed => removed,
        },
        Ok(Recovery::Readable) => Ok(()),
        Ok(Recovery::Stale(error)) => Err(set_aside(path, error)),
        Err(error) if error.kind() == ErrorKind::Format => Err(set_aside(path, error)),
        Err(error) => Err(error),
    }
}

/// Checks that nobody slipped in a journal who could not as well have replaced the file.
pub(crate) fn require_trusted(journal: &Journal, source: &Source) -> Result<()> {
    let folder = folder_of(journal.path());
    let trusted = sys::may_stand_for(journal.file(), source.file(), folder);
    match trusted.map_err(|error| source.name(Error::io("examine the journal", error)))? {
        true => Ok(()),
        false => {
            let message = "the journal beside the file belongs to somebody else, in a folder where \
                           everybody may put files";
            let error = Error::new(ErrorKind::Io, message).at_path(journal.path());
            Err(error.hint("let its owner open the file, or remove the journal"))
        }
    }
}

/// Takes a journal that cannot be applied out of the way, so that the next open goes on without it.
pub(crate) fn set_aside(path: &Path, error: Error) -> Error {
    let aside = aside(path);
    let shown = aside.file_name().unwrap_or_default().display().to_string();
    let moved = sys::rename(path, &aside).and_then(|()| sys::sync_folder(folder_of(path)));
    error.hint(match moved {
        Ok(()) => format!(
            "the journal is kept as {shown}; open the file again to use it as it is, which may be \
             with half of that change"
        ),
        Err(error) => format!("the journal cannot be set aside ({error}): remove it by hand"),
    })
}

/// A name for a journal that has been set aside.
fn aside(path: &Path) -> PathBuf {
    let name = |n: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!("-{n}"));
        PathBuf::from(name)
    };
    // Under the lock nobody else gives such names.
    let mut free = (1..1000).map(name).filter(|name| sys::is_there(name).is_ok_and(|is| !is));
    free.next().unwrap_or_else(|| name(1))
}

fn without_locks(target: &Path) -> Error {
    let journal = Journal::path_for(target, Kind::Redo);
    let shown = journal.file_name().unwrap_or_default().display().to_string();
    let message = "a change of the file has not come to its end, and without locks nobody can tell \
                   whether somebody is still at work";
    let hint = format!("if nobody is, remove {shown} to use the file as it is");
    Error::new(ErrorKind::Unsupported, message).hint(hint)
}
