//! When a commit is refused: the file is as it was, and the edits are in the map.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;

use mapray::{ErrorKind, MapMut, MapOptions, Mode};
use ndarray::Ix1;

use crate::common::child;
use crate::common::disk::Disk;
use crate::{LEN, common, journal, with_file};

fn map(path: &Path) -> MapMut<u8, Ix1> {
    // SAFETY: the tests read nothing of the map that they change in the file.
    unsafe { MapOptions::new().mode(Mode::CopyOnWrite).map_mut(path) }.unwrap()
}

/// Stores, lets `happen` happen to the file, and commits, which must fail.
fn refused(kind: ErrorKind, what: &str, happen: impl FnOnce(&Path)) {
    let (folder, path) = with_file();
    let mut map = map(&path);
    map[5] = 1;
    map[LEN - 1] = 2;
    happen(&path);
    let before = fs::read(&path).unwrap();
    for _ in 0..2 {
        let error = map.commit().unwrap_err();
        assert_eq!(error.kind(), kind, "{what}: {error}");
        assert_eq!(error.path(), Some(&*path), "{what}");
        assert!(fs::read(&path).unwrap() == before, "{what}: the file was written");
        assert_eq!(journal::path_of(&path).symlink_metadata().ok().map(drop), None, "{what}");
        assert_eq!((map[5], map[6]), (1, 7), "{what}");
        assert_eq!(map.dirty_pages().unwrap().len(), 2, "{what}");
    }
    // They can go elsewhere.
    let other = folder.path().join("other.npy");
    mapray::save(&other, &*map).unwrap();
    assert_eq!(mapray::load::<u8, Ix1>(&other).unwrap()[5], 1);
}

#[test]
fn a_file_that_was_changed_since_is_not_written() {
    let write = |path: &Path, at: usize, bytes: &[u8]| {
        File::options().write(true).open(path).unwrap().write_all_at(bytes, at as u64).unwrap();
    };
    refused(ErrorKind::Changed, "another byte", |path| write(path, 9000, b"x"));
    refused(ErrorKind::Changed, "the same byte", |path| write(path, 5, b"x"));
    refused(ErrorKind::Changed, "what stood there", |path| write(path, 5, &[7]));
    refused(ErrorKind::Changed, "longer", |path| {
        File::options().append(true).open(path).unwrap().write_all(b"x").unwrap();
    });
    refused(ErrorKind::Changed, "times only", |path| {
        let now = std::time::SystemTime::now();
        File::options().write(true).open(path).unwrap().set_modified(now).unwrap();
    });
    refused(ErrorKind::Changed, "another in its place", |path| {
        let other = path.with_file_name("beside");
        fs::write(&other, [7; LEN]).unwrap();
        fs::rename(other, path).unwrap();
    });
    refused(ErrorKind::Changed, "through a map", |path| {
        MapOptions::new().live::<u8, Ix1>(path).unwrap().set(100, 1).unwrap();
    });
}

#[test]
fn a_file_that_is_gone_is_not_made_again() {
    let (folder, path) = with_file();
    let mut map = map(&path);
    map[5] = 1;
    fs::remove_file(&path).unwrap();
    assert_eq!(map.commit().unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(map[5], 1);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    let nameless = tempfile::tempfile().unwrap();
    nameless.write_all_at(&[7; LEN], 0).unwrap();
    let options = MapOptions::new().mode(Mode::CopyOnWrite);
    let mut live = options.live::<u8, Ix1>(nameless).unwrap();
    live.set(5, 1).unwrap();
    assert_eq!(live.commit().unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(live.get(5).unwrap(), 1);
    live.discard().unwrap();
    assert_eq!(live.get(5).unwrap(), 7);
}

#[test]
fn of_two_who_edit_the_first_to_commit_wins_and_the_second_loses_nothing() {
    let (_folder, path) = with_file();
    let (mut first, mut second) = (map(&path), map(&path));
    first[0] = 1;
    second[0] = 2;
    first.commit().unwrap();
    assert_eq!(second.commit().unwrap_err().kind(), ErrorKind::Changed);
    assert_eq!((first[0], second[0], fs::read(&path).unwrap()[0]), (1, 2, 1));
    first[1] = 3;
    first.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap()[..3], [1, 3, 7]);
    // Once the file is mapped anew it can be committed to.
    drop(second);
    let mut second = map(&path);
    second[2] = 4;
    second.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap()[..3], [1, 3, 4]);
}

#[test]
fn who_writes_the_file_keeps_a_commit_out() {
    let (_folder, path) = with_file();
    let mut edited = map(&path);
    edited[0] = 1;
    let writer = MapOptions::new().live::<u8, Ix1>(&path).unwrap();
    let error = edited.commit().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
    assert_eq!((edited[0], fs::read(&path).unwrap()[0]), (1, 7));
    // It has written nothing.
    drop(writer);
    edited.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap()[0], 1);
}

