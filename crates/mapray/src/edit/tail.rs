//! Writing a file from front to back, with a way back to what came before.

use std::fs::File;
use std::ops::Range;

use crate::edit::archive::Guard;
use crate::error::{Error, Result};
use crate::source::ReadAt;
use crate::sys;

/// How much is gathered before it is written.
const GATHERED: usize = 1 << 20;

/// The end of a file that grows. Small pieces are gathered.
#[derive(Debug)]
pub(super) struct Tail {
    file: File,
    start: u64,
    gathered: Vec<u8>,
    /// The byte up to which the file has its blocks.
    reserved: u64,
    /// What must stay behind all that is written.
    guard: Option<Guard>,
}

impl Tail {
    /// Goes on at byte `start` of a file that has its blocks up to byte `reserved`.
    pub(super) fn new(file: File, start: u64, reserved: u64) -> Tail {
        Tail { file, start, gathered: Vec::new(), reserved, guard: None }
    }

    /// The same, in front of what the guard keeps at the end of the file.
    pub(super) fn guarded(self, guard: Guard) -> Tail {
        Tail { guard: Some(guard), ..self }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// The byte of the file that is written next.
    pub(super) fn position(&self) -> u64 {
        self.start + self.gathered.len() as u64
    }

    /// Gives the file its blocks up to byte `end`.
    pub(super) fn reserve(&mut self, end: u64) -> Result<()> {
        if end <= self.reserved {
            return Ok(());
        }
        // What no file can have is for the system to refuse.
        let end = end.min(i64::MAX as u64);
        self.make_way(end)?;
        sys::reserve_range(&self.file, self.reserved..end)
            .map_err(|error| Error::io("make room for the array", error))?;
        self.reserved = end;
        Ok(())
    }

    /// Moves what must stay behind all that is written to behind byte `end`.
    fn make_way(&mut self, end: u64) -> Result<()> {
        self.guard.as_mut().map_or(Ok(()), |guard| guard.make_way(&self.file, end))
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if self.gathered.len() + bytes.len() > GATHERED {
            self.flush()?;
        }
        if bytes.len() > GATHERED {
            self.write_through(bytes)?;
        } else {
            self.gathered.extend_from_slice(bytes);
        }
        Ok(())
    }

    /// Writes over bytes that one call of [`write`](Tail::write) wrote, or a part of them.
    pub(super) fn overwrite(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        match at.checked_sub(self.start) {
            Some(at) => {
                let at = at as usize;
                self.gathered[at..at + bytes.len()].copy_from_slice(bytes);
                Ok(())
            }
            None => write_at(&self.file, at, bytes),
        }
    }

    /// Writes a copy of bytes of another file.
    pub(super) fn copy(&mut self, from: &File, range: Range<u64>) -> Result<()> {
        let len = range.end - range.start;
        if len < GATHERED as u64 / 8 {
            let mut bytes = vec![0; len as usize];
            from.read_at(range.start, &mut bytes)?;
            return self.write(&bytes);
        }
        self.flush()?;
        self.make_way(self.start.saturating_add(len))?;
        sys::copy_range(from, range, &self.file, self.start)
            .map_err(|error| Error::io("copy the members", error))?;
        self.start += len;
        Ok(())
    }

    pub(super) fn flush(&mut self) -> Result<()> {
        let gathered = std::mem::take(&mut self.gathered);
        self.write_through(&gathered)?;
        self.gathered = gathered;
        self.gathered.clear();
        Ok(())
    }

    fn write_through(&mut self, bytes: &[u8]) -> Result<()> {
        let end = self.start + bytes.len() as u64;
        self.make_way(end)?;
        write_at(&self.file, self.start, bytes)?;
        self.start = end;
        Ok(())
    }
}

pub(super) fn write_at(file: &File, at: u64, bytes: &[u8]) -> Result<()> {
    sys::write_all_at(file, at, bytes).map_err(|error| Error::io("write the file", error))
}
