//! A file takes another's place whole, or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::sys::{self, Replacement};

/// Writes a file of about `len` bytes through `work`, beside `path`, and puts it there when it is
/// complete and on the disk: whatever goes wrong, the old file is as it was.
///
/// What is not a regular file (a device, a pipe) is written where it is.
pub(crate) fn replace(
    path: &Path,
    len: u64,
    work: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<()> {
    let target = target_of(path);
    let in_place = std::fs::metadata(&target).is_ok_and(|metadata| !metadata.is_file());
    let done = if in_place {
        let file = File::options().write(true).open(&target);
        file.map_err(|error| Error::io("write", error)).and_then(|mut file| work(&mut file))
    } else {
        begin(&target, len).and_then(|replacement| {
            work(&mut replacement.file())?;
            publish(replacement).map(drop)
        })
    };
    done.map_err(|error| error.at_path(path))
}

/// A new file that is to take the place of `target`, with room for `len` bytes.
pub(crate) fn begin(target: &Path, len: u64) -> Result<Replacement> {
    let replacement =
        Replacement::new(target).map_err(|error| Error::io("write a file in its folder", error))?;
    sys::reserve(replacement.file(), len)
        .map_err(|error| Error::io("make room for the array", error))?;
    Ok(replacement)
}

pub(crate) fn publish(replacement: Replacement) -> Result<File> {
    replacement.publish(true).map_err(|error| Error::io("put the new file in its place", error))
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
