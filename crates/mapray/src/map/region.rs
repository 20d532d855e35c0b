//! A run of bytes of a file, mapped.

mod detach;
mod edits;

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard};

use crate::error::{Error, ErrorKind, Result};
use crate::map::claims::Claims;
use crate::map::loss::{cut_short, no_page};
use crate::map::registry::{Record, Registered};
use crate::map::{Mode, bring_up_to_date, fetch};
use crate::source::{Lock, ReadAt, Source, Upkeep};
use crate::sys::{self, Access, Advice, Identity, LengthProbe, Mapping, Stamp};

/// How many bytes the processor is asked for ahead: some part of its second cache.
const FETCHED: usize = 256 << 10;

/// A run of bytes of a file (or of memory), mapped. Bytes are named by their place in the file.
#[derive(Debug)]
pub(crate) struct Region {
    /// `None` where there is no file, or no byte to map. Goes first: what is unmapped may be mapped by
    /// somebody else at once.
    registered: Option<Registered>,
    /// `None` where there is no byte to map.
    mapping: Option<Mapping>,
    /// The bytes of the file that may be reached.
    bytes: Range<u64>,
    /// The byte of the file at which the mapping starts: that of the page of `bytes.start`.
    base: u64,
    mode: Mode,
    backing: Backing,
    /// What the array is called in its archive.
    member: Option<String>,
    upkeep: Upkeep,
    /// What keeps others from writing the file in a way that does not go with this map.
    lock: Option<Arc<Lock>>,
    /// Held for writing while pages without edits leave a copy-on-write map, so that no page gets
    /// its first edit between the look and the leave.
    edits: RwLock<()>,
    /// The file as it was when a copy-on-write map of it began, or at the last commit.
    stamp: Mutex<Option<Stamp>>,
    /// Whether it is known, or was promised, that none of the bytes can be cut off.
    uncut: AtomicBool,
    /// Which bytes are in use as atomics, and of what size.
    claims: OnceLock<Claims>,
    /// What went wrong when stores were to be written to the disk.
    unwritten: OnceLock<ErrorKind>,
}

/// How to get at the file again.
#[derive(Debug)]
enum Backing {
    /// By opening it again: no descriptor is held.
    Path(PathBuf, Identity),
    /// The file has no name, so its descriptor stays.
    File(Arc<File>),
    /// There is no file: the pages were made by us.
    Memory,
}

impl Backing {
    fn probe(&self) -> Result<LengthProbe> {
        match self {
            Backing::Path(path, _) => LengthProbe::of_path(path)
                .map_err(|error| Error::io("keep the path of the file", error)),
            Backing::File(file) => Ok(LengthProbe::of_file(file.clone())),
            Backing::Memory => Err(no_file()),
        }
    }
}

impl Region {
    /// Maps these bytes of the file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Truncated`] where the file is shorter.
    pub(crate) fn map(source: &Source, bytes: Range<u64>, mode: Mode) -> Result<Region> {
        let writes = mode.writes_file();
        let lock = if writes { Lock::shared(source, bytes.clone())? } else { None };
        if lock.is_some() {
            source.require_settled()?;
        }
        Region::map_locked(source, bytes, mode, lock.map(Arc::new))
    }

