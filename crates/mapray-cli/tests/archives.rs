//! Archives: their members as addresses, statistics, verification, conversion.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{info, printed, refused, run, skip, without_cache};
use mapray::{Compression, MemberArray, SavezOptions, savez};
use ndarray::{Array1, arr1, arr2};
use serde_json::{Value, json};

/// A folder with a few archives.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (a, b) = (arr2(&[[1.5, f64::NAN], [f64::INFINITY, -2.0]]), arr1(&[3_u8, 4, 5]));
    let members: [(&str, &dyn MemberArray); 4] =
        [("a", &a), ("b", &b), ("b[1]", &arr1(&[7_u8, 8])), ("x::y", &arr1(&[9_u8]))];
    savez(at("z.npz"), members).unwrap();
    let deflated = SavezOptions::new().compression(Compression::Deflate(6));
    deflated.save(at("c.npz"), members).unwrap();
    deflated.save(at("one.npz"), [("only", &b)]).unwrap();
    savez(at("none.npz"), [("", &b); 0]).unwrap();
    mapray::save(at("b.npy"), &b).unwrap();
    let header = br#"{"w":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"n":{"dtype":"I16","shape":[],"data_offsets":[4,6]}}"#;
    let len = (header.len() as u64).to_le_bytes();
    fs::write(at("m.st"), [&len[..], header, &[0x80, 0x3f, 0, 0x40, 7, 0]].concat()).unwrap();
    folder
}

fn parsed(folder: &Path, args: &[&str]) -> Value {
    let text = printed(folder, args);
    assert_eq!(text.lines().count(), 1, "one object on one line");
    serde_json::from_str(&text).unwrap()
}

fn stats(folder: &Path, address: &str) -> Value {
    parsed(folder, &["stats", "--json", address])
}

#[test]
fn members_are_addresses_stored_or_deflated() {
    let folder = folder();
    let slice = |address: &str| printed(folder.path(), ["slice", address]);
    for archive in ["z.npz", "c.npz"] {
        let at = |member: &str| slice(&format!("{archive}::{member}"));
        assert_eq!(at("b"), "[3 4 5]\n");
        assert_eq!(at("b.npy"), "[3 4 5]\n");
        assert_eq!(at("b[0]"), "3\n");
        assert_eq!(at("b[::2]"), "[3 5]\n");
        assert_eq!(at("b[1]"), "[7 8]\n", "a member that is there wins whole");
        assert_eq!(at("b[1][0]"), "7\n");
        assert_eq!(at("x::y[0]"), "9\n");
    }
    assert_eq!(slice("m.st::n"), "7\n");
    let raw = ["slice", "m.st[:2]", "--dtype", "u1"];
    assert_eq!(printed(folder.path(), raw), "[107   0]\n", "options make a raw file of any file");
    printed(folder.path(), ["slice", "c.npz::b[1:]", "-o", "out.npy"]);
    assert_eq!(slice("out.npy"), "[4 5]\n");
}

#[test]
fn a_path_that_exists_wins_over_a_member() {
    let folder = folder();
    mapray::save(folder.path().join("z.npz::b"), &arr1(&[1_u8])).unwrap();
    assert_eq!(printed(folder.path(), ["slice", "z.npz::b"]), "[1]\n");
    assert_eq!(printed(folder.path(), ["slice", "z.npz::b[0]"]), "1\n");
    assert_eq!(printed(folder.path(), ["slice", "z.npz::a[1, 1]"]), "-2.0\n");
}

#[test]
fn the_only_member_needs_no_name() {
    let folder = folder();
    assert_eq!(printed(folder.path(), ["head", "one.npz", "-n", "1"]), "[3]\n");
    assert_eq!(printed(folder.path(), ["slice", "one.npz[1:]"]), "[4 5]\n");
    printed(folder.path(), ["convert", "one.npz", "one.raw"]);
    assert_eq!(fs::read(folder.path().join("one.raw")).unwrap(), [3, 4, 5]);
}

#[test]
fn info_lists_the_members_with_the_keys_of_a_single_array() {
    let folder = folder();
    let found = info(folder.path(), &["z.npz"]);
    assert_eq!(found["format"], "npz");
    let expected = json!({
        "name": "b", "format": "npy", "version": "1.0", "dtype": "|u1", "shape": [3], "order": "C",
        "offset": found["members"][1]["offset"], "nbytes": 3, "aligned": true, "mappable": true,
    });
    assert_eq!(found["members"][1], expected);
    assert_eq!(info(folder.path(), &["z.npz::b"]), expected);
    let single = info(folder.path(), &["b.npy"]);
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&expected)[1..], keys(&single));

    let found = info(folder.path(), &["c.npz::b[1:]"]);
    assert_eq!((&found["shape"], &found["mappable"]), (&json!([2]), &json!(false)));
    assert_eq!(info(folder.path(), &["none.npz"])["members"], json!([]));
    let found = info(folder.path(), &["m.st"]);
    assert_eq!(
        (&found["format"], &found["members"][0]["dtype"]),
        (&json!("safetensors"), &json!("|V2"))
    );
    assert_eq!(found["members"][0]["attributes"], json!({ "logical_type": "bfloat16" }));
}

