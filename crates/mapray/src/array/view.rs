//! Arrays of a dtype known at run time over memory that is lent.

use std::marker::PhantomData;
use std::ops::Range;

use bytemuck::NoUninit;
use ndarray::{Array, ArrayRef, ArrayView, ArrayViewMut, Dimension};

use crate::array::read;
use crate::array::stored::with_bytes;
use crate::dtype::DType;
use crate::element::{Conversion, Element, WritableElement, conversion};
use crate::error::{Error, ErrorKind, Result};
use crate::interop::ndarray::{layout_of, view, view_mut};
use crate::layout::{Layout, Slice};
use crate::map::{self, require_whole};
use crate::source::ReadAt;

/// An array of any dtype over memory that is lent for `'a`: by byte strides, so that fields of
/// records, unaligned and foreign-endian elements are as good as any other.
///
/// ```
/// use mapray::{DynView, Layout, Order};
///
/// let bytes = [0, 0, 1, 0, 2, 0, 3, 0, 4];
/// let layout = Layout::contiguous(">u2".parse()?, &[2, 2], Order::C, 1)?;
/// let view = DynView::new(&bytes, layout)?;
/// assert_eq!(view.get::<u16>(&[1, 1])?, 4);
/// let column = view.slice(&"[:, 0]".parse()?)?;
/// assert_eq!(column.to_array::<u16, ndarray::Ix1>()?.to_vec(), [1, 3]);
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DynView<'a> {
    /// The address of byte 0 of the layout, which may lie before the memory that is lent.
    base: *const u8,
    layout: Layout,
    lent: PhantomData<&'a [u8]>,
}

// SAFETY: a view stands for a `&'a [u8]`.
unsafe impl Send for DynView<'_> {}
// SAFETY: as above.
unsafe impl Sync for DynView<'_> {}

impl<'a> DynView<'a> {
    /// An array over a buffer: NumPy's `ndarray(shape, dtype, buffer, offset, strides, order)`.
    /// The layout's offset counts from the start of the buffer.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] where an element would lie outside the buffer; [`ErrorKind::Dtype`] for
    /// Python objects.
    pub fn new(buffer: &'a [u8], layout: Layout) -> Result<DynView<'a>> {
        require_inside(&layout, buffer.len())?;
        // SAFETY: all elements lie in `buffer`, which is borrowed for `'a`.
        Ok(unsafe { DynView::from_raw(buffer.as_ptr(), layout) })
    }

    /// A run of elements of a buffer: NumPy's `frombuffer(buffer, dtype, count, offset)`. Without a
    /// `count`, as many as there are.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] where the buffer has no such bytes, or no whole number of elements;
    /// [`ErrorKind::Dtype`] for Python objects and for elements of no bytes.
    pub fn from_buffer(
        buffer: &'a [u8],
        dtype: DType,
        count: Option<usize>,
        offset: usize,
    ) -> Result<DynView<'a>> {
        DynView::new(buffer, buffer_layout(buffer.len(), dtype, count, offset)?)
    }

