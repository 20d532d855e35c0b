//! Bytes written over others in one step: first into a journal, then into the file. Cut off anywhere,
//! it is done over from the journal.

use std::io::{self, Write};
use std::ops::Range;

use crate::error::{Error, ErrorKind, Result};
use crate::source::recover::Recovery;
use crate::source::{Journal, Kind, ReadAt, Source};
use crate::sys;

/// What a disk writes whole or not at all: each has checksums of its own, so that a page of which a
/// power cut let only a part through is told from one that somebody else has edited.
pub(crate) const SECTOR: u64 = 512;
/// The most bytes of one piece in a journal.
const LONGEST: u64 = 64 << 10;

/// How far a file is on the way that a journal describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing was written.
    Old,
    /// Some of it was.
    Between,
    /// All was.
    New,
    /// At this byte stands neither what was there nor what is to be there.
    Elsewhere(u64),
}

/// Writes the bytes that `new` gives for these ranges, which must be ascending, over those of the
/// file, all or none. The caller holds the exclusive lock.
///
/// # Errors
///
/// [`ErrorKind::Space`] where there is no room for the journal or for what is to be written,
/// [`ErrorKind::Changed`] where somebody wrote to the ranges meanwhile; what `new` returns. The file
/// is as it was then. Where the disk fails later, the journal stays, and the next open goes on.
pub(crate) fn write_over(
    target: &Source,
    ranges: &[Range<u64>],
    mut new: impl FnMut(u64, &mut [u8]) -> Result<()>,
) -> Result<()> {
    let journal = Journal::write(target, Kind::Redo, |out| {
        ranges.iter().try_for_each(|range| {
            pieces(range.clone()).try_for_each(|piece| write_piece(out, target, piece, &mut new))
        })
    })?;
    let prepared = prepare(target, ranges).and_then(|()| match progress(&journal, target)? {
        Progress::Old | Progress::New => Ok(()),
        _ => {
            let message = "somebody else is writing the file";
            Err(target.name(Error::new(ErrorKind::Changed, message)))
        }
    });
    if let Err(error) = prepared {
        // Nothing of the file was changed. The first error tells more.
        let _ = journal.remove();
        return Err(error);
    }
    finish(&journal, target)?;
    journal.remove()
}

/// Finishes what was cut off.
pub(super) fn recover(journal: &Journal, target: &Source) -> Result<Recovery> {
    let progress = progress(journal, target)?;
    match (progress, target.writable()) {
        (Progress::Elsewhere(offset), _) => {
            let message = "a change of the file was cut off and cannot be finished: somebody has \
                           written the file since";
            let error = Error::new(ErrorKind::Changed, message).at_offset(offset);
            Ok(Recovery::Stale(target.name(error)))
        }
        (_, Ok(target)) => finish(journal, &target).map(|()| Recovery::Done),
        // All of the old, or all of the new.
        (Progress::Old | Progress::New, Err(_)) => Ok(Recovery::Readable),
        (Progress::Between, Err(error)) => Err(error.hint(
            "a change of the file was cut off half way: somebody who may write the file and its \
             folder must open it first, and so finish it",
        )),
    }
}

/// Makes sure that there is room for bytes that have none yet.
fn prepare(target: &Source, ranges: &[Range<u64>]) -> Result<()> {
    let is_sparse = sys::is_sparse(target.file());
    if !is_sparse.map_err(|error| target.name(Error::io("examine the file", error)))? {
        return Ok(());
    }
    for range in ranges {
        sys::reserve_range(target.file(), range.clone()).map_err(|error| {
            target.name(Error::io("make room for what is to be written", error))
        })?;
    }
    Ok(())
}

/// Brings the file to where the journal says, on the disk.
fn finish(journal: &Journal, target: &Source) -> Result<()> {
    let failed = |doing, error| target.name(Error::io(doing, error)).hint(RESUME);
    for piece in Pieces::of(journal) {
        let Piece { offset, bytes, .. } = piece?;
        sys::write_all_at(target.file(), offset, &bytes)
            .map_err(|error| failed("write the file", error))?;
    }
    sys::sync_data(target.file()).map_err(|error| failed("write the file to the disk", error))
}

const RESUME: &str = "some of it may be written: open the file again, and the rest will be";

