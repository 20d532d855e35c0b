//! Making and changing files: save, create, archives, their verification and repair.

mod create;
mod deflate;
mod member;
mod npz_writer;
#[cfg(test)]
mod power_cuts;
mod replace;
mod save;
mod savez;
mod tail;
mod unfinished;
mod verify;

pub use create::{CreateOptions, create};
pub use member::MemberArray;
pub use npz_writer::NpzWriter;
pub use replace::Durability;
pub use save::{SaveOptions, load, save, save_dyn, save_raw};
pub use savez::{Compression, SavezOptions, savez, savez_compressed};
pub use unfinished::remove_unfinished;
pub use verify::{Fault, FaultKind, Repaired};
