//! Which axis runs fastest.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind};

/// Which axis of a contiguous array runs fastest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// The last axis, as in C.
    #[default]
    C,
    /// The first axis, as in Fortran.
    F,
}

impl FromStr for Order {
    type Err = Error;

    /// Reads NumPy's letters. `A` and `K` mean C, as they do where no array is given to follow.
    fn from_str(text: &str) -> Result<Order, Error> {
        match text {
            "C" | "A" | "K" => Ok(Order::C),
            "F" => Ok(Order::F),
            _ => Err(Error::new(
                ErrorKind::Shape,
                format!("order must be one of 'C', 'F', 'A', or 'K' (got '{text}')"),
            )),
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Order::C => "C",
            Order::F => "F",
        })
    }
}
