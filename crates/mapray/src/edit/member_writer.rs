//! Members of archives, written one behind the other.

use std::collections::VecDeque;

use crc32fast::Hasher;

use crate::edit::deflate::Deflater;
use crate::edit::prepared::Prepared;
use crate::edit::savez::{Compression, SavezOptions};
use crate::edit::tail::Tail;
use crate::error::{Error, ErrorKind, Result};
use crate::format::zip::write::Member;

/// Writes members one behind the other, and keeps what a directory must say of them.
pub(super) struct MemberWriter {
    compression: Compression,
    align: usize,
    tail: Tail,
    deflater: Deflater,
    /// Members whose data are not all written yet: while one is compressed the next can be read.
    open: VecDeque<Member>,
    /// The others, in the order in which they came.
    written: Vec<Member>,
    broken: bool,
}

impl MemberWriter {
    /// With options that have been [checked](SavezOptions::checked).
    pub(super) fn new(options: &SavezOptions, tail: Tail) -> MemberWriter {
        let level = match options.compression {
            Compression::Stored => 0,
            Compression::Deflate(level) => level,
        };
        MemberWriter {
            compression: options.compression,
            align: options.align,
            tail,
            deflater: Deflater::new(level.into(), options.threads),
            open: VecDeque::new(),
            written: Vec::new(),
            broken: false,
        }
    }

    /// Writes a member. After an error nothing more can be written.
    pub(super) fn write(&mut self, member: &Prepared<'_>) -> Result<()> {
        self.require_whole()?;
        self.broken = true;
        match self.compression {
            Compression::Stored => self.store(member),
            Compression::Deflate(_) => self.deflate(member),
        }
        .map_err(|error| member.named(error))?;
        self.broken = false;
        Ok(())
    }

    /// How many members have come.
    pub(super) fn count(&self) -> usize {
        self.written.len() + self.open.len()
    }

    /// All members, in the order in which they came, when the last byte of them is written.
    pub(super) fn written(&mut self) -> Result<&[Member]> {
        self.require_whole()?;
        while self.place()? {}
        Ok(&self.written)
    }

    /// The end of the file, for what comes behind the members.
    pub(super) fn tail(&mut self) -> &mut Tail {
        &mut self.tail
    }

    fn require_whole(&self) -> Result<()> {
        if !self.broken {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Io, "the archive lacks a member that could not be written"))
    }

    fn store(&mut self, member: &Prepared<'_>) -> Result<()> {
        let mut entry = member.stored(self.tail.position(), self.align);
        self.tail.reserve(member.end(&entry))?;
        self.tail.write(&vec![0; entry.local_header_len()])?;
        let mut crc = Hasher::new();
        member.read(&mut |bytes| {
            crc.update(bytes);
            self.tail.write(bytes)
        })?;
        entry.crc = crc.finalize();
        self.close_member(entry)
    }

    fn deflate(&mut self, member: &Prepared<'_>) -> Result<()> {
        self.open.push_back(member.deflated());
        let mut crc = Hasher::new();
        member.read(&mut |mut bytes| {
            crc.update(bytes);
            while !bytes.is_empty() {
                bytes = self.deflater.push(bytes);
                while self.deflater.is_full() {
                    self.place()?;
                }
            }
            Ok(())
        })?;
        if let Some(entry) = self.open.back_mut() {
            entry.crc = crc.finalize();
        }
        self.deflater.end();
        while self.deflater.is_full() {
            self.place()?;
        }
        Ok(())
    }

    /// Writes the next block that was compressed. Whether there was one.
    fn place(&mut self) -> Result<bool> {
        let Some(block) = self.deflater.pull() else { return Ok(false) };
        let block = block?;
        let entry = self.open.front_mut().expect("every block belongs to an open member");
        if entry.compressed == 0 {
            entry.offset = self.tail.position();
            self.tail.write(&vec![0; entry.local_header_len()])?;
        }
        self.tail.write(&block.bytes)?;
        entry.compressed += block.bytes.len() as u64;
        if block.last
            && let Some(entry) = self.open.pop_front()
        {
            self.close_member(entry)?;
        }
        Ok(true)
    }

    fn close_member(&mut self, entry: Member) -> Result<()> {
        self.tail.overwrite(entry.offset, &entry.local_header())?;
        self.written.push(entry);
        Ok(())
    }
}
