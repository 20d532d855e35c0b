//! Any other system, through memmap2 and std. What they lack answers `Unsupported`.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::{MmapMut, MmapOptions, MmapRaw};

use super::{Access, Advice, write_all_at};

fn unsupported<T>(what: &str) -> io::Result<T> {
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

    pub(crate) fn residency(&self, _: Range<usize>) -> io::Result<(usize, usize)> {
        unsupported("what is in memory cannot be asked")
    }

    pub(crate) fn read_at(&self, _: usize, _: &mut [u8]) -> io::Result<()> {
        unsupported("a live map cannot be read without risk")
    }

    pub(crate) fn write_runs(&self, _: &[Range<usize>], _: &[u8]) -> io::Result<()> {
        unsupported("a live map cannot be written without risk")
    }
}

/// What tells one file from another while the system runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    #[cfg(unix)]
    device_and_inode: (u64, u64),
    #[cfg(not(unix))]
    created: Option<std::time::SystemTime>,
}

pub(crate) fn identity(file: &File) -> io::Result<Identity> {
    let metadata = file.metadata()?;
    #[cfg(unix)]
    return Ok(Identity {
        device_and_inode: {
            use std::os::unix::fs::MetadataExt;
            (metadata.dev(), metadata.ino())
        },
    });
    #[cfg(not(unix))]
    Ok(Identity { created: metadata.created().ok() })
}

/// The length in bytes of what can be mapped.
pub(crate) fn file_len(file: &File) -> io::Result<Option<u64>> {
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(Some(metadata.len()))
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

/// Makes room for the first `len` bytes of the file: zeros are written behind its end.
pub(crate) fn reserve(file: &File, len: u64) -> io::Result<()> {
    zero(file, file.metadata()?.len().min(len)..len)
}

/// Makes the range read as zeros.
pub(crate) fn zero(file: &File, range: Range<u64>) -> io::Result<()> {
    let zeros = vec![0; 1 << 20];
    let mut at = range.start;
    while at < range.end {
        let n = (range.end - at).min(zeros.len() as u64);
        write_all_at(file, at, &zeros[..n as usize])?;
        at += n;
    }
    Ok(())
}

/// Makes the range read as zeros.
pub(crate) fn punch(file: &File, range: Range<u64>) -> io::Result<()> {
    zero(file, range)
}

/// A new file beside `target` that takes its place when it is complete.
#[derive(Debug)]
pub(crate) struct Replacement {
    file: File,
    target: PathBuf,
    name: Option<PathBuf>,
}

impl Replacement {
    pub(crate) fn new(target: &Path) -> io::Result<Replacement> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = target.with_file_name(format!(".mapray-{}-{n}.tmp", std::process::id()));
        let file = File::options().read(true).write(true).create_new(true).open(&name)?;
        Ok(Replacement { file, target: target.to_owned(), name: Some(name) })
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Puts the file in the target's place, with the target's permissions where there is one.
    pub(crate) fn publish(mut self, sync: bool) -> io::Result<File> {
        if let Ok(old) = std::fs::metadata(&self.target) {
            self.file.set_permissions(old.permissions())?;
        }
        if sync {
            self.file.sync_all()?;
        }
        if let Some(name) = &self.name {
            std::fs::rename(name, &self.target)?;
        }
        self.name = None;
        self.file.try_clone()
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            // Nothing better can be done in a drop than to leave the file.
            let _ = std::fs::remove_file(name);
        }
    }
}
