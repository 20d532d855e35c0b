//! Archives: what NumPy, `zipfile` and `unzip` find in them.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use mapray::{
    ArrayFile, Be, Bool8, Complex, Compression, DType, DateTime64, DynLiveMap, DynView, Le, Map,
    MemberArray, Mode, SavezOptions, f16,
};
use ndarray::{Array, Array1, Array3, Ix1, IxDyn, ShapeBuilder, arr0, arr1, arr2, s};
use serde_json::{Value, json};

/// Lets NumPy, `zipfile` and `unzip` read the archives that are listed.
fn check(test: &str, folder: &Path, archives: Value) {
    let files: Vec<_> = (archives.as_array().unwrap().iter())
        .map(|archive| folder.join(archive["file"].as_str().unwrap()))
        .collect();
    fs::write(folder.join("archives.json"), archives.to_string()).unwrap();
    match common::python() {
        Some(python) => {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/savez_check.py");
            let mut python = Command::new(python);
            let output = python.arg(script).arg(folder).env("PYTHONDONTWRITEBYTECODE", "1");
            let output = output.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        None => common::skip(test, "MAPRAY_PYTHON names no interpreter with NumPy"),
    }
    for file in files {
        match Command::new("unzip").arg("-tqq").arg(&file).output() {
            Ok(output) => {
                let said = [output.stdout, output.stderr].concat();
                let said = String::from_utf8_lossy(&said);
                assert!(output.status.success() && said.is_empty(), "{file:?}: {said}");
            }
            Err(error) => common::skip(test, &format!("unzip does not run: {error}")),
        }
    }
}

/// What a map of the file lends, where maps can be read without risk.
fn in_any_way(file: ArrayFile, i: usize) -> Box<dyn MemberArray> {
    if i.is_multiple_of(2) && !cfg!(mapray_portable) {
        Box::new(file.map_live_dyn(Mode::Read).unwrap())
    } else {
        Box::new(file)
    }
}

#[test]
fn every_dtype_is_read_as_numpy_reads_its_npy_file() {
    let test = "every_dtype_is_read_as_numpy_reads_its_npy_file";
    let Some(python) = common::python() else {
        return common::skip(test, "MAPRAY_PYTHON names no interpreter with NumPy");
    };
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/corpus.py");
    let mut corpus = Command::new(python);
    let made = corpus.arg(script).arg(folder.path()).env("PYTHONDONTWRITEBYTECODE", "1").output();
    assert!(made.unwrap().status.success());
    let list = fs::read(folder.path().join("corpus.json")).unwrap();
    let list: Vec<Value> = serde_json::from_slice(&list).unwrap();
    let plain: Vec<&Value> = list
        .iter()
        .filter(|entry| entry["object"] == false && entry["long_header"] == false)
        .collect();
    assert!(plain.len() > 1000);
    let name = |entry: &Value| entry["file"].as_str().unwrap().to_owned();
    let arrays: Vec<(String, Box<dyn MemberArray>)> = (plain.iter().enumerate())
        .map(|(i, entry)| {
            let file = ArrayFile::open(folder.path().join(name(entry))).unwrap();
            (name(entry).replace(".npy", ""), in_any_way(file, i))
        })
        .collect();
    let members = || arrays.iter().map(|(name, array)| (name, &**array));
    let path = |name| folder.path().join(name);
    mapray::savez(path("stored.npz"), members()).unwrap();
    mapray::savez_compressed(path("deflated.npz"), members()).unwrap();
    SavezOptions::new().align(4096).save(path("pages.npz"), members()).unwrap();
    let expected: Vec<Value> = (plain.iter().zip(&arrays))
        .map(|(entry, (key, _))| {
            json!({ "name": key, "source": name(entry), "identical": entry["saved"] })
        })
        .collect();
    let archive = |file, method, align| json!({ "file": file, "method": method, "align": align, "members": expected });
    let archives = json!([
        archive("stored.npz", "stored", 64),
        archive("deflated.npz", "deflated", 64),
        archive("pages.npz", "stored", 4096),
    ]);
    check(test, folder.path(), archives);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the check is to find: the bytes are those in C order.
fn member(name: &str, descr: &str, shape: &[usize], fortran_order: bool, bytes: &[u8]) -> Value {
    json!({
        "name": name,
        "descr": descr,
        "shape": shape,
        "fortran_order": fortran_order,
        "elements": hex(bytes),
    })
}

fn le<const N: usize>(values: impl IntoIterator<Item = [u8; N]>) -> Vec<u8> {
    values.into_iter().flatten().collect()
}

#[test]
fn arrays_of_any_kind_go_into_one_archive() {
    let folder = tempfile::tempdir().unwrap();
    let c = Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (100 * i + 10 * j + k) as i16);
    let f = Array::from_shape_vec((2, 3).f(), vec![1.5_f32, 2.5, 3.5, 4.5, 5.5, 6.5]).unwrap();
    let big = arr2(&[[Be::new(1_u32), Be::new(0x0102_0304)]]);
    let unaligned = arr1(&[Le::new(1.25_f64)]);
    let scalar = arr0(Complex::new(1.0_f64, -2.0));
    let empty = Array::<f16, _>::zeros((0, 3));
    let bools = arr1(&[Bool8::from(true), Bool8::from(false)]);
    let times = arr1(&[DateTime64(0)]);
    let slice = c.slice(s![1, ..;2, ..;-1]);
    let flipped = f.slice(s![.., ..;-1]);
    let broadcast_source = arr1(&[7_u8]);
    let broadcast = broadcast_source.broadcast(5).unwrap();
    let record: DType = "i1, >f8".parse().unwrap();
    let records = [&[1_u8][..], &2.5_f64.to_be_bytes(), &[3], &4.5_f64.to_be_bytes()].concat();
    let records = DynView::from_buffer(&records, record, None, 0).unwrap();
    let fields = records.field("f1").unwrap();
    let own = mapray::LiveMap::<u64, Ix1>::zeros(3).unwrap();
    let saved = folder.path().join("saved.npy");
    mapray::save(&saved, &c).unwrap();
    let file = ArrayFile::open(&saved).unwrap().slice(&"[0, 1:, ::3]".parse().unwrap()).unwrap();
    // SAFETY: nobody else knows this file.
    let map: Map<i16, IxDyn> = unsafe { Map::open(&saved).unwrap() };

    let i16s = |values: &[i16]| le(values.iter().map(|value| value.to_le_bytes()));
    let all: Vec<i16> = c.iter().copied().collect();
    let mut members: Vec<(&dyn MemberArray, Value)> = vec![
        (&c, member("c", "<i2", &[2, 3, 4], false, &i16s(&all))),
        (
            &f,
            member(
                "f",
                "<f4",
                &[2, 3],
                true,
                &le([1.5_f32, 3.5, 5.5, 2.5, 4.5, 6.5].map(f32::to_le_bytes)),
            ),
        ),
        (&big, member("big", ">u4", &[1, 2], false, &[0, 0, 0, 1, 1, 2, 3, 4])),
        (&unaligned, member("", "<f8", &[1], false, &1.25_f64.to_le_bytes())),
        (&scalar, member("0-d", "<c16", &[], false, &le([1.0_f64, -2.0].map(f64::to_le_bytes)))),
        (&empty, member("empty.npy", "<f2", &[0, 3], false, &[])),
        (&bools, member("folder/bools", "|b1", &[2], false, &[1, 0])),
        (&times, member("\u{e9}t\u{e9}", "<M8", &[1], false, &[0; 8])),
        (
            &slice,
            member(
                "\u{6574}\u{6570} \u{1f980}",
                "<i2",
                &[2, 4],
                false,
                &i16s(&[103, 102, 101, 100, 123, 122, 121, 120]),
            ),
        ),
        (
            &flipped,
            member(
                "..",
                "<f4",
                &[2, 3],
                false,
                &le([5.5_f32, 3.5, 1.5, 6.5, 4.5, 2.5].map(f32::to_le_bytes)),
            ),
        ),
        (&broadcast, member("broad cast", "|u1", &[5], false, &[7; 5])),
        (&fields, member("f1", ">f8", &[2], false, &le([2.5_f64, 4.5].map(f64::to_be_bytes)))),
        (&file, member("file", "<i2", &[2, 2], false, &i16s(&[10, 13, 20, 23]))),
        (&map, member("map", "<i2", &[2, 3, 4], false, &i16s(&all))),
    ];
    if !cfg!(mapray_portable) {
        members.push((&own, member("own", "<u8", &[3], false, &[0; 24])));
    }
    let (arrays, expected): (Vec<_>, Vec<_>) = members.into_iter().unzip();
    let members = || {
        let names = expected.iter().map(|member| member["name"].as_str().unwrap());
        names.zip(arrays.iter().copied())
    };
    let mut archives = Vec::new();
    let mut archive = |options: SavezOptions, method: &str, align: usize| {
        let file = format!("{}.npz", archives.len());
        options.save(folder.path().join(&file), members()).unwrap();
        archives.push(json!({
            "file": file,
            "method": method,
            "align": align,
            "members": expected,
        }));
    };
    archive(SavezOptions::new(), "stored", 64);
    for align in [1, 2, 8, 512, 4096, 16384] {
        archive(SavezOptions::new().align(align), "stored", align);
    }
    for level in 0..=9 {
        let options = SavezOptions::new().compression(Compression::Deflate(level));
        archive(options.threads(1 + usize::from(level % 3)), "deflated", 1);
    }
    check("arrays_of_any_kind_go_into_one_archive", folder.path(), json!(archives));
}

#[test]
fn large_members_come_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    // Not a multiple of any block, with something to compress.
    let large = Array1::from_shape_fn(1_234_567, |i| (i * i / 1000) as u32);
    let transposed = Array::from_shape_fn((1000, 900), |(i, j)| (i * j) as u32).reversed_axes();
    let members: [(&str, &dyn MemberArray); 3] =
        [("large", &large), ("transposed", &transposed), ("again", &large)];
    mapray::save(folder.path().join("large.npy"), &large).unwrap();
    mapray::save(folder.path().join("transposed.npy"), &transposed).unwrap();
    let expected = json!([
        { "name": "large", "source": "large.npy", "identical": true },
        { "name": "transposed", "source": "transposed.npy", "identical": true },
        { "name": "again", "source": "large.npy", "identical": true },
    ]);
    mapray::savez(folder.path().join("stored.npz"), members).unwrap();
    mapray::savez_compressed(folder.path().join("deflated.npz"), members).unwrap();
    let archives = json!([
        { "file": "stored.npz", "method": "stored", "align": 64, "members": expected },
        { "file": "deflated.npz", "method": "deflated", "align": 1, "members": expected },
    ]);
    check("large_members_come_back_whole", folder.path(), archives);
}