#[test]
fn where_nothing_may_be_written_nothing_is_committed() {
    const TEST: &str = "refusals::where_nothing_may_be_written_nothing_is_committed";
    let disk = match Disk::mount("ext4", 8) {
        Ok(disk) => disk,
        Err(reason) => return common::skip(TEST, &format!("no disk of its own: {reason}")),
    };
    let path = disk.root().join("a");
    fs::write(&path, [7; LEN]).unwrap();
    let mut map = map(&path);
    map[5] = 1;
    disk.set_writable(false);
    let error = map.commit().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    assert_eq!((map[5], fs::read(&path).unwrap()[5]), (1, 7));
    disk.set_writable(true);
    map.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap()[5], 1);
}

#[test]
fn on_a_full_disk_nothing_is_committed() {
    const TEST: &str = "refusals::on_a_full_disk_nothing_is_committed";
    for kind in ["ext4", "tmpfs"] {
        let disk = match Disk::mount(kind, 8) {
            Ok(disk) => disk,
            Err(reason) => return common::skip(TEST, &format!("no small {kind}: {reason}")),
        };
        let (full, sparse) = (disk.root().join("full"), disk.root().join("sparse"));
        let len = 2 << 20;
        fs::write(&full, vec![7; len]).unwrap();
        File::create(&sparse).unwrap().set_len(len as u64).unwrap();
        let mut maps = [map(&full), map(&sparse)];
        maps.iter_mut().for_each(|map| map.fill(1));
        let names = |filler: bool| {
            let names = ["filler", "full", "lost+found", "sparse"];
            let absent = |name: &&str| match *name {
                "filler" => !filler,
                "lost+found" => kind == "tmpfs",
                _ => false,
            };
            names.into_iter().filter(|name| !absent(name)).map(str::to_owned).collect::<Vec<_>>()
        };
        disk.fill();
        for (map, path) in maps.iter_mut().zip([&full, &sparse]) {
            let before = fs::read(path).unwrap();
            let error = map.commit().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Space, "{kind}: {error}");
            assert!(fs::read(path).unwrap() == before, "{kind}");
            assert!(map.iter().all(|&byte| byte == 1), "{kind}");
        }
        assert_eq!(disk.names(), names(true), "{kind}");
        if kind == "tmpfs" {
            // It has no holes any more: there a map that is edited fills them.
            fs::remove_file(disk.root().join("filler")).unwrap();
            maps[0].commit().unwrap();
            continue;
        }
        // Room for the journal, but none for what was a hole.
        let filler = File::options().write(true).open(disk.root().join("filler")).unwrap();
        let left = filler.metadata().unwrap().len();
        filler.set_len(left - (5 << 19)).unwrap();
        drop(filler);
        let free = disk.free();
        assert!(free > len as u64 && free < 2 * len as u64, "{kind}: {free}");
        let error = maps[1].commit().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Space, "{kind}: {error}");
        assert!(fs::read(&sparse).unwrap().iter().all(|&byte| byte == 0), "{kind}");
        assert_eq!(disk.names(), names(true), "{kind}");
        maps[0].commit().unwrap();
        assert!(fs::read(&full).unwrap().iter().all(|&byte| byte == 1), "{kind}");
        // A refusal for want of room does not count as a change.
        fs::remove_file(disk.root().join("filler")).unwrap();
        maps[1].commit().unwrap();
        assert!(fs::read(&sparse).unwrap().iter().all(|&byte| byte == 1), "{kind}");
        assert_eq!(disk.names(), names(false), "{kind}");
    }
}

#[test]
fn a_map_that_has_lost_a_page_is_not_committed() {
    const TEST: &str = "refusals::a_map_that_has_lost_a_page_is_not_committed";
    if !child::is_child(TEST) {
        // The guard is one for the whole process.
        return child::rerun(TEST, "");
    }
    mapray::guard::install().unwrap();
    let (_folder, path) = with_file();
    let mut map = map(&path);
    map[5] = 1;
    let file = File::options().write(true).open(&path).unwrap();
    file.set_len(4096).unwrap();
    assert_eq!(map[LEN - 1], 0, "the guard has put zeros there");
    // As long as before, so that only the map knows.
    file.set_len(LEN as u64).unwrap();
    let before = fs::read(&path).unwrap();
    let error = map.commit().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated, "{error}");
    assert_eq!(map.dirty_pages().unwrap_err().kind(), ErrorKind::Truncated);
    assert_eq!(map.discard().unwrap_err().kind(), ErrorKind::Truncated);
    assert!(fs::read(&path).unwrap() == before);
    assert_eq!(map[5], 1);
}
