//! Other crates' arrays.

pub(crate) mod ndarray;
