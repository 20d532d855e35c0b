//! Full disks: an error then and there, the old file as it was, and no signal later.

#![cfg(target_os = "linux")]

mod common;

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use common::disk::Disk;
#[cfg(not(mapray_portable))]
use common::live::WORKS;
use mapray::{Appender, CreateOptions, DynView, ErrorKind, MapOptions, Mode, Result};
use ndarray::{Array1, Ix1, arr0};

const MIB: u64 = 1 << 20;
/// The size of the disks.
const SIZE: u64 = 8;
/// More than fits.
const TOO_MUCH: usize = 16 << 20;

/// Runs the test on each kind of small disk. `ext2` has no call that reserves blocks.
fn on_each_disk(test: &str, work: impl Fn(&str, &Disk)) {
    for kind in ["ext4", "ext2", "tmpfs"] {
        match Disk::mount(kind, SIZE) {
            Ok(disk) => work(kind, &disk),
            Err(reason) => common::skip(test, &format!("no small {kind} to fill: {reason}")),
        }
    }
}

/// What must be left as it was when something fails: a file's bytes, its folder, the free space.
struct State {
    file: Option<Vec<u8>>,
    names: Vec<String>,
    free: u64,
}

impl State {
    fn of(disk: &Disk, path: &Path) -> State {
        State { file: fs::read(path).ok(), names: disk.names(), free: disk.free() }
    }

    fn assert_still(&self, disk: &Disk, path: &Path, after: &str) {
        let now = State::of(disk, path);
        assert!(now.file == self.file, "{after}: the old bytes are gone");
        assert_eq!(now.names, self.names, "{after}");
        // A file system may need a block more to note what it gave and took.
        let lost = self.free.saturating_sub(now.free);
        assert!(lost < 64 << 10, "{after}: {lost} bytes of the disk are gone");
    }
}

fn is_space<T>(result: Result<T>, doing: &str) {
    let error = result.err().unwrap_or_else(|| panic!("{doing}: there is no room for it"));
    assert_eq!(error.kind(), ErrorKind::Space, "{doing}: {error}");
    let nameless = cfg!(mapray_portable) && doing.ends_with("open file");
    assert!(error.path().is_some() || nameless, "{doing}: {error}");
}

#[test]
fn what_does_not_fit_leaves_everything_as_it_was() {
    on_each_disk("what_does_not_fit_leaves_everything_as_it_was", |kind, disk| {
        let path = disk.root().join("a.npy");
        let writable = MapOptions::new().shape(TOO_MUCH);
        let array = Array1::<u8>::ones(TOO_MUCH);
        for old in [None, Some(vec![7; 300_000])] {
            if let Some(old) = &old {
                fs::write(&path, old).unwrap();
            }
            let before = State::of(disk, &path);
            let check = |doing: &str| {
                before.assert_still(disk, &path, &format!("{doing} on {kind}"));
            };
            is_space(mapray::create::<u8, Ix1>(&path, TOO_MUCH), "create");
            check("create");
            is_space(mapray::save(&path, &array), "save");
            check("save");
            let view = DynView::from_array(&array).unwrap();
            is_space(mapray::save_dyn(&path, &view), "save_dyn");
            check("save_dyn");
            is_space(mapray::save_raw(&path, &view), "save_raw");
            check("save_raw");
            is_space(mapray::savez(&path, [("a", &array)]), "savez");
            check("savez");
            is_space(writable.clone().mode(Mode::Write).live_dyn(&path), "w+");
            check("w+");
            if old.is_some() {
                is_space(writable.live_dyn(&path), "r+");
                check("r+");
                let file = File::options().read(true).write(true).open(&path).unwrap();
                let opened = writable.clone().mode(Mode::Write).live_dyn(file);
                is_space(opened, "w+ on an open file");
                check("w+ on an open file");
            }
        }
    });
}

/// Stores to every byte of the map, while the disk is full.
fn store_everywhere(mut map: mapray::MapMut<u8, Ix1>, path: &Path, kind: &str) {
    let header = map.layout().offset() as usize;
    // A store without room would be a SIGBUS here.
    map.fill(0xA5);
    map.flush().unwrap();
    drop(map);
    assert!(fs::read(path).unwrap()[header..].iter().all(|&byte| byte == 0xA5), "{kind}");
}

