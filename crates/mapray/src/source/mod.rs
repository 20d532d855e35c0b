//! Bytes by position. Knows nothing of arrays.

mod file;

pub(crate) use file::{ReadAt, Source};
