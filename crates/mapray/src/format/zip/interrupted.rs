//! Edits behind the end of an archive that did not come to their end.
//!
//! While an archive is edited where it lies, a journal beside it tells its old length, and the file
//! always ends in a directory of the members that it had. Who finds the journal and nobody at work
//! cuts the file back.

use std::path::{Path, PathBuf};

use super::{Directory, Local};
use crate::error::{Error, ErrorKind, Result};
use crate::source::{
    Durability, Journal, Kind, Lock, ReadAt, Source, crc32, require_trusted, set_aside,
};
use crate::sys;

/// The bytes of the journal's payload: where the old directory starts, and the CRC-32 of all from
/// there to the old end.
const PAYLOAD: usize = 12;

/// Writes the journal of an edit of this archive, which ends with its file.
pub(crate) fn announce(
    source: &Source,
    directory: &Directory,
    durability: Durability,
) -> Result<Journal> {
    let start = directory.start();
    let crc = crc32(source, start..directory.file_len())?;
    Journal::write_with(source, Kind::Length, durability, |out| {
        out.write_all(&start.to_le_bytes())?;
        out.write_all(&crc.to_le_bytes())
    })
}

/// How many bytes of the file are the archive: all, unless an edit has not come to its end. Where
/// nobody is at work on it any more, and the file may be written, it is cut back first.
pub(crate) fn settled_len(source: &Source) -> Result<Option<u64>> {
    let Some(path) = find(source)? else {
        return source.len();
    };
    match Lock::exclusive(source, 0..u64::MAX) {
        Ok(Some(_lock)) => match source.writable() {
            Ok(source) => {
                recover(&source)?;
                return source.len();
            }
            Err(error) if error.kind() == ErrorKind::Io => {}
            Err(error) => return Err(error),
        },
        // Without locks nobody can know whether somebody is at work.
        Ok(None) => {}
        Err(error) if error.kind() == ErrorKind::Locked => {}
        Err(error) => return Err(error),
    }
    let old_len = match open(source, &path) {
        Ok(journal) => old_len(source, &journal)?,
        // It has come to its end meanwhile.
        Err(_) if find(source)?.is_none() => None,
        Err(error) => return Err(error),
    };
    if old_len.is_some() { Ok(old_len) } else { source.len() }
}

/// Undoes an edit that has not come to its end. Only who keeps all others from editing the file, which
/// was opened for writing, may do that.
pub(crate) fn recover(source: &Source) -> Result<()> {
    let Some(path) = find(source)? else {
        return Ok(());
    };
    let journal = match open(source, &path) {
        Err(error) if error.kind() == ErrorKind::Format => return Err(set_aside(&path, error)),
        opened => opened?,
    };
    if let Some(old_len) = old_len(source, &journal)? {
        cut(source, old_len, Durability::Synced)?;
    }
    match journal.remove() {
        // Who may write the file but not its folder leaves it to others: the file is whole.
        Err(error) if error.is_refused() => Ok(()),
        removed => removed,
    }
}

/// Cuts the file back.
pub(crate) fn cut(source: &Source, len: u64, durability: Durability) -> Result<()> {
    let cut = sys::set_len(source.file(), len).and_then(|()| match durability {
        Durability::Synced => sys::sync_data(source.file()),
        Durability::Buffered => Ok(()),
    });
    cut.map_err(|error| source.name(Error::io("cut off an edit that was not finished", error)))
}

fn find(source: &Source) -> Result<Option<PathBuf>> {
    source.target().map_or(Ok(None), |target| Journal::find(&target, Kind::Length))
}

fn open(source: &Source, path: &Path) -> Result<Journal> {
    let journal = Journal::open(path)?;
    require_trusted(&journal, source)?;
    Ok(journal)
}

/// The length that the archive had before the edit of which the journal tells; `None` where the
/// journal is of another file, or somebody has edited the archive since.
fn old_len(source: &Source, journal: &Journal) -> Result<Option<u64>> {
    let stamp = sys::stamp(source.file());
    let stamp = stamp.map_err(|error| source.name(Error::io("examine the file", error)))?;
    let old_len = journal.stamp().len;
    if !journal.is_about(&stamp) || stamp.len < old_len || journal.len() != PAYLOAD as u64 {
        return Ok(None);
    }
    let mut payload = [0; PAYLOAD];
    journal.read_at(0, &mut payload)?;
    let (start, crc) = payload.split_at(8);
    let start = u64::from_le_bytes(start.try_into().expect("these are eight bytes"));
    let is_as_it_was = start <= old_len && crc32(source, start..old_len)?.to_le_bytes() == crc;
    if !is_as_it_was || (stamp.len > old_len && was_edited_since(source, old_len, stamp.len)?) {
        return Ok(None);
    }
    Ok(Some(old_len))
}

/// Whether somebody who knew nothing of the journal has added members behind the old end. An edit that
/// was not finished leaves the old directory at the end of the file, or a part of it.
fn was_edited_since(source: &Source, old_len: u64, len: u64) -> Result<bool> {
    let directory = match Directory::read(source, len) {
        Ok(directory) => directory,
        Err(error) if error.kind() == ErrorKind::Io => return Err(error),
        Err(_) => return Ok(false),
    };
    let is_new = |member: &&super::Member| member.header >= old_len;
    let Some(new) = directory.members().iter().find(is_new).filter(|_| directory.end() == len)
    else {
        return Ok(false);
    };
    match Local::read(source, &directory, new) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::Io => Err(error),
        Err(_) => Ok(false),
    }
}
