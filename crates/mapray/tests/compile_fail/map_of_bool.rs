//! A byte of a file can be 2, a `bool` cannot.

use mapray::{MapMut, Mode};
use ndarray::Ix1;

fn main() {
    // SAFETY: nothing here ever runs.
    let map = unsafe { MapMut::<bool, Ix1>::open("a.npy", Mode::ReadWrite) };
}
