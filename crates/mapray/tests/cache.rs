//! The page cache under arrays that are not mapped, and the counting of what is read.

#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::memory;
use mapray::{Archive, ArrayFile, CreateOptions, ErrorKind, SavezOptions};
use ndarray::Array2;
use tempfile::TempDir;

const PORTABLE: bool = cfg!(mapray_portable);

/// 64 rows of four pages, evicted. `None` where the file system cannot evict, which is noted.
fn rows(test: &str) -> Option<(TempDir, ArrayFile)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.npy");
    mapray::save(&path, &Array2::<u8>::ones((64, 4 * page()))).unwrap();
    if !memory::evict(&path) {
        common::skip(test, "the temporary folder's file system keeps its pages");
        return None;
    }
    Some((folder, ArrayFile::open(&path).unwrap()))
}

fn page() -> usize {
    rustix::param::page_size()
}

fn slice(file: &ArrayFile, slice: &str) -> ArrayFile {
    file.slice(&slice.parse().unwrap()).unwrap()
}

/// Pages in memory, as the kernel counts them itself.
fn cached(path: &Path, bytes: std::ops::Range<u64>) -> u64 {
    memory::cached(&File::open(path).unwrap(), bytes).unwrap().pages
}

#[test]
fn warm_reads_what_was_asked_for_and_evict_lets_go_of_it() {
    let name = "warm_reads_what_was_asked_for_and_evict_lets_go_of_it";
    let Some((_folder, file)) = rows(name) else { return };
    let path = file.path().unwrap();
    let part = slice(&file, "[10:20]");
    let span = part.layout().span();
    part.warm().unwrap();
    // The elements start 128 bytes into a page, so the ten rows touch one page more.
    assert_eq!(cached(path, span.clone()), 41);
    if PORTABLE {
        assert_eq!(part.residency().unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(part.evict().unwrap_err().kind(), ErrorKind::Unsupported);
        return;
    }
    let residency = part.residency().unwrap();
    assert_eq!((residency.resident, residency.total), (41 * page(), 41 * page()));
    let whole = file.residency().unwrap();
    assert_eq!(whole.total, 257 * page());
    assert!(whole.resident >= 41 * page());

    file.warm().unwrap();
    // Pages that the system keeps together with one outside of the slice stay.
    slice(&file, "[:60]").evict().unwrap();
    let [first, second] = ["[:60]", "[61:]"].map(|part| slice(&file, part).residency().unwrap());
    assert!(first.resident < first.total / 2, "{first:?}");
    assert_eq!(second.resident, second.total);
    file.evict().unwrap();
    assert_eq!(file.residency().unwrap().resident, 0);
}

#[test]
fn evict_writes_what_was_changed_first() {
    if PORTABLE {
        return;
    }
    let name = "evict_writes_what_was_changed_first";
    let Some((_folder, file)) = rows(name) else { return };
    let map = file.map_live::<u8, ndarray::Ix2>(mapray::Mode::ReadWrite).unwrap();
    map.set((5, 5), 7).unwrap();
    drop(map);
    file.evict().unwrap();
    assert_eq!(file.residency().unwrap().resident, 0);
    assert_eq!(file.get::<u8>(&[5, 5]).unwrap(), 7);
}

#[test]
fn a_strided_slice_touches_its_own_pages_only() {
    if PORTABLE {
        return;
    }
    let Some((_folder, file)) = rows("a_strided_slice_touches_its_own_pages_only") else { return };
    let column = slice(&file, "[:, 0]");
    assert_eq!(column.residency().unwrap().total, 64 * page());
    column.warm().unwrap();
    assert_eq!(column.residency().unwrap().resident, 64 * page());
    assert!(file.residency().unwrap().total > column.residency().unwrap().total);
}

#[test]
fn holes_are_passed_over() {
    if PORTABLE {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.npy");
    let options = CreateOptions::new((1 << 20, 1 << 20)).sparse(true);
    let map = options.live::<u8, ndarray::Ix2>(&path).unwrap();
    map.set((1 << 19, 77), 1).unwrap();
    map.close().unwrap();
    let file = ArrayFile::open(&path).unwrap();
    let counter = Arc::new(AtomicU64::new(0));
    file.count_reads(&counter);
    file.warm().unwrap();
    let read = counter.load(Ordering::Relaxed);
    assert!((1..1 << 20).contains(&read), "{read} bytes were read");
    let residency = file.residency().unwrap();
    assert_eq!(residency.total, (1 << 40) + page());
    assert!(residency.resident < 1 << 28, "{residency:?}");
    file.evict().unwrap();
}

#[test]
fn nothing_is_nowhere() {
    if PORTABLE {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.npy");
    mapray::save(&path, &Array2::<f64>::zeros((0, 3))).unwrap();
    let file = ArrayFile::open(&path).unwrap();
    file.warm().unwrap();
    file.evict().unwrap();
    let residency = file.residency().unwrap();
    assert_eq!((residency.resident, residency.total), (0, 0));
}

#[test]
fn a_file_that_was_cut_cannot_be_warmed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.npy");
    mapray::save(&path, &Array2::<f64>::ones((100, 100))).unwrap();
    let file = ArrayFile::open(&path).unwrap();
    File::options().write(true).open(&path).unwrap().set_len(1000).unwrap();
    let error = file.warm().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated, "{error}");
    assert_eq!(error.path(), Some(&*path));
}

#[test]
fn every_read_is_counted_once_and_shared_by_parts() {
    let folder = tempfile::tempdir().unwrap();
    let (path, npz) = (folder.path().join("a.npy"), folder.path().join("a.npz"));
    let array = Array2::<f64>::ones((100, 100));
    mapray::save(&path, &array).unwrap();
    let deflated = SavezOptions::new().compression(mapray::Compression::Deflate(6));
    deflated.save(&npz, [("a", &array)]).unwrap();

    let counter = Arc::new(AtomicU64::new(0));
    let count = || counter.swap(0, Ordering::Relaxed);
    let file = ArrayFile::open(&path).unwrap();
    file.count_reads(&counter);
    slice(&file, "[:10]").to_array::<f64, ndarray::Ix2>().unwrap();
    assert_eq!(count(), 8000);
    mapray::save_dyn(folder.path().join("b.npy"), &file).unwrap();
    assert_eq!(count(), 80_000);
    mapray::summary(&file).unwrap();
    assert_eq!(count(), 80_000);

    let archive = Archive::open(&npz).unwrap();
    archive.count_reads(&counter);
    archive.decode("a").unwrap();
    let decoded = count();
    assert!((1..80_000).contains(&decoded), "{decoded} bytes of deflate");
    archive.verify().unwrap();
    assert!(count() >= decoded);
    file.count_reads(&Arc::default());
    file.get::<f64>(&[0, 0]).unwrap();
    assert_eq!(count(), 8, "the first counter stays");
}
