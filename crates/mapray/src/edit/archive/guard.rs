//! What keeps an archive readable while it is edited where it lies.

use std::fs::File;

use crate::edit::tail::write_at;
use crate::error::{Error, Result};
use crate::format::zip::Directory;
use crate::format::zip::write::end_records;
use crate::source::Durability;
use crate::sys;

/// The least and the most that is left free in front of the guard for what comes next.
const LEAST_ROOM: u64 = 1 << 20;
const MOST_ROOM: u64 = 64 << 20;

/// A copy of an archive's directory that stands at the end of the file while new members are written in
/// front of it, so that whoever reads the file from its end finds the archive as it was. The file is
/// cut off before it when all is written.
#[derive(Debug)]
pub(in crate::edit) struct Guard {
    directory: Directory,
    durability: Durability,
    /// Where it starts; at first where the file ended.
    start: u64,
}

impl Guard {
    /// That of an archive, whose own directory guards it up to the end of the file.
    pub(super) fn new(directory: &Directory, durability: Durability) -> Guard {
        let start = directory.file_len();
        Guard { directory: directory.clone(), durability, start }
    }

    /// Makes sure that bytes up to `end` can be written without touching it: if not, another one is
    /// put further behind, and is on the disk before this returns.
    pub(in crate::edit) fn make_way(&mut self, file: &File, end: u64) -> Result<()> {
        if end <= self.start {
            return Ok(());
        }
        let grown = end - self.directory.file_len();
        let start = end.saturating_add(grown.clamp(LEAST_ROOM, MOST_ROOM));
        // One write, so that the file ends nowhere else for longer than that takes.
        write_at(file, start, &self.bytes(start))?;
        if self.durability == Durability::Synced {
            let synced = sys::sync_data(file);
            synced.map_err(|error| Error::io("write the file to the disk", error))?;
        }
        self.start = start;
        Ok(())
    }

    fn bytes(&self, start: u64) -> Vec<u8> {
        let records = self.directory.bytes();
        let told = start.saturating_sub(self.directory.shift());
        let count = self.directory.members().len() as u64;
        let range = told..told.saturating_add(records.len() as u64);
        [records, &end_records(count, range, self.directory.comment())].concat()
    }
}
