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

mod leftover;
mod rewrite;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::array::require_plain;
use crate::error::{Error, ErrorKind, Result};
use crate::format::{self, Content, Entry, Growth, npy};
use crate::layout::Layout;
use crate::map::{self, Region};
use crate::source::{Durability, Journal, Kind, Lock, ReadAt, SECTOR, Source};
use crate::sys;

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
