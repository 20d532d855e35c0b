//! One view for writing at a time.

use mapray::DynViewMut;

fn main() {
    let mut buffer = [0; 16];
    let mut view = DynViewMut::from_buffer(&mut buffer, "u1".parse().unwrap(), None, 0).unwrap();
    let mut first = view.reborrow().slice(&"[:8]".parse().unwrap()).unwrap();
    let mut second = view.reborrow().slice(&"[4:]".parse().unwrap()).unwrap();
    first.set(&[4], 1_u8).unwrap();
    second.set(&[0], 2_u8).unwrap();
}
