//! What stands in an archive about members that come to lie elsewhere.

use super::end::RECORD_LEN;
use super::extra::{self, ELSEWHERE, ZIP64};
use super::write::{ALIGNMENT, MAX_ALIGNMENT, VERSION_ZIP64, pad, padding, record as head};
use super::{u16_at, u32_at};
use crate::error::{Error, ErrorKind, Result};

/// Where the record of a member tells where its header starts.
const OFFSET: usize = 42;

/// The same record of the directory, for a header that starts at `offset` now.
///
/// # Errors
///
/// [`ErrorKind::Unsupported`] where it has no room to tell that.
pub(crate) fn record(record: &[u8], offset: u64) -> Result<Vec<u8>> {
    let mut moved = record.to_vec();
    let (name_len, extra_len) = (usize::from(u16_at(record, 28)), usize::from(u16_at(record, 30)));
    let extra_start = RECORD_LEN as usize + name_len;
    let extra = &record[extra_start..extra_start + extra_len];
    let zip64 = extra::find(extra, ZIP64).flatten();
    let sizes_elsewhere = [24, 20].map(|at| u32_at(record, at) == ELSEWHERE);
    let sizes_len = 8 * sizes_elsewhere.into_iter().filter(|&elsewhere| elsewhere).count();
    let is_elsewhere = u32_at(record, OFFSET) == ELSEWHERE;
    if let Some(zip64) = zip64.clone().filter(|_| is_elsewhere) {
        let at = extra_start + zip64.start + sizes_len;
        moved[at..at + 8].copy_from_slice(&offset.to_le_bytes());
        return Ok(moved);
    }
    let narrow = u32::try_from(offset).unwrap_or(ELSEWHERE);
    moved[OFFSET..OFFSET + 4].copy_from_slice(&narrow.to_le_bytes());
    if narrow != ELSEWHERE {
        return Ok(moved);
    }
    // The sizes that stand there, or are all ones themselves, come before the offset.
    let (at, before, after) = match zip64 {
        Some(zip64) => {
            let (sizes, rest) = extra[zip64.clone()].split_at(sizes_len);
            (zip64.start - 4..zip64.end, sizes.to_vec(), rest.to_vec())
        }
        None => (0..0, u64::from(ELSEWHERE).to_le_bytes().repeat(sizes_len / 8), Vec::new()),
    };
    let mut field = Vec::new();
    head(&mut field, ZIP64, before.len() + 8 + after.len());
    field.extend([&before[..], &offset.to_le_bytes(), &after].concat());
    let at = extra_start + at.start..extra_start + at.end;
    let extra_len = extra_len - at.len() + field.len();
    // The version of the writer, below the number of its system, and the one that a reader needs.
    moved[4] = record[4].max(VERSION_ZIP64 as u8);
    moved[6] = record[6].max(VERSION_ZIP64 as u8);
    moved[30..32].copy_from_slice(&length(extra_len)?);
    moved.splice(at, field);
    Ok(moved)
}

/// The same header of a member, longer or shorter by padding where it must be, so that what comes
/// `behind` bytes after it lies at a multiple of `alignment`, or of what its padding says, where the
/// header starts at byte `at`.
///
/// # Errors
///
/// [`ErrorKind::Unsupported`] where it has no room for the padding.
pub(crate) fn aligned_header(
    header: &[u8],
    at: u64,
    behind: u64,
    alignment: u64,
) -> Result<Vec<u8>> {
    let extra_start = header.len() - usize::from(u16_at(header, 28));
    let mut aligned = header.to_vec();
    let mut alignment = alignment;
    // A field that is no list of records may be some other program's padding, and stays.
    while let Some(Some(old)) = extra::find(&aligned[extra_start..], ALIGNMENT) {
        let old = extra_start + old.start..extra_start + old.end;
        let told = aligned[old.clone()].first_chunk().copied().map_or(0, u16::from_le_bytes);
        if told.is_power_of_two() && u64::from(told) <= MAX_ALIGNMENT {
            alignment = alignment.max(told.into());
        }
        aligned.drain(old.start - 4..old.end);
    }
    let elements = |header: usize| at.saturating_add(header as u64).saturating_add(behind);
    if elements(header.len()).is_multiple_of(alignment) {
        return Ok(header.to_vec());
    }
    let padding = padding(elements(aligned.len()), alignment);
    pad(&mut aligned, padding, alignment);
    let extra_len = length(aligned.len() - extra_start)?;
    aligned[28..30].copy_from_slice(&extra_len);
    Ok(aligned)
}

/// The length of an extra field.
fn length(len: usize) -> Result<[u8; 2]> {
    u16::try_from(len).map(u16::to_le_bytes).map_err(|_| {
        let message = "the extra field of the member has no room for more";
        Error::new(ErrorKind::Unsupported, message)
            .expected(format!("at most {} bytes", u16::MAX))
            .found(len)
    })
}

