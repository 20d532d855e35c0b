//! A file of `safetensors`.

use mapray::format::Content;
use mapray::{Archive, ErrorKind};

use super::reading::{file, read_all};

/// Opens the bytes as a file, and once more as a header of fitting length before some data: the part
/// behind the last closing brace.
pub fn check(bytes: &[u8]) {
    open(bytes);
    let header_len = bytes.iter().rposition(|&byte| byte == b'}').map_or(0, |at| at + 1);
    if bytes.starts_with(b"{") {
        open(&[&(header_len as u64).to_le_bytes(), bytes].concat());
    }
}

fn open(bytes: &[u8]) {
    let archive = match Archive::from_file(file(bytes)) {
        Ok(archive) if archive.format() == "safetensors" => archive,
        Ok(_) => return,
        Err(error) => {
            use ErrorKind::*;
            let kinds = [Format, Truncated, Shape, Member, Unsupported];
            assert!(kinds.contains(&error.kind()), "{error:?}");
            return;
        }
    };
    let mut end = None;
    for name in archive.names() {
        let entry = archive.entry(&name).unwrap();
        assert_eq!(entry.name.as_deref(), Some(&*name));
        let range = match &entry.content {
            Content::Stored(layout) => layout.span(),
            Content::Encoded { range, .. } => range.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(range.start, end.unwrap_or(range.start), "a gap or an overlap before {name:?}");
        end = Some(range.end);
        match archive.member(&name) {
            Ok(member) => {
                let elements = read_all(&member, bytes.len());
                assert_eq!(archive.decode(&name).unwrap().as_bytes(), elements);
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}"),
        }
    }
    assert!(end.is_none_or(|end| end == bytes.len() as u64));
    assert!(archive.verify().unwrap().is_empty());
}
