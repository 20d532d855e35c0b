//! A file may hold bytes that are no `bool`, no `char` and no reference.

use mapray::Record;

#[derive(Clone, Copy, Record)]
#[repr(C, packed)]
struct Flags {
    on: bool,
    letters: [char; 2],
    name: &'static str,
}

fn main() {}
