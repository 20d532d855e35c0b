//! The promise that nobody changes the file is made with `unsafe`.

use mapray::LiveMap;
use ndarray::Ix1;

fn main() {
    let live = LiveMap::<f64, Ix1>::zeros(3).unwrap();
    let map = live.assume_stable().unwrap();
}