#[cfg(test)]
mod tests {
    use super::super::extra::wide;
    use super::super::write::{Member, Method};
    use super::*;

    const FAR: u64 = 5 << 30;

    fn written(sizes: (u64, u64), offset: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let (compressed, uncompressed) = sizes;
        Member {
            name: "a.npy".to_owned(),
            method: Method::Deflated,
            crc: 7,
            compressed,
            uncompressed,
            offset,
            zip64: false,
            padding: (0, 1),
        }
        .write_record(&mut bytes);
        bytes
    }

    #[test]
    fn a_moved_record_is_the_one_that_would_be_written_there() {
        for sizes in [(1, 2), (1, FAR), (FAR, 2), (FAR, FAR)] {
            for from in [0, 5, FAR, 1 << 40] {
                for to in [0, 9, u64::from(u32::MAX) - 1, u64::from(u32::MAX), FAR, 1 << 40] {
                    let moved = record(&written(sizes, from), to).unwrap();
                    if from >= FAR && to < u64::from(u32::MAX) {
                        // It stays where it stood, which says the same.
                        let fields = [24, 20, OFFSET].map(|at| u32_at(&moved, at));
                        let values = wide(fields, &moved[RECORD_LEN as usize + 5..]).unwrap();
                        assert_eq!(values, [sizes.1, sizes.0, to]);
                    } else {
                        assert_eq!(moved, written(sizes, to), "{sizes:?} from {from} to {to}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_else_a_record_holds_stays() {
        let mut old = written((3, 4), 5);
        let other = [9, 9, 2, 0, 1, 2];
        old[30] = other.len() as u8;
        old[32] = 3;
        old.extend(other);
        old.extend(b"why");
        let near = record(&old, 77).unwrap();
        assert_eq!(near[46..], old[46..]);
        assert_eq!(u32_at(&near, OFFSET), 77);
        let far = record(&old, FAR).unwrap();
        let field = [&[1, 0, 8, 0][..], &FAR.to_le_bytes()].concat();
        assert_eq!(far[51..], [&field[..], &other, b"why"].concat());
        assert_eq!((u16_at(&far, 6), u16_at(&far, 30), u16_at(&far, 32)), (45, 18, 3));
        // A disk number behind the offset stays behind it.
        let mut disk = written((3, FAR), 5);
        let len = disk.len();
        disk[30] += 4;
        disk[len - 10] += 4;
        disk.extend(6_u32.to_le_bytes());
        let far = record(&disk, FAR).unwrap();
        let field = [&FAR.to_le_bytes()[..], &FAR.to_le_bytes(), &6_u32.to_le_bytes()].concat();
        assert_eq!(far[len - 8..], field);
    }

    #[test]
    fn an_extra_field_without_room_is_an_error() {
        let mut old = written((3, 4), 5);
        let filler = [&[9, 9, 0xf0, 0xff][..], &[0; 0xfff0]].concat();
        old[30..32].copy_from_slice(&(filler.len() as u16).to_le_bytes());
        old.extend(&filler);
        assert!(record(&old, 77).is_ok());
        assert_eq!(record(&old, FAR).unwrap_err().kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn what_padding_says_of_more_alignment_is_kept() {
        let mut told = Member {
            name: "name.npy".to_owned(),
            method: Method::Stored,
            crc: 7,
            compressed: 200,
            uncompressed: 200,
            offset: 0,
            zip64: false,
            padding: (100, 4096),
        };
        let aligned = aligned_header(&told.local_header(), 5000, 128, 64).unwrap();
        assert_eq!((5000 + aligned.len() + 128) % 4096, 0);
        told.padding.1 = 100;
        let aligned = aligned_header(&told.local_header(), 5000, 128, 64).unwrap();
        assert!(aligned.len() < 200, "no number of bytes to align to");
    }

    #[test]
    fn a_header_is_padded_anew() {
        let member = |padding| Member {
            name: "name.npy".to_owned(),
            method: Method::Stored,
            crc: 7,
            compressed: 200,
            uncompressed: 200,
            offset: 0,
            zip64: true,
            padding: (padding, 8),
        };
        for old in [0, 6, 13, 80] {
            for at in (0..200).step_by(7) {
                let header = member(old).local_header();
                let aligned = aligned_header(&header, at, 128, 64).unwrap();
                assert_eq!((at + aligned.len() as u64 + 128) % 64, 0);
                let shortest = aligned.len() < member(0).local_header_len() + 70;
                assert!(shortest || aligned == header, "what is aligned stays");
                assert_eq!(aligned[..28], header[..28]);
                let len = member(0).local_header_len();
                assert_eq!(aligned[30..len], header[30..len]);
                assert_eq!(usize::from(u16_at(&aligned, 28)), aligned.len() - 38);
            }
        }
    }
}
