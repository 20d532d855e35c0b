//! New `.npy` files, to be filled through a map.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytemuck::NoUninit;
use ndarray::{Dimension, IntoDimension};

use crate::array::{ArrayFile, DynLiveMap, DynMapMut, LiveMap, MapMut, require_elements};
use crate::dtype::DType;
use crate::edit::replace::{begin, publish};
use crate::element::Element;
use crate::error::{Error, ErrorKind, Result};
use crate::format::{npy, raw_entry};
use crate::interop::ndarray::require_mappable_mut;
use crate::layout::{Layout, Order};
use crate::map::Mode;
use crate::source::{Durability, Source, target_of};
use crate::sys;

/// How much is written at once.
const CHUNK: usize = 1 << 20;

/// How to make a `.npy` file of zeros and map it: NumPy's `open_memmap(mode='w+')`.
///
/// The new file is made beside its place, with its blocks reserved, and put there when its header is
/// on the disk: whatever goes wrong, an old file there is as it was, and whoever has that one mapped
/// keeps it.
///
/// ```
/// use mapray::{CreateOptions, Order};
/// use ndarray::Ix2;
///
/// # let folder = std::env::temp_dir().join(format!("mapray-create-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("a.npy");
/// let map = CreateOptions::new((2, 3)).order(Order::F).live::<f32, Ix2>(&path)?;
/// map.set((1, 2), 6.0)?;
/// map.flush()?;
/// assert_eq!(mapray::ArrayFile::open(&path)?.layout().strides(), [4, 8]);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CreateOptions {
    shape: Vec<usize>,
    order: Order,
    sparse: bool,
    version: Option<(u8, u8)>,
    header: bool,
    element: Option<Vec<u8>>,
    counter: Arc<AtomicU64>,
    durability: Durability,
    locks: bool,
}

/// A new file, what is in it, and in which version of the format, if it has one.
struct Made {
    source: Source,
    layout: Layout,
    version: Option<(u8, u8)>,
}

impl CreateOptions {
    /// An array of this shape, in C order, its blocks reserved, in the oldest version of the format
    /// that can hold it.
    pub fn new(shape: impl IntoDimension) -> CreateOptions {
        CreateOptions {
            shape: shape.into_dimension().slice().to_vec(),
            order: Order::C,
            sparse: false,
            version: None,
            header: true,
            element: None,
            counter: Arc::default(),
            durability: Durability::Synced,
            locks: true,
        }
    }

    /// The order in which the elements lie.
    pub fn order(mut self, order: Order) -> CreateOptions {
        self.order = order;
        self
    }

    /// Does not reserve the file's blocks: quick at any size, but a full disk then shows only when a
    /// page is stored to.
    pub fn sparse(mut self, sparse: bool) -> CreateOptions {
        self.sparse = sparse;
        self
    }

    /// The version of the format: 1.0, 2.0 or 3.0.
    pub fn version(mut self, major: u8, minor: u8) -> CreateOptions {
        self.version = Some((major, minor));
        self
    }

    /// Leaves the header out: the elements alone, to be opened with
    /// [`MapOptions`](crate::MapOptions).
    pub fn without_header(mut self) -> CreateOptions {
        self.header = false;
        self
    }

    /// Stores this element, given as its bytes are to lie in the file, everywhere, instead of zeros.
    /// The file takes its place when all of them are on the disk.
    pub fn element(mut self, bytes: impl Into<Vec<u8>>) -> CreateOptions {
        self.element = Some(bytes.into());
        self
    }

    /// Adds the bytes of elements that are written to `counter`, for whoever shows how far it is.
    pub fn count_writes(mut self, counter: &Arc<AtomicU64>) -> CreateOptions {
        self.counter = counter.clone();
        self
    }

    /// What is sure to be on the disk when the file is made: its header and its length, or nothing.
    pub fn durability(mut self, durability: Durability) -> CreateOptions {
        self.durability = durability;
        self
    }

    /// Whether the map takes an advisory lock: as [`MapOptions::locks`](crate::MapOptions::locks).
    pub fn locks(mut self, locks: bool) -> CreateOptions {
        self.locks = locks;
        self
    }

    /// Makes the file and opens it, to be read by position.
    ///
    /// # Errors
    ///
    /// As [`live_dyn`](CreateOptions::live_dyn).
    pub fn file(&self, path: impl AsRef<Path>, dtype: DType) -> Result<ArrayFile> {
        let Made { source, layout, version } = self.make(path.as_ref(), dtype, |_| Ok(()))?;
        ArrayFile::new(
            source,
            match version {
                Some(version) => npy::stored(version, layout, self.order),
                None => raw_entry(layout, self.order),
            },
        )
    }

