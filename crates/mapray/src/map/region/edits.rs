//! What was stored in a copy-on-write map: which pages, dropping it, writing it to the file.

use std::ops::Range;
use std::path::Path;
use std::sync::{PoisonError, RwLockWriteGuard};

use super::{Backing, Region, no_file, same};
use crate::error::{Error, ErrorKind, Result};
use crate::map::{Mode, require_len, stored_checksum};
use crate::source::{Checksum, Lock, ReadAt, SECTOR, Source, crc32, sectors, write_over};
use crate::sys::{self, Identity, Mapping, Stamp};

/// How much is compared at once: whole sectors.
const CHUNK: u64 = 512 * SECTOR;

impl Region {
    /// The bytes of this range that lie in pages which were stored to.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Mode`] where stores go to the file.
    pub(crate) fn edited(&self, range: Range<u64>) -> Result<Vec<Range<u64>>> {
        self.require_private()?;
        if self.mode == Mode::Read {
            return Ok(Vec::new());
        }
        let runs =
            self.on_mapping(range.clone(), "ask which pages were edited", Mapping::edited)?;
        let in_file = |run: Range<usize>| {
            let (start, end) = (self.base + run.start as u64, self.base + run.end as u64);
            start.max(range.start)..end.min(range.end)
        };
        Ok(runs.into_iter().map(in_file).collect())
    }

    fn require_private(&self) -> Result<()> {
        match self.mode {
            Mode::Read | Mode::CopyOnWrite => Ok(()),
            Mode::ReadWrite | Mode::Write => {
                let message = format!("a map in mode '{}' keeps no edits to itself", self.mode);
                let error = Error::new(ErrorKind::Mode, message);
                Err(self.name(error.hint("they are in the file; mode 'c' keeps them in memory")))
            }
        }
    }

    /// Keeps pages from being edited for the first time, or dropped, by anybody else.
    pub(super) fn no_edits(&self) -> RwLockWriteGuard<'_, ()> {
        self.edits.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops all that was stored.
    ///
    /// # Safety
    ///
    /// Nobody may rely on the bytes of the map to stay as they are.
    pub(crate) unsafe fn discard(&self) -> Result<()> {
        self.require_private()?;
        let _no_edits = self.no_edits();
        let edited = self.edited(self.bytes())?;
        // SAFETY: the caller's promise.
        unsafe { self.forget(&edited) }
    }

    /// # Safety
    ///
    /// As [`discard`](Region::discard).
    unsafe fn forget(&self, edited: &[Range<u64>]) -> Result<()> {
        edited.iter().try_for_each(|range| {
            self.on_mapping(range.clone(), "drop the edits", |mapping, range| {
                // SAFETY: the caller's promise.
                unsafe { mapping.forget(range) }
            })
        })
    }

    /// Writes what was stored to the file, all or nothing, and drops it then, so that the map shows the
    /// file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Changed`] where the file is not as it was when it was mapped; the edits stay in the
    /// map with every error.
    ///
    /// # Safety
    ///
    /// As [`discard`](Region::discard): what others store in the file at the same moment shows.
    pub(crate) unsafe fn commit(&self) -> Result<()> {
        self.require_private()?;
        let _no_edits = self.no_edits();
        let edited = self.edited(self.bytes())?;
        if edited.is_empty() {
            return Ok(());
        }
        self.write_edits(&edited).map_err(|error| self.name(error))?;
        // SAFETY: the caller's promise.
        unsafe { self.forget(&edited) }
    }

    fn write_edits(&self, edited: &[Range<u64>]) -> Result<()> {
        let (source, _lock) = match &self.backing {
            Backing::Path(path, identity) => locked(path, *identity)?,
            Backing::File(_) => {
                let message = "edits of a file without a name cannot be committed";
                return Err(Error::new(ErrorKind::Unsupported, message).hint(ELSEWHERE));
            }
            Backing::Memory => return Err(no_file()),
        };
        let mut mapped = self.stamp.lock().unwrap_or_else(PoisonError::into_inner);
        if *mapped != Some(stamp(&source)?) {
            let message = "the file has been changed since it was mapped";
            return Err(Error::new(ErrorKind::Changed, message).hint(ELSEWHERE));
        }
        let changed = self.changed(&source, edited)?;
        if changed.is_empty() {
            return Ok(());
        }
        let file = Edited { source: &source, region: self, changed: &changed };
        let patches = match &self.upkeep.checksum {
            Some(checksum) => file.patches(checksum)?,
            None => Vec::new(),
        };
        let written = write_over(&source, &file.ranges(&patches)?, |at, bytes| {
            match patches.iter().find(|patch| patch.range().contains(&at)) {
                Some(patch) => patch.read_at(at, bytes),
                None => self.read_at(at, bytes),
            }
        });
        let now = stamp(&source)?;
        match (&written, &mut *mapped) {
            // Room was made in holes, and nothing written.
            (Err(_), Some(mapped)) if (mapped.len, mapped.modified) == (now.len, now.modified) => {
                mapped.changed = now.changed;
            }
            (Err(_), _) => {}
            (Ok(()), mapped) => *mapped = Some(now),
        }
        written
    }

