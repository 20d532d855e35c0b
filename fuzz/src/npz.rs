//! A zip archive of arrays.

use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;

use mapray::format::{Codec, Content, Entry, Upkeep};
use mapray::{ErrorKind, Npz};

use super::reading::{file, read_all};

/// More is not inflated: the fuzzer finds bombs by the dozen.
const MOST: u64 = 1 << 20;

/// Opens the bytes as an archive, reads what is in it, verifies and repairs it.
pub fn check(bytes: &[u8]) {
    let memory = file(bytes);
    let npz = match Npz::from_file(memory.try_clone().unwrap()) {
        Ok(npz) => npz,
        Err(error) => return assert_eq!(error.kind(), ErrorKind::Format, "{error}"),
    };
    for name in npz.names() {
        match npz.entry(&name) {
            Ok(entry) => read(&npz, &name, &entry, bytes.len()),
            Err(error) => {
                assert_ne!(error.kind(), ErrorKind::Io, "{error}");
                assert!(npz.member(&name).is_err() && npz.decode(&name).is_err());
            }
        }
    }
    let faults = npz.verify().unwrap();
    assert!(faults.iter().all(|fault| !fault.to_string().is_empty()));

    // By a name, since repairing opens the file for writing.
    let path = format!("/proc/self/fd/{}", memory.as_raw_fd());
    let repaired = Npz::repair(&path).unwrap();
    let mut after = vec![0; bytes.len()];
    memory.read_exact_at(&mut after, 0).unwrap();
    assert_eq!(memory.metadata().unwrap().len(), bytes.len() as u64);
    let mut expected = bytes.to_vec();
    for mended in &repaired {
        for &(at, old) in &mended.outdated {
            let slot = &mut expected[at as usize..][..4];
            assert_eq!(slot, old.to_le_bytes());
            slot.copy_from_slice(&mended.crc.to_le_bytes());
        }
    }
    assert_eq!(after, expected, "only outdated checksums are changed");
}

fn read(npz: &Npz, name: &str, entry: &Entry, len: usize) {
    check_upkeep(&entry.upkeep, len as u64);
    match &entry.content {
        Content::Stored(_) => {
            let Ok(member) = npz.member(name) else { return };
            let elements = read_all(&member, len);
            if let Ok(decoded) = npz.decode(name) {
                let mut read = vec![0; elements.len()];
                decoded.view().read_bytes(&mut read).unwrap();
                assert_eq!(read, elements);
            }
        }
        Content::Encoded { codec, range, .. } => {
            assert!(range.end <= len as u64);
            assert!(npz.member(name).is_err());
            if let Codec::Deflate { len, .. } = codec {
                assert!(*len <= 1032 * (range.end - range.start), "more than deflate can give");
                assert!(entry.nbytes() <= *len);
                if *len <= MOST {
                    decode(npz, name, entry);
                }
            }
        }
        other => panic!("{other:?}"),
    }
}

fn decode(npz: &Npz, name: &str, entry: &Entry) {
    match npz.decode(name) {
        Ok(decoded) => {
            assert_eq!((decoded.dtype(), decoded.shape()), (entry.dtype(), entry.shape()));
            assert_eq!(decoded.as_bytes().len() as u64, entry.nbytes());
        }
        Err(error) => assert_ne!(error.kind(), ErrorKind::Io, "{error}"),
    }
}

/// The checksum is of bytes of the file, and stands elsewhere in it.
fn check_upkeep(upkeep: &Upkeep, len: u64) {
    let Some(checksum) = &upkeep.checksum else { return };
    assert!(checksum.range.start <= checksum.range.end && checksum.range.end <= len);
    assert!(!checksum.slots.is_empty());
    for slot in &checksum.slots {
        assert!(slot.offset + 4 <= len && slot.offset >= slot.before.len() as u64);
        assert!(slot.offset + 4 <= checksum.range.start || slot.offset >= checksum.range.end);
    }
}