    /// Makes the file and maps it, for others to write meanwhile.
    ///
    /// # Errors
    ///
    /// As [`live_dyn`](CreateOptions::live_dyn), and
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) where `D` has another number of axes.
    pub fn live<T: Element, D: Dimension>(&self, path: impl AsRef<Path>) -> Result<LiveMap<T, D>> {
        let Made { source, layout, .. } =
            self.make(path.as_ref(), T::dtype(), require_elements::<T, D>)?;
        DynLiveMap::new(&source, layout, Mode::Write)?.typed()
    }

    /// Makes the file and maps it, for others to write meanwhile, with its dtype known at run time.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) for sizes that cannot be addressed,
    /// [`ErrorKind::Space`](crate::ErrorKind::Space) where the disk has no room,
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) where the folder cannot be written,
    /// [`ErrorKind::Format`](crate::ErrorKind::Format) where the version cannot hold the dtype,
    /// [`ErrorKind::Dtype`](crate::ErrorKind::Dtype) for Python objects.
    pub fn live_dyn(&self, path: impl AsRef<Path>, dtype: DType) -> Result<DynLiveMap> {
        let Made { source, layout, .. } = self.make(path.as_ref(), dtype, |_| Ok(()))?;
        DynLiveMap::new(&source, layout, Mode::Write)
    }

    /// Makes the file and maps it as an array that can be written.
    ///
    /// # Safety
    ///
    /// As [`DynLiveMap::assume_stable_mut`].
    ///
    /// # Errors
    ///
    /// As [`live`](CreateOptions::live).
    pub unsafe fn map<T: Element + NoUninit, D: Dimension>(
        &self,
        path: impl AsRef<Path>,
    ) -> Result<MapMut<T, D>> {
        let fits = require_mappable_mut::<T, D>;
        let Made { source, layout, .. } = self.make(path.as_ref(), T::dtype(), fits)?;
        let map = DynLiveMap::new(&source, layout, Mode::Write)?;
        // SAFETY: the caller's promise.
        unsafe { map.assume_stable_mut()?.into_typed() }
    }

    /// Makes the file and maps it, to lend views for writing, with its dtype known at run time.
    ///
    /// # Safety
    ///
    /// As [`DynLiveMap::assume_stable_mut`].
    ///
    /// # Errors
    ///
    /// As [`live_dyn`](CreateOptions::live_dyn).
    pub unsafe fn map_dyn(&self, path: impl AsRef<Path>, dtype: DType) -> Result<DynMapMut> {
        // SAFETY: the caller's promise.
        unsafe { self.live_dyn(path, dtype)?.assume_stable_mut() }
    }

    fn make(
        &self,
        path: &Path,
        dtype: DType,
        fits: impl Fn(&Layout) -> Result<()>,
    ) -> Result<Made> {
        self.try_make(path, dtype, fits).map_err(|error| error.at_path(path))
    }

    /// Makes the file, if the array is one that `fits` takes.
    fn try_make(
        &self,
        path: &Path,
        dtype: DType,
        fits: impl Fn(&Layout) -> Result<()>,
    ) -> Result<Made> {
        crate::array::require_plain(&dtype)?;
        let fortran_order = self.order == Order::F;
        let (bytes, version) = if self.header {
            let header = npy::Header::new(dtype.clone(), self.shape.clone(), fortran_order)?;
            let bytes = header.encode(self.version)?;
            let version = (bytes[6], bytes[7]);
            (bytes, Some(version))
        } else {
            (Vec::new(), None)
        };
        let layout = Layout::contiguous(dtype, &self.shape, self.order, bytes.len() as u64)?;
        fits(&layout)?;
        self.require_element(&layout)?;
        let len = layout.span().end;
        let target = target_of(path);
        require_file(&target)?;
        let reserved = if self.sparse { 0 } else { len };
        let replacement = begin(&target, reserved)?;
        let file = replacement.file();
        sys::write_all_at(file, 0, &bytes)
            .and_then(|()| sys::set_len(file, len))
            .and_then(|()| self.write_elements(file, layout.span()))
            .map_err(|error| Error::io("write the file", error))?;
        let source = Source::opened(publish(replacement, self.durability)?, &target)?;
        let source = if self.locks { source } else { source.without_locks() };
        Ok(Made { source, layout, version })
    }

    fn require_element(&self, layout: &Layout) -> Result<()> {
        let Some(element) = &self.element else { return Ok(()) };
        if self.sparse {
            let message = "a sparse file holds nothing but zeros";
            return Err(Error::new(ErrorKind::Unsupported, message)
                .hint("leave out the element, or make the file with its blocks"));
        }
        if element.len() != layout.itemsize() {
            return Err(Error::new(ErrorKind::Dtype, "these are not the bytes of one element")
                .expected(format!("{} bytes of dtype '{}'", layout.itemsize(), layout.dtype()))
                .found(element.len()));
        }
        Ok(())
    }

    /// Writes the element over all of the range, whole elements at a time.
    fn write_elements(&self, file: &File, range: Range<u64>) -> io::Result<()> {
        let Some(element) = self.element.as_ref().filter(|element| !element.is_empty()) else {
            return Ok(());
        };
        let some = element.repeat((CHUNK / element.len()).max(1));
        let mut at = range.start;
        while at < range.end {
            let n = (range.end - at).min(some.len() as u64);
            sys::write_all_at(file, at, &some[..n as usize])?;
            self.counter.fetch_add(n, Ordering::Relaxed);
            at += n;
        }
        Ok(())
    }
}

/// A device or a folder must not be replaced by a file.
fn require_file(target: &Path) -> Result<()> {
    match std::fs::metadata(target) {
        Ok(metadata) if !metadata.is_file() => {
            let message = "what is there is no regular file, and cannot be replaced by one";
            Err(Error::new(ErrorKind::Unsupported, message))
        }
        _ => Ok(()),
    }
}

/// Makes a `.npy` file of zeros and maps it: [`CreateOptions`] with nothing else said.
///
/// # Errors
///
/// As [`CreateOptions::live`].
pub fn create<T: Element, D: Dimension>(
    path: impl AsRef<Path>,
    shape: impl IntoDimension<Dim = D>,
) -> Result<LiveMap<T, D>> {
    CreateOptions::new(shape).live(path)
}
