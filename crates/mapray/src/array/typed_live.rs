//! Maps of a known element type that others may write meanwhile.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use bytemuck::NoUninit;
use ndarray::{Array, ArrayD, ArrayRef, Dimension, IntoDimension, IxDyn};

use crate::array::read::BLOCK;
use crate::array::{DynLiveMap, Map, MapMut, map_methods};
use crate::element::{Element, WritableElement, conversion};
use crate::error::Result;
use crate::interop::ndarray::dimension;
use crate::layout::{Layout, Slice};
use crate::source::ReadAt;

/// A map that others may write or cut short meanwhile: elements by value, never a `&[T]`.
///
/// Loads and stores go through the kernel, so nothing that happens to the file can be undefined
/// behaviour or kill the process. Foreign-endian elements are swapped on the way, and alignment
/// does not matter. Clones and slices share the same pages.
///
/// ```
/// use mapray::{LiveMap, Mode};
/// use ndarray::Ix2;
///
/// # let folder = std::env::temp_dir().join(format!("mapray-typed-live-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("a.npy");
/// let mut map: LiveMap<f32, Ix2> = mapray::create(&path, (3, 4))?;
/// map.fill(1.0)?;
/// map.set((2, 1), 5.0)?;
/// assert_eq!(map.get((2, 1))?, 5.0);
/// assert_eq!(map.fold(0.0, |sum, value| sum + value)?, 16.0);
/// map.append(&ndarray::arr1(&[1.0_f32, 2.0, 3.0, 4.0]))?;
/// map.resize(10)?; // the other rows are zeros
/// assert_eq!((map.shape(), map.get((3, 3))?), (&[10, 4][..], 4.0));
/// map.flush()?;
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
pub struct LiveMap<T, D> {
    pub(crate) map: DynLiveMap,
    elements: PhantomData<fn() -> (T, D)>,
}

map_methods!([T: Element, D: Dimension] LiveMap<T, D>: map.region, map.layout);

impl<T: Element, D: Dimension> LiveMap<T, D> {
    pub(super) fn new(map: DynLiveMap) -> Result<LiveMap<T, D>> {
        require_elements::<T, D>(&map.layout).map_err(|error| map.region.name(error))?;
        Ok(LiveMap { map, elements: PhantomData })
    }

    /// Zeros in memory that has no file and belongs to this process alone;
    /// [`try_into_map_mut`](LiveMap::try_into_map_mut) then lends it.
    ///
    /// # Errors
    ///
    /// As [`DynLiveMap::zeros`].
    pub fn zeros(shape: impl IntoDimension<Dim = D>) -> Result<LiveMap<T, D>> {
        LiveMap::new(DynLiveMap::zeros(T::dtype(), shape.into_dimension().slice())?)
    }

    /// The number of elements along each axis.
    pub fn shape(&self) -> &[usize] {
        self.map.shape()
    }

    /// The map, lent with its element type known at run time only.
    pub fn as_dyn(&self) -> &DynLiveMap {
        &self.map
    }

    /// The map with its element type known at run time only.
    pub fn into_dyn(self) -> DynLiveMap {
        self.map
    }

    /// A part of the map, by NumPy's basic indexing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`](crate::ErrorKind::Index), as NumPy's `IndexError`.
    pub fn slice(&self, slice: &Slice) -> Result<LiveMap<T, IxDyn>> {
        LiveMap::new(self.map.slice(slice)?)
    }

    /// The element at `index`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`](crate::ErrorKind::Index) outside the shape;
    /// [`ErrorKind::Truncated`](crate::ErrorKind::Truncated) where the file was cut short.
    pub fn get(&self, index: impl IntoDimension<Dim = D>) -> Result<T> {
        self.map.get(index.into_dimension().slice())
    }

    /// Stores the element at `index`.
    ///
    /// # Errors
    ///
    /// As [`get`](LiveMap::get), and [`ErrorKind::Mode`](crate::ErrorKind::Mode) in mode `r`.
    pub fn set(&self, index: impl IntoDimension<Dim = D>, value: T) -> Result<()>
    where
        T: WritableElement,
    {
        self.map.set(index.into_dimension().slice(), value)
    }

    /// Stores one value everywhere.
    ///
    /// # Errors
    ///
    /// As [`set`](LiveMap::set).
    pub fn fill(&self, value: T) -> Result<()>
    where
        T: WritableElement,
    {
        self.map.fill(value)
    }

    /// Stores the elements of an array of the same shape.
    ///
    /// # Errors
    ///
    /// As [`set`](LiveMap::set), and [`ErrorKind::Shape`](crate::ErrorKind::Shape) where the shapes
    /// differ.
    pub fn assign(&self, array: &ArrayRef<T, D>) -> Result<()>
    where
        T: WritableElement,
    {
        self.map.assign(array)
    }

