//! Conversions, comparisons, histograms and checksums against NumPy.

mod common;

use std::fs;
use std::path::Path;

use common::{oracle, python, scratch, skip};
use mapray::{
    Algorithm, ArrayFile, Casting, Conversion, Durability, SaveOptions, Slice, checksum, compare,
    histogram,
};
use serde_json::Value;

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap()
}

fn open(folder: &Path, case: &Value, key: &str) -> ArrayFile {
    let file = ArrayFile::open(folder.join(text(case, key))).unwrap();
    match case["slice"].as_str() {
        Some(slice) => file.slice(&slice.parse::<Slice>().unwrap()).unwrap(),
        None => file,
    }
}

fn numbers(list: &Value) -> Vec<u64> {
    list.as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect()
}

fn check(folder: &Path, case: &Value) -> Result<(), String> {
    let same = |found: String, expected: String| match found == expected {
        true => Ok(()),
        false => Err(format!("expected {expected}\nfound    {found}")),
    };
    match text(case, "do") {
        "convert" => {
            let mut conversion = Conversion::new().casting(match text(case, "casting") {
                "checked" => Casting::Checked,
                "truncate" => Casting::Truncate,
                "clip" => Casting::Clip,
                _ => Casting::Wrap,
            });
            if let Some(dtype) = case["dtype"].as_str() {
                conversion = conversion.dtype(dtype.parse().unwrap());
            }
            if let Some(order) = case["order"].as_str() {
                conversion = conversion.order(order.parse().unwrap());
            }
            let out = folder.join("out.npy");
            SaveOptions::new()
                .conversion(conversion)
                .durability(Durability::Buffered)
                .save_dyn(&out, &open(folder, case, "file"))
                .map_err(|error| error.to_string())?;
            let expected = oracle::hex(&case["npy"]);
            let found = fs::read(&out).unwrap();
            match found == expected {
                true => Ok(()),
                false => Err(format!("{:x?}\n{:x?}", &expected[128..], &found[128..])),
            }
        }
        "histogram" => {
            let file = open(folder, case, "file");
            let mut found = histogram(&file).bins(case["bins"].as_u64().unwrap() as usize);
            if let Some(range) = case["range"].as_array() {
                found = found.range(range[0].as_f64().unwrap(), range[1].as_f64().unwrap());
            }
            let found = found.count();
            if case["counts"].is_null() {
                return found.map_or(Ok(()), |found| Err(format!("{found:?}")));
            }
            let found = found.map_err(|error| error.to_string())?;
            let edges: Vec<u64> = found.edges.iter().map(|edge| edge.to_bits()).collect();
            let apart = ["below", "above", "nan"].map(|key| case[key].as_u64().unwrap());
            same(
                format!("{edges:?} {:?} {:?}", found.counts, [found.below, found.above, found.nan]),
                format!("{:?} {:?} {apart:?}", numbers(&case["edges"]), numbers(&case["counts"])),
            )
        }
        "compare" => {
            let (a, b) = (open(folder, case, "a"), open(folder, case, "b"));
            let found = compare(&a, &b)
                .rtol(case["rtol"].as_f64().unwrap())
                .atol(case["atol"].as_f64().unwrap())
                .equal_nan(case["equal_nan"].as_bool().unwrap())
                .difference()
                .map_err(|error| error.to_string())?;
            assert_eq!(found.compared, 60);
            let first = found.first.map(|first| first.index);
            let expected: Option<Vec<u64>> =
                case["first"].as_array().map(|_| numbers(&case["first"]));
            same(
                format!("{} {first:?}", found.differing),
                format!("{} {expected:?}", case["differing"]),
            )
        }
        "checksum" => {
            let file = open(folder, case, "file");
            for algorithm in [Algorithm::Sha256, Algorithm::Crc32] {
                let found = checksum(&file, algorithm, None).unwrap().to_string();
                same(found, text(case, &algorithm.to_string()).to_owned())?;
            }
            Ok(())
        }
        other => panic!("{other}"),
    }
}

#[test]
fn elements_become_and_compare_as_in_numpy() {
    let Some(python) = python() else {
        let reason = "MAPRAY_PYTHON does not name a Python with NumPy";
        return skip("elements_become_and_compare_as_in_numpy", reason);
    };
    let folder = scratch();
    oracle::run(&python, "elements.py", folder.path());
    let cases = fs::read_to_string(folder.path().join("cases.json")).unwrap();
    let (mut count, mut wrong) = (0, Vec::new());
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        count += 1;
        if let Err(why) = check(folder.path(), &case) {
            let mut case = case;
            case.as_object_mut().unwrap().remove("npy");
            wrong.push(format!("{case}\n{why:.1500}"));
        }
    }
    assert!(count > 2000, "only {count} cases");
    wrong.sort_by_key(String::len);
    let some = wrong.iter().take(12).map(String::as_str).collect::<Vec<_>>().join("\n\n");
    assert!(wrong.is_empty(), "{} of {count} differ:\n{some}", wrong.len());
}
