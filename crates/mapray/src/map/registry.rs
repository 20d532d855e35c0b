//! The maps of files that this process has, to be found by address and by file.

use std::ops::Range;
use std::path::Path;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::error::{Error, ErrorKind, Result};
use crate::map::loss::Loss;
use crate::map::ranges::Ranges;
use crate::map::{Mode, Region};
use crate::source::Source;
use crate::sys::{self, Identity, LengthProbe, Mapping};

static MAPS: Ranges<Record> = Ranges::new();

/// Held for writing while a file is cut, and for reading while a map comes or goes: so nobody maps
/// what is being cut, and the records of all maps stay while they are looked at.
static CHANGES: RwLock<()> = RwLock::new(());

/// What is known of a map of a file.
#[derive(Debug)]
pub(super) struct Record {
    /// Its pages.
    pub addresses: Range<usize>,
    /// The bytes of the file that may be reached.
    pub bytes: Range<u64>,
    /// The byte of the file at the first address.
    pub base: u64,
    pub mode: Mode,
    pub identity: Identity,
    pub probe: LengthProbe,
    pub loss: Loss,
    /// Whether zeros have taken the place of all pages because nobody wants the file any more.
    is_let_go: AtomicBool,
}

impl Record {
    pub(super) fn new(
        mapping: &Mapping,
        bytes: Range<u64>,
        mode: Mode,
        identity: Identity,
        probe: LengthProbe,
    ) -> Record {
        let page = sys::page_size() as u64;
        let (start, base) = (mapping.as_ptr().addr(), bytes.start / page * page);
        let end = start + (bytes.end - base).next_multiple_of(page) as usize;
        Record {
            addresses: start..end,
            bytes,
            base,
            mode,
            identity,
            probe,
            loss: Loss::none(end),
            is_let_go: AtomicBool::new(false),
        }
    }

    /// Notes that zeros take the place of all pages. To be called before they do.
    pub(super) fn let_go(&self) {
        self.is_let_go.store(true, Ordering::Relaxed);
        self.loss.note(&self.addresses, None);
    }

    pub(super) fn is_let_go(&self) -> bool {
        self.is_let_go.load(Ordering::Relaxed)
    }

    /// The length of the file now, where it can be told.
    pub(super) fn file_len(&self) -> Option<u64> {
        self.probe.len(self.identity)
    }
}

/// A map that is in the registry, until this goes.
#[derive(Debug)]
pub(super) struct Registered {
    record: Arc<Record>,
    number: u32,
}

impl Registered {
    /// Runs `map`, which maps a file, and puts what it has mapped into the registry.
    pub(super) fn new(map: impl FnOnce() -> Result<Record>) -> Result<Registered> {
        let _no_cut = CHANGES.read().unwrap_or_else(PoisonError::into_inner);
        let record = Arc::new(map()?);
        let pointer = NonNull::new(Arc::as_ptr(&record).cast_mut()).expect("no Arc is at null");
        let number = MAPS.insert(record.addresses.clone(), pointer);
        Ok(Registered { record, number })
    }

    pub(super) fn record(&self) -> &Record {
        &self.record
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let _no_cut = CHANGES.read().unwrap_or_else(PoisonError::into_inner);
        MAPS.remove(self.number);
    }
}

/// The map at this address, without locks and memory.
///
/// # Safety
///
/// Where there is one, it must stay mapped for all of `'a`.
pub(super) unsafe fn find<'a>(address: usize) -> Option<&'a Record> {
    // SAFETY: the record lives as long as it is in the registry, which is as long as its map.
    MAPS.find(address).map(|record| unsafe { record.as_ref() })
}

/// Whether a map of a file is at this address, where something is and stays meanwhile.
pub(super) fn is_map(address: usize) -> bool {
    MAPS.find(address).is_some()
}

/// Checks that none of these bytes, counted from `base`, came out of a lost page of a map. They were
/// read, and are still lent.
///
/// # Errors
///
/// [`ErrorKind::Truncated`] or [`ErrorKind::Space`].
#[inline]
pub(crate) fn require_whole(base: *const u8, bytes: Range<u64>) -> Result<()> {
    if !Loss::is_any() {
        return Ok(());
    }
    let at = |byte: u64| base.addr().wrapping_add(byte as usize);
    require_whole_at(&(at(bytes.start)..at(bytes.end)))
}

#[cold]
fn require_whole_at(addresses: &Range<usize>) -> Result<()> {
    for (range, record) in MAPS.iter() {
        if range.start < addresses.end && addresses.start < range.end {
            // SAFETY: memory that is lent stays mapped, so its record stays in the registry.
            let record = unsafe { record.as_ref() };
            let lost = record.lost().filter(|_| record.loss.meets(addresses));
            if let Some(error) = lost {
                return Err(match record.probe.path() {
                    Some(path) => error.at_path(path),
                    None => error,
                });
            }
        }
    }
    Ok(())
}

