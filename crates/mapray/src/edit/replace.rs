//! A file takes another's place whole, or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::edit::unfinished;
use crate::error::{Error, Result};
use crate::sys;

/// What is sure to be on the disk when a call that writes a file returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Durability {
    /// The new file, under its name: a power cut right after leaves the new file, one before it the
    /// old or the new one, whole.
    #[default]
    Synced,
    /// Nothing yet, as with NumPy's `save`: quicker, and all or nothing still for whatever happens to
    /// the process, but a power cut within the next half minute or so may leave an empty file.
    Buffered,
}

/// Writes a file of about `len` bytes through `work`, beside `path`, and puts it there when it is
/// complete: whatever goes wrong, the old file is as it was.
///
/// What is not a regular file (a device, a pipe, a descriptor under `/dev/fd`) is written where it
/// is.
pub(crate) fn replace(
    path: &Path,
    len: u64,
    durability: Durability,
    work: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<()> {
    let target = target_of(path);
    let special = std::fs::metadata(&target).is_ok_and(|metadata| !metadata.is_file());
    let done = if special || is_descriptor(path) {
        let file = File::options().append(true).open(path);
        file.map_err(|error| Error::io("write", error)).and_then(|mut file| work(&mut file))
    } else {
        begin(&target, len).and_then(|replacement| {
            work(&mut FromFront { file: replacement.file(), at: 0 })?;
            publish(replacement, durability).map(drop)
        })
    };
    done.map_err(|error| error.at_path(path))
}

/// Writes a file from its first byte on.
struct FromFront<'a> {
    file: &'a File,
    at: u64,
}

impl Write for FromFront<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        sys::write_all_at(self.file, self.at, bytes)?;
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A new file beside `target` that takes its place when it is complete.
///
/// It has no name until then where the file system allows that, so that a process that dies leaves
/// nothing behind.
#[derive(Debug)]
pub(crate) struct Replacement {
    file: File,
    target: PathBuf,
    name: Option<PathBuf>,
}

impl Replacement {
    fn new(target: &Path) -> io::Result<Replacement> {
        let (file, name) = match sys::nameless_file(folder_of(target))? {
            Some(file) => (file, None),
            None => {
                let name = sibling(target);
                (unfinished::add(&name, || sys::create_new(&name))?, Some(name))
            }
        };
        Ok(Replacement { file, target: target.to_owned(), name })
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Puts the file in the target's place, with the target's permissions where there is one, in an
    /// order that a crash can stand: content, then name, then folder.
    fn take_place(mut self, durability: Durability) -> io::Result<File> {
        if let Ok(old) = std::fs::metadata(&self.target) {
            sys::set_permissions(&self.file, old.permissions())?;
        }
        if durability == Durability::Synced {
            sys::sync_all(&self.file)?;
        }
        if self.name.is_none() {
            let name = sibling(&self.target);
            unfinished::add(&name, || sys::give_name(&self.file, &name))?;
            self.name = Some(name);
        }
        if let Some(name) = &self.name {
            sys::rename(name, &self.target)?;
            unfinished::forget(name);
        }
        self.name = None;
        if durability == Durability::Synced {
            sys::sync_folder(folder_of(&self.target))?;
        }
        self.file.try_clone()
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            // Nothing better can be done in a drop than to leave the file.
            let _ = sys::remove_file(name);
            unfinished::forget(name);
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name in the folder of `target` that no other call uses.
fn sibling(target: &Path) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.subsec_nanos());
    folder_of(target).join(format!(".mapray-{}-{n}-{now:x}.tmp", std::process::id()))
}

/// A new file that is to take the place of `target`, with room for `len` bytes.
pub(crate) fn begin(target: &Path, len: u64) -> Result<Replacement> {
    let replacement =
        Replacement::new(target).map_err(|error| Error::io("write a file in its folder", error))?;
    sys::reserve(replacement.file(), len)
        .map_err(|error| Error::io("make room for the array", error))?;
    Ok(replacement)
}

pub(crate) fn publish(replacement: Replacement, durability: Durability) -> Result<File> {
    replacement
        .take_place(durability)
        .map_err(|error| Error::io("put the new file in its place", error))
}

/// Whether the path stands for a descriptor that is open already, and the file behind it is somebody
/// else's: standard output that is redirected into a file, say.
fn is_descriptor(path: &Path) -> bool {
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    let in_process = |folder: &PathBuf| folder.starts_with("/proc") && folder.ends_with("fd");
    folder.as_ref().is_some_and(in_process)
        || std::fs::read_link(path).is_ok_and(|link| link.starts_with("/proc/self/fd"))
}

/// The file that writing to `path` means: where it is a symbolic link, what it leads to.
pub(crate) fn target_of(path: &Path) -> PathBuf {
    match std::fs::canonicalize(path) {
        Ok(target) => target,
        // A link that leads nowhere yet: the file is made where it leads.
        Err(error) if error.kind() == io::ErrorKind::NotFound => match std::fs::read_link(path) {
            Ok(target) => path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => path.to_owned(),
        },
        Err(_) => path.to_owned(),
    }
}