/// How far the file is on the way that the journal describes.
fn progress(journal: &Journal, target: &Source) -> Result<Progress> {
    let len = target.len()?.unwrap_or(0);
    let mut buffer = Vec::new();
    let (mut is_old, mut is_new) = (true, true);
    for piece in Pieces::of(journal) {
        let Piece { offset, checksums, bytes } = piece?;
        let end = offset + bytes.len() as u64;
        if len < end {
            return Ok(Progress::Elsewhere(len));
        }
        buffer.resize(bytes.len(), 0);
        target.read_at(offset, &mut buffer)?;
        for (sector, (old, new)) in sectors(offset..end).zip(checksums) {
            let part = (sector.start - offset) as usize..(sector.end - offset) as usize;
            let crc = crc32fast::hash(&buffer[part]);
            if crc != old && crc != new {
                return Ok(Progress::Elsewhere(sector.start));
            }
            is_old &= crc == old;
            is_new &= crc == new;
        }
    }
    Ok(match (is_old, is_new) {
        (_, true) => Progress::New,
        (true, false) => Progress::Old,
        (false, false) => Progress::Between,
    })
}

/// A range, cut into pieces that a journal can hold.
fn pieces(range: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    cut(range, LONGEST)
}

/// A range, cut where sectors meet.
pub(crate) fn sectors(range: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    cut(range, SECTOR)
}

/// A range, cut at the multiples of `grain`.
fn cut(range: Range<u64>, grain: u64) -> impl Iterator<Item = Range<u64>> {
    let mut at = range.start;
    std::iter::from_fn(move || {
        let start = at;
        at = range.end.min((start / grain + 1).saturating_mul(grain));
        (start < range.end).then_some(start..at)
    })
}

/// One piece: where it lies, how long it is, two checksums for each sector, the bytes.
fn write_piece(
    out: &mut dyn Write,
    target: &Source,
    piece: Range<u64>,
    new: &mut impl FnMut(u64, &mut [u8]) -> Result<()>,
) -> io::Result<()> {
    let len = (piece.end - piece.start) as usize;
    let (mut before, mut after) = (vec![0; len], vec![0; len]);
    target.read_at(piece.start, &mut before).map_err(io::Error::other)?;
    new(piece.start, &mut after).map_err(io::Error::other)?;
    out.write_all(&piece.start.to_le_bytes())?;
    out.write_all(&(len as u32).to_le_bytes())?;
    for sector in sectors(piece.clone()) {
        let part = (sector.start - piece.start) as usize..(sector.end - piece.start) as usize;
        for bytes in [&before, &after] {
            out.write_all(&crc32fast::hash(&bytes[part.clone()]).to_le_bytes())?;
        }
    }
    out.write_all(&after)
}

/// A run of bytes as a journal holds it.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    offset: u64,
    /// Of each sector, before and after.
    checksums: Vec<(u32, u32)>,
    bytes: Vec<u8>,
}

/// The pieces of a journal, ascending and inside the file as it was.
struct Pieces<'a> {
    journal: &'a Journal,
    at: u64,
    /// Where the last piece ends in the file.
    end: u64,
}

impl Pieces<'_> {
    fn of(journal: &Journal) -> Pieces<'_> {
        Pieces { journal, at: 0, end: 0 }
    }

    fn read(&mut self) -> Result<Piece> {
        let mut head = [0; 12];
        self.take(&mut head)?;
        let (offset, len) = head.split_first_chunk().expect("there are twelve bytes");
        let offset = u64::from_le_bytes(*offset);
        let len = u64::from(u32::from_le_bytes(len.try_into().expect("four are left")));
        let end = offset.saturating_add(len);
        let fits = 0 < len && len <= LONGEST && self.end <= offset;
        if !fits || end > self.journal.stamp().len {
            return Err(self.wrong("a piece of the journal does not lie where it can"));
        }
        self.end = end;
        let mut checksums = vec![0; 8 * sectors(offset..end).count()];
        self.take(&mut checksums)?;
        let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("four bytes"));
        let pair = |bytes: &[u8; 8]| (number(&bytes[..4]), number(&bytes[4..]));
        let checksums: Vec<_> = checksums.as_chunks().0.iter().map(pair).collect();
        let mut bytes = vec![0; len as usize];
        self.take(&mut bytes)?;
        for (sector, (_, new)) in sectors(offset..end).zip(&checksums) {
            let part = (sector.start - offset) as usize..(sector.end - offset) as usize;
            if crc32fast::hash(&bytes[part]) != *new {
                return Err(self.wrong("a piece of the journal does not fit its checksum"));
            }
        }
        Ok(Piece { offset, checksums, bytes })
    }

    fn take(&mut self, buffer: &mut [u8]) -> Result<()> {
        self.journal.read_at(self.at, buffer)?;
        self.at += buffer.len() as u64;
        Ok(())
    }

    fn wrong(&self, message: &str) -> Error {
        Error::new(ErrorKind::Format, message).at_path(self.journal.path())
    }
}

impl Iterator for Pieces<'_> {
    type Item = Result<Piece>;

    fn next(&mut self) -> Option<Result<Piece>> {
        if self.at == self.journal.len() {
            return None;
        }
        let piece = self.read();
        if piece.is_err() {
            self.at = self.journal.len();
        }
        Some(piece)
    }
}
