//! What a file is, by its first bytes.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use mapray::format::npy;

/// The most bytes of a header of `safetensors`.
const MAX_HEADER: u64 = 100_000_000;

/// Whether a file is in no known format and not named as if it were: then it is bytes.
pub fn has_no_header(path: &Path) -> bool {
    // Reading from a pipe would wait, and take what is read away.
    !is_named_as_known(path)
        && path.metadata().is_ok_and(|metadata| metadata.is_file())
        && format(path) == Some(None)
}

fn is_named_as_known(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["npy", "npz", "safetensors"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// The format that a file starts like, sound or not: `Some(None)` for one that is not known, `None`
/// where the file cannot be read.
pub fn format(path: &Path) -> Option<Option<&'static str>> {
    let mut first = Vec::new();
    File::open(path).and_then(|file| file.take(9).read_to_end(&mut first)).ok()?;
    let zip = [b"PK\x03\x04", b"PK\x05\x06"];
    Some(if first.starts_with(&npy::MAGIC) {
        Some("npy")
    } else if zip.iter().any(|magic| first.starts_with(*magic)) {
        Some("npz")
    } else {
        let header = first.first_chunk().map(|len| u64::from_le_bytes(*len));
        let is_likely = header.is_some_and(|len| (2..=MAX_HEADER).contains(&len));
        (is_likely && first.get(8) == Some(&b'{')).then_some("safetensors")
    })
}

/// Whether a file in a folder is worth a look: it starts like a format that has a header, or is named
/// as if it did.
pub fn has_arrays(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file())
        && (is_named_as_known(path) || format(path).flatten().is_some())
}
