//! What is done to pages: flushed, advised, fetched, given back. Each on a whole map and on a slice,
//! and seen with the kernel's own counters.

#![cfg(target_os = "linux")]

mod common;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::memory::{Cached, cached, evict, maps_of};
use mapray::{Advice, ErrorKind, LiveMap, MapMut, MapOptions, Mode, Pages};
use ndarray::{Ix1, Ix2};
use tempfile::TempDir;

/// Where the library does without the calls of Linux.
const PORTABLE: bool = cfg!(mapray_portable);
const ROWS: usize = 64;

/// The bytes of a row: four pages, so that rows apart are never one run for the flush.
fn row() -> usize {
    4 * rustix::param::page_size()
}

fn pages(rows: usize) -> u64 {
    4 * rows as u64
}

fn new_file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("rows.bin");
    (folder, path)
}

/// A map of rows of whole pages, every byte stored to.
fn dirty_map(path: &Path) -> MapMut<u8, Ix2> {
    let options = MapOptions::new().mode(Mode::Write).shape((ROWS, row()));
    // SAFETY: the file is in a folder of the test's own.
    let mut map = unsafe { options.map_mut::<u8, Ix2>(path).unwrap() };
    map.fill(1);
    map
}

fn slice<'a>(pages: &Pages<'a>, slice: &str) -> Pages<'a> {
    pages.slice(&slice.parse().unwrap()).unwrap()
}

/// Pages of these rows in the page cache.
fn rows(path: &Path, rows: std::ops::Range<usize>) -> std::io::Result<Cached> {
    cached(&File::open(path)?, (rows.start * row()) as u64..(rows.end * row()) as u64)
}

/// Whether this test can count dirty pages; if not it notes why.
fn counts_dirty_pages(test: &str, path: &Path) -> bool {
    let all = rows(path, 0..ROWS);
    match all {
        Ok(all) if all.dirty > 0 => return true,
        Ok(_) => common::skip(test, "the temporary folder's file system has no dirty pages"),
        Err(error) => common::skip(test, &format!("cachestat: {error}")),
    }
    false
}

/// Whether what `start` does leaves exactly `clean` of the rows clean. Somebody else may write the
/// disk's dirty pages back at any time, so one try in three must do.
fn leaves_clean(test: &str, clean: &[usize], start: impl Fn(&MapMut<u8, Ix2>)) {
    let mut counts = Vec::new();
    for _ in 0..3 {
        let (_folder, path) = new_file();
        let map = dirty_map(&path);
        if !counts_dirty_pages(test, &path) {
            return;
        }
        start(&map);
        let left = rows(&path, 0..ROWS).unwrap().dirty;
        for &row in clean {
            assert_eq!(rows(&path, row..row + 1).unwrap().dirty, 0, "row {row}");
        }
        // Elsewhere a page is 64 KiB at least.
        if left == pages(ROWS - clean.len()) || PORTABLE {
            return;
        }
        counts.push(left);
    }
    panic!("{counts:?} of {} pages left dirty, {} rows flushed", pages(ROWS), clean.len());
}

#[test]
fn flushing_a_slice_writes_its_pages_and_no_others() {
    let test = "flushing_a_slice_writes_its_pages_and_no_others";
    leaves_clean(test, &[8, 9, 10, 11], |map| slice(&map.pages(), "[8:12]").flush().unwrap());
    leaves_clean(test, &[], |map| slice(&map.pages(), "[8:8]").flush().unwrap());
    leaves_clean(test, &[3, 19, 35, 51], |map| {
        slice(&map.pages(), "[51:1:-16, ::-1]").flush().unwrap();
    });
    let all: Vec<usize> = (0..ROWS).collect();
    leaves_clean(test, &all, |map| map.flush().unwrap());
}

#[test]
fn flush_async_starts_write_back_of_its_pages_at_once() {
    let test = "flush_async_starts_write_back_of_its_pages_at_once";
    if PORTABLE {
        let (_folder, path) = new_file();
        let error = dirty_map(&path).flush_async().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        return;
    }
    // Pages on their way to the disk are no longer counted as dirty.
    leaves_clean(test, &[8, 9, 10, 11], |map| slice(&map.pages(), "[8:12]").flush_async().unwrap());
    leaves_clean(test, &[3, 19, 35, 51], |map| {
        slice(&map.pages(), "[51:1:-16]").flush_async().unwrap();
    });
    leaves_clean(test, &[], |map| slice(&map.pages(), "[8:8]").flush_async().unwrap());
}

