//! Pages of a file: mapping, flushing, advice. Knows neither formats nor elements.

mod ahead;
mod claims;
pub mod guard;
mod loss;
mod mode;
mod pages;
mod ranges;
mod region;
mod registry;
mod upkeep;

pub use crate::sys::Advice;
pub(crate) use ahead::{are_in_memory, fetch, fetch_lines, read_ahead};
pub use mode::Mode;
pub(crate) use pages::reserve;
pub use pages::{Pages, Residency};
pub(crate) use region::Region;
pub(crate) use registry::{cut, give_back, lengthen, require_uncut, require_whole};
pub(crate) use upkeep::{Update, bring_up_to_date, require_len, stored as stored_checksum};
