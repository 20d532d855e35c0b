//! A live map has no methods that would need a `&[T]`.

use mapray::LiveMap;
use ndarray::Ix1;

fn main() {
    let live = LiveMap::<f64, Ix1>::zeros(3).unwrap();
    println!("{}", live.view());
}
