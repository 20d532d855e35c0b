//! An open file, read by position.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::error::{Error, ErrorKind, Result};
use crate::layout::Layout;
use crate::source::direct::{self, Direct};
use crate::source::target_of;
use crate::sys::{self, Identity};

/// Something that bytes can be copied out of, by position.
pub trait ReadAt: Sync {
    /// Fills the buffer from byte `offset` on.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()>;

    /// Reads these bytes into the buffer, which is made long enough, and says where in it they start.
    fn read_within(&self, bytes: Range<u64>, buffer: &mut Vec<u8>) -> Result<usize> {
        buffer.resize((bytes.end - bytes.start) as usize, 0);
        self.read_at(bytes.start, buffer)?;
        Ok(0)
    }

    /// Fills the buffer with runs of `len` bytes, which begin at these bytes, one behind the other.
    fn read_runs(&self, starts: &[u64], len: usize, buffer: &mut [u8]) -> Result<()> {
        let mut runs = starts.iter().zip(buffer.chunks_exact_mut(len));
        runs.try_for_each(|(&start, run)| self.read_at(start, run))
    }

    /// Starts reading these bytes from the disk, and does not wait. Where that cannot be done nothing
    /// happens: only speed is at stake.
    fn read_ahead(&self, _ranges: &[Range<u64>]) {}

    /// Whether none of these bytes has to be fetched from a disk, as far as that is known.
    fn are_in_memory(&self, _bytes: &[u64]) -> bool {
        true
    }

    /// Whether each read waits for a disk, so that it is worth having more threads read than there are
    /// processors.
    fn waits(&self) -> bool {
        false
    }

    /// The address of byte 0, where the elements of this layout, which must be this array's or a
    /// part of it, lie in memory and do not change. Gaps between elements may be somebody else's.
    fn in_memory(&self, _layout: &Layout) -> Option<*const u8> {
        None
    }

    /// Whether these bytes are known to be zeros without being read: a hole of a sparse file.
    fn is_hole(&self, _bytes: Range<u64>) -> Result<bool> {
        Ok(false)
    }
}

/// An open file, and what it takes to find it again.
#[derive(Debug)]
pub(crate) struct Source {
    file: File,
    path: Option<PathBuf>,
    identity: Identity,
    opened_len: Option<u64>,
    locks: bool,
    /// Goes up by the bytes of each read, and of each hole passed over, for somebody who shows how far it is.
    counter: OnceLock<Arc<AtomicU64>>,
    /// Whether the last part of the path may be a symbolic link.
    is_link: bool,
    /// What elements are read from instead, past the page cache.
    direct: Option<Arc<Direct>>,
}

impl Source {
    /// Opens the file at this path for reading.
    pub(crate) fn open(path: &Path) -> Result<Source> {
        Source::open_there(path, false)
    }

    /// Opens the file at this path for reading and writing.
    pub(crate) fn open_writable(path: &Path) -> Result<Source> {
        Source::open_there(path, true)
    }

    fn open_there(path: &Path, writable: bool) -> Result<Source> {
        let (file, is_link) =
            sys::open(path, writable).map_err(|error| cannot_open(error).at_path(path))?;
        Ok(Source { is_link, ..Source::opened(file, path)? })
    }

    pub(crate) fn open_with(path: &Path, options: &std::fs::OpenOptions) -> Result<Source> {
        let file = options.open(path).map_err(|error| cannot_open(error).at_path(path))?;
        Ok(Source { is_link: true, ..Source::opened(file, path)? })
    }

    /// Takes a file that is open already. Its name is looked up, so that its descriptor need not
    /// be kept where it has one.
    pub(crate) fn from_file(file: File) -> Result<Source> {
        let path = sys::path_of(&file);
        Source::new(file, path)
    }

    /// Takes a file that was just opened or made at this path.
    pub(crate) fn opened(file: File, path: &Path) -> Result<Source> {
        Source::new(file, Some(path.to_owned()))
    }

