//! The records of a zip archive, as bytes: local headers, the directory, its end.
//!
//! Names, dates and rights are those that Python's `zipfile` writes for NumPy; what the format says
//! is in PKWARE's [APPNOTE](https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT).

use std::ops::Range;

const LOCAL_HEADER: [u8; 4] = *b"PK\x03\x04";
const DIRECTORY_RECORD: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
const ZIP64_END: [u8; 4] = *b"PK\x06\x06";
const ZIP64_LOCATOR: [u8; 4] = *b"PK\x06\x07";

/// The fixed part of a local header.
const LOCAL_HEADER_LEN: usize = 30;
const ZIP64_END_LEN: u64 = 56;

/// The record of the extra field that holds 64-bit sizes, and its length in a local header.
const ZIP64: u16 = 0x0001;
const LOCAL_ZIP64_LEN: usize = 20;

/// The record of the extra field that only pads: "data stream alignment", first written by Apache
/// Commons Compress. Two bytes tell the alignment, zeros fill the rest.
pub(super) const ALIGNMENT: u16 = 0xa11e;
const ALIGNMENT_MIN_LEN: usize = 6;

const VERSION_2_0: u16 = 20;
pub(super) const VERSION_ZIP64: u16 = 45;

/// Made on Unix, which gives the upper half of the external attributes its meaning: the file's
/// rights, those that NumPy gives.
const UNIX: u16 = 3 << 8;
const RIGHTS: u32 = 0o600 << 16;

/// Names that are not ASCII are UTF-8.
const UTF_8: u16 = 1 << 11;

/// 1980-01-01 00:00, the first date of the format, and NumPy's.
const TIME: u16 = 0;
const DATE: u16 = 1 << 5 | 1;

/// What 32 bits, and 16, cannot hold: these values send the reader to the zip64 records.
const IN_64_BITS: u32 = u32::MAX;
const COUNT_IN_64_BITS: u16 = u16::MAX;

/// The most that a member's data can be aligned to: the padding's record has 15 bits to tell it.
pub(crate) const MAX_ALIGNMENT: u64 = 1 << 14;

/// The most bytes that a member's name can have.
pub(crate) const MAX_NAME: usize = u16::MAX as usize;

/// How a member's data are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Stored = 0,
    Deflated = 8,
}

/// What the archive says of one member.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// At most [`MAX_NAME`] bytes.
    pub name: String,
    pub method: Method,
    /// Of the data before compression.
    pub crc: u32,
    pub compressed: u64,
    pub uncompressed: u64,
    /// Where its local header starts.
    pub offset: u64,
    /// Whether the local header has room for 64-bit sizes.
    pub zip64: bool,
    /// The bytes of the record that aligns the data, 0 for none, and what it aligns them to.
    pub padding: (usize, u64),
}

impl Member {
    /// Whether sizes up to `most` need 64 bits.
    pub(crate) fn needs_zip64(most: u64) -> bool {
        most >= u64::from(IN_64_BITS)
    }

    /// The bytes of its local header.
    pub(crate) fn local_header_len(&self) -> usize {
        unpadded_header_len(self.name.len(), self.zip64) + self.padding.0
    }

    /// The header in front of its data.
    pub(crate) fn local_header(&self) -> Vec<u8> {
        let len = self.local_header_len();
        let mut bytes = Vec::with_capacity(len);
        bytes.extend(LOCAL_HEADER);
        self.common(&mut bytes, self.zip64, self.zip64.then_some(IN_64_BITS));
        bytes.extend(((len - LOCAL_HEADER_LEN - self.name.len()) as u16).to_le_bytes());
        bytes.extend(self.name.as_bytes());
        if self.zip64 {
            record(&mut bytes, ZIP64, LOCAL_ZIP64_LEN - 4);
            bytes.extend(self.uncompressed.to_le_bytes());
            bytes.extend(self.compressed.to_le_bytes());
        }
        let (padding, alignment) = self.padding;
        pad(&mut bytes, padding, alignment);
        bytes
    }

