//! Linux, through rustix, and libc where rustix has no such call.

use std::ffi::c_void;
use std::fs::{File, OpenOptions};
use std::io;
use std::num::NonZeroU64;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};

use rustix::fs::{FileType, MemfdFlags, OFlags, SealFlags, SeekFrom};
use rustix::io::Errno;
use rustix::mm::{self, MapFlags, MsyncFlags, ProtFlags};

use super::{Access, Advice};

#[path = "linux_gather.rs"]
mod gather;
#[path = "linux_pagemap.rs"]
mod pagemap;

pub(crate) use gather::{is_in_memory, read_ahead, read_ahead_at, waits};

/// The size of a page, the grain of every map.
pub(crate) fn page_size() -> usize {
    rustix::param::page_size()
}

/// A run of mapped pages; unmapped when it goes.
#[derive(Debug)]
pub(crate) struct Mapping {
    start: NonNull<u8>,
    len: usize,
    access: Access,
}

// SAFETY: a mapping is an address range of the process. Whoever turns its pointer into a reference
// or copies through it must keep to the rules of the memory behind it, from any thread alike.
unsafe impl Send for Mapping {}
// SAFETY: as above; no method of `&Mapping` loads or stores through the pointer in this process's
// own code, they all ask the kernel.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `len` bytes of the file from `offset` on, which must be a multiple of the page size.
    /// Whether the file is that long is not checked.
    pub(crate) fn of_file(
        file: &File,
        offset: u64,
        len: usize,
        access: Access,
    ) -> io::Result<Mapping> {
        let (protection, flags) = match access {
            Access::Read => (ProtFlags::READ, MapFlags::SHARED),
            Access::ReadWrite => (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED),
            // No swap is set aside for pages that may never be edited: opening costs nothing,
            // however large the file.
            Access::Copy => {
                (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | MapFlags::NORESERVE)
            }
        };
        // SAFETY: without MAP_FIXED the kernel picks addresses that nothing else uses.
        let start = unsafe { mm::mmap(ptr::null_mut(), len, protection, flags, file, offset)? };
        Ok(Mapping::new(start, len, access))
    }

    /// Maps `len` bytes of zeros that belong to this process alone.
    pub(crate) fn anonymous(len: usize) -> io::Result<Mapping> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: without MAP_FIXED the kernel picks addresses that nothing else uses.
        let start = unsafe { mm::mmap_anonymous(ptr::null_mut(), len, protection, flags)? };
        Ok(Mapping::new(start, len, Access::Copy))
    }

    fn new(start: *mut c_void, len: usize, access: Access) -> Mapping {
        let start = NonNull::new(start.cast()).expect("mmap without MAP_FIXED never returns null");
        Mapping { start, len, access }
    }

    /// The first byte. Nothing is said about what may be done through it.
    pub(crate) fn as_ptr(&self) -> *mut u8 {
        self.start.as_ptr()
    }

    fn at(&self, offset: usize) -> *mut c_void {
        self.start.as_ptr().wrapping_add(offset).cast()
    }

    /// The whole pages that `range`, which must lie inside the mapping, touches.
    fn pages(&self, range: Range<usize>) -> Range<usize> {
        assert!(range.start <= range.end && range.end <= self.len);
        range.start / page_size() * page_size()..range.end
    }

    /// Writes changed pages of the range to the file and waits until the disk has them.
    pub(crate) fn flush(&self, range: Range<usize>) -> io::Result<()> {
        if self.access != Access::ReadWrite || range.is_empty() {
            return Ok(());
        }
        let range = self.pages(range);
        // SAFETY: the range lies inside this mapping, which lives; msync changes no byte of it.
        unsafe { mm::msync(self.at(range.start), range.len(), MsyncFlags::SYNC)? };
        Ok(())
    }

    /// `madvise`, on the pages that the range touches. [`Advice::DontNeed`] takes pages out of a
    /// private mapping only where they are as in the file.
    pub(crate) fn advise(&self, range: Range<usize>, advice: Advice) -> io::Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        let range = self.pages(range);
        let advice = match advice {
            Advice::WillNeed => {
                let start = self.start.as_ptr().addr();
                return read_ahead_at(start + range.start..start + range.end);
            }
            Advice::Normal => mm::Advice::Normal,
            Advice::Sequential => mm::Advice::Sequential,
            Advice::Random => mm::Advice::Random,
            Advice::HugePage => mm::Advice::LinuxHugepage,
            Advice::DontNeed if self.access == Access::Copy => {
                return self.unedited(range)?.into_iter().try_for_each(|range| {
                    // SAFETY: these pages hold what the file holds, so fetching them again
                    // changes nothing; the caller lets no store happen meanwhile.
                    unsafe { self.madvise(range, mm::Advice::LinuxDontNeed) }
                });
            }
            Advice::DontNeed => mm::Advice::LinuxDontNeed,
        };
        // SAFETY: none of the advices changes what the pages hold: on a shared mapping the page
        // cache keeps dirty pages that DONTNEED takes out of it.
        unsafe { self.madvise(range, advice) }
    }

    /// # Safety
    ///
    /// The advice must not change bytes that somebody may look at.
    unsafe fn madvise(&self, range: Range<usize>, advice: mm::Advice) -> io::Result<()> {
        // SAFETY: the range lies inside this mapping, which lives; the rest is the caller's.
        unsafe { mm::madvise(self.at(range.start), range.len(), advice)? };
        Ok(())
    }

    /// The runs of pages in the range that a store has made private.
    pub(crate) fn edited(&self, range: Range<usize>) -> io::Result<Vec<Range<usize>>> {
        if self.access != Access::Copy || range.is_empty() {
            return Ok(Vec::new());
        }
        let range = self.pages(range);
        let start = self.start.as_ptr() as usize;
        let runs = pagemap::private_pages(start + range.start..start + range.end)?;
        Ok(runs.iter().map(|run| run.start - start..self.len.min(run.end - start)).collect())
    }

    /// The runs of pages in the range that no store has made private.
    fn unedited(&self, range: Range<usize>) -> io::Result<Vec<Range<usize>>> {
        let mut at = range.start;
        let mut runs = Vec::new();
        for edited in self.edited(range.clone())? {
            runs.push(at..edited.start);
            at = edited.end;
        }
        runs.push(at..range.end);
        runs.retain(|run| run.start < run.end);
        Ok(runs)
    }

    /// Drops the stores to all pages of the range, so that they show the file again. Pages of which the
    /// range holds a part only go too.
    ///
    /// # Safety
    ///
    /// Nobody may rely on the bytes to stay as they are.
    pub(crate) unsafe fn forget(&self, range: Range<usize>) -> io::Result<()> {
        assert!(self.access == Access::Copy);
        let range = self.pages(range);
        // SAFETY: the caller's promise.
        unsafe { self.madvise(range, mm::Advice::LinuxDontNeed) }
    }

    /// How many of the pages that the range touches are in memory, and how many there are.
    pub(crate) fn residency(&self, range: Range<usize>) -> io::Result<(usize, usize)> {
        if range.is_empty() {
            return Ok((0, 0));
        }
        let range = self.pages(range);
        let mut flags = [0_u8; 16 << 10];
        let (mut resident, mut total) = (0, 0);
        let step = flags.len() * page_size();
        for start in range.clone().step_by(step) {
            let len = step.min(range.end - start);
            let pages = len.div_ceil(page_size());
            // SAFETY: the range lies inside this mapping, and `flags` has a byte for each page.
            let code = unsafe { libc::mincore(self.at(start), len, flags.as_mut_ptr()) };
            if code != 0 {
                return Err(io::Error::last_os_error());
            }
            resident += flags[..pages].iter().filter(|&flag| flag & 1 != 0).count();
            total += pages;
        }
        Ok((resident, total))
    }

    /// Copies out of the mapping through the kernel: where the file was cut short, `UnexpectedEof`
    /// comes back instead of a signal, and a store by somebody else meanwhile is no data race of
    /// this process's own code.
    pub(crate) fn read_at(&self, offset: usize, buffer: &mut [u8]) -> io::Result<()> {
        assert!(offset <= self.len && buffer.len() <= self.len - offset);
        let mut done = 0;
        while done < buffer.len() {
            let rest = &mut buffer[done..];
            let local = libc::iovec { iov_base: rest.as_mut_ptr().cast(), iov_len: rest.len() };
            let remote = libc::iovec { iov_base: self.at(offset + done), iov_len: rest.len() };
            let pid = std::process::id() as libc::pid_t;
            // SAFETY: `local` is a buffer of ours, `remote` is only looked up by the kernel.
            let code = unsafe { libc::process_vm_readv(pid, &local, 1, &remote, 1, 0) };
            done += transferred(code)?;
        }
        Ok(())
    }

    /// Copies `bytes` to the places given by `runs`, one behind the other, through the kernel:
    /// errors as [`Mapping::read_at`]. Fails before anything is written if the mapping cannot be.
    pub(crate) fn write_runs(&self, runs: &[Range<usize>], bytes: &[u8]) -> io::Result<()> {
        assert!(self.access != Access::Read);
        const MOST: usize = 1024;
        let pid = std::process::id() as libc::pid_t;
        let mut rest = bytes;
        for runs in runs.chunks(MOST) {
            let mut remote: Vec<libc::iovec> = runs
                .iter()
                .map(|run| {
                    assert!(run.start <= run.end && run.end <= self.len);
                    libc::iovec { iov_base: self.at(run.start), iov_len: run.len() }
                })
                .collect();
            let (mut now, later) = rest.split_at(runs.iter().map(Range::len).sum());
            rest = later;
            let mut from = 0;
            while !now.is_empty() {
                let local = libc::iovec { iov_base: now.as_ptr() as *mut _, iov_len: now.len() };
                let remote_now = &remote[from..];
                // SAFETY: the kernel only reads `local`, a buffer of ours, and stores inside this
                // mapping, to which nobody in safe code holds a reference.
                let code = unsafe {
                    libc::process_vm_writev(
                        pid,
                        &local,
                        1,
                        remote_now.as_ptr(),
                        remote_now.len() as libc::c_ulong,
                        0,
                    )
                };
                let mut written = transferred(code)?;
                now = &now[written..];
                while from < remote.len() && written >= remote[from].iov_len {
                    written -= remote[from].iov_len;
                    from += 1;
                }
                if written > 0 {
                    let run = &mut remote[from];
                    run.iov_base = run.iov_base.wrapping_byte_add(written);
                    run.iov_len -= written;
                }
            }
        }
        Ok(())
    }
}

