//! New `.npy` files, to be filled through a map.

use std::path::Path;

use bytemuck::NoUninit;
use ndarray::{Dimension, IntoDimension};

use crate::array::{ArrayFile, DynLiveMap, DynMapMut, LiveMap, MapMut, require_elements};
use crate::dtype::DType;
use crate::edit::replace::{begin, publish};
use crate::element::Element;
use crate::error::{Error, Result};
use crate::format::npy;
use crate::interop::ndarray::require_mappable_mut;
use crate::layout::{Layout, Order};
use crate::map::Mode;
use crate::source::{Durability, Source, target_of};
use crate::sys;

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
    durability: Durability,
    locks: bool,
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
        let (source, layout, version) = self.make(path.as_ref(), dtype, |_| Ok(()))?;
        ArrayFile::new(source, npy::stored(version, layout, self.order))
    }

    /// Makes the file and maps it, for others to write meanwhile.
    ///
    /// # Errors
    ///
    /// As [`live_dyn`](CreateOptions::live_dyn), and
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) where `D` has another number of axes.
    pub fn live<T: Element, D: Dimension>(&self, path: impl AsRef<Path>) -> Result<LiveMap<T, D>> {
        let (source, layout, _) = self.make(path.as_ref(), T::dtype(), require_elements::<T, D>)?;
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
        let (source, layout, _) = self.make(path.as_ref(), dtype, |_| Ok(()))?;
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
        let (source, layout, _) = self.make(path.as_ref(), T::dtype(), fits)?;
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
    ) -> Result<(Source, Layout, (u8, u8))> {
        self.try_make(path, dtype, fits).map_err(|error| error.at_path(path))
    }

    /// Makes the file, if the array is one that `fits` takes.
    fn try_make(
        &self,
        path: &Path,
        dtype: DType,
        fits: impl Fn(&Layout) -> Result<()>,
    ) -> Result<(Source, Layout, (u8, u8))> {
        crate::array::require_plain(&dtype)?;
        let header = npy::Header::new(dtype.clone(), self.shape.clone(), self.order == Order::F)?;
        let bytes = header.encode(self.version)?;
        let layout = Layout::contiguous(dtype, &self.shape, self.order, bytes.len() as u64)?;
        fits(&layout)?;
        let len = layout.span().end;
        let target = target_of(path);
        let reserved = if self.sparse { 0 } else { len };
        let replacement = begin(&target, reserved)?;
        let file = replacement.file();
        sys::write_all_at(file, 0, &bytes)
            .and_then(|()| sys::set_len(file, len))
            .map_err(|error| Error::io("write the file", error))?;
        let source = Source::opened(publish(replacement, self.durability)?, &target)?;
        let source = if self.locks { source } else { source.without_locks() };
        Ok((source, layout, (bytes[6], bytes[7])))
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
