//! Mapping files that have no header.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use bytemuck::NoUninit;
use ndarray::{Dimension, IntoDimension};

use crate::array::view::require_plain;
use crate::array::{
    ArrayFile, DynLiveMap, DynMap, DynMapMut, DynView, DynViewMut, LiveMap, Map, MapMut,
    require_elements,
};
use crate::dtype::{DType, Kind};
use crate::element::Element;
use crate::error::{Error, ErrorKind, Result};
use crate::format::RawArray;
use crate::interop::ndarray::{require_mappable, require_mappable_mut};
use crate::layout::{Layout, Order};
use crate::map::{self, Mode};
use crate::source::{Lock, Source};
use crate::sys;

/// Where a raw array is to be found.
#[derive(Debug)]
pub enum Origin {
    /// At a path.
    Path(PathBuf),
    /// In a file that is open already. Its position is ignored, `w+` does not cut it, and its
    /// rights must be those that the mode asks for.
    File(File),
}

macro_rules! origin_from {
    ($($path:ty),*) => {$(
        impl From<$path> for Origin {
            fn from(path: $path) -> Origin {
                Origin::Path(path.into())
            }
        }
    )*};
}

origin_from!(&Path, &PathBuf, PathBuf, &str, &String, String);

impl From<File> for Origin {
    fn from(file: File) -> Origin {
        Origin::File(file)
    }
}

/// How to map a file without a header: NumPy's `memmap(filename, dtype, mode, offset, shape,
/// order)`, with explicit strides besides.
///
/// Nothing is touched before everything is checked. A file that is too short is made longer in the
/// modes `r+` and `w+`, and its blocks are reserved first, so that a full disk is an error then and
/// there, with the old contents still in place.
///
/// ```
/// use mapray::{MapOptions, Mode};
/// use ndarray::Ix2;
///
/// # let folder = std::env::temp_dir().join(format!("mapray-options-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("image.bin");
/// std::fs::write(&path, [b"HEADER".as_slice(), &[1, 0, 2, 0, 3, 0, 4, 0]].concat()).unwrap();
/// let options = MapOptions::new().mode(Mode::Read).offset(6).shape((2, 2));
/// let image = options.live::<u16, Ix2>(&path)?;
/// assert_eq!(image.to_array()?, ndarray::arr2(&[[1, 2], [3, 4]]));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MapOptions {
    dtype: Option<DType>,
    mode: Option<Mode>,
    offset: u64,
    shape: Option<Vec<usize>>,
    strides: Option<Vec<isize>>,
    order: Order,
    sparse: bool,
    without_locks: bool,
}

impl MapOptions {
    /// Bytes (`u8`) from the start of the file to its end, in mode `r+`.
    pub fn new() -> MapOptions {
        MapOptions::default()
    }

    /// What each element is. By default the type asked for in code, or `u8` where there is none.
    pub fn dtype(mut self, dtype: DType) -> MapOptions {
        self.dtype = Some(dtype);
        self
    }

    /// What the map may do to the file. By default `r+`, or `r` for [`map`](MapOptions::map) and
    /// [`map_dyn`](MapOptions::map_dyn).
    pub fn mode(mut self, mode: Mode) -> MapOptions {
        self.mode = Some(mode);
        self
    }

    /// The byte of the file at which the first element starts: any byte.
    pub fn offset(mut self, offset: u64) -> MapOptions {
        self.offset = offset;
        self
    }

    /// The number of elements along each axis. By default all that the file has behind the offset,
    /// along one axis.
    pub fn shape(mut self, shape: impl IntoDimension) -> MapOptions {
        self.shape = Some(shape.into_dimension().slice().to_vec());
        self
    }

    /// How many bytes apart neighbours along each axis lie. By default side by side.
    pub fn strides(mut self, strides: impl Into<Vec<isize>>) -> MapOptions {
        self.strides = Some(strides.into());
        self
    }

    /// The order in which elements lie side by side. By default C's.
    pub fn order(mut self, order: Order) -> MapOptions {
        self.order = order;
        self
    }

    /// Makes files longer without reserving their blocks: quick at any size, but a full disk then
    /// shows only when a page is stored to.
    pub fn sparse(mut self, sparse: bool) -> MapOptions {
        self.sparse = sparse;
        self
    }

