//! Only a struct lies as a record does.

use mapray::Record;

#[derive(Clone, Copy, Record)]
#[repr(C)]
enum Colour {
    Red,
    Green,
}

#[derive(Clone, Copy, Record)]
#[repr(C)]
union Number {
    integer: u32,
    float: f32,
}

#[derive(Clone, Copy, Record)]
#[repr(C)]
struct Nothing;

fn main() {}
