//! What the integration tests share: the NumPy oracle, and how a test that cannot run says so.

#![allow(dead_code, reason = "each test binary uses its own part of this module")]

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

pub mod corpus;
pub mod live;
pub mod oracle;
pub mod values;

/// The Python interpreter that has NumPy, named by `MAPRAY_PYTHON`.
pub fn python() -> Option<PathBuf> {
    env::var_os("MAPRAY_PYTHON").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Notes that a test did not run: on stderr, and as a line `test<TAB>reason` in the file named by
/// `MAPRAY_SKIP_LOG`. The caller returns after it.
///
/// # Panics
///
/// If `MAPRAY_NO_SKIP=1`, or if the log cannot be written, since a skip that nobody sees is a pass
/// that nobody earned.
pub fn skip(test: &str, reason: &str) {
    eprintln!("skipped {test}: {reason}");
    if let Some(log) = env::var_os("MAPRAY_SKIP_LOG").filter(|log| !log.is_empty()) {
        let line = format!("{test}\t{}\n", reason.replace(['\t', '\n'], " "));
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            // One write: test binaries may share the log.
            .and_then(|mut log| log.write_all(line.as_bytes()))
            .expect("the file named by MAPRAY_SKIP_LOG takes a line");
    }
    assert!(
        env::var_os("MAPRAY_NO_SKIP").is_none_or(|no| no != "1"),
        "{test} may not be skipped: {reason}"
    );
}

/// A folder for files that are saved by the thousand: in memory where the system has such a place,
/// since each save waits for the disk.
pub fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()).unwrap()
}

/// Whether a file in this folder can be asked to be of any length, and a length for which there is no
/// room is refused at once. Elsewhere room is made by writing zeros, which fills the disk first.
pub fn reserves_at_once(folder: &Path) -> bool {
    #[cfg(all(target_os = "linux", not(mapray_portable)))]
    {
        let file = tempfile::tempfile_in(folder).unwrap();
        let flags = rustix::fs::FallocateFlags::KEEP_SIZE;
        rustix::fs::fallocate(&file, flags, 0, 4096).is_ok()
    }
    #[cfg(not(all(target_os = "linux", not(mapray_portable))))]
    {
        let _ = folder;
        false
    }
}
