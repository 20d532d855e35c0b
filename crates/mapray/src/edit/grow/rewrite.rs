//! A file whose header has no room for another length, written anew.

use std::sync::Arc;

use super::{GrowingFile, require_growing};
use crate::edit::replace::{begin, publish};
use crate::error::{Error, ErrorKind, Result};
use crate::format::{self, npy};
use crate::layout::Layout;
use crate::map;
use crate::source::{Lock, ReadAt, Source};
use crate::sys;

/// How much is copied at once.
const CHUNK: u64 = 4 << 20;

impl GrowingFile {
    /// Writes the file anew with this length, and puts it in the place of the old one.
    pub(super) fn move_to_new_file(&mut self, len: usize, layout: &Layout) -> Result<()> {
        if !self.may_move {
            let message = "the header has no room for the new length, and the file cannot be \
                           written anew while other maps share this one";
            let error = Error::new(ErrorKind::Locked, message);
            return Err(self.name(error.hint("drop its clones and slices first")));
        }
        let old = &self.source;
        let Some(target) = old.target() else {
            let message = "the header has no room for the new length, and a file without a name \
                           cannot be written anew";
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        let header = npy::header_of(&self.entry, len);
        let header = header.encode(self.entry.version).or_else(|_| header.to_bytes());
        let header = header.map_err(|error| self.name(error))?;
        let data = self.growth.header.end..layout.span().end;
        let total = header.len() as u64 + (data.end - data.start);
        let replacement = begin(&target, total).map_err(|error| self.name(error))?;
        let file = replacement.file();
        let write = |at: u64, bytes: &[u8]| {
            let written = sys::write_all_at(file, at, bytes);
            written.map_err(|error| self.name(Error::io("write the file", error)))
        };
        write(0, &header)?;
        let mut buffer = Vec::new();
        let mut at = data.start;
        while at < data.end {
            buffer.resize((data.end - at).min(CHUNK) as usize, 0);
            old.read_at(at, &mut buffer)?;
            write(header.len() as u64 + (at - data.start), &buffer)?;
            at += buffer.len() as u64;
        }
        self.require_place()?;
        let file = publish(replacement, self.durability).map_err(|error| self.name(error))?;
        self.move_on(Source::opened(file, &target)?)
    }

    /// Goes on with the new file, which has taken the place of the old one.
    fn move_on(&mut self, new: Source) -> Result<()> {
        // Until all is known of the new one.
        self.lost = true;
        let new = if self.source.locks() { new } else { new.without_locks() };
        let lock = Lock::exclusive(&new, 0..u64::MAX);
        let old_end = self.end();
        let old = std::mem::replace(&mut self.source, new);
        // The old one may have another name, or be open elsewhere.
        let _ = map::give_back(&old, old_end);
        if let Some(journal) = self.session.take() {
            journal.remove_with(self.durability)?;
        }
        self.entry = format::probe(&self.source)?;
        (self.layout, self.growth) =
            require_growing(&self.entry).map_err(|error| self.source.name(error))?;
        self.header = vec![0; self.growth.header.end as usize];
        self.source.read_at(0, &mut self.header)?;
        // All is written, but whoever was quicker with the lock owns the file now.
        self.lost = lock.is_err();
        self.lock = lock.unwrap_or_default().map(Arc::new);
        Ok(())
    }
}
