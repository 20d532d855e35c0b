//! `safetensors`: read, mapped and edited as the arrays of any other file; headers that lie.

#[path = "common/archive.rs"]
mod archive;
mod common;

use std::fs;

use archive::{folder_with, hex, oracle};
use mapray::element::{Float8E4M3, Float8E5M2};
use mapray::format::{Codec, Content};
use mapray::{Archive, ArrayFile, Element, ErrorKind, Mode, bf16};
use ndarray::{Ix2, IxDyn, arr2};
use serde_json::{Value as Json, json};

/// NumPy's dtype for a type in the file's words, and what it is called where NumPy has none.
fn numpy(word: &str) -> (&'static str, Option<&'static str>) {
    match word {
        "BOOL" => ("|b1", None),
        "U8" => ("|u1", None),
        "I8" => ("|i1", None),
        "U16" => ("<u2", None),
        "I16" => ("<i2", None),
        "F16" => ("<f2", None),
        "U32" => ("<u4", None),
        "I32" => ("<i4", None),
        "F32" => ("<f4", None),
        "U64" => ("<u8", None),
        "I64" => ("<i8", None),
        "F64" => ("<f8", None),
        "C64" => ("<c8", None),
        "BF16" => ("|V2", Some("bfloat16")),
        "F8_E4M3" => ("|V1", Some("float8_e4m3fn")),
        "F8_E5M2" => ("|V1", Some("float8_e5m2")),
        "F8_E8M0" => ("|V1", Some("float8_e8m0fnu")),
        "F8_E4M3FNUZ" => ("|V1", Some("float8_e4m3fnuz")),
        "F8_E5M2FNUZ" => ("|V1", Some("float8_e5m2fnuz")),
        "F4" => ("|V1", Some("float4_e2m1fn")),
        "F6_E2M3" => ("|V1", Some("float6_e2m3fn")),
        other => panic!("{other}"),
    }
}

fn as_f32<T: Element + Into<f32>>(file: &ArrayFile) -> Vec<f32> {
    file.to_array::<T, IxDyn>().unwrap().iter().map(|&value| value.into()).collect()
}