/// The outcome of a copy through the kernel.
fn transferred(code: isize) -> io::Result<usize> {
    match code {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        1.. => Ok(code as usize),
        _ => match io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::EFAULT) => {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            error => Err(error),
        },
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range is this mapping's own, and nothing that borrows it is left. Failure
        // would mean that the range is not mapped, which leaves nothing to undo.
        let _ = unsafe { mm::munmap(self.start.as_ptr().cast(), self.len) };
    }
}

/// An advisory lock on a file (`flock(2)`), held without a descriptor: by a page of the file that is
/// mapped and never touched.
#[derive(Debug)]
pub(crate) struct FileLock {
    page: Option<Mapping>,
}

impl FileLock {
    /// Locks the file, which must have been opened for this: `exclusive` goes with no other lock, else
    /// it goes with others like it.
    ///
    /// `WouldBlock` where somebody has it locked, `Unsupported` where there are no locks.
    pub(crate) fn new(file: File, exclusive: bool) -> io::Result<FileLock> {
        use rustix::fs::FlockOperation::{NonBlockingLockExclusive, NonBlockingLockShared};
        let kind = if exclusive { NonBlockingLockExclusive } else { NonBlockingLockShared };
        match rustix::fs::flock(&file, kind) {
            Ok(()) => {}
            Err(Errno::OPNOTSUPP | Errno::NOLCK | Errno::NOSYS | Errno::INVAL) => {
                return Err(io::ErrorKind::Unsupported.into());
            }
            Err(error) => return Err(error.into()),
        }
        let (len, flags) = (page_size(), MapFlags::SHARED);
        // SAFETY: without MAP_FIXED the kernel picks addresses that nothing else uses; nobody can
        // touch a page without rights, so it does not matter whether the file reaches that far.
        let start = unsafe { mm::mmap(ptr::null_mut(), len, ProtFlags::empty(), flags, &file, 0)? };
        Ok(FileLock { page: Some(Mapping::new(start, len, Access::Read)) })
    }

