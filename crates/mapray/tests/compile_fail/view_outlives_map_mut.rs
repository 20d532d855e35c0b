//! A view for writing borrows the map that its pages belong to.

use mapray::{MapMut, Mode};
use ndarray::Ix1;

fn main() {
    // SAFETY: nothing here ever runs.
    let mut map = unsafe { MapMut::<f64, Ix1>::open("a.npy", Mode::ReadWrite) }.unwrap();
    let mut view = map.view_mut();
    drop(map);
    view[0] = 1.0;
}
