//! Archives that are edited: what everybody finds in them before, meanwhile and afterwards.

#[path = "common/archive.rs"]
mod archive;
mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use archive::{Member, hex, npy, oracle, position, zip};
use mapray::{ArrayFile, Compression, ErrorKind, Npz, NpzEditOptions, NpzEditor, SavezOptions};
#[cfg(not(mapray_portable))]
use mapray::{Error, Mode};
use ndarray::{Array1, Ix1, arr1};
use serde_json::Value as Json;

/// What NumPy and `zipfile` say of an archive.
fn read_by_numpy(python: &Path, path: &Path) -> Json {
    let found = oracle(python, "npz.py", &["read".as_ref(), path]);
    let mut found: Json = serde_json::from_str(&found).unwrap();
    found[path.to_str().unwrap()].take()
}

/// The names of the arrays that NumPy has found.
fn keys(found: &Json) -> BTreeSet<&str> {
    found["arrays"].as_object().unwrap().keys().map(String::as_str).collect()
}

/// Lets `unzip` test an archive. Its word on what it cannot read is not asked.
fn unzip(test: &str, path: &Path) {
    match Command::new("unzip").arg("-tqq").arg(path).output() {
        // 1: warnings, but every checksum was right.
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(matches!(output.status.code(), Some(0 | 1)), "{}: {said}", path.display());
        }
        Err(error) => common::skip(test, &format!("unzip does not run: {error}")),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A folder in memory with one archive.
fn folder_with(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = common::scratch();
    let path = folder.path().join("a.npz");
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// Every manner of editing.
fn manners() -> [NpzEditOptions; 4] {
    let deflated = SavezOptions::new().compression(Compression::Deflate(1)).threads(2);
    let options = NpzEditOptions::new();
    [
        options.clone(),
        options.clone().members(deflated.clone()),
        options.clone().rewrite(true),
        options.members(deflated).rewrite(true),
    ]
}

fn read(npz: &Npz, name: &str) -> Vec<i32> {
    npz.read::<i32, Ix1>(name).unwrap().to_vec()
}

/// A number below `n`, from a row that looks like chance.
fn random(state: &mut u64, n: usize) -> usize {
    *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    (*state >> 33) as usize % n
}

#[test]
fn edits_at_random_do_to_an_archive_what_they_do_to_a_list() {
    let test = "edits_at_random_do_to_an_archive_what_they_do_to_a_list";
    let (_folder, path) = folder_with(&zip(&[]));
    let mut model: Vec<(String, Vec<i32>)> = Vec::new();
    let mut state = 1;
    let mut compacted = 0;
    for round in 0..60 {
        let manner = &manners()[random(&mut state, 4)];
        let before = fs::read(&path).unwrap();
        let mut editor = manner.open(&path).unwrap();
        let mut edited = model.clone();
        for _ in 0..1 + random(&mut state, 5) {
            let name = format!("array{}", random(&mut state, 12));
            let len = [0, 3, 1000, 300_000][random(&mut state, 4)];
            let values: Vec<i32> = (0..len).map(|i| i * 7 + round).collect();
            let array = Array1::from_vec(values.clone());
            let at = edited.iter().position(|(other, _)| *other == name);
            match (random(&mut state, 3), at) {
                (0, None) => {
                    editor.add(&name, &array).unwrap();
                    edited.push((name, values));
                }
                (0, Some(_)) => {
                    assert_eq!(editor.add(&name, &array).unwrap_err().kind(), ErrorKind::Format);
                }
                (1, Some(at)) => {
                    editor.replace(&name, &array).unwrap();
                    edited[at].1 = values;
                }
                (1, None) => {
                    let error = editor.replace(&name, &array).unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Member);
                }
                (_, Some(at)) => {
                    editor.remove(&name).unwrap();
                    edited.remove(at);
                }
                (_, None) => {
                    assert_eq!(editor.remove(&name).unwrap_err().kind(), ErrorKind::Member);
                }
            }
            assert!(editor.names().iter().eq(edited.iter().map(|(name, _)| name)));
        }
        if random(&mut state, 4) == 0 {
            drop(editor);
            assert!(fs::read(&path).unwrap() == before, "given up, nothing has happened");
        } else {
            editor.finish().unwrap();
            model = edited;
        }
        if random(&mut state, 20) == 0 {
            Npz::compact(&path).unwrap();
            compacted += 1;
        }
        let npz = Npz::open(&path).unwrap();
        assert!(npz.verify().unwrap().is_empty());
        assert!(npz.names().iter().eq(model.iter().map(|(name, _)| name)), "round {round}");
        for (name, values) in &model {
            assert!(read(&npz, name) == *values, "round {round}: {name}");
        }
        assert_eq!(names(path.parent().unwrap()), ["a.npz"], "no litter");
    }
    assert!(compacted > 0 && model.len() > 3);
    unzip(test, &path);
    let Some(python) = common::python() else {
        return common::skip(test, "MAPRAY_PYTHON is not set");
    };
    let found = read_by_numpy(&python, &path);
    assert_eq!(found["damaged"], Json::Null);
    for (name, values) in &model {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert!(hex(&found["arrays"][name]) == bytes, "{name}");
    }
}

/// Replaces, removes and adds one array each, where it can, and says what became of which key.
fn edit_a_little(path: &Path, options: &NpzEditOptions) -> (Option<String>, Option<String>) {
    let mut editor = options.open(path).unwrap();
    let names = editor.names();
    let replaced = names.first().cloned();
    let removed = names.get(1).cloned();
    if let Some(name) = &removed {
        editor.remove(name).unwrap();
    }
    editor.add("added", &arr1(&[1_u8, 2, 3])).unwrap();
    if let Some(name) = &replaced {
        editor.replace(name, &arr1(&[9_u8])).unwrap();
    }
    editor.finish().unwrap();
    (replaced, removed)
}

/// The members that were there before and are not among those named.
fn others<'a>(found: &'a Json, but: &[&Option<String>]) -> Vec<&'a Json> {
    let is_other = |member: &&Json| {
        let name = member[0].as_str().unwrap();
        but.iter()
            .all(|but| but.as_deref().is_none_or(|but| name != but && name != format!("{but}.npy")))
    };
    found["members"].as_array().unwrap().iter().filter(is_other).collect()
}

