//! Spellings of dtypes: NumPy's texts, and the descrs of headers.

use mapray::ErrorKind;
use mapray::dtype::{DType, Endian, Kind};
use mapray::format::npy::Header;

/// Reads the bytes as a spelling and as a descr.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for parsed in [text.parse(), DType::parse_descr(text)] {
        match parsed {
            Ok(dtype) => check_parsed(&dtype),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Dtype, "{error}");
                let characters = text.chars().count();
                assert!(error.character().is_none_or(|at| at <= characters), "{error}");
                assert!(!error.to_string().is_empty());
            }
        }
    }
}

/// What is true of every dtype that was read from somewhere.
pub fn check_parsed(dtype: &DType) {
    assert!(dtype.itemsize() <= i32::MAX as usize);
    let (descr, again) = (dtype.descr(), DType::parse_descr(&dtype.descr()).unwrap());
    assert_eq!(again.descr(), descr);
    assert_eq!(again.itemsize(), dtype.itemsize());
    assert!(again == *dtype || has_nameless_void(dtype), "{descr}");
    if !matches!(dtype.kind(), Kind::Record(_) | Kind::SubArray(_)) {
        assert_eq!(dtype.to_string().parse::<DType>().unwrap(), *dtype);
    }
    assert_eq!(dtype.swapped().swapped(), *dtype);
    assert!(dtype.with_endian(Endian::NATIVE).is_native());
    assert!(!dtype.name().is_empty());
    check_inside(dtype);

    let header = Header::new(dtype.clone(), Vec::new(), false).unwrap();
    let read = Header::parse_limited(&header.to_bytes().unwrap(), usize::MAX).unwrap();
    let (element, axes) = dtype.clone().split_axes();
    assert_eq!(read.dtype.descr(), element.descr());
    assert_eq!(read.shape, axes);
}

/// A void field without a name and a title is padding to NumPy, which keeps no field for it.
fn has_nameless_void(dtype: &DType) -> bool {
    match dtype.kind() {
        Kind::Record(record) => record.fields().iter().any(|field| {
            let (inner, _) = field.dtype.clone().split_axes();
            let is_void = matches!(inner.kind(), Kind::Void(_));
            field.name.is_empty() && is_void || has_nameless_void(&field.dtype)
        }),
        Kind::SubArray(array) => has_nameless_void(array.dtype()),
        _ => false,
    }
}

/// Fields lie inside of their records, one behind the other.
fn check_inside(dtype: &DType) {
    match dtype.kind() {
        Kind::Record(record) => {
            let mut end = 0;
            for field in record.fields() {
                assert!(field.offset >= end);
                end = field.offset + field.dtype.itemsize();
                assert_eq!(record.field(&field.name).map(|found| found.offset), Some(field.offset));
                check_inside(&field.dtype);
            }
            assert!(end <= record.itemsize());
        }
        Kind::SubArray(array) => {
            let count: usize = array.shape().iter().product();
            assert_eq!(count * array.dtype().itemsize(), dtype.itemsize());
            check_inside(array.dtype());
        }
        _ => {}
    }
}
