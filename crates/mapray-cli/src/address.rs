//! Which part of which file: `FILE`, `FILE[SLICE]`, `FILE::MEMBER[SLICE]`.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use mapray::format::npy;
use mapray::{ArrayFile, MapOptions, Slice};

use crate::failure::Failure;
use crate::raw::RawArgs;

/// An address, taken apart.
#[derive(Debug)]
pub struct Address {
    /// The file.
    pub path: PathBuf,
    /// What is taken of the array in it.
    pub slice: Option<Slice>,
    raw: Option<MapOptions>,
}

impl Address {
    /// Takes an address apart: a path that exists wins whole; else what stands in brackets at the
    /// end is the slice; then the last `::` splits off the member of an archive.
    pub fn new(text: &OsStr, raw: &RawArgs) -> Result<Address, Failure> {
        let (path, slice) = split_slice(text)?;
        if !exists(&path)
            && let Some((archive, member)) = split_member(&path)
        {
            return Err(no_members(Path::new(&archive), &member));
        }
        let path = PathBuf::from(path);
        let raw = raw.options().or_else(|| has_no_header(&path).then(MapOptions::new));
        Ok(Address { path, slice, raw })
    }

    /// Whether the array lies in a file without a header.
    pub fn is_raw(&self) -> bool {
        self.raw.is_some()
    }

    /// The whole array.
    pub fn open_whole(&self) -> Result<ArrayFile, Failure> {
        Ok(match &self.raw {
            Some(options) => options.file(&self.path)?,
            None => ArrayFile::open(&self.path)?,
        })
    }

    /// The array, sliced.
    pub fn open(&self) -> Result<ArrayFile, Failure> {
        let whole = self.open_whole()?;
        Ok(match &self.slice {
            Some(slice) => whole.slice(slice)?,
            None => whole,
        })
    }
}

fn exists(path: impl AsRef<Path>) -> bool {
    path.as_ref().symlink_metadata().is_ok()
}

/// The path and the slice behind it.
fn split_slice(text: &OsStr) -> Result<(OsString, Option<Slice>), Failure> {
    let bytes = text.as_encoded_bytes();
    if bytes.is_empty() {
        return Err("the address is empty: expected the path of a file".to_owned().into());
    }
    if exists(text) {
        return Ok((text.to_owned(), None));
    }
    // Brackets that do not match are a slice all the same if a file stands before them: what is
    // wrong with them says more than that there is no such file.
    let start = last_group(bytes).filter(|&at| at > 0).or_else(|| unmatched(text));
    let Some((path, slice)) = start.and_then(|start| split(text, start)) else {
        return Ok((text.to_owned(), None));
    };
    let path = match unmatched(&path) {
        Some(earlier) if !exists(&path) => return wrong_brackets(text, earlier),
        _ => path,
    };
    Ok((path, Some(parse_slice(text, &slice)?)))
}

/// More brackets than one pair.
fn wrong_brackets(text: &OsStr, start: usize) -> Result<(OsString, Option<Slice>), Failure> {
    match split(text, start) {
        Some((path, slice)) => Ok((path, Some(parse_slice(text, &slice)?))),
        None => Ok((text.to_owned(), None)),
    }
}

fn parse_slice(address: &OsStr, slice: &OsStr) -> Result<Slice, Failure> {
    let parsed = slice.to_string_lossy().parse::<Slice>();
    parsed.map_err(|error| format!("{}: {error}", address.display()).into())
}

/// Where the pair of brackets at the end of the text begins.
fn last_group(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    text.ends_with(b"]").then_some(())?;
    text.iter().rposition(|byte| {
        match byte {
            b']' => depth += 1,
            b'[' => depth -= 1,
            _ => {}
        }
        depth == 0
    })
}

/// The first bracket that stands behind the path of a file.
fn unmatched(text: &OsStr) -> Option<usize> {
    let bytes = text.as_encoded_bytes();
    let mut brackets = (1..bytes.len()).filter(|&at| bytes[at] == b'[');
    brackets.find(|&at| split(text, at).is_some_and(|(path, _)| exists(path)))
}

/// The last `::` splits the archive from its member.
fn split_member(text: &OsStr) -> Option<(OsString, OsString)> {
    let bytes = text.as_encoded_bytes();
    let at = bytes.windows(2).rposition(|pair| pair == b"::").filter(|&at| at > 0)?;
    let (archive, rest) = split(text, at)?;
    Some((archive, split(&rest, 2)?.1))
}

/// The text before and from the byte `at`, which is that of an ASCII character.
fn split(text: &OsStr, at: usize) -> Option<(OsString, OsString)> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let (before, after) = text.as_bytes().split_at_checked(at)?;
        Some((OsStr::from_bytes(before).to_owned(), OsStr::from_bytes(after).to_owned()))
    }
    #[cfg(not(unix))]
    {
        let (before, after) = text.to_str()?.split_at_checked(at)?;
        Some((before.into(), after.into()))
    }
}

fn no_members(archive: &Path, member: &OsStr) -> Failure {
    if !exists(archive) {
        return match ArrayFile::open(archive) {
            Err(error) => error.into(),
            Ok(_) => format!("{}: the file appeared only now; try again", archive.display()).into(),
        };
    }
    let (archive, member) = (archive.display(), member.display());
    let advice = "take the member out with `unzip` and open that";
    format!("{archive}::{member}: members of archives cannot be opened yet; {advice}").into()
}

/// Whether a file is in no known format and not named as if it were: then it is bytes.
fn has_no_header(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    if extension.eq_ignore_ascii_case("npy") || extension.eq_ignore_ascii_case("npz") {
        return false;
    }
    // Reading from a pipe would wait, and take what is read away.
    if !path.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let mut first = Vec::new();
    let read = File::open(path).and_then(|file| file.take(6).read_to_end(&mut first));
    let known = [npy::MAGIC.as_slice(), b"PK\x03\x04", b"PK\x05\x06"];
    read.is_ok() && !known.iter().any(|magic| first.starts_with(magic))
}
