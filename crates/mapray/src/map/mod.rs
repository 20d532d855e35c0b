//! Pages of a file: mapping, flushing, advice. Knows neither formats nor elements.

mod claims;
mod mode;
mod pages;
mod region;
mod upkeep;

pub use crate::sys::Advice;
pub use mode::Mode;
pub use pages::{Pages, Residency};
pub(crate) use region::Region;
pub(crate) use upkeep::{Update, bring_up_to_date, stored as stored_checksum};
