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
#[cfg(not(mapray_portable))]
mod private;
mod recovery;
mod refusals;