    /// Adds its record in the directory.
    pub(crate) fn write_record(&self, bytes: &mut Vec<u8>) {
        let wide: Vec<u64> = [self.uncompressed, self.compressed, self.offset]
            .into_iter()
            .filter(|&value| Member::needs_zip64(value))
            .collect();
        bytes.extend(DIRECTORY_RECORD);
        let zip64 = self.zip64 || !wide.is_empty();
        bytes.extend((UNIX | version(zip64)).to_le_bytes());
        self.common(bytes, zip64, None);
        let extra = if wide.is_empty() { 0 } else { 4 + 8 * wide.len() };
        bytes.extend((extra as u16).to_le_bytes());
        // No comment, the first disk, and no word on whether it is text.
        bytes.extend([0; 6]);
        bytes.extend(RIGHTS.to_le_bytes());
        bytes.extend(narrow(self.offset).to_le_bytes());
        bytes.extend(self.name.as_bytes());
        if !wide.is_empty() {
            record(bytes, ZIP64, 8 * wide.len());
            bytes.extend(wide.iter().flat_map(|value| value.to_le_bytes()));
        }
    }

    /// What local header and directory say in the same words, up to the length of the name.
    fn common(&self, bytes: &mut Vec<u8>, zip64: bool, sizes: Option<u32>) {
        let flags = if self.name.is_ascii() { 0 } else { UTF_8 };
        for value in [version(zip64), flags, self.method as u16, TIME, DATE] {
            bytes.extend(value.to_le_bytes());
        }
        let compressed = sizes.unwrap_or(narrow(self.compressed));
        let uncompressed = sizes.unwrap_or(narrow(self.uncompressed));
        for value in [self.crc, compressed, uncompressed] {
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend((self.name.len() as u16).to_le_bytes());
    }
}

/// The bytes of a local header that pads nothing.
pub(crate) fn unpadded_header_len(name: usize, zip64: bool) -> usize {
    LOCAL_HEADER_LEN + name + if zip64 { LOCAL_ZIP64_LEN } else { 0 }
}

/// The bytes of padding that a local header needs, so that byte `at`, counted without padding, comes
/// to lie at a multiple of `alignment`, a power of two up to [`MAX_ALIGNMENT`].
pub(crate) fn padding(at: u64, alignment: u64) -> usize {
    let missing = (at.wrapping_neg() & (alignment - 1)) as usize;
    let steps = match missing {
        0 => 0,
        _ => ALIGNMENT_MIN_LEN.saturating_sub(missing).div_ceil(alignment as usize),
    };
    missing + steps * alignment as usize
}

/// Adds a record to an extra field that pads it by so many bytes.
pub(super) fn pad(extra: &mut Vec<u8>, padding: usize, alignment: u64) {
    if padding > 0 {
        let len = extra.len() + padding;
        record(extra, ALIGNMENT, padding - 4);
        extra.extend((alignment as u16).to_le_bytes());
        extra.resize(len, 0);
    }
}

/// What follows the directory, which lies in these bytes and has so many records. The comment has at
/// most 65,535 bytes.
pub(crate) fn end_records(count: u64, directory: Range<u64>, comment: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let len = directory.end - directory.start;
    let short_count = u16::try_from(count).unwrap_or(COUNT_IN_64_BITS);
    let wide = [len, directory.start].into_iter().any(Member::needs_zip64);
    if wide || short_count == COUNT_IN_64_BITS {
        bytes.extend(ZIP64_END);
        // Its own length behind this number.
        bytes.extend((ZIP64_END_LEN - 12).to_le_bytes());
        bytes.extend(VERSION_ZIP64.to_le_bytes());
        bytes.extend(VERSION_ZIP64.to_le_bytes());
        bytes.extend([0; 8]);
        for value in [count, count, len, directory.start] {
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(ZIP64_LOCATOR);
        bytes.extend([0; 4]);
        bytes.extend(directory.end.to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
    }
    bytes.extend(END);
    bytes.extend([0; 4]);
    bytes.extend(short_count.to_le_bytes());
    bytes.extend(short_count.to_le_bytes());
    bytes.extend(narrow(len).to_le_bytes());
    bytes.extend(narrow(directory.start).to_le_bytes());
    bytes.extend((comment.len() as u16).to_le_bytes());
    bytes.extend(comment);
    bytes
}

/// The version that a reader must know.
fn version(zip64: bool) -> u16 {
    if zip64 { VERSION_ZIP64 } else { VERSION_2_0 }
}

/// The head of a record of an extra field.
pub(super) fn record(bytes: &mut Vec<u8>, id: u16, len: usize) {
    bytes.extend(id.to_le_bytes());
    bytes.extend((len as u16).to_le_bytes());
}

/// The value in 32 bits, or the one that sends the reader to the 64-bit fields.
fn narrow(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(IN_64_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, method: Method, sizes: (u64, u64), offset: u64, zip64: bool) -> Member {
        let (uncompressed, compressed) = sizes;
        Member {
            name: name.to_owned(),
            method,
            crc: 0x1122_3344,
            compressed,
            uncompressed,
            offset,
            zip64,
            padding: (0, 64),
        }
    }

    fn record_of(member: &Member) -> Vec<u8> {
        let mut bytes = Vec::new();
        member.write_record(&mut bytes);
        bytes
    }

    fn assert_bytes(found: &[u8], expected: &[u8]) {
        assert_eq!(found.escape_ascii().to_string(), expected.escape_ascii().to_string());
    }

    /// A size beyond 32 bits.
    const LARGE: u64 = 6 << 30;

    #[test]
    fn headers_are_those_of_python_zipfile() {
        let stored = member("a.npy", Method::Stored, (152, 152), 0, false);
        assert_bytes(
            &stored.local_header(),
            b"PK\x03\x04\x14\0\0\0\0\0\0\0!\0D3\x22\x11\x98\0\0\0\x98\0\0\0\x05\0\0\0a.npy",
        );
        assert_bytes(
            &record_of(&stored),
            b"PK\x01\x02\x14\x03\x14\0\0\0\0\0\0\0!\0D3\x22\x11\x98\0\0\0\x98\0\0\0\x05\0\0\0\0\0\0\0\0\0\
            \0\0\x80\x01\0\0\0\0a.npy",
        );
        let deflated = member("\u{e9}.npy", Method::Deflated, (152, 90), 70000, false);
        assert_bytes(
            &deflated.local_header(),
            b"PK\x03\x04\x14\0\0\x08\x08\0\0\0!\0D3\x22\x11Z\0\0\0\x98\0\0\0\x06\0\0\0\xc3\xa9.npy",
        );
        assert_bytes(
            &record_of(&deflated),
            b"PK\x01\x02\x14\x03\x14\0\0\x08\x08\0\0\0!\0D3\x22\x11Z\0\0\0\x98\0\0\0\x06\0\0\0\0\0\0\0\0\0\
            \0\0\x80\x01p\x11\x01\0\xc3\xa9.npy",
        );
    }

    #[test]
    fn sizes_and_offsets_beyond_32_bits_are_those_of_python_zipfile() {
        let large = member("a.npy", Method::Stored, (LARGE, LARGE), 0, true);
        assert_bytes(
            &large.local_header(),
            b"PK\x03\x04-\0\0\0\0\0\0\0!\0D3\x22\x11\xff\xff\xff\xff\xff\xff\xff\xff\x05\0\x14\0a.npy\
            \x01\0\x10\0\0\0\0\x80\x01\0\0\0\0\0\0\x80\x01\0\0\0",
        );
        assert_bytes(
            &record_of(&large),
            b"PK\x01\x02-\x03-\0\0\0\0\0\0\0!\0D3\x22\x11\xff\xff\xff\xff\xff\xff\xff\xff\x05\0\x14\0\0\0\0\0\
            \0\0\0\0\x80\x01\0\0\0\0a.npy\x01\0\x10\0\0\0\0\x80\x01\0\0\0\0\0\0\x80\x01\0\0\0",
        );
        let far = member("a.npy", Method::Stored, (200, 200), LARGE, false);
        assert_bytes(
            &record_of(&far),
            b"PK\x01\x02-\x03-\0\0\0\0\0\0\0!\0D3\x22\x11\xc8\0\0\0\xc8\0\0\0\x05\0\x0c\0\0\0\0\0\0\0\
            \0\0\x80\x01\xff\xff\xff\xffa.npy\x01\0\x08\0\0\0\0\x80\x01\0\0\0",
        );
    }

    #[test]
    fn the_directory_holds_in_64_bits_only_what_needs_them() {
        // The uncompressed size and the offset, in this order; the first value that 32 bits cannot tell.
        let limit = u64::from(u32::MAX);
        let record = record_of(&member("a", Method::Deflated, (limit, limit - 1), limit, true));
        let expected = [&[1, 0, 16, 0][..], &limit.to_le_bytes(), &limit.to_le_bytes()].concat();
        assert_bytes(&record[record.len() - 20..], &expected);
        assert_eq!(record[20..28], [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    }

    #[test]
    fn the_end_is_that_of_python_zipfile() {
        let end = |count, start| end_records(count, start..start + 110, &[]);
        assert_bytes(&end_records(0, 0..0, &[]), b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        assert_bytes(
            &end(65534, 500),
            b"PK\x05\x06\0\0\0\0\xfe\xff\xfe\xffn\0\0\0\xf4\x01\0\0\0\0",
        );
        assert_bytes(
            &end(65536, 500),
            b"PK\x06\x06,\0\0\0\0\0\0\0-\0-\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0n\0\0\0\0\0\0\0\
            \xf4\x01\0\0\0\0\0\0PK\x06\x07\0\0\0\0b\x02\0\0\0\0\0\0\x01\0\0\0PK\x05\x06\0\0\0\0\xff\xff\xff\xff\
            n\0\0\0\xf4\x01\0\0\0\0",
        );
        assert_bytes(
            &end(2, LARGE),
            b"PK\x06\x06,\0\0\0\0\0\0\0-\0-\0\0\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0n\0\0\0\0\0\0\0\
            \0\0\0\x80\x01\0\0\0PK\x06\x07\0\0\0\0n\0\0\x80\x01\0\0\0\x01\0\0\0PK\x05\x06\0\0\0\0\x02\0\x02\0\
            n\0\0\0\xff\xff\xff\xff\0\0",
        );
        // What looks like the mark for more must not be the number itself.
        assert!(end(65535, 500).starts_with(&ZIP64_END));
        assert!(end(2, u64::from(u32::MAX)).starts_with(&ZIP64_END));
        assert!(!end(2, u64::from(u32::MAX) - 1).starts_with(&ZIP64_END));
    }

    #[test]
    fn padding_is_a_record_that_aligns_the_data() {
        for alignment in [1, 2, 4, 8, 64, 4096, MAX_ALIGNMENT] {
            for offset in (0..200).chain(20_000..20_100) {
                let mut member =
                    member("name.npy", Method::Stored, (200, 200), offset, offset % 2 == 0);
                let header = 128;
                let unpadded = member.local_header_len() as u64 + header;
                member.padding = (padding(offset + unpadded, alignment), alignment);
                let bytes = member.local_header();
                assert_eq!(bytes.len(), member.local_header_len());
                assert_eq!((offset + bytes.len() as u64 + header) % alignment, 0);
                let len = member.padding.0;
                assert!(len < 6 + alignment as usize);
                let start = bytes.len() - len;
                let extra = usize::from(u16::from_le_bytes([bytes[28], bytes[29]]));
                assert_eq!(30 + member.name.len() + extra, bytes.len());
                if len > 0 {
                    let record = [ALIGNMENT, len as u16 - 4, alignment as u16];
                    let record: Vec<u8> = record.into_iter().flat_map(u16::to_le_bytes).collect();
                    assert_eq!(bytes[start..start + 6], record);
                    assert!(bytes[start + 6..].iter().all(|&byte| byte == 0));
                    assert_eq!(
                        alignment & 0x8000,
                        0,
                        "the highest bit does not tell the alignment"
                    );
                }
            }
        }
    }
}