#[test]
fn archives_of_numpy_and_zipfile_stay_what_they_are_but_for_the_edits() {
    let test = "archives_of_numpy_and_zipfile_stay_what_they_are_but_for_the_edits";
    let Some(python) = common::python() else {
        return common::skip(test, "MAPRAY_PYTHON is not set");
    };
    let written = tempfile::tempdir().unwrap();
    oracle(&python, "npz.py", &["write".as_ref(), written.path()]);
    let listed = fs::read(written.path().join("npz.json")).unwrap();
    let listed: Vec<Json> = serde_json::from_slice(&listed).unwrap();
    let paths: Vec<PathBuf> =
        listed.iter().map(|json| written.path().join(json["file"].as_str().unwrap())).collect();
    let read_all = |paths: &[PathBuf]| -> Json {
        let arguments: Vec<&Path> =
            [Path::new("read")].into_iter().chain(paths.iter().map(|path| &**path)).collect();
        serde_json::from_str(&oracle(&python, "npz.py", &arguments)).unwrap()
    };
    let before = read_all(&paths);
    let originals: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    let [in_place, _, _, rewrite] = manners();
    for options in [in_place, rewrite] {
        let mut edits = Vec::new();
        for (path, original) in paths.iter().zip(&originals) {
            fs::write(path, original).unwrap();
            edits.push(edit_a_little(path, &options));
        }
        let after = read_all(&paths);
        for ((path, (replaced, removed)), original) in paths.iter().zip(&edits).zip(&originals) {
            let file = path.file_name().unwrap().to_str().unwrap();
            let key = path.to_str().unwrap();
            let (before, after) = (&before[key], &after[key]);
            assert_eq!(after["damaged"], Json::Null, "{file}");
            assert_eq!(after["comment"], before["comment"], "{file}");
            let added = Some("added".to_owned());
            assert_eq!(
                others(after, &[replaced, removed, &added]),
                others(before, &[replaced, removed]),
                "{file}"
            );
            let arrays = after["arrays"].as_object().unwrap();
            assert_eq!(arrays["added"], "010203", "{file}");
            for (key, elements) in before["arrays"].as_object().unwrap() {
                if Some(key) == replaced.as_ref() {
                    assert_eq!(arrays[key], "09", "{file}::{key}");
                } else if Some(key) == removed.as_ref() && !file.starts_with("aliases") {
                    assert!(!arrays.contains_key(key), "{file}::{key}");
                } else if !file.starts_with("aliases") {
                    assert_eq!(arrays[key], *elements, "{file}::{key}");
                }
            }
            let npz = Npz::open(path).unwrap();
            let unchecked = |fault: &mapray::Fault| fault.kind == mapray::FaultKind::Unchecked;
            assert!(npz.verify().unwrap().iter().all(unchecked), "{file}");
            if file.contains("in-front") {
                let front = original.iter().position(|&byte| byte == b'P').unwrap();
                assert_eq!(fs::read(path).unwrap()[..front], original[..front], "{file}");
            }
            unzip(test, path);
        }
    }
}

