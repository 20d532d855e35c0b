//! A new archive that is made of what an old one holds, and takes its place.

use std::collections::HashMap;
use std::ops::Range;

use crate::edit::replace::{begin, publish};
use crate::edit::tail::Tail;
use crate::error::{Error, Result};
use crate::format::zip::write::end_records;
use crate::format::zip::{Directory, Local, MAGICS, Member, moved};
use crate::source::{Durability, ReadAt, Replacement, Source};
use crate::sys;

/// A file beside an archive, which begins with what stands in front of the members there.
#[derive(Debug)]
pub(super) struct Rewrite {
    replacement: Replacement,
}

impl Rewrite {
    /// Begins the new file, and gives its end.
    pub(super) fn begin(source: &Source, directory: &Directory) -> Result<(Rewrite, Tail)> {
        let path = source.target().expect("what is edited was opened by its path");
        let replacement = begin(&path, 0)?;
        let file = replacement.file().try_clone();
        let file = file.map_err(|error| Error::io("copy the descriptor", error))?;
        let mut tail = Tail::new(file, 0, 0);
        tail.copy(source.file(), 0..front(source, directory)?)?;
        Ok((Rewrite { replacement }, tail))
    }

    /// Puts the new file in the place of the old one.
    pub(super) fn finish(
        self,
        source: &Source,
        tail: &mut Tail,
        durability: Durability,
    ) -> Result<()> {
        tail.flush()?;
        let len = sys::set_len(tail.file(), tail.position());
        len.map_err(|error| Error::io("write the file", error))?;
        source.reopened()?;
        publish(self.replacement, durability).map(drop)
    }
}

/// How many bytes at the start of the file belong to no archive: the program of one that extracts
/// itself, say.
fn front(source: &Source, directory: &Directory) -> Result<u64> {
    let mut first = [0; 4];
    let len = directory.start().min(first.len() as u64) as usize;
    source.read_at(0, &mut first[..len])?;
    // Where the file starts as an archive does, what comes before the first member is dead.
    if directory.shift() == 0 && (MAGICS.contains(&first) || len < first.len()) {
        return Ok(0);
    }
    let headers = directory.members().iter().map(|member| member.header);
    Ok(headers.min().unwrap_or(directory.start()))
}

/// The bytes of each member with all that belongs to it, in the order of the directory.
///
/// # Errors
///
/// [`ErrorKind::Format`](crate::ErrorKind::Format) where the archive is wrong about one.
pub(super) fn extents(source: &Source, directory: &Directory) -> Result<Vec<Range<u64>>> {
    let extent = |member: &Member| {
        let local = Local::read(source, directory, member);
        local
            .map(|local| member.header..local.end)
            .map_err(|error| source.name(error.at_member(&directory.name(member))))
    };
    directory.members().iter().map(extent).collect()
}

/// The record of an old member, by its place in the directory, now that its header starts at byte
/// `header` of the file.
pub(super) fn moved_record(directory: &Directory, i: usize, header: u64) -> Result<Vec<u8>> {
    let member = &directory.members()[i];
    moved::record(directory.record(member), header - directory.shift())
        .map_err(|error| error.at_member(&directory.name(member)))
}

/// Writes a directory of these records, and the end of the archive.
pub(super) fn write_directory(tail: &mut Tail, records: &[Vec<u8>], old: &Directory) -> Result<()> {
    let start = tail.position();
    records.iter().try_for_each(|record| tail.write(record))?;
    let told = start - old.shift()..tail.position() - old.shift();
    tail.write(&end_records(records.len() as u64, told, old.comment()))
}

/// The last member of each name.
pub(super) fn last_of_each_name(directory: &Directory) -> HashMap<String, usize> {
    let names = directory.members().iter().map(|member| directory.name(member).into_owned());
    names.enumerate().map(|(i, name)| (name, i)).collect()
}
