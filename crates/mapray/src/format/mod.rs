//! The formats that array files come in.

pub mod npy;