    /// The same, where what keeps others from writing the file is there already.
    pub(crate) fn map_locked(
        source: &Source,
        bytes: Range<u64>,
        mode: Mode,
        lock: Option<Arc<Lock>>,
    ) -> Result<Region> {
        let require = || source.require(bytes.clone());
        let file = source.file();
        let stamp = match mode {
            Mode::CopyOnWrite => Some(sys::stamp(file)),
            Mode::Read | Mode::ReadWrite | Mode::Write => None,
        };
        let stamp =
            stamp.transpose().map_err(|error| source.name(Error::io("examine the file", error)))?;
        let base = bytes.start / sys::page_size() as u64 * sys::page_size() as u64;
        let backing = match source.path() {
            Some(path) => Backing::Path(absolute(path)?, source.identity()),
            None => {
                let file = file.try_clone().map_err(|error| {
                    source.name(Error::io("keep the descriptor of a file without a name", error))
                })?;
                Backing::File(Arc::new(file))
            }
        };
        let (mut mapping, mut registered) = (None, None);
        if bytes.is_empty() {
            require()?;
        } else {
            let probe = backing.probe().map_err(|error| source.name(error))?;
            registered = Some(Registered::new(|| {
                require()?;
                let mapped =
                    Mapping::of_file(file, base, (bytes.end - base) as usize, mode.access())
                        .map_err(|error| source.name(cannot_map(error, mode)))?;
                let record = Record::new(&mapped, bytes.clone(), mode, source.identity(), probe);
                mapping = Some(mapped);
                Ok(record)
            })?);
        }
        let region = Region {
            registered,
            mapping,
            bytes,
            base,
            mode,
            backing,
            member: None,
            upkeep: Upkeep::default(),
            lock,
            edits: RwLock::default(),
            stamp: Mutex::new(stamp),
            uncut: AtomicBool::new(false),
            claims: OnceLock::new(),
            unwritten: OnceLock::new(),
        };
        if source.identity().may_be_memory() {
            region.note_seals(file);
        }
        Ok(region)
    }

    /// The same, as that of a member of an archive, with what is to be done after it was edited.
    pub(crate) fn of_member(self, name: Option<String>, upkeep: Upkeep) -> Region {
        Region { member: name, upkeep, ..self }
    }

    /// Maps zeros that nobody else can reach.
    pub(crate) fn zeros(len: usize) -> Result<Region> {
        let mapping = match len {
            0 => None,
            _ => Some(Mapping::anonymous(len).map_err(|error| Error::io("get memory", error))?),
        };
        Ok(Region {
            registered: None,
            mapping,
            bytes: 0..len as u64,
            base: 0,
            mode: Mode::CopyOnWrite,
            backing: Backing::Memory,
            member: None,
            upkeep: Upkeep::default(),
            lock: None,
            edits: RwLock::default(),
            stamp: Mutex::default(),
            uncut: AtomicBool::new(true),
            claims: OnceLock::new(),
            unwritten: OnceLock::new(),
        })
    }

    /// Looks whether the file can still be cut.
    fn note_seals(&self, file: &File) {
        if sys::uncut_len(file).is_some_and(|len| len >= self.bytes.end) {
            self.uncut.store(true, Ordering::Relaxed);
        }
    }

    /// Whether none of the bytes can be cut off while this region lives.
    pub(crate) fn is_uncut(&self) -> bool {
        if let (false, Backing::File(file)) = (self.uncut.load(Ordering::Relaxed), &self.backing) {
            // It may have been sealed since.
            self.note_seals(file);
        }
        self.uncut.load(Ordering::Relaxed)
    }

    /// # Safety
    ///
    /// While this region lives, none of its bytes may be cut off its file.
    pub(crate) unsafe fn assume_uncut(&self) {
        self.uncut.store(true, Ordering::Relaxed);
    }

    /// Keeps everybody else from writing these bytes of the file while this region lives, where it
    /// writes the file and has locked it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Locked`] where somebody else writes them.
    pub(crate) fn lock_exclusively(&self) -> Result<()> {
        let (Some(lock), Backing::Path(path, identity)) = (&self.lock, &self.backing) else {
            return Ok(());
        };
        lock.make_exclusive(&same(Source::open(path)?, path, *identity)?)
    }

    /// What keeps others from writing the file in a way that does not go with this map.
    pub(crate) fn lock(&self) -> Option<&Arc<Lock>> {
        self.lock.as_ref()
    }

    /// Keeps the `size` bytes at `at`, a multiple of it, for atomics of that size.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] where some of them are in use as atomics of another size.
    pub(crate) fn claim(&self, at: u64, size: usize) -> Result<()> {
        let claims = match self.claims.get() {
            Some(claims) => claims,
            None => {
                let claims = Claims::new((self.bytes.end - self.base) as usize)
                    .map_err(|error| self.name(Error::io("get memory", error)))?;
                self.claims.get_or_init(|| claims)
            }
        };
        if claims.claim((at - self.base) as usize, size) {
            return Ok(());
        }
        Err(self.name(
            Error::new(ErrorKind::Dtype, "these bytes are in use as atomics of another size")
                .at_offset(at)
                .hint("map the file once more to look at them in another way"),
        ))
    }

