//! Python literals: what the header of an `.npy` file is written in.

mod number;
mod parse;
mod repr;
mod text;
mod value;

pub(crate) use parse::parse;
pub use value::Literal;
