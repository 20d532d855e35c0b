//! Making and changing files: save, create, archives, their verification and repair.

mod append;
mod archive;
mod convert;
mod create;
mod deflate;
mod grow;
mod grow_map;
mod member;
mod member_writer;
mod npz_writer;
#[cfg(test)]
mod power_cuts;
mod prepared;
mod replace;
mod rows;
mod save;
mod savez;
mod tail;
mod verify;

pub use crate::source::Durability;
pub use append::{AppendOptions, Appender, append, append_dyn, resize};
pub use archive::{Aligned, NpzEditOptions, NpzEditor};
pub use convert::Conversion;
pub use create::{CreateOptions, create};
pub use member::MemberArray;
pub use npz_writer::NpzWriter;
pub use save::{SaveOptions, load, save, save_dyn, save_raw};
pub use savez::{Compression, SavezOptions, savez, savez_compressed};
pub use verify::{Fault, FaultKind, Repaired};