#[test]
fn what_people_read_of_archives_is_as_it_was() {
    let folder = folder();
    let mut text = String::new();
    for args in [
        &["info", "z.npz"][..],
        &["info", "c.npz"],
        &["info", "none.npz"],
        &["info", "m.st"],
        &["info", "c.npz::a[0]"],
        &["info", "z.npz::b[0:1]"],
        &["stats", "z.npz::a"],
        &["stats", "z.npz::b"],
        &["verify", "z.npz"],
        &["stats", "--help"],
        &["verify", "--help"],
        &["convert", "--help"],
    ] {
        let printed = without_cache(&printed(folder.path(), args));
        text += &format!("$ mapray {}\n{printed}\n", args.join(" "));
    }
    for args in [
        &["slice", "z.npz"][..],
        &["slice", "none.npz"],
        &["slice", "z.npz::bb"],
        &["slice", "b.npy::b"],
        &["slice", "z.npz::a[0][1]"],
        &["slice", "z.npz::a[0"],
        &["slice", "c.npz::a[9]"],
        &["slice", "c.npz::a", "--dtype", "u1"],
        &["slice", "z.npz::a", "-o", "out.npz"],
        &["stats", "m.st::w"],
        &["convert", "z.npz", "out.npy"],
        &["verify", "absent.npz"],
    ] {
        text += &format!("$ mapray {}\n{}\n", args.join(" "), refused(folder.path(), args));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn stats_have_the_keys_that_scripts_rely_on() {
    let folder = folder();
    let text = printed(folder.path(), ["stats", "c.npz::a", "--json"]);
    let expected = r#"{"count":4,"nan":1,"inf":1,"min":-2.0,"max":"inf","mean":"inf","std":"nan"}"#;
    assert_eq!(text, format!("{expected}\n"));
    let expected = json!({
        "count": 3, "nan": 0, "inf": 0, "min": 3, "max": 5, "mean": 4.0,
        "std": (2.0_f64 / 3.0).sqrt(),
    });
    assert_eq!(stats(folder.path(), "b.npy"), expected);
    assert_eq!(parsed(folder.path(), &["stats", "m.st", "--json", "--dtype", "u1"])["min"], 0);
}

#[test]
fn stats_past_the_page_cache_are_the_same() {
    let folder = folder();
    for address in ["b.npy", "z.npz::a", "c.npz::a"] {
        let direct = run(folder.path(), ["stats", "--json", "--direct", address]);
        if String::from_utf8_lossy(&direct.stderr).contains("(direct I/O)") {
            let reason = "the temporary folder's file system has no direct I/O";
            return skip("stats_past_the_page_cache_are_the_same", reason);
        }
        let cached = printed(folder.path(), ["stats", "--json", address]);
        assert_eq!(String::from_utf8(direct.stdout).unwrap(), cached);
    }
}

#[test]
fn stats_of_nothing_are_null() {
    let folder = folder();
    let expected = |count: u64| {
        json!({
            "count": count, "nan": count, "inf": 0,
            "min": null, "max": null, "mean": null, "std": null,
        })
    };
    assert_eq!(stats(folder.path(), "z.npz::a[:0]"), expected(0));
    assert_eq!(stats(folder.path(), "z.npz::a[0, 1]"), expected(1));
}

#[test]
fn stats_give_integers_exactly() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    mapray::save(at("u.npy"), &arr1(&[u64::MAX, u64::MAX - 2])).unwrap();
    mapray::save(at("i.npy"), &arr1(&[i64::MIN + 1, i64::MAX])).unwrap();
    let (u, i) = (stats(folder.path(), "u.npy"), stats(folder.path(), "i.npy"));
    assert_eq!((&u["min"], &u["max"]), (&json!(u64::MAX - 2), &json!(u64::MAX)));
    assert_eq!((&i["min"], &i["max"]), (&json!(i64::MIN + 1), &json!(i64::MAX)));
}

#[test]
fn stats_refuse_dtypes_without_an_order() {
    let folder = folder();
    let complex = arr1(&[mapray::Complex::new(1.0, 2.0)]);
    mapray::save(folder.path().join("c.npy"), &complex).unwrap();
    for (address, dtype) in [("c.npy", ""), ("b.npy", "S1"), ("b.npy", "V1"), ("b.npy", "u1,u1")] {
        let args = ["stats", address, "--dtype", dtype, "--shape", "1"];
        let message = refused(folder.path(), &args[..if dtype.is_empty() { 2 } else { 6 }]);
        assert!(
            message.contains(&format!("{address}: ")) && message.contains("dtype"),
            "{message}"
        );
    }
}

#[test]
fn verify_tells_sound_faulty_and_unreadable_apart() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let verify = |name: &str| {
        let output = run(folder.path(), ["verify", name]);
        let (out, err) = (output.stdout, output.stderr);
        (output.status.code(), String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    };
    for sound in ["z.npz", "c.npz", "none.npz", "b.npy", "m.st"] {
        assert_eq!(verify(sound).0, Some(0), "{sound}");
    }
    // One byte less in each, and one byte of a member changed.
    for name in ["z.npz", "b.npy", "m.st"] {
        let bytes = fs::read(at(name)).unwrap();
        fs::write(at("short"), &bytes[..bytes.len() - 1]).unwrap();
        let (code, out, err) = verify("short");
        assert_eq!((code, err.as_str()), (Some(1), ""), "{name}");
        assert!(out.starts_with("short: "), "{out}");
    }
    for name in ["z.npz", "c.npz"] {
        let offset =
            info(folder.path(), &[name])["members"][1]["offset"].as_u64().unwrap() as usize;
        let mut bytes = fs::read(at(name)).unwrap();
        bytes[offset + 1] ^= 0x10;
        fs::write(at("wrong.npz"), bytes).unwrap();
        let (code, out, _) = verify("wrong.npz");
        assert_eq!(code, Some(1), "{name}");
        assert!(out.lines().all(|line| line.starts_with("wrong.npz::b.npy: ")), "{out}");
        let output = run(folder.path(), ["verify", "--json", "wrong.npz"]);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&found["sound"], &found["format"]), (&json!(false), &json!("npz")));
        assert_eq!(found["faults"][0]["member"], "b.npy");
        refused(folder.path(), ["convert", "wrong.npz", "out.npz"]);
        assert!(!at("out.npz").exists(), "a copy would vouch for bytes that are wrong");
    }
    fs::write(at("noise.npz"), "no archive").unwrap();
    for unreadable in ["noise.npz", "absent.npy", "."] {
        refused(folder.path(), ["verify", unreadable]);
    }
    // Of several files each has its say, and the worst one the exit code.
    for (files, code) in [
        (&["b.npy", "z.npz"][..], 0),
        (&["wrong.npz", "b.npy"], 1),
        (&["absent.npy", "wrong.npz", "b.npy"], 2),
    ] {
        let output = run(folder.path(), [&["verify", "--json"], files].concat());
        assert_eq!(output.status.code(), Some(code), "{files:?}");
        let lines = String::from_utf8(output.stdout).unwrap();
        let said = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let said: Vec<String> =
            said.map(|line| line["path"].as_str().unwrap().to_owned()).collect();
        let readable: Vec<&str> = files.iter().copied().filter(|name| at(name).exists()).collect();
        assert_eq!(said, readable);
    }
}

