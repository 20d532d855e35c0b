//! While a map is lent for writing nobody else looks at it.

use mapray::{DynMapMut, Mode};

fn main() {
    // SAFETY: nothing here ever runs.
    let mut map = unsafe { DynMapMut::open("a.npy", Mode::ReadWrite) }.unwrap();
    let mut writing = map.view_mut();
    let reading = map.view();
    writing.set(&[0], 1.0_f64).unwrap();
    println!("{:?}", reading.get::<f64>(&[0]));
}