    /// To be held around a store that does not go through the kernel.
    pub(crate) fn edit(&self) -> Option<RwLockReadGuard<'_, ()>> {
        (self.mode == Mode::CopyOnWrite)
            .then(|| self.edits.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// The bytes of the file that may be reached.
    pub(crate) fn bytes(&self) -> Range<u64> {
        self.bytes.clone()
    }

    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.backing {
            Backing::Path(path, _) => Some(path),
            Backing::File(_) | Backing::Memory => None,
        }
    }

    /// Where byte `at` of the file lies in memory. Nothing is said about what may be done there;
    /// for a region without bytes the pointer leads nowhere.
    pub(crate) fn pointer(&self, at: u64) -> *mut u8 {
        match &self.mapping {
            Some(mapping) => mapping.as_ptr().wrapping_add((at - self.base) as usize),
            None => std::ptr::without_provenance_mut(sys::page_size()),
        }
    }

    /// Whether the pages were made by us and never had a file.
    pub(crate) fn is_memory(&self) -> bool {
        matches!(self.backing, Backing::Memory)
    }

    /// Whether the kernel promises that no byte of it changes any more.
    pub(crate) fn is_immutable(&self) -> bool {
        match &self.backing {
            Backing::File(file) => self.mode == Mode::Read && sys::is_immutable(file),
            Backing::Path(..) | Backing::Memory => false,
        }
    }

    /// Runs `work` on the mapped bytes of this range of the file, if there are any.
    fn on_mapping<T: Default>(
        &self,
        range: Range<u64>,
        doing: &str,
        work: impl FnOnce(&Mapping, Range<usize>) -> io::Result<T>,
    ) -> Result<T> {
        let inside = self.bytes.start <= range.start && range.end <= self.bytes.end;
        let Some(mapping) = self.mapping.as_ref().filter(|_| !range.is_empty()) else {
            return Ok(T::default());
        };
        assert!(inside, "bytes {range:?} lie outside the map of bytes {:?}", self.bytes);
        let mapped = (range.start - self.base) as usize..(range.end - self.base) as usize;
        let done = work(mapping, mapped);
        self.require_pages()?;
        done.map_err(|error| self.name(self.explain(error, doing, range)))
    }

    fn explain(&self, error: io::Error, doing: &str, range: Range<u64>) -> Error {
        if error.kind() != io::ErrorKind::UnexpectedEof {
            return Error::io(doing, error);
        }
        // The kernel gives the same answer where it has no page to give.
        match self.file_len() {
            Some(len) if len >= range.end => no_page(range.start),
            Some(len) => cut_short(&self.bytes, len),
            None => Error::new(ErrorKind::Truncated, "the file was cut short under its map")
                .at_offset(range.start)
                .expected(format!("{} bytes from there on", range.end - range.start)),
        }
    }

    pub(super) fn record(&self) -> Option<&Record> {
        self.registered.as_ref().map(Registered::record)
    }

    /// Checks that no page was lost: since [`guard::install`](crate::guard::install) put zeros in its
    /// place. Costs next to nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Truncated`] or [`ErrorKind::Space`].
    #[inline]
    pub(crate) fn require_pages(&self) -> Result<()> {
        match &self.registered {
            Some(registered) if !registered.record().loss.is_none() => self.lost(),
            _ => Ok(()),
        }
    }

    #[cold]
    fn lost(&self) -> Result<()> {
        let lost = self.registered.as_ref().and_then(|registered| registered.record().lost());
        lost.map_or(Ok(()), |error| Err(self.name(error)))
    }

    /// Checks that no page was lost, and that the file still has all the bytes, as far as its length
    /// can be told: a look at the file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Truncated`] or [`ErrorKind::Space`].
    pub(crate) fn check(&self) -> Result<()> {
        self.require_pages()?;
        self.require_len(self.bytes.end)
    }

