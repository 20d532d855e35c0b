//! stats --axis, hist, diff, checksum and convert, as people and scripts use them.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{mapray, printed, refused, run};
use ndarray::{Array, Array2, arr1, arr2};
use serde_json::{Value, json};

/// A folder with a few small files.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let a = Array2::from_shape_fn((3, 4), |(i, j)| (10 * i + j) as i16);
    mapray::save(at("a.npy"), &a).unwrap();
    mapray::save(at("f.npy"), &a.t().as_standard_layout().reversed_axes()).unwrap();
    let mut b = a.mapv(f64::from);
    (b[[0, 3]], b[[2, 1]], b[[2, 2]]) = (3.5, -21.0, f64::NAN);
    mapray::save(at("b.npy"), &b).unwrap();
    let wave = Array::from_iter((0..1000).map(|i| (f64::from(i) / 50.0).sin()));
    mapray::save(at("wave.npy"), &wave).unwrap();
    mapray::save(at("nan.npy"), &arr1(&[f32::NAN, 1.0, f32::INFINITY, 2.0, 9.0])).unwrap();
    mapray::savez(at("z.npz"), [("x", &b), ("y", &a.mapv(f64::from))]).unwrap();
    mapray::savez_compressed(at("w.npz"), [("x", &b), ("only", &b)]).unwrap();
    fs::write(at("big.raw"), [0, 1, 0, 2, 0, 3, 1, 0, 1, 1, 1, 2]).unwrap();
    mapray::save(at("text.npy"), &arr1(&[mapray::Bytes(*b"ab"), mapray::Bytes(*b"c\0")])).unwrap();
    folder
}

/// What is printed, and the exit code.
fn answer(folder: &Path, args: &[&str]) -> (String, Option<i32>) {
    let mut command = mapray(folder);
    if args[0] == "hist" && args[1] != "--help" {
        command.env("COLUMNS", "72");
    }
    let output = command.args(args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout) + &text(&output.stderr), output.status.code())
}

fn json_of(folder: &Path, args: &[&str]) -> (Value, Option<i32>) {
    let output = run(folder, args);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "one object on one line");
    (serde_json::from_str(&text).unwrap(), output.status.code())
}

#[test]
fn what_people_read_of_elements_is_as_it_was() {
    let folder = folder();
    let mut text = String::new();
    for args in [
        &["stats", "a.npy", "--axis", "0"][..],
        &["stats", "b.npy", "--axis", "-1"],
        &["stats", "a.npy", "--axis", "0,1"],
        &["stats", "wave.npy", "--axis", "x"],
        &["stats", "a.npy", "--axis", "2"],
        &["stats", "a.npy", "--axis", "1,-1"],
        &["hist", "wave.npy"],
        &["hist", "wave.npy", "--bins", "4", "--log", "--range", "-0.5,0.5"],
        &["hist", "nan.npy", "--bins", "3"],
        &["hist", "text.npy"],
        &["hist", "a.npy", "--bins", "0"],
        &["hist", "a.npy", "--range", "1"],
        &["hist", "a.npy", "--range", "2,1"],
        &["diff", "a.npy", "f.npy"],
        &["diff", "a.npy", "b.npy"],
        &["diff", "a.npy", "b.npy", "--atol", "0.5", "--ignore-dtype"],
        &["diff", "a.npy", "b.npy[:2]"],
        &["diff", "a.npy", "text.npy[:1]"],
        &["diff", "z.npz", "w.npz"],
        &["diff", "z.npz", "z.npz", "--equal-nan"],
        &["diff", "z.npz::y", "a.npy", "--ignore-dtype"],
        &["diff", "a.npy", "z.npz"],
        &["diff", "a.npy", "none.npy"],
        &["diff", "a.npy", "b.npy", "--rtol", "-1"],
        &["checksum", "a.npy", "f.npy", "z.npz"],
        &["checksum", "a.npy[0]", "none.npy", "--algorithm", "crc32"],
        &["checksum", "a.npy", "--algorithm", "md5"],
        &["checksum"],
        &["checksum", "--check", "a.npy"],
        &["convert", "b.npy", "out.npy", "--dtype", "i2"],
        &["convert", "b.npy", "out.npy", "--dtype", "i2", "--casting", "truncate"],
        &["convert", "a.npy", "out.npy", "--dtype", "u1", "--casting", "round"],
        &["convert", "text.npy", "out.npy", "--dtype", "f4"],
        &["convert", "text.npy", "out.npy", "--dtype", "S1"],
        &["convert", "a.npy", "out.npy", "--dtype", "i1", "--to-dtype", "i2"],
        &["stats", "--help"],
        &["hist", "--help"],
        &["diff", "--help"],
        &["checksum", "--help"],
        &["convert", "--help"],
    ] {
        let (said, code) = answer(folder.path(), args);
        text += &format!("$ mapray {}\n{said}[{}]\n\n", args.join(" "), code.unwrap());
    }
    assert!(!folder.path().join("out.npy").exists());
    insta::assert_snapshot!(text);
}

