//! A file takes another's place whole, or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::source::{Durability, Replacement, target_of};
use crate::sys;

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
    let done = if is_written_in_place(path) {
        let file = File::options().append(true).open(path);
        file.map_err(|error| Error::io("write", error)).and_then(|mut file| work(&mut file))
    } else {
        begin(&target_of(path), len).and_then(|replacement| {
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

/// Whether what is at the path is written where it is, from front to back.
pub(crate) fn is_written_in_place(path: &Path) -> bool {
    let special = std::fs::metadata(target_of(path)).is_ok_and(|metadata| !metadata.is_file());
    special || is_descriptor(path)
}

/// Whether the path stands for a descriptor that is open already, and the file behind it is somebody
/// else's: standard output that is redirected into a file, say.
fn is_descriptor(path: &Path) -> bool {
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    let in_process = |folder: &PathBuf| folder.starts_with("/proc") && folder.ends_with("fd");
    folder.as_ref().is_some_and(in_process)
        || std::fs::read_link(path).is_ok_and(|link| link.starts_with("/proc/self/fd"))
}
