//! Disks that break under a map: what `close` reports, and a drop does not.

#![cfg(target_os = "linux")]

mod common;

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use common::disk::Disk;
use mapray::{ErrorKind, MapMut, MapOptions, Mode, Result};
use ndarray::Ix1;

const LEN: usize = 8 << 20;

/// Runs the test on disks that can break, with and without a journal.
fn on_each_disk(test: &str, work: impl Fn(&str, &Disk)) {
    for kind in ["ext4", "ext2"] {
        match Disk::mount_breakable(kind) {
            Ok(disk) => work(kind, &disk),
            Err(reason) => common::skip(test, &format!("no thin {kind}: {reason}")),
        }
    }
}

/// A map of a file whose blocks the file system has, and its disk has not.
fn map(path: &Path) -> MapMut<u8, Ix1> {
    // SAFETY: nobody else knows the file.
    unsafe { MapOptions::new().mode(Mode::Write).shape(LEN).map_mut(path) }.unwrap()
}

/// Has the system write the file back, as it does by itself after half a minute.
fn write_back(path: &Path) {
    let synced = Command::new("sync").arg(path).output().unwrap();
    assert!(!synced.status.success(), "the disk is broken");
}

fn is_refused(result: Result<()>, path: &Path, doing: &str) {
    let error = result.err().unwrap_or_else(|| panic!("{doing}: the disk has nothing of it"));
    assert!(matches!(error.kind(), ErrorKind::Io | ErrorKind::Space), "{doing}: {error}");
    assert_eq!(error.path(), Some(path), "{doing}: {error}");
}

#[test]
fn close_says_that_the_disk_has_refused_what_was_stored() {
    on_each_disk("close_says_that_the_disk_has_refused_what_was_stored", |kind, disk| {
        let path = disk.root().join("a");
        let mut map = map(&path);
        map.fill(1);
        disk.break_down();
        is_refused(map.close(), &path, kind);
    });
}

#[test]
fn close_says_so_too_where_the_system_wrote_by_itself_and_was_refused() {
    let test = "close_says_so_too_where_the_system_wrote_by_itself_and_was_refused";
    on_each_disk(test, |kind, disk| {
        let path = disk.root().join("a");
        let mut map = map(&path);
        map.fill(1);
        disk.break_down();
        write_back(&path);
        is_refused(map.close(), &path, kind);
    });
}

#[test]
fn what_a_flush_has_lost_no_later_flush_calls_written() {
    on_each_disk("what_a_flush_has_lost_no_later_flush_calls_written", |kind, disk| {
        let path = disk.root().join("a");
        let mut map = map(&path);
        map.fill(1);
        disk.break_down();
        is_refused(map.pages().flush(), &path, kind);
        is_refused(map.flush(), &path, kind);
        let error = map.flush().unwrap_err();
        assert!(error.to_string().contains("an earlier flush of the map failed"), "{error}");
        let slice = map.pages().slice(&"[:1]".parse().unwrap()).unwrap();
        is_refused(slice.flush(), &path, kind);
        is_refused(map.close(), &path, kind);
    });
}

#[test]
fn a_dropped_map_tells_nobody() {
    on_each_disk("a_dropped_map_tells_nobody", |_, disk| {
        let path = disk.root().join("a");
        let mut map = map(&path);
        map.fill(1);
        let file = File::open(&path).unwrap();
        disk.break_down();
        drop(map);
        // Nor is what was stored on the disk.
        file.sync_all().unwrap_err();
    });
}

#[test]
fn on_a_disk_that_works_close_has_nothing_to_say() {
    on_each_disk("on_a_disk_that_works_close_has_nothing_to_say", |kind, disk| {
        let path = disk.root().join("a");
        let mut map = map(&path);
        map[LEN - 1] = 1;
        map.close().unwrap();
        assert_eq!(fs::read(&path).unwrap()[LEN - 1], 1, "{kind}");
    });
}

#[test]
fn a_map_that_let_its_file_go_keeps_no_edit_of_it_and_writes_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    fs::write(&path, vec![1; 3 * 4096]).unwrap();
    for mode in [Mode::Read, Mode::ReadWrite, Mode::CopyOnWrite] {
        let options = MapOptions::new().mode(mode).locks(false);
        let mut map = options.live_dyn(&path).unwrap();
        let mut clone = map.clone();
        if mode == Mode::CopyOnWrite {
            map.set(&[5], 9_u8).unwrap();
        }
        map.detach().unwrap();
        map.detach().unwrap();
        let mut done = vec![map.check(), clone.flush(), clone.get::<u8>(&[0]).map(drop)];
        done.push(clone.resize(1));
        if mode != Mode::Read {
            // In mode `r` they have nothing to do.
            done.extend([clone.commit(), clone.discard()]);
        }
        for result in done {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::Mode, "{mode}");
        }
        // SAFETY: the clone keeps the page, and nobody writes it.
        assert_eq!(unsafe { clone.as_ptr().add(8191).read() }, 0);
    }
    assert_eq!(fs::read(&path).unwrap(), vec![1; 3 * 4096]);
}

#[test]
fn a_file_can_be_cut_once_its_maps_let_it_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    mapray::save(&path, &ndarray::Array1::<f64>::ones(10_000)).unwrap();
    let file = mapray::ArrayFile::open(&path).unwrap().without_locks().unwrap();
    let mut map = file.map_live_dyn(Mode::Read).unwrap();
    assert_eq!(mapray::resize(&path, 3).unwrap_err().kind(), ErrorKind::Locked);
    map.detach().unwrap();
    mapray::resize(&path, 3).unwrap();
    // SAFETY: the map keeps the page.
    assert_eq!(unsafe { map.as_ptr().add(79_999).read() }, 0);
}
