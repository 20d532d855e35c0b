//! Archives that NumPy made, read and mapped; what is in an archive, and what is not.

#[path = "common/archive.rs"]
mod archive;
mod common;

use std::fs;

use archive::{Member, folder_with, hex, npy, oracle, position, zip};
use mapray::{Archive, ArrayFile, Error, ErrorKind, FaultKind, Le, Mode, Npz};
use ndarray::{Ix1, Ix2, arr1, arr2};
use serde_json::Value as Json;

fn kind<T>(result: Result<T, Error>) -> ErrorKind {
    match result {
        Ok(_) => panic!("no error"),
        Err(error) => error.kind(),
    }
}

/// The bytes of a member in C order, by every way that leads to them.
fn by_every_way(npz: &Npz, key: &str, stored: bool, len: usize) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut buffer = vec![0; len];
    npz.decode(key).unwrap().view().read_bytes(&mut buffer).unwrap();
    found.push(("decode".to_owned(), buffer.clone()));
    if !stored {
        assert_eq!(kind(npz.member(key)), ErrorKind::Unsupported);
        return found;
    }
    let file = npz.member(key).unwrap();
    file.read_bytes(&mut buffer).unwrap();
    found.push(("read".to_owned(), buffer.clone()));
    for mode in [Mode::Read, Mode::ReadWrite, Mode::CopyOnWrite] {
        let live = file.map_live_dyn(mode).unwrap();
        // Other systems cannot read a live map without risk.
        if cfg!(not(mapray_portable)) {
            live.read_bytes(&mut buffer).unwrap();
            found.push((format!("live {mode}"), buffer.clone()));
        }
        // SAFETY: nobody else knows the file.
        let map = unsafe { live.assume_stable().unwrap() };
        map.view().read_bytes(&mut buffer).unwrap();
        found.push((format!("map {mode}"), buffer.clone()));
    }
    found
}

#[test]
fn what_numpy_and_zipfile_wrote_is_read_and_mapped_as_numpy_reads_it() {
    let Some(python) = common::python() else {
        return common::skip("what_numpy_and_zipfile_wrote…", "MAPRAY_PYTHON is not set");
    };
    let folder = tempfile::tempdir().unwrap();
    oracle(&python, "npz.py", &["write".as_ref(), folder.path()]);
    let listed: Json =
        serde_json::from_slice(&fs::read(folder.path().join("npz.json")).unwrap()).unwrap();
    let listed = listed.as_array().unwrap();
    assert!(listed.len() > 20);
    for json in listed {
        let file = json["file"].as_str().unwrap();
        let path = folder.path().join(file);
        let npz = Npz::open(&path).unwrap();
        let keys: Vec<_> = json["keys"].as_array().unwrap().iter().map(Json::as_str).collect();
        let names = npz.names();
        if file == "aliases.npz" {
            assert_eq!(names, ["x", "x.npy", "x.npy.npy"], "where NumPy gives two members one key");
        } else {
            assert_eq!(names.iter().map(|name| Some(&**name)).collect::<Vec<_>>(), keys, "{file}");
        }
        let unchecked = ["bzip2.npz", "lzma.npz"].contains(&file);
        let faults = npz.verify().unwrap();
        assert!(faults.iter().all(|fault| unchecked && fault.kind == FaultKind::Unchecked));
        assert_eq!(faults.len(), usize::from(unchecked), "{file}: {faults:?}");
        for array in json["arrays"].as_array().unwrap() {
            let key = array["key"].as_str().unwrap();
            if unchecked {
                let error = npz.entry(key).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Unsupported);
                assert!(error.to_string().contains(&file[..4]), "{error}");
                continue;
            }
            let entry = npz.entry(key).unwrap();
            assert_eq!(entry.dtype().descr(), array["descr"].as_str().unwrap(), "{file}::{key}");
            assert_eq!(serde_json::json!(entry.shape()), array["shape"], "{file}::{key}");
            assert_eq!(entry.name.as_deref(), Some(key));
            let elements = hex(&array["elements"]);
            let stored = array["stored"].as_bool().unwrap();
            for (way, found) in by_every_way(&npz, key, stored, elements.len()) {
                assert!(found == elements, "{file}::{key} by {way}");
            }
        }
        if file == "with-other-members.npz" {
            for name in &names[1..] {
                assert_eq!(kind_of(&npz, name), Some(ErrorKind::Format), "{name} is no array");
            }
        }
    }
}

