//! A view borrows the map that its pages belong to.

use mapray::Map;
use ndarray::Ix1;

fn main() {
    let view = {
        // SAFETY: nothing here ever runs.
        let map = unsafe { Map::<f64, Ix1>::open("a.npy") }.unwrap();
        map.view()
    };
    println!("{view}");
}
