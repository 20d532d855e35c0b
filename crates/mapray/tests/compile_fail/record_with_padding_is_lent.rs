//! Memory with padding is not lent for writing: bytes without a value would reach the file.

use mapray::{Mode, Record};
use ndarray::{ArrayViewMut, Ix1};

#[derive(Clone, Copy, Record)]
#[repr(C)]
struct Padded {
    a: u8,
    b: u32,
}

#[derive(Clone, Copy, Record)]
#[repr(C, packed)]
struct Outer {
    inner: Padded,
}

fn main() {
    // SAFETY: nothing here ever runs.
    let mut map = unsafe { mapray::DynMapMut::open("a.npy", Mode::ReadWrite) }.unwrap();
    let view: ArrayViewMut<Padded, Ix1> = map.typed_mut().unwrap();
    // SAFETY: nothing here ever runs.
    let live = unsafe { mapray::create::<Outer, _>("a.npy", 1).unwrap().assume_stable_mut() };
}
