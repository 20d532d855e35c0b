//! The end of an archive, which says where its directory is.

use std::ops::Range;

use super::extra::ELSEWHERE;
use super::{u16_at, u32_at, u64_at};
use crate::error::{Error, ErrorKind, Result};
use crate::source::ReadAt;

const END: [u8; 4] = *b"PK\x05\x06";
const END_LEN: u64 = 22;
const LOCATOR: [u8; 4] = *b"PK\x06\x07";
const LOCATOR_LEN: u64 = 20;
const END64: [u8; 4] = *b"PK\x06\x06";
const END64_LEN: u64 = 56;

/// The directory's records begin so, and are no shorter.
pub(super) const RECORD: [u8; 4] = *b"PK\x01\x02";
pub(super) const RECORD_LEN: u64 = 46;

/// How much of the end of the file is looked at first: enough unless there is a comment.
const NEAR: u64 = 1024;

/// As many bytes as Python's `zipfile` suffers behind the end record.
const FAR: u64 = END_LEN + (1 << 16);

/// What the end of an archive says.
#[derive(Debug)]
pub(super) struct End {
    /// The bytes of the directory.
    pub directory: Range<u64>,
    /// How many members there are.
    pub count: u64,
    /// How many bytes were put in front of the archive after its offsets were written.
    pub shift: u64,
    /// What the archive says of itself, in whatever encoding.
    pub comment: Vec<u8>,
    /// The byte behind it, comment included.
    pub end: u64,
}

/// Finds the end of the archive in a file of `len` bytes: the last end record that makes sense.
pub(super) fn find(source: &(impl ReadAt + ?Sized), len: u64) -> Result<End> {
    let mut first_error = None;
    let mut seen = len;
    for most in [NEAR, FAR] {
        let start = len.saturating_sub(most);
        let mut tail = vec![0; (len - start) as usize];
        source.read_at(start, &mut tail)?;
        for at in (0..tail.len().saturating_sub(END_LEN as usize - 1)).rev() {
            if !tail[at..].starts_with(&END) || start + at as u64 >= seen {
                continue;
            }
            match parse(source, start + at as u64, &tail[at..at + END_LEN as usize]) {
                Ok(mut end) => {
                    let record = &tail[at..];
                    let comment_len = usize::from(u16_at(record, 20));
                    end.end = start + (at + END_LEN as usize + comment_len) as u64;
                    end.comment = record[END_LEN as usize..].to_vec();
                    end.comment.truncate(comment_len);
                    return Ok(end);
                }
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
        }
        seen = start;
        if start == 0 {
            break;
        }
    }
    Err(first_error.unwrap_or_else(|| {
        Error::new(ErrorKind::Format, "the zip archive has no end: its directory is missing")
            .at_offset(len)
            .expected(format!("the bytes PK\\x05\\x06 in the last {FAR} bytes"))
            .hint("the file may have been cut short")
    }))
}

/// The end record at byte `at` of the file.
fn parse(source: &(impl ReadAt + ?Sized), at: u64, record: &[u8]) -> Result<End> {
    let wrong = |message: &str| Error::new(ErrorKind::Format, message).at_offset(at);
    let one_disk = |is_one: bool| {
        let error = || wrong("archives in several parts cannot be read");
        if is_one { Ok(()) } else { Err(error()) }
    };
    let (count, size) = (u16_at(record, 10), u32_at(record, 12));
    let offset = u32_at(record, 16);
    let wide = match read_end64(source, at)? {
        Some((start, end64)) => {
            one_disk(u32_at(&end64, 16) == 0 && u32_at(&end64, 20) == 0)?;
            one_disk(u64_at(&end64, 24) == u64_at(&end64, 32))?;
            let wide = [32, 40, 48].map(|field| u64_at(&end64, field));
            let agrees = (count == u16::MAX || u64::from(count) == wide[0])
                && (size == ELSEWHERE || u64::from(size) == wide[1])
                && (offset == ELSEWHERE || u64::from(offset) == wide[2]);
            if !agrees {
                return Err(wrong("the two end records of the zip archive disagree"));
            }
            Some((start, wide))
        }
        None => {
            one_disk(u16_at(record, 4) == 0 && u16_at(record, 6) == 0)?;
            one_disk(u16_at(record, 8) == count)?;
            None
        }
    };
    let (end, [count, size, offset]) =
        wide.unwrap_or((at, [count.into(), size.into(), offset.into()]));
    let start = end.checked_sub(size).ok_or_else(|| {
        wrong("the directory of the zip archive is larger than the file before it")
            .expected(format!("at most {end} bytes"))
            .found(size)
    })?;
    let shift = start.checked_sub(offset).ok_or_else(|| {
        wrong("the directory of the zip archive is said to start behind its end")
            .expected(format!("at most {start}"))
            .found(offset)
    })?;
    let least = count.saturating_mul(RECORD_LEN);
    if size < least || (count == 0 && size > 0) {
        let at_least = if count == 0 { "" } else { "at least " };
        return Err(wrong("the directory of the zip archive has another size than its members")
            .expected(format!("{at_least}{least} bytes for {count} members"))
            .found(size));
    }
    if count > 0 {
        let mut first = [0; 4];
        source.read_at(start, &mut first)?;
        if first != RECORD {
            return Err(Error::new(
                ErrorKind::Format,
                "the directory of the zip archive is not there",
            )
            .at_offset(start)
            .expected("the bytes PK\\x01\\x02")
            .found(format!("\"{}\"", first.escape_ascii())));
        }
    }
    Ok(End { directory: start..end, count, shift, comment: Vec::new(), end: at + END_LEN })
}

/// The end record of an archive of more than 4 GiB or 65,535 members, which stands before the usual
/// one, and where it starts.
fn read_end64(
    source: &(impl ReadAt + ?Sized),
    end: u64,
) -> Result<Option<(u64, [u8; END64_LEN as usize])>> {
    let Some(locator_at) = end.checked_sub(LOCATOR_LEN) else {
        return Ok(None);
    };
    let mut locator = [0; LOCATOR_LEN as usize];
    source.read_at(locator_at, &mut locator)?;
    if !locator.starts_with(&LOCATOR) {
        return Ok(None);
    }
    // Usually right before the locator, wherever the archive has been moved to; a record with more
    // in it is found where the locator says.
    let usual = locator_at.checked_sub(END64_LEN);
    for at in usual.into_iter().chain([u64_at(&locator, 8)]) {
        let mut record = [0; END64_LEN as usize];
        if at.checked_add(END64_LEN).is_none_or(|end| end > locator_at) {
            continue;
        }
        source.read_at(at, &mut record)?;
        let len = u64_at(&record, 4).saturating_add(12);
        if record.starts_with(&END64) && at.checked_add(len) == Some(locator_at) {
            return Ok(Some((at, record)));
        }
    }
    Err(Error::new(ErrorKind::Format, "the zip64 end record is not where its locator says")
        .at_offset(locator_at)
        .expected("the bytes PK\\x06\\x06 right before it"))
}