    /// Where the edits differ from what the file holds: sectors, as far as they lie in the map.
    fn changed(&self, source: &Source, edited: &[Range<u64>]) -> Result<Vec<Range<u64>>> {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let mut changed: Vec<Range<u64>> = Vec::new();
        for range in edited {
            let mut at = range.start;
            while at < range.end {
                let end = range.end.min((at / CHUNK + 1) * CHUNK);
                before.resize((end - at) as usize, 0);
                after.resize((end - at) as usize, 0);
                source.read_at(at, &mut before)?;
                self.read_at(at, &mut after)?;
                for sector in sectors(at..end) {
                    let part = (sector.start - at) as usize..(sector.end - at) as usize;
                    if before[part.clone()] == after[part] {
                        continue;
                    }
                    match changed.last_mut() {
                        Some(last) if last.end == sector.start => last.end = sector.end,
                        _ => changed.push(sector),
                    }
                }
                at = end;
            }
        }
        Ok(changed)
    }
}

const ELSEWHERE: &str = "the edits are still in the map; save it under another name";

/// The file, with everybody else who writes kept out.
fn locked(path: &Path, identity: Identity) -> Result<(Source, Lock)> {
    let source = same(Source::open_writable(path)?, path, identity)?;
    let Some(lock) = Lock::exclusive(&source, 0..u64::MAX)? else {
        let message = "the file lies where it cannot be locked, so nothing can be committed to it";
        return Err(Error::new(ErrorKind::Unsupported, message).hint(ELSEWHERE));
    };
    source.require_settled()?;
    Ok((source, lock))
}

fn stamp(source: &Source) -> Result<Stamp> {
    sys::stamp(source.file()).map_err(|error| Error::io("examine the file", error))
}

/// The file as it will be.
struct Edited<'a> {
    source: &'a Source,
    region: &'a Region,
    /// The ranges that are to be written, ascending.
    changed: &'a [Range<u64>],
}

impl Edited<'_> {
    /// What a checksum must become, wherever it stands.
    fn patches(&self, checksum: &Checksum) -> Result<Vec<Patch>> {
        require_len(self.source.file(), checksum.file_len)
            .map_err(|error| error.hint(ELSEWHERE))?;
        let crc = crc32(self, checksum.range.clone())?;
        let mut patches = Vec::new();
        for slot in &checksum.slots {
            if stored_checksum(self.source, slot)? != crc {
                patches.push(Patch { offset: slot.offset, bytes: crc.to_le_bytes() });
            }
        }
        patches.sort_by_key(|patch| patch.offset);
        Ok(patches)
    }

    /// All that is to be written, ascending.
    fn ranges(&self, patches: &[Patch]) -> Result<Vec<Range<u64>>> {
        let mut ranges = self.changed.to_vec();
        ranges.extend(patches.iter().map(Patch::range));
        ranges.sort_by_key(|range| range.start);
        let overlap = ranges.windows(2).find(|pair| pair[1].start < pair[0].end);
        match overlap {
            Some(pair) => {
                let message = "the checksum of the member stands inside its elements";
                Err(Error::new(ErrorKind::Format, message).at_offset(pair[1].start))
            }
            None => Ok(ranges),
        }
    }
}

impl ReadAt for Edited<'_> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.source.read_at(offset, buffer)?;
        let end = offset + buffer.len() as u64;
        let first = self.changed.partition_point(|range| range.end <= offset);
        for range in self.changed[first..].iter().take_while(|range| range.start < end) {
            let range = range.start.max(offset)..range.end.min(end);
            let part = (range.start - offset) as usize..(range.end - offset) as usize;
            self.region.read_at(range.start, &mut buffer[part])?;
        }
        Ok(())
    }
}

/// A checksum that is to be written.
struct Patch {
    offset: u64,
    bytes: [u8; 4],
}

impl Patch {
    fn range(&self) -> Range<u64> {
        self.offset..self.offset + self.bytes.len() as u64
    }
}

impl ReadAt for Patch {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let start = (offset - self.offset) as usize;
        buffer.copy_from_slice(&self.bytes[start..start + buffer.len()]);
        Ok(())
    }
}