#[test]
fn stores_to_reserved_files_succeed_on_a_full_disk() {
    on_each_disk("stores_to_reserved_files_succeed_on_a_full_disk", |kind, disk| {
        let n = 1 << 20;
        let [written, extended, created] =
            ["written", "extended", "created"].map(|name| disk.root().join(name));
        fs::write(&extended, [1; 5000]).unwrap();
        let options = MapOptions::new().shape(n);
        let write = options.clone().mode(Mode::Write);
        // SAFETY: nobody else knows the file.
        let written_map = unsafe { write.map_mut::<u8, Ix1>(&written) }.unwrap();
        // SAFETY: as above.
        let extended_map = unsafe { options.map_mut(&extended) }.unwrap();
        // SAFETY: as above.
        let created_map = unsafe { CreateOptions::new(n).map(&created) }.unwrap();
        let maps = [written_map, extended_map, created_map];
        disk.fill();
        for (map, path) in maps.into_iter().zip([&written, &extended, &created]) {
            store_everywhere(map, path, kind);
        }
    });
}

#[test]
fn live_stores_to_a_sparse_file_on_a_full_disk_are_errors_and_no_signals() {
    let test = "live_stores_to_a_sparse_file_on_a_full_disk_are_errors_and_no_signals";
    if cfg!(mapray_portable) {
        return;
    }
    on_each_disk(test, |kind, disk| {
        let options = MapOptions::new().shape(TOO_MUCH).mode(Mode::Write).sparse(true);
        let map = options.live::<u8, Ix1>(disk.root().join("sparse")).unwrap();
        disk.fill();
        let error = map.fill(1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Space, "{kind}: {error}");
    });
}

#[test]
fn sparse_opts_out_of_reserving() {
    on_each_disk("sparse_opts_out_of_reserving", |kind, disk| {
        let blocks = |path: &Path| fs::metadata(path).unwrap().blocks() * 512;
        let [written, extended, created] =
            ["written", "extended", "created"].map(|name| disk.root().join(name));
        fs::write(&extended, [1; 5000]).unwrap();
        let options = MapOptions::new().shape(TOO_MUCH).sparse(true);
        options.clone().mode(Mode::Write).live_dyn(&written).unwrap();
        options.live_dyn(&extended).unwrap();
        CreateOptions::new(TOO_MUCH).sparse(true).live::<u8, Ix1>(&created).unwrap();
        for path in [&written, &extended, &created] {
            assert!(blocks(path) < MIB / 4, "{kind}: {path:?} has {} bytes", blocks(path));
            assert!(fs::metadata(path).unwrap().len() >= TOO_MUCH as u64);
        }
        assert_eq!(fs::read(&extended).unwrap()[..5000], [1; 5000]);
        // An old file is zeroed too, and gives its blocks up.
        fs::write(&written, vec![1; 2 << 20]).unwrap();
        let map = options.shape(1000).mode(Mode::Write).live_dyn(&written).unwrap();
        drop(map);
        assert_eq!(fs::read(&written).unwrap(), [0; 1000]);
    });
}

/// A file with a large hole in it, and its bytes at both ends.
fn with_hole(path: &Path, len: u64) {
    use std::os::unix::fs::FileExt;
    let file = File::create(path).unwrap();
    file.write_all_at(&[1; 9000], 0).unwrap();
    file.write_all_at(&[2; 9000], len - 9000).unwrap();
}

#[test]
fn holes_of_an_old_file_are_filled_before_it_is_zeroed() {
    on_each_disk("holes_of_an_old_file_are_filled_before_it_is_zeroed", |kind, disk| {
        let path = disk.root().join("old");
        // Two thirds of the disk in each: the second hole cannot be filled.
        let n = (SIZE * MIB * 2 / 3) as usize;
        let options = MapOptions::new().shape(n).mode(Mode::Write);
        with_hole(&disk.root().join("first"), n as u64);
        let first = disk.root().join("first");
        drop(options.live_dyn(&first).unwrap());
        assert!(fs::metadata(&first).unwrap().blocks() * 512 >= n as u64, "{kind}");
        assert!(fs::read(&first).unwrap().iter().all(|&byte| byte == 0), "{kind}");
        with_hole(&path, n as u64);
        let before = fs::read(&path).unwrap();
        is_space(options.live_dyn(&path), "w+ over holes");
        assert!(fs::read(&path).unwrap() == before, "{kind}: the old bytes are there");
        assert_eq!(disk.names().iter().filter(|name| name.starts_with(".mapray")).count(), 0);
    });
}

