//! Computing on arrays of any dtype where they lie: reductions.

mod axes;
mod binned;
mod blocks;
mod checksum;
mod columns;
mod compare;
mod dispatch;
mod double;
mod exact;
mod extreme;
mod finish;
mod fold;
mod halves;
mod histogram;
mod methods;
mod moments;
mod reduce;
mod reduced;
mod rule;
mod run;
mod scalar;
mod share;
mod sum;
mod summary;
mod truth;
mod value;
mod values;
mod walk;

pub use binned::{Bin, binned};
pub use checksum::{Algorithm, Digest, checksum};
pub use compare::{Comparison, Difference, Differing, compare};
pub use histogram::{Counts, Histogram, histogram};
pub use reduce::{Reduction, reduce};
pub use reduced::Reduced;
pub use scalar::Scalar;
pub use summary::{Summaries, Summary, summaries, summary};
