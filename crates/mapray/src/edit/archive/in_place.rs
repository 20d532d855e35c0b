//! Edits of an archive where it lies: all that is new comes behind its old end.

use crate::edit::archive::Guard;
use crate::edit::tail::Tail;
use crate::error::{Error, ErrorKind, Result};
use crate::format::zip::{Directory, interrupted};
use crate::source::{Durability, Journal, ReadAt, Source};
use crate::sys;

/// An archive between the first byte that is written behind its old end and the last. Dropped before
/// it is [committed](InPlace::commit), it is cut back to what it was.
#[derive(Debug)]
pub(super) struct InPlace {
    source: Source,
    old_len: u64,
    durability: Durability,
    /// There until the edit is committed.
    journal: Option<Journal>,
}

impl InPlace {
    /// Writes the journal. Nothing of the archive is touched yet.
    pub(super) fn begin(
        source: &Source,
        directory: &Directory,
        durability: Durability,
    ) -> Result<InPlace> {
        let source = source.try_clone()?;
        require_unchanged(&source, directory)?;
        let journal = Some(interrupted::announce(&source, directory, durability)?);
        Ok(InPlace { source, old_len: directory.file_len(), durability, journal })
    }

    /// The end of the file, from the old one on.
    pub(super) fn tail(&self, directory: &Directory) -> Result<Tail> {
        let file = self.source.file().try_clone();
        let file = file.map_err(|error| Error::io("copy the descriptor", error))?;
        let guard = Guard::new(directory, self.durability);
        Ok(Tail::new(file, self.old_len, self.old_len).guarded(guard))
    }

    /// Makes the archive end at byte `len`, where all that is new has been written in front of.
    pub(super) fn commit(mut self, directory: &Directory, len: u64) -> Result<()> {
        self.source.reopened()?;
        let is_as_it_was = self.source.len()?.is_some_and(|now| now > len);
        if !is_as_it_was || !has_its_bytes(&self.source, directory)? {
            return Err(changed());
        }
        self.sync()?;
        // From here on there is nothing to go back to; the file still ends with the old directory.
        match self.journal.take() {
            Some(journal) => journal.remove_with(self.durability)?,
            None => return Ok(()),
        }
        let cut = sys::set_len(self.source.file(), len);
        cut.map_err(|error| Error::io("write the file", error))?;
        self.sync()
    }

    fn sync(&self) -> Result<()> {
        if self.durability == Durability::Buffered {
            return Ok(());
        }
        let synced = sys::sync_data(self.source.file());
        synced.map_err(|error| Error::io("write the file to the disk", error))
    }
}

impl Drop for InPlace {
    fn drop(&mut self) {
        // Another file at the path has a journal of its own there, if any.
        if let Some(journal) = self.journal.take()
            && self.source.reopened().is_ok()
            && interrupted::cut(&self.source, self.old_len, self.durability).is_ok()
        {
            // Left behind, it does no harm: the next one who opens the archive removes it.
            let _ = journal.remove_with(self.durability);
        }
    }
}

/// Checks that an archive still is what was read of it.
fn require_unchanged(source: &Source, directory: &Directory) -> Result<()> {
    source.reopened()?;
    if source.len()? == Some(directory.file_len()) && has_its_bytes(source, directory)? {
        return Ok(());
    }
    Err(changed())
}

/// Whether the directory stands where it stood.
fn has_its_bytes(source: &Source, directory: &Directory) -> Result<bool> {
    let mut now = vec![0; directory.bytes().len()];
    source.read_at(directory.start(), &mut now)?;
    Ok(now == directory.bytes())
}

fn changed() -> Error {
    let message = "somebody else has changed the archive while it was edited";
    Error::new(ErrorKind::Changed, message).hint("nothing was edited; open it anew")
}
