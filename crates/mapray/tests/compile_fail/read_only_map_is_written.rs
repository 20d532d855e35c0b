//! Nothing derefs mutably into read-only pages.

use mapray::Map;
use ndarray::Ix1;

fn main() {
    // SAFETY: nothing here ever runs.
    let mut map = unsafe { Map::<f64, Ix1>::open("a.npy") }.unwrap();
    map[0] = 1.0;
    map.fill(1.0);
}