#[test]
fn a_file_that_exists_is_replaced_whole_or_not_at_all() {
    on_each_disk("a_file_that_exists_is_replaced_whole_or_not_at_all", |kind, disk| {
        let path = disk.root().join("a.npy");
        mapray::save(&path, &ndarray::arr1(&[1_u8, 2, 3])).unwrap();
        // Once more over the old one, now half of the disk: both stand there for a while.
        let half = Array1::<u8>::ones((SIZE * MIB / 2) as usize);
        mapray::save(&path, &half).unwrap();
        assert_eq!(mapray::load::<u8, Ix1>(&path).unwrap(), half, "{kind}");
        is_space(mapray::save(&path, &Array1::<u8>::zeros(half.len())), "save again");
        assert_eq!(mapray::load::<u8, Ix1>(&path).unwrap(), half, "{kind}");
    });
}

#[test]
fn holes_are_filled_on_request_without_changing_a_byte() {
    on_each_disk("holes_are_filled_on_request_without_changing_a_byte", |kind, disk| {
        let len = 4 * MIB;
        let reserved = |path: &Path| fs::metadata(path).unwrap().blocks() * 512;
        let by_map: fn(&Path) = |path| {
            MapOptions::new().live_dyn(path).unwrap().pages().reserve().unwrap();
        };
        let by_file: fn(&Path) = |path| MapOptions::new().file(path).unwrap().reserve().unwrap();
        for reserve in [by_map, by_file] {
            let path = disk.root().join("old");
            with_hole(&path, len);
            let before = fs::read(&path).unwrap();
            assert!(reserved(&path) < len / 2, "{kind}: no hole");
            // Neither of them stores anything, so neither needs room.
            for mode in [Mode::Read, Mode::CopyOnWrite] {
                let map = MapOptions::new().mode(mode).live_dyn(&path).unwrap();
                map.pages().reserve().unwrap();
                assert!(reserved(&path) < len / 2, "{kind}: mode {mode}");
            }
            let part = "[1048576:2097152]".parse().unwrap();
            let map = MapOptions::new().live_dyn(&path).unwrap();
            map.pages().slice(&part).unwrap().reserve().unwrap();
            drop(map);
            assert!((MIB..2 * MIB).contains(&reserved(&path)), "{kind}: {}", reserved(&path));
            reserve(&path);
            assert!(reserved(&path) >= len, "{kind}: {} bytes", reserved(&path));
            assert!(fs::read(&path).unwrap() == before, "{kind}: other bytes");
            assert_eq!(fs::metadata(&path).unwrap().len(), len);
            // A store to what was a hole has its room.
            // SAFETY: nobody else knows the file.
            let mut map = unsafe { MapOptions::new().map_mut::<u8, Ix1>(&path) }.unwrap();
            disk.fill();
            map.fill(7);
            map.close().unwrap();
            fs::remove_file(disk.root().join("filler")).unwrap();
        }
        let path = disk.root().join("large");
        with_hole(&path, 2 * SIZE * MIB);
        let before = fs::read(&path).unwrap();
        is_space(MapOptions::new().live_dyn(&path).unwrap().pages().reserve(), "reserve");
        is_space(MapOptions::new().file(&path).unwrap().reserve(), "reserve");
        assert!(fs::read(&path).unwrap() == before, "{kind}: other bytes");
    });
}

// Elsewhere zeros are written over holes, which is no place for others meanwhile.
#[test]
#[cfg(not(mapray_portable))]
fn holes_are_filled_while_others_write_into_them() {
    on_each_disk("holes_are_filled_while_others_write_into_them", |kind, disk| {
        use std::os::unix::fs::FileExt;
        let (path, len) = (disk.root().join("old"), 3 * MIB);
        for round in 0..5 {
            // Whole blocks and parts of them, through a descriptor and through a map.
            fs::remove_file(&path).ok();
            let file = File::options().create_new(true).write(true).open(&path).unwrap();
            file.set_len(len).unwrap();
            let map = MapOptions::new().live::<u8, Ix1>(&path).unwrap();
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    for at in (round..len).step_by(8192) {
                        file.write_all_at(&[1; 100], at).unwrap();
                    }
                });
                scope.spawn(|| {
                    for at in (4096 + round..len).step_by(8192).filter(|_| WORKS) {
                        map.set(at as usize, 2).unwrap();
                    }
                });
                map.pages().reserve().unwrap();
            });
            let bytes = fs::read(&path).unwrap();
            for (at, &byte) in bytes.iter().enumerate() {
                let written = at as u64 % 8192;
                let expected = match written {
                    _ if (round..round + 100).contains(&written) => 1,
                    _ if WORKS && written == 4096 + round => 2,
                    _ => 0,
                };
                assert_eq!(byte, expected, "{kind}: byte {at}");
            }
        }
    });
}

