//! Arrays as text, byte for byte as NumPy 2.4 prints them with its default options.

mod array;
mod bignum;
mod digits;
mod file;
mod float;
mod format;
mod items;
mod longdouble;
mod real;
mod record;
mod scalar;
mod text;
mod time;

#[cfg(test)]
mod tests;

pub use array::Elements;
pub use file::{element_str, file_str};
pub use scalar::scalar_str;
