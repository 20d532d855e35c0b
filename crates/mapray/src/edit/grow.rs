//! The length of the array in a file, changed where it lies: what is written, and in which order.
//!
//! Whatever is cut off in between, by a kill or a power cut, the header claims an array whose elements
//! are all there, and what is behind its end can be told from what somebody else put there:
//!
//! 1. A journal beside the file says that a session has begun: on the disk before the first byte behind
//!    the end is.
//! 2. The elements, behind the end, where nobody looks yet: on the disk before the header says that
//!    they are there.
//! 3. Of the header the bytes that change, in one write within one sector, which a disk has or has not.
//!    Where they are in two, or do not fit in the header, the file is written anew and renamed.
//! 4. Where the array gets shorter, the header comes first, and is on the disk before anything is cut.
//! 5. The journal goes when nothing is behind the end any more. Who finds it, and gets the lock, cuts
//!    the file where the header says.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::array::require_plain;
use crate::edit::replace::{begin, publish};
use crate::error::{Error, ErrorKind, Result};
use crate::format::{self, Content, Entry, Growth, npy};
use crate::layout::Layout;
use crate::map::{self, Region};
use crate::source::{Durability, Journal, Kind, Lock, ReadAt, SECTOR, Source, require_trusted};
use crate::sys;

/// How much is copied at once.
const CHUNK: u64 = 4 << 20;

/// A file that holds one array and is open, and locked, to be made longer or shorter.
#[derive(Debug)]
pub(super) struct GrowingFile {
    source: Source,
    lock: Option<Arc<Lock>>,
    durability: Durability,
    /// What the header claims.
    entry: Entry,
    layout: Layout,
    growth: Growth,
    /// The bytes of what is one along the axis that grows.
    row_bytes: usize,
    /// The bytes of the header.
    header: Vec<u8>,
    session: Option<Journal>,
    /// Whether the file may be written anew, under another inode.
    pub(super) may_move: bool,
    /// Whether it is not known any more what the file holds, or whose it is.
    lost: bool,
}

impl GrowingFile {
    /// Opens the file, and cuts off what a session that came to no end left behind.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Locked`] where somebody else writes it; [`ErrorKind::Format`] where something else
    /// follows the array, unless `cut_trailing` says that it may go.
    pub(super) fn open(
        path: &Path,
        locks: bool,
        durability: Durability,
        cut_trailing: bool,
    ) -> Result<GrowingFile> {
        let (source, lock) = open_locked(path, locks)?;
        GrowingFile::new(source, lock.map(Arc::new), durability, cut_trailing)
    }