/// Runs the test in a process of its own, where the guard is installed.
#[cfg(not(mapray_portable))]
fn guarded(test: &str, work: impl Fn(&str, &Disk)) {
    if !common::child::is_child(test) {
        return common::child::rerun(test, "");
    }
    mapray::guard::install().unwrap();
    on_each_disk(test, work);
}

#[test]
#[cfg(not(mapray_portable))]
fn a_hole_that_cannot_be_filled_costs_its_page_and_not_the_process() {
    guarded("a_hole_that_cannot_be_filled_costs_its_page_and_not_the_process", |kind, disk| {
        let (path, len) = (disk.root().join("sparse"), 2 * MIB as usize);
        with_hole(&path, len as u64);
        let before = fs::read(&path).unwrap();
        // SAFETY: nobody else knows the file; where it lacks room the guard puts zeros.
        let mut map = unsafe { MapOptions::new().map_mut::<u8, Ix1>(&path) }.unwrap();
        disk.fill();
        map.check().unwrap();
        let hole = MIB as usize;
        map[hole] = 1;
        let error = map.check().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Space, "{kind}: {error}");
        assert_eq!((error.path(), error.offset()), (Some(&*path), Some(hole as u64)));
        // What the file has is still there, before and behind.
        assert_eq!((map[hole], map[hole + 1], map[8999], map[len - 1]), (1, 0, 1, 2), "{kind}");
        map[0] = 9;
        for page in 1..20 {
            map[hole - page * 4096] = 1;
        }
        for error in [map.flush(), map.pages().flush(), map.close()] {
            assert_eq!(error.unwrap_err().kind(), ErrorKind::Space, "{kind}");
        }
        let after = fs::read(&path).unwrap();
        assert!(after[0] == 9 && after[1..] == before[1..], "{kind}: stores went astray");
        // With room again, the file can be mapped and written.
        fs::remove_file(disk.root().join("filler")).unwrap();
        // SAFETY: nobody else knows the file.
        let mut map = unsafe { MapOptions::new().map_mut::<u8, Ix1>(&path) }.unwrap();
        map[hole] = 1;
        map.close().unwrap();
        assert_eq!(fs::read(&path).unwrap()[hole], 1, "{kind}");
    });
}

#[test]
fn rows_that_the_disk_has_no_room_for_leave_the_array_as_it_was() {
    on_each_disk("rows_that_the_disk_has_no_room_for_leave_the_array_as_it_was", |kind, disk| {
        let path = disk.root().join("a.npy");
        let rows = |n: usize| Array1::<u8>::ones(n);
        mapray::save(&path, &rows(100_000)).unwrap();
        let before = State::of(disk, &path);
        let check = |doing: &str| before.assert_still(disk, &path, &format!("{doing} on {kind}"));
        is_space(mapray::append(&path, &rows(TOO_MUCH)), "append");
        check("append");
        is_space(mapray::resize(&path, TOO_MUCH), "resize");
        check("resize");
        let mut log = Appender::open(&path).unwrap();
        is_space(log.extend(&rows(TOO_MUCH)), "extend");
        log.push(&arr0(2_u8)).unwrap();
        // Now the disk is full, of something else.
        let filler = disk.root().join("filler");
        disk.fill();
        log.extend(&rows(900_000)).unwrap();
        is_space(log.flush(), "flush");
        assert_eq!(mapray::load::<u8, Ix1>(&path).unwrap().len(), 100_000, "{kind}");
        fs::remove_file(&filler).unwrap();
        log.flush().unwrap();
        assert_eq!(log.close().unwrap(), 1_000_001, "{kind}");
        let all = mapray::load::<u8, Ix1>(&path).unwrap();
        assert_eq!((all.len(), all[100_000], all[1_000_000]), (1_000_001, 2, 1), "{kind}");
        // A journal needs room too.
        let before = State::of(disk, &path);
        disk.fill();
        is_space(mapray::append(&path, &rows(100)), "append to a full disk");
        fs::remove_file(&filler).unwrap();
        before.assert_still(disk, &path, &format!("append to a full {kind}"));
    });
}
