//! Journals beside a file: of anybody's making, or of a change that was cut off anywhere.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use mapray::{AppendOptions, ArrayFile, Error, ErrorKind, Npz};

use super::reading::{file, folder};

const MAGIC: &[u8] = b"\x93MAPRAYJ";
const SECTOR: usize = 512;
/// An archive of one array, whatever follows it.
const ARCHIVE: &[u8] = include_bytes!("../valid/kinds.npz");

/// A journal; else the first byte says what the rest is.
pub fn check(bytes: &[u8]) {
    if bytes.starts_with(MAGIC) {
        redo(bytes, false);
        return archive(&[&[128, 40][..], &[0; 40], bytes].concat(), false);
    }
    let [what, rest @ ..] = bytes else { return };
    match what % 6 {
        0 => redo(rest, false),
        1 => redo(rest, true),
        2 => cut_off(rest),
        3 => archive(rest, false),
        4 => archive(rest, true),
        _ => append(rest),
    }
}

/// A journal of these bytes, or with this payload.
fn redo(bytes: &[u8], is_payload: bool) {
    let before = target();
    let folder = folder();
    let path = folder.path().join("a.npy");
    fs::write(&path, &before).unwrap();
    let journal = match is_payload {
        true => framed(&path, 1, before.len() as u64, bytes),
        false => bytes.to_vec(),
    };
    fs::write(folder.path().join(".a.npy.mapray-journal"), journal).unwrap();
    let opened = ArrayFile::open(&path);
    let after = fs::read(&path).unwrap();
    assert_eq!(after.len(), before.len());
    if let Err(error) = &opened {
        require_kind(error, &[ErrorKind::Changed, ErrorKind::Unsupported]);
        // Where the change was applied, it may have been to the header.
        assert!(after == before || is_payload, "{error}");
    }
}

/// The journal of a change that was cut off after any of its sectors, and maybe a byte that somebody
/// else has changed meanwhile.
fn cut_off(bytes: &[u8]) {
    let [stray, low, high, rest @ ..] = bytes else { return };
    let old = target();
    let (mut new, mut left) = (old.clone(), old.clone());
    let (mut payload, mut ranges, mut end) = (Vec::new(), Vec::new(), 0);
    for piece in rest.as_chunks::<6>().0 {
        let [gap, low, high, state, first, step] = *piece;
        let start = end + 3 * usize::from(gap);
        end = start + 1 + usize::from(u16::from_le_bytes([low, high]) % 1300);
        if end > old.len() {
            break;
        }
        for (i, byte) in new[start..end].iter_mut().enumerate() {
            *byte = first.wrapping_add((i as u8).wrapping_mul(step));
        }
        payload.extend_from_slice(&(start as u64).to_le_bytes());
        payload.extend_from_slice(&((end - start) as u32).to_le_bytes());
        for (i, sector) in sectors(start, end).enumerate() {
            payload.extend_from_slice(&crc32fast::hash(&old[sector.clone()]).to_le_bytes());
            payload.extend_from_slice(&crc32fast::hash(&new[sector.clone()]).to_le_bytes());
            if state >> (i % 8) & 1 != 0 {
                left[sector.clone()].copy_from_slice(&new[sector.clone()]);
            }
            ranges.push(sector);
        }
        payload.extend_from_slice(&new[start..end]);
    }
    let at = usize::from(u16::from_le_bytes([*low, *high])) % old.len();
    left[at] ^= stray;
    let is =
        |of: &[u8], sector: &std::ops::Range<usize>| left[sector.clone()] == of[sector.clone()];
    let can_be_finished = ranges.iter().all(|sector| is(&old, sector) || is(&new, sector));
    let mut expected = left.clone();
    for sector in &ranges {
        expected[sector.clone()].copy_from_slice(&new[sector.clone()]);
    }

    let folder = folder();
    let path = folder.path().join("a.npy");
    fs::write(&path, &left).unwrap();
    let journal = framed(&path, 1, old.len() as u64, &payload);
    fs::write(folder.path().join(".a.npy.mapray-journal"), journal).unwrap();
    let opened = ArrayFile::open(&path);
    let after = fs::read(&path).unwrap();
    let names = fs::read_dir(folder.path()).unwrap().count();
    if can_be_finished {
        assert!(after == expected, "the change is finished");
        assert_eq!(names, 1, "the journal is gone");
        assert_eq!(opened.is_ok(), ArrayFile::from_file(file(&expected)).is_ok());
    } else {
        assert_eq!(opened.unwrap_err().kind(), ErrorKind::Changed);
        assert!(after == left, "what somebody wrote stays");
        assert_eq!(names, 2, "the journal is set aside");
    }
    let again = ArrayFile::open(&path);
    assert_eq!(again.is_ok(), ArrayFile::from_file(file(&after)).is_ok());
}

