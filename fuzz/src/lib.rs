//! What must hold of any input, one file for each kind of it: the fuzz targets in `bin/` try it on
//! what the fuzzer thinks up, `tests/hostile.rs` of the library on the corpus.
//!
//! Each `check` panics where it does not hold.

pub mod append;
pub mod dtype;
pub mod journal;
pub mod npy_file;
pub mod npy_header;
pub mod npz;
mod reading;
pub mod safetensors;
pub mod slice;

pub use reading::{file, folder};