fn kind_of(npz: &Npz, name: &str) -> Option<ErrorKind> {
    npz.entry(name).err().map(|error| error.kind())
}

fn numbers() -> Vec<u8> {
    let values: [f64; 6] = [0.5, 1.5, 2.5, 3.5, 4.5, 5.5];
    npy("<f8", &[2, 3], &values.map(f64::to_le_bytes).concat())
}

#[test]
fn a_member_is_found_with_and_without_its_suffix_and_exactly_first() {
    let (_folder, path) = folder_with(
        "a.npz",
        &zip(&[
            Member::stored("x", npy("|u1", &[1], &[1])),
            Member::stored("x.npy", npy("|u1", &[1], &[2])),
            Member::stored("y.npy", npy("|u1", &[1], &[3])),
            Member::stored("twice.npy", npy("|u1", &[1], &[4])),
            Member::stored("twice.npy", npy("|u1", &[1], &[5])),
        ]),
    );
    let npz = Npz::open(&path).unwrap();
    let first = |name: &str| npz.read::<u8, Ix1>(name).unwrap()[0];
    assert_eq!(["x", "x.npy", "y", "y.npy"].map(first), [1, 2, 3, 3]);
    assert_eq!(first("twice"), 5, "what was added last counts");
    assert_eq!(npz.names(), ["x", "x.npy", "y", "twice"]);
}

#[test]
fn a_wrong_name_suggests_the_nearest() {
    let members = ["weights", "bias", "mean"].map(|name| Member::stored(name, numbers()));
    let (_folder, path) = folder_with("a.npz", &zip(&members));
    let error = Npz::open(&path).unwrap().member("wieghts").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Member);
    let said = error.to_string();
    assert!(said.ends_with("did you mean 'weights'? it holds weights, bias, mean"), "{said}");
}

#[test]
fn an_error_names_the_file_the_member_and_the_byte() {
    let damaged = zip(&[Member::stored("a.npy", b"\x93NUMPY\x09\0".repeat(9))]);
    let (_folder, path) = folder_with("a.npz", &damaged);
    let error = Npz::open(&path).unwrap().member("a").unwrap_err();
    assert_eq!((error.path(), error.member()), (Some(&*path), Some("a")));
    assert_eq!(error.offset(), Some(30 + 5 + 6), "the version in the member");
    assert!(error.to_string().contains("a.npz::a: "), "{error}");
}

#[test]
fn unaligned_elements_are_viewed_in_place_and_read_by_value() {
    let bytes = zip(&[Member::stored("odd.npy", numbers())]);
    assert_ne!(position(&bytes, b"\x93NUMPY") % 8, 0);
    let (_folder, path) = folder_with("a.npz", &bytes);
    let expected = arr2(&[[0.5, 1.5, 2.5], [3.5, 4.5, 5.5]]);
    let file = Npz::open(&path).unwrap().member("odd").unwrap();
    assert!(!file.entry().is_aligned());
    assert_eq!(file.to_array::<f64, Ix2>().unwrap(), expected);
    // SAFETY: nobody else knows the file.
    let map = unsafe { file.map_live_dyn(Mode::Read).unwrap().assume_stable().unwrap() };
    assert_eq!(map.typed::<Le<f64>, Ix2>().unwrap().mapv(Le::get), expected);
    let error = map.typed::<f64, Ix2>().unwrap_err();
    assert!(error.to_string().contains("Packed<f64, Little>"), "{error}");
    assert_eq!(error.member(), Some("odd"));
}

#[test]
fn a_deflated_member_is_read_but_not_mapped_and_the_error_says_what_to_call() {
    let (_folder, path) = folder_with("a.npz", &zip(&[Member::deflated("a.npy", &numbers())]));
    let npz = Npz::open(&path).unwrap();
    assert!(!npz.entry("a").unwrap().is_mappable());
    let error = npz.member("a").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let said = error.to_string();
    assert!(said.contains("(deflate)") && said.contains("`read` or `decode`"), "{said}");
    assert_eq!(npz.read::<f64, Ix2>("a").unwrap()[(1, 0)], 3.5);
    let decoded = npz.decode("a").unwrap();
    assert_eq!(decoded.view().typed::<f64, Ix2>().unwrap().sum(), 18.0);
}

