//! Pages that the system cannot give: whatever it does then, it is not caught.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Access, Identity, examine};

/// A way to ask how long a file is.
#[derive(Debug)]
pub(crate) enum LengthProbe {
    Path(PathBuf),
    File(Arc<File>),
}

impl LengthProbe {
    /// Of the file at this path.
    pub(crate) fn of_path(path: &Path) -> io::Result<LengthProbe> {
        Ok(LengthProbe::Path(path.to_owned()))
    }

    /// Of an open file.
    pub(crate) fn of_file(file: Arc<File>) -> LengthProbe {
        LengthProbe::File(file)
    }

    /// The path that it was given.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            LengthProbe::Path(path) => Some(path),
            LengthProbe::File(_) => None,
        }
    }

    /// The length now, if it still leads to this file.
    pub(crate) fn len(&self, identity: Identity) -> Option<u64> {
        let found = match self {
            LengthProbe::Path(path) => examine(&std::fs::File::open(path).ok()?),
            LengthProbe::File(file) => examine(file),
        };
        found.ok().filter(|(found, _)| *found == identity)?.1
    }
}

/// Catches accesses for which the system has no page: not to be had.
pub(crate) fn on_missing_page(_: fn(usize) -> bool) -> io::Result<()> {
    let message = "pages that are lost under a map cannot be caught on this system";
    Err(io::Error::new(io::ErrorKind::Unsupported, message))
}

/// Whether the system gives the page: it cannot be asked.
pub(crate) fn has_page(_: usize, _: Access) -> bool {
    false
}

/// Maps zeros over these pages: not to be had.
///
/// # Safety
///
/// None is needed.
pub(crate) unsafe fn replace_with_zeros(_: Range<usize>, _: bool) -> bool {
    false
}

/// The number of this process.
pub(crate) fn process_id() -> u32 {
    std::process::id()
}

/// Lets other threads run.
pub(crate) fn let_others_run() {
    std::thread::yield_now();
}