#[test]
fn more_members_than_16_bits_can_count_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let count = 70_000_u32;
    let numbers: Vec<_> = (0..count).map(|i| (i.to_string(), arr0(i))).collect();
    let path = folder.path().join("many.npz");
    mapray::savez(path, numbers.iter().map(|(name, number)| (name, number))).unwrap();
    let archives = json!([{ "file": "many.npz", "method": "stored", "align": 64, "count": count }]);
    check("more_members_than_16_bits_can_count_are_found", folder.path(), archives);
}

#[test]
fn an_archive_without_members_is_what_numpy_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.npz");
    let none: [(&str, &dyn MemberArray); 0] = [];
    mapray::savez(&path, none).unwrap();
    assert_eq!(fs::read(&path).unwrap(), [b"PK\x05\x06".as_slice(), &[0; 18]].concat());
}

#[test]
fn the_file_depends_on_the_arrays_alone() {
    let folder = tempfile::tempdir().unwrap();
    let large = Array1::from_shape_fn(700_001, |i| (i % 977 * i) as u64);
    let small = Array1::from_shape_fn(1000, |i| i as u64);
    let members = [("large", &large), ("small", &small), ("again", &large)];
    let path = folder.path().join("z.npz");
    let bytes = |options: &SavezOptions| {
        options.save(&path, members).unwrap();
        fs::read(&path).unwrap()
    };
    let stored = bytes(&SavezOptions::new());
    assert!(bytes(&SavezOptions::new()) == stored);
    let deflated = SavezOptions::new().compression(Compression::Deflate(3));
    let one = bytes(&deflated.clone().threads(1));
    assert!(one.len() < stored.len() / 2);
    for threads in [2, 3, 8, 0] {
        assert!(bytes(&deflated.clone().threads(threads)) == one, "{threads} threads");
    }
    // Wherever the arrays lie, and whether all are there at once.
    let saved = folder.path().join("large.npy");
    mapray::save(&saved, &large).unwrap();
    let file = ArrayFile::open(&saved).unwrap();
    for (options, expected) in [(SavezOptions::new(), &stored), (deflated, &one)] {
        let mut archive = options.create(&path).unwrap();
        archive.add("large", &file).unwrap();
        archive.add("small", &small).unwrap();
        archive.add("again", &large).unwrap();
        archive.finish().unwrap();
        assert!(fs::read(&path).unwrap() == *expected);
    }
}

