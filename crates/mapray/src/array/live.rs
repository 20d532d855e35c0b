//! Maps of a dtype known at run time that others may write meanwhile: everything by value.

use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array, ArrayD, ArrayRef, Dimension};

use crate::array::read::{self, require_shape};
use crate::array::stored::{self, with_bytes};
use crate::array::view::require_plain;
use crate::array::write;
use crate::array::{DynMap, DynMapMut, LiveMap, map_methods};
use crate::dtype::DType;
use crate::element::{Conversion, Element, WritableElement, conversion};
use crate::error::{Error, ErrorKind, Result};
use crate::format::Entry;
use crate::layout::{Layout, Slice};
use crate::map::{Mode, Region};
use crate::source::{ReadAt, Source};

/// A map that others may write or cut short meanwhile, of a dtype known at run time.
///
/// Everything goes by value and through the kernel, so nothing that happens to the file can be
/// undefined behaviour or kill the process: a file that was cut short is an error. There is never a
/// `&[T]`. Clones and slices share the same pages.
///
/// ```
/// use mapray::{MapOptions, Mode};
///
/// # let folder = std::env::temp_dir().join(format!("mapray-live-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("a.bin");
/// let map = MapOptions::new().dtype(">i2".parse()?).mode(Mode::Write).shape(10).live_dyn(&path)?;
/// map.set(&[3], 7_i16)?;
/// assert_eq!(map.slice(&"[::-3]".parse()?)?.to_array::<i16, ndarray::Ix1>()?.to_vec(), [0, 0, 7, 0]);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DynLiveMap {
    pub(crate) region: Arc<Region>,
    pub(crate) layout: Layout,
}

map_methods!([] DynLiveMap: region, layout);

impl DynLiveMap {
    pub(crate) fn new(source: &Source, layout: Layout, mode: Mode) -> Result<DynLiveMap> {
        let region = Arc::new(Region::map(source, layout.span(), mode)?);
        Ok(DynLiveMap { region, layout })
    }

    /// Maps what a file says of one of its arrays, or a part of it.
    pub(super) fn of_entry(
        source: &Source,
        layout: Layout,
        mode: Mode,
        entry: &Entry,
    ) -> Result<DynLiveMap> {
        let region = Region::map(source, layout.span(), mode)?;
        let region = Arc::new(region.of_member(entry.name.clone(), entry.upkeep.clone()));
        Ok(DynLiveMap { region, layout })
    }

    /// Zeros in memory that has no file and belongs to this process alone.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] for more bytes than can be addressed, [`ErrorKind::Io`] where there is
    /// not that much memory, [`ErrorKind::Dtype`] for Python objects.
    pub fn zeros(dtype: DType, shape: &[usize]) -> Result<DynLiveMap> {
        require_plain(&dtype)?;
        let layout = Layout::contiguous(dtype, shape, Default::default(), 0)?;
        let region = Arc::new(Region::zeros(layout.nbytes())?);
        Ok(DynLiveMap { region, layout })
    }

    /// What each element is.
    pub fn dtype(&self) -> &DType {
        self.layout.dtype()
    }

    /// The number of elements along each axis.
    pub fn shape(&self) -> &[usize] {
        self.layout.shape()
    }