    /// Whether a map that writes the file takes an advisory lock on it (`flock(2)`), so that nobody
    /// edits the file under it who takes one too: a [`LiveMap`] one that goes with others like it, a
    /// [`MapMut`] one for itself alone. By default it does. Readers never do, nor is there a lock for
    /// a file without a name.
    pub fn locks(mut self, locks: bool) -> MapOptions {
        self.without_locks = !locks;
        self
    }

    fn raw(&self, default: DType) -> Result<RawArray<'_>> {
        let dtype = self.dtype.clone().unwrap_or(default);
        require_plain(&dtype)?;
        Ok(RawArray {
            dtype,
            shape: self.shape.as_deref(),
            strides: self.strides.as_deref(),
            order: self.order,
            offset: self.offset,
        })
    }

    fn default_dtype() -> DType {
        DType::native(Kind::UInt8)
    }

    /// The array, to be read by position; the mode does not matter. An empty file cannot be mapped
    /// to be read, but is an array without elements here.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] where shape, strides, offset and length do not fit;
    /// [`ErrorKind::Truncated`] where the file is too short.
    pub fn file(&self, origin: impl Into<Origin>) -> Result<ArrayFile> {
        let dtype = MapOptions::default_dtype();
        let (source, layout) = self.open(origin.into(), Mode::Read, dtype, |_| Ok(()))?;
        ArrayFile::new(source, crate::format::raw_entry(layout, self.order))
    }

    /// A map that others may write meanwhile.
    ///
    /// # Errors
    ///
    /// As [`live_dyn`](MapOptions::live_dyn) and [`DynLiveMap::typed`].
    pub fn live<T: Element, D: Dimension>(
        &self,
        origin: impl Into<Origin>,
    ) -> Result<LiveMap<T, D>> {
        let mode = self.mode.unwrap_or_default();
        self.map_region(origin.into(), mode, T::dtype(), require_elements::<T, D>)?.typed()
    }

    /// A map that others may write meanwhile, with its dtype known at run time.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] where shape, strides, offset and length do not fit;
    /// [`ErrorKind::Truncated`] where the file is too short for mode `r` or `c`;
    /// [`ErrorKind::Space`] where the disk has no room for what `r+` or `w+` would add;
    /// [`ErrorKind::Io`] where the file cannot be opened so; [`ErrorKind::Mode`] where a file that
    /// is open already lacks a right; [`ErrorKind::Dtype`] for Python objects.
    pub fn live_dyn(&self, origin: impl Into<Origin>) -> Result<DynLiveMap> {
        let dtype = MapOptions::default_dtype();
        self.map_region(origin.into(), self.mode.unwrap_or_default(), dtype, |_| Ok(()))
    }

    /// A read-only map that *is* an array.
    ///
    /// # Safety
    ///
    /// As [`DynLiveMap::assume_stable`].
    ///
    /// # Errors
    ///
    /// As [`live`](MapOptions::live) and [`LiveMap::assume_stable`]; [`ErrorKind::Mode`] where a
    /// mode was set that is not `r`.
    pub unsafe fn map<T: Element, D: Dimension>(
        &self,
        origin: impl Into<Origin>,
    ) -> Result<Map<T, D>> {
        let fits = require_mappable::<T, D>;
        let map = self.map_region(origin.into(), self.read_only()?, T::dtype(), fits)?;
        // SAFETY: the caller's promise.
        unsafe { map.assume_stable()?.into_typed() }
    }

    /// A map that *is* an array and can be written.
    ///
    /// # Safety
    ///
    /// As [`DynLiveMap::assume_stable_mut`].
    ///
    /// # Errors
    ///
    /// As [`live`](MapOptions::live) and [`LiveMap::assume_stable_mut`].
    pub unsafe fn map_mut<T: Element + NoUninit, D: Dimension>(
        &self,
        origin: impl Into<Origin>,
    ) -> Result<MapMut<T, D>> {
        let (mode, fits) = (self.mode.unwrap_or_default(), require_mappable_mut::<T, D>);
        let map = self.map_region(origin.into(), mode, T::dtype(), fits)?;
        // SAFETY: the caller's promise.
        unsafe { map.assume_stable_mut()?.into_typed() }
    }

    /// A read-only map that lends views, with its dtype known at run time.
    ///
    /// # Safety
    ///
    /// As [`DynLiveMap::assume_stable`].
    ///
    /// # Errors
    ///
    /// As [`live_dyn`](MapOptions::live_dyn); [`ErrorKind::Mode`] where a mode was set that is not
    /// `r`.
    pub unsafe fn map_dyn(&self, origin: impl Into<Origin>) -> Result<DynMap> {
        let dtype = MapOptions::default_dtype();
        let map = self.map_region(origin.into(), self.read_only()?, dtype, |_| Ok(()))?;
        // SAFETY: the caller's promise.
        unsafe { map.assume_stable() }
    }

    /// A map that lends views for writing, with its dtype known at run time.
    ///
    /// # Safety
    ///
    /// As [`DynLiveMap::assume_stable_mut`].
    ///
    /// # Errors
    ///
    /// As [`live_dyn`](MapOptions::live_dyn); [`ErrorKind::Mode`] in mode `r`.
    pub unsafe fn map_dyn_mut(&self, origin: impl Into<Origin>) -> Result<DynMapMut> {
        // SAFETY: the caller's promise.
        unsafe { self.live_dyn(origin)?.assume_stable_mut() }
    }

    /// An array over memory instead of a file: NumPy's `ndarray(shape, dtype, buffer, offset,
    /// strides, order)`. The mode does not matter.
    ///
    /// # Errors
    ///
    /// As [`DynView::new`].
    pub fn view<'a>(&self, buffer: &'a [u8]) -> Result<DynView<'a>> {
        DynView::new(buffer, self.buffer_layout(buffer.len())?)
    }

    /// An array over memory instead of a file, for writing.
    ///
    /// # Errors
    ///
    /// As [`DynView::new`].
    pub fn view_mut<'a>(&self, buffer: &'a mut [u8]) -> Result<DynViewMut<'a>> {
        let layout = self.buffer_layout(buffer.len())?;
        DynViewMut::new(buffer, layout)
    }

    fn buffer_layout(&self, len: usize) -> Result<Layout> {
        self.raw(MapOptions::default_dtype())?.layout(|| Ok(len as u64))
    }

    fn read_only(&self) -> Result<Mode> {
        match self.mode {
            None | Some(Mode::Read) => Ok(Mode::Read),
            Some(mode) => Err(Error::new(ErrorKind::Mode, "the map asked for is read only")
                .expected("mode 'r'")
                .found(format!("'{mode}'"))
                .hint("`map_mut` and `map_dyn_mut` give maps that can be written")),
        }
    }

    fn map_region(
        &self,
        origin: Origin,
        mode: Mode,
        default: DType,
        fits: impl Fn(&Layout) -> Result<()>,
    ) -> Result<DynLiveMap> {
        let (source, layout) = self.open(origin, mode, default, fits)?;
        let source = if self.without_locks { source.without_locks() } else { source };
        if !mode.writes_file() && layout.span().end == 0 && source.opened_len() == Some(0) {
            let error = Error::new(ErrorKind::Shape, "cannot map an empty file");
            return Err(source.name(error.hint("modes 'r+' and 'w+' can make it longer")));
        }
        DynLiveMap::new(&source, layout, mode)
    }

    /// Opens the file as the mode asks for, long enough for the array. Nothing happens to it where
    /// the array is not one that `fits` takes.
    fn open(
        &self,
        origin: Origin,
        mode: Mode,
        default: DType,
        fits: impl Fn(&Layout) -> Result<()>,
    ) -> Result<(Source, Layout)> {
        let opened = match origin {
            Origin::File(file) => Ok(Source::from_file(file)?.settled()?),
            Origin::Path(path) => Err(path),
        };
        let path = match &opened {
            Ok(source) => source.path().map(Path::to_owned),
            Err(path) => Some(path.clone()),
        };
        let named = |error: Error| match &path {
            Some(path) => error.at_path(path),
            None => error,
        };
        let raw = self.raw(default).map_err(named)?;
        if mode == Mode::Write && self.shape.is_none() {
            // NumPy's words.
            let error = Error::new(ErrorKind::Shape, "shape must be given if mode == 'w+'");
            return Err(named(error));
        }
        // With a shape all that can be wrong with it shows before the file is opened.
        let unread = || Ok(0);
        if self.shape.is_some() || self.strides.is_some() {
            raw.layout(unread).and_then(|layout| fits(&layout)).map_err(named)?;
        }
        let source = match (opened, mode) {
            (Ok(source), mode) => {
                require_rights(&source, mode)?;
                source
            }
            (Err(path), Mode::Read | Mode::CopyOnWrite) => Source::open(&path)?.settled()?,
            (Err(path), Mode::ReadWrite) => Source::open_writable(&path)?.settled()?,
            (Err(path), Mode::Write) => {
                let layout = raw.layout(unread).map_err(named)?;
                let source = self.overwrite(&path, layout.span().end)?;
                return Ok((source, layout));
            }
        };
        let len = source.opened_len();
        let layout = raw.layout(|| {
            len.ok_or_else(|| {
                Error::new(ErrorKind::Shape, "the device has no end").hint("give a shape")
            })
        });
        let layout = layout.and_then(|layout| fits(&layout).map(|()| layout));
        let layout = layout.map_err(|error| source.name(error))?;
        if let Some(len) = len
            && mode.writes_file()
            && len < layout.span().end
        {
            extend(&source, len, layout.span().end, self.sparse)?;
        }
        Ok((source, layout))
    }

    /// Makes the file at this path `len` zeros. Only once their room is reserved does the old content
    /// go, and the file stays the same one: others who have it open see the zeros.
    fn overwrite(&self, path: &Path, len: u64) -> Result<Source> {
        let sparse = self.sparse;
        let mut options = File::options();
        options.read(true).write(true);
        let (source, is_new) = match Source::open_with(path, options.clone().create_new(true)) {
            Ok(source) => (source, true),
            Err(_) => {
                let options = options.create(true).truncate(false);
                (Source::open_with(path, options)?.settled()?, false)
            }
        };
        let Some(old_len) = source.opened_len().filter(|_| !is_new) else {
            let made = extend(&source, 0, len, sparse);
            return match made {
                Ok(()) => Ok(source),
                Err(error) => {
                    // The first error tells more.
                    let _ = sys::remove_file(path);
                    Err(error)
                }
            };
        };
        let source = if self.without_locks { source.without_locks() } else { source };
        let _lock = Lock::shared(&source, 0..u64::MAX)?;
        if len >= old_len {
            extend(&source, old_len, len, sparse)?;
        } else {
            make_room(&source, len, sparse).map_err(|error| no_room(&source, len, error))?;
            map::cut(&source, len)?;
        }
        let (file, old) = (source.file(), 0..old_len.min(len));
        let zeroed = if sparse { sys::punch(file, old) } else { sys::zero(file, old) };
        zeroed.map_err(|error| source.name(Error::io("clear the file", error)))?;
        Ok(source)
    }
}

