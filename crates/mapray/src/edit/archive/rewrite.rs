//! A new archive that is made of what an old one holds, and takes its place.

use std::collections::HashMap;
use std::ops::Range;

use crate::array::Npz;
use crate::edit::archive::Opened;
use crate::edit::replace::{begin, publish};
use crate::edit::tail::Tail;
use crate::error::{Error, ErrorKind, Result};
use crate::format::zip::write::{MAX_ALIGNMENT, end_records};
use crate::format::zip::{Directory, Local, MAGICS, Member, Method, moved};
use crate::format::{Content, npz};
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

impl Npz {
    /// How many bytes of the file belong to nothing that the archive holds: members that were replaced
    /// or removed, old directories, gaps, what follows the end. [`compact`](Npz::compact) drops them.
    /// Other bytes in front of an archive, as self-extracting ones have them, do not count. Looks at the
    /// header of each member.
    ///
    /// ```
    /// use mapray::Npz;
    ///
    /// # let folder = std::env::temp_dir().join(format!("mapray-dead-bytes-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let path = folder.join("z.npz");
    /// let array = ndarray::Array1::<f64>::zeros(1000);
    /// mapray::savez(&path, [("a", &array), ("b", &array)])?;
    /// assert_eq!(Npz::open(&path)?.dead_bytes()?, 0);
    /// Npz::remove(&path, ["b"])?;
    /// assert!(Npz::open(&path)?.dead_bytes()? > 8000);
    /// Npz::compact(&path)?;
    /// assert_eq!(Npz::open(&path)?.dead_bytes()?, 0);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) where the file cannot be read,
    /// [`ErrorKind::Format`](crate::ErrorKind::Format) where the archive is wrong about a member.
    pub fn dead_bytes(&self) -> Result<u64> {
        let (source, directory) = (self.as_archive().source(), self.directory());
        let members = extents(source, directory)?;
        let alive: u64 = members.iter().map(|extent| extent.end - extent.start).sum();
        let end = directory.end().min(directory.file_len());
        let rest = front(source, directory)? + (end - directory.start());
        Ok(directory.file_len().saturating_sub(alive).saturating_sub(rest))
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
fn extents(source: &Source, directory: &Directory) -> Result<Vec<Range<u64>>> {
    let extent = |member: &Member| {
        let local = Local::read(source, directory, member);
        local
            .map(|local| member.header..local.end)
            .map_err(|error| source.name(error.at_member(&directory.name(member))))
    };
    directory.members().iter().map(extent).collect()
}

/// What the file holds of a member.
pub(super) struct Old {
    /// Its place in the directory.
    pub place: usize,
    header: Vec<u8>,
    /// What comes behind its header, up to the next member's.
    data: Range<u64>,
    /// Where its elements start, if it is an array that can be mapped.
    pub elements: Option<u64>,
}

/// Where a member has come to lie.
pub(super) struct Copied {
    /// Where its header starts.
    header: u64,
    /// Where its elements start, if it is an array that can be mapped.
    pub elements: Option<u64>,
}

/// Looks at all members, and gives them in the order in which they lie in the file.
///
/// # Errors
///
/// [`ErrorKind::Format`] where the archive is wrong about one.
pub(super) fn members(archive: &Opened) -> Result<Vec<Old>> {
    let Opened { source, directory, .. } = archive;
    let old = |(place, member): (usize, &Member)| {
        let local = Local::read(source, directory, member);
        let local = local.map_err(|error| error.at_member(&directory.name(member)))?;
        let is_stored = member.method().is_ok_and(|method| method == Method::Stored);
        let entry = is_stored.then(|| npz::nameless_entry(source, directory, member)).transpose();
        let elements = match entry.map(|entry| entry.map(|entry| entry.content)) {
            Ok(Some(Content::Stored(layout))) => Some(layout.offset()),
            Err(error) if error.kind() == ErrorKind::Io => return Err(error),
            // What is no array can lie anywhere.
            _ => None,
        };
        Ok(Old { place, header: local.header, data: local.data.start..local.end, elements })
    };
    let olds: Result<Vec<Old>> = directory.members().iter().enumerate().map(old).collect();
    let mut olds = olds?;
    olds.sort_by_key(|old| old.data.start);
    Ok(olds)
}

/// Copies members, so that the elements of each stored array lie at a multiple of `alignment`, or of
/// what its padding says.
pub(super) fn copy(
    archive: &Opened,
    olds: &[Old],
    alignment: u64,
    tail: &mut Tail,
) -> Result<Vec<Copied>> {
    let Opened { source, directory, .. } = archive;
    let most = |old: &Old| old.header.len() as u64 + old.data.end - old.data.start + MAX_ALIGNMENT;
    let len: u64 = olds.iter().map(most).sum();
    tail.reserve(tail.position().saturating_add(len))?;
    let copy = |old: &Old| {
        let at = tail.position();
        let behind = old.elements.map(|elements| elements - old.data.start);
        let header = match behind {
            Some(behind) => moved::aligned_header(&old.header, at, behind, alignment),
            None => Ok(old.header.clone()),
        };
        let name = || directory.name(&directory.members()[old.place]);
        tail.write(&header.map_err(|error| error.at_member(&name()))?)?;
        let elements = behind.map(|behind| tail.position() + behind);
        tail.copy(source.file(), old.data.clone())?;
        Ok(Copied { header: at, elements })
    };
    olds.iter().map(copy).collect()
}

/// The record of an old member, by its place in the directory, where it lies now.
pub(super) fn moved_record(directory: &Directory, i: usize, now: &Copied) -> Result<Vec<u8>> {
    let member = &directory.members()[i];
    moved::record(directory.record(member), now.header - directory.shift())
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
