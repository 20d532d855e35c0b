//! Maps and the files under them: replaced, deleted, nameless, open already, sealed, or none at all.

#![cfg(target_os = "linux")]

mod common;

use std::env;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use common::child::{is_child, rerun};
use mapray::{
    ArrayFile, DynLiveMap, DynMap, DynMapMut, ErrorKind, LiveMap, MapMut, MapOptions, Mode, Result,
};
use ndarray::Ix1;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

const LIVE: bool = !cfg!(mapray_portable);

/// Maps bytes for writing.
fn map_mut(options: MapOptions, origin: impl Into<mapray::Origin>) -> Result<MapMut<u8, Ix1>> {
    // SAFETY: the files are this test's own, and looked at through plain reads only.
    unsafe { options.map_mut(origin) }
}

/// As `Ok`, or as what systems other than Linux answer.
fn supported(done: Result<()>) {
    match done {
        Err(error) if !LIVE => assert_eq!(error.kind(), ErrorKind::Unsupported),
        done => done.unwrap(),
    }
}

#[test]
fn flush_async_notices_that_the_file_was_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, [1; 100]).unwrap();
    let mut map = map_mut(MapOptions::new(), &path).unwrap();
    map[0] = 2;
    supported(map.flush_async());
    let other = folder.path().join("b");
    fs::write(&other, [7; 100]).unwrap();
    fs::rename(&other, &path).unwrap();
    let error = map.flush_async().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
    assert_eq!(error.path(), Some(&*path));
    map[1] = 3;
    map.flush().unwrap();
    assert_eq!(map.to_vec()[..3], [2, 3, 1], "the map holds the old file");
    assert_eq!(fs::read(&path).unwrap(), [7; 100]);
}

#[test]
fn an_array_file_does_not_open_another_one_for_writing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    mapray::save(&path, &ndarray::arr1(&[1_u8, 2])).unwrap();
    let file = ArrayFile::open(&path).unwrap();
    // A saved file takes the other's place, so it is another one.
    mapray::save(&path, &ndarray::arr1(&[3_u8, 4])).unwrap();
    assert_eq!(file.map_live_dyn(Mode::ReadWrite).unwrap_err().kind(), ErrorKind::Changed);
    assert_eq!(file.to_array::<u8, Ix1>().unwrap().to_vec(), [1, 2]);
    file.map_live_dyn(Mode::Read).unwrap();
}

#[test]
fn the_map_of_a_deleted_file_works_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, [1; 10_000]).unwrap();
    let mut map = map_mut(MapOptions::new(), &path).unwrap();
    fs::remove_file(&path).unwrap();
    map[9_999] = 2;
    map.flush().unwrap();
    assert_eq!(map.iter().map(|&byte| u64::from(byte)).sum::<u64>(), 10_001);
    // What needs the file itself cannot find it any more, and says so.
    let error = map.flush_async().unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::Io, Some(&*path)));
}

#[test]
fn files_without_a_name_keep_what_they_need() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gone");
    let unlinked = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let memfd = File::from(memfd_create("test", MemfdFlags::CLOEXEC).unwrap());
    for mut file in [unlinked, memfd] {
        file.write_all(&[1; 10_000]).unwrap();
        let mut map = map_mut(MapOptions::new().offset(4000), file.try_clone().unwrap()).unwrap();
        assert_eq!((map.len(), map.path()), (6000, None));
        map[5999] = 2;
        supported(map.flush_async());
        map.flush().unwrap();
        let mut bytes = vec![];
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!((bytes.len(), bytes[9999], bytes[9998]), (10_000, 2, 1));
    }
}

#[test]
fn a_relative_path_is_found_again_from_another_folder() {
    let test = "a_relative_path_is_found_again_from_another_folder";
    if !is_child(test) {
        return rerun(test, "");
    }
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("elsewhere")).unwrap();
    env::set_current_dir(&folder).unwrap();
    fs::write("a", [1; 100]).unwrap();
    let mut map = map_mut(MapOptions::new(), "a").unwrap();
    assert!(map.path().unwrap().is_absolute());
    env::set_current_dir("elsewhere").unwrap();
    fs::write("a", [7; 100]).unwrap();
    map[0] = 2;
    supported(map.flush_async());
    map.flush().unwrap();
    env::set_current_dir("/").unwrap();
    assert_eq!(fs::read(folder.path().join("a")).unwrap()[..2], [2, 1]);
}

