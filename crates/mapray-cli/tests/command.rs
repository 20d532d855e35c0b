//! Each subcommand, its addresses and its errors.

mod common;

use std::fs;

use common::{info, printed, refused, run, without_cache};
use ndarray::{Array, Array2, arr2};
use serde_json::json;

/// A folder with a few small files.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    mapray::save(at("a.npy"), &a()).unwrap();
    let f = arr2(&[[0.0, 1.5, 2.0], [3.0, 4.0, 5.25]]).reversed_axes();
    mapray::save(at("f.npy"), &f).unwrap();
    let big = [&[7; 5][..], &[0, 1, 0, 2, 0, 3, 1, 0, 1, 1, 1, 2]].concat();
    fs::write(at("big.raw"), big).unwrap();
    fs::write(at("wrong.npy"), "no header").unwrap();
    fs::write(at("empty.npy"), "").unwrap();
    fs::write(at("empty.bin"), "").unwrap();
    fs::write(at("z.npz"), b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0").unwrap();
    let npy = fs::read(at("a.npy")).unwrap();
    fs::write(at("short.npy"), &npy[..npy.len() - 1]).unwrap();
    fs::write(at("o.npy"), header("'|O'", "(2,)")).unwrap();
    fs::create_dir(at("folder")).unwrap();
    folder
}

fn a() -> Array2<i16> {
    Array::from_shape_fn((3, 4), |(i, j)| (10 * i + j) as i16)
}

/// A `.npy` file without elements behind its header.
fn header(descr: &str, shape: &str) -> Vec<u8> {
    let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}");
    let mut bytes = b"\x93NUMPY\x01\x00\xb6\x00".to_vec();
    bytes.extend(format!("{text:<181}\n").bytes());
    bytes
}

#[test]
fn info_in_json_has_the_keys_that_scripts_rely_on() {
    let folder = folder();
    let found = info(folder.path(), &["a.npy"]);
    let expected = json!({
        "format": "npy", "version": "1.0", "dtype": "<i2", "shape": [3, 4], "order": "C",
        "offset": 128, "nbytes": 24, "aligned": true, "mappable": true,
    });
    assert_eq!(found, expected);
    let keys: Vec<&String> = found.as_object().unwrap().keys().collect();
    let order =
        ["format", "version", "dtype", "shape", "order", "offset", "nbytes", "aligned", "mappable"];
    assert_eq!(keys, order);
    assert_eq!(info(folder.path(), &["f.npy"])["order"], "F");
}

#[test]
fn info_of_a_raw_file_has_no_version() {
    let folder = folder();
    let args = ["big.raw", "--dtype", ">i2", "--shape", "3,2", "--offset", "5", "--order", "F"];
    let expected = json!({
        "format": "raw", "dtype": ">i2", "shape": [3, 2], "order": "F", "offset": 5, "nbytes": 12,
        "aligned": false, "mappable": true,
    });
    assert_eq!(info(folder.path(), &args), expected);
}

#[test]
fn info_prints_records_as_nested_lists() {
    let folder = folder();
    let descr =
        "[('a', '|i1'), ('', '|V3'), (('T', 'b'), '<f4', (2, 3)), ('c', [('d', '<M8[s]')])]";
    fs::write(folder.path().join("r.npy"), header(descr, "(0,)")).unwrap();
    let expected =
        json!([["a", "|i1"], ["", "|V3"], [["T", "b"], "<f4", [2, 3]], ["c", [["d", "<M8[s]"]]],]);
    assert_eq!(info(folder.path(), &["r.npy"])["dtype"], expected);
}

#[test]
fn info_tells_of_python_objects_without_opening_them() {
    let folder = folder();
    let found = info(folder.path(), &["o.npy"]);
    assert_eq!((&found["dtype"], &found["mappable"]), (&json!("|O"), &json!(false)));
    assert_eq!(found["shape"], json!([2]));
    assert!(printed(folder.path(), ["info", "o.npy"]).contains("Python objects"));
    refused(folder.path(), ["head", "o.npy"]);
}

#[test]
fn info_of_a_slice_is_that_of_the_slice() {
    let folder = folder();
    let found = info(folder.path(), &["a.npy[1:, ::-2]"]);
    assert_eq!(found["shape"], json!([2, 2]));
    assert_eq!((&found["offset"], &found["nbytes"]), (&json!(128 + 8 + 6), &json!(8)));
}

