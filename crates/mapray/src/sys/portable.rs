//! Any other system, through memmap2 and std. What they lack answers `Unsupported`.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use memmap2::{MmapMut, MmapOptions, MmapRaw};

use super::{Access, Advice};

pub(super) fn unsupported<T>(what: &str) -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::Unsupported, format!("{what} on this system")))
}

/// The grain of every map: 64 KiB is a multiple of every page size and of Windows' granularity.
pub(crate) fn page_size() -> usize {
    64 << 10
}

/// A run of mapped pages; unmapped when it goes.
#[derive(Debug)]
pub(crate) struct Mapping {
    pages: MmapRaw,
    access: Access,
}

impl Mapping {
    /// Maps `len` bytes of the file from `offset` on, which must be a multiple of the page size.
    /// Whether the file is that long is not checked.
    pub(crate) fn of_file(
        file: &File,
        offset: u64,
        len: usize,
        access: Access,
    ) -> io::Result<Mapping> {
        let mut options = MmapOptions::new();
        options.offset(offset).len(len);
        let pages = match access {
            Access::Read => options.map_raw_read_only(file)?,
            Access::ReadWrite => options.map_raw(file)?,
            // SAFETY: the map is turned into raw pages at once; no reference to its bytes is made.
            Access::Copy => MmapRaw::from(unsafe { options.map_copy(file)? }),
        };
        Ok(Mapping { pages, access })
    }

    /// Maps `len` bytes of zeros that belong to this process alone.
    pub(crate) fn anonymous(len: usize) -> io::Result<Mapping> {
        Ok(Mapping { pages: MmapRaw::from(MmapMut::map_anon(len)?), access: Access::Copy })
    }

    /// The first byte. Nothing is said about what may be done through it.
    pub(crate) fn as_ptr(&self) -> *mut u8 {
        self.pages.as_mut_ptr()
    }

    /// Writes changed pages of the range to the file and waits until the disk has them.
    pub(crate) fn flush(&self, range: Range<usize>) -> io::Result<()> {
        assert!(range.start <= range.end && range.end <= self.pages.len());
        if self.access != Access::ReadWrite || range.is_empty() {
            return Ok(());
        }
        self.pages.flush_range(range.start, range.len())
    }

    /// Advice that cannot be given is no error: only speed is at stake.
    pub(crate) fn advise(&self, _: Range<usize>, _: Advice) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn edited(&self, _: Range<usize>) -> io::Result<Vec<Range<usize>>> {
        unsupported("which pages were edited cannot be asked")
    }

    /// # Safety
    ///
    /// None is needed for what is not done.
    pub(crate) unsafe fn forget(&self, _: Range<usize>) -> io::Result<()> {
        unsupported("edits cannot be dropped")
    }

    pub(crate) fn residency(&self, _: Range<usize>) -> io::Result<(usize, usize)> {
        unsupported("what is in memory cannot be asked")
    }

    pub(crate) fn read_at(&self, _: usize, _: &mut [u8]) -> io::Result<()> {
        unsupported("a live map cannot be read without risk")
    }

    pub(crate) fn read_runs(&self, _: u64, _: &[u64], _: usize, _: &mut [u8]) -> io::Result<()> {
        unsupported("a live map cannot be read without risk")
    }

    pub(crate) fn write_runs(&self, _: &[Range<usize>], _: &[u8]) -> io::Result<()> {
        unsupported("a live map cannot be written without risk")
    }
}

/// An advisory lock on a file, held by its descriptor.
#[derive(Debug)]
pub(crate) struct FileLock {
    file: File,
}

impl FileLock {
    /// Locks the file, which must have been opened for this: `exclusive` goes with no other lock, else
    /// it goes with others like it.
    ///
    /// `WouldBlock` where somebody has it locked, `Unsupported` where there are no locks.
    pub(crate) fn new(file: File, exclusive: bool) -> io::Result<FileLock> {
        let locked = if exclusive { file.try_lock() } else { file.try_lock_shared() };
        locked.map(|()| FileLock { file }).map_err(io::Error::from)
    }

    /// Makes a shared lock exclusive; where that fails it is shared still. `file` is another opening
    /// of the same file.
    pub(crate) fn make_exclusive(&mut self, file: File) -> io::Result<()> {
        self.file.unlock()?;
        let locked = FileLock::new(file, true).map(|lock| *self = lock);
        if locked.is_err() {
            // Somebody may have been quicker; then there is nothing left to hold.
            let _ = self.file.try_lock_shared();
        }
        locked
    }

    /// Makes an exclusive lock a shared one. `file` is another opening of the same file.
    pub(crate) fn make_shared(&mut self, file: File) {
        let _ = self.file.unlock();
        // Somebody may have been quicker; then there is nothing left to hold.
        if let Ok(lock) = FileLock::new(file, false) {
            *self = lock;
        }
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // A process that is just being started has a copy of the descriptor, which would keep the lock.
        let _ = self.file.unlock();
    }
}

