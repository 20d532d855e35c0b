//! `create` and `set`: what they make, and what they refuse.

mod common;

use std::fs;
use std::path::Path;

use common::{info, printed, refused};
use mapray::{Compression, MemberArray, SavezOptions};
use ndarray::{arr1, arr2};
use serde_json::{Value, json};

fn parsed(folder: &Path, args: &[&str]) -> Value {
    serde_json::from_str(&printed(folder, args)).unwrap()
}

fn slice(folder: &Path, address: &str) -> String {
    printed(folder, ["slice", address])
}

#[test]
fn a_created_file_is_what_numpy_would_save() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let args = ["create", "a.npy", "--shape", "2,3", "--dtype", "<f4", "--fill", "1.5", "--json"];
    let found = parsed(folder.path(), &args);
    let expected = json!({
        "path": "a.npy", "format": "npy", "dtype": "<f4", "shape": [2, 3], "order": "C",
        "offset": 128, "nbytes": 24,
    });
    assert_eq!(found, expected);
    mapray::save(at("b.npy"), &arr2(&[[1.5_f32; 3]; 2])).unwrap();
    assert_eq!(fs::read(at("a.npy")).unwrap(), fs::read(at("b.npy")).unwrap());

    printed(folder.path(), ["create", "f.npy", "--shape", "2,3", "--order", "F"]);
    assert_eq!(info(folder.path(), &["f.npy"])["order"], "F");
    printed(folder.path(), ["create", "one.npy", "--shape", "", "--fill", "-7"]);
    assert_eq!(slice(folder.path(), "one.npy"), "-7.0\n");
    printed(folder.path(), ["create", "a.raw", "--shape", "3", "--dtype", ">i2", "--fill", "258"]);
    assert_eq!(fs::read(at("a.raw")).unwrap(), [1, 2, 1, 2, 1, 2]);
    printed(folder.path(), ["create", "huge.raw", "--shape", "1048576,1048576", "--sparse"]);
    assert_eq!(fs::metadata(at("huge.raw")).unwrap().len(), 8 << 40);
    printed(folder.path(), ["create", "zeros.npy", "--shape", "5", "--sparse", "--fill", "0"]);
    assert_eq!(slice(folder.path(), "zeros.npy"), "[0. 0. 0. 0. 0.]\n");
}

#[test]
fn create_keeps_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("a.npy"), "as it was").unwrap();
    for (args, part) in [
        (&["a.npy", "--shape", "3"][..], "--force replaces it"),
        (&["a.npz", "--shape", "3"], "files of one array"),
        (&["b.npy", "--shape", "3", "--fill", "x"], "'x' is no number"),
        (&["b.npy", "--shape", "3", "--fill", "1", "--sparse"], "nothing but zeros"),
        (&["b.npy", "--shape", "99999999999,99999999999"], "too big"),
        (&["b.npy", "--shape", "99999999999999"], "cannot make room"),
        (&["none/b.npy", "--shape", "3"], "cannot write a file in its folder"),
        (&["b.npy", "--shape", "3", "--dtype", "O"], "Python objects"),
        (&["b.npy"], "--shape"),
    ] {
        let message = refused(folder.path(), [&["create"][..], args].concat());
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(fs::read(at("a.npy")).unwrap(), b"as it was");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    printed(folder.path(), ["create", "a.npy", "--shape", "3", "--force"]);
    assert_eq!(slice(folder.path(), "a.npy"), "[0. 0. 0.]\n");
}

#[test]
fn values_go_where_the_slice_says() {
    let folder = tempfile::tempdir().unwrap();
    printed(folder.path(), ["create", "a.npy", "--shape", "3,4", "--dtype", ">i4"]);
    let args = ["set", "a.npy[1:, ::-2]", "-5", "--json"];
    let expected = json!({ "address": "a.npy[1:, ::-2]", "shape": [2, 2], "nbytes": 16 });
    assert_eq!(parsed(folder.path(), &args), expected);
    assert_eq!(printed(folder.path(), ["set", "a.npy[0, 0]", "7"]), "");
    let expected = "[[ 7  0  0  0]\n [ 0 -5  0 -5]\n [ 0 -5  0 -5]]\n";
    assert_eq!(slice(folder.path(), "a.npy"), expected);
    printed(folder.path(), ["set", "a.npy[:0]", "9"]);
    assert_eq!(slice(folder.path(), "a.npy"), expected);
    printed(folder.path(), ["create", "f.npy", "--shape", "2"]);
    printed(folder.path(), ["set", "f.npy[0]", "--", "-inf"]);
    assert_eq!(slice(folder.path(), "f.npy"), "[-inf   0.]\n");

    fs::write(folder.path().join("raw"), [0; 8]).unwrap();
    printed(folder.path(), ["set", "raw[1]", "513", "--dtype", ">u2", "--offset", "2"]);
    assert_eq!(fs::read(folder.path().join("raw")).unwrap(), [0, 0, 0, 0, 2, 1, 0, 0]);
}