#[test]
fn until_an_edit_is_finished_everybody_finds_the_archive_as_it_was() {
    let test = "until_an_edit_is_finished_everybody_finds_the_archive_as_it_was";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    let old = Array1::from_shape_fn(1000, |i| i as i32);
    mapray::savez(&path, [("old", &old), ("gone", &old)]).unwrap();
    let before = fs::read(&path).unwrap();
    let first = Npz::open(&path).unwrap();
    let as_it_was = |what: &str| {
        let now = Npz::open(&path).unwrap();
        for npz in [&first, &now] {
            assert_eq!(npz.names(), ["old", "gone"], "{what}");
            assert!(npz.verify().unwrap().is_empty(), "{what}");
            assert_eq!(read(npz, "old"), old.to_vec(), "{what}");
        }
        unzip(test, &path);
        match common::python() {
            Some(python) => {
                let found = read_by_numpy(&python, &path);
                assert_eq!(found["damaged"], Json::Null, "{what}");
                assert_eq!(keys(&found), BTreeSet::from(["gone", "old"]), "{what}");
            }
            None => common::skip(test, "MAPRAY_PYTHON is not set"),
        }
    };
    for options in manners() {
        let mut editor = options.open(&path).unwrap();
        as_it_was("opened");
        editor.remove("gone").unwrap();
        // So much that some of it is written, even deflated, and no end is found behind it.
        let large = Array1::from_shape_fn(1 << 20, |i| ((i * i) >> 3) as i32);
        for name in ["new", "newer"] {
            editor.add(name, &large).unwrap();
            as_it_was(name);
        }
        editor.replace("old", &large).unwrap();
        as_it_was("replaced");
        drop(editor);
        assert!(fs::read(&path).unwrap() == before, "given up, not a byte is another");
        assert_eq!(names(folder.path()), ["a.npz"]);
    }
    let mut editor = NpzEditor::open(&path).unwrap();
    editor.replace("old", &arr1(&[5])).unwrap();
    editor.finish().unwrap();
    assert_eq!(read(&Npz::open(&path).unwrap(), "old"), [5]);
    assert_eq!(read(&first, "old"), old.to_vec(), "who had it open has what it opened");
    assert_eq!(fs::read(&path).unwrap()[..before.len()], before, "not a byte has moved");
}

