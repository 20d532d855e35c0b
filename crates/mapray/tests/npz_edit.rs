//! Members of archives, edited where they lie: what NumPy, `zipfile` and `unzip` say of it afterwards,
//! and what a process leaves that is killed on the way.

// Other systems have neither live maps that can be written nor SIGKILL.
#![cfg(all(target_os = "linux", not(mapray_portable)))]

#[path = "common/archive.rs"]
mod archive;
mod common;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use archive::{Member, folder_with, hex, npy, oracle, zip};
use mapray::{DynLiveMap, ErrorKind, FaultKind, MapMut, Mode, Npz};
use ndarray::{Ix1, arr1};
use serde_json::Value as Json;

/// The archives of the oracle that are edited, and whether `unzip` has nothing to say of them.
const EDITED: [(&str, bool); 12] = [
    ("savez", true),
    ("positional", true),
    ("streamed", true),
    ("streamed-32-bit", true),
    ("comment", true),
    ("bytes-in-front", false),
    ("bytes-in-front-and-counted", true),
    ("appended", true),
    ("zip64", true),
    ("zip64-in-front", false),
    ("zip64-streamed", true),
    ("padded", true),
];

/// Inverts every byte of the elements, through a map, and tells what they are then.
fn invert(map: &DynLiveMap) -> Vec<u8> {
    let len = map.layout().nbytes();
    let bytes = map.view("u1".parse().unwrap(), &[len], 0, None).unwrap();
    let inverted = bytes.to_array::<u8, Ix1>().unwrap().mapv(|byte| !byte);
    bytes.assign(&inverted).unwrap();
    let mut in_c_order = vec![0; len];
    map.read_bytes(&mut in_c_order).unwrap();
    in_c_order
}

fn read_by_numpy(python: &Path, paths: &[PathBuf]) -> Json {
    let arguments: Vec<&Path> =
        ["read".as_ref()].into_iter().chain(paths.iter().map(|path| &**path)).collect();
    serde_json::from_str(&oracle(python, "npz.py", &arguments)).unwrap()
}

#[test]
fn edited_members_are_taken_by_numpy_zipfile_and_unzip() {
    const TEST: &str = "edited_members_are_taken_by_numpy_zipfile_and_unzip";
    let Some(python) = common::python() else {
        return common::skip(TEST, "MAPRAY_PYTHON is not set");
    };
    let folder = tempfile::tempdir().unwrap();
    oracle(&python, "npz.py", &["write".as_ref(), folder.path()]);
    let mut paths = Vec::new();
    let mut expected = BTreeMap::new();
    for (name, _) in EDITED {
        let path = folder.path().join(format!("{name}.npz"));
        let npz = Npz::open(&path).unwrap();
        for name in npz.names() {
            let map = npz.member(&name).unwrap().map_live_dyn(Mode::ReadWrite).unwrap();
            let elements = invert(&map);
            map.close().unwrap();
            expected.insert((path.clone(), name), elements);
        }
        assert!(npz.verify().unwrap().is_empty(), "{}", path.display());
        paths.push(path);
    }
    let found = read_by_numpy(&python, &paths);
    for path in &paths {
        let json = &found[path.to_str().unwrap()];
        assert_eq!(json["damaged"], Json::Null, "{}", path.display());
    }
    for ((path, name), elements) in &expected {
        let json = &found[path.to_str().unwrap()]["arrays"][name];
        assert!(hex(json) == *elements, "{}::{name}", path.display());
    }
    let accepted = paths.iter().zip(EDITED).all(|(path, (_, is_silent))| unzip(path, is_silent));
    if !accepted {
        common::skip(TEST, "there is no unzip");
    }
}

/// Whether `unzip -t` ran; it must find nothing wrong then.
fn unzip(path: &Path, is_silent: bool) -> bool {
    let Ok(output) = Command::new("unzip").arg("-tqq").arg(path).output() else {
        return false;
    };
    // 1: warnings, but every checksum was right.
    let code = output.status.code().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(code == 0 || code == 1 && !is_silent, "{}: {code} {said}", path.display());
    true
}

fn floats(values: &[f64]) -> Vec<u8> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    npy("<f8", &[values.len()], &bytes)
}

fn archive_of_three() -> Vec<u8> {
    zip(&[
        Member::stored("a.npy", floats(&[1.0, 2.0, 3.0])),
        Member::stored("b.npy", floats(&[4.0; 2000])).streamed(true, true),
        Member::deflated("c.npy", &floats(&[5.0; 100])),
    ])
}