#[test]
fn flush_writes_nothing_in_the_modes_r_and_c() {
    for mode in [Mode::Read, Mode::CopyOnWrite] {
        let (_folder, path) = new_file();
        fs::write(&path, vec![1; 100_000]).unwrap();
        let map = MapOptions::new().mode(mode).live::<u8, Ix1>(&path).unwrap();
        if mode == Mode::CopyOnWrite && !PORTABLE {
            map.fill(2).unwrap();
        }
        map.flush().unwrap();
        map.flush_async().unwrap();
        slice(&map.pages(), "[::-5000]").flush().unwrap();
        slice(&map.pages(), "[::-5000]").flush_async().unwrap();
        assert_eq!(fs::read(&path).unwrap(), vec![1; 100_000], "{mode}");
    }
    let nothing = LiveMap::<u8, Ix1>::zeros(0).unwrap();
    nothing.flush().unwrap();
    nothing.flush_async().unwrap();
    nothing.pages().release().unwrap();
}

/// The bytes under advice that shows as this flag.
fn advised(path: &Path, flag: &str) -> usize {
    let maps = maps_of(path);
    let with = maps.flags.iter().filter(|(_, flags)| flags.iter().any(|other| other == flag));
    with.map(|(bytes, _)| bytes).sum()
}

#[test]
fn advice_reaches_the_kernel_for_the_slice_and_changes_no_byte() {
    let (_folder, path) = new_file();
    let map = dirty_map(&path);
    let huge = Path::new("/sys/kernel/mm/transparent_hugepage").exists();
    for (advice, flag) in [
        (Advice::Random, Some("rr")),
        (Advice::Normal, None),
        (Advice::Sequential, Some("sr")),
        (Advice::HugePage, Some("hg")),
        (Advice::WillNeed, None),
        (Advice::DontNeed, None),
        (Advice::Normal, None),
    ] {
        if advice == Advice::HugePage && !huge && !PORTABLE {
            assert_eq!(map.pages().advise(advice).unwrap_err().kind(), ErrorKind::Io);
            continue;
        }
        slice(&map.pages(), "[8:12]").advise(advice).unwrap();
        if let Some(flag) = flag.filter(|_| !PORTABLE) {
            assert_eq!(advised(&path, flag), 4 * row(), "{advice:?}");
        }
        slice(&map.pages(), "[::-7, 5::300]").advise(advice).unwrap();
        slice(&map.pages(), "[5:5]").advise(advice).unwrap();
        map.pages().advise(advice).unwrap();
        if let Some(flag) = flag.filter(|_| !PORTABLE) {
            assert_eq!(advised(&path, flag), ROWS * row(), "{advice:?}");
        }
        assert!(map.iter().all(|&byte| byte == 1), "{advice:?}");
    }
    assert_eq!(advised(&path, "rr") + advised(&path, "sr"), 0, "the last advice was normal");
    map.pages().prefetch().unwrap();
    map.pages().release().unwrap();
    assert!(map.iter().all(|&byte| byte == 1));
}

/// A map of a file that is on the disk and not in memory; `None` where that cannot be had.
fn cold_map(test: &str, path: &Path) -> Option<LiveMap<u8, Ix2>> {
    drop(dirty_map(path));
    if !evict(path) {
        common::skip(test, "the temporary folder's pages cannot be taken out of memory");
        return None;
    }
    let options = MapOptions::new().mode(Mode::Read).shape((ROWS, row()));
    Some(options.live(path).unwrap())
}

#[test]
fn residency_counts_the_pages_of_the_slice_that_are_in_memory() {
    let test = "residency_counts_the_pages_of_the_slice_that_are_in_memory";
    let (_folder, path) = new_file();
    if PORTABLE {
        let error = dirty_map(&path).pages().residency().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        return;
    }
    let Some(map) = cold_map(test, &path) else { return };
    let count = |text: &str| {
        let residency = slice(&map.pages(), text).residency().unwrap();
        (residency.resident / row(), residency.total / row())
    };
    map.pages().advise(Advice::Random).unwrap();
    assert_eq!(count("[...]"), (0, ROWS));
    for column in (0..row()).step_by(rustix::param::page_size()) {
        map.get((20, column)).unwrap();
    }
    assert_eq!(count("[...]"), (1, ROWS));
    assert_eq!(count("[20]"), (1, 1));
    assert_eq!(count("[21:]"), (0, ROWS - 21));
    assert_eq!(count("[::-10]"), (0, 7));
    assert_eq!(count("[60::-10]"), (1, 7));
    assert_eq!(count("[5:5]"), (0, 0));
    let column = slice(&map.pages(), "[:, 9]").residency().unwrap();
    let page = rustix::param::page_size();
    assert_eq!((column.resident, column.total), (page, ROWS * page));
}