#[test]
#[cfg(all(target_os = "linux", not(mapray_portable)))]
fn maps_of_members_are_as_good_after_an_edit_as_before() {
    let (_folder, path) = folder_with(&zip(&[]));
    let old = Array1::from_shape_fn(5000, |i| i as i32);
    Npz::add(&path, [("a", &old), ("b", &old)]).unwrap();
    let member = Npz::open(&path).unwrap().member("a").unwrap();
    let live = member.map_live::<i32, Ix1>(Mode::Read).unwrap();
    let copied = member.map_live::<i32, Ix1>(Mode::CopyOnWrite).unwrap();
    copied.set(0, -1).unwrap();
    for options in manners() {
        let mut editor = options.open(&path).unwrap();
        editor.replace("a", &arr1(&[1])).unwrap();
        // A member of the archive, by a map, goes into the same archive.
        editor.replace("b", &live).unwrap();
        editor.finish().unwrap();
        assert_eq!(live.to_array().unwrap(), old);
        assert_eq!(copied.get(0).unwrap(), -1);
        assert_eq!(copied.get(4999).unwrap(), 4999);
        let npz = Npz::open(&path).unwrap();
        assert_eq!((read(&npz, "a"), read(&npz, "b")), (vec![1], old.to_vec()));
    }
}

#[test]
#[cfg(all(target_os = "linux", not(mapray_portable)))]
fn who_stores_to_a_member_and_who_edits_the_archive_keep_each_other_out() {
    let (_folder, path) = folder_with(&zip(&[Member::stored("a.npy", npy("<i4", &[1], &[7; 4]))]));
    let member = Npz::open(&path).unwrap().member("a").unwrap();
    let map = member.map_live::<i32, Ix1>(Mode::ReadWrite).unwrap();
    let this = "a lock of this process";
    let locked = |result: Result<(), Error>| {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Locked);
        assert!(error.to_string().contains(this), "{error}");
    };
    locked(NpzEditor::open(&path).map(drop));
    locked(Npz::align(&path).map(drop));
    drop(map);
    let mut editor = NpzEditor::open(&path).unwrap();
    editor.add("b", &arr1(&[1])).unwrap();
    locked(NpzEditor::open(&path).map(drop));
    locked(Npz::repair(&path).map(drop));
    locked(member.map_live_dyn(Mode::ReadWrite).map(drop));
    member.map_live_dyn(Mode::Read).unwrap();
    member.map_live_dyn(Mode::CopyOnWrite).unwrap();
    editor.finish().unwrap();
    member.map_live_dyn(Mode::ReadWrite).unwrap();
}

#[test]
#[cfg(all(target_os = "linux", not(mapray_portable)))]
fn a_flush_after_an_edit_that_no_lock_kept_out_says_that_the_checksum_is_elsewhere() {
    let (_folder, path) = folder_with(&zip(&[Member::stored("a.npy", npy("<i4", &[1], &[7; 4]))]));
    let member = Npz::open(&path).unwrap().member("a").unwrap().without_locks().unwrap();
    let map = member.map_live::<i32, Ix1>(Mode::ReadWrite).unwrap();
    Npz::add(&path, [("b", &arr1(&[1]))]).unwrap();
    map.set(0, 5).unwrap();
    let error = map.flush().unwrap_err();
    assert_eq!((error.kind(), error.member()), (ErrorKind::Changed, Some("a")));
    assert!(error.to_string().contains("`Npz::repair`"), "{error}");
    assert!(!Npz::open(&path).unwrap().verify().unwrap().is_empty());
    Npz::repair(&path).unwrap();
    let npz = Npz::open(&path).unwrap();
    assert!(npz.verify().unwrap().is_empty());
    assert_eq!(read(&npz, "a"), [5]);
    // Stored and flushed while it is edited, before anything is written there.
    let member = npz.member("a").unwrap().without_locks().unwrap();
    let map = member.map_live::<i32, Ix1>(Mode::ReadWrite).unwrap();
    let mut editor = NpzEditor::open(&path).unwrap();
    map.set(0, 6).unwrap();
    map.flush().unwrap();
    assert_eq!(editor.add("c", &arr1(&[1])).unwrap_err().kind(), ErrorKind::Changed);
    drop(editor);
    assert!(Npz::open(&path).unwrap().verify().unwrap().is_empty());
}