#[test]
fn ten_thousand_maps_need_no_descriptors() {
    let test = "ten_thousand_maps_need_no_descriptors";
    if !is_child(test) {
        return rerun(test, "ulimit -n 256");
    }
    const FILES: usize = 100;
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..FILES).map(|i| folder.path().join(format!("{i}.npy"))).collect();
    for (i, path) in paths.iter().enumerate() {
        mapray::save(path, &ndarray::arr1(&[i as u32, 1])).unwrap();
    }
    let path = |i: usize| &paths[i % FILES];
    let open = || fs::read_dir("/proc/self/fd").unwrap().count();
    let before = open();
    let live: Vec<LiveMap<u32, Ix1>> = (0..4000)
        .map(|i| {
            let file = ArrayFile::open(path(i)).unwrap();
            file.map_live([Mode::Read, Mode::ReadWrite, Mode::CopyOnWrite][i % 3]).unwrap()
        })
        .collect();
    let raw: Vec<DynLiveMap> = (0..3000)
        .map(|i| MapOptions::new().mode(Mode::Read).offset(128).live_dyn(path(i)).unwrap())
        .collect();
    // SAFETY: only the maps below write the files, and nothing is looked at through these.
    let stable: Vec<DynMap> =
        (0..2000).map(|i| unsafe { DynMap::open(path(i)).unwrap() }).collect();
    // SAFETY: as above; the other maps are looked at when these have done.
    let open_mut = |i| unsafe {
        let file = ArrayFile::open(path(i)).unwrap().without_locks().unwrap();
        file.map_live_dyn(Mode::ReadWrite).unwrap().assume_stable_mut().unwrap()
    };
    let writable: Vec<DynMapMut> = (0..1000).map(open_mut).collect();
    assert_eq!(live.len() + raw.len() + stable.len() + writable.len(), 10_000);
    // Other systems have a lock's descriptor for each file that is written.
    let locks = if cfg!(mapray_portable) { FILES } else { 0 };
    assert_eq!(open(), before + locks, "descriptors");
    for (i, map) in writable.iter().enumerate() {
        map.flush().unwrap();
        supported(map.flush_async());
        map.pages().prefetch().unwrap();
        assert_eq!(map.typed::<u32, Ix1>().unwrap()[0] as usize, i % FILES);
    }
    for (i, map) in live.iter().enumerate().filter(|_| LIVE) {
        assert_eq!(map.get(0).unwrap() as usize, i % FILES);
    }
    assert_eq!(open(), before + locks, "descriptors");
}

#[test]
fn an_open_file_is_mapped_as_a_whole_and_w_plus_does_not_cut_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, (0..64).collect::<Vec<u8>>()).unwrap();
    let open = || {
        let mut file = File::options().read(true).write(true).open(&path).unwrap();
        file.seek(SeekFrom::Start(17)).unwrap();
        file
    };
    let map = map_mut(MapOptions::new(), open()).unwrap();
    assert_eq!((map.len(), map[0], map[63]), (64, 0, 63), "the position does not count");
    drop(map);
    let write = MapOptions::new().mode(Mode::Write);
    let map = map_mut(write.clone().shape(10), open()).unwrap();
    assert_eq!(map.to_vec(), (0..10).collect::<Vec<u8>>(), "the old contents can be seen");
    assert_eq!(fs::metadata(&path).unwrap().len(), 64);
    drop(map);
    let map = map_mut(write.shape(100), open()).unwrap();
    assert_eq!((map[63], map[64], map.len()), (63, 0, 100));
    assert_eq!(fs::metadata(&path).unwrap().len(), 100);
    let error = MapOptions::new().mode(Mode::Write).live_dyn(open()).unwrap_err();
    assert!(error.to_string().ends_with("shape must be given if mode == 'w+'"), "{error}");
    // Some systems cannot tell the name of an open file.
    assert_eq!(error.path(), Some(&*path).filter(|_| !cfg!(mapray_portable)));
}

#[test]
fn an_open_file_must_have_the_rights_that_the_mode_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, [1; 64]).unwrap();
    let read_only = || File::open(&path).unwrap();
    let write_only = || File::options().write(true).open(&path).unwrap();
    let error = |mode: Mode, n: usize, file: File| {
        let error = MapOptions::new().mode(mode).shape(n).live_dyn(file).err();
        assert_eq!(fs::read(&path).unwrap(), [1; 64], "nothing is touched before the check");
        error.map(|error| (error.kind(), error.to_string()))
    };
    for n in [64, 100] {
        for mode in [Mode::ReadWrite, Mode::Write] {
            let (kind, text) = error(mode, n, read_only()).unwrap();
            assert_eq!(kind, ErrorKind::Mode, "{text}");
            let expected = format!(
                "the file was opened without the right to write, which mode '{mode}' needs; open \
                 it for reading and writing, or map it in mode 'r' or 'c'"
            );
            assert!(text.ends_with(&expected), "{text}");
        }
        for mode in [Mode::Read, Mode::ReadWrite, Mode::Write, Mode::CopyOnWrite] {
            let (kind, text) = error(mode, n, write_only()).unwrap();
            assert_eq!(kind, ErrorKind::Mode, "{text}");
            let expected = "the file was opened without the right to read, which every map needs; open it \
                 with `File::options().read(true)`";
            assert!(text.contains(expected), "{text}");
        }
    }
    assert_eq!(error(Mode::Read, 64, read_only()), None);
    assert_eq!(error(Mode::CopyOnWrite, 64, read_only()), None);
}