/// Where the bytes lie in the file.
fn find(file: &[u8], bytes: &[u8]) -> u64 {
    file.windows(bytes.len()).position(|window| window == bytes).unwrap() as u64
}

#[test]
fn an_archive_saved_onto_its_own_mapped_member_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("z.npz");
    let numbers: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    mapray::savez(&path, [("a", &Array1::from_vec(numbers.clone()))]).unwrap();
    let first = fs::read(&path).unwrap();
    let offset = find(&first, &numbers);
    let options =
        mapray::MapOptions::new().dtype("u1".parse().unwrap()).offset(offset).shape(numbers.len());
    let file = options.clone().file(&path).unwrap();
    let live: Box<dyn MemberArray> = if cfg!(mapray_portable) {
        Box::new(file.clone())
    } else {
        let live: DynLiveMap = options.mode(Mode::Read).live_dyn(&path).unwrap();
        Box::new(live)
    };
    for _ in 0..2 {
        mapray::savez(&path, [("a", &*live)]).unwrap();
        assert!(fs::read(&path).unwrap() == first);
    }
    mapray::savez(&path, [("other", &arr0(1_u8))]).unwrap();
    let mut bytes = vec![0; numbers.len()];
    file.read_bytes(&mut bytes).unwrap();
    assert!(bytes == numbers, "the old file is still there for who has it open");
}
