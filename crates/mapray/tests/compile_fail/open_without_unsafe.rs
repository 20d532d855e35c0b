//! A map that is an array is opened with `unsafe`.

use mapray::{Map, MapOptions};
use ndarray::Ix1;

fn main() {
    let map = Map::<f64, Ix1>::open("a.npy").unwrap();
    let raw = MapOptions::new().map_mut::<f64, Ix1>("a.bin").unwrap();
}