#[test]
fn prefetch_reads_the_slice_from_the_disk() {
    let test = "prefetch_reads_the_slice_from_the_disk";
    if PORTABLE {
        return;
    }
    let (_folder, path) = new_file();
    let Some(map) = cold_map(test, &path) else { return };
    map.pages().advise(Advice::Random).unwrap();
    let some = slice(&map.pages(), "[16:32]");
    assert_eq!(some.residency().unwrap().resident, 0);
    some.prefetch().unwrap();
    let start = Instant::now();
    while some.residency().unwrap().resident < some.residency().unwrap().total {
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", some.residency());
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(slice(&map.pages(), "[40:]").residency().unwrap().resident, 0);
}

/// The kernel takes no more than a read-ahead window from one request.
#[test]
fn a_large_slice_is_prefetched_to_its_end() {
    const LEN: usize = 24 << 20;
    let test = "a_large_slice_is_prefetched_to_its_end";
    if PORTABLE {
        return;
    }
    let (_folder, path) = new_file();
    File::create(&path).unwrap().set_len(LEN as u64).unwrap();
    let map = MapOptions::new().mode(Mode::Read).shape(LEN).live::<u8, Ix1>(&path).unwrap();
    if !evict(&path) {
        return common::skip(test, "nothing leaves the page cache on this file system");
    }
    map.pages().prefetch().unwrap();
    let start = Instant::now();
    while map.pages().residency().unwrap().resident < LEN {
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", map.pages().residency());
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn release_gives_memory_back_and_loses_nothing() {
    let (_folder, path) = new_file();
    let map = dirty_map(&path);
    assert_eq!(maps_of(&path).rss, ROWS * row());
    slice(&map.pages(), "[8:12]").release().unwrap();
    let left = if PORTABLE { ROWS } else { ROWS - 4 };
    assert_eq!(maps_of(&path).rss, left * row());
    map.pages().release().unwrap();
    if !PORTABLE {
        assert_eq!(maps_of(&path).rss, 0);
    }
    assert!(map.iter().all(|&byte| byte == 1));
}

#[test]
fn release_keeps_the_edited_pages_of_a_copy() {
    let (_folder, path) = new_file();
    drop(dirty_map(&path));
    let options = MapOptions::new().mode(Mode::CopyOnWrite).shape((ROWS, row()));
    // SAFETY: the file is in a folder of the test's own.
    let mut map = unsafe { options.map_mut::<u8, Ix2>(&path).unwrap() };
    assert!(map.iter().all(|&byte| byte == 1), "every page is looked at");
    for row in (0..ROWS).step_by(3) {
        map[(row, 2 * row)] = 9;
    }
    let check = |map: &MapMut<u8, Ix2>| {
        for ((row, column), &byte) in map.indexed_iter() {
            let edited = row % 3 == 0 && column == 2 * row;
            assert_eq!(byte, if edited { 9 } else { 1 }, "[{row}, {column}]");
        }
    };
    slice(&map.pages(), "[9]").release().unwrap();
    map.pages().release().unwrap();
    if !PORTABLE {
        let edited = ROWS.div_ceil(3) * rustix::param::page_size();
        assert_eq!(maps_of(&path).rss, edited, "one page of each third row");
    }
    check(&map);
    slice(&map.pages(), "[::-1]").release().unwrap();
    slice(&map.pages(), "[:, 0]").release().unwrap();
    check(&map);
    drop(map);
    assert!(fs::read(&path).unwrap().iter().all(|&byte| byte == 1));
}

#[test]
fn release_loses_no_edit_of_another_thread() {
    if PORTABLE {
        return;
    }
    let (_folder, path) = new_file();
    drop(dirty_map(&path));
    let options = MapOptions::new().mode(Mode::CopyOnWrite).shape((ROWS, row()));
    let map = options.live::<u8, Ix2>(&path).unwrap();
    let done = AtomicBool::new(false);
    let columns: Vec<usize> = (0..row()).step_by(rustix::param::page_size()).collect();
    thread::scope(|scope| {
        let writer = map.clone();
        let (done, columns) = (&done, &columns);
        scope.spawn(move || {
            for round in 0..20 {
                for row in 0..ROWS {
                    for &column in columns {
                        writer.set((row, column + round), 50 + round as u8).unwrap();
                        let stored = writer.get((row, column + round)).unwrap();
                        assert_eq!(stored, 50 + round as u8, "[{row}, {column}]");
                    }
                }
            }
            done.store(true, Ordering::Relaxed);
        });
        let mut releases = 0;
        while !done.load(Ordering::Relaxed) {
            map.pages().release().unwrap();
            slice(&map.pages(), "[::7]").release().unwrap();
            releases += 1;
            // A writer that fails must not leave this one going on for ever.
            assert!(releases < 1_000_000);
        }
    });
    for row in 0..ROWS {
        for &column in &columns {
            for round in 0..20 {
                let stored = map.get((row, column + round)).unwrap();
                assert_eq!(stored, 50 + round as u8, "[{row}, {column} + {round}]");
            }
        }
    }
}
