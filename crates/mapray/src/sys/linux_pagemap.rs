//! Which pages of a private mapping its process has to itself: `/proc/self/pagemap`.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;

use super::page_size;

/// The runs of pages in a range of addresses, which must begin at a page, that a store has made
/// private: those that are present or swapped, and not the file's.
///
/// A page without a description in the kernel (of a file on persistent memory) is called private too.
pub(super) fn private_pages(addresses: Range<usize>) -> io::Result<Vec<Range<usize>>> {
    let page_map = File::open("/proc/self/pagemap")?;
    match scan(&page_map, addresses.clone()) {
        // Linux before 6.7 has no such call.
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOTTY | libc::EINVAL)) => {
            read(&page_map, addresses)
        }
        scanned => scanned,
    }
}

fn push(runs: &mut Vec<Range<usize>>, run: Range<usize>) {
    match runs.last_mut() {
        Some(last) if last.end == run.start => last.end = run.end,
        _ => runs.push(run),
    }
}

/// Asks for the runs (`ioctl_pagemap_scan(2)`), which costs what the page tables cost: nothing for
/// what was never touched.
fn scan(page_map: &File, addresses: Range<usize>) -> io::Result<Vec<Range<usize>>> {
    /// `struct page_region` of `linux/fs.h`.
    #[derive(Clone, Copy, Default)]
    #[repr(C)]
    struct Region {
        start: u64,
        end: u64,
        categories: u64,
    }
    /// `struct pm_scan_arg` of `linux/fs.h`.
    #[repr(C)]
    struct Arguments {
        size: u64,
        flags: u64,
        start: u64,
        end: u64,
        walk_end: u64,
        regions: *mut Region,
        regions_len: u64,
        max_pages: u64,
        inverted: u64,
        all_of: u64,
        any_of: u64,
        returned: u64,
    }
    const FILE: u64 = 1 << 2;
    const PRESENT_OR_SWAPPED: u64 = 1 << 3 | 1 << 4;
    const SCAN: rustix::ioctl::Opcode = rustix::ioctl::opcode::read_write::<Arguments>(b'f', 16);

    let mut regions = [Region::default(); 256];
    let end = addresses.end.next_multiple_of(page_size()) as u64;
    let mut start = addresses.start as u64;
    let mut runs = Vec::new();
    while start < end {
        let mut arguments = Arguments {
            size: size_of::<Arguments>() as u64,
            flags: 0,
            start,
            end,
            walk_end: 0,
            regions: regions.as_mut_ptr(),
            regions_len: regions.len() as u64,
            max_pages: 0,
            inverted: FILE,
            all_of: FILE,
            any_of: PRESENT_OR_SWAPPED,
            returned: FILE | PRESENT_OR_SWAPPED,
        };
        // SAFETY: the call reads and writes `arguments`, of the layout that it is documented with,
        // and writes as many regions as it is told there is room for; it changes no page.
        let code = unsafe { libc::ioctl(page_map.as_raw_fd(), SCAN as _, &raw mut arguments) };
        if code < 0 {
            return Err(io::Error::last_os_error());
        }
        for region in &regions[..code as usize] {
            push(&mut runs, region.start as usize..region.end as usize);
        }
        if arguments.walk_end <= start {
            return Err(io::Error::other("the page map was not walked"));
        }
        start = arguments.walk_end;
    }
    Ok(runs)
}

/// Reads an entry for each page (Linux's `admin-guide/mm/pagemap.rst`).
fn read(page_map: &File, addresses: Range<usize>) -> io::Result<Vec<Range<usize>>> {
    const PRESENT: u64 = 1 << 63;
    const SWAPPED: u64 = 1 << 62;
    const FILE_OR_SHARED: u64 = 1 << 61;
    let page = page_size();
    let mut runs = Vec::new();
    let mut entries = [0; 8 << 10];
    let mut at = addresses.start;
    while at < addresses.end {
        let pages = (addresses.end - at).div_ceil(page).min(entries.len() / 8);
        let entries = &mut entries[..pages * 8];
        page_map.read_exact_at(entries, (at / page) as u64 * 8)?;
        for entry in entries.as_chunks().0 {
            let entry = u64::from_ne_bytes(*entry);
            if entry & (PRESENT | SWAPPED) != 0 && entry & FILE_OR_SHARED == 0 {
                push(&mut runs, at..at + page);
            }
            at += page;
        }
    }
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use super::super::Mapping;
    use super::*;
    use crate::sys::Access;

    /// Both ways, which must agree.
    fn private(mapping: &Mapping, pages: usize) -> Vec<Range<usize>> {
        let page = page_size();
        let start = mapping.as_ptr() as usize;
        let page_map = File::open("/proc/self/pagemap").unwrap();
        let addresses = start..start + pages * page - 1;
        let read = read(&page_map, addresses.clone()).unwrap();
        match scan(&page_map, addresses.clone()) {
            Ok(scanned) => assert_eq!(scanned, read),
            Err(error) => assert!(matches!(error.raw_os_error(), Some(libc::ENOTTY))),
        }
        assert_eq!(private_pages(addresses).unwrap(), read);
        read.iter().map(|run| (run.start - start) / page..(run.end - start) / page).collect()
    }

    #[test]
    fn pages_are_private_from_the_first_store_on_however_they_are_asked_for() {
        let page = page_size();
        let pages = 2000;
        let file = tempfile::tempfile().unwrap();
        file.set_len((pages * page) as u64).unwrap();
        let mapping = Mapping::of_file(&file, 0, pages * page, Access::Copy).unwrap();
        assert_eq!(private(&mapping, pages), []);
        let mut byte = [0];
        for at in 0..pages {
            mapping.read_at(at * page, &mut byte).unwrap();
        }
        assert_eq!(private(&mapping, pages), [], "only read");
        let store = |at: usize| {
            let run = at * page + 7..at * page + 8;
            mapping.write_runs(std::slice::from_ref(&run), &[1]).unwrap();
        };
        for at in [0, 1, 2, 700, 1999] {
            store(at);
        }
        assert_eq!(private(&mapping, pages), [0..3, 700..701, 1999..2000]);
        // More runs than one call gives.
        (0..pages).step_by(2).for_each(store);
        let runs = private(&mapping, pages);
        assert_eq!(runs.len(), 999);
        assert_eq!((&runs[0], &runs[1]), (&(0..3), &(4..5)));
    }
}
