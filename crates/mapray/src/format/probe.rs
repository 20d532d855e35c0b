//! Which format a file has.

use std::path::Path;

use crate::error::{Error, ErrorKind, Result, shown};
use crate::format::{Content, Contents, Entry, names, npy};
use crate::source::{ReadAt, Source};

/// How much of a file is read to see what it is; all of a usual header.
const FIRST: u64 = 512;

/// How often a header is read that others write meanwhile. One that says something else each time is
/// being written by somebody who does nothing but that.
const READS: usize = 1000;

/// What the header of a file says, without opening the array: works for Python objects too.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("mapray-inspect-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("a.npy");
/// mapray::save(&path, &ndarray::arr2(&[[1_u16, 2], [3, 4]]))?;
/// let entry = mapray::inspect(&path)?;
/// assert_eq!((entry.format, entry.version, entry.offset()), ("npy", Some((1, 0)), 128));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Io`] where the file cannot be read, [`ErrorKind::Format`] where no format knows it
/// or its header is wrong, [`ErrorKind::Member`] where it holds several arrays: those are the business
/// of [`Archive`](crate::Archive).
pub fn inspect(path: impl AsRef<Path>) -> Result<Entry> {
    probe(&Source::open(path.as_ref())?.settled()?)
}

/// What the header of a file says.
///
/// # Errors
///
/// [`ErrorKind::Format`] where no format knows the file, or where the header is wrong;
/// [`ErrorKind::Member`] where it holds several arrays.
pub(crate) fn probe(source: &Source) -> Result<Entry> {
    let first = first_bytes(source)?;
    let entry = if first.starts_with(&npy::MAGIC) {
        settled(source, first)
    } else if source.opened_len().is_none() {
        Err(unknown(&first))
    } else {
        Contents::probe(source, &first).and_then(|contents| {
            Err(contents.map_or_else(|| unknown(&first), |contents| several(&contents)))
        })
    };
    entry.map_err(|error| source.name(error))
}

/// The array of a `.npy` file that starts with `first`, which somebody may be making longer or shorter
/// at this moment.
///
/// No write of several bytes is one for who reads them meanwhile. So a header counts when a second
/// look at it shows the same; and, since it is written when the elements are there and before they are
/// cut off, when the file reaches as far as it says, unless it says so after a look at the file too.
fn settled(source: &Source, mut first: Vec<u8>) -> Result<Entry> {
    let mut len = source.opened_len();
    for _ in 0..READS {
        let end = len.unwrap_or(u64::MAX);
        let entry = npy::entry(&mut first, end, |offset, buffer| source.read_at(offset, buffer));
        let header = match &entry {
            Ok(entry) => entry.offset().min(first.len() as u64) as usize,
            Err(_) => first.len(),
        };
        if says_again(source, &first[..header])? {
            let fits = entry.as_ref().is_ok_and(|entry| match &entry.content {
                Content::Stored(layout) => layout.span().end <= end,
                Content::Encoded { .. } => true,
            });
            let now = if fits { len } else { source.len()? };
            if now == len {
                return entry;
            }
            len = now;
        }
        first = first_bytes(source)?;
    }
    Err(Error::new(ErrorKind::Changed, "the header of the file is being written all the time")
        .hint("try again when whoever does that has come to an end"))
}

/// Whether the file starts with these bytes now: one look, however long they are.
fn says_again(source: &Source, first: &[u8]) -> Result<bool> {
    let (mut usual, mut long) = ([0; FIRST as usize], Vec::new());
    let again = match usual.get_mut(..first.len()) {
        Some(again) => again,
        None => {
            long.resize(first.len(), 0);
            &mut long[..]
        }
    };
    source.read_at(0, again)?;
    Ok(again == first)
}

/// The first bytes of a file: enough to see what it is.
pub(crate) fn first_bytes(source: &Source) -> Result<Vec<u8>> {
    let mut first = vec![0; source.opened_len().unwrap_or(FIRST).min(FIRST) as usize];
    source.read_at(0, &mut first)?;
    Ok(first)
}

fn several(contents: &Contents) -> Error {
    let names = contents.names();
    let message = format!("the file is an archive of arrays ({})", contents.format());
    let error = Error::new(ErrorKind::Member, message).found(names::list(&names));
    match names.first() {
        Some(name) => error.hint(format!(
            "say which: `Archive::open(path)?.member(\"{}\")` gives one that can be mapped",
            shown(name)
        )),
        None => error,
    }
}

/// The error for a file that no format knows.
pub(crate) fn unknown(first: &[u8]) -> Error {
    let error = Error::new(ErrorKind::Format, "the file is in no format that mapray knows");
    match first {
        [] => Error::new(ErrorKind::Format, "the file is empty").expected("a .npy header"),
        _ => error
            .expected(r"a .npy file, which starts with the bytes \x93NUMPY")
            .found(format!("\"{}\"", first[..first.len().min(6)].escape_ascii()))
            .hint("a file without a header can be read if you say its dtype, shape and offset"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::npy::Header;

    #[test]
    fn a_header_of_any_length_is_the_same_at_a_second_look() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        for fields in [1, 20, 300] {
            let dtype = vec!["<f4"; fields].join(",").parse().unwrap();
            let header = Header::new(dtype, vec![2], false).unwrap();
            let mut bytes = header.to_bytes().unwrap();
            let offset = bytes.len() as u64;
            assert!(fields < 300 || offset > 2 * FIRST, "longer than what is read first");
            bytes.resize(bytes.len() + 2 * 4 * fields, 0);
            std::fs::write(&path, &bytes).unwrap();
            let entry = probe(&Source::open(&path).unwrap()).unwrap();
            assert_eq!((entry.offset(), entry.shape()), (offset, &[2][..]));
        }
    }

    #[test]
    fn a_second_look_that_finds_something_else_tells_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for len in [FIRST as usize, 3 * FIRST as usize] {
            let mut bytes = vec![7; len];
            std::fs::write(&path, &bytes).unwrap();
            let source = Source::open(&path).unwrap();
            assert!(says_again(&source, &bytes).unwrap());
            *bytes.last_mut().unwrap() = 8;
            assert!(!says_again(&source, &bytes).unwrap());
        }
    }
}
