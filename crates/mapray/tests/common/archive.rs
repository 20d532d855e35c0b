//! Archives made by hand, and what NumPy says of archives.

#![allow(dead_code, reason = "each test binary uses its own part of this module")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use mapray::DType;
use mapray::format::npy::Header;

/// Runs one of the oracle's scripts, and returns what it printed.
///
/// # Panics
///
/// If it fails, with what it said on stderr.
pub fn oracle(python: &Path, script: &str, arguments: &[&Path]) -> String {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle");
    let output = Command::new(python)
        .arg(scripts.join(script))
        .args(arguments)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap_or_else(|error| panic!("{} does not run: {error}", python.display()));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} fails: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// The bytes that a hexadecimal text tells.
pub fn hex(text: &serde_json::Value) -> Vec<u8> {
    let digits = text.as_str().unwrap().bytes().map(|digit| (digit as char).to_digit(16).unwrap());
    let digits: Vec<u8> = digits.map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// A `.npy` file with these elements.
pub fn npy(descr: &str, shape: &[usize], elements: &[u8]) -> Vec<u8> {
    let dtype: DType = descr.parse().unwrap();
    let header = Header::new(dtype, shape.to_vec(), false).unwrap();
    [&header.to_bytes().unwrap(), elements].concat()
}

/// One member of an archive made by hand: what its headers say, true or not.
#[derive(Clone, Debug)]
pub struct Member {
    pub name: Vec<u8>,
    /// As it lies in the file.
    pub data: Vec<u8>,
    pub flags: u16,
    pub method: u16,
    pub crc: u32,
    pub compressed: u32,
    pub size: u32,
    /// What stands behind the data.
    pub behind: Vec<u8>,
    /// How far from its true place the directory says that it starts.
    pub shift: i64,
}

impl Member {
    pub fn stored(name: &str, data: Vec<u8>) -> Member {
        let len = data.len() as u32;
        Member {
            name: name.into(),
            crc: crc32fast::hash(&data),
            data,
            flags: 0,
            method: 0,
            compressed: len,
            size: len,
            behind: Vec::new(),
            shift: 0,
        }
    }

    pub fn deflated(name: &str, data: &[u8]) -> Member {
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
        encoder.write_all(data).unwrap();
        Member {
            method: 8,
            crc: crc32fast::hash(data),
            size: data.len() as u32,
            ..Member::stored(name, encoder.finish().unwrap())
        }
    }

    /// The same, written to a stream: its checksum and sizes stand behind it.
    pub fn streamed(self, signature: bool, wide: bool) -> Member {
        let mut behind = if signature { b"PK\x07\x08".to_vec() } else { Vec::new() };
        behind.extend(self.crc.to_le_bytes());
        for size in [self.compressed, self.size] {
            behind.extend(&u64::from(size).to_le_bytes()[..if wide { 8 } else { 4 }]);
        }
        Member { flags: 8, behind, ..self }
    }
}

/// An archive of these members.
pub fn zip(members: &[Member]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut directory = Vec::new();
    for member in members {
        let Member { name, data, flags, method, crc, compressed, size, behind, shift } = member;
        let streamed = flags & 8 != 0;
        let at = file.len() as i64 + shift;
        let mut common = Vec::new();
        for half in [20, *flags, *method, 0, 0x21] {
            common.extend(u16::to_le_bytes(half));
        }
        let numbers = |numbers: [u32; 3]| numbers.map(u32::to_le_bytes).concat();
        let name_len = (name.len() as u16).to_le_bytes();
        file.extend([b"PK\x03\x04".as_slice(), &common].concat());
        file.extend(numbers(if streamed { [0; 3] } else { [*crc, *compressed, *size] }));
        file.extend([&name_len[..], &[0, 0], name, data, behind].concat());
        directory.extend([b"PK\x01\x02\x14\x00".as_slice(), &common].concat());
        directory.extend(numbers([*crc, *compressed, *size]));
        directory.extend([&name_len[..], &[0; 12]].concat());
        directory.extend((at as u32).to_le_bytes());
        directory.extend(name);
    }
    let start = (file.len() as u32).to_le_bytes();
    let count = (members.len() as u16).to_le_bytes();
    file.extend(&directory);
    file.extend([b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count].concat());
    file.extend([(directory.len() as u32).to_le_bytes(), start].concat());
    file.extend([0, 0]);
    file
}

/// Where these bytes stand first.
pub fn position(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).position(|window| window == wanted).unwrap()
}

/// Overwrites bytes of a file where it lies.
pub fn overwrite(path: &Path, at: usize, bytes: &[u8]) {
    let file = fs::File::options().write(true).open(path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, bytes, at as u64).unwrap();
}

/// A folder with one file, which has these bytes.
pub fn folder_with(name: &str, bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    (folder, path)
}
