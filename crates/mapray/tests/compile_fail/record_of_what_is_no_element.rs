//! A file may hold bytes that are no `bool` and no `char`.

use mapray::Record;

#[derive(Clone, Copy, Record)]
#[repr(C, packed)]
struct Flags {
    on: bool,
    letters: [char; 2],
    #[record(padding)]
    rest: bool,
}

fn main() {}
