//! Which format a file has.

use crate::error::{Error, ErrorKind, Result};
use crate::format::{Entry, npy};
use crate::source::{ReadAt, Source};

/// How much of a file is read to see what it is; all of a usual header.
const FIRST: u64 = 512;

/// Reads what the header of a file says.
///
/// # Errors
///
/// [`ErrorKind::Format`] where no format knows the file, or where the header is wrong.
pub(crate) fn probe(source: &Source) -> Result<Entry> {
    let len = source.len()?.unwrap_or(u64::MAX);
    let mut first = vec![0; len.min(FIRST) as usize];
    source.read_at(0, &mut first)?;
    let entry = if first.starts_with(npy::MAGIC) {
        npy::entry(first, len, |offset, buffer| source.read_at(offset, buffer))
    } else {
        Err(unknown(&first))
    };
    entry.map_err(|error| source.name(error))
}

fn unknown(first: &[u8]) -> Error {
    let error = Error::new(ErrorKind::Format, "the file is in no format that mapray knows");
    match first {
        [] => Error::new(ErrorKind::Format, "the file is empty").expected("a .npy header"),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => error.found("a zip archive").hint(
            "archives (.npz) cannot be opened yet: take the member out with `unzip` and open that",
        ),
        _ => error
            .expected(r"a .npy file, which starts with the bytes \x93NUMPY")
            .found(format!("\"{}\"", first[..first.len().min(6)].escape_ascii()))
            .hint("a file without a header can be read if you say its dtype, shape and offset"),
    }
}