    /// Checks that the file reaches as far as `end`, as far as its length can be told.
    fn require_len(&self, end: u64) -> Result<()> {
        match self.file_len() {
            Some(len) if len < end => Err(self.name(cut_short(&self.bytes, len))),
            _ => Ok(()),
        }
    }

    /// The length of the file now, where it has one that can be told.
    fn file_len(&self) -> Option<u64> {
        self.registered.as_ref()?.record().file_len()
    }

    /// Names the file in an error.
    pub(crate) fn name(&self, error: Error) -> Error {
        let error = match &self.member {
            Some(member) => error.at_member(member),
            None => error,
        };
        match self.path() {
            Some(path) => error.at_path(path),
            None => error,
        }
    }

    /// Waits until the disk has what was stored in this range; nothing to do in `r` and `c`.
    pub(crate) fn flush(&self, range: Range<u64>) -> Result<()> {
        let flushed = self.on_mapping(range, "flush the map", Mapping::flush);
        match (&flushed, self.unwritten.get()) {
            // The system tells of an error once, takes the pages for written, and lets go of them.
            (Ok(()), Some(&kind)) => {
                let message = "an earlier flush of the map failed, and what it could not write is lost \
                               once the system needs the memory";
                Err(self.name(Error::new(kind, message).hint("save the array under another name")))
            }
            (Err(error), None) => {
                self.unwritten.get_or_init(|| error.kind());
                flushed
            }
            _ => flushed,
        }
    }

    /// Puts right what depends on the bytes of the map: to be called after they have been flushed, so
    /// that after a crash at worst a checksum is out of date.
    pub(crate) fn keep_up(&self) -> Result<()> {
        let Some(checksum) = self.upkeep.checksum.as_ref().filter(|_| self.mode.writes_file())
        else {
            return Ok(());
        };
        // A checksum is of all the bytes, so all must be on the disk before it is.
        self.flush(self.bytes())?;
        self.with_file(Access::ReadWrite, |file| bring_up_to_date(file, checksum))
            .map(drop)
            .map_err(|error| self.name(error))
    }

    /// Starts writing what was stored in this range.
    pub(crate) fn flush_async(&self, range: Range<u64>) -> Result<()> {
        self.require_pages()?;
        if !self.mode.writes_file() || range.is_empty() {
            return Ok(());
        }
        self.with_file(Access::Read, |file| {
            sys::start_write_back(file, range)
                .map_err(|error| self.name(Error::io("start writing the map back", error)))
        })
    }

    pub(crate) fn advise(&self, range: Range<u64>, advice: Advice) -> Result<()> {
        let _no_edits = (advice == Advice::DontNeed && self.mode == Mode::CopyOnWrite)
            .then(|| self.edits.write().unwrap_or_else(PoisonError::into_inner));
        self.on_mapping(range, "advise on the map", |mapping, range| mapping.advise(range, advice))
    }

    /// Pages of the range in memory, and all its pages.
    pub(crate) fn residency(&self, range: Range<u64>) -> Result<(usize, usize)> {
        self.on_mapping(range, "ask which pages are in memory", Mapping::residency)
    }

    /// Stores `bytes` at the runs given, one behind the other.
    pub(crate) fn write_runs(&self, runs: &[Range<u64>], bytes: &[u8]) -> Result<()> {
        self.mode.require_writable().map_err(|error| self.name(error))?;
        let (Some(first), Some(last)) = (runs.first(), runs.last()) else {
            return Ok(());
        };
        let all = first.start.min(last.start)..first.end.max(last.end);
        let _edit = self.edit();
        self.on_mapping(all.clone(), "write the map", |mapping, _| {
            let mapped: Vec<Range<usize>> = runs
                .iter()
                .map(|run| (run.start - self.base) as usize..(run.end - self.base) as usize)
                .collect();
            mapping.write_runs(&mapped, bytes)
        })?;
        // The last page takes stores behind the end of the file too, and the file never sees them.
        if self.mode.writes_file() && !self.is_uncut() {
            self.require_len(all.end)?;
        }
        Ok(())
    }

