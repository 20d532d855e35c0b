//! Arrays read by position, without a map.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use ndarray::{Array, ArrayD, ArrayRef, Dimension};

use crate::array::read::{self, require_shape};
use crate::array::view::require_plain;
use crate::array::{DynLiveMap, LiveMap};
use crate::dtype::DType;
use crate::element::Element;
use crate::error::{Error, ErrorKind, Result};
use crate::format::{self, Codec, Content, Entry};
use crate::layout::{Layout, Slice};
use crate::map::{self, Mode};
use crate::source::{ReadAt, Source};

/// An array in a file, read by position: no map, so any file system will do, and a file that is cut
/// short meanwhile is an error. Opening reads the header only; a slice reads nothing.
///
/// ```
/// use mapray::ArrayFile;
/// use ndarray::{Array, Ix1, Ix2};
///
/// # let folder = std::env::temp_dir().join(format!("mapray-file-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("a.npy");
/// mapray::save(&path, &Array::from_shape_fn((100, 3), |(i, j)| (3 * i + j) as f64))?;
/// let file = ArrayFile::open(&path)?;
/// assert_eq!((file.dtype().to_string(), file.shape()), ("<f8".to_owned(), &[100, 3][..]));
/// let last = file.slice(&"[-1]".parse()?)?;
/// assert_eq!(last.to_array::<f64, Ix1>()?.to_vec(), [297.0, 298.0, 299.0]);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ArrayFile {
    pub(super) source: Arc<Source>,
    pub(super) entry: Entry,
    pub(super) layout: Layout,
}

impl ArrayFile {
    /// Opens the array in a file with a header. For files without one there is
    /// [`MapOptions::file`](crate::MapOptions::file).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] where the file cannot be read, [`ErrorKind::Format`] where its header is
    /// wrong or unknown, [`ErrorKind::Truncated`] where it is shorter than its header says,
    /// [`ErrorKind::Dtype`] where it holds Python objects, [`ErrorKind::Member`] where it is an archive
    /// (see [`Archive`](crate::Archive)).
    pub fn open(path: impl AsRef<Path>) -> Result<ArrayFile> {
        let source = Source::open(path.as_ref())?.settled()?;
        let entry = format::probe(&source)?;
        ArrayFile::new(source, entry)
    }

    /// As [`ArrayFile::open`], for a file that is open already. Its position is ignored.
    ///
    /// # Errors
    ///
    /// As [`ArrayFile::open`].
    pub fn from_file(file: std::fs::File) -> Result<ArrayFile> {
        let source = Source::from_file(file)?.settled()?;
        let entry = format::probe(&source)?;
        ArrayFile::new(source, entry)
    }

    pub(crate) fn new(source: Source, entry: Entry) -> Result<ArrayFile> {
        ArrayFile::shared(Arc::new(source), entry)
    }

    /// One of the arrays of a file that is open already.
    pub(super) fn shared(source: Arc<Source>, entry: Entry) -> Result<ArrayFile> {
        let layout = require_plain(entry.dtype()).and_then(|()| match &entry.content {
            Content::Stored(layout) => Ok(layout.clone()),
            Content::Encoded { codec, .. } => Err(encoded(*codec)),
        });
        let layout =
            layout.and_then(|layout| source.require_opened(layout.span()).map(|()| layout));
        let layout = layout.map_err(|error| name(&source, &entry, error))?;
        Ok(ArrayFile { source, entry, layout })
    }

    /// The same, for maps that take no locks: as [`MapOptions::locks`](crate::MapOptions::locks) says.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] where the descriptor cannot be copied, since others share the file.
    pub fn without_locks(self) -> Result<ArrayFile> {
        self.on_source(|source| Ok(source.without_locks()))
    }

