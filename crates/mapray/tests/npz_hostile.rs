//! Archives that lie: an error each time that names the byte, and never a wrong element.

#[path = "common/archive.rs"]
mod archive;
mod common;

use std::fs;

use archive::{Member, folder_with, npy, position, zip};
use mapray::{Error, ErrorKind, FaultKind, Npz};

fn bytes_of(values: &[u8]) -> Vec<u8> {
    npy("|u1", &[values.len()], values)
}

/// What opening the archive, or else using its first member, says.
fn error_of(members: &[Member]) -> Error {
    let (_folder, path) = folder_with("a.npz", &zip(members));
    match Npz::open(&path) {
        Err(error) => error,
        Ok(npz) => {
            let error = npz.decode("a").unwrap_err();
            assert_eq!(npz.entry("a").unwrap_err().to_string(), error.to_string());
            let faults = npz.verify().unwrap();
            assert!(faults.iter().any(|fault| fault.kind != FaultKind::Unchecked), "{error}");
            error
        }
    }
}

#[test]
fn members_that_lie_about_where_they_are_are_refused_with_the_byte() {
    let a = || Member::stored("a", bytes_of(b"elements"));
    let b = || Member::stored("b", bytes_of(b"others"));
    let len = a().data.len() as u32;
    let lies: [(&str, Vec<Member>); 9] = [
        ("longer than the file", vec![Member { compressed: 9999, size: 9999, ..a() }]),
        ("into the next", vec![Member { compressed: len + 40, size: len + 40, ..a() }, b()]),
        ("into the directory", vec![Member { compressed: len + 1, size: len + 1, ..a() }]),
        ("shorter than the array", vec![Member { compressed: 130, size: 130, ..a() }]),
        ("two sizes", vec![Member { size: len - 1, ..a() }]),
        ("elsewhere", vec![Member { shift: 1, ..a() }, b()]),
        ("behind the directory", vec![Member { shift: 5000, ..a() }, b()]),
        ("in the other's place", vec![a(), Member { shift: -(30 + 1 + i64::from(len)), ..b() }]),
        (
            "deflated from nothing",
            vec![Member { size: u32::MAX - 1, ..Member::deflated("a", &bytes_of(b"")) }],
        ),
    ];
    for (lie, members) in lies {
        let error = error_of(&members);
        let expected = [ErrorKind::Format, ErrorKind::Truncated];
        assert!(expected.contains(&error.kind()), "{lie}: {error}");
        assert!(error.offset().is_some() || error.kind() == ErrorKind::Truncated, "{lie}: {error}");
    }
}

#[test]
fn a_header_that_disagrees_with_the_directory_is_refused() {
    let members =
        [Member::stored("a", bytes_of(b"elements")), Member::stored("b", bytes_of(b"others"))];
    let whole = zip(&members);
    // In the header before the first member: flags, method, the sizes, the name.
    for (at, what) in
        [(6, "encryption"), (8, "compression"), (18, "size"), (22, "size"), (30, "another")]
    {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        let (_folder, path) = folder_with("a.npz", &damaged);
        let npz = Npz::open(&path).unwrap();
        let error = npz.member("a").unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Format, Some(at as u64)), "{error}");
        assert!(error.to_string().contains(what), "{error}");
        let faults = npz.verify().unwrap();
        assert_eq!(faults.len(), 1);
        assert_eq!((&*faults[0].member, faults[0].kind), ("a", FaultKind::Structure));
        assert!(Npz::repair(&path).unwrap().is_empty(), "only checksums are mended");
        assert_eq!(fs::read(&path).unwrap(), damaged);
    }
}

#[test]
fn an_end_that_lies_about_the_directory_is_refused() {
    let whole = zip(&[Member::stored("a", bytes_of(b"elements"))]);
    let end = whole.len() - 22;
    // The disks, the counts, the size and the offset of the directory.
    for at in [4, 6, 8, 10, 12, 13, 14, 15, 16, 17, 18, 19] {
        for byte in [1, 0x7f, 0xff] {
            let mut damaged = whole.clone();
            damaged[end + at] = damaged[end + at].wrapping_add(byte);
            let (_folder, path) = folder_with("a.npz", &damaged);
            let opened = Npz::open(&path);
            // A smaller offset means that so many bytes were put in front.
            if at < 16 {
                assert_eq!(opened.unwrap_err().kind(), ErrorKind::Format, "byte {at} + {byte}");
            } else if let Ok(npz) = opened {
                assert_eq!(npz.entry("a").unwrap_err().kind(), ErrorKind::Format);
            }
        }
    }
}

#[test]
fn an_npy_header_that_lies_is_found_in_both_kinds_of_member() {
    let mut lying = npy("|u1", &[8], b"elements");
    let shape = position(&lying, b"(8,)");
    lying[shape + 1] = b'9';
    for member in [Member::stored("a", lying.clone()), Member::deflated("a", &lying)] {
        let (_folder, path) = folder_with("a.npz", &zip(&[member]));
        let npz = Npz::open(&path).unwrap();
        assert_eq!(npz.decode("a").unwrap_err().kind(), ErrorKind::Truncated);
        assert_eq!(npz.verify().unwrap()[0].kind, FaultKind::Content);
    }
}

#[test]
fn a_wrong_checksum_of_a_deflated_member_is_found_and_not_mended() {
    let good = Member::deflated("a", &bytes_of(b"elements"));
    let (_folder, path) = folder_with("a.npz", &zip(&[Member { crc: good.crc ^ 1, ..good }]));
    let npz = Npz::open(&path).unwrap();
    assert_eq!(npz.decode("a").unwrap_err().kind(), ErrorKind::Format);
    assert!(npz.verify().unwrap().iter().all(|fault| fault.kind == FaultKind::Checksum));
    assert!(Npz::repair(&path).unwrap().is_empty());
}