    /// An `ndarray` array as one of a dtype known at run time.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] for more than 64 axes.
    pub fn from_array<T: Element + NoUninit, D: Dimension>(
        array: &'a ArrayRef<T, D>,
    ) -> Result<DynView<'a>> {
        let (lowest, layout) = layout_of(array)?;
        // SAFETY: the layout is that of `array`, borrowed for `'a`; `T` is `NoUninit`, so every byte
        // of it can be read.
        Ok(unsafe { DynView::from_raw(lowest, layout) })
    }

    /// # Safety
    ///
    /// For all of `'a`, the elements of the layout, byte 0 of which lies at `base`, must stay
    /// readable and must not change.
    pub(crate) unsafe fn from_raw(base: *const u8, layout: Layout) -> DynView<'a> {
        DynView { base, layout, lent: PhantomData }
    }

    fn first(&self) -> *const u8 {
        self.base.wrapping_add(self.layout.offset() as usize)
    }

    /// Where the elements lie.
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

    /// A part of the array, by NumPy's basic indexing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`], as NumPy's `IndexError`.
    pub fn slice(&self, slice: &Slice) -> Result<DynView<'a>> {
        Ok(DynView { layout: self.layout.slice(slice)?, ..*self })
    }

    /// One field of each record.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] where there is no such field.
    pub fn field(&self, name: &str) -> Result<DynView<'a>> {
        Ok(DynView { layout: self.layout.field(name)?, ..*self })
    }

    /// The bytes of the element at `index`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`] outside the shape.
    pub fn element(&self, index: &[usize]) -> Result<&'a [u8]> {
        let at = self.layout.require(index)?;
        // SAFETY: the element is one of the layout's, lent for `'a`.
        Ok(unsafe {
            std::slice::from_raw_parts(self.base.wrapping_add(at as usize), self.layout.itemsize())
        })
    }

    /// The element at `index`, by value, in the byte order of this machine.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`] outside the shape, [`ErrorKind::Dtype`] where `T` is not what the
    /// elements are.
    pub fn get<T: Element>(&self, index: &[usize]) -> Result<T> {
        read::get_with(&self.layout, index, |at, bytes| {
            bytes.copy_from_slice(self.element(index)?);
            require_whole(self.base, at..at + bytes.len() as u64)
        })
    }

    /// The elements in place, as an `ndarray` view.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] where `T` is not what the elements are, or they are not aligned or in
    /// the other byte order: the error names the type that views them. [`ErrorKind::Shape`] where
    /// `D` has another number of axes, or the strides are not whole elements.
    pub fn typed<T: Element, D: Dimension>(&self) -> Result<ArrayView<'a, T, D>> {
        // SAFETY: this view's own promise.
        unsafe { view(&self.layout, self.first()) }
    }

    /// A copy in main memory, in the byte order of this machine.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] where `T` is not what the elements are, [`ErrorKind::Shape`] where `D`
    /// has another number of axes.
    pub fn to_array<T: Element, D: Dimension>(&self) -> Result<Array<T, D>> {
        read::read_array(self, &self.layout)
    }

    /// The elements as they lie, copied in C order.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] where the buffer does not have their size.
    pub fn read_bytes(&self, buffer: &mut [u8]) -> Result<()> {
        read::require_shape(&[self.layout.nbytes()], &[buffer.len()])?;
        read::read_shared(self, &self.layout, buffer)
    }
}

impl ReadAt for DynView<'_> {
    /// Gaps between the elements are not lent: the buffer keeps what it has for them.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let span = self.layout.span();
        let end = offset.checked_add(buffer.len() as u64).filter(|&end| end <= span.end);
        let end = end.filter(|_| span.start <= offset).expect("bytes of the array");
        if buffer.is_empty() || self.layout.itemsize() == 0 {
            return Ok(());
        }
        self.layout.for_each_range(0, &mut |run| {
            let run = run.start.max(offset)..run.end.min(end);
            if !run.is_empty() {
                let (first, len) = (run.start - offset, (run.end - run.start) as usize);
                let to = &mut buffer[first as usize..][..len];
                let from = self.base.wrapping_add(run.start as usize);
                // SAFETY: a run that elements fill, which are lent; `to` is as long.
                unsafe { to.as_mut_ptr().copy_from_nonoverlapping(from, len) };
            }
            Ok(())
        })?;
        require_whole(self.base, offset..end)
    }

    fn read_ahead(&self, ranges: &[Range<u64>]) {
        map::read_ahead(self.base, ranges);
    }

    fn are_in_memory(&self, bytes: &[u64]) -> bool {
        map::are_in_memory(self.base, bytes)
    }

    fn in_memory(&self, layout: &Layout) -> Option<*const u8> {
        let (own, part) = (self.layout.span(), layout.span());
        assert!(layout.is_empty() || own.start <= part.start && part.end <= own.end);
        Some(self.base)
    }
}

/// An array of any dtype over memory that is lent for writing: [`DynView`] with stores.
///
/// ```
/// use mapray::{DynViewMut, Layout, Order};
///
/// let mut bytes = [0; 8];
/// let layout = Layout::contiguous(">u2".parse()?, &[4], Order::C, 0)?;
/// let mut view = DynViewMut::new(&mut bytes, layout)?;
/// view.set(&[1], 0x0102_u16)?;
/// assert_eq!(bytes, [0, 0, 1, 2, 0, 0, 0, 0]);
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Debug)]
pub struct DynViewMut<'a> {
    base: *mut u8,
    layout: Layout,
    lent: PhantomData<&'a mut [u8]>,
}

// SAFETY: a view stands for a `&'a mut [u8]`.
unsafe impl Send for DynViewMut<'_> {}
// SAFETY: as above.
unsafe impl Sync for DynViewMut<'_> {}

impl<'a> DynViewMut<'a> {
    /// An array over a buffer: as [`DynView::new`].
    ///
    /// # Errors
    ///
    /// As [`DynView::new`].
    pub fn new(buffer: &'a mut [u8], layout: Layout) -> Result<DynViewMut<'a>> {
        require_inside(&layout, buffer.len())?;
        // SAFETY: all elements lie in `buffer`, which is borrowed for `'a`.
        Ok(unsafe { DynViewMut::from_raw(buffer.as_mut_ptr(), layout) })
    }

    /// A run of elements of a buffer: as [`DynView::from_buffer`].
    ///
    /// # Errors
    ///
    /// As [`DynView::from_buffer`].
    pub fn from_buffer(
        buffer: &'a mut [u8],
        dtype: DType,
        count: Option<usize>,
        offset: usize,
    ) -> Result<DynViewMut<'a>> {
        let layout = buffer_layout(buffer.len(), dtype, count, offset)?;
        DynViewMut::new(buffer, layout)
    }