    /// Makes a shared lock exclusive; where that fails it is shared still. `file` is another opening
    /// of the same file.
    pub(crate) fn make_exclusive(&mut self, file: File) -> io::Result<()> {
        let again = file.try_clone()?;
        // It would stand in the way of its successor.
        self.page = None;
        let locked = FileLock::new(file, true);
        let failed = locked.map(|lock| *self = lock);
        if failed.is_err() {
            // Somebody may have been quicker; then there is nothing left to hold.
            self.page = FileLock::new(again, false).ok().and_then(|lock| lock.page);
        }
        failed
    }

    /// Makes an exclusive lock a shared one. `file` is another opening of the same file.
    pub(crate) fn make_shared(&mut self, file: File) {
        self.page = None;
        // Somebody may have been quicker; then there is nothing left to hold.
        self.page = FileLock::new(file, false).ok().and_then(|lock| lock.page);
    }
}

/// Asks for huge pages for the whole pages of this memory, as far as it has not been touched yet, if it is
/// long enough for some: far fewer faults. A wish that the kernel may not grant, so nobody is told.
pub(crate) fn prefer_huge_pages(start: *mut u8, len: usize) {
    const WORTHWHILE: usize = 4 << 20;
    if len < WORTHWHILE {
        return;
    }
    let page = page_size();
    let before = start.align_offset(page).min(len);
    let whole = (len - before) / page * page;
    let first = start.wrapping_add(before).cast();
    // SAFETY: the advice changes no byte, whosever memory it is.
    let _ = unsafe { mm::madvise(first, whole, mm::Advice::LinuxHugepage) };
}

