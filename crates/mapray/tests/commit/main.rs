//! Copy-on-write maps with a memory: which pages were stored to, dropping that, writing it to the file
//! in one step, and what is found after a step that was cut off.

#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/journal.rs"]
mod journal;

#[cfg(not(mapray_portable))]
mod archives;
#[cfg(not(mapray_portable))]
mod model;
mod modes;
#[cfg(not(mapray_portable))]
mod private;
mod recovery;
#[cfg(not(mapray_portable))]
mod refusals;

use std::fs;
use std::path::PathBuf;

use common::scratch;
use tempfile::TempDir;

const LEN: usize = 20_000;

fn with_file() -> (TempDir, PathBuf) {
    let folder = scratch();
    let path = folder.path().join("a");
    fs::write(&path, [7; LEN]).unwrap();
    (folder, path)
}
