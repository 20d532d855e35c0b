//! `w+` over files that this process has mapped: they are never cut under a map.

mod common;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use common::live::{WORKS, bytes_of};
use mapray::{DynLiveMap, ErrorKind, Map, MapOptions, Mode, Result};
use ndarray::Ix1;

const PAGE: usize = 4096;
const MODES: [Mode; 3] = [Mode::Read, Mode::ReadWrite, Mode::CopyOnWrite];

fn make(path: &Path, len: usize) -> Vec<u8> {
    let bytes: Vec<u8> = (0..len).map(|at| at as u8 | 1).collect();
    fs::write(path, &bytes).unwrap();
    bytes
}

fn overwrite(path: &Path, len: usize) -> Result<DynLiveMap> {
    MapOptions::new().mode(Mode::Write).shape(len).live_dyn(path)
}

#[test]
fn a_file_is_not_cut_under_a_map_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    for (mode, sparse) in MODES.iter().flat_map(|&mode| [(mode, false), (mode, true)]) {
        let bytes = make(&path, 10_000);
        let map = MapOptions::new().mode(mode).offset(1000).shape(5000).live_dyn(&path).unwrap();
        let write = MapOptions::new().mode(Mode::Write).sparse(sparse);
        for len in [0, 1, 1000, 5999] {
            let error = write.clone().shape(len).live_dyn(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
            assert_eq!(error.path(), Some(&*path));
            let found =
                format!("one of bytes 1000 to 6000 of {}, in mode '{mode}'", path.display());
            assert_eq!(error.found_value(), Some(&*found));
            assert!(fs::read(&path).unwrap() == bytes, "mode {mode}: the old bytes are gone");
        }
        assert_eq!(bytes_of(&map), bytes[1000..6000]);
        // With that map gone it is NumPy's `w+`.
        drop(map);
        write.shape(10).live_dyn(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), [0; 10]);
    }
}

#[test]
fn a_file_that_stays_as_long_as_its_maps_is_zeroed_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    for (mode, sparse) in MODES.iter().flat_map(|&mode| [(mode, false), (mode, true)]) {
        for len in [6000, 7000, 10_000, 30_000] {
            make(&path, 10_000);
            let map = MapOptions::new().mode(mode).shape(6000).live_dyn(&path).unwrap();
            let write = MapOptions::new().mode(Mode::Write).sparse(sparse).shape(len);
            let new = write.live_dyn(&path).unwrap();
            assert_eq!(fs::read(&path).unwrap(), vec![0; len]);
            assert_eq!(bytes_of(&map), [0; 6000], "mode {mode}: it is the same file");
            map.check().unwrap();
            if WORKS {
                new.set(&[0], 7_u8).unwrap();
                assert_eq!(map.get::<u8>(&[0]).unwrap(), 7);
            }
        }
    }
}

#[test]
#[cfg(unix)]
fn a_file_is_known_by_any_of_its_names() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let [path, hard, soft] = ["a", "hard", "soft"].map(|name| folder.join(name));
    let bytes = make(&path, 10_000);
    fs::hard_link(&path, &hard).unwrap();
    std::os::unix::fs::symlink(&path, &soft).unwrap();
    // SAFETY: nothing is looked at through it.
    let map = unsafe { Map::<u8, Ix1>::open(&path) };
    assert!(map.is_err(), "it has no header");
    // SAFETY: as above.
    let map = unsafe { MapOptions::new().map::<u8, Ix1>(&path) }.unwrap();
    for name in [&hard, &soft] {
        let error = overwrite(name, 100).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Locked, Some(&**name)));
        let found = format!("one of bytes 0 to 10000 of {}, in mode 'r'", path.display());
        assert_eq!(error.found_value(), Some(&*found));
    }
    assert!(fs::read(&path).unwrap() == bytes);
    // Another file in its place is not under the map.
    fs::remove_file(&path).unwrap();
    make(&path, 10_000);
    overwrite(&path, 100).unwrap();
    assert_eq!(map[9999], bytes[9999]);
}

#[test]
fn eight_threads_overwrite_one_file_and_no_store_is_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let (made, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for thread in 0..8 {
            let (path, made, refused) = (&path, &made, &refused);
            scope.spawn(move || {
                for i in 0..60 {
                    let pages = 1 + (i * 7 + thread * 5) % 20;
                    let options = MapOptions::new().mode(Mode::Write).shape(pages * PAGE);
                    // SAFETY: the others overwrite it: no byte is looked at, none relied on.
                    match unsafe { options.locks(false).map_mut::<u8, Ix1>(path) } {
                        Ok(mut map) => {
                            let first = map.as_mut_ptr();
                            for page in 0..pages {
                                // SAFETY: inside the map. (Where the file was cut it is a signal.)
                                unsafe { first.wrapping_add(page * PAGE).write_volatile(1) };
                            }
                            made.fetch_add(1, Ordering::Relaxed);
                        }
                        // Another one may have cut it before this one has mapped it.
                        Err(error) if error.kind() == ErrorKind::Truncated => {}
                        Err(error) => {
                            assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
                            refused.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
    });
    assert!(made.into_inner() > 0 && refused.into_inner() > 0);
}
