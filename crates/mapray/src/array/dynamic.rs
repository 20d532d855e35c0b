//! Stable maps of a dtype known at run time.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytemuck::NoUninit;
use ndarray::{ArrayView, ArrayViewMut, Dimension};

use crate::array::{ArrayFile, DynView, DynViewMut, Map, MapMut, map_methods};
use crate::dtype::DType;
use crate::element::Element;
use crate::error::Result;
use crate::interop::ndarray::{view, view_mut};
use crate::layout::Layout;
use crate::map::{Mode, Region};
use crate::source::ReadAt;

/// A map that nobody changes while it lives, of a dtype known at run time: lends [`DynView`]s.
///
/// ```
/// use mapray::DynMap;
/// use ndarray::{Array, Ix2};
///
/// # let folder = std::env::temp_dir().join(format!("mapray-dyn-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("a.npy");
/// mapray::save(&path, &Array::from_shape_fn((2, 3), |(i, j)| (10 * i + j) as i32))?;
/// // SAFETY: nobody else knows this file.
/// let map = unsafe { DynMap::open(&path)? };
/// assert_eq!(map.dtype().to_string(), "<i4");
/// assert_eq!(map.typed::<i32, Ix2>()?.sum(), 36);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Debug)]
pub struct DynMap {
    pub(crate) region: Arc<Region>,
    pub(crate) layout: Layout,
}

map_methods!([] DynMap: region, layout);

impl DynMap {
    /// Maps the array in a file with a header, read only.
    ///
    /// # Safety
    ///
    /// As [`DynLiveMap::assume_stable`](crate::DynLiveMap::assume_stable).
    ///
    /// # Errors
    ///
    /// As [`ArrayFile::open`] and [`ArrayFile::map_live_dyn`].
    pub unsafe fn open(path: impl AsRef<Path>) -> Result<DynMap> {
        // SAFETY: the caller's promise.
        unsafe { ArrayFile::open(path)?.map_live_dyn(Mode::Read)?.assume_stable() }
    }

    /// What each element is.
    pub fn dtype(&self) -> &DType {
        self.layout.dtype()
    }

    /// The array.
    pub fn view(&self) -> DynView<'_> {
        // SAFETY: the map's own promise: while it lives, which the borrow makes sure of, nobody
        // changes its bytes.
        unsafe { DynView::from_raw(base(&self.region), self.layout.clone()) }
    }

    /// The elements in place, as an `ndarray` view.
    ///
    /// # Errors
    ///
    /// As [`DynView::typed`].
    pub fn typed<T: Element, D: Dimension>(&self) -> Result<ArrayView<'_, T, D>> {
        self.region.require_pages()?;
        self.view().typed().map_err(|error| self.region.name(error))
    }

    /// The map as one that *is* an array of `T`.
    ///
    /// # Errors
    ///
    /// As [`DynView::typed`].
    pub fn into_typed<T: Element, D: Dimension>(self) -> Result<Map<T, D>> {
        self.region.require_pages()?;
        let first = self.region.pointer(self.layout.offset());
        // SAFETY: the view goes into the map beside the region that keeps its pages, and never
        // leaves it for longer than the map is borrowed.
        let view = unsafe { view::<T, D>(&self.layout, first) };
        let view = view.map_err(|error| self.region.name(error))?;
        Ok(Map { view, region: self.region, layout: self.layout })
    }
}

/// A map that nobody else touches while it lives, of a dtype known at run time: lends [`DynView`]s
/// and [`DynViewMut`]s.
///
/// ```
/// use mapray::{DynMapMut, Mode};
///
/// # let folder = std::env::temp_dir().join(format!("mapray-dyn-mut-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("a.npy");
/// mapray::save(&path, &ndarray::arr1(&[1_u16, 2, 3]))?;
/// // SAFETY: nobody else knows this file.
/// let mut map = unsafe { DynMapMut::open(&path, Mode::ReadWrite)? };
/// map.typed_mut::<u16, ndarray::Ix1>()?[0] = 7;
/// map.flush()?;
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Debug)]
pub struct DynMapMut {
    pub(crate) region: Arc<Region>,
    pub(crate) layout: Layout,
}

