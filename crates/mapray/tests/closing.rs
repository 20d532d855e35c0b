//! Disks that break under a map: what `close` reports, and a drop does not.

#![cfg(target_os = "linux")]

mod common;

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use common::disk::Disk;
use mapray::{ErrorKind, MapMut, MapOptions, Result};
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
    unsafe { MapOptions::new().mode(mapray::Mode::Write).shape(LEN).map_mut(path) }.unwrap()
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