    /// The same, with its elements read past the page cache (direct I/O), on a dozen threads where the array
    /// is reduced or loaded in the order in which it lies. For an array that is gone through once, or is larger
    /// than memory: what others have in the page cache stays there. Each read goes to the disk, so small
    /// reads are slow, as along the rows of a Fortran array, and so are second ones. Maps of the file are as
    /// without.
    ///
    /// ```
    /// use mapray::{ArrayFile, ErrorKind, reduce};
    ///
    /// # let folder = std::env::temp_dir().join(format!("mapray-direct-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let path = folder.join("a.npy");
    /// # mapray::save(&path, &ndarray::Array1::from_elem(1_000_000, 0.5_f32))?;
    /// let file = ArrayFile::open(&path)?;
    /// let file = match file.clone().direct() {
    ///     Err(error) if error.kind() == ErrorKind::Unsupported => file,
    ///     direct => direct?,
    /// };
    /// assert_eq!(reduce(&file).sum()?.value::<f64>()?, 500_000.0);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] where the file system or the operating system has no direct I/O;
    /// [`ErrorKind::Io`] where the descriptor cannot be had.
    pub fn direct(self) -> Result<ArrayFile> {
        self.on_source(Source::direct)
    }

    fn on_source(self, change: impl FnOnce(Source) -> Result<Source>) -> Result<ArrayFile> {
        let source = match Arc::try_unwrap(self.source) {
            Ok(source) => source,
            Err(shared) => shared.try_clone()?,
        };
        Ok(ArrayFile { source: Arc::new(change(source)?), ..self })
    }

    /// What the file says of the whole array.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The path it was opened by; `None` where the file has no name.
    pub fn path(&self) -> Option<&Path> {
        self.source.path()
    }

    /// Where the elements lie in the file.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What each element is.
    pub fn dtype(&self) -> &DType {
        self.layout.dtype()
    }

    /// The number of elements along each axis.
    pub fn shape(&self) -> &[usize] {
        self.layout.shape()
    }

    pub(super) fn name<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|error| name(&self.source, &self.entry, error))
    }

    /// Adds the bytes of each read from now on to `counter`: of this array, and of every other part of
    /// the file that was opened with it. For whoever shows how far a long run is; the first counter
    /// that is given stays.
    pub fn count_reads(&self, counter: &Arc<AtomicU64>) {
        self.source.count_reads(counter.clone());
    }

    /// A part of the array, by NumPy's basic indexing. Reads nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`], as NumPy's `IndexError`.
    pub fn slice(&self, slice: &Slice) -> Result<ArrayFile> {
        let layout = self.name(self.layout.slice(slice))?;
        Ok(ArrayFile { layout, ..self.clone() })
    }

    /// One field of each record. Reads nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] where there is no such field.
    pub fn field(&self, name: &str) -> Result<ArrayFile> {
        let layout = self.name(self.layout.field(name))?;
        Ok(ArrayFile { layout, ..self.clone() })
    }

    /// The element at `index`, by value, in the byte order of this machine.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`] outside the shape, [`ErrorKind::Dtype`] where `T` is not what the
    /// elements are, [`ErrorKind::Truncated`] where the file was cut short.
    pub fn get<T: Element>(&self, index: &[usize]) -> Result<T> {
        self.name(read::get(&*self.source, &self.layout, index))
    }

    /// The bytes of the element at `index`, as they lie.
    ///
    /// # Errors
    ///
    /// As [`get`](ArrayFile::get).
    pub fn read_element(&self, index: &[usize], bytes: &mut Vec<u8>) -> Result<()> {
        let at = self.name(self.layout.require(index))?;
        bytes.resize(self.layout.itemsize(), 0);
        if bytes.is_empty() { Ok(()) } else { self.read_at(at, bytes) }
    }

    /// A copy in main memory, in the byte order of this machine.
    ///
    /// # Errors
    ///
    /// As [`get`](ArrayFile::get), and [`ErrorKind::Shape`] where `D` has another number of axes.
    pub fn to_array<T: Element, D: Dimension>(&self) -> Result<Array<T, D>> {
        self.name(read::read_array(&*self.source, &self.layout))
    }

    /// Copies the elements into an array of the same shape.
    ///
    /// # Errors
    ///
    /// As [`to_array`](ArrayFile::to_array).
    pub fn read_into<T: Element, D: Dimension>(&self, array: &mut ArrayRef<T, D>) -> Result<()> {
        self.name(read::read_into(&*self.source, &self.layout, array))
    }

    /// Copies the elements as they lie, in C order.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] where the buffer does not have their size; as [`get`](ArrayFile::get).
    pub fn read_bytes(&self, buffer: &mut [u8]) -> Result<()> {
        self.name(require_shape(&[self.layout.nbytes()], &[buffer.len()]))?;
        self.name(read::read_shared(&*self.source, &self.layout, buffer))
    }

    /// Hands out copies of parts of the array, each of at most `max_bytes` bytes, with the index of
    /// its first element, in the order in which they lie in the file.
    ///
    /// # Errors
    ///
    /// As [`get`](ArrayFile::get), and what `work` returns.
    pub fn for_each_block<T: Element>(
        &self,
        max_bytes: usize,
        work: impl FnMut(&[usize], ArrayD<T>) -> Result<()>,
    ) -> Result<()> {
        self.name(read::for_each_block(&*self.source, &self.layout, max_bytes, work))
    }

    /// Gives the array blocks of the disk wherever its file has holes: as
    /// [`Pages::reserve`](crate::Pages::reserve), without a map.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Space`] where there is not that much room, [`ErrorKind::Io`] where the file cannot be
    /// written, [`ErrorKind::Truncated`] where it has become shorter, [`ErrorKind::Changed`] where it was
    /// replaced; [`ErrorKind::Unsupported`] on file systems without such a call before Linux 5.14.
    pub fn reserve(&self) -> Result<()> {
        self.name(self.source.writable().and_then(|source| {
            source.require(self.layout.span())?;
            map::reserve(source.file(), &self.layout)
        }))
    }

    /// Maps the array for others to write meanwhile, in mode `r`, `r+` or `c`. The file's
    /// descriptor is not kept by the map.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] where the mode asks for rights that are not there; [`ErrorKind::Mode`] for
    /// `w+`, which would make a new array; [`ErrorKind::Truncated`] where the file has become
    /// shorter, [`ErrorKind::Changed`] where it was replaced.
    pub fn map_live_dyn(&self, mode: Mode) -> Result<DynLiveMap> {
        match mode {
            Mode::Read | Mode::CopyOnWrite => self.map(&self.source, mode),
            Mode::ReadWrite => self.map(&self.source.writable()?, mode),
            Mode::Write => {
                self.name(Err(Error::new(ErrorKind::Mode, "mode 'w+' makes a new array")
                    .hint("`create` does that; mode 'r+' edits the one that is there")))
            }
        }
    }

    fn map(&self, source: &Source, mode: Mode) -> Result<DynLiveMap> {
        self.name(DynLiveMap::of_entry(source, self.layout.clone(), mode, &self.entry))
    }

    /// As [`map_live_dyn`](ArrayFile::map_live_dyn), for a known element type.
    ///
    /// # Errors
    ///
    /// As [`map_live_dyn`](ArrayFile::map_live_dyn) and [`DynLiveMap::typed`].
    pub fn map_live<T: Element, D: Dimension>(&self, mode: Mode) -> Result<LiveMap<T, D>> {
        self.map_live_dyn(mode)?.typed()
    }
}