/// The processes that have the file locked, as far as the system tells (`/proc/locks`).
pub(crate) fn lock_holders(identity: Identity) -> Vec<u32> {
    let device = (rustix::fs::major(identity.device), rustix::fs::minor(identity.device));
    let file = format!("{:02x}:{:02x}:{}", device.0, device.1, identity.inode);
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    let holder = |line: &str| {
        // "1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF"
        let mut words = line.split_whitespace().skip(1);
        let flock = words.next()? == "FLOCK" && words.next()? == "ADVISORY";
        let (pid, locked) = (words.nth(1)?, words.next()?);
        (flock && locked == file).then(|| pid.parse().ok()).flatten()
    };
    locks.lines().filter_map(holder).collect()
}

/// Opens a file for reading, and for writing too on request, and tells whether the path is a symbolic
/// link to it. A pipe that nobody writes to is not waited for.
pub(crate) fn open(path: &Path, writable: bool) -> io::Result<(File, bool)> {
    match open_directly(path, writable) {
        Err(error) if error.raw_os_error() == Some(libc::ELOOP) => {
            let file = opening(writable, libc::O_NONBLOCK).open(path)?;
            Ok((file, true))
        }
        opened => opened.map(|file| (file, false)),
    }
}

/// Opens a file for reading, and for writing too on request, but not through a symbolic link.
pub(crate) fn open_directly(path: &Path, writable: bool) -> io::Result<File> {
    opening(writable, libc::O_NONBLOCK | libc::O_NOFOLLOW).open(path)
}

/// Opens a file that is open once more, to be read past the page cache.
pub(crate) fn open_uncached(file: &File) -> io::Result<File> {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    opening(false, libc::O_DIRECT).open(path)
}

fn opening(writable: bool, flags: i32) -> OpenOptions {
    let mut options = File::options();
    options.read(true).write(writable).custom_flags(flags);
    options
}

/// The user whose rights this process has.
pub(crate) fn own_user() -> Option<u32> {
    // SAFETY: the call takes nothing and cannot fail.
    Some(unsafe { libc::geteuid() })
}

/// What tells one file from another while the system runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub(super) device: u64,
    pub(super) inode: u64,
}

impl Identity {
    /// Whether the file may lie in memory: what has a block device for its own does not.
    pub(crate) fn may_be_memory(self) -> bool {
        rustix::fs::major(self.device) == 0
    }
}