#[test]
fn stats_along_axes_in_json_have_lists_in_c_order() {
    let folder = folder();
    let (found, _) = json_of(folder.path(), &["stats", "b.npy", "--json", "--axis=-1"]);
    assert_eq!((&found["axis"], &found["shape"]), (&json!([-1]), &json!([3])));
    assert_eq!((&found["count"], &found["nan"]), (&json!([4, 4, 4]), &json!([0, 0, 1])));
    assert_eq!(found["min"], json!([0.0, 10.0, -21.0]));
    let keys: Vec<&String> = found.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["axis", "shape", "count", "nan", "inf", "min", "max", "mean", "std"]);
    let all = ["stats", "nan.npy[:1]", "--json", "--axis", "0"];
    assert_eq!(json_of(folder.path(), &all).0["mean"], json!([null]));
}

#[test]
fn hist_in_json_has_the_keys_that_scripts_rely_on() {
    let folder = folder();
    let (found, code) = json_of(folder.path(), &["hist", "nan.npy", "--bins", "2", "--json"]);
    let expected = json!({
        "count": 5, "nan": 1, "below": 0, "above": 1, "edges": [1.0, 5.0, 9.0], "counts": [2, 1],
    });
    assert_eq!((found, code), (expected, Some(0)));
}

#[test]
fn diff_in_json_says_what_differs_and_the_exit_code_whether() {
    let folder = folder();
    let (found, code) = json_of(folder.path(), &["diff", "a.npy", "b.npy", "--json"]);
    let expected = json!({
        "same": false, "dtypes": ["<i2", "<f8"], "shapes": null, "comparable": true,
        "compared": 12, "differing": 3,
        "first": { "index": [0, 3], "field": null, "a": 3, "b": 3.5, "distance": 0.5 },
        "largest": { "index": [2, 1], "field": null, "a": 21, "b": -21.0, "distance": 42.0 },
    });
    assert_eq!((found, code), (expected, Some(1)));
    let (found, code) = json_of(folder.path(), &["diff", "a.npy", "f.npy", "--json"]);
    assert_eq!((&found["same"], &found["first"], code), (&json!(true), &json!(null), Some(0)));
    let (found, code) = json_of(folder.path(), &["diff", "z.npz", "w.npz", "--json"]);
    assert_eq!((&found["only_in_a"], &found["only_in_b"]), (&json!(["y"]), &json!(["only"])));
    assert_eq!((&found["members"]["x"]["differing"], code), (&json!(1), Some(1)));
    assert_eq!(printed(folder.path(), ["diff", "z.npz::x", "w.npz::x", "--equal-nan"]), "");
}

#[test]
fn a_checksum_is_that_of_the_raw_file() {
    let folder = folder();
    printed(folder.path(), ["convert", "f.npy", "f.raw"]);
    let lines = printed(folder.path(), ["checksum", "f.raw", "f.npy", "a.npy"]);
    let sums: Vec<&str> = lines.lines().map(|line| line.split_once("  ").unwrap().0).collect();
    assert!(sums.iter().all(|sum| *sum == sums[0] && sum.len() == 64));
    // Where there is the command that the lines imitate, it agrees.
    if let Ok(output) = Command::new("sha256sum").arg("f.raw").current_dir(&folder).output() {
        let line = lines.lines().next().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), line);
    }
}

#[test]
fn checksums_are_checked_against_what_an_earlier_run_printed() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("odd\n\\.raw"), "odd").unwrap();
    for algorithm in ["sha256", "crc32", "xxh3"] {
        let options = ["--algorithm", algorithm];
        let args = ["checksum", "a.npy[1:]", "z.npz", "odd\n\\.raw"];
        let sums = printed(folder.path(), args.iter().chain(&options));
        fs::write(at("sums"), &sums).unwrap();
        let check = ["checksum", "--check", "sums"];
        let found = printed(folder.path(), check.iter().chain(&options));
        assert_eq!(found, "a.npy[1:]: OK\nz.npz::x: OK\nz.npz::y: OK\nodd\n\\.raw: OK\n");
    }
    fs::write(at("sums"), printed(folder.path(), ["checksum", "a.npy", "b.npy"])).unwrap();
    mapray::save(at("a.npy"), &arr2(&[[1_u8]])).unwrap();
    let (said, code) = answer(folder.path(), &["checksum", "--check", "sums"]);
    assert_eq!((said.as_str(), code), ("a.npy: FAILED\nb.npy: OK\n", Some(1)));
    let (found, code) = json_of(folder.path(), &["checksum", "--check", "sums", "--json"]);
    assert_eq!((&found["algorithm"], &found["same"]), (&json!("sha256"), &json!(false)));
    assert_eq!((&found["checked"][1]["same"], code), (&json!(true), Some(1)));
    fs::remove_file(at("b.npy")).unwrap();
    let (said, code) = answer(folder.path(), &["checksum", "--check", "sums"]);
    assert!(said.starts_with("a.npy: FAILED\nb.npy: FAILED to read\n"), "{said}");
    assert_eq!(code, Some(2));
    let (found, _) = json_of(folder.path(), &["checksum", "big.raw", "--json"]);
    assert_eq!(found["checksums"][0]["address"], "big.raw");
}

