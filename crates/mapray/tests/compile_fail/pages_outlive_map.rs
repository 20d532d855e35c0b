//! The pages of a map go with it.

use mapray::LiveMap;
use ndarray::Ix1;

fn main() {
    let live = LiveMap::<f64, Ix1>::zeros(3).unwrap();
    let pages = live.pages();
    drop(live);
    pages.flush().unwrap();
}