map_methods!([] DynMapMut: region, layout);

impl DynMapMut {
    /// Maps the array in a file with a header, in mode `r+` or `c`.
    ///
    /// # Safety
    ///
    /// As [`DynLiveMap::assume_stable_mut`](crate::DynLiveMap::assume_stable_mut).
    ///
    /// # Errors
    ///
    /// As [`ArrayFile::open`] and [`ArrayFile::map_live_dyn`];
    /// [`ErrorKind::Mode`](crate::ErrorKind::Mode) in mode `r`.
    pub unsafe fn open(path: impl AsRef<Path>, mode: Mode) -> Result<DynMapMut> {
        // SAFETY: the caller's promise.
        unsafe { ArrayFile::open(path)?.map_live_dyn(mode)?.assume_stable_mut() }
    }

    /// What each element is.
    pub fn dtype(&self) -> &DType {
        self.layout.dtype()
    }

    /// The array, read only.
    pub fn view(&self) -> DynView<'_> {
        // SAFETY: the map's own promise: while it is borrowed nobody changes its bytes.
        unsafe { DynView::from_raw(base(&self.region), self.layout.clone()) }
    }

    /// The array.
    pub fn view_mut(&mut self) -> DynViewMut<'_> {
        // SAFETY: the map's own promise: while it is borrowed for writing nobody else touches its
        // bytes.
        unsafe { DynViewMut::from_raw(base(&self.region), self.layout.clone()) }
    }

    /// The elements in place, as an `ndarray` view.
    ///
    /// # Errors
    ///
    /// As [`DynView::typed`].
    pub fn typed<T: Element, D: Dimension>(&self) -> Result<ArrayView<'_, T, D>> {
        self.region.require_pages()?;
        self.view().typed().map_err(|error| self.region.name(error))
    }

    /// The elements in place, as an `ndarray` view that can be written.
    ///
    /// # Errors
    ///
    /// As [`DynViewMut::typed`].
    pub fn typed_mut<T: Element + NoUninit, D: Dimension>(
        &mut self,
    ) -> Result<ArrayViewMut<'_, T, D>> {
        self.region.require_pages()?;
        let region = self.region.clone();
        self.view_mut().typed().map_err(|error| region.name(error))
    }

    /// The map as one that *is* an array of `T`.
    ///
    /// # Errors
    ///
    /// As [`DynViewMut::typed`].
    pub fn into_typed<T: Element + NoUninit, D: Dimension>(self) -> Result<MapMut<T, D>> {
        self.region.require_pages()?;
        let first = self.region.pointer(self.layout.offset());
        // SAFETY: as in `DynMap::into_typed`.
        let view = unsafe { view_mut::<T, D>(&self.layout, first) };
        let view = view.map_err(|error| self.region.name(error))?;
        Ok(MapMut { view, region: self.region, layout: self.layout })
    }
}

macro_rules! read_at {
    ($($map:ident),*) => {$(
        impl ReadAt for $map {
            fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
                self.view().read_at(offset, buffer)
            }

            fn read_ahead(&self, ranges: &[Range<u64>]) {
                self.view().read_ahead(ranges);
            }

            fn are_in_memory(&self, bytes: &[u64]) -> bool {
                self.view().are_in_memory(bytes)
            }

            fn in_memory(&self, layout: &Layout) -> Option<*const u8> {
                self.view().in_memory(layout)
            }
        }
    )*};
}

read_at!(DynMap, DynMapMut);

/// The address of byte 0 of the file.
pub(super) fn base(region: &Region) -> *mut u8 {
    let start = region.bytes().start;
    region.pointer(start).wrapping_sub(start as usize)
}
