//! A whole `.npy` file.

use mapray::{ArrayFile, Error, ErrorKind};

use super::reading::{file, read_all};

/// Opens the bytes as a file of one array.
pub fn check(bytes: &[u8]) {
    match ArrayFile::from_file(file(bytes)) {
        Ok(array) => {
            let elements = read_all(&array, bytes.len());
            if let Ok(reversed) = array.slice(&"[..., ::-1]".parse().unwrap()) {
                let backwards = read_all(&reversed, bytes.len());
                assert_eq!(backwards.len(), elements.len());
            }
        }
        Err(error) => check_error(&error),
    }
}

fn check_error(error: &Error) {
    use ErrorKind::*;
    let kinds = [Format, Truncated, Shape, Dtype, Member, Unsupported];
    assert!(kinds.contains(&error.kind()), "{error:?}");
    assert!(!error.to_string().is_empty());
}