#[test]
fn another_file_at_the_path_is_left_alone() {
    for options in manners() {
        let (folder, path) =
            folder_with(&zip(&[Member::stored("a.npy", npy("<i4", &[1], &[7; 4]))]));
        let mut editor = options.open(&path).unwrap();
        editor.add("b", &arr1(&[1])).unwrap();
        mapray::savez(&path, [("other", &arr1(&[2]))]).unwrap();
        let other = fs::read(&path).unwrap();
        let error = editor.finish().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
        assert!(fs::read(&path).unwrap() == other);
        assert_eq!(Npz::open(&path).unwrap().names(), ["other"]);
        assert_eq!(names(folder.path()), ["a.npz"], "whoever opens it removes the journal");
    }
}

#[test]
fn names_are_those_that_an_archive_can_have_and_lead_where_numpy_goes() {
    let member = |name: &str, n: u8| Member::stored(name, npy("|u1", &[1], &[n]));
    let bytes = zip(&[
        member("x", 1),
        member("x.npy", 2),
        member("twice.npy", 3),
        Member::stored("notes.txt", b"no array".to_vec()),
        member("twice.npy", 4),
        member("b.npy", 5),
    ]);
    let (_folder, path) = folder_with(&bytes);
    let one = arr1(&[9_u8]);
    let mut editor = NpzEditor::open(&path).unwrap();
    let refuses = |editor: &mut NpzEditor, name: &str, words: &str| {
        let error = editor.add(name, &one).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Format, "{name}");
        assert_eq!(error.member(), Some(name));
        assert!(error.to_string().contains(words), "{error}");
    };
    refuses(&mut editor, "b", "has a member of this name already");
    refuses(&mut editor, "x", "has a member of this name already");
    refuses(&mut editor, "x.npy", "could not be told apart");
    refuses(&mut editor, "b.npy", "'b' could not be told apart");
    refuses(&mut editor, "notes.txt", "could not be told apart");
    refuses(&mut editor, "a\0b", "NUL");
    refuses(&mut editor, &"n".repeat(65532), "too long");
    let error = editor.remove("twixe").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Member);
    assert!(error.to_string().contains("did you mean 'twice'?"), "{error}");
    editor.replace("x", &one).unwrap();
    editor.replace("twice", &one).unwrap();
    editor.remove("notes.txt").unwrap();
    editor.add("notes.txt", &one).unwrap();
    editor.remove("b").unwrap();
    editor.add("b", &arr1(&[8_u8])).unwrap();
    editor.finish().unwrap();
    let npz = Npz::open(&path).unwrap();
    assert_eq!(npz.names(), ["x", "x.npy", "twice", "notes.txt", "b"]);
    let first = |name: &str| npz.read::<u8, Ix1>(name).unwrap()[0];
    assert_eq!(npz.names().iter().map(|name| first(name)).collect::<Vec<_>>(), [9, 2, 9, 9, 8]);
    let file = fs::read(&path).unwrap();
    let directory = file[bytes.len()..].windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    let count = file[bytes.len() + directory..].windows(4).filter(|four| *four == b"PK\x01\x02");
    assert_eq!(count.count(), 5, "of two members of a name one is left");
    // All that were called so go.
    fs::write(&path, &bytes).unwrap();
    Npz::remove(&path, ["twice", "x", "x"]).unwrap();
    assert_eq!(Npz::open(&path).unwrap().names(), ["notes.txt", "b"]);
}

