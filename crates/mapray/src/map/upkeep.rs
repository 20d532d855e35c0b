//! Bringing up to date what depends on edited bytes. Reads the file by position, never the pages: a
//! checksum over memory that others may write meanwhile would be a data race.

use std::fs::File;

use crate::error::{Error, ErrorKind, Result};
use crate::source::{Checksum, ReadAt, Slot, crc32};
use crate::sys;

/// A checksum that was out of date, and what was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Update {
    /// The right value, which stands everywhere now.
    pub crc: u32,
    /// Where another one stood, and which.
    pub outdated: Vec<(u64, u32)>,
}

/// The value that stands in a slot.
///
/// # Errors
///
/// [`ErrorKind::Changed`] where other bytes stand before it than when the file was opened.
pub(crate) fn stored(from: &(impl ReadAt + ?Sized), slot: &Slot) -> Result<u32> {
    let before = slot.before.len();
    let start = slot.offset.checked_sub(before as u64).ok_or_else(|| moved(slot))?;
    let mut bytes = vec![0; before + 4];
    from.read_at(start, &mut bytes)?;
    if bytes[..before] != slot.before {
        return Err(moved(slot));
    }
    let value = bytes[before..].try_into().expect("four bytes are left");
    Ok(u32::from_le_bytes(value))
}

fn moved(slot: &Slot) -> Error {
    Error::new(
        ErrorKind::Changed,
        "the checksum is no longer where it was when the file was opened",
    )
    .at_offset(slot.offset)
    .hint("the file was changed meanwhile; open it anew, and repair it")
}

/// Checks that a file has still the length that it had when the places of a checksum were found.
pub(crate) fn require_len(file: &File, expected: u64) -> Result<()> {
    let examined = sys::examine(file).map_err(|error| Error::io("examine the file", error))?;
    match examined.1 {
        Some(found) if found != expected => {
            let message =
                "the archive was edited since it was opened: its checksums may be elsewhere";
            Err(Error::new(ErrorKind::Changed, message)
                .expected(format!("a file of {expected} bytes"))
                .found(found))
        }
        _ => Ok(()),
    }
}

/// Computes a checksum, and writes it where another one stands. All places are looked at before the
/// first is written, and the disk has it when this returns.
///
/// # Errors
///
/// [`ErrorKind::Changed`] where the file has another length than when the places were found.
pub(crate) fn bring_up_to_date(file: &File, checksum: &Checksum) -> Result<Update> {
    require_len(file, checksum.file_len).map_err(|error| {
        error.hint("what was stored is there; `Npz::repair` brings the checksums up to date")
    })?;
    let crc = crc32(file, checksum.range.clone())?;
    let mut outdated = Vec::new();
    for slot in &checksum.slots {
        let value = stored(file, slot)?;
        if value != crc {
            outdated.push((slot.offset, value));
        }
    }
    for &(offset, _) in &outdated {
        sys::write_all_at(file, offset, &crc.to_le_bytes())
            .map_err(|error| Error::io("write the checksum", error).at_offset(offset))?;
    }
    if !outdated.is_empty() {
        sys::sync_data(file).map_err(|error| Error::io("write the checksum to the disk", error))?;
    }
    Ok(Update { crc, outdated })
}
