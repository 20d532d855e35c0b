//! Reductions by name.

use mapray::{DynLiveMap, Reduced, Result, reduce};
use pyo3::FromPyObject;

/// Which reduction of which axes, all of them if there are none.
#[derive(FromPyObject)]
pub struct Wanted(String, Option<Vec<isize>>, bool, f64);

impl Wanted {
    /// Computes it; `None` where there is no reduction of this name.
    pub fn of(&self, map: &DynLiveMap) -> Option<Result<Reduced>> {
        let Wanted(name, axes, keepdims, ddof) = self;
        let mut reduction = reduce(map).keepdims(*keepdims).ddof(*ddof).wrapping(true);
        if let Some(axes) = axes {
            reduction = reduction.axes(axes);
        }
        Some(match name.as_str() {
            "sum" => reduction.sum(),
            "mean" => reduction.mean(),
            "std" => reduction.std(),
            "var" => reduction.var(),
            "min" => reduction.min(),
            "max" => reduction.max(),
            "argmin" => reduction.argmin(),
            "argmax" => reduction.argmax(),
            "any" => reduction.any(),
            "all" => reduction.all(),
            "count_nonzero" => reduction.count_nonzero(),
            _ => return None,
        })
    }
}
