//! Without `repr(C)` the fields stand in any order, and with a parameter they are not known.

use mapray::Record;

#[derive(Clone, Copy, Record)]
struct Anyhow {
    a: u8,
    b: f32,
}

#[derive(Clone, Copy, Record)]
#[repr(C)]
struct Of<T> {
    a: T,
}

fn main() {}