impl ReadAt for ArrayFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.name(self.source.read_at(offset, buffer))
    }

    fn read_within(&self, bytes: Range<u64>, buffer: &mut Vec<u8>) -> Result<usize> {
        self.name(self.source.read_within(bytes, buffer))
    }

    fn waits(&self) -> bool {
        self.source.waits()
    }

    fn read_ahead(&self, ranges: &[Range<u64>]) {
        self.source.read_ahead(ranges);
    }

    fn are_in_memory(&self, bytes: &[u64]) -> bool {
        self.source.are_in_memory(bytes)
    }

    fn is_hole(&self, bytes: Range<u64>) -> Result<bool> {
        self.name(self.source.is_hole(bytes))
    }
}

/// Names the file, and the array where there are several.
pub(super) fn name(source: &Source, entry: &Entry, error: Error) -> Error {
    source.name(match &entry.name {
        Some(name) => error.at_member(name),
        None => error,
    })
}

pub(super) fn encoded(codec: Codec) -> Error {
    let unsupported = |message: &str| Error::new(ErrorKind::Unsupported, message);
    match codec {
        Codec::Deflate { .. } => {
            unsupported("the member is compressed (deflate): no map can show it").hint(
                "`read` or `decode` of the archive inflates it into memory; `savez` writes members \
                   that can be mapped",
            )
        }
        Codec::Bits(bits) => {
            unsupported(&format!("elements of {bits} bits, packed, can be neither mapped nor read"))
        }
        Codec::Pickle => unsupported("a pickle can be neither mapped nor read"),
    }
}