/// Checks that a file which was opened by the caller may be used as the mode asks for.
fn require_rights(source: &Source, mode: Mode) -> Result<()> {
    let rights = sys::rights(source.file());
    let (reads, writes) =
        rights.map_err(|error| source.name(Error::io("examine the file", error)))?;
    let error = |message: String| Err(source.name(Error::new(ErrorKind::Mode, message)));
    if !reads {
        let message = "the file was opened without the right to read, which every map needs; open \
                       it with `File::options().read(true)`";
        let also = if mode.writes_file() { " and `.write(true)`" } else { "" };
        return error(format!("{message}{also}"));
    }
    if mode.writes_file() && !writes {
        return error(format!(
            "the file was opened without the right to write, which mode '{mode}' needs; open it \
             for reading and writing, or map it in mode 'r' or 'c'"
        ));
    }
    Ok(())
}

/// Makes a file longer; where that fails it is as it was.
fn extend(source: &Source, old_len: u64, len: u64, sparse: bool) -> Result<()> {
    make_room(source, len, sparse).and_then(|()| map::lengthen(source, len)).map_err(|error| {
        // What was reserved behind the old end is given back; the first error tells more.
        let _ = map::give_back(source, old_len);
        no_room(source, len, error)
    })
}

fn make_room(source: &Source, len: u64, sparse: bool) -> io::Result<()> {
    if sparse { Ok(()) } else { sys::reserve(source.file(), len) }
}

fn no_room(source: &Source, len: u64, error: io::Error) -> Error {
    source.name(Error::io("make room for the array", error).expected(format!("{len} bytes in all")))
}