    /// The file, by a descriptor of its own with the rights that the mode asks for.
    pub(crate) fn source(&self) -> Result<Source> {
        let source = match &self.backing {
            Backing::File(file) => {
                let file = file.try_clone();
                Source::from_file(file.map_err(|error| Error::io("copy the descriptor", error))?)?
            }
            Backing::Path(path, identity) => {
                let writes = self.mode.writes_file();
                let open = if writes { Source::open_writable } else { Source::open };
                same(open(path)?, path, *identity)?
            }
            Backing::Memory => return Err(no_file()),
        };
        let locks = self.lock.is_some() || !self.mode.writes_file();
        Ok(if locks { source } else { source.without_locks() })
    }

    /// Runs `work` on the file, opened again where no descriptor is held.
    fn with_file<T>(&self, access: Access, work: impl FnOnce(&File) -> Result<T>) -> Result<T> {
        match &self.backing {
            Backing::File(file) => work(file),
            Backing::Path(path, identity) => {
                let source = match access {
                    Access::ReadWrite => Source::open_writable(path)?,
                    Access::Read | Access::Copy => Source::open(path)?,
                };
                work(same(source, path, *identity)?.file())
            }
            Backing::Memory => Err(no_file()),
        }
    }
}

impl ReadAt for Region {
    fn read_runs(&self, starts: &[u64], len: usize, buffer: &mut [u8]) -> Result<()> {
        let (Some(&first), Some(&last)) = (starts.iter().min(), starts.iter().max()) else {
            return Ok(());
        };
        let range = first..last + len as u64;
        let end = range.end;
        self.on_mapping(range, "read the map", |mapping, _| {
            let runs = (FETCHED / len).max(1);
            let mut parts = starts.chunks(runs).zip(buffer.chunks_mut(runs * len));
            parts.try_for_each(|(starts, buffer)| {
                // The kernel copies without a look at what comes next.
                starts.iter().for_each(|&start| fetch(self.pointer(start), len));
                mapping.read_runs(self.base, starts, len, buffer)
            })
        })?;
        // In the page in which a file was cut, zeros follow.
        if self.is_uncut() { Ok(()) } else { self.require_len(end) }
    }

    fn read_ahead(&self, ranges: &[Range<u64>]) {
        // Only speed is at stake.
        let _ = ranges.iter().try_for_each(|range| self.advise(range.clone(), Advice::WillNeed));
    }

    fn are_in_memory(&self, bytes: &[u64]) -> bool {
        let is_there = |&byte: &u64| sys::is_in_memory(self.pointer(byte).addr()).unwrap_or(true);
        self.is_memory() || bytes.iter().all(is_there)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let range = offset..offset + buffer.len() as u64;
        let end = range.end;
        self.on_mapping(range, "read the map", |mapping, range| {
            mapping.read_at(range.start, buffer)
        })?;
        // In the page in which a file was cut, zeros follow.
        if buffer.last() == Some(&0) && !self.is_uncut() {
            self.require_len(end)?;
        }
        Ok(())
    }
}

/// Checks that a file opened again is the one that was mapped.
fn same(source: Source, path: &Path, identity: Identity) -> Result<Source> {
    if source.identity() == identity {
        return Ok(source);
    }
    let replaced = "the file at this path is no longer the one that was mapped";
    Err(Error::new(ErrorKind::Changed, replaced)
        .at_path(path)
        .hint("the map still holds the old one; save it under another name"))
}

fn no_file() -> Error {
    Error::new(ErrorKind::Unsupported, "the map has no file")
        .hint("`memfd` makes memory that other processes can map")
}

/// A path that still leads to the file when the process has changed its folder.
fn absolute(path: &Path) -> Result<PathBuf> {
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    std::path::absolute(path).map_err(|error| Error::io("find the current folder", error))
}

fn cannot_map(error: io::Error, mode: Mode) -> Error {
    let denied = error.kind() == io::ErrorKind::PermissionDenied;
    let error = Error::io("map the file", error);
    match mode {
        Mode::ReadWrite | Mode::Write if denied => {
            error.hint("the file was opened without the right to write; mode 'r' or 'c' needs none")
        }
        _ => error,
    }
}
