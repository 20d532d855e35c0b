//! Only elements without padding are stored: bytes without a value never reach a file.

use mapray::{Element, LiveMap, MapMut, Mode};
use ndarray::Ix1;

fn store<T: Element>(live: &LiveMap<T, Ix1>, value: T) {
    live.set(0, value).unwrap();
    live.fill(value).unwrap();
}

fn map<T: Element>() -> MapMut<T, Ix1> {
    // SAFETY: nothing here ever runs.
    unsafe { MapMut::<T, Ix1>::open("a.npy", Mode::ReadWrite) }.unwrap()
}

fn main() {}
