//! A view of any dtype borrows its map, a typed view of it too.

use mapray::DynMap;
use ndarray::Ix1;

fn main() {
    // SAFETY: nothing here ever runs.
    let map = unsafe { DynMap::open("a.npy") }.unwrap();
    let view = map.view();
    let typed = view.typed::<f64, Ix1>().unwrap();
    drop(map);
    println!("{typed}");
}
