//! Archives whose stored arrays can be mapped aligned.

use std::fmt;
use std::path::Path;

use crate::edit::archive::rewrite::{self, Rewrite};
use crate::edit::archive::{NpzEditOptions, Opened};
use crate::error::Result;

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

/// Rewrites the archive where an array is not aligned.
pub(super) fn align(path: &Path, options: &NpzEditOptions) -> Result<Vec<Aligned>> {
    let members = options.members.checked()?;
    let archive = Opened::new(path)?;
    let alignment = members.align as u64;
    let olds = rewrite::members(&archive)?;
    let misaligned = |at: &u64| !at.is_multiple_of(alignment);
    if !olds.iter().filter_map(|old| old.elements).any(|at| misaligned(&at)) {
        return Ok(Vec::new());
    }
    let Opened { source, directory, .. } = &archive;
    let (rewrite, mut tail) = Rewrite::begin(source, directory)?;
    let copied = rewrite::copy(&archive, &olds, alignment, &mut tail)?;
    let mut moved: Vec<_> = olds.iter().zip(&copied).collect();
    moved.sort_by_key(|(old, _)| old.place);
    let records = moved.iter().map(|(old, now)| rewrite::moved_record(directory, old.place, now));
    rewrite::write_directory(&mut tail, &records.collect::<Result<Vec<_>>>()?, directory)?;
    rewrite.finish(source, &mut tail, members.durability)?;
    let aligned = moved.into_iter().filter_map(|(old, now)| {
        let (from, to) = (old.elements.filter(misaligned)?, now.elements?);
        let member = directory.name(&directory.members()[old.place]).into_owned();
        Some(Aligned { member, from, to })
    });
    Ok(aligned.collect())
}