#[test]
fn an_edit_without_a_flush_is_found_by_verify_and_mended_by_repair() {
    let (_folder, path) = folder_with("a.npz", &archive_of_three());
    let npz = Npz::open(&path).unwrap();
    for (name, slots) in [("a", 2), ("b", 2)] {
        let map = npz.member(name).unwrap().map_live::<f64, Ix1>(Mode::ReadWrite).unwrap();
        map.set(1, 0.5).unwrap();
        drop(map);
        let faults = npz.verify().unwrap();
        assert_eq!(faults.len(), slots, "one for each place of the checksum");
        for fault in &faults {
            assert_eq!(
                (&*fault.member, fault.kind),
                (&*format!("{name}.npy"), FaultKind::Checksum)
            );
        }
        assert_eq!(npz.read::<f64, Ix1>(name).unwrap_err().kind(), ErrorKind::Format);
        let repaired = Npz::repair(&path).unwrap();
        assert_eq!(repaired.len(), 1);
        assert_eq!(repaired[0].member, format!("{name}.npy"));
        assert_eq!(repaired[0].outdated.len(), slots);
        assert!(npz.verify().unwrap().is_empty());
        assert_eq!(npz.read::<f64, Ix1>(name).unwrap()[1], 0.5);
    }
    let before = fs::read(&path).unwrap();
    assert!(Npz::repair(&path).unwrap().is_empty());
    assert_eq!(fs::read(&path).unwrap(), before, "nothing is touched where all is well");
}

#[test]
fn a_kill_between_data_and_checksum_is_found_and_mended() {
    const CHILD: &str = "MAPRAY_TEST_EDITS";
    const TEST: &str = "a_kill_between_data_and_checksum_is_found_and_mended";
    if let Some(path) = env::var_os(CHILD) {
        let npz = Npz::open(path).unwrap();
        let map = npz.member("a").unwrap().map_live::<f64, Ix1>(Mode::ReadWrite).unwrap();
        map.set(0, -1.0).unwrap();
        // The data alone, as `flush` does first.
        map.pages().flush().unwrap();
        println!("\nstored");
        loop {
            std::thread::park();
        }
    }
    let (_folder, path) = folder_with("a.npz", &archive_of_three());
    let mut child = Command::new(env::current_exe().unwrap())
        .args([TEST, "--exact", "--nocapture"])
        .env(CHILD, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "stored"));
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));

    let npz = Npz::open(&path).unwrap();
    let faults = npz.verify().unwrap();
    assert!(!faults.is_empty() && faults.iter().all(|fault| fault.kind == FaultKind::Checksum));
    assert_eq!(Npz::repair(&path).unwrap().len(), 1);
    assert!(npz.verify().unwrap().is_empty());
    assert_eq!(npz.read::<f64, Ix1>("a").unwrap(), arr1(&[-1.0, 2.0, 3.0]));
    if let Some(python) = common::python() {
        let found = read_by_numpy(&python, std::slice::from_ref(&path));
        assert_eq!(found[path.to_str().unwrap()]["damaged"], Json::Null);
    }
}