#[test]
fn arrays_go_where_the_slice_says_and_are_broadcast() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    printed(folder.path(), ["create", "a.npy", "--shape", "2,3", "--dtype", ">i4"]);
    mapray::save(at("row.npy"), &arr1(&[1_i32, 2, 3])).unwrap();
    printed(folder.path(), ["set", "a.npy", "--from", "row.npy"]);
    assert_eq!(slice(folder.path(), "a.npy"), "[[1 2 3]\n [1 2 3]]\n");
    printed(folder.path(), ["set", "a.npy[0]", "--from", "row.npy[::-1]"]);
    assert_eq!(slice(folder.path(), "a.npy"), "[[3 2 1]\n [1 2 3]]\n");
    // From a deflated member, and onto itself.
    let deflated = SavezOptions::new().compression(Compression::Deflate(6));
    deflated.save(at("c.npz"), [("c", &arr1(&[7_i32]))]).unwrap();
    printed(folder.path(), ["set", "a.npy[1, 1:]", "--from", "c.npz"]);
    printed(folder.path(), ["set", "a.npy[:, 1:]", "--from", "a.npy[:, :-1]"]);
    assert_eq!(slice(folder.path(), "a.npy"), "[[3 3 2]\n [1 1 7]]\n");
}

#[test]
fn fields_of_records_are_set_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let dtype = "[('p', [('x', '<f4'), ('y', '<f4')]), ('a.b', '<i2'), ('v', '<i2', (2,))]";
    printed(folder.path(), ["create", "r.npy", "--shape", "2", "--dtype", dtype]);
    let set = |field: &str, value: &str| {
        printed(folder.path(), ["set", "r.npy[1]", "--field", field, value]);
    };
    set("p.y", "2.5");
    set("a.b", "3");
    set("v", "-1");
    assert_eq!(slice(folder.path(), "r.npy[1]"), "((0.0, 2.5), 3, [-1, -1])\n");
    assert_eq!(slice(folder.path(), "r.npy[0]"), "((0.0, 0.0), 0, [0, 0])\n");
    let message = refused(folder.path(), ["set", "r.npy", "1"]);
    assert!(message.contains("--field"), "{message}");
    let message = refused(folder.path(), ["set", "r.npy", "--field", "q", "1"]);
    assert!(message.contains("'q'"), "{message}");
}

#[test]
fn members_of_archives_keep_their_checksum() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (arr1(&[1.5, 2.5]), arr1(&[1_u8, 2]));
    let members: [(&str, &dyn MemberArray); 2] = [("a", &a), ("b", &b)];
    mapray::savez(folder.path().join("z.npz"), members).unwrap();
    let deflated = SavezOptions::new().compression(Compression::Deflate(6));
    deflated.save(folder.path().join("c.npz"), members).unwrap();
    printed(folder.path(), ["set", "z.npz::a[0]", "nan"]);
    printed(folder.path(), ["set", "z.npz::b", "--from", "c.npz::b[::-1]"]);
    assert_eq!(printed(folder.path(), ["verify", "z.npz"]), "z.npz: sound (npz)\n");
    assert_eq!(slice(folder.path(), "z.npz::a"), "[nan 2.5]\n");
    assert_eq!(slice(folder.path(), "z.npz::b"), "[2 1]\n");
    let message = refused(folder.path(), ["set", "c.npz::a", "1"]);
    assert!(message.contains("`mapray convert c.npz STORED.npz`"), "{message}");
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    mapray::save(at("a.npy"), &arr1(&[1_u8, 2, 3])).unwrap();
    mapray::save(at("f.npy"), &arr1(&[1.0, 2.0, 3.0])).unwrap();
    mapray::save(at("two.npy"), &arr1(&[1_u8, 2])).unwrap();
    let before = fs::read(at("a.npy")).unwrap();
    for (args, part) in [
        (&["a.npy", "300"][..], "300 does not fit dtype '|u1': expected 0 to 255"),
        (&["a.npy", "1.5"], "'1.5' is no integer"),
        (&["a.npy[3]", "1"], "index 3 is out of bounds"),
        (&["a.npy", "--from", "f.npy"], "`mapray convert --dtype`"),
        (&["a.npy", "--from", "two.npy"], "cannot be broadcast"),
        (&["a.npy", "--from", "none.npy"], "none.npy: cannot open"),
        (&["a.npy", "1", "--from", "two.npy"], "cannot be used with"),
        (&["a.npy"], "required"),
        (&["none.npy", "1"], "cannot open"),
    ] {
        let message = refused(folder.path(), [&["set"][..], args].concat());
        assert!(message.contains(part), "{message}");
        assert_eq!(fs::read(at("a.npy")).unwrap(), before, "{args:?}");
    }
}