#[test]
fn all_members_are_decoded_at_once_as_one_by_one_and_the_first_that_cannot_be_is_named() {
    let member = |index: usize| match index % 3 {
        0 => Member::stored(&format!("a{index}.npy"), numbers()),
        _ => Member::deflated(&format!("a{index}.npy"), &numbers()),
    };
    let mut members: Vec<Member> = (0..20).map(member).collect();
    let (_folder, path) = folder_with("a.npz", &zip(&members));
    let npz = Npz::open(&path).unwrap();
    let decoded = npz.decode_all().unwrap();
    let names: Vec<&String> = decoded.iter().map(|(name, _)| name).collect();
    assert_eq!(names, npz.names().iter().collect::<Vec<_>>());
    for (name, array) in &decoded {
        let one = npz.decode(name).unwrap();
        assert_eq!((array.as_bytes(), array.shape()), (one.as_bytes(), one.shape()), "{name}");
    }
    for place in [7, 3] {
        members.insert(place, Member::stored(&format!("text{place}"), b"no array".to_vec()));
    }
    let (_folder, path) = folder_with("a.npz", &zip(&members));
    let error = Npz::open(&path).unwrap().decode_all().unwrap_err();
    assert_eq!((error.kind(), error.member()), (ErrorKind::Format, Some("text3")), "{error}");
}

#[test]
fn opening_looks_at_no_member() {
    let mut bytes = zip(&[Member::stored("a", numbers()), Member::stored("b", numbers())]);
    let directory = position(&bytes, b"PK\x01\x02");
    let second = directory / 2;
    bytes[..second].fill(0xee);
    let (_folder, path) = folder_with("a.npz", &bytes);
    let npz = Npz::open(&path).unwrap();
    assert_eq!(npz.names(), ["a", "b"]);
    assert_eq!(kind_of(&npz, "a"), Some(ErrorKind::Format));
    assert_eq!(npz.read::<f64, Ix2>("b").unwrap()[(0, 0)], 0.5);
}

#[test]
fn every_kind_of_data_descriptor_is_understood() {
    let member = || Member::stored("a", numbers());
    for (signature, wide) in [(false, false), (false, true), (true, false), (true, true)] {
        let bytes = zip(&[member().streamed(signature, wide), Member::stored("b", numbers())]);
        let (_folder, path) = folder_with("a.npz", &bytes);
        let npz = Npz::open(&path).unwrap();
        assert!(npz.verify().unwrap().is_empty(), "{signature} {wide}");
        let slots = npz.entry("a").unwrap().upkeep.checksum.unwrap().slots;
        let crc = member().crc.to_le_bytes();
        assert_eq!(slots.len(), 2, "in the directory and behind the member");
        assert!(slots.iter().all(|slot| bytes[slot.offset as usize..].starts_with(&crc)));
    }
}

#[test]
fn as_many_bytes_behind_the_end_as_zipfile_suffers_and_no_more() {
    let archive = zip(&[Member::stored("a", numbers())]);
    let (_folder, path) = folder_with("a.npz", &[&archive[..], &[0; 1 << 16]].concat());
    assert_eq!(Npz::open(&path).unwrap().names(), ["a"]);
    fs::write(&path, [&archive[..], &[0; (1 << 16) + 1]].concat()).unwrap();
    assert_eq!(kind(Npz::open(&path)), ErrorKind::Format);
}

#[test]
fn a_comment_that_looks_like_an_end_is_seen_through() {
    let mut archive = zip(&[Member::stored("a", numbers())]);
    let comment = [b"PK\x05\x06".as_slice(), &[0xff; 30]].concat();
    let len = archive.len();
    archive[len - 2] = comment.len() as u8;
    let (_folder, path) = folder_with("a.npz", &[archive, comment].concat());
    assert_eq!(Npz::open(&path).unwrap().read::<f64, Ix2>("a").unwrap().sum(), 18.0);
}