#[test]
fn maps_in_r_and_c_leave_the_archive_as_it_is() {
    let (_folder, path) = folder_with("a.npz", &archive_of_three());
    let before = fs::read(&path).unwrap();
    let file = Npz::open(&path).unwrap().member("a").unwrap();
    let map = file.map_live::<f64, Ix1>(Mode::CopyOnWrite).unwrap();
    map.set(0, 7.0).unwrap();
    assert_eq!(map.get(0).unwrap(), 7.0);
    map.flush().unwrap();
    map.close().unwrap();
    file.map_live::<f64, Ix1>(Mode::Read).unwrap().close().unwrap();
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn every_kind_of_map_brings_the_checksum_up_to_date() {
    let (_folder, path) = folder_with("a.npz", &archive_of_three());
    let npz = Npz::open(&path).unwrap();
    let live = || npz.member("b").unwrap().map_live_dyn(Mode::ReadWrite).unwrap();
    let whole = |i: usize, value: f64| {
        assert!(npz.verify().unwrap().is_empty());
        assert_eq!(npz.read::<f64, Ix1>("b").unwrap()[i], value);
    };
    let map = live();
    map.slice(&"[7]".parse().unwrap()).unwrap().fill(0.25).unwrap();
    map.slice(&"[1900]".parse().unwrap()).unwrap().fill(0.75).unwrap();
    // A slice lies in one page of the member; the checksum is that of all of them.
    map.slice(&"[7]".parse().unwrap()).unwrap().flush().unwrap();
    whole(7, 0.25);
    whole(1900, 0.75);
    drop(map);
    // SAFETY: nobody else uses the map or the file meanwhile.
    let mut stable = unsafe { live().assume_stable_mut().unwrap() };
    stable.view_mut().set(&[8], 0.5_f64).unwrap();
    stable.close().unwrap();
    whole(8, 0.5);
    let at = npz.entry("a").unwrap().offset();
    // SAFETY: as above.
    let opened = unsafe { live().assume_stable_mut().unwrap().into_typed::<f64, Ix1>() };
    let is_aligned = npz.entry("b").unwrap().is_aligned();
    assert_eq!(opened.is_ok(), is_aligned, "elements at byte {at}");
    drop(opened);
    let typed = npz.member("b").unwrap().map_live::<f64, Ix1>(Mode::ReadWrite).unwrap();
    typed.set(9, 0.125).unwrap();
    typed.close().unwrap();
    whole(9, 0.125);
    let bytes = live().view("u1".parse().unwrap(), &[8], 80, None).unwrap();
    // SAFETY: as above.
    let mut bytes: MapMut<u8, Ix1> =
        unsafe { bytes.assume_stable_mut().unwrap() }.into_typed().unwrap();
    bytes.assign(&arr1(&0.375_f64.to_le_bytes()));
    bytes.flush().unwrap();
    whole(10, 0.375);
}

#[test]
fn a_checksum_is_not_written_where_the_archive_was_moved_about() {
    let (_folder, path) = folder_with("a.npz", &archive_of_three());
    let map = Npz::open(&path).unwrap().member("a").unwrap();
    let map = map.map_live::<f64, Ix1>(Mode::ReadWrite).unwrap();
    map.set(0, 9.0).unwrap();
    // As when a member is added: the directory makes room for it.
    let mut bytes = fs::read(&path).unwrap();
    let directory = archive::position(&bytes, b"PK\x01\x02");
    bytes.splice(directory..directory, [0x55; 64]);
    fs::write(&path, &bytes).unwrap();
    let error = map.flush().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed);
    assert_eq!(error.member(), Some("a"));
    assert_eq!(fs::read(&path).unwrap(), bytes, "not a byte is written");
}

#[test]
fn a_file_that_took_the_path_is_not_touched() {
    let (folder, path) = folder_with("a.npz", &archive_of_three());
    let map = Npz::open(&path).unwrap().member("a").unwrap();
    let map = map.map_live::<f64, Ix1>(Mode::ReadWrite).unwrap();
    map.set(0, 9.0).unwrap();
    let other = folder.path().join("other");
    fs::write(&other, archive_of_three()).unwrap();
    fs::rename(&other, &path).unwrap();
    assert_eq!(map.close().unwrap_err().kind(), ErrorKind::Changed);
    assert_eq!(fs::read(&path).unwrap(), archive_of_three());
}

#[test]
fn an_archive_without_a_name_is_edited_through_its_descriptor() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&archive_of_three()).unwrap();
    let npz = Npz::from_file(file).unwrap();
    assert_eq!(npz.path(), None);
    let map = npz.member("b").unwrap().map_live::<f64, Ix1>(Mode::ReadWrite).unwrap();
    map.set(0, 0.5).unwrap();
    assert!(!npz.verify().unwrap().is_empty());
    map.close().unwrap();
    assert!(npz.verify().unwrap().is_empty());
    assert_eq!(npz.read::<f64, Ix1>("b").unwrap()[0], 0.5);
}

#[test]
fn members_can_be_edited_at_once_by_maps_of_their_own() {
    let (_folder, path) = folder_with("a.npz", &archive_of_three());
    let npz = Npz::open(&path).unwrap();
    std::thread::scope(|scope| {
        for name in ["a", "b"] {
            let npz = &npz;
            scope.spawn(move || {
                let map = npz.member(name).unwrap().map_live::<f64, Ix1>(Mode::ReadWrite).unwrap();
                for value in 0..50 {
                    map.set(1, f64::from(value)).unwrap();
                    map.flush().unwrap();
                }
            });
        }
    });
    assert!(npz.verify().unwrap().is_empty());
    assert_eq!(npz.read::<f64, Ix1>("b").unwrap()[1], 49.0);
}
