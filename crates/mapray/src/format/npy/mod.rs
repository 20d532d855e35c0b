//! NumPy's `.npy`: one array behind a header that is a Python dictionary.
//!
//! Only the header is read and written here, from bytes and to bytes; FORMAT.md draws it byte by byte.
//! The rules are those of NumPy's [`numpy.lib.format`](https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).

mod entry;
mod header;
mod prelude;
mod write;

pub(crate) use entry::{entry, header_of, stored};
pub use header::Header;
pub use prelude::{MAGIC, MAX_HEADER_SIZE, Prelude};
