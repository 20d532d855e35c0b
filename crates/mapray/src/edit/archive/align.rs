//! Archives whose stored arrays can be mapped aligned.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use crate::edit::archive::NpzEditOptions;
use crate::edit::archive::editor::Opened;
use crate::edit::archive::rewrite::{self, Rewrite};
use crate::error::{ErrorKind, Result};
use crate::format::zip::{Local, moved};
use crate::format::{Content, npz};

/// An array in an archive that was moved so that it is aligned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Aligned {
    /// The member, as it is called in the archive.
    pub member: String,
    /// The byte of the file at which its elements started.
    pub from: u64,
    /// The byte of the file at which they start now.
    pub to: u64,
}

impl fmt::Display for Aligned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Aligned { member, from, to } = self;
        let member = member.escape_debug();
        write!(f, "{member}: its elements are at byte {to} now; they were at byte {from}")
    }
}

/// What the file holds of a member.
struct Old {
    /// Its place in the directory.
    place: usize,
    header: Vec<u8>,
    /// What comes behind its header, up to the next member's.
    data: Range<u64>,
    /// Where its elements start, if it is an array that can be mapped.
    elements: Option<u64>,
}

/// Rewrites the archive where an array is not aligned.
pub(super) fn align(path: &Path, options: &NpzEditOptions) -> Result<Vec<Aligned>> {
    let members = options.members.checked()?;
    let archive = Opened::new(path, options.locks)?;
    let alignment = members.align as u64;
    let olds = read(&archive)?;
    let is_aligned =
        |old: &Old| old.elements.is_none_or(|elements| elements.is_multiple_of(alignment));
    if olds.iter().all(is_aligned) {
        return Ok(Vec::new());
    }
    let Opened { source, directory, .. } = &archive;
    let (rewrite, mut tail) = Rewrite::begin(source, directory)?;
    let len: u64 = olds.iter().map(|old| old.data.end - old.data.start + alignment).sum();
    tail.reserve(tail.position().saturating_add(len))?;
    let mut records = vec![Vec::new(); olds.len()];
    let mut aligned = Vec::new();
    for old in &olds {
        let member = &directory.members()[old.place];
        let name = directory.name(member);
        let at = tail.position();
        let behind = old.elements.map(|elements| elements - old.data.start);
        let fits = |behind| (at + old.header.len() as u64 + behind) % alignment == 0;
        let header = match behind {
            Some(behind) if !fits(behind) => {
                moved::aligned_header(&old.header, at, behind, alignment)
                    .map_err(|error| error.at_member(&name))?
            }
            _ => old.header.clone(),
        };
        tail.write(&header)?;
        if let (Some(from), Some(behind), false) = (old.elements, behind, is_aligned(old)) {
            let to = tail.position() + behind;
            aligned.push((old.place, Aligned { member: name.into_owned(), from, to }));
        }
        tail.copy(source.file(), old.data.clone())?;
        records[old.place] = rewrite::moved_record(directory, old.place, at)?;
    }
    rewrite::write_directory(&mut tail, &records, directory)?;
    rewrite.finish(source, &mut tail, members.durability)?;
    aligned.sort_by_key(|(place, _)| *place);
    Ok(aligned.into_iter().map(|(_, aligned)| aligned).collect())
}

/// Looks at all members, and gives them in the order in which they lie in the file.
fn read(archive: &Opened) -> Result<Vec<Old>> {
    let Opened { source, directory, .. } = archive;
    let old = |(place, member)| {
        let local = Local::read(source, directory, member);
        let local = local.map_err(|error| error.at_member(&directory.name(member)))?;
        let elements = match npz::nameless_entry(source, directory, member) {
            Ok(entry) => match entry.content {
                Content::Stored(layout) => Some(layout.offset()),
                Content::Encoded { .. } => None,
            },
            Err(error) if error.kind() == ErrorKind::Io => return Err(error),
            // What is no array stays where it is among the others.
            Err(_) => None,
        };
        Ok(Old { place, header: local.header, data: local.data.start..local.end, elements })
    };
    let olds: Result<Vec<Old>> = directory.members().iter().enumerate().map(old).collect();
    let mut olds = olds?;
    olds.sort_by_key(|old| old.data.start);
    Ok(olds)
}
