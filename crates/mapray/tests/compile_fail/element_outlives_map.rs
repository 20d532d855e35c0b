//! A reference to an element borrows the map.

use mapray::Map;
use ndarray::Ix1;

fn first(map: Map<f64, Ix1>) -> &'static f64 {
    &map[0]
}

fn main() {
    // SAFETY: nothing here ever runs.
    let map = unsafe { Map::open("a.npy") }.unwrap();
    println!("{}", first(map));
}
