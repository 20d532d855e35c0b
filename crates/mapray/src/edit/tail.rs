//! Writing a file from front to back, with a way back to what came before.

use std::fs::File;

use crate::error::{Error, Result};
use crate::sys;

/// How much is gathered before it is written.
const GATHERED: usize = 1 << 20;

/// The end of a file that grows. Small pieces are gathered.
#[derive(Debug)]
pub(super) struct Tail {
    file: File,
    start: u64,
    gathered: Vec<u8>,
}

impl Tail {
    pub(super) fn new(file: File) -> Tail {
        Tail { file, start: 0, gathered: Vec::new() }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// The byte of the file that is written next.
    pub(super) fn position(&self) -> u64 {
        self.start + self.gathered.len() as u64
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if self.gathered.len() + bytes.len() > GATHERED {
            self.flush()?;
        }
        if bytes.len() > GATHERED {
            write_at(&self.file, self.start, bytes)?;
            self.start += bytes.len() as u64;
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

    pub(super) fn flush(&mut self) -> Result<()> {
        write_at(&self.file, self.start, &self.gathered)?;
        self.start += self.gathered.len() as u64;
        self.gathered.clear();
        Ok(())
    }
}

fn write_at(file: &File, at: u64, bytes: &[u8]) -> Result<()> {
    sys::write_all_at(file, at, bytes).map_err(|error| Error::io("write the file", error))
}
