//! What the integration tests share: the NumPy oracle, and how a test that cannot run says so.

#![allow(dead_code, reason = "each test binary uses its own part of this module")]

#[cfg(target_os = "linux")]
pub mod disk;

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

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
