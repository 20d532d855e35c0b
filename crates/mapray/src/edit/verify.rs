//! Whether an archive is whole, and mending checksums that are out of date.

use std::fmt;
use std::path::Path;

use crate::array::{Archive, Npz};
use crate::edit::archive::Opened;
use crate::error::{Error, ErrorKind, Result};
use crate::format::zip::{Directory, Local, Member, Method};
use crate::format::{Checksum, Contents, npy, npz};
use crate::map::{Update, bring_up_to_date, stored_checksum};
use crate::source::{Inflate, ReadAt, Source, crc32};

/// Something wrong in an archive.
#[derive(Debug)]
#[non_exhaustive]
pub struct Fault {
    /// The member, as it is called in the archive.
    pub member: String,
    /// What kind of thing is wrong.
    pub kind: FaultKind,
    /// What is wrong, and where.
    pub error: Error,
}

/// What kind of thing is wrong in an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// A checksum does not fit the bytes: they were edited without a flush, or the disk has changed
    /// them. Of a stored member [`Npz::repair`] brings it up to date.
    Checksum,
    /// The directory and what it tells of disagree, or members overlap.
    Structure,
    /// The member's bytes are not what they should be: no deflate, or no such array as their header
    /// says.
    Content,
    /// The member could not be checked: it is encrypted, or compressed in a way that is not known.
    Unchecked,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

/// A checksum that was out of date and has been mended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repaired {
    /// The member, as it is called in the archive.
    pub member: String,
    /// The CRC-32 of its bytes, which stands everywhere now.
    pub crc: u32,
    /// The bytes of the file at which another one stood, and which.
    pub outdated: Vec<(u64, u32)>,
}

impl fmt::Display for Repaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the checksum is now {:#010x}", self.member.escape_debug(), self.crc)?;
        for (i, (offset, crc)) in self.outdated.iter().enumerate() {
            let before = if i == 0 { "; it was" } else { "," };
            write!(f, "{before} {crc:#010x} at byte {offset}")?;
        }
        Ok(())
    }
}

impl Archive {
    /// Reads the whole archive and tells what is wrong with it, member by member: headers that
    /// disagree, members that overlap, compressed bytes that cannot be inflated, checksums that do not
    /// fit, arrays that are not there. Nothing, if all is well. A format without checksums has been
    /// checked when it was opened.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] where the file cannot be read.
    pub fn verify(&self) -> Result<Vec<Fault>> {
        let mut faults = Vec::new();
        if let Contents::Zip(directory) = self.contents() {
            for member in directory.members() {
                verify_member(self.source(), directory, member, &mut faults)?;
            }
        }
        Ok(faults)
    }
}

impl Npz {
    /// [`Archive::verify`].
    ///
    /// # Errors
    ///
    /// As [`Archive::verify`].
    pub fn verify(&self) -> Result<Vec<Fault>> {
        self.as_archive().verify()
    }

    /// Brings the checksums of stored members up to date, and tells which were not: what is left to do
    /// after a map in mode `r+` was not flushed, because the process was killed, say.
    ///
    /// A checksum cannot tell an edit from damage. Where nobody has edited the archive, and
    /// [`verify`](Npz::verify) finds a wrong checksum, a copy of it from elsewhere is the better cure.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] where the file cannot be written, [`ErrorKind::Format`] where it is no zip
    /// archive, [`ErrorKind::Locked`] where somebody else writes it. Members with other faults are left
    /// alone.
    pub fn repair(path: impl AsRef<Path>) -> Result<Vec<Repaired>> {
        let Opened { source, directory, _lock } = &Opened::new(path.as_ref())?;
        let mut repaired = Vec::new();
        for member in directory.members() {
            let name = directory.name(member);
            let done = repair_member(source, directory, member);
            match done.map_err(|error| source.name(error.at_member(&name)))? {
                Some(Update { crc, outdated }) if !outdated.is_empty() => {
                    repaired.push(Repaired { member: name.into_owned(), crc, outdated });
                }
                _ => {}
            }
        }
        Ok(repaired)
    }
}

/// The checksum of a stored member; nothing where it is not one, or cannot be found.
fn repair_member(
    source: &Source,
    directory: &Directory,
    member: &Member,
) -> Result<Option<Update>> {
    if !member.method().is_ok_and(|method| method == Method::Stored) {
        return Ok(None);
    }
    match Local::read(source, directory, member) {
        Ok(local) => {
            let file_len = directory.file_len();
            let checksum = Checksum { range: local.data, slots: local.slots, file_len };
            bring_up_to_date(source.file(), &checksum).map(Some)
        }
        Err(error) if error.kind() == ErrorKind::Io => Err(error),
        Err(_) => Ok(None),
    }
}

fn verify_member(
    source: &Source,
    directory: &Directory,
    member: &Member,
    faults: &mut Vec<Fault>,
) -> Result<()> {
    let name = directory.name(member);
    let mut fault = |kind, error: Error| {
        if error.kind() == ErrorKind::Io {
            return Err(error);
        }
        let error = source.name(error.at_member(&name));
        faults.push(Fault { member: name.clone().into_owned(), kind, error });
        Ok(())
    };
    let local = match member.method() {
        Err(error) => return fault(FaultKind::Unchecked, error),
        Ok(method) => Local::read(source, directory, member).map(|local| (method, local)),
    };
    let (method, local) = match local {
        Err(error) => return fault(FaultKind::Structure, error),
        Ok(local) => local,
    };
    let (crc, first) = match checked(source, member, method, &local) {
        Err(error) => return fault(FaultKind::Content, error),
        Ok(checked) => checked,
    };
    for slot in &local.slots {
        match stored_checksum(source, slot) {
            Err(error) => fault(FaultKind::Structure, error)?,
            Ok(stored) if stored == crc => {}
            Ok(stored) => {
                let message = "the member's checksum (CRC-32) does not fit its bytes";
                let error = Error::new(ErrorKind::Format, message).at_offset(slot.offset);
                let error = error.expected(format!("{crc:#010x}")).found(format!("{stored:#010x}"));
                fault(FaultKind::Checksum, error)?;
            }
        }
    }
    if first.starts_with(&npy::MAGIC)
        && let Err(error) = npz::nameless_entry(source, directory, member)
    {
        fault(FaultKind::Content, error)?;
    }
    Ok(())
}

/// The checksum of a member's bytes, and the first of them.
fn checked(
    source: &Source,
    member: &Member,
    method: Method,
    local: &Local,
) -> Result<(u32, Vec<u8>)> {
    let mut first = vec![0; member.size.min(npy::MAGIC.len() as u64) as usize];
    let range = local.data.clone();
    match method {
        Method::Stored => {
            first.truncate((range.end - range.start) as usize);
            source.read_at(range.start, &mut first)?;
            Ok((crc32(source, range)?, first))
        }
        Method::Deflate => {
            let mut inflate = Inflate::new(source, range, member.size)?;
            inflate.fill(&mut first)?;
            Ok((inflate.finish(member.size)?, first))
        }
    }
}
