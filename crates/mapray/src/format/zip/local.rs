//! The header right before a member, and where its bytes lie.

use std::ops::Range;

use super::extra::ELSEWHERE;
use super::{Directory, Member, extra, u16_at, u32_at, u64_at};
use crate::error::{Error, ErrorKind, Result};
use crate::source::ReadAt;
use crate::source::Slot;

const HEADER: [u8; 4] = *b"PK\x03\x04";
const HEADER_LEN: usize = 30;
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

/// The number of the method that leaves the bytes as they are.
const STORED: u16 = 0;

/// How much is read at once: the header, and that of the array behind it.
const FIRST: usize = 1024;

/// In the flags: the sizes were not known before the member was written, and stand behind it.
const STREAMED: u16 = 1 << 3;

/// Where a member lies.
#[derive(Debug)]
pub(crate) struct Local {
    /// Its bytes, compressed or not.
    pub data: Range<u64>,
    /// The first of them, as many as were read along with the header.
    pub first: Vec<u8>,
    /// Where its checksum stands: in the directory, then in the header and behind the member where
    /// those count.
    pub slots: Vec<Slot>,
    /// Its own header, name and extra field included.
    pub header: Vec<u8>,
    /// The byte behind it and what belongs to it.
    pub end: u64,
}

impl Local {
    /// Reads a member's own header, and holds it against the directory: names, method and sizes must
    /// agree, and the member must end before the next one starts. Checksums are not compared.
    pub(crate) fn read(
        source: &(impl ReadAt + ?Sized),
        directory: &Directory,
        member: &Member,
    ) -> Result<Local> {
        let start = member.header;
        let wrong = |at: u64, message: &str| Error::new(ErrorKind::Format, message).at_offset(at);
        let limit = directory.limit(member)?;
        let room = limit - start;
        let mut head = vec![0; room.min(FIRST as u64) as usize];
        source.read_at(start, &mut head)?;
        if head.len() < HEADER_LEN || !head.starts_with(&HEADER) {
            return Err(wrong(start, "the member does not start with its header")
                .expected("the bytes PK\\x03\\x04 and 26 more")
                .found(format!("\"{}\"", head[..head.len().min(4)].escape_ascii())));
        }
        let name_len = usize::from(u16_at(&head, 26));
        let extra_len = usize::from(u16_at(&head, 28));
        let header_len = HEADER_LEN + name_len + extra_len;
        let have = head.len();
        if header_len as u64 > room {
            return Err(wrong(start, "the member's header does not end before the next member")
                .expected(format!("at most {room} bytes"))
                .found(header_len));
        }
        if header_len > have {
            head.resize(room.min((header_len + FIRST) as u64) as usize, 0);
            source.read_at(start + have as u64, &mut head[have..])?;
        }
        let first = head.split_off(header_len);
        let (name, extra) = head[HEADER_LEN..].split_at(name_len);
        if name != directory.raw_name(member) {
            let message = "the header before the member is that of another one";
            return Err(wrong(start + HEADER_LEN as u64, message)
                .expected(format!("\"{}\"", directory.raw_name(member).escape_ascii()))
                .found(format!("\"{}\"", name.escape_ascii())));
        }
        let flags = u16_at(&head, 6);
        let agrees = |at: usize, what: &str, expected: u64, found: u64| {
            if expected == found {
                return Ok(());
            }
            let message = format!("the member's header and the directory disagree on its {what}");
            Err(wrong(start + at as u64, &message).expected(expected).found(found))
        };
        const ENCRYPTED: u16 = 1;
        agrees(6, "encryption", (member.flags & ENCRYPTED).into(), (flags & ENCRYPTED).into())?;
        let method = u16_at(&head, 8);
        agrees(8, "compression", member.method_number().into(), method.into())?;
        if member.method_number() == STORED && member.compressed != member.size {
            return Err(wrong(start, "the member is stored, but has two sizes")
                .expected(member.compressed)
                .found(member.size));
        }
        let data_start = start + header_len as u64;
        let data = data_start
            .checked_add(member.compressed)
            .filter(|&end| end <= limit)
            .map(|end| data_start..end)
            .ok_or_else(|| {
                wrong(data_start, "the member does not end before the next one starts")
                    .expected(format!("at most {} bytes", limit - data_start))
                    .found(member.compressed)
            })?;
        let (record_at, record) = (directory.record_start(member), directory.record(member));
        let mut slots = vec![Slot { offset: record_at + 16, before: record[..16].to_vec() }];
        let mut end = data.end;
        let in_header = Slot { offset: start + 14, before: head[..14].to_vec() };
        if flags & STREAMED == 0 {
            let fields = [u32_at(&head, 22), u32_at(&head, 18)];
            let Some([size, compressed]) = extra::wide(fields, extra) else {
                return Err(wrong(start, "an extra field of the member's header is cut short"));
            };
            agrees(18, "compressed size", member.compressed, compressed)?;
            agrees(22, "size", member.size, size)?;
            slots.push(in_header);
        } else {
            // Those who could go back and fill it in may have done so.
            if u32_at(&head, 14) != 0 {
                slots.push(in_header);
            }
            let is_wide = u32_at(&head, 22) == ELSEWHERE;
            let (slot, descriptor_end) = descriptor(source, data.end..limit, member, is_wide)?;
            slots.push(slot);
            end = descriptor_end;
        }
        let first = match usize::try_from(member.compressed) {
            Ok(len) if len < first.len() => first[..len].to_vec(),
            _ => first,
        };
        Ok(Local { data, first, slots, header: head, end })
    }
}

/// The checksum in the record behind a member that was written to a stream, and the byte behind that
/// record. Its signature may be missing, and its sizes may have 32 or 64 bits; which it is shows in
/// the sizes.
fn descriptor(
    source: &(impl ReadAt + ?Sized),
    room: Range<u64>,
    member: &Member,
    is_wide: bool,
) -> Result<(Slot, u64)> {
    let mut bytes = [0; 24];
    let have = (room.end - room.start).min(24) as usize;
    source.read_at(room.start, &mut bytes[..have])?;
    let sizes = (member.compressed, member.size);
    let fits = |crc_at: usize, is_wide: bool| {
        let at = crc_at + 4;
        if is_wide {
            have >= at + 16 && (u64_at(&bytes, at), u64_at(&bytes, at + 8)) == sizes
        } else {
            let narrow = |at| u64::from(u32_at(&bytes, at));
            have >= at + 8 && (narrow(at), narrow(at + 4)) == sizes
        }
    };
    let found = |crc_at: usize| {
        let width = [is_wide, !is_wide].into_iter().find(|&is_wide| fits(crc_at, is_wide))?;
        let sizes_len = if width { 16 } else { 8 };
        let before = bytes[..crc_at].to_vec();
        let crc_at = room.start + crc_at as u64;
        Some((Slot { offset: crc_at, before }, crc_at + 4 + sizes_len))
    };
    let signed = if bytes.starts_with(&DESCRIPTOR) { found(4) } else { None };
    if let Some(found) = signed.or_else(|| found(0)) {
        return Ok(found);
    }
    Err(Error::new(ErrorKind::Format, "the record behind the member disagrees with the directory")
        .at_offset(room.start)
        .expected(format!("a data descriptor with the sizes {} and {}", sizes.0, sizes.1)))
}
