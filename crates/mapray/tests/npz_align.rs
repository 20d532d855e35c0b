//! Archives that are made to be mapped aligned.

#[path = "common/archive.rs"]
mod archive;
mod common;

use std::fs;
use std::path::{Path, PathBuf};

use archive::{Member, folder_with, npy, oracle, overwrite, position, zip};
use mapray::{ErrorKind, Npz, NpzEditOptions, SavezOptions};
use serde_json::Value as Json;

fn align(path: &Path, bytes: usize) -> Vec<mapray::Aligned> {
    let members = SavezOptions::new().align(bytes);
    NpzEditOptions::new().members(members).align(path).unwrap()
}

fn read_by_numpy(python: &Path, paths: &[PathBuf]) -> Json {
    let arguments: Vec<&Path> =
        [Path::new("read")].into_iter().chain(paths.iter().map(|path| &**path)).collect();
    serde_json::from_str(&oracle(python, "npz.py", &arguments)).unwrap()
}

/// Where the elements of each stored array lie, by the name of the array.
fn offsets(path: &Path) -> Vec<(String, u64)> {
    let npz = Npz::open(path).unwrap();
    let offset = |name: String| npz.member(&name).ok().map(|file| (name, file.entry().offset()));
    npz.names().into_iter().filter_map(offset).collect()
}

#[test]
fn archives_of_numpy_hold_the_same_afterwards_and_their_arrays_lie_aligned() {
    let test = "archives_of_numpy_hold_the_same_afterwards_and_their_arrays_lie_aligned";
    let Some(python) = common::python() else {
        return common::skip(test, "MAPRAY_PYTHON is not set");
    };
    let folder = tempfile::tempdir().unwrap();
    oracle(&python, "npz.py", &["write".as_ref(), folder.path()]);
    let listed = fs::read(folder.path().join("npz.json")).unwrap();
    let listed: Vec<Json> = serde_json::from_slice(&listed).unwrap();
    let paths: Vec<PathBuf> =
        listed.iter().map(|json| folder.path().join(json["file"].as_str().unwrap())).collect();
    let before = read_by_numpy(&python, &paths);
    for bytes in [64, 4096, 1] {
        for path in &paths {
            let was = offsets(path);
            let aligned = align(path, bytes);
            let moved = |at: &u64| aligned.iter().any(|aligned| aligned.from == *at);
            let is_odd = |at: &u64| !at.is_multiple_of(bytes as u64);
            assert!(was.iter().all(|(_, at)| moved(at) == is_odd(at)), "{}", path.display());
            assert!(aligned.iter().all(|aligned| is_odd(&aligned.from)));
            let is = offsets(path);
            // Of members of one name only the last is among the arrays, but all are aligned.
            let is_told = |at: &u64| aligned.iter().any(|aligned| aligned.to == *at);
            assert!(was.iter().zip(&is).all(|((_, at), (_, to))| !is_odd(at) || is_told(to)));
            assert!(was.iter().map(|(name, _)| name).eq(is.iter().map(|(name, _)| name)));
            let file = path.display();
            assert!(is.iter().all(|(_, at)| at.is_multiple_of(bytes as u64)), "{file} to {bytes}");
            assert!(align(path, bytes).is_empty(), "{file} is aligned to {bytes}");
            let unchecked = |fault: &mapray::Fault| fault.kind == mapray::FaultKind::Unchecked;
            assert!(Npz::open(path).unwrap().verify().unwrap().iter().all(unchecked), "{file}");
        }
    }
    let after = read_by_numpy(&python, &paths);
    for path in &paths {
        // Names, dates, compression, checksums, sizes, comments, elements, all in their order.
        let key = path.to_str().unwrap();
        assert_eq!(after[key], before[key], "{key}");
    }
}

fn bytes_of(values: &[u8]) -> Vec<u8> {
    npy("|u1", &[values.len()], values)
}