    /// A copy in main memory.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Truncated`](crate::ErrorKind::Truncated) where the file was cut short.
    pub fn to_array(&self) -> Result<Array<T, D>> {
        self.map.to_array()
    }

    /// Copies the elements into an array of the same shape.
    ///
    /// # Errors
    ///
    /// As [`to_array`](LiveMap::to_array), and [`ErrorKind::Shape`](crate::ErrorKind::Shape) where
    /// the shapes differ.
    pub fn read_into(&self, array: &mut ArrayRef<T, D>) -> Result<()> {
        self.map.read_into(array)
    }

    /// Folds all elements, copied out block by block, in the order in which they lie in the file.
    ///
    /// # Errors
    ///
    /// As [`to_array`](LiveMap::to_array).
    pub fn fold<A>(&self, init: A, mut work: impl FnMut(A, T) -> A) -> Result<A> {
        let mut folded = Some(init);
        self.map.for_each_block(BLOCK, |_, block: ArrayD<T>| {
            let init = folded.take().expect("each block gives it back");
            // A block keeps the order of its memory: C's, or Fortran's where it lies so.
            folded = Some(match block.as_slice_memory_order() {
                Some(values) => values.iter().fold(init, |init, &value| work(init, value)),
                None => block.iter().fold(init, |init, &value| work(init, value)),
            });
            Ok(())
        })?;
        Ok(folded.expect("each block gives it back"))
    }

    /// Takes the map for one that nobody writes or cuts short, so that it *is* an array.
    ///
    /// # Safety
    ///
    /// As [`DynLiveMap::assume_stable`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`](crate::ErrorKind::Dtype) where the elements are not aligned or in the
    /// other byte order: the error names the [`Packed`](crate::Packed) type that views them.
    pub unsafe fn assume_stable(self) -> Result<Map<T, D>> {
        // SAFETY: the caller's promise.
        unsafe { self.map.assume_stable()?.into_typed() }
    }

    /// Takes the map for one that nobody else reads, writes or cuts short.
    ///
    /// # Safety
    ///
    /// As [`DynLiveMap::assume_stable_mut`].
    ///
    /// # Errors
    ///
    /// As [`assume_stable`](LiveMap::assume_stable); and [`ErrorKind::Mode`](crate::ErrorKind::Mode)
    /// in mode `r`.
    pub unsafe fn assume_stable_mut(self) -> Result<MapMut<T, D>>
    where
        T: NoUninit,
    {
        // SAFETY: the caller's promise.
        unsafe { self.map.assume_stable_mut()?.into_typed() }
    }

    /// [`DynLiveMap::try_into_map`] for a known element type.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) where nothing proves that the map
    /// is stable; else as [`assume_stable`](LiveMap::assume_stable).
    pub fn try_into_map(self) -> Result<Map<T, D>> {
        self.map.try_into_map()?.into_typed()
    }

    /// [`DynLiveMap::try_into_map_mut`] for a known element type.
    ///
    /// # Errors
    ///
    /// As [`try_into_map`](LiveMap::try_into_map).
    pub fn try_into_map_mut(self) -> Result<MapMut<T, D>>
    where
        T: NoUninit,
    {
        self.map.try_into_map_mut()?.into_typed()
    }
}

/// Checks that elements can be read and written by value as `T`, along the axes of `D`.
pub(crate) fn require_elements<T: Element, D: Dimension>(layout: &Layout) -> Result<()> {
    conversion::<T>(layout.dtype())?;
    dimension::<D>(layout.shape()).map(drop)
}

impl<T, D> ReadAt for LiveMap<T, D> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.map.read_at(offset, buffer)
    }

    fn read_runs(&self, starts: &[u64], len: usize, buffer: &mut [u8]) -> Result<()> {
        self.map.read_runs(starts, len, buffer)
    }

    fn read_ahead(&self, ranges: &[Range<u64>]) {
        self.map.read_ahead(ranges);
    }

    fn are_in_memory(&self, bytes: &[u64]) -> bool {
        self.map.are_in_memory(bytes)
    }

    fn in_memory(&self, layout: &Layout) -> Option<*const u8> {
        self.map.in_memory(layout)
    }
}

impl<T, D> Clone for LiveMap<T, D> {
    fn clone(&self) -> LiveMap<T, D> {
        LiveMap { map: self.map.clone(), elements: PhantomData }
    }
}

impl<T, D> fmt::Debug for LiveMap<T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LiveMap").field(&self.map.layout).finish()
    }
}
