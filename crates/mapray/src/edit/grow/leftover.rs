//! What a session that came to no end left behind the end of an array.

use super::{GrowingFile, require_growing};
use crate::error::{Error, ErrorKind, Result};
use crate::format::npy;
use crate::layout::Layout;
use crate::map;
use crate::source::{Durability, Journal, Kind, ReadAt, require_trusted};
use crate::sys;

impl GrowingFile {
    /// Checks that the file ends where its array does. What is behind that goes if it was ours, or if it
    /// may go whosever it is.
    pub(super) fn clear_tail(&self, cut_trailing: bool) -> Result<()> {
        self.source.require(self.layout.span())?;
        let path = match self.source.target() {
            Some(target) => Journal::find(&target, Kind::Append)?,
            None => None,
        };
        let journal = match path.as_ref().map(|path| (path, Journal::open(path))) {
            Some((path, Err(error))) if error.kind() == ErrorKind::Format => {
                // It says nothing that can be relied on.
                sys::remove_file(path)
                    .map_err(|error| Error::io("remove the journal", error).at_path(path))?;
                None
            }
            opened => opened.map(|(_, journal)| journal).transpose()?,
        };
        let len = self.source.len()?;
        if len != Some(self.end()) {
            let is_ours = match &journal {
                Some(journal) => self.began(journal)?,
                None => false,
            };
            if !is_ours && !cut_trailing {
                return Err(self.name(
                    Error::new(ErrorKind::Format, "something follows the array in the file")
                        .at_offset(self.end())
                        .expected("the end of the file")
                        .found(format!("{} bytes", len.unwrap_or(0).saturating_sub(self.end())))
                        .hint(
                            "if it is of no use (another array, perhaps?), \
                             `AppendOptions::cut_trailing` cuts it off",
                        ),
                ));
            }
            map::cut(&self.source, self.end())?;
            if self.durability == Durability::Synced {
                sys::sync_data(self.source.file())
                    .map_err(|error| self.name(Error::io("write the file to the disk", error)))?;
            }
        }
        match journal {
            Some(journal) => journal.remove_with(self.durability),
            None => Ok(()),
        }
    }

    /// Whether what is behind the end was left by the session of this journal: it was of this file, which
    /// holds the same array still, and no less of it than the session was to leave.
    fn began(&self, journal: &Journal) -> Result<bool> {
        let stamp = sys::stamp(self.source.file());
        let stamp = stamp.map_err(|error| self.name(Error::io("examine the file", error)))?;
        let longest = 8 + npy::MAX_HEADER_SIZE * 4 + npy::Prelude::MAX_LEN;
        let is_ours = journal.kind() == Kind::Append && journal.is_about(&stamp);
        if !is_ours || !(8..=longest as u64).contains(&journal.len()) {
            return Ok(false);
        }
        require_trusted(journal, &self.source)?;
        let mut payload = vec![0; journal.len() as usize];
        journal.read_at(0, &mut payload)?;
        let mut header = payload.split_off(8);
        let shortest = u64::from_le_bytes(payload.try_into().expect("eight bytes are left"));
        let all = header.len() as u64;
        let Ok(entry) = npy::entry(&mut header, all, |_, _| Err(corrupt())) else {
            return Ok(false);
        };
        let Ok((layout, growth)) = require_growing(&entry) else { return Ok(false) };
        let rowless = |layout: &Layout| layout.narrowed(growth.axis, 0..0);
        Ok(growth == self.growth
            && rowless(&layout) == rowless(&self.layout)
            && self.len() as u64 >= shortest)
    }
}

fn corrupt() -> Error {
    Error::new(ErrorKind::Format, "the journal ends too early")
}