#[test]
fn what_cannot_be_read_here_is_kept_byte_for_byte() {
    let secret =
        Member { flags: 1, ..Member::stored("secret", b"0123456789ab-encrypted".to_vec()) };
    let strange = Member { method: 93, ..Member::stored("z.npy", b"zstd, perhaps".to_vec()) };
    let streamed = Member::stored("s.npy", npy("|u1", &[3], b"abc")).streamed(false, true);
    let kept = zip(&[secret.clone(), strange.clone()]);
    let bytes = zip(&[secret, strange, streamed]);
    for options in manners() {
        let (_folder, path) = folder_with(&bytes);
        let mut editor = options.open(&path).unwrap();
        editor.add("new", &arr1(&[1])).unwrap();
        editor.finish().unwrap();
        let after = fs::read(&path).unwrap();
        let kept = &kept[..position(&kept, b"PK\x01\x02")];
        assert!(after.windows(kept.len()).any(|part| part == kept));
        let npz = Npz::open(&path).unwrap();
        assert_eq!(npz.read::<u8, Ix1>("s").unwrap().to_vec(), b"abc");
        let kinds = Npz::open(&path).unwrap().verify().unwrap().into_iter().map(|f| f.kind);
        assert!(kinds.eq([mapray::FaultKind::Unchecked; 2]));
    }
}

#[test]
fn an_archive_that_lies_is_refused_before_anything_is_touched() {
    let member = |name: &str| Member::stored(name, npy("|u1", &[1], &[1]));
    let good = zip(&[member("a.npy"), member("b.npy")]);
    let lies: Vec<(&str, Vec<u8>, bool)> = vec![
        ("cut", good[..good.len() - 1].to_vec(), true),
        ("no archive", b"some text".to_vec(), true),
        ("in one place", zip(&[member("a.npy"), Member { shift: -166, ..member("b.npy") }]), false),
        ("elsewhere", zip(&[member("a.npy"), Member { shift: -1, ..member("b.npy") }]), false),
        ("longer", zip(&[Member { compressed: 1 << 20, ..member("a.npy") }]), false),
        ("two sizes", zip(&[Member { size: 7, ..member("a.npy") }]), false),
    ];
    for (lie, bytes, is_found_at_once) in lies {
        let (folder, path) = folder_with(&bytes);
        for options in manners() {
            if options_rewrite(&options) || is_found_at_once {
                let error = options.open(&path).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Format, "{lie}: {error}");
                assert_eq!(error.path(), Some(&*path), "{lie}");
            }
            let error = options.align(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Format, "{lie}: {error}");
        }
        assert!(fs::read(&path).unwrap() == bytes, "{lie}");
        assert_eq!(names(folder.path()), ["a.npz"], "{lie}");
    }
}

fn options_rewrite(options: &NpzEditOptions) -> bool {
    format!("{options:?}").contains("rewrite: true")
}

#[test]
fn an_array_that_cannot_be_read_undoes_the_edit() {
    let (folder, path) = folder_with(&zip(&[]));
    let array = folder.path().join("array.npy");
    mapray::save(&array, &Array1::<u8>::zeros(3_000_000)).unwrap();
    let file = ArrayFile::open(&array).unwrap();
    fs::File::options().write(true).open(&array).unwrap().set_len(1_000_000).unwrap();
    let before = fs::read(&path).unwrap();
    for options in manners() {
        let mut editor = options.open(&path).unwrap();
        editor.add("whole", &arr1(&[1])).unwrap();
        let error = editor.add("cut", &file).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Truncated);
        assert!(editor.add("more", &arr1(&[1])).is_err());
        let error = editor.finish().unwrap_err();
        assert!(error.to_string().contains("lacks a member"), "{error}");
        assert!(fs::read(&path).unwrap() == before);
        assert_eq!(names(folder.path()), ["a.npz", "array.npy"]);
    }
}

