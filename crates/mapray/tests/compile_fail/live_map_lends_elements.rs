//! A file that others may write meanwhile is never lent as references.

use mapray::LiveMap;
use ndarray::Ix1;

fn main() {
    let live = LiveMap::<f64, Ix1>::zeros(3).unwrap();
    let first: &f64 = &live[0];
    println!("{first}");
}