    fn name<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|error| self.region.name(error))
    }

    /// A part of the map, by NumPy's basic indexing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`], as NumPy's `IndexError`.
    pub fn slice(&self, slice: &Slice) -> Result<DynLiveMap> {
        let layout = self.name(self.layout.slice(slice))?;
        Ok(DynLiveMap { region: self.region.clone(), layout })
    }

    /// One field of each record.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] where there is no such field.
    pub fn field(&self, name: &str) -> Result<DynLiveMap> {
        let layout = self.name(self.layout.field(name))?;
        Ok(DynLiveMap { region: self.region.clone(), layout })
    }

    /// Another array over the same bytes: NumPy's `ndarray(shape, dtype, buffer, offset, strides)`.
    /// `offset` counts from the first byte of the map; without `strides` the elements lie side by
    /// side in C order.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] where an element would lie outside the mapped bytes;
    /// [`ErrorKind::Dtype`] for Python objects.
    pub fn view(
        &self,
        dtype: DType,
        shape: &[usize],
        offset: usize,
        strides: Option<&[isize]>,
    ) -> Result<DynLiveMap> {
        self.name(require_plain(&dtype))?;
        let bytes = self.region.bytes();
        let start = bytes.start.saturating_add(offset as u64);
        let layout = self.name(match strides {
            Some(strides) => Layout::strided(dtype, shape, strides, start),
            None => Layout::contiguous(dtype, shape, Default::default(), start),
        })?;
        let span = layout.span();
        if span.start < bytes.start || span.end > bytes.end {
            return self.name(Err(Error::new(
                ErrorKind::Shape,
                "the view reaches outside the map",
            )
            .expected(format!("bytes {} to {}", bytes.start, bytes.end))
            .found(format!("{} to {}", span.start, span.end))));
        }
        Ok(DynLiveMap { region: self.region.clone(), layout })
    }

    /// The map as one of elements `T` along the axes of `D`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] where `T` is not what the elements are (in either byte order);
    /// [`ErrorKind::Shape`] where `D` has another number of axes.
    pub fn typed<T: Element, D: Dimension>(self) -> Result<LiveMap<T, D>> {
        LiveMap::new(self)
    }

    /// The element at `index`, by value, in the byte order of this machine.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`], [`ErrorKind::Dtype`]; [`ErrorKind::Truncated`] where the file was cut
    /// short.
    pub fn get<T: Element>(&self, index: &[usize]) -> Result<T> {
        self.name(read::get(&*self.region, &self.layout, index))
    }

    /// Stores the element at `index`.
    ///
    /// # Errors
    ///
    /// As [`get`](DynLiveMap::get), and [`ErrorKind::Mode`] in mode `r`.
    pub fn set<T: WritableElement>(&self, index: &[usize], value: T) -> Result<()> {
        let value = self.name(stored(self.layout.dtype(), value))?;
        let at = self.name(self.layout.require(index))?;
        let run = at..at + size_of::<T>() as u64;
        with_bytes(&value, |bytes| self.region.write_runs(std::slice::from_ref(&run), bytes))
    }

    /// Stores one value everywhere.
    ///
    /// # Errors
    ///
    /// As [`set`](DynLiveMap::set).
    pub fn fill<T: WritableElement>(&self, value: T) -> Result<()> {
        let value = self.name(stored(self.layout.dtype(), value))?;
        with_bytes(&value, |bytes| write::fill(&self.region, &self.layout, bytes))
    }

    /// Stores the elements of an array of the same shape.
    ///
    /// # Errors
    ///
    /// As [`set`](DynLiveMap::set), and [`ErrorKind::Shape`] where the shapes differ.
    pub fn assign<T: WritableElement, D: Dimension>(&self, array: &ArrayRef<T, D>) -> Result<()> {
        self.name(require_shape(self.shape(), array.shape()))?;
        if self.name(conversion::<T>(self.layout.dtype()))? == Conversion::Swapped {
            let swapped = array.map(|value| value.swap_bytes());
            return stored::assign(&self.region, &self.layout, &swapped);
        }
        stored::assign(&self.region, &self.layout, array)
    }

    /// A copy in main memory, in the byte order of this machine.
    ///
    /// # Errors
    ///
    /// As [`get`](DynLiveMap::get), and [`ErrorKind::Shape`] where `D` has another number of axes.
    pub fn to_array<T: Element, D: Dimension>(&self) -> Result<Array<T, D>> {
        self.name(read::read_array(&*self.region, &self.layout))
    }

    /// Copies the elements into an array of the same shape.
    ///
    /// # Errors
    ///
    /// As [`to_array`](DynLiveMap::to_array).
    pub fn read_into<T: Element, D: Dimension>(&self, array: &mut ArrayRef<T, D>) -> Result<()> {
        self.name(read::read_into(&*self.region, &self.layout, array))
    }

    /// Copies the elements as they lie, in C order.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] where the buffer does not have their size; as
    /// [`get`](DynLiveMap::get).
    pub fn read_bytes(&self, buffer: &mut [u8]) -> Result<()> {
        self.name(require_shape(&[self.layout.nbytes()], &[buffer.len()]))?;
        self.name(read::read_shared(&*self.region, &self.layout, buffer))
    }

    /// Hands out private copies of parts of the array, each of at most `max_bytes` bytes, with the
    /// index of its first element, in the order in which they lie in the file.
    ///
    /// # Errors
    ///
    /// As [`get`](DynLiveMap::get), and what `work` returns.
    pub fn for_each_block<T: Element>(
        &self,
        max_bytes: usize,
        work: impl FnMut(&[usize], ArrayD<T>) -> Result<()>,
    ) -> Result<()> {
        self.name(read::for_each_block(&*self.region, &self.layout, max_bytes, work))
    }

    /// Where the element at index 0, 0, … lies in memory: for other languages, which have promises of
    /// their own. It stays there as long as the map or one of its clones and slices lives, but not
    /// necessarily readable: the file may be cut short. Of a map without elements the pointer leads
    /// nowhere.
    ///
    /// ```
    /// use mapray::DynLiveMap;
    ///
    /// let map = DynLiveMap::memfd("example", "<i4".parse()?, &[3])?;
    /// map.set(&[1], 7)?;
    /// // SAFETY: a memfd of ours is never cut short, and no other thread knows it.
    /// assert_eq!(unsafe { map.as_ptr().cast::<i32>().wrapping_add(1).read() }, 7);
    /// # Ok::<(), mapray::Error>(())
    /// ```
    pub fn as_ptr(&self) -> *mut u8 {
        self.region.pointer(self.layout.offset())
    }

    /// Lets the file go while the pages stay: private zeros take their place at once, for this map, its
    /// clones and its slices. Nothing is written first; [`flush`](DynLiveMap::flush) does that. From then
    /// on every call that can fail on the map does, and the file may be cut short. For whoever has lent
    /// [`as_ptr`](DynLiveMap::as_ptr) to code that cannot be made to give it back.
    ///
    /// ```
    /// use mapray::{ErrorKind, MapOptions, Mode};
    ///
    /// # if cfg!(any(mapray_portable, not(target_os = "linux"))) { return Ok(()); }
    /// # let folder = std::env::temp_dir().join(format!("mapray-detach-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let path = folder.join("a.bin");
    /// let mut map = MapOptions::new().mode(Mode::Write).shape(10).live_dyn(&path)?;
    /// map.fill(1_u8)?;
    /// let lent = map.as_ptr();
    /// map.detach()?;
    /// // SAFETY: the page is there, in place of the one of the file.
    /// assert_eq!(unsafe { lent.read() }, 0);
    /// assert_eq!(map.flush().unwrap_err().kind(), ErrorKind::Mode);
    /// assert_eq!(std::fs::read(&path).unwrap(), [1; 10]);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] where the system refuses, and outside Linux; the pages are as they were then, but
    /// the map is of no use any more.
    pub fn detach(&mut self) -> Result<()> {
        // SAFETY: as for `discard`: a live map lends nothing, and whoever made a stable map of a clone
        // has promised that no byte changes through any other.
        unsafe { self.region.detach() }
    }

    /// Takes the map for one that nobody writes or cuts short, so that references can be lent.
    ///
    /// # Safety
    ///
    /// For as long as the result lives, no byte of the mapped range may change and the file may not
    /// become shorter: by another process, by another map in this one, this map's clones and slices
    /// included, or by any other means.
    ///
    /// # Errors
    ///
    /// As [`check`](DynLiveMap::check), as far as it costs nothing.
    pub unsafe fn assume_stable(self) -> Result<DynMap> {
        self.region.require_pages()?;
        Ok(DynMap { region: self.region, layout: self.layout })
    }

    /// Takes the map for one that nobody else reads, writes or cuts short.
    ///
    /// # Safety
    ///
    /// As [`assume_stable`](DynLiveMap::assume_stable); and nobody else in this process may look at
    /// the mapped range either while it is lent for writing. Both hold for what the result gains by
    /// [`resize`](DynMapMut::resize) and [`append`](DynMapMut::append) too.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Mode`] in mode `r`; [`ErrorKind::Locked`] where somebody else writes the file.
    pub unsafe fn assume_stable_mut(self) -> Result<DynMapMut> {
        self.region.require_pages()?;
        self.name(self.region.mode().require_writable())?;
        self.name(self.region.lock_exclusively())?;
        Ok(DynMapMut { region: self.region, layout: self.layout })
    }

    /// Turns it into a map that lends references, where the kernel proves that nobody can change
    /// it: a memfd sealed against writing and shrinking in mode `r`, or memory that we made and
    /// that no clone or slice shares.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] where nothing proves it.
    pub fn try_into_map(mut self) -> Result<DynMap> {
        if self.region.is_immutable() || self.is_own_memory() {
            // SAFETY: the kernel keeps everybody from writing or shrinking a sealed memfd; memory of
            // our own can only be reached through this handle, which is given up.
            return unsafe { self.assume_stable() };
        }
        self.name(Err(unproved()))
    }

    /// Turns memory that we made, and that no clone or slice shares, into a map that lends
    /// references for writing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for every other map.
    pub fn try_into_map_mut(mut self) -> Result<DynMapMut> {
        if self.is_own_memory() {
            // SAFETY: it can only be reached through this handle, which is given up.
            return unsafe { self.assume_stable_mut() };
        }
        self.name(Err(unproved()))
    }

    fn is_own_memory(&mut self) -> bool {
        Arc::get_mut(&mut self.region).is_some_and(|region| region.is_memory())
    }
}

/// The value as it is stored in an array of this dtype.
fn stored<T: Element>(dtype: &DType, value: T) -> Result<T> {
    Ok(match conversion::<T>(dtype)? {
        Conversion::Native => value,
        Conversion::Swapped => value.swap_bytes(),
    })
}

fn unproved() -> Error {
    Error::new(ErrorKind::Unsupported, "nothing proves that nobody changes the file under the map")
        .expected("a memfd sealed against writing and shrinking, or memory of our own")
        .hint("if you can promise it, `unsafe { map.assume_stable() }` is the place to say so")
}

impl ReadAt for DynLiveMap {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.region.read_at(offset, buffer)
    }

    fn read_runs(&self, starts: &[u64], len: usize, buffer: &mut [u8]) -> Result<()> {
        self.region.read_runs(starts, len, buffer)
    }

    fn read_ahead(&self, ranges: &[Range<u64>]) {
        self.region.read_ahead(ranges);
    }

    fn are_in_memory(&self, bytes: &[u64]) -> bool {
        self.region.are_in_memory(bytes)
    }
}