#[test]
fn an_edit_of_nothing_writes_nothing_and_a_rewrite_drops_what_is_dead() {
    let (_folder, path) = folder_with(&zip(&[]));
    let array = Array1::from_shape_fn(10_000, |i| i as i32);
    mapray::savez(&path, [("a", &array), ("b", &array), ("c", &array)]).unwrap();
    let before = fs::read(&path).unwrap();
    NpzEditor::open(&path).unwrap().finish().unwrap();
    Npz::remove(&path, [""; 0]).unwrap();
    assert!(fs::read(&path).unwrap() == before);
    Npz::compact(&path).unwrap();
    assert!(fs::read(&path).unwrap() == before, "there is nothing dead in it");
    let dead = || Npz::open(&path).unwrap().dead_bytes().unwrap();
    assert_eq!(dead(), 0);
    Npz::remove(&path, ["b"]).unwrap();
    let removed = fs::read(&path).unwrap();
    assert!(removed.len() > before.len());
    assert!((40_000..41_000).contains(&dead()), "{}", dead());
    Npz::replace(&path, [("a", &array)]).unwrap();
    let told = dead();
    assert!((80_000..82_000).contains(&told), "{told}");
    assert_eq!(Npz::compact(&path).unwrap(), told);
    assert_eq!(dead(), 0);
    let len = fs::metadata(&path).unwrap().len() as usize;
    assert!(len < before.len() * 2 / 3 + 200, "{len} of {}", before.len());
    let npz = Npz::open(&path).unwrap();
    assert_eq!(npz.names(), ["a", "c"]);
    assert_eq!(read(&npz, "a"), array.to_vec());
    // What was aligned is, wherever it has come to lie.
    for align in [64, 4096] {
        let (_folder, path) = folder_with(&zip(&[]));
        let odd = Array1::from_shape_fn(1001, |i| i as i32);
        let members = [("a", &odd), ("b", &odd), ("c", &odd), ("d", &odd)];
        SavezOptions::new().align(align).save(&path, members).unwrap();
        Npz::remove(&path, ["b"]).unwrap();
        Npz::compact(&path).unwrap();
        let npz = Npz::open(&path).unwrap();
        let offset = |name: String| npz.entry(&name).unwrap().offset();
        assert!(npz.names().into_iter().all(|name| offset(name).is_multiple_of(align as u64)));
    }
}

#[test]
fn new_members_are_as_aligned_in_any_archive_as_is_asked_for() {
    let bytes = [b"#!/bin/sh\n".as_slice(), &zip(&[Member::stored("a", vec![1; 77])])].concat();
    for options in manners() {
        for align in [1, 8, 64, 4096] {
            let (_folder, path) = folder_with(&bytes);
            let members = SavezOptions::new().align(align);
            let mut editor = options.clone().members(members).open(&path).unwrap();
            editor.add("b", &arr1(&[1.5])).unwrap();
            editor.finish().unwrap();
            let offset = Npz::open(&path).unwrap().entry("b").unwrap().offset();
            assert!(offset.is_multiple_of(align as u64), "{offset} to {align}");
            assert!(fs::read(&path).unwrap().starts_with(b"#!/bin/sh\n"));
        }
    }
    let (_folder, path) = folder_with(&bytes);
    let odd = NpzEditOptions::new().members(SavezOptions::new().align(3));
    assert_eq!(odd.open(&path).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn what_an_edit_costs_grows_no_faster_than_the_archive() {
    let (_folder, path) = folder_with(&zip(&[]));
    let numbers: BTreeSet<String> = (0..10_000).map(|i| format!("{i}")).collect();
    let one = arr1(&[1_u8]);
    mapray::savez(&path, numbers.iter().map(|name| (name, &one))).unwrap();
    let half = || numbers.iter().filter(|name| name.len() % 2 == 0);
    let two = arr1(&[2_u8]);
    Npz::replace(&path, half().map(|name| (name, &two))).unwrap();
    Npz::remove(&path, half().skip(10)).unwrap();
    Npz::compact(&path).unwrap();
    let npz = Npz::open(&path).unwrap();
    assert_eq!(npz.names().len(), numbers.len() - half().count() + 10);
    let first = half().next().unwrap();
    assert_eq!(npz.read::<u8, Ix1>(first).unwrap()[0], 2);
    assert!(npz.verify().unwrap().is_empty());
}