#[test]
fn archives_are_converted_to_stored_and_aligned_members() {
    let folder = folder();
    for source in ["c.npz", "z.npz", "m.st"] {
        printed(folder.path(), ["convert", source, "out.npz"]);
        let (from, to) = (info(folder.path(), &[source]), info(folder.path(), &["out.npz"]));
        let (from, to) = (from["members"].as_array().unwrap(), to["members"].as_array().unwrap());
        assert_eq!(from.len(), to.len());
        for (from, to) in from.iter().zip(to) {
            for key in ["name", "dtype", "shape", "nbytes"] {
                assert_eq!(from[key], to[key], "{source}");
            }
            assert_eq!(to["mappable"], true);
            assert_eq!(to["offset"].as_u64().unwrap() % 64, 0);
        }
    }
    printed(folder.path(), ["convert", "c.npz", "c.npz"]);
    assert_eq!(printed(folder.path(), ["slice", "c.npz::b"]), "[3 4 5]\n");
}

#[test]
fn single_arrays_become_archives_of_one() {
    let folder = folder();
    let names = |args: &[&str]| {
        printed(folder.path(), [&["convert"][..], args].concat());
        assert_eq!(printed(folder.path(), ["verify", "out.npz"]), "out.npz: sound (npz)\n");
        let found = info(folder.path(), &["out.npz"]);
        let members = found["members"].as_array().unwrap().clone();
        assert_eq!(members.len(), 1);
        (members[0]["name"].as_str().unwrap().to_owned(), members[0]["shape"].clone())
    };
    assert_eq!(names(&["b.npy", "out.npz"]), ("arr_0".into(), json!([3])));
    assert_eq!(names(&["b.npy[1:]", "out.npz"]), ("arr_0".into(), json!([2])));
    let raw = ["b.npy", "out.npz", "--dtype", "u1", "--offset", "128"];
    assert_eq!(names(&raw), ("arr_0".into(), json!([3])));
    assert_eq!(names(&["c.npz::b[1:]", "out.npz"]), ("b".into(), json!([2])));
    assert_eq!(names(&["one.npz[:1]", "out.npz"]), ("only".into(), json!([1])));
}

