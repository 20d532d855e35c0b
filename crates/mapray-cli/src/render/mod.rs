//! Arrays as text: byte for byte as NumPy 2.4 prints them with its default options, as tables, and as
//! data for other programs.

mod align;
mod array;
mod bignum;
mod columns;
pub mod csv;
mod digits;
mod file;
mod float;
mod format;
mod items;
mod json;
mod longdouble;
mod plain;
mod real;
mod record;
mod scalar;
mod table;
mod text;
mod time;

#[cfg(test)]
mod tests;

pub use align::align;
pub use array::{EDGE_ITEMS, Elements, THRESHOLD};
pub use columns::columns;
pub use file::{MOST_BYTES, element_str, file_str};
pub use json::{Lists, element_json, part};
#[cfg(test)]
pub use plain::Plain;
pub use scalar::scalar_str;
pub use table::{Cells, Table};
