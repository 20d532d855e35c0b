//! Elements of one dtype as elements of another: value by value, in memory.

mod kernel;
mod pair;
mod real;
mod store;
mod swap;
mod text;
mod time;
mod widen;

pub use kernel::Casting;
pub(crate) use kernel::{Cast, Misfit};
pub(crate) use pair::{Level, Pair, Run, for_each_run, pair_up};
pub(crate) use real::{Real, Reals, load_reals};
pub(crate) use store::nearest_f16;
pub(crate) use text::characters;
pub(crate) use time::TimeScale;
