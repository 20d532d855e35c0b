//! Pages of a file: mapping, flushing, advice. Knows neither formats nor elements.

mod claims;
mod mode;
mod pages;
mod region;

pub use crate::sys::Advice;
pub use mode::Mode;
pub use pages::{Pages, Residency};
pub(crate) use region::Region;
