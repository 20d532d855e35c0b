//! The first ten or twelve bytes: magic, version, length of the rest.

use crate::{Error, ErrorKind, Result};

/// The first six bytes of every `.npy` file.
pub const MAGIC: [u8; 6] = *b"\x93NUMPY";

/// How many characters the dictionary of a header may have unless the caller allows more: NumPy's limit.
pub const MAX_HEADER_SIZE: usize = 10_000;

/// The fixed start of an `.npy` file, from which follows how many bytes the header takes.
///
/// ```
/// use mapray::format::npy::{Header, Prelude};
///
/// let file = b"\x93NUMPY\x01\x00\x35\x00{'descr': '<f4', 'fortran_order': False, 'shape': ()}rest";
/// let prelude = Prelude::parse(&file[..Prelude::MAX_LEN])?;
/// assert_eq!((prelude.version(), prelude.data_offset()), ((1, 0), 63));
/// let header = Header::parse(&file[..63])?;
/// assert_eq!(header.data_offset, 63);
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prelude {
    version: (u8, u8),
    dictionary_len: u32,
}

impl Prelude {
    /// No prelude is longer than so many bytes; one of version 1.0 has two fewer, but every such header has
    /// more, so that a whole file is never shorter.
    pub const MAX_LEN: usize = 12;

    /// Reads the start of a file: at least [`Prelude::MAX_LEN`] bytes of it, or all that there are.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Format`] where the file is no `.npy` file or its version is not 1.0, 2.0 or 3.0;
    /// [`ErrorKind::Truncated`] where it ends too early.
    pub fn parse(start: &[u8]) -> Result<Prelude> {
        let shared = start.iter().zip(&MAGIC).take_while(|(byte, magic)| byte == magic).count();
        if shared < MAGIC.len() && shared < start.len() {
            let found = start.get(..MAGIC.len()).unwrap_or(start);
            return Err(Error::new(
                ErrorKind::Format,
                "not an .npy file: it does not start with the magic bytes",
            )
            .at_offset(shared as u64)
            .expected(format!("b\"{}\"", MAGIC.escape_ascii()))
            .found(format!("b\"{}\"", found.escape_ascii())));
        }
        let (Some(&major), Some(&minor)) = (start.get(6), start.get(7)) else {
            return Err(truncated(start.len() as u64, 8));
        };
        let version = (major, minor);
        if !matches!(version, (1, 0) | (2, 0) | (3, 0)) {
            return Err(Error::new(ErrorKind::Format, "unknown version of the .npy format")
                .at_offset(6)
                .expected("1.0, 2.0 or 3.0")
                .found(format!("{major}.{minor}")));
        }
        let dictionary_len = if major == 1 {
            let field = start.get(8..10).and_then(|field| field.try_into().ok());
            u32::from(u16::from_le_bytes(field.ok_or_else(|| truncated(start.len() as u64, 10))?))
        } else {
            let field = start.get(8..12).and_then(|field| field.try_into().ok());
            u32::from_le_bytes(field.ok_or_else(|| truncated(start.len() as u64, 12))?)
        };
        Ok(Prelude { version, dictionary_len })
    }

    /// Major and minor version.
    pub fn version(&self) -> (u8, u8) {
        self.version
    }

    /// The length of the prelude itself in bytes: 10 or 12.
    pub fn prelude_len(&self) -> usize {
        if self.version == (1, 0) { 10 } else { 12 }
    }

    /// The length of the dictionary and the blanks after it, in bytes.
    pub fn dictionary_len(&self) -> u32 {
        self.dictionary_len
    }

    /// Where the data starts, in bytes from the start of the file: so many bytes does [`Header::parse`] need.
    ///
    /// [`Header::parse`]: super::Header::parse
    pub fn data_offset(&self) -> u64 {
        self.prelude_len() as u64 + u64::from(self.dictionary_len)
    }

    /// Refuses a header that cannot be within the limit before anyone fetches its bytes: 4 GiB may be claimed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Format`] where the dictionary has certainly more than `max_header_size` characters.
    pub fn check_size(&self, max_header_size: usize) -> Result<()> {
        // UTF-8 spends at most four bytes on a character, Latin-1 one.
        let bytes_each = if self.version == (3, 0) { 4 } else { 1 };
        let characters = (self.dictionary_len as usize).div_ceil(bytes_each);
        if characters > max_header_size {
            return Err(too_long(self.dictionary_len as usize, max_header_size));
        }
        Ok(())
    }
}

pub(super) fn truncated(found: u64, expected: u64) -> Error {
    Error::new(ErrorKind::Truncated, "the file ends within the .npy header")
        .at_offset(found)
        .expected(format!("at least {expected} bytes"))
        .found(found)
}

pub(super) fn too_long(characters: usize, limit: usize) -> Error {
    Error::new(ErrorKind::Format, "the .npy header is too long to be read unasked")
        .at_offset(8)
        .expected(format!("at most {limit} characters"))
        .found(characters)
        .hint(format!(
            "if it is to be trusted, read it by `Header::parse_limited(_, {characters})`"
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_and_offset(start: &[u8]) -> (ErrorKind, Option<u64>) {
        let error = Prelude::parse(start).unwrap_err();
        (error.kind(), error.offset())
    }

    #[test]
    fn the_length_field_has_two_bytes_then_four() {
        let one = Prelude::parse(b"\x93NUMPY\x01\x00\x34\x12{'").unwrap();
        assert_eq!((one.prelude_len(), one.data_offset()), (10, 10 + 0x1234));
        let three = Prelude::parse(b"\x93NUMPY\x03\x00\xff\xff\xff\xff").unwrap();
        assert_eq!((three.prelude_len(), three.data_offset()), (12, 12 + 0xffff_ffff));
        assert_eq!(three.version(), (3, 0));
    }

    #[test]
    fn what_is_not_npy_is_told_from_what_is_cut_short() {
        assert_eq!(kind_and_offset(b"PK\x03\x04"), (ErrorKind::Format, Some(0)));
        assert_eq!(kind_and_offset(b"\x93NUMPX\x01\x00"), (ErrorKind::Format, Some(5)));
        assert_eq!(kind_and_offset(b"\x93NUMPY\x01\x01\x00\x00"), (ErrorKind::Format, Some(6)));
        assert_eq!(kind_and_offset(b"\x93NUMPY\x04\x00\x00\x00"), (ErrorKind::Format, Some(6)));
        for cut in [0, 3, 6, 7, 8, 9] {
            let start = &b"\x93NUMPY\x01\x00\x34\x12"[..cut];
            assert_eq!(kind_and_offset(start), (ErrorKind::Truncated, Some(cut as u64)));
        }
        assert_eq!(kind_and_offset(b"\x93NUMPY\x02\x00\x34\x12\x00").0, ErrorKind::Truncated);
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused_unread() {
        let claimed = |version: u8| {
            Prelude::parse(&[&b"\x93NUMPY"[..], &[version, 0], &40_000u32.to_le_bytes()].concat())
                .unwrap()
        };
        assert!(claimed(2).check_size(MAX_HEADER_SIZE).is_err());
        assert!(
            claimed(3).check_size(MAX_HEADER_SIZE).is_ok(),
            "10,000 characters of four bytes each"
        );
        assert!(claimed(3).check_size(9_999).is_err());
    }
}