#[test]
fn a_failed_conversion_leaves_what_is_there() {
    let folder = folder();
    let before = fs::read(folder.path().join("z.npz")).unwrap();
    let files = || fs::read_dir(folder.path()).unwrap().count();
    let files_before = files();
    for source in ["absent.npy", "c.npz::absent", "c.npz::b[7]", "none"] {
        refused(folder.path(), ["convert", source, "z.npz"]);
        assert_eq!(fs::read(folder.path().join("z.npz")).unwrap(), before, "{source}");
    }
    assert_eq!(files(), files_before);
}

#[test]
fn a_large_member_is_read_whole() {
    let folder = folder();
    let values: Array1<u32> = (0..3_000_000).collect();
    let deflated = SavezOptions::new().compression(Compression::Deflate(1));
    deflated.save(folder.path().join("large.npz"), [("v", &values)]).unwrap();
    let found = stats(folder.path(), "large.npz");
    assert_eq!((&found["count"], &found["max"]), (&json!(3_000_000), &json!(2_999_999)));
    assert_eq!(found["mean"], 1_499_999.5);
}

#[test]
fn archives_of_numpy_are_read_as_numpy_reads_them() {
    const NAME: &str = "archives_of_numpy_are_read_as_numpy_reads_them";
    let Some(python) = std::env::var_os("MAPRAY_PYTHON").filter(|path| !path.is_empty()) else {
        return skip(NAME, "MAPRAY_PYTHON does not name a Python with NumPy");
    };
    let folder = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/archives.py");
    let oracle = |args: &[&str]| {
        let output =
            Command::new(&python).arg(script).arg(folder.path()).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let (mut wrong, mut kinds) = (Vec::new(), [0; 4]);
    for line in oracle(&[]).lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let args: Vec<&str> =
            case["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
        let output = run(folder.path(), &args);
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        let json = || serde_json::from_str::<Value>(&out).unwrap_or_default();
        let (kind, fits) = if let Some(text) = case["text"].as_str() {
            (0, out == format!("{text}\n"))
        } else if let Some(bytes) = case["bytes"].as_str() {
            let written = fs::read(folder.path().join("OUT.npy")).unwrap_or_default();
            // What one case wrote must not stand in for what the next one should.
            let _ = fs::remove_file(folder.path().join("OUT.npy"));
            (1, bytes == written.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        } else if case["names"].is_array() {
            let found = json()["members"].as_array().cloned().unwrap_or_default();
            let names: Value = found.into_iter().map(|member| member["name"].clone()).collect();
            (2, names == case["names"])
        } else {
            (3, same_stats(&json(), &case["stats"]))
        };
        kinds[kind] += 1;
        if !fits || output.status.code() != Some(0) {
            let message = String::from_utf8_lossy(&output.stderr);
            wrong.push(format!("{line}\n{out}{message}"));
        }
    }
    let least = [200, 200, 2, 100];
    assert!(kinds.iter().zip(least).all(|(found, least)| *found >= least), "{kinds:?}");
    // The shortest first: they show the cause best.
    wrong.sort_by_key(String::len);
    let some = wrong.iter().take(10).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} differ (NumPy first):\n{some}", wrong.len());

    for source in ["stored.npz", "deflated.npz"] {
        printed(folder.path(), ["verify", source]);
        printed(folder.path(), ["convert", source, "copy.npz"]);
        oracle(&[source, "copy.npz"]);
    }
}

/// Counts and extremes must be equal, the others to the accuracy of NumPy's own arithmetic.
fn same_stats(found: &Value, expected: &Value) -> bool {
    let exact = ["count", "nan", "inf", "min", "max"].iter().all(|key| found[key] == expected[key]);
    let near = |key: &str| match (found[key].as_f64(), expected[key].as_f64()) {
        (Some(x), Some(y)) => {
            (x - y).abs() <= 1e-12 * x.abs().max(found["std"].as_f64().unwrap_or(0.0))
        }
        _ => found[key] == expected[key],
    };
    exact && near("mean") && near("std")
}