    /// # Safety
    ///
    /// For all of `'a`, the elements of the layout, byte 0 of which lies at `base`, must stay
    /// readable and writable, and nobody else may touch them.
    pub(crate) unsafe fn from_raw(base: *mut u8, layout: Layout) -> DynViewMut<'a> {
        DynViewMut { base, layout, lent: PhantomData }
    }

    /// The same array, read only.
    pub fn as_view(&self) -> DynView<'_> {
        // SAFETY: while `self` is borrowed nothing is stored through it.
        unsafe { DynView::from_raw(self.base, self.layout.clone()) }
    }

    /// Where the elements lie.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// A part of the array, by NumPy's basic indexing; use
    /// [`reborrow`](DynViewMut::reborrow) first to keep the whole.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`], as NumPy's `IndexError`.
    pub fn slice(self, slice: &Slice) -> Result<DynViewMut<'a>> {
        Ok(DynViewMut { layout: self.layout.slice(slice)?, ..self })
    }

    /// One field of each record.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] where there is no such field.
    pub fn field(self, name: &str) -> Result<DynViewMut<'a>> {
        Ok(DynViewMut { layout: self.layout.field(name)?, ..self })
    }

    /// The same view, for a shorter time.
    pub fn reborrow(&mut self) -> DynViewMut<'_> {
        DynViewMut { base: self.base, layout: self.layout.clone(), lent: PhantomData }
    }

    /// Stores the element at `index`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`] outside the shape, [`ErrorKind::Dtype`] where `T` is not what the
    /// elements are.
    pub fn set<T: WritableElement>(&mut self, index: &[usize], value: T) -> Result<()> {
        let value = match conversion::<T>(self.layout.dtype())? {
            Conversion::Native => value,
            Conversion::Swapped => value.swap_bytes(),
        };
        let to = self.base.wrapping_add(self.layout.require(index)? as usize);
        with_bytes(&value, |bytes| {
            // SAFETY: the element is one of the layout's, as long as `T` (`conversion` checked), and
            // lent to this view alone.
            unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), size_of::<T>()) };
        });
        Ok(())
    }

    /// The elements in place, as an `ndarray` view that can be written.
    ///
    /// # Errors
    ///
    /// As [`DynView::typed`], and [`ErrorKind::Shape`] where elements share bytes.
    pub fn typed<T: Element + NoUninit, D: Dimension>(self) -> Result<ArrayViewMut<'a, T, D>> {
        let first = self.base.wrapping_add(self.layout.offset() as usize);
        // SAFETY: this view's own promise; it is given up.
        unsafe { view_mut(&self.layout, first) }
    }
}

fn require_inside(layout: &Layout, len: usize) -> Result<()> {
    require_plain(layout.dtype())?;
    let span = layout.span();
    if span.end <= len as u64 {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Shape, "the buffer is too small for the array")
        .expected(format!("at least {} bytes", span.end))
        .found(len))
}

/// Refuses elements that are not plain bytes.
pub(crate) fn require_plain(dtype: &DType) -> Result<()> {
    if !dtype.has_objects() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Dtype, "Python objects cannot be read or mapped")
        .found(format!("dtype {dtype}"))
        .hint("they are stored as a pickle, and unpickling runs code that the file brings along"))
}

/// NumPy's rules for `frombuffer`.
fn buffer_layout(len: usize, dtype: DType, count: Option<usize>, offset: usize) -> Result<Layout> {
    let shape_error = |message: &str| Error::new(ErrorKind::Shape, message);
    let itemsize = dtype.itemsize();
    if itemsize == 0 {
        return Err(Error::new(ErrorKind::Dtype, "elements of no bytes cannot be counted")
            .found(format!("dtype '{dtype}'")));
    }
    let rest = len.checked_sub(offset).ok_or_else(|| {
        shape_error("the offset lies behind the end of the buffer")
            .expected(format!("at most {len}"))
            .found(offset)
    })?;
    let count = match count {
        Some(count) => count,
        None if rest.is_multiple_of(itemsize) => rest / itemsize,
        None => {
            return Err(shape_error("the buffer is no whole number of elements")
                .expected(format!("a multiple of {itemsize} bytes"))
                .found(rest));
        }
    };
    Layout::contiguous(dtype, &[count], Default::default(), offset as u64)
}
