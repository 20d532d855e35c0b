//! An array over a buffer borrows the buffer, its slices too.

use mapray::DynView;

fn main() {
    let slice = {
        let buffer = vec![0; 16];
        let view = DynView::from_buffer(&buffer, "<f8".parse().unwrap(), None, 0).unwrap();
        view.slice(&"[0]".parse().unwrap()).unwrap()
    };
    println!("{:?}", slice.shape());
}