/// Which file it is, and how many bytes of it can be mapped: `None` for devices that have no end.
pub(crate) fn examine(file: &File) -> io::Result<(Identity, Option<u64>)> {
    let stat = rustix::fs::fstat(file)?;
    let len = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => return Err(io::ErrorKind::IsADirectory.into()),
        FileType::CharacterDevice => None,
        FileType::BlockDevice => Some(rustix::fs::seek(file, SeekFrom::End(0))?),
        FileType::Fifo | FileType::Socket => {
            let message = "a pipe cannot be read by position; put what comes out of it into a file";
            return Err(io::Error::new(io::ErrorKind::NotSeekable, message));
        }
        _ => Some(stat.st_size as u64),
    };
    Ok((Identity { device: stat.st_dev, inode: stat.st_ino }, len))
}

/// Whether the file was opened for reading, and whether for writing.
pub(crate) fn rights(file: &File) -> io::Result<(bool, bool)> {
    let flags = rustix::fs::fcntl_getfl(file)?;
    let access = flags & OFlags::ACCMODE;
    Ok((access != OFlags::WRONLY && !flags.contains(OFlags::PATH), access != OFlags::RDONLY))
}

/// The path under which an open file stands in its folder, if it does.
pub(crate) fn path_of(file: &File) -> Option<PathBuf> {
    let path = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()?;
    let named = std::fs::metadata(&path).ok()?;
    let (own, _) = examine(file).ok()?;
    (own == Identity { device: named.dev(), inode: named.ino() }).then_some(path)
}

/// Whether the kernel promises that no byte of this file ever changes: a memfd sealed against
/// writing and shrinking.
pub(crate) fn is_immutable(file: &File) -> bool {
    let needed = SealFlags::WRITE | SealFlags::SHRINK;
    rustix::fs::fcntl_get_seals(file).is_ok_and(|seals| seals.contains(needed))
}

/// Shared memory without a name: `len` bytes of zeros that can become more, but never fewer.
pub(crate) fn memfd(name: &str, len: u64) -> io::Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let made = match rustix::fs::memfd_create(name, flags | MemfdFlags::NOEXEC_SEAL) {
        // Linux before 6.3 does not know the flag; from there on some systems insist on it.
        Err(Errno::INVAL) => rustix::fs::memfd_create(name, flags),
        made => made,
    };
    let file = File::from(made?);
    file.set_len(len)?;
    rustix::fs::fcntl_add_seals(&file, SealFlags::SHRINK)?;
    Ok(file)
}

/// The length that the kernel promises this file will keep, or exceed, and of which each page can be
/// touched: that of a memfd sealed against shrinking. (One of huge pages may lack a page.)
pub(crate) fn uncut_len(file: &File) -> Option<u64> {
    const TMPFS_MAGIC: u64 = 0x0102_1994;
    let sealed = rustix::fs::fcntl_get_seals(file).ok()?.contains(SealFlags::SHRINK);
    let is_memory = rustix::fs::fstatfs(file).ok()?.f_type as u64 == TMPFS_MAGIC;
    // Asked behind the seal: a length from before could have been cut since.
    if sealed && is_memory { Some(file.metadata().ok()?.len()) } else { None }
}

/// Starts writing changed pages of the range to the disk, and does not wait.
pub(crate) fn start_write_back(file: &File, range: Range<u64>) -> io::Result<()> {
    let (offset, len) = (range.start as i64, (range.end - range.start) as i64);
    // SAFETY: the call takes numbers only.
    let code = unsafe {
        libc::sync_file_range(file.as_raw_fd(), offset, len, libc::SYNC_FILE_RANGE_WRITE)
    };
    match io::Error::last_os_error() {
        _ if code == 0 => Ok(()),
        // Devices of characters, `/dev/zero` say, have no disk behind them to write to.
        error if error.raw_os_error() == Some(libc::ESPIPE) => Ok(()),
        error => Err(error),
    }
}