#[test]
fn info_of_an_empty_array_says_that_it_can_be_mapped() {
    let folder = folder();
    fs::write(folder.path().join("none.npy"), header("'<f8'", "(0, 3)")).unwrap();
    let found = info(folder.path(), &["none.npy"]);
    assert_eq!((&found["nbytes"], &found["mappable"]), (&json!(0), &json!(true)));
}

#[test]
fn what_people_read_is_as_it_was() {
    let folder = folder();
    let mut text = String::new();
    for args in [
        &["info", "a.npy"][..],
        &["info", "f.npy[1:]"],
        &["info", "big.raw", "--dtype", "S3,>u4", "--shape", "1"],
        &["info", "empty.bin"],
        &["info", "o.npy"],
        &["head", "a.npy", "-n", "2"],
        &["slice", "f.npy[:, -1]"],
        &["--version"],
        &["--help"],
        &["slice", "--help"],
    ] {
        let printed = without_cache(&printed(folder.path(), args));
        text += &format!("$ mapray {}\n{printed}\n", args.join(" "));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn files_without_a_header_are_bytes_unless_they_are_named_as_if_they_had_one() {
    let folder = folder();
    let found = info(folder.path(), &["big.raw"]);
    assert_eq!((&found["format"], &found["dtype"]), (&json!("raw"), &json!("|u1")));
    assert_eq!(found["shape"], json!([17]));
    assert_eq!(info(folder.path(), &["empty.bin"])["shape"], json!([0]));
    refused(folder.path(), ["info", "wrong.npy"]);
    refused(folder.path(), ["info", "empty.npy"]);

    fs::copy(folder.path().join("a.npy"), folder.path().join("a.data")).unwrap();
    assert_eq!(info(folder.path(), &["a.data"])["format"], "npy");
}

#[test]
fn options_make_a_raw_file_of_any_file() {
    let folder = folder();
    for options in [["--dtype", "u1"], ["--offset", "0"], ["--shape", "152"], ["--order", "C"]] {
        let args = ["a.npy", options[0], options[1]];
        let found = info(folder.path(), &args);
        assert_eq!((&found["format"], &found["nbytes"]), (&json!("raw"), &json!(152)), "{args:?}");
    }
    let args = ["slice", "a.npy[1]", "--dtype", "<i2", "--shape", "(3, 4)", "--offset", "128"];
    assert_eq!(printed(folder.path(), args), "[10 11 12 13]\n");
}

#[test]
fn shapes_of_one_axis_and_of_none() {
    let folder = folder();
    let shape = |shape: &str| info(folder.path(), &["big.raw", "--shape", shape])["shape"].clone();
    assert_eq!(shape("7"), json!([7]));
    assert_eq!(shape(""), json!([]));
    assert_eq!(shape("()"), json!([]));
    assert_eq!(printed(folder.path(), ["slice", "big.raw", "--shape", ""]), "7\n");
}

#[test]
fn strides_place_elements_apart_and_backwards() {
    let folder = folder();
    let args = ["slice", "big.raw", "--dtype", ">i2", "--shape", "2,3", "--offset", "9"];
    let args = [&args[..], &["--strides", "6,-2"]].concat();
    assert_eq!(printed(folder.path(), args), "[[  3   2   1]\n [258 257 256]]\n");
}

#[test]
fn head_prints_the_first_rows() {
    let folder = folder();
    let path = folder.path().join("long.npy");
    mapray::save(&path, &Array::from_iter(0..5000_u32)).unwrap();
    let rows = |args: &[&str]| printed(folder.path(), [&["head"][..], args].concat());
    assert_eq!(rows(&["long.npy"]), "[0 1 2 3 4 5 6 7 8 9]\n");
    assert_eq!(rows(&["long.npy", "-n", "3"]), "[0 1 2]\n");
    assert_eq!(rows(&["long.npy[10:]", "-n2"]), "[10 11]\n");
    assert_eq!(rows(&["long.npy", "-n", "0"]), "[]\n");
    let all = printed(folder.path(), ["slice", "long.npy"]);
    assert_eq!(rows(&["long.npy", "-n", "18446744073709551615"]), all);
    assert_eq!(rows(&["long.npy[4]"]), "4\n");
}

#[test]
fn a_slice_is_written_as_npy() {
    let folder = folder();
    let out = folder.path().join("out.npy");
    assert_eq!(printed(folder.path(), ["slice", "a.npy[1:, ::2]", "-o", "out.npy"]), "");
    assert_eq!(mapray::load::<i16, _>(&out).unwrap(), arr2(&[[10, 12], [20, 22]]));

    let args = ["big.raw", "--dtype", ">i2", "--offset", "5", "--shape", "3,2"];
    printed(folder.path(), [&["slice", "-o", "out.npy"][..], &args].concat());
    assert_eq!(info(folder.path(), &["out.npy"])["dtype"], ">i2");

    printed(folder.path(), ["slice", "out.npy[-1, -1]", "-o", "one.npy"]);
    let one = info(folder.path(), &["one.npy"]);
    assert_eq!((&one["dtype"], &one["shape"]), (&json!(">i2"), &json!([])));
    assert_eq!(printed(folder.path(), ["slice", "one.npy"]), "258\n");
}

#[test]
fn convert_there_and_back_gives_the_same_file() {
    let folder = folder();
    let bytes = |name: &str| fs::read(folder.path().join(name)).unwrap();
    printed(folder.path(), ["convert", "a.npy", "a.dat"]);
    assert_eq!(bytes("a.dat"), bytes("a.npy")[128..]);
    printed(folder.path(), ["convert", "a.dat", "back.npy", "--dtype", "<i2", "--shape", "3,4"]);
    assert_eq!(bytes("back.npy"), bytes("a.npy"));

    // Raw elements are in C order whatever the order of the array.
    printed(folder.path(), ["convert", "f.npy", "f.dat"]);
    let f: Vec<u8> =
        [0.0, 3.0, 1.5, 4.0, 2.0, 5.25_f64].iter().flat_map(|x| x.to_le_bytes()).collect();
    assert_eq!(bytes("f.dat"), f);
    printed(folder.path(), ["convert", "f.npy", "back.npy"]);
    assert_eq!(bytes("back.npy"), bytes("f.npy"));
    fs::write(folder.path().join("f.dat"), &bytes("f.npy")[128..]).unwrap();
    let args = ["--dtype", "<f8", "--shape", "3,2", "--order", "F"];
    printed(folder.path(), [&["convert", "f.dat", "back.npy"][..], &args].concat());
    assert_eq!(bytes("back.npy"), bytes("f.npy"));
}

#[test]
fn convert_replaces_what_is_there_and_can_replace_its_own_source() {
    let folder = folder();
    let path = folder.path().join("a.npy");
    printed(folder.path(), ["convert", "a.npy[::-1]", "a.npy"]);
    assert_eq!(mapray::load::<i16, ndarray::Ix2>(&path).unwrap()[[0, 0]], 20);
    printed(folder.path(), ["convert", "a.npy", "big.raw"]);
    assert_eq!(fs::read(folder.path().join("big.raw")).unwrap().len(), 24);
    printed(folder.path(), ["convert", "big.raw", "big.raw", "--dtype", "i2", "--offset", "20"]);
    assert_eq!(fs::read(folder.path().join("big.raw")).unwrap(), [2, 0, 3, 0]);
}

#[test]
fn convert_keeps_what_is_there_where_it_fails() {
    let folder = folder();
    let files = || fs::read_dir(folder.path()).unwrap().count();
    let (files_before, before) = (files(), fs::read(folder.path().join("a.npy")).unwrap());
    for source in ["short.npy", "none.npy", "o.npy", "wrong.npy", "a.npy[7]"] {
        refused(folder.path(), ["convert", source, "a.npy"]);
        assert_eq!(fs::read(folder.path().join("a.npy")).unwrap(), before, "{source}");
    }
    assert_eq!(files(), files_before, "no file is left behind");
}

#[test]
fn empty_arrays_go_through_raw_files() {
    let folder = folder();
    fs::write(folder.path().join("none.npy"), header("'<f8'", "(0, 3)")).unwrap();
    printed(folder.path(), ["convert", "none.npy", "none.raw"]);
    assert!(fs::read(folder.path().join("none.raw")).unwrap().is_empty());
    let args = ["convert", "none.raw", "back.npy", "--dtype", "f8", "--shape", "0,3"];
    printed(folder.path(), args);
    let back = info(folder.path(), &["back.npy"]);
    assert_eq!((&back["dtype"], &back["shape"]), (&json!("<f8"), &json!([0, 3])));
}

#[test]
fn a_path_that_exists_wins_whole() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    mapray::save(at("a.npy[0]"), &ndarray::arr1(&[1_u8])).unwrap();
    mapray::save(at("a[0].npy"), &ndarray::arr1(&[2_u8, 3])).unwrap();
    mapray::save(at("x::y.npy"), &ndarray::arr1(&[4_u8, 5])).unwrap();
    mapray::save(at("x::y[1].npy"), &ndarray::arr1(&[6_u8, 7])).unwrap();
    let slice = |address: &str| printed(folder.path(), ["slice", address]);
    assert_eq!(slice("a.npy[0]"), "[1]\n");
    assert_eq!(slice("./a.npy[0]"), "[1]\n");
    assert_eq!(slice("a.npy[1]"), "[10 11 12 13]\n");
    assert_eq!(slice("a[0].npy"), "[2 3]\n");
    assert_eq!(slice("a[0].npy[1]"), "3\n");
    assert_eq!(slice("a.npy[0][0]"), "1\n");
    assert_eq!(slice("x::y.npy"), "[4 5]\n");
    assert_eq!(slice("x::y.npy[-1]"), "5\n");
    assert_eq!(slice("x::y[1].npy[0]"), "6\n");
    mapray::save(at("[0]"), &ndarray::arr1(&[8_u8])).unwrap();
    assert_eq!(slice("[0]"), "[8]\n");
    assert_eq!(slice("[0][0]"), "8\n");
    mapray::save(at("-dash.npy"), &ndarray::arr1(&[9_u8])).unwrap();
    assert_eq!(printed(folder.path(), ["slice", "--", "-dash.npy[0]"]), "9\n");
}

#[cfg(unix)]
#[test]
fn names_need_not_be_unicode() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    let folder = folder();
    let name = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    fs::copy(folder.path().join("a.npy"), folder.path().join(name(b"\xff\xfe.npy"))).unwrap();
    let args = ["slice".into(), name(b"\xff\xfe.npy[0, 1:]")];
    assert_eq!(printed(folder.path(), args), "[1 2 3]\n");
    let output = run(folder.path(), ["info".into(), name(b"\xff.npy")]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn errors_say_what_is_wrong_and_what_to_do() {
    let folder = folder();
    let mut text = String::new();
    for args in [
        // Arguments.
        &[][..],
        &["inof", "a.npy"],
        &["info"],
        &["info", "a.npy", "--jsno"],
        &["convert", "a.npy"],
        &["head", "a.npy", "-n", "-1"],
        &["head", "a.npy", "-n", "many"],
        &["info", "big.raw", "--dtype", "f5"],
        &["info", "big.raw", "--dtype", "M8[lightyear]"],
        &["info", "big.raw", "--shape", "3,-1"],
        &["info", "big.raw", "--shape", "3x4"],
        &["info", "big.raw", "--offset", "-4"],
        &["info", "big.raw", "--offset", "4KiB"],
        &["info", "big.raw", "--order", "D"],
        &["info", "big.raw", "--strides", "2"],
        // Files.
        &["info", "none.npy"],
        &["info", "none.npy[0]"],
        &["info", "folder"],
        &["info", "wrong.npy"],
        &["info", "empty.npy"],
        &["info", "short.npy"],
        &["head", "o.npy"],
        &["head", "z.npz"],
        &["info", "z.npz::w"],
        &["info", "z.npz::w[0]"],
        &["info", "none.npz::w"],
        &["info", ""],
        // Shapes.
        &["info", "big.raw", "--dtype", "i2"],
        &["info", "big.raw", "--dtype", "i2", "--shape", "3,4"],
        &["info", "big.raw", "--offset", "18"],
        &["info", "big.raw", "--dtype", "O", "--shape", "1"],
        &["info", "big.raw", "--shape", "9999999999,9999999999"],
        &["info", "big.raw", "--shape", "2", "--strides", "-8"],
        // Slices.
        &["slice", "a.npy[3]"],
        &["slice", "a.npy[0, 0, 0]"],
        &["slice", "a.npy[1.5]"],
        &["slice", "a.npy[[0, 1]]"],
        &["slice", "a.npy[0][1]"],
        &["slice", "a.npy[0"],
        &["slice", "a.npy[]"],
        &["slice", "a.npy[::0]"],
        // What is written.
        &["slice", "a.npy", "-o", "none/out.npy"],
        &["slice", "a.npy", "-o", "folder"],
        &["slice", "a.npy", "-o", "a.npy/out.npy"],
        &["slice", "a.npy", "-o", "out.npz"],
        &["convert", "a.npy", "folder/.."],
        &["convert", "a.npy", ""],
    ] {
        text += &format!("$ mapray {}\n{}\n", args.join(" "), refused(folder.path(), args));
    }
    insta::assert_snapshot!(text);
}