    fn new(file: File, path: Option<PathBuf>) -> Result<Source> {
        let named = |error| named(&path, Error::io("examine the file", error));
        let (identity, opened_len) = sys::examine(&file).map_err(named)?;
        Ok(Source {
            file,
            path,
            identity,
            opened_len,
            locks: true,
            is_link: false,
            direct: None,
            counter: OnceLock::new(),
        })
    }

    /// The same, for users whose maps take no locks.
    pub(crate) fn without_locks(self) -> Source {
        Source { locks: false, ..self }
    }

    /// The same, for who needs locks whatever its user says.
    pub(crate) fn with_locks(self) -> Source {
        Source { locks: true, ..self }
    }

    /// Whether maps of the file that write, and edits of it, take advisory locks.
    pub(crate) fn locks(&self) -> bool {
        self.locks
    }

    /// The same file, read past the page cache.
    pub(crate) fn direct(self) -> Result<Source> {
        match Direct::new(&self.file) {
            Ok(direct) => Ok(Source { direct: Some(Arc::new(direct)), ..self }),
            Err(error) => Err(self.name(no_direct_io(error))),
        }
    }

    /// The same file, opened once more at its path, for reading.
    pub(crate) fn reopened(&self) -> Result<Source> {
        match &self.path {
            Some(path) => self.same(Source::open(path)?),
            None => self.writable(),
        }
    }

    /// Checks that what was opened at its path is still the same file.
    fn same(&self, opened: Source) -> Result<Source> {
        if opened.identity == self.identity {
            return Ok(Source { locks: self.locks, ..opened });
        }
        let replaced = "the file at this path is no longer the one that was opened";
        Err(opened.name(Error::new(ErrorKind::Changed, replaced).hint("open it anew")))
    }

    /// The same file, opened for reading and writing where it has a name.
    pub(crate) fn writable(&self) -> Result<Source> {
        match &self.path {
            Some(path) => self.same(Source::open_writable(path)?),
            None => self.try_clone(),
        }
    }

    /// The same file, by a copy of the descriptor.
    pub(crate) fn try_clone(&self) -> Result<Source> {
        let file = self.file.try_clone();
        let file = file.map_err(|error| self.name(Error::io("copy the descriptor", error)))?;
        let (path, counter) = (self.path.clone(), self.counter.clone());
        Ok(Source { file, path, counter, direct: self.direct.clone(), ..*self })
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn into_file(self) -> File {
        self.file
    }

    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The path of the file itself, where it was opened through a symbolic link.
    pub(crate) fn target(&self) -> Option<Cow<'_, Path>> {
        let path = self.path.as_deref()?;
        Some(if self.is_link { target_of(path).into() } else { path.into() })
    }

    /// The same file, of the length that it has now.
    pub(crate) fn examined_again(self) -> Result<Source> {
        let opened_len = self.len()?;
        Ok(Source { opened_len, ..self })
    }

    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// Its length in bytes when it was opened; `None` for a device without an end.
    pub(crate) fn opened_len(&self) -> Option<u64> {
        self.opened_len
    }

    /// Its length in bytes now.
    pub(crate) fn len(&self) -> Result<Option<u64>> {
        match sys::examine(&self.file) {
            Ok((_, len)) => Ok(len),
            Err(error) => Err(self.name(Error::io("examine the file", error))),
        }
    }

    /// Checks that the file has these bytes, or had them when it was opened.
    pub(crate) fn require_opened(&self, bytes: Range<u64>) -> Result<()> {
        match self.opened_len {
            // It may have become longer since.
            Some(len) if len < bytes.end => self.require(bytes),
            _ => Ok(()),
        }
    }

    /// Checks that the file has these bytes.
    pub(crate) fn require(&self, bytes: Range<u64>) -> Result<()> {
        match self.len()? {
            Some(len) if len < bytes.end => Err(self.name(
                Error::new(ErrorKind::Truncated, "the file is shorter than the array in it")
                    .expected(format!("at least {} bytes", bytes.end))
                    .found(len),
            )),
            _ => Ok(()),
        }
    }

