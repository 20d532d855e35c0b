//! Many short runs of bytes that lie here and there: asking for them ahead, and copying them at once.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::num::NonZeroU64;
use std::ops::Range;

use super::{Mapping, mm, page_size, transferred};

/// The kernel reads no more than this at one request, if the device is set to its default.
const MOST_AHEAD: usize = 128 << 10;

/// Starts reading the pages of the file that the range touches, and does not wait.
pub(crate) fn read_ahead(file: &File, range: Range<u64>) -> io::Result<()> {
    for start in range.clone().step_by(MOST_AHEAD) {
        let len = NonZeroU64::new((range.end - start).min(MOST_AHEAD as u64));
        rustix::fs::fadvise(file, start, len, rustix::fs::Advice::WillNeed)?;
    }
    Ok(())
}

/// Starts reading the pages of a map that the addresses touch, and does not wait.
pub(crate) fn read_ahead_at(addresses: Range<usize>) -> io::Result<()> {
    let first = addresses.start / page_size() * page_size();
    for start in (first..addresses.end).step_by(MOST_AHEAD) {
        let len = (addresses.end - start).min(MOST_AHEAD);
        let start = std::ptr::without_provenance_mut(start);
        // SAFETY: the advice changes no byte, and is refused where nothing is mapped.
        unsafe { mm::madvise(start, len, mm::Advice::WillNeed)? };
    }
    Ok(())
}

/// Whether the page at this address is in memory. Of files that others own the kernel may not tell, and
/// says yes.
pub(crate) fn is_in_memory(address: usize) -> io::Result<bool> {
    let page = std::ptr::without_provenance_mut(address / page_size() * page_size());
    let mut flag = 0;
    // SAFETY: the kernel looks the address up, and writes one byte for one page.
    match unsafe { libc::mincore(page, 1, &raw mut flag) } {
        0 => Ok(flag & 1 != 0),
        _ => Err(io::Error::last_os_error()),
    }
}

/// A number that grows when this thread waits for a disk.
pub(crate) fn waits() -> u64 {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the kernel fills the struct in.
    unsafe { libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr()) };
    // SAFETY: it holds numbers, and zeros where the kernel did not.
    let usage = unsafe { usage.assume_init() };
    usage.ru_majflt as u64 + usage.ru_inblock as u64
}

impl Mapping {
    /// Copies `len` bytes from each of these places, one behind the other, through the kernel: as
    /// [`Mapping::read_at`]. The places are counted from `base` bytes before the mapping.
    pub(crate) fn read_runs(
        &self,
        base: u64,
        starts: &[u64],
        len: usize,
        buffer: &mut [u8],
    ) -> io::Result<()> {
        const MOST: usize = 1024;
        assert!(len > 0 && buffer.len() == starts.len() * len);
        let pid = std::process::id() as libc::pid_t;
        let mut runs = Vec::with_capacity(starts.len().min(MOST));
        for (starts, buffer) in starts.chunks(MOST).zip(buffer.chunks_mut(MOST * len)) {
            runs.clear();
            runs.extend(starts.iter().map(|&start| {
                let at = (start - base) as usize;
                assert!(at <= self.len && len <= self.len - at);
                libc::iovec { iov_base: self.at(at), iov_len: len }
            }));
            let mut done = 0;
            while done < buffer.len() {
                let (run, part) = (done / len, done % len);
                let at = (starts[run] - base) as usize + part;
                runs[run] = libc::iovec { iov_base: self.at(at), iov_len: len - part };
                let (from, rest) = (&runs[run..], &mut buffer[done..]);
                let to = libc::iovec { iov_base: rest.as_mut_ptr().cast(), iov_len: rest.len() };
                let count = from.len() as libc::c_ulong;
                // The kernel looks up every page of what it calls remote, and copies the other side like
                // the memory of any caller. Few long runs are to be looked up, not many short ones: so
                // the buffer is written to, rather than the runs read from.
                // SAFETY: the kernel only reads `from`, inside this mapping, and stores in `to`, a buffer
                // of ours.
                let code = unsafe {
                    libc::process_vm_writev(pid, from.as_ptr(), count, &raw const to, 1, 0)
                };
                done += transferred(code)?;
            }
        }
        Ok(())
    }
}
