//! Making and changing files: save, create, verify and repair archives.

mod create;
mod replace;
mod save;
mod verify;

pub use create::{CreateOptions, create};
pub use save::{AnyArray, load, save, save_dyn, save_raw};
pub use verify::{Fault, FaultKind, Repaired};