/// Copies between files in the kernel (`copy_file_range(2)`), where both file systems can: one that
/// shares blocks copies nothing. Tells how many bytes have been copied.
pub(super) fn copy_range(from: &File, range: Range<u64>, file: &File, to: u64) -> io::Result<u64> {
    /// The kernel copies no more at once.
    const MOST: u64 = 1 << 30;
    let len = range.end - range.start;
    let mut done = 0;
    while done < len {
        let (mut source, mut target) = (range.start + done, to + done);
        let n = (len - done).min(MOST) as usize;
        let offsets = (Some(&mut source), Some(&mut target));
        match rustix::fs::copy_file_range(from, offsets.0, file, offsets.1, n) {
            // Some file systems answer so to what they cannot copy.
            Ok(0) => break,
            Ok(copied) => done += copied as u64,
            Err(Errno::INTR) => {}
            Err(Errno::XDEV | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL | Errno::PERM) => {
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(done)
}

/// The next run of bytes from `at` on that the file system holds blocks for; `None` where only a hole
/// is left, or nothing. What keeps no account of its holes is all data.
pub(crate) fn data_from(file: &File, at: u64) -> io::Result<Option<Range<u64>>> {
    let place = rustix::fs::tell(file);
    let seek = |whence| rustix::fs::seek(file, whence);
    let found = seek(SeekFrom::Data(at)).and_then(|start| Ok(start..seek(SeekFrom::Hole(start))?));
    if let Ok(place) = place {
        rustix::fs::seek(file, SeekFrom::Start(place))?;
    }
    match found {
        Ok(data) => Ok(Some(data)),
        Err(Errno::NXIO) => Ok(None),
        // Devices do not know these questions.
        Err(Errno::INVAL | Errno::SPIPE | Errno::OPNOTSUPP) => Ok(Some(at..u64::MAX)),
        Err(error) => Err(error.into()),
    }
}

/// Takes the pages that the range touches out of the page cache, except those that are mapped
/// or were changed and are not on the disk yet.
pub(crate) fn evict(file: &File, range: Range<u64>) -> io::Result<()> {
    let page = page_size() as u64;
    // The kernel leaves pages alone that are in the range only in part.
    let (start, end) = (range.start / page * page, range.end.next_multiple_of(page));
    let Some(len) = NonZeroU64::new(end - start) else { return Ok(()) };
    Ok(rustix::fs::fadvise(file, start, Some(len), rustix::fs::Advice::DontNeed)?)
}

/// How many of the pages of the file that the range touches are in the page cache, and how many there
/// are.
pub(crate) fn cached(file: &File, range: Range<u64>) -> io::Result<(usize, usize)> {
    if range.is_empty() {
        return Ok((0, 0));
    }
    let page = page_size() as u64;
    let (start, end) = (range.start / page * page, range.end.next_multiple_of(page));
    let total = ((end - start) / page) as usize;
    match cachestat(file, start, end - start) {
        // Linux before 6.5.
        Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => {
            let len = (range.end - start) as usize;
            Mapping::of_file(file, start, len, Access::Read)?.residency(0..len)
        }
        pages => Ok((pages?.min(total as u64) as usize, total)),
    }
}

/// Pages of the range in the page cache: `cachestat(2)`.
fn cachestat(file: &File, start: u64, len: u64) -> io::Result<u64> {
    /// The same on every architecture.
    const SYS_CACHESTAT: libc::c_long = 451;
    let range = [start, len];
    // Pages cached, dirty, in write-back, evicted, recently evicted.
    let mut counts = [0_u64; 5];
    let (fd, flags) = (file.as_raw_fd(), 0);
    // SAFETY: the kernel reads two numbers of 64 bits, and writes five.
    let code =
        unsafe { libc::syscall(SYS_CACHESTAT, fd, range.as_ptr(), counts.as_mut_ptr(), flags) };
    if code == 0 { Ok(counts[0]) } else { Err(io::Error::last_os_error()) }
}

/// A new file in the folder that has no name (`O_TMPFILE`), so that it goes with the process; `None`
/// where the file system has no such thing.
pub(super) fn nameless_file(folder: &Path) -> io::Result<Option<File>> {
    let mut options = File::options();
    options.read(true).write(true).custom_flags(libc::O_TMPFILE).mode(0o666);
    match options.open(folder) {
        Ok(file) => Ok(Some(file)),
        Err(error) if matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::EISDIR)) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Gives a nameless file a name that nothing has yet.
pub(super) fn give_name(file: &File, name: &Path) -> io::Result<()> {
    let nameless = format!("/proc/self/fd/{}", file.as_raw_fd());
    let (folder, flags) = (rustix::fs::CWD, rustix::fs::AtFlags::SYMLINK_FOLLOW);
    Ok(rustix::fs::linkat(folder, nameless, folder, name, flags)?)
}

/// Waits until the disk has the names in a folder.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