/// Asks for huge pages for this memory.
pub(crate) fn prefer_huge_pages(_: *mut u8, _: usize) {}

/// The processes that have the file locked: not to be had.
pub(crate) fn lock_holders(_: Identity) -> Vec<u32> {
    Vec::new()
}

/// Opens a file for reading, and for writing too on request, and tells whether the path is a symbolic
/// link to it.
pub(crate) fn open(path: &Path, writable: bool) -> io::Result<(File, bool)> {
    let is_link = path.symlink_metadata()?.is_symlink();
    Ok((File::options().read(true).write(writable).open(path)?, is_link))
}

/// Opens a file for reading, and for writing too on request, but not through a symbolic link.
pub(crate) fn open_directly(path: &Path, writable: bool) -> io::Result<File> {
    match open(path, writable)? {
        (file, false) => Ok(file),
        (_, true) => Err(io::Error::other("it is a symbolic link")),
    }
}

/// Opens a file that is open once more, to be read past the page cache.
pub(crate) fn open_uncached(_: &File) -> io::Result<File> {
    unsupported("there is no direct I/O")
}

/// The user whose rights this process has: not to be had.
pub(crate) fn own_user() -> Option<u32> {
    None
}

/// What tells one file from another while the system runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    #[cfg(unix)]
    device_and_inode: (u64, u64),
    #[cfg(not(unix))]
    created: Option<std::time::SystemTime>,
}

impl Identity {
    /// Whether the file may lie in memory; nothing is known here of files that do.
    pub(crate) fn may_be_memory(self) -> bool {
        false
    }
}

/// Which file it is, and how many bytes of it can be mapped.
pub(crate) fn examine(file: &File) -> io::Result<(Identity, Option<u64>)> {
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let identity = Identity {
        #[cfg(unix)]
        device_and_inode: {
            use std::os::unix::fs::MetadataExt;
            (metadata.dev(), metadata.ino())
        },
        #[cfg(not(unix))]
        created: metadata.created().ok(),
    };
    Ok((identity, Some(metadata.len())))
}

/// Whether the file was opened for reading, and whether for writing: whether no bytes at all can be
/// read and written. Where that cannot be asked it shows when the file is used.
pub(crate) fn rights(file: &File) -> io::Result<(bool, bool)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileExt;
        Ok((file.read_at(&mut [], 0).is_ok(), file.write_at(&[], 0).is_ok()))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        Ok((true, true))
    }
}

/// The path under which an open file stands in its folder: not to be had.
pub(crate) fn path_of(_: &File) -> Option<PathBuf> {
    None
}

/// Whether the system promises that no byte of this file ever changes: none does.
pub(crate) fn is_immutable(_: &File) -> bool {
    false
}

/// Shared memory without a name: not to be had.
pub(crate) fn memfd(_: &str, _: u64) -> io::Result<File> {
    unsupported("there is no shared memory without a name")
}

/// The length that the system promises this file will keep: none does.
pub(crate) fn uncut_len(_: &File) -> Option<u64> {
    None
}

pub(crate) fn start_write_back(_: &File, _: Range<u64>) -> io::Result<()> {
    unsupported("write-back cannot be started without waiting for it")
}

/// Copies between files without taking the bytes through this process: none.
pub(super) fn copy_range(_: &File, _: Range<u64>, _: &File, _: u64) -> io::Result<u64> {
    Ok(0)
}

/// The next run of bytes from `at` on that is not a hole: holes are not known.
pub(crate) fn data_from(_: &File, at: u64) -> io::Result<Option<Range<u64>>> {
    Ok(Some(at..u64::MAX))
}

pub(crate) fn evict(_: &File, _: Range<u64>) -> io::Result<()> {
    unsupported("the page cache cannot be told to let go")
}

pub(crate) fn cached(_: &File, _: Range<u64>) -> io::Result<(usize, usize)> {
    unsupported("what is in memory cannot be asked")
}

/// Reading ahead is the system's business: only speed is at stake.
pub(crate) fn read_ahead(_: &File, _: Range<u64>) -> io::Result<()> {
    Ok(())
}

/// As [`read_ahead`].
pub(crate) fn read_ahead_at(_: Range<usize>) -> io::Result<()> {
    Ok(())
}

pub(crate) fn is_in_memory(_: usize) -> io::Result<bool> {
    unsupported("what is in memory cannot be asked")
}

/// A number that grows when this thread waits for a disk: not to be had.
pub(crate) fn waits() -> u64 {
    0
}

/// A new file in the folder that has no name: not to be had.
pub(super) fn nameless_file(_: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

/// Gives a nameless file a name: there are none.
pub(super) fn give_name(_: &File, _: &Path) -> io::Result<()> {
    unsupported("a file without a name cannot be given one")
}

/// Waits until the disk has the names in a folder: not every system can open one.
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
