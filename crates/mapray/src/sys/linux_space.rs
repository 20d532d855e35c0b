//! Space on the disk: reserved, and given up.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use super::Access;
use super::change::write_zeros;
use super::imp::{Mapping, data_from, page_size};

/// Gives these bytes of the file blocks of the disk, without changing a byte that the file has or its
/// length. Where the file system cannot, its holes are filled with zeros, and zeros are written behind
/// its end, which does move its end.
pub(super) fn reserve(file: &File, range: Range<u64>) -> io::Result<()> {
    if range.is_empty() {
        return Ok(());
    }
    require_room(file, &range)?;
    let len = range.end - range.start;
    match rustix::fs::fallocate(file, FallocateFlags::KEEP_SIZE, range.start, len) {
        Ok(()) => Ok(()),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => fill_holes(file, range),
        Err(error) => Err(error.into()),
    }
}

/// Refuses what the file system cannot hold before the kernel tries: a tmpfs would take all memory
/// first.
fn require_room(file: &File, range: &Range<u64>) -> io::Result<()> {
    let system = rustix::fs::fstatvfs(file)?;
    let free = system.f_bfree.saturating_mul(system.f_frsize);
    let metadata = file.metadata()?;
    // What the file has behind its end is not known.
    let own = if range.start < metadata.len() { metadata.blocks() } else { 0 };
    let room = free.saturating_add(own.saturating_mul(512));
    // A file system that does not say how large it is may be of any size.
    if system.f_blocks > 0 && range.end - range.start > room {
        return Err(Errno::NOSPC.into());
    }
    Ok(())
}

/// Fills holes inside the file through a map, so that what somebody else stores there at the same
/// moment stays; what is behind its end can only be written.
fn fill_holes(file: &File, range: Range<u64>) -> io::Result<()> {
    let end = file.metadata()?.len().min(range.end);
    let mut at = range.start;
    let mut filled = false;
    while at < end {
        let data = data_from(file, at)?.unwrap_or(end..end);
        let hole = at..data.start.min(end);
        if !hole.is_empty() {
            fill_hole(file, hole)?;
            filled = true;
        }
        at = data.end;
    }
    if filled {
        // Only when they are written do the pages get their blocks.
        file.sync_data()?;
    }
    write_zeros(file, end.max(range.start)..range.end)
}

/// Makes pages of a hole as if a store had just been made to each of them, without one.
fn fill_hole(file: &File, hole: Range<u64>) -> io::Result<()> {
    const STEP: u64 = 1 << 26;
    let page = page_size() as u64;
    let mut at = hole.start / page * page;
    while at < hole.end {
        let len = STEP.min(hole.end - at) as usize;
        let pages = Mapping::of_file(file, at, len, Access::ReadWrite)?;
        // SAFETY: the advice (Linux 5.14) changes no byte of this map.
        let code = unsafe { libc::madvise(pages.as_ptr().cast(), len, libc::MADV_POPULATE_WRITE) };
        if code != 0 {
            let error = io::Error::last_os_error();
            return Err(match error.raw_os_error() {
                Some(libc::EFAULT) => Errno::NOSPC.into(),
                Some(libc::EINVAL) => io::Error::new(
                    io::ErrorKind::Unsupported,
                    "holes cannot be filled on this file system by this version of Linux",
                ),
                _ => error,
            });
        }
        at += len as u64;
    }
    Ok(())
}

/// Makes the range read as zeros, without giving up its blocks.
pub(super) fn zero(file: &File, range: Range<u64>) -> io::Result<()> {
    if range.is_empty() {
        return Ok(());
    }
    let len = range.end - range.start;
    let flags = FallocateFlags::ZERO_RANGE | FallocateFlags::KEEP_SIZE;
    match rustix::fs::fallocate(file, flags, range.start, len) {
        Ok(()) => Ok(()),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => write_zeros(file, range),
        Err(error) => Err(error.into()),
    }
}

/// Makes the range read as zeros, and gives up its blocks where the file system can.
pub(super) fn punch(file: &File, range: Range<u64>) -> io::Result<()> {
    if range.is_empty() {
        return Ok(());
    }
    let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    match rustix::fs::fallocate(file, flags, range.start, range.end - range.start) {
        Ok(()) => Ok(()),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => write_zeros(file, range),
        Err(error) => Err(error.into()),
    }
}