#[test]
fn where_nothing_is_to_be_moved_nothing_is_written() {
    let array = ndarray::arr1(&[1.5, 2.5]);
    let folder = common::scratch();
    let path = folder.path().join("a.npz");
    mapray::savez(&path, [("a", &array), ("b", &array)]).unwrap();
    let before = fs::metadata(&path).unwrap();
    assert!(Npz::align(&path).unwrap().is_empty());
    mapray::savez_compressed(folder.path().join("c.npz"), [("a", &array)]).unwrap();
    assert!(Npz::align(folder.path().join("c.npz")).unwrap().is_empty());
    let after = fs::metadata(&path).unwrap();
    assert_eq!(after.modified().unwrap(), before.modified().unwrap());
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::MetadataExt::ino(&after),
        std::os::unix::fs::MetadataExt::ino(&before)
    );
}

#[test]
fn a_member_says_where_it_was_and_where_it_is() {
    let (_folder, path) = folder_with("a.npz", &zip(&[Member::stored("x.npy", bytes_of(b"abc"))]));
    let aligned = Npz::align(&path).unwrap();
    assert_eq!(aligned.len(), 1);
    assert_eq!(
        aligned[0].to_string(),
        "x.npy: its elements are at byte 192 now; they were at byte 163"
    );
}

#[test]
fn what_is_no_stored_array_is_copied_byte_for_byte() {
    let encrypted = Member { flags: 1, ..Member::stored("secret", b"encrypted bytes".to_vec()) };
    let deflated = Member::deflated("d.npy", &bytes_of(&[7; 500]));
    let object = Member::stored("o.npy", npy("|O", &[2], b"a pickle, perhaps"));
    let others = [encrypted, deflated, object, Member::stored("notes.txt", b"text".to_vec())];
    let array = Member::stored("a.npy", bytes_of(b"abc")).streamed(true, true);
    let all: Vec<Member> = [&others[..2], &[array], &others[2..]].concat();
    let (_folder, path) = folder_with("a.npz", &zip(&all));
    assert_eq!(Npz::align(&path).unwrap().len(), 1);
    let after = fs::read(&path).unwrap();
    for member in &others {
        let alone = zip(std::slice::from_ref(member));
        let member = &alone[..position(&alone, b"PK\x01\x02")];
        assert!(after.windows(member.len()).any(|part| part == member));
    }
}

#[test]
fn padding_that_is_there_already_is_made_longer_or_shorter() {
    let array = ndarray::arr1(&[1.5, 2.5]);
    let folder = common::scratch();
    let path = folder.path().join("a.npz");
    let mut lengths = Vec::new();
    for bytes in [1, 4096, 16384, 64, 64] {
        SavezOptions::new().align(bytes).save(&path, [("a", &array), ("b", &array)]).unwrap();
        align(&path, 64);
        lengths.push(fs::metadata(&path).unwrap().len());
    }
    // What is aligned to more stays.
    assert_eq!((lengths[0], lengths[3]), (lengths[3], lengths[4]));
    assert!(lengths[1] > 4096 && lengths[2] > 16384);
    SavezOptions::new().align(64).save(&path, [("a", &array), ("b", &array)]).unwrap();
    assert_eq!(align(&path, 4096).len(), 2);
    assert!(offsets(&path).iter().map(|(_, at)| *at).eq([4096, 8192]));
}

#[test]
fn a_header_without_room_for_padding_is_an_error_and_nothing_happens() {
    let mut bytes = zip(&[Member::stored("x.npy", bytes_of(b"abc"))]);
    // An extra field of somebody else that is nearly as long as can be.
    let extra = [&[9, 9, 0xf0, 0xff][..], &[0; 0xfff0]].concat();
    bytes.splice(35..35, extra.iter().copied());
    let (folder, path) = folder_with("a.npz", &bytes);
    overwrite(&path, 28, &(extra.len() as u16).to_le_bytes());
    let end = bytes.len() - 6;
    let start = u32::from_le_bytes(bytes[end..end + 4].try_into().unwrap()) + extra.len() as u32;
    overwrite(&path, end, &start.to_le_bytes());
    let before = fs::read(&path).unwrap();
    assert_eq!(Npz::open(&path).unwrap().verify().unwrap().len(), 0);
    let error = Npz::align(&path).unwrap_err();
    assert_eq!((error.kind(), error.member()), (ErrorKind::Unsupported, Some("x.npy")));
    assert!(fs::read(&path).unwrap() == before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