#[test]
fn byte_orders_count_unless_they_are_made_one() {
    let folder = folder();
    printed(folder.path(), ["convert", "a.npy", "b.npy", "--byteorder", "big"]);
    let sum = |args: &[&str]| {
        let line = printed(folder.path(), [&["checksum"][..], args].concat());
        line.split_once("  ").unwrap().0.to_owned()
    };
    assert_ne!(sum(&["a.npy"]), sum(&["b.npy"]));
    let little = sum(&["b.npy", "--byteorder", "little"]);
    assert_eq!(little, sum(&["a.npy", "--byteorder", "little"]));
    printed(folder.path(), ["diff", "a.npy", "b.npy"]);
}

#[test]
fn dtype_and_order_are_of_the_input_where_nothing_else_says_what_is_in_it() {
    let folder = folder();
    let info = |name: &str| json_of(folder.path(), &["info", name, "--json"]).0;
    let convert = |args: &[&str]| printed(folder.path(), [&["convert"][..], args].concat());
    convert(&["a.npy", "out.npy", "--dtype", "f4", "--order", "F", "--byteorder", "big"]);
    let found = info("out.npy");
    assert_eq!((&found["dtype"], &found["order"]), (&json!(">f4"), &json!("F")));
    let raw = ["big.raw", "out.npy", "--dtype", ">i2", "--shape", "2,3"];
    convert(&raw);
    assert_eq!(info("out.npy")["dtype"], ">i2");
    let to = ["--to-dtype", "f8", "--to-order", "F"];
    convert(&[&raw[..], &to].concat());
    let found = info("out.npy");
    assert_eq!((&found["dtype"], &found["order"]), (&json!("<f8"), &json!("F")));
    assert_eq!(
        printed(folder.path(), ["slice", "out.npy"]),
        "[[  1.   2.   3.]\n [256. 257. 258.]]\n"
    );
    convert(&["big.raw[::-1]", "out.npy", "--to-dtype", "u2"]);
    assert_eq!(info("out.npy")["shape"], json!([12]));
    // A place makes a raw file of any file, as everywhere.
    convert(&["a.npy", "out.npy", "--dtype", "<i2", "--offset", "128", "--order", "C"]);
    assert_eq!(info("out.npy")["shape"], json!([12]));
    convert(&["z.npz::y[1:]", "out.raw", "--dtype", "u1", "--order", "F"]);
    assert_eq!(fs::read(folder.path().join("out.raw")).unwrap(), [10, 20, 11, 21, 12, 22, 13, 23]);
    convert(&["z.npz", "out.npz", "--dtype", "f4", "--order", "F"]);
    let found = info("out.npz::y");
    assert_eq!((&found["dtype"], &found["order"]), (&json!("<f4"), &json!("F")));
    let same = ["diff", "z.npz", "out.npz", "--ignore-dtype", "--equal-nan"];
    assert_eq!(printed(folder.path(), same), "");
}

#[test]
fn a_conversion_that_fails_leaves_what_is_there() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let files = || fs::read_dir(folder.path()).unwrap().count();
    let (before, count) = (fs::read(at("a.npy")).unwrap(), files());
    for output in ["a.npy", "a.npz", "a.raw"] {
        for order in ["C", "F"] {
            let said = refused(
                folder.path(),
                ["convert", "b.npy", output, "--dtype", "i2", "--order", order],
            );
            assert!(said.contains("b.npy: the element at (0, 3) does not fit"), "{said}");
        }
    }
    assert_eq!((fs::read(at("a.npy")).unwrap(), files()), (before, count));
    printed(folder.path(), ["convert", "a.npy", "a.npy", "--dtype", "i1", "--order", "F"]);
    let found = mapray::load::<i8, ndarray::Ix2>(at("a.npy")).unwrap();
    assert_eq!(found[[2, 3]], 23);
    let piped = run(folder.path(), ["convert", "f.npy", "/dev/stdout", "--dtype", "u1"]);
    assert_eq!(piped.stdout, [0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23]);
}
