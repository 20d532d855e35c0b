//! Journals made by hand, as FORMAT.md draws them.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the journal of a file stands.
pub fn path_of(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap().to_str().unwrap();
    target.with_file_name(format!(".{name}.mapray-journal"))
}

/// Bytes that are to be written, and what stands there before.
#[derive(Clone, Debug)]
pub struct Piece {
    pub offset: u64,
    pub before: Vec<u8>,
    pub after: Vec<u8>,
}

impl Piece {
    /// Bytes over those that the file has now.
    pub fn over(target: &Path, offset: usize, after: &[u8]) -> Piece {
        let before = fs::read(target).unwrap()[offset..offset + after.len()].to_vec();
        Piece { offset: offset as u64, before, after: after.to_vec() }
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = self.offset.to_le_bytes().to_vec();
        bytes.extend((self.after.len() as u32).to_le_bytes());
        let mut at = 0;
        while at < self.after.len() {
            let sector_end = (self.offset as usize + at) / 512 * 512 + 512;
            let end = self.after.len().min(sector_end - self.offset as usize);
            for part in [&self.before[at..end], &self.after[at..end]] {
                bytes.extend(crc32fast::hash(part).to_le_bytes());
            }
            at = end;
        }
        bytes.extend(&self.after);
        bytes
    }
}

/// The payload of a journal of bytes that are to be written.
pub fn payload(pieces: &[Piece]) -> Vec<u8> {
    pieces.iter().flat_map(Piece::encode).collect()
}

/// What a journal says: change a field, and the checksums still fit.
#[derive(Clone, Debug)]
pub struct Journal {
    pub version: u32,
    pub kind: u32,
    pub inode: u64,
    pub born: (i64, u32),
    pub len: u64,
    pub path: Vec<u8>,
    pub payload: Vec<u8>,
}

impl Journal {
    /// The journal of a file as it is now.
    pub fn new(target: &Path, pieces: &[Piece]) -> Journal {
        let metadata = fs::metadata(target).unwrap();
        Journal {
            version: 1,
            kind: 1,
            inode: metadata.ino(),
            born: born(&metadata),
            len: metadata.len(),
            path: target.to_str().unwrap().as_bytes().to_vec(),
            payload: payload(pieces),
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = b"\x93MAPRAYJ".to_vec();
        bytes.extend(self.version.to_le_bytes());
        bytes.extend(self.kind.to_le_bytes());
        // The device, the inode, the length.
        for number in [0, self.inode, self.len] {
            bytes.extend(number.to_le_bytes());
        }
        // When it was made, modified, changed.
        for (seconds, nanoseconds) in [self.born, (0, 0), (0, 0)] {
            bytes.extend(seconds.to_le_bytes());
            bytes.extend(nanoseconds.to_le_bytes());
        }
        bytes.extend((self.payload.len() as u64).to_le_bytes());
        bytes.extend(crc32fast::hash(&self.payload).to_le_bytes());
        bytes.extend((self.path.len() as u32).to_le_bytes());
        bytes.extend(&self.path);
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        bytes.extend(&self.payload);
        bytes
    }

    /// Puts it beside the file.
    pub fn put(&self, target: &Path) -> PathBuf {
        let path = path_of(target);
        fs::write(&path, self.encode()).unwrap();
        path
    }
}

fn born(metadata: &Metadata) -> (i64, u32) {
    let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap();
    metadata
        .created()
        .map_or((0, 0), |time| (since(time).as_secs() as i64, since(time).subsec_nanos()))
}