/// An archive with something behind its end, and a journal of these bytes or with this payload.
fn archive(bytes: &[u8], is_payload: bool) {
    let [len, tail, rest @ ..] = bytes else { return };
    let (tail, rest) = rest.split_at(usize::from(*tail).min(rest.len()));
    let before = [ARCHIVE, tail].concat();
    let folder = folder();
    let path = folder.path().join("z.npz");
    fs::write(&path, &before).unwrap();
    let old_len = ARCHIVE.len() as u64 + u64::from(*len) - 128;
    let journal = match is_payload {
        true => {
            // The checksum is right, so that the length and the start count.
            let start = rest.first_chunk().map_or(0, |start| u64::from(u16::from_le_bytes(*start)));
            let covered = before.get(start as usize..old_len as usize).unwrap_or_default();
            let crc = crc32fast::hash(covered).to_le_bytes();
            let payload = [&start.to_le_bytes()[..], &crc, rest.get(2..).unwrap_or_default()];
            framed(&path, 2, old_len, &payload.concat())
        }
        false => rest.to_vec(),
    };
    fs::write(folder.path().join(".z.npz.mapray-edit"), journal).unwrap();
    let opened = Npz::open(&path).map(|npz| npz.names());
    if let Err(error) = &opened {
        require_kind(error, &[ErrorKind::Unsupported]);
    }
    let after = fs::read(&path).unwrap();
    let is_cut = is_payload && before.get(..old_len as usize) == Some(&after[..]);
    assert!(is_cut || after == before, "it is cut where the journal says, or left alone");
    if let (Ok(names), Ok(again)) = (opened, Npz::open(&path)) {
        assert_eq!(names, again.names());
    }
}

/// An array with something behind its end, the journal of a session with this payload, and who
/// appends next.
fn append(bytes: &[u8]) {
    let [tail, rest @ ..] = bytes else { return };
    let (tail, payload) = rest.split_at(usize::from(*tail).min(rest.len()));
    let array = target();
    let before = [&array, tail].concat();
    let folder = folder();
    let path = folder.path().join("a.npy");
    fs::write(&path, &before).unwrap();
    let journal = framed(&path, 3, before.len() as u64, payload);
    fs::write(folder.path().join(".a.npy.mapray-append"), journal).unwrap();
    let resized = AppendOptions::new().resize(&path, ELEMENTS);
    let after = fs::read(&path).unwrap();
    match resized {
        Ok(()) => assert!(after == array),
        Err(error) => {
            require_kind(&error, &[]);
            assert!(after == before);
        }
    }
}

const ELEMENTS: usize = 3000;

/// A file of one array, some sectors long.
fn target() -> Vec<u8> {
    let dictionary =
        format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({ELEMENTS},), }}");
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend_from_slice(format!("{dictionary:<117}\n").as_bytes());
    bytes.extend((0..ELEMENTS).map(|i| (i / 7 + i) as u8));
    bytes
}

/// A journal about the file at `path`, whose header and checksums are right (FORMAT.md, 11.2).
fn framed(path: &Path, kind: u32, len: u64, payload: &[u8]) -> Vec<u8> {
    let metadata = fs::metadata(path).unwrap();
    let born = metadata.created().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
    let name = path.as_os_str().as_encoded_bytes();
    let mut journal = [MAGIC, &1_u32.to_le_bytes()].concat();
    journal.extend_from_slice(&kind.to_le_bytes());
    for number in [metadata.dev(), metadata.ino(), len, born.as_secs()] {
        journal.extend_from_slice(&number.to_le_bytes());
    }
    journal.extend_from_slice(&born.subsec_nanos().to_le_bytes());
    journal.extend_from_slice(&[0; 24]);
    journal.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    journal.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
    journal.extend_from_slice(&(name.len() as u32).to_le_bytes());
    journal.extend_from_slice(name);
    journal.extend_from_slice(&crc32fast::hash(&journal).to_le_bytes());
    journal.extend_from_slice(payload);
    journal
}

fn sectors(start: usize, end: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (start / SECTOR..end.div_ceil(SECTOR))
        .map(move |i| start.max(i * SECTOR)..end.min((i + 1) * SECTOR))
}

/// Any error is about what the file or the journal holds, or one of these.
fn require_kind(error: &Error, kinds: &[ErrorKind]) {
    assert!(error.kind() == ErrorKind::Format || kinds.contains(&error.kind()), "{error:?}");
    assert!(!error.to_string().is_empty());
}
