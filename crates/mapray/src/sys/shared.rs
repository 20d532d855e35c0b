//! What the systems have in common.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::SystemTime;

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
            match read_some_at(file, offset, rest)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => (offset, rest) = (offset + n as u64, &mut rest[n..]),
            }
        }
        Ok(())
    }
}

/// Fills the start of `buffer` with bytes from `offset` on; how many there were.
pub(crate) fn read_some_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_at(file, buffer, offset);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_read(file, buffer, offset);
}

/// Which file it is, and how it was at a moment: what changes when somebody writes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub device: u64,
    pub inode: u64,
    /// When it was made, where the system knows: an inode number is given to another file one day.
    pub born: Time,
    pub len: u64,
    /// When bytes of it were last written.
    pub modified: Time,
    /// When anything of it was last changed.
    pub changed: Time,
}

/// A time that a file system keeps, since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Time {
    pub seconds: i64,
    pub nanoseconds: u32,
}

/// The stamp of an open file.
pub(crate) fn stamp(file: &File) -> io::Result<Stamp> {
    let metadata = file.metadata()?;
    let born = metadata.created().map_or_else(|_| Time::default(), Time::from);
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let time = |seconds, nanoseconds: i64| Time { seconds, nanoseconds: nanoseconds as u32 };
        Ok(Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            born,
            len: metadata.len(),
            modified: time(metadata.mtime(), metadata.mtime_nsec()),
            changed: time(metadata.ctime(), metadata.ctime_nsec()),
        })
    }
    #[cfg(not(unix))]
    {
        let modified = metadata.modified()?.into();
        let len = metadata.len();
        Ok(Stamp { device: 0, inode: 0, born, len, modified, changed: modified })
    }
}

impl From<SystemTime> for Time {
    fn from(time: SystemTime) -> Time {
        // Before 1970 the nanoseconds count on from the second before.
        match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => {
                Time { seconds: since.as_secs() as i64, nanoseconds: since.subsec_nanos() }
            }
            Err(before) => {
                let before = before.duration();
                let seconds = -(before.as_secs() as i64) - i64::from(before.subsec_nanos() > 0);
                let nanoseconds = (1_000_000_000 - before.subsec_nanos()) % 1_000_000_000;
                Time { seconds, nanoseconds }
            }
        }
    }
}

/// Whether there is something at this path itself, be it a link that leads nowhere.
pub(crate) fn is_there(path: &Path) -> io::Result<bool> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(false),
            _ => Err(error),
        },
    }
}

/// Whether some of the file may have no blocks of the disk.
pub(crate) fn is_sparse(file: &File) -> io::Result<bool> {
    let metadata = file.metadata()?;
    #[cfg(unix)]
    return Ok(std::os::unix::fs::MetadataExt::blocks(&metadata) * 512 < metadata.len());
    #[cfg(not(unix))]
    Ok(metadata.len() > 0)
}

/// Whether a file beside another may speak for it: in a folder where everybody may put files but only
/// replace their own (the sticky bit, as on `/tmp`) it must belong to the other's owner, to the
/// superuser or to us. Elsewhere whoever made it could have replaced the other.
pub(crate) fn may_stand_for(beside: &File, file: &File, folder: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        const STICKY: u32 = 0o1000;
        let owner = beside.metadata()?.uid();
        let is_sticky = folder.metadata()?.mode() & STICKY != 0;
        let is_ours = || super::own_user() == Some(owner);
        Ok(!is_sticky || owner == file.metadata()?.uid() || owner == 0 || is_ours())
    }
    #[cfg(not(unix))]
    {
        let _ = (beside, file, folder);
        Ok(true)
    }
}
