//! Making and changing files: save, create.

mod create;
mod replace;
mod save;

pub use create::{CreateOptions, create};
pub use save::{AnyArray, load, save, save_dyn, save_raw};