#[test]
fn what_the_original_takes_is_read_alike_and_what_it_refuses_is_refused() {
    const TEST: &str = "what_the_original_takes_is_read_alike_and_what_it_refuses_is_refused";
    let Some(python) = common::python() else {
        return common::skip(TEST, "MAPRAY_PYTHON is not set");
    };
    let imports = ["-c", "import safetensors, ml_dtypes"];
    if !std::process::Command::new(&python).args(imports).output().unwrap().status.success() {
        return common::skip(TEST, "the interpreter has no safetensors or no ml_dtypes");
    }
    let folder = tempfile::tempdir().unwrap();
    oracle(&python, "tensors.py", &[folder.path()]);
    let said = fs::read(folder.path().join("tensors.json")).unwrap();
    let said: Json = serde_json::from_slice(&said).unwrap();
    let mut types = 0;
    for file in said["taken"].as_array().unwrap() {
        let name = file["file"].as_str().unwrap();
        let path = folder.path().join(name);
        if name == "blank-in-front.safetensors" {
            // Against the format's own description.
            assert_eq!(Archive::open(&path).unwrap_err().kind(), ErrorKind::Format);
            continue;
        }
        let archive = Archive::open(&path).unwrap();
        assert_eq!(archive.format(), "safetensors");
        let attributes: Vec<_> = archive.attributes().iter().map(|(k, v)| json!([k, v])).collect();
        assert_eq!(Json::from(attributes), file["attributes"], "{name}");
        let tensors = file["tensors"].as_array().unwrap();
        assert_eq!(archive.names().len(), tensors.len());
        for tensor in tensors {
            let (key, word) = (tensor["name"].as_str().unwrap(), tensor["dtype"].as_str().unwrap());
            let entry = archive.entry(key).unwrap();
            let (dtype, logical) = numpy(word);
            types += 1;
            assert_eq!(entry.dtype().to_string(), dtype, "{name}::{key}");
            let said = entry.attributes.iter().find(|(name, _)| name == "logical_type");
            assert_eq!(said.map(|(_, name)| &**name), logical);
            assert_eq!(json!(entry.shape()), tensor["shape"]);
            let elements = hex(&tensor["elements"]);
            if let Content::Encoded { codec: Codec::Bits(_), range, .. } = &entry.content {
                assert_eq!(range.end - range.start, elements.len() as u64);
                assert_eq!(archive.member(key).unwrap_err().kind(), ErrorKind::Unsupported);
                continue;
            }
            let mut found = vec![0; elements.len()];
            let member = archive.member(key).unwrap();
            member.read_bytes(&mut found).unwrap();
            assert!(found == elements, "{name}::{key}");
            // SAFETY: nobody else knows the file.
            let map = unsafe { member.map_live_dyn(Mode::Read).unwrap().assume_stable().unwrap() };
            map.view().read_bytes(&mut found).unwrap();
            assert!(found == elements, "{name}::{key}");
            archive.decode(key).unwrap().view().read_bytes(&mut found).unwrap();
            assert!(found == elements, "{name}::{key}");
            let values = match word {
                "BF16" => as_f32::<bf16>(&member),
                "F8_E4M3" => as_f32::<Float8E4M3>(&member),
                "F8_E5M2" => as_f32::<Float8E5M2>(&member),
                _ => continue,
            };
            let expected = hex(&tensor["values"]);
            let expected =
                expected.chunks(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
            assert!(values.len() == expected.len());
            for (value, expected) in values.into_iter().zip(expected) {
                let alike =
                    value.to_bits() == expected.to_bits() || value.is_nan() && expected.is_nan();
                assert!(alike, "{name}::{key}: {value} {expected}");
            }
        }
    }
    assert!(types > 100);
    for file in said["refused"].as_array().unwrap() {
        let path = folder.path().join(file["file"].as_str().unwrap());
        let error = Archive::open(&path).unwrap_err();
        let kinds = [ErrorKind::Format, ErrorKind::Truncated, ErrorKind::Unsupported];
        assert!(kinds.contains(&error.kind()), "{error}");
        assert!(ArrayFile::open(&path).is_err());
    }
}

/// A file with this header and these bytes.
fn file(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

const TWO: &str = r#"{"__metadata__":{"made":"by hand"},"b":{"dtype":"F32","shape":[2,2],"data_offsets":[2,18]},"a":{"dtype":"BF16","shape":[],"data_offsets":[0,2]}}"#;

fn two() -> Vec<u8> {
    let values: [f32; 4] = [1.0, 2.0, 3.0, 4.0];
    file(TWO, &[&[0x80, 0x3f][..], &values.map(f32::to_le_bytes).concat()].concat())
}

#[test]
fn tensors_are_mapped_and_edited_where_they_lie() {
    let (_folder, path) = folder_with("model.safetensors", &two());
    let archive = Archive::open(&path).unwrap();
    assert_eq!(archive.names(), ["a", "b"], "in the order of the file");
    assert_eq!(archive.attributes(), [("made".to_owned(), "by hand".to_owned())]);
    assert_eq!(archive.member("a").unwrap().get::<bf16>(&[]).unwrap().to_f32(), 1.0);
    let file = archive.member("b").unwrap();
    assert_eq!(file.entry().offset(), (8 + TWO.len() + 2) as u64);
    // SAFETY: nobody else knows the file.
    let mut map =
        unsafe { file.map_live_dyn(Mode::ReadWrite).unwrap().assume_stable_mut().unwrap() };
    map.view_mut().set(&[1, 0], -3.0_f32).unwrap();
    map.close().unwrap();
    assert_eq!(archive.read::<f32, Ix2>("b").unwrap(), arr2(&[[1.0, 2.0], [-3.0, 4.0]]));
    assert!(archive.verify().unwrap().is_empty());
}

#[test]
fn a_wrong_name_and_a_missing_one_say_what_there_is() {
    let (_folder, path) = folder_with("model.safetensors", &two());
    let error = Archive::open(&path).unwrap().member("c").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Member);
    assert!(error.to_string().contains("it holds a, b"), "{error}");
    let error = ArrayFile::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Member);
    assert!(error.to_string().contains("(safetensors)"), "{error}");
}

#[test]
fn an_error_in_the_header_names_its_byte() {
    let header = TWO.replace("\"F32\"", "7");
    let at = 8 + header.find(":7,").unwrap() + 1;
    let (_folder, path) = folder_with("model.safetensors", &file(&header, &[0; 18]));
    let error = Archive::open(&path).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Format, Some(at as u64)), "{error}");
}

#[test]
fn names_that_come_twice_and_shapes_of_too_many_axes_are_refused() {
    let twice = r#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#;
    let axes = |n: usize| {
        let shape = vec!["1"; n].join(",");
        format!(r#"{{"a":{{"dtype":"U8","shape":[{shape}],"data_offsets":[0,1]}}}}"#)
    };
    let open = |header: &str, len: usize| {
        let (_folder, path) = folder_with("model.safetensors", &file(header, &vec![0; len]));
        Archive::open(&path).map_err(|error| error.kind())
    };
    assert_eq!(open(twice, 2).unwrap_err(), ErrorKind::Format);
    assert!(open(&axes(64), 1).is_ok());
    assert_eq!(open(&axes(65), 1).unwrap_err(), ErrorKind::Format);
}
