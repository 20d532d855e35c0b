//! A file that is written beside its place, and put there when it is complete.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::source::unfinished;
use crate::sys;

/// What is sure to be on the disk when a call that writes a file returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Durability {
    /// The new file, under its name, or the longer array: a power cut right after leaves that, one before
    /// it the old or the new one, whole.
    #[default]
    Synced,
    /// Nothing yet, as with NumPy's `save`: quicker, and all or nothing still for whatever happens to
    /// the process, but a power cut within the next half minute or so may leave an empty file, or an
    /// array whose last rows are not there.
    Buffered,
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
    pub(crate) fn new(target: &Path) -> io::Result<Replacement> {
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
    pub(crate) fn take_place(mut self, durability: Durability) -> io::Result<File> {
        let replaced = std::fs::metadata(&self.target).ok();
        if let Some(old) = &replaced {
            sys::set_permissions(&self.file, old.permissions())?;
        }
        if durability == Durability::Synced {
            sys::sync_all(&self.file)?;
        }
        // Where there is nothing to replace, no kill can come in between and leave another name.
        let placed = self.name.is_none()
            && replaced.is_none()
            && match sys::give_name(&self.file, &self.target) {
                Ok(()) => true,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
                Err(error) => return Err(error),
            };
        if !placed {
            if self.name.is_none() {
                let name = sibling(&self.target);
                unfinished::add(&name, || sys::give_name(&self.file, &name))?;
                self.name = Some(name);
            }
            if let Some(name) = &self.name {
                sys::rename(name, &self.target)?;
                unfinished::forget(name);
            }
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

/// The folder that a path leads into.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name in the folder of `target` that no other call uses.
fn sibling(target: &Path) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.subsec_nanos());
    folder_of(target).join(format!(".mapray-{}-{n}-{now:x}.tmp", std::process::id()))
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