#[test]
fn names_are_names_only_in_any_code_page() {
    let mut latin = Member::stored("caf?", numbers());
    latin.name[3] = 0x82;
    let utf8 = Member { flags: 1 << 11, ..Member::stored("整数", numbers()) };
    let members = [latin, utf8, Member::stored("../../etc/passwd", numbers())];
    let (_folder, path) = folder_with("a.npz", &zip(&members));
    let npz = Npz::open(&path).unwrap();
    assert_eq!(npz.names(), ["café", "整数", "../../etc/passwd"]);
    assert!(npz.names().iter().all(|name| npz.member(name).is_ok()));
}

#[test]
fn python_objects_are_told_of_and_never_read() {
    let object = npy("|O", &[2], b"a pickle, perhaps");
    let members = [Member::stored("a", object.clone()), Member::deflated("b", &object)];
    let (_folder, path) = folder_with("a.npz", &zip(&members));
    let npz = Npz::open(&path).unwrap();
    for name in ["a", "b"] {
        assert!(npz.entry(name).unwrap().dtype().has_objects());
        assert_eq!(kind(npz.member(name)), ErrorKind::Dtype);
        assert_eq!(kind(npz.decode(name)), ErrorKind::Dtype);
    }
}

#[test]
fn what_is_encrypted_or_strangely_compressed_is_refused_by_its_name() {
    let with = |flags, method| {
        [Member { flags, method, ..Member::stored("a", numbers()) }, Member::stored("b", numbers())]
    };
    for (flags, method, word) in [
        (1, 0, "encrypted"),
        (1, 8, "encrypted"),
        (1 << 6, 8, "encrypted"),
        (1 << 13, 8, "encrypted"),
        (1 << 5, 8, "patch"),
        (0, 9, "deflate64 (method 9)"),
        (0, 12, "bzip2 (method 12)"),
        (0, 14, "lzma (method 14)"),
        (0, 93, "zstd (method 93)"),
        (0, 77, "an unknown method (method 77)"),
    ] {
        let (_folder, path) = folder_with("a.npz", &zip(&with(flags, method)));
        let npz = Npz::open(&path).unwrap();
        for error in [npz.member("a").unwrap_err(), npz.decode("a").unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().contains(word), "{error}");
        }
        assert_eq!(npz.verify().unwrap()[0].kind, FaultKind::Unchecked);
        assert_eq!(npz.read::<f64, Ix2>("b").unwrap().sum(), 18.0, "the others can be read");
    }
}

#[test]
fn a_file_is_told_by_what_is_in_it() {
    let archive = zip(&[Member::stored("a.npy", numbers()), Member::stored("b.npy", numbers())]);
    let (folder, path) = folder_with("archive.npy", &archive);
    assert_eq!(Archive::open(&path).unwrap().format(), "npz");
    for error in [ArrayFile::open(&path).unwrap_err(), mapray::inspect(&path).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Member);
        let said = error.to_string();
        assert!(said.contains("it holds a, b") && said.contains(r#"?.member("a")"#), "{said}");
    }
    let single = folder.path().join("single.npz");
    mapray::save(&single, &arr1(&[1.5])).unwrap();
    assert_eq!(kind(Archive::open(&single)), ErrorKind::Member);
    assert_eq!(kind(Npz::open(&single)), ErrorKind::Format);
    fs::write(&single, [b"#!/bin/sh\n", &archive[..]].concat()).unwrap();
    assert_eq!(Archive::open(&single).unwrap().names(), ["a", "b"]);
    fs::write(&single, "some text").unwrap();
    assert_eq!(kind(Archive::open(&single)), ErrorKind::Format);
    fs::write(&single, "").unwrap();
    assert_eq!(kind(Archive::open(&single)), ErrorKind::Format);
}

#[test]
fn a_decoded_array_is_saved_as_numpy_would() {
    let (folder, path) = folder_with("a.npz", &zip(&[Member::deflated("a", &numbers())]));
    let out = folder.path().join("a.npy");
    mapray::save_dyn(&out, &Npz::open(&path).unwrap().decode("a").unwrap()).unwrap();
    assert_eq!(fs::read(&out).unwrap(), numbers());
}
