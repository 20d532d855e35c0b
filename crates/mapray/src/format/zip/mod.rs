//! Zip archives: which members lie where, from the directory at the end of the file.
//!
//! Everything is read by position and nothing is unpacked, so names are names only: one with `..` in
//! it is as good as any other. The rules are those of PKWARE's
//! [APPNOTE](https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT), and of Python's `zipfile`
//! where the two part; FORMAT.md draws them byte by byte.

mod codepage;
mod directory;
mod end;
mod extra;
pub(crate) mod interrupted;
mod local;
pub(crate) mod moved;
pub(crate) mod write;

pub(crate) use directory::{Directory, Member, Method};
pub(crate) use local::Local;

/// The first bytes of an archive: a member, or the end of an archive that has none.
pub(crate) const MAGICS: [[u8; 4]; 2] = [*b"PK\x03\x04", *b"PK\x05\x06"];

/// The little-endian number at byte `at` of a record whose length has been checked.
fn u16_at(record: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(field(record, at))
}

fn u32_at(record: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(field(record, at))
}

fn u64_at(record: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(field(record, at))
}

fn field<const N: usize>(record: &[u8], at: usize) -> [u8; N] {
    record[at..at + N].try_into().expect("the range has N bytes")
}
