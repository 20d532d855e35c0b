//! What the kernel says of this process's memory, and of a file's pages in it.

use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::path::Path;

/// What `/proc/self/smaps` says of all maps of one file.
#[derive(Debug, Default)]
pub struct Maps {
    /// Bytes of them that are in this process's page tables.
    pub rss: usize,
    /// The `VmFlags` of each, in the order of their addresses, and how many bytes it covers.
    pub flags: Vec<(usize, Vec<String>)>,
}

/// The maps of the file at this path.
pub fn maps_of(path: &Path) -> Maps {
    let path = format!(" {}", path.display());
    let (mut maps, mut ours, mut size) = (Maps::default(), false, 0);
    for line in fs::read_to_string("/proc/self/smaps").unwrap().lines() {
        let (key, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let kib = || 1024 * rest.trim().trim_end_matches(" kB").parse::<usize>().unwrap();
        match key {
            "Size:" => size = kib(),
            "Rss:" if ours => maps.rss += kib(),
            "VmFlags:" if ours => {
                maps.flags.push((size, rest.split_whitespace().map(str::to_owned).collect()));
            }
            _ if !key.ends_with(':') => ours = line.ends_with(&path),
            _ => {}
        }
    }
    maps
}

/// Bytes of this process that are in memory: `VmRSS`.
pub fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * rustix::param::page_size()
}

/// Bytes that this process has read by system calls so far.
pub fn bytes_read() -> usize {
    let io = fs::read_to_string("/proc/self/io").unwrap();
    io.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap()
}

/// Pages of a range of a file in the page cache, as `cachestat(2)` counts them.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Cached {
    pub pages: u64,
    pub dirty: u64,
    pub in_write_back: u64,
    pub evicted: u64,
    pub recently_evicted: u64,
}

/// The pages of this range of the file that are in memory. An error before Linux 6.5.
pub fn cached(file: &File, range: Range<u64>) -> io::Result<Cached> {
    const CACHESTAT: libc::c_long = 451;
    let range = [range.start, range.end - range.start];
    let mut cached = Cached::default();
    // SAFETY: both structures have the layout that the call is documented with, and live.
    let code =
        unsafe { libc::syscall(CACHESTAT, file.as_raw_fd(), range.as_ptr(), &raw mut cached, 0) };
    if code == 0 { Ok(cached) } else { Err(io::Error::last_os_error()) }
}

/// Writes the file to the disk and takes its pages out of the page cache, where the file system
/// can and no map holds them. Whether it worked.
pub fn evict(path: &Path) -> bool {
    let file = File::options().read(true).write(true).open(path).unwrap();
    file.sync_all().unwrap();
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
    cached(&file, 0..file.metadata().unwrap().len()).is_ok_and(|cached| cached.pages == 0)
}