/// Runs `work` on the maps of this file, while none comes or goes.
fn on_maps_of<T>(
    identity: Identity,
    work: impl FnOnce(&mut dyn Iterator<Item = &Record>) -> T,
) -> T {
    let _no_change = CHANGES.write().unwrap_or_else(PoisonError::into_inner);
    let records = MAPS.iter().map(|(_, record)| {
        // SAFETY: a record lives as long as it is in the registry, and the lock keeps it there.
        unsafe { record.as_ref() }
    });
    work(&mut records.filter(|record| record.identity == identity && !record.is_let_go()))
}

/// Cuts the file to `len` bytes, unless a map of this process reaches beyond them.
///
/// # Errors
///
/// [`ErrorKind::Locked`] where one does; the file is as it was.
pub(crate) fn cut(source: &Source, len: u64) -> Result<()> {
    on_maps_of(source.identity(), |maps| {
        none_beyond(source, len, maps)?;
        sys::set_len(source.file(), len)
            .map_err(|error| source.name(Error::io("make the file shorter", error)))
    })
}

/// Makes the file at least `len` bytes long. Somebody may have made it longer already, and mapped that.
pub(crate) fn lengthen(source: &Source, len: u64) -> std::io::Result<()> {
    on_maps_of(source.identity(), |_| {
        let (_, now) = sys::examine(source.file())?;
        if now.is_some_and(|now| now < len) { sys::set_len(source.file(), len) } else { Ok(()) }
    })
}

/// Checks that the file can be cut to `len` bytes when `own`, a map of it, is no more.
///
/// # Errors
///
/// As [`cut`].
pub(crate) fn require_uncut(source: &Source, len: u64, own: Option<&Region>) -> Result<()> {
    let own = own.and_then(Region::record);
    on_maps_of(source.identity(), |maps| {
        let is_own = |map: &&Record| own.is_some_and(|own| ptr::eq(*map, own));
        none_beyond(source, len, &mut maps.filter(|map| !is_own(map)))
    })
}

fn none_beyond(source: &Source, len: u64, maps: &mut dyn Iterator<Item = &Record>) -> Result<()> {
    match maps.filter(|map| map.bytes.end > len).max_by_key(|map| map.bytes.end) {
        Some(map) => Err(source.name(in_the_way(map, len))),
        None => Ok(()),
    }
}

/// Gives back what lies behind byte `len` of the file, as far as no map of this process reaches it.
pub(crate) fn give_back(source: &Source, len: u64) -> Result<()> {
    on_maps_of(source.identity(), |maps| {
        let reach = maps.map(|map| map.bytes.end).max().unwrap_or(0);
        let kept = len.max(reach.min(source.len()?.unwrap_or(0)));
        sys::set_len(source.file(), kept)
            .map_err(|error| source.name(Error::io("make the file shorter", error)))
    })
}

fn in_the_way(map: &Record, len: u64) -> Error {
    let message = "the file cannot be made shorter: a map of this process would lose its end";
    let Range { start, end } = map.bytes;
    let path = map.probe.path().unwrap_or(Path::new("a file without a name"));
    Error::new(ErrorKind::Locked, message)
        .expected(format!("maps of no more than its first {len} bytes"))
        .found(format!(
            "one of bytes {start} to {end} of {}, in mode '{}'",
            path.display(),
            map.mode
        ))
        .hint("drop that map first, or ask for at least as many bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: u64 = 64 << 10;

    #[test]
    fn a_file_gives_back_only_what_no_map_reaches() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let len = || std::fs::metadata(&path).unwrap().len();
        std::fs::write(&path, vec![1; 4 * PAGE as usize]).unwrap();
        let source = Source::open_writable(&path).unwrap();
        let map = |end| Region::map(&source, 10..end, Mode::Read).unwrap();
        let (short, long) = (map(PAGE + 1), map(3 * PAGE));
        give_back(&source, 2 * PAGE).unwrap();
        assert_eq!(len(), 3 * PAGE, "the longer map");
        assert_eq!(cut(&source, 2 * PAGE).unwrap_err().kind(), ErrorKind::Locked);
        drop(long);
        give_back(&source, 2 * PAGE).unwrap();
        assert_eq!(len(), 2 * PAGE, "what was asked for");
        cut(&source, PAGE + 1).unwrap();
        assert_eq!(len(), PAGE + 1);
        // Somebody else has cut it: that is no reason to make it longer.
        sys::set_len(source.file(), PAGE).unwrap();
        give_back(&source, 10).unwrap();
        assert_eq!(len(), PAGE);
        drop(short);
        give_back(&source, 10).unwrap();
        assert_eq!(len(), 10);
    }
}
