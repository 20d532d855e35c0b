//! What the systems have in common.

use std::fs::File;
use std::io;

/// How pages of a file are mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Shared, read only.
    Read,
    /// Shared: stores reach the file.
    ReadWrite,
    /// Private: a store copies its page, and the file never sees it.
    Copy,
}

/// How pages will be used, for the kernel's read-ahead and reclaim: `madvise(2)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advice {
    /// The default: read ahead a little.
    Normal,
    /// From front to back: read ahead a lot, and let go soon.
    Sequential,
    /// Here and there: read nothing ahead.
    Random,
    /// Soon: start reading now.
    WillNeed,
    /// Not soon: the pages may leave this map, and are fetched again on the next access.
    /// Edited pages of a copy-on-write map stay.
    DontNeed,
    /// Use huge pages where the file system can.
    HugePage,
}

/// Fills `buffer` from byte `offset` on; `UnexpectedEof` where the file ends before.
pub(crate) fn read_exact_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset);
    #[cfg(windows)]
    {
        let (mut offset, mut rest) = (offset, buffer);
        while !rest.is_empty() {
            match std::os::windows::fs::FileExt::seek_read(file, rest, offset)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => (offset, rest) = (offset + n as u64, &mut rest[n..]),
            }
        }
        Ok(())
    }
}