    /// The same, for a file that is open for writing and locked.
    pub(super) fn new(
        source: Source,
        lock: Option<Arc<Lock>>,
        durability: Durability,
        cut_trailing: bool,
    ) -> Result<GrowingFile> {
        let entry = format::probe(&source).map_err(advise)?;
        let parts = require_growing(&entry).map_err(|error| source.name(error))?;
        let (layout, growth) = parts;
        let mut header = vec![0; (growth.header.end - growth.header.start) as usize];
        source.read_at(growth.header.start, &mut header)?;
        let row_bytes = layout.narrowed(growth.axis, 0..1).nbytes();
        let (session, may_move, lost) = (None, true, false);
        let file = GrowingFile {
            source,
            lock,
            durability,
            entry,
            layout,
            growth,
            row_bytes,
            header,
            session,
            may_move,
            lost,
        };
        file.clear_tail(cut_trailing)?;
        Ok(file)
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    pub(super) fn lock(&self) -> Option<&Arc<Lock>> {
        self.lock.as_ref()
    }

    /// Where the elements lie that the header claims.
    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The axis that changes its length.
    pub(super) fn axis(&self) -> usize {
        self.growth.axis
    }

    /// How long it is.
    pub(super) fn len(&self) -> usize {
        self.layout.shape()[self.axis()]
    }

    /// Where the elements lie when the axis is `len` long.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] where they cannot be addressed.
    pub(super) fn layout_for(&self, len: usize) -> Result<Layout> {
        let mut shape = self.layout.shape().to_vec();
        shape[self.axis()] = len;
        let (dtype, offset) = (self.layout.dtype().clone(), self.layout.offset());
        let layout = Layout::contiguous(dtype, &shape, self.entry.order, offset);
        // What no header can say is an error too, before anything is written.
        layout
            .and_then(|layout| npy::header_of(&self.entry, len).to_bytes().map(|_| layout))
            .map_err(|error| self.name(error))
    }

    /// Checks that the axis can be `len` long, as [`layout_for`](GrowingFile::layout_for) does.
    pub(super) fn require_len(&self, len: usize) -> Result<()> {
        let end = (self.row_bytes as u128) * (len as u128) + u128::from(self.layout.offset());
        if self.row_bytes > 0 && end <= i64::MAX as u128 {
            return Ok(());
        }
        self.layout_for(len).map(drop)
    }

    /// The byte behind the last element that the header claims.
    pub(super) fn end(&self) -> u64 {
        self.layout.span().end
    }

    pub(super) fn name(&self, error: Error) -> Error {
        self.source.name(error)
    }

    fn require_known(&self) -> Result<()> {
        if !self.lost {
            return Ok(());
        }
        let message = "what the file holds is not known any more, after an error in writing it";
        Err(self.name(Error::new(ErrorKind::Io, message).hint("open it anew")))
    }

    /// Begins a session: from here on bytes may stand behind the end. The array will not be shorter
    /// than `shortest` in it.
    pub(super) fn begin(&mut self, shortest: usize) -> Result<()> {
        self.require_known()?;
        if self.session.is_some() {
            return Ok(());
        }
        let written = Journal::write_with(&self.source, Kind::Append, self.durability, |payload| {
            payload.write_all(&(shortest as u64).to_le_bytes())?;
            payload.write_all(&self.header)
        });
        self.session = Some(written.map_err(|error| self.name(error))?);
        Ok(())
    }

    /// Sees to it that there is room for these bytes, which are behind the end: what is written there
    /// later cannot fail for want of it. Where there is none, the file is cut at their start.
    pub(super) fn reserve(&self, bytes: Range<u64>) -> Result<()> {
        let (start, len) = (bytes.start, bytes.end - bytes.start);
        sys::reserve_range(self.source.file(), bytes).map_err(|error| {
            // The first error tells more.
            let _ = map::give_back(&self.source, start);
            let error = Error::io("make room for what is to be appended", error);
            self.name(error.expected(format!("{len} bytes more")))
        })
    }

    /// Writes behind the end, where room was reserved.
    pub(super) fn write_behind(&self, at: u64, bytes: &[u8]) -> Result<()> {
        debug_assert!(self.session.is_some() && at >= self.end());
        sys::write_all_at(self.source.file(), at, bytes)
            .map_err(|error| self.name(Error::io("write the file", error)))
    }

    /// Makes the file longer by zeros, up to byte `end`.
    pub(super) fn write_zeros(&self, end: u64) -> Result<()> {
        debug_assert!(self.session.is_some());
        sys::set_len(self.source.file(), end)
            .map_err(|error| self.name(Error::io("make the file longer", error)))
    }

    fn sync(&mut self) -> Result<()> {
        if self.durability == Durability::Buffered {
            return Ok(());
        }
        sys::sync_data(self.source.file()).map_err(|error| {
            // The system may have let go of what it could not write, and call it written the next time.
            self.lost = true;
            self.name(Error::io("write the file to the disk", error))
        })
    }

    /// Makes the header claim an array of this length, whose elements are all in the file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Changed`] where another file has taken the place of this one.
    pub(super) fn claim(&mut self, len: usize) -> Result<()> {
        self.require_known()?;
        if len == self.len() {
            return Ok(());
        }
        self.require_place()?;
        let layout = self.layout_for(len)?;
        // A name that the header spells with escapes may not be one that its version can hold.
        let printed = npy::header_of(&self.entry, len).encode_in_place().unwrap_or_default();
        let patch = printed.as_ref().map(|header| changed(&self.header, header));
        match (printed, patch) {
            (Some(header), Some(patch)) if is_in_one_sector(&patch) => {
                self.sync()?;
                let bytes = &header[patch.clone()];
                let at = self.growth.header.start + patch.start as u64;
                if let Err(error) = sys::write_all_at(self.source.file(), at, bytes) {
                    self.lost = true;
                    return Err(self.name(Error::io("write the header", error)));
                }
                self.sync()?;
                self.header = header;
                self.layout = layout;
                Ok(())
            }
            _ => self.move_to_new_file(len, &layout),
        }
    }

    /// Writes the file anew with this length, and puts it in the place of the old one.
    fn move_to_new_file(&mut self, len: usize, layout: &Layout) -> Result<()> {
        if !self.may_move {
            let message = "the header has no room for the new length, and the file cannot be \
                           written anew while other maps share this one";
            let error = Error::new(ErrorKind::Locked, message);
            return Err(self.name(error.hint("drop its clones and slices first")));
        }
        let old = &self.source;
        let Some(target) = old.target() else {
            let message = "the header has no room for the new length, and a file without a name \
                           cannot be written anew";
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        let header = npy::header_of(&self.entry, len);
        let header = header.encode(self.entry.version).or_else(|_| header.to_bytes());
        let header = header.map_err(|error| self.name(error))?;
        let data = self.growth.header.end..layout.span().end;
        let total = header.len() as u64 + (data.end - data.start);
        let replacement = begin(&target, total).map_err(|error| self.name(error))?;
        let file = replacement.file();
        let write = |at: u64, bytes: &[u8]| {
            let written = sys::write_all_at(file, at, bytes);
            written.map_err(|error| self.name(Error::io("write the file", error)))
        };
        write(0, &header)?;
        let mut buffer = Vec::new();
        let mut at = data.start;
        while at < data.end {
            buffer.resize((data.end - at).min(CHUNK) as usize, 0);
            old.read_at(at, &mut buffer)?;
            write(header.len() as u64 + (at - data.start), &buffer)?;
            at += buffer.len() as u64;
        }
        self.require_place()?;
        let file = publish(replacement, self.durability).map_err(|error| self.name(error))?;
        self.move_on(Source::opened(file, &target)?)
    }

    /// Goes on with the new file, which has taken the place of the old one.
    fn move_on(&mut self, new: Source) -> Result<()> {
        let new = if self.source.locks() { new } else { new.without_locks() };
        let lock = Lock::exclusive(&new, 0..u64::MAX);
        let old_end = self.end();
        let old = std::mem::replace(&mut self.source, new);
        // The old one may have another name, or be open elsewhere.
        let _ = map::give_back(&old, old_end);
        if let Some(journal) = self.session.take() {
            journal.remove_with(self.durability)?;
        }
        // All is written, but whoever was quicker with the lock owns the file now.
        self.lost = lock.is_err();
        self.lock = lock.unwrap_or_default().map(Arc::new);
        self.entry = format::probe(&self.source)?;
        (self.layout, self.growth) =
            require_growing(&self.entry).map_err(|error| self.source.name(error))?;
        self.header = vec![0; self.growth.header.end as usize];
        self.source.read_at(0, &mut self.header)
    }

    /// Ends a session: cuts off what is behind the end.
    pub(super) fn finish(&mut self) -> Result<()> {
        if self.lost {
            // The next session finds the journal.
            return Ok(());
        }
        let Some(journal) = self.session.take() else { return Ok(()) };
        self.require_place()?;
        if self.source.len()? != Some(self.end()) {
            map::cut(&self.source, self.end())?;
            self.sync()?;
        }
        journal.remove_with(self.durability)
    }

    /// Checks that the file is still the one at its path: what is written into one that was replaced
    /// is lost.
    fn require_place(&self) -> Result<()> {
        self.source.reopened().map(drop)
    }

    /// Checks that the file ends where its array does, or makes it do so where it may.
    fn clear_tail(&self, cut_trailing: bool) -> Result<()> {
        self.source.require(self.layout.span())?;
        let path = match self.source.target() {
            Some(target) => Journal::find(&target)?,
            None => None,
        };
        let journal = match path.as_ref().map(|path| (path, Journal::open(path))) {
            Some((path, Err(error))) if error.kind() == ErrorKind::Format => {
                // It says nothing that can be relied on.
                sys::remove_file(path)
                    .map_err(|error| Error::io("remove the journal", error).at_path(path))?;
                None
            }
            opened => opened.map(|(_, journal)| journal).transpose()?,
        };
        let len = self.source.len()?;
        if len != Some(self.end()) {
            let is_ours = match &journal {
                Some(journal) => self.began(journal)?,
                None => false,
            };
            if !is_ours && !cut_trailing {
                return Err(self.name(
                    Error::new(ErrorKind::Format, "something follows the array in the file")
                        .at_offset(self.end())
                        .expected("the end of the file")
                        .found(format!("{} bytes", len.unwrap_or(0).saturating_sub(self.end())))
                        .hint(
                            "if it is of no use (another array, perhaps?), \
                             `AppendOptions::cut_trailing` cuts it off",
                        ),
                ));
            }
            map::cut(&self.source, self.end())?;
            if self.durability == Durability::Synced {
                sys::sync_data(self.source.file())
                    .map_err(|error| self.name(Error::io("write the file to the disk", error)))?;
            }
        }
        match journal {
            Some(journal) => journal.remove_with(self.durability),
            None => Ok(()),
        }
    }

    /// Whether what is behind the end was left by the session of this journal: it was of this file,
    /// which held this array, and at least as much of it as the header still claims.
    fn began(&self, journal: &Journal) -> Result<bool> {
        let stamp = sys::stamp(self.source.file());
        let stamp = stamp.map_err(|error| self.name(Error::io("examine the file", error)))?;
        let longest = 8 + npy::MAX_HEADER_SIZE * 4 + npy::Prelude::MAX_LEN;
        if !journal.is_about(&stamp) || !(8..=longest as u64).contains(&journal.len()) {
            return Ok(false);
        }
        require_trusted(journal, &self.source)?;
        let mut payload = vec![0; journal.len() as usize];
        journal.read_at(0, &mut payload)?;
        let mut header = payload.split_off(8);
        let shortest = u64::from_le_bytes(payload.try_into().expect("eight bytes are left"));
        let all = header.len() as u64;
        let Ok(entry) = npy::entry(&mut header, all, |_, _| Err(corrupt())) else {
            return Ok(false);
        };
        let Ok((layout, growth)) = require_growing(&entry) else { return Ok(false) };
        let rowless = |layout: &Layout| layout.narrowed(growth.axis, 0..0);
        Ok(growth == self.growth
            && rowless(&layout) == rowless(&self.layout)
            && self.len() as u64 >= shortest)
    }
}

/// Makes the array in an open file so long, by zeros or by fewer of its elements. What is behind its end
/// then goes when the session is finished.
///
/// # Errors
///
/// [`ErrorKind::Locked`] where a map of this process would be cut, unless it is `own`, which will be no
/// more by then.
pub(super) fn resize_file(
    file: &mut GrowingFile,
    len: usize,
    sparse: bool,
    own: Option<&Region>,
) -> Result<()> {
    let (old_end, end) = (file.end(), file.layout_for(len)?.span().end);
    if end < old_end {
        map::require_uncut(&file.source, end, own)?;
    }
    if end != old_end {
        file.begin(len.min(file.len()))?;
    }
    if end > old_end {
        if !sparse {
            file.reserve(old_end..end)?;
        }
        file.write_zeros(end)?;
    }
    file.claim(len)
}

fn corrupt() -> Error {
    Error::new(ErrorKind::Format, "the journal ends too early")
}

/// Opens a file for writing and locks it, exclusively.
fn open_locked(path: &Path, locks: bool) -> Result<(Source, Option<Lock>)> {
    /// How often somebody may put another file in its place meanwhile.
    const TRIES: usize = 10;
    let open = || {
        let source = Source::open_writable(path)?.settled()?;
        if !source.file().metadata().is_ok_and(|metadata| metadata.is_file()) {
            let message = "an array can grow in a regular file only";
            return Err(source.name(Error::new(ErrorKind::Unsupported, message)));
        }
        let source = if locks { source } else { source.without_locks() };
        let lock = Lock::exclusive(&source, 0..u64::MAX)?;
        // Whoever had the lock before may have put another file in the place of this one.
        source.reopened()?;
        source.require_settled()?;
        Ok((source.examined_again()?, lock))
    };
    for _ in 1..TRIES {
        match open() {
            Err(error) if error.kind() == ErrorKind::Changed => {}
            opened => return opened,
        }
    }
    open()
}

/// Where the array lies and how it grows, if it can.
fn require_growing(entry: &Entry) -> Result<(Layout, Growth)> {
    require_plain(entry.dtype())?;
    match (&entry.content, &entry.upkeep.growth) {
        (Content::Stored(layout), Some(growth)) => Ok((layout.clone(), growth.clone())),
        _ if entry.shape().is_empty() => {
            let message = "an array without axes cannot change its length";
            Err(Error::new(ErrorKind::Shape, message).expected("at least one axis").found("()"))
        }
        _ => Err(Error::new(ErrorKind::Unsupported, "the array cannot change its length in place")),
    }
}

/// Says what to do instead where a file is in no format whose arrays grow.
fn advise(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Member => error.hint(
            "an array in an archive cannot grow where it lies: save it to a .npy file, which can",
        ),
        _ => error,
    }
}

/// Where two headers of the same length differ.
fn changed(old: &[u8], new: &[u8]) -> Range<usize> {
    let differs = |(old, new): (&u8, &u8)| old != new;
    let pairs = || old.iter().zip(new);
    match (pairs().position(differs), pairs().rposition(differs)) {
        (Some(first), Some(last)) => first..last + 1,
        _ => 0..0,
    }
}

/// Whether a write of these bytes is one for the disk.
fn is_in_one_sector(bytes: &Range<usize>) -> bool {
    let sector = |at: usize| at as u64 / SECTOR;
    bytes.is_empty() || sector(bytes.start) == sector(bytes.end - 1)
}
