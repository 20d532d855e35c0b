//! Which part of which file: `FILE`, `FILE[SLICE]`, `FILE::MEMBER[SLICE]`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use mapray::{Archive, ArrayFile, ErrorKind, MapOptions, Slice};

use crate::failure::Failure;
use crate::opened::Opened;
use crate::raw::RawArgs;
use crate::{progress, sniff};

/// How many members an error lists.
const LISTED: usize = 5;

/// An address, taken apart.
#[derive(Debug)]
pub struct Address {
    /// The file.
    pub path: PathBuf,
    /// Which array of the file.
    pub member: Option<String>,
    /// What is taken of the array in it.
    pub slice: Option<Slice>,
    raw: Option<MapOptions>,
}

impl Address {
    /// Takes an address apart: a path that exists wins whole; else what stands in brackets at the
    /// end is the slice; then the last `::` splits off the member of an archive.
    pub fn new(text: &OsStr, raw: &RawArgs) -> Result<Address, Failure> {
        let (path, slice) = split_slice(text)?;
        let (path, member) = match split_member(&path) {
            Some((archive, member)) if !exists(&path) => {
                (archive, Some(member.to_string_lossy().into_owned()))
            }
            _ => (path, None),
        };
        let path = PathBuf::from(path);
        let raw = raw.options();
        if let (Some(member), Some(_)) = (&member, &raw) {
            let path = path.display();
            return Err(format!(
                "{path}::{member}: the options for files without a header do not go with a member; \
                 leave them out"
            )
            .into());
        }
        let no_header = || (member.is_none() && sniff::has_no_header(&path)).then(MapOptions::new);
        let raw = raw.or_else(no_header);
        Ok(Address { path, member, slice, raw })
    }

    /// Whether the array lies in a file without a header.
    pub fn is_raw(&self) -> bool {
        self.raw.is_some()
    }

    /// The archive that the file is, if it is one.
    pub fn archive(&self) -> Result<Option<Archive>, Failure> {
        let is_file = || self.path.metadata().is_ok_and(|metadata| metadata.is_file());
        if self.is_raw() || self.member.is_none() && !is_file() {
            return Ok(None);
        }
        match (Archive::open(&self.path), &self.member) {
            (Ok(archive), _) => {
                archive.count_reads(progress::counter());
                Ok(Some(archive))
            }
            (Err(error), Some(member)) if error.kind() == ErrorKind::Member => {
                let path = self.path.display();
                let message = "the file holds one array, which has no name";
                Err(format!("{path}::{member}: {message}; leave '::{member}' out").into())
            }
            (Err(error), Some(_)) => Err(error.into()),
            // What it is instead, if anything, is for those to say who open it.
            (Err(_), None) => Ok(None),
        }
    }

    /// The name of the array in its archive, which need not be said where there is one only.
    pub fn name_in(&self, archive: &Archive) -> Result<String, Failure> {
        if let Some(member) = &self.member {
            return Ok(member.clone());
        }
        let (mut names, path) = (archive.names(), self.path.display());
        match names.len() {
            0 => Err(format!("{path}: the archive is empty: there is no array in it").into()),
            1 => Ok(names.remove(0)),
            n => {
                let more = if n > LISTED { ", …" } else { "" };
                let example = names[0].escape_debug();
                let listed = names.iter().take(LISTED).map(|name| name.escape_debug().to_string());
                let listed = listed.collect::<Vec<_>>().join(", ");
                Err(format!(
                    "{path}: the archive holds {n} arrays: {listed}{more}; say which, as in \
                     '{path}::{example}'"
                )
                .into())
            }
        }
    }

    /// The whole array.
    pub fn open_whole(&self) -> Result<Opened, Failure> {
        match self.archive()? {
            Some(archive) => Opened::member(&archive, &self.name_in(&archive)?),
            None => Ok(Opened::File(self.open_file()?)),
        }
    }

    /// The whole array of a file that is no archive.
    pub fn open_file(&self) -> Result<ArrayFile, Failure> {
        let file = match &self.raw {
            Some(options) => options.file(&self.path)?,
            None => ArrayFile::open(&self.path)?,
        };
        file.count_reads(progress::counter());
        Ok(file)
    }

    /// The array, sliced.
    pub fn open(&self) -> Result<Opened, Failure> {
        let whole = self.open_whole()?;
        match &self.slice {
            Some(slice) => whole.slice(slice),
            None => Ok(whole),
        }
    }
}

fn exists(path: impl AsRef<Path>) -> bool {
    path.as_ref().symlink_metadata().is_ok()
}

/// Whether the text as a whole names an array or a file, brackets and all.
fn is_whole(text: &OsStr) -> bool {
    let is_member = |(archive, member): (OsString, OsString)| {
        let entry = |archive: Archive| archive.entry(&member.to_string_lossy()).map(drop);
        exists(&archive)
            && Archive::open(archive)
                .is_ok_and(|it| !entry(it).is_err_and(|error| error.kind() == ErrorKind::Member))
    };
    exists(text) || split_member(text).is_some_and(is_member)
}

/// Whether the text is the path of a file, or of an archive with a member behind it.
fn stands(text: &OsStr) -> bool {
    exists(text) || split_member(text).is_some_and(|(archive, _)| exists(archive))
}

/// The path and the slice behind it.
fn split_slice(text: &OsStr) -> Result<(OsString, Option<Slice>), Failure> {
    let bytes = text.as_encoded_bytes();
    if bytes.is_empty() {
        return Err("the address is empty: expected the path of a file".to_owned().into());
    }
    if is_whole(text) {
        return Ok((text.to_owned(), None));
    }
    // Brackets that do not match are a slice all the same if a file stands before them: what is
    // wrong with them says more than that there is no such file.
    let start = last_group(bytes).filter(|&at| at > 0).or_else(|| unmatched(text));
    let Some((path, slice)) = start.and_then(|start| split(text, start)) else {
        return Ok((text.to_owned(), None));
    };
    let path = match unmatched(&path) {
        Some(earlier) if !is_whole(&path) => return wrong_brackets(text, earlier),
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
    brackets.find(|&at| split(text, at).is_some_and(|(path, _)| stands(&path)))
}

/// The last `::` splits the archive from its member; the last one behind a file, if there is any.
fn split_member(text: &OsStr) -> Option<(OsString, OsString)> {
    let bytes = text.as_encoded_bytes();
    let split_at = |at| {
        let (archive, rest) = split(text, at)?;
        Some((archive, split(&rest, 2)?.1))
    };
    let places = || (1..bytes.len()).rev().filter(|&at| bytes[at..].starts_with(b"::"));
    let mut splits = places().filter_map(split_at);
    splits.find(|(archive, _)| exists(archive)).or_else(|| places().find_map(split_at))
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