/// A memfd with one page of ones and these seals.
fn memfd(seals: SealFlags) -> File {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut file = File::from(memfd_create("sealed", flags).unwrap());
    file.write_all(&[1; 4096]).unwrap();
    fcntl_add_seals(&file, seals).unwrap();
    file
}

#[test]
fn a_map_is_proved_stable_by_seals_on_writing_and_shrinking_only() {
    let read = MapOptions::new().mode(Mode::Read);
    let all = SealFlags::SHRINK | SealFlags::WRITE;
    let map = read.live::<u8, Ix1>(memfd(all)).unwrap().try_into_map();
    if LIVE {
        assert_eq!(map.unwrap().to_vec(), [1; 4096]);
    } else {
        assert_eq!(map.err().unwrap().kind(), ErrorKind::Unsupported);
    }
    for seals in [
        SealFlags::empty(),
        SealFlags::SHRINK,
        SealFlags::WRITE,
        SealFlags::SHRINK | SealFlags::GROW | SealFlags::FUTURE_WRITE,
    ] {
        let map = read.live::<u8, Ix1>(memfd(seals)).unwrap();
        let error = map.try_into_map().err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{seals:?}");
        assert!(error.to_string().contains("assume_stable"), "{error}");
    }
    let map = read.live::<u8, Ix1>(memfd(all)).unwrap();
    assert!(map.try_into_map_mut().is_err(), "nobody writes it, this map included");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    mapray::save(&path, &ndarray::arr1(&[1_u8])).unwrap();
    for mode in [Mode::Read, Mode::ReadWrite, Mode::CopyOnWrite] {
        let map = || ArrayFile::open(&path).unwrap().map_live::<u8, Ix1>(mode).unwrap();
        assert!(map().try_into_map().is_err() && map().try_into_map_mut().is_err(), "{mode}");
    }
}

#[test]
fn memory_of_our_own_is_proved_stable_while_nothing_shares_it() {
    let zeros = || LiveMap::<f64, Ix1>::zeros(1000).unwrap();
    let mut map = zeros().try_into_map_mut().unwrap();
    map[999] = 1.5;
    assert_eq!(map.sum(), 1.5);
    map.flush().unwrap();
    assert_eq!(zeros().try_into_map().unwrap().sum(), 0.0);
    let shared = zeros();
    let slice = shared.slice(&"[1:2]".parse().unwrap()).unwrap();
    for map in [shared.clone(), shared.clone()] {
        let error = map.try_into_map_mut().err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
    assert!(shared.try_into_map().is_err(), "the slice shares it");
    assert_eq!(slice.try_into_map_mut().unwrap().sum(), 0.0);
}

#[test]
fn what_is_no_plain_file_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    for mode in [Mode::Read, Mode::ReadWrite, Mode::Write, Mode::CopyOnWrite] {
        let error = MapOptions::new().mode(mode).shape(1).live_dyn(folder.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{mode}");
        assert!(error.to_string().to_lowercase().contains("is a directory"), "{mode}: {error}");
    }
    assert!(ArrayFile::open(folder.path()).unwrap_err().to_string().contains("directory"));
    assert!(folder.path().is_dir());
    if !LIVE {
        return;
    }
    let zero = Path::new("/dev/zero");
    for mode in [Mode::Read, Mode::ReadWrite, Mode::CopyOnWrite] {
        let options = MapOptions::new().mode(mode);
        let map = options.clone().shape(10_000).live::<u8, Ix1>(zero).unwrap();
        assert_eq!(map.fold(0, |sum, byte| sum + u32::from(byte)).unwrap(), 0);
        if mode != Mode::Read {
            map.set(9_999, 7).unwrap();
            assert_eq!(map.get(9_999).unwrap(), 7);
        }
        map.flush().unwrap();
        map.flush_async().unwrap();
        let error = options.live_dyn(zero).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Shape, "{error}");
    }
}