    /// Adds the bytes of each read from now on to `counter`; the first one that is given stays.
    pub(crate) fn count_reads(&self, counter: Arc<AtomicU64>) {
        self.counter.get_or_init(|| counter);
    }

    fn count(&self, bytes: u64) {
        if let Some(counter) = self.counter.get() {
            counter.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// Names the file in an error.
    pub(crate) fn name(&self, error: Error) -> Error {
        named(&self.path, error)
    }
}

impl ReadAt for Source {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let read = match &self.direct {
            Some(direct) => direct.read_exact_at(offset, buffer),
            None => sys::read_exact_at(&self.file, offset, buffer),
        };
        read.map_err(|error| self.name(cannot_read(error, offset, buffer.len())))?;
        self.count(buffer.len() as u64);
        Ok(())
    }

    fn read_within(&self, bytes: Range<u64>, buffer: &mut Vec<u8>) -> Result<usize> {
        let len = (bytes.end - bytes.start) as usize;
        match &self.direct {
            Some(direct) if len <= direct::MOST => {
                let read = direct.read_within(bytes.clone(), buffer);
                let at = read.map_err(|error| self.name(cannot_read(error, bytes.start, len)))?;
                self.count(len as u64);
                Ok(at)
            }
            _ => {
                buffer.resize(len, 0);
                self.read_at(bytes.start, buffer)?;
                Ok(0)
            }
        }
    }

    fn waits(&self) -> bool {
        self.direct.is_some()
    }

    fn read_ahead(&self, ranges: &[Range<u64>]) {
        if self.waits() {
            // What comes into the page cache would be read from the disk once more.
            return;
        }
        // Devices that cannot do it say so at the first.
        let _ = ranges.iter().try_for_each(|range| sys::read_ahead(&self.file, range.clone()));
    }

    fn are_in_memory(&self, bytes: &[u64]) -> bool {
        // What the page cache has makes no difference to reads past it.
        self.waits()
            || bytes.iter().all(|&byte| {
                sys::cached(&self.file, byte..byte + 1).is_ok_and(|(cached, total)| cached == total)
            })
    }

    fn is_hole(&self, bytes: Range<u64>) -> Result<bool> {
        let data = sys::data_from(&self.file, bytes.start).map_err(|error| {
            self.name(Error::io("look for holes in the file", error).at_offset(bytes.start))
        })?;
        if data.is_some_and(|data| data.start < bytes.end) {
            return Ok(false);
        }
        // Behind the end of a file that was cut there is no data either.
        self.require(bytes.clone())?;
        self.count(bytes.end - bytes.start);
        Ok(true)
    }
}

impl ReadAt for File {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        sys::read_exact_at(self, offset, buffer)
            .map_err(|error| cannot_read(error, offset, buffer.len()))
    }
}

fn cannot_read(error: io::Error, offset: u64, len: usize) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            Error::new(ErrorKind::Truncated, "the file ends inside the array")
                .at_offset(offset)
                .expected(format!("{len} bytes from there on"))
        }
        _ => Error::io("read the file", error).at_offset(offset),
    }
}

fn no_direct_io(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => Error::new(
            ErrorKind::Unsupported,
            "the file cannot be read past the page cache (direct I/O): its file system has no such way",
        )
        .hint("read it through the page cache"),
        _ => Error::io("open the file for direct I/O", error),
    }
}

fn named(path: &Option<PathBuf>, error: Error) -> Error {
    match path {
        Some(path) => error.at_path(path),
        None => error,
    }
}

fn cannot_open(error: io::Error) -> Error {
    let denied = error.kind() == io::ErrorKind::PermissionDenied;
    let error = Error::io("open the file", error);
    if denied { error.hint("modes 'r' and 'c' need only the right to read") } else { error }
}
