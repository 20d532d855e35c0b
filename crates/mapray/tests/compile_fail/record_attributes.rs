//! What stands at a field must make sense.

use mapray::Record;

#[derive(Clone, Copy, Record)]
#[repr(C)]
struct Twice {
    a: u8,
    #[record(rename = "a")]
    b: u8,
}

#[derive(Clone, Copy, Record)]
#[repr(C)]
struct Unnamed {
    #[record(rename = "")]
    a: u8,
}

#[derive(Clone, Copy, Record)]
#[repr(C)]
struct Unknown {
    #[record(name = "b")]
    a: u8,
}

#[derive(Clone, Copy, Record)]
#[repr(C)]
struct NamedPadding {
    a: u8,
    #[record(padding, rename = "b")]
    b: u8,
}

#[derive(Clone, Copy, Record)]
#[repr(C)]
#[record(rename = "b")]
struct Elsewhere {
    a: u8,
}

fn main() {}
