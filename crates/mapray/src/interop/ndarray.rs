//! Layouts as `ndarray` views.

use ndarray::{ArrayView, ArrayViewMut, Axis, Dimension, ShapeBuilder};

use crate::element::{Conversion, Element, conversion, packed_type, rust_type};
use crate::error::{Error, ErrorKind, Result};
use crate::layout::{Layout, display_shape};

/// A shape as a dimension type.
///
/// # Errors
///
/// [`ErrorKind::Shape`] where the type has another number of axes.
pub(crate) fn dimension<D: Dimension>(shape: &[usize]) -> Result<D> {
    if let Some(ndim) = D::NDIM.filter(|&ndim| ndim != shape.len()) {
        return Err(Error::new(ErrorKind::Shape, "the array has another number of axes")
            .expected(format!("{ndim} (Ix{ndim})"))
            .found(format!("{} in shape {}", shape.len(), display_shape(shape)))
            .hint(format!("use Ix{} or IxDyn", shape.len())));
    }
    let mut dim = D::zeros(shape.len());
    dim.slice_mut().copy_from_slice(shape);
    Ok(dim)
}

/// Checks that elements at `first` can be viewed in place as `T` by `ndarray`.
///
/// # Errors
///
/// [`ErrorKind::Dtype`] where the bytes mean something else, are in the other byte order or are not
/// aligned for `T`; [`ErrorKind::Shape`] where the strides are not whole elements.
pub(crate) fn require_viewable<T: Element>(layout: &Layout, first: *const u8) -> Result<()> {
    let dtype = layout.dtype();
    if conversion::<T>(dtype)? == Conversion::Swapped {
        let aligned = (first as usize).is_multiple_of(dtype.alignment().max(1));
        let advice = if aligned { rust_type(dtype) } else { packed_type(dtype) };
        return Err(Error::new(ErrorKind::Dtype, "the elements are in the other byte order")
            .expected(format!("dtype '{}'", T::dtype()))
            .found(format!("'{dtype}'"))
            .hint(format!("use {advice}, or read by value, which swaps them")));
    }
    if layout.is_empty() {
        return Ok(());
    }
    let odd = |&(&n, &stride): &(&usize, &isize)| {
        n > 1 && stride % layout.itemsize().max(1) as isize != 0
    };
    if let Some((_, stride)) = layout.shape().iter().zip(layout.strides()).find(odd) {
        return Err(Error::new(ErrorKind::Shape, "the strides are not whole elements")
            .expected(format!("multiples of {} bytes", layout.itemsize()))
            .found(format!("{stride} bytes"))
            .hint("a dynamic view takes any strides, and reading by value too"));
    }
    if !(first as usize).is_multiple_of(align_of::<T>()) {
        return Err(Error::new(ErrorKind::Dtype, "the elements are not aligned")
            .at_offset(layout.offset())
            .expected(format!("a multiple of {} bytes for {}", align_of::<T>(), rust_type(dtype)))
            .found(format!("a remainder of {}", first as usize % align_of::<T>()))
            .hint(format!("use {}, which needs no alignment", packed_type(dtype))));
    }
    Ok(())
}

/// Checks, before a file is touched, that a map of it will be viewable as an array of `T`. The first
/// byte of a page is aligned for every type, so the byte of the file tells of the address.
///
/// # Errors
///
/// As [`view`].
pub(crate) fn require_mappable<T: Element, D: Dimension>(layout: &Layout) -> Result<()> {
    let at = if layout.nbytes() == 0 { 0 } else { layout.offset() as usize };
    require_viewable::<T>(layout, std::ptr::without_provenance(at))?;
    dimension::<D>(layout.shape()).map(drop)
}

/// As [`require_mappable`], of a map that can be written.
///
/// # Errors
///
/// As [`view_mut`].
pub(crate) fn require_mappable_mut<T: Element, D: Dimension>(layout: &Layout) -> Result<()> {
    require_mappable::<T, D>(layout)?;
    require_apart(layout)
}

fn require_apart(layout: &Layout) -> Result<()> {
    if !layout.may_overlap() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Shape, "elements share bytes, so none can be lent alone")
        .found(format!("strides {:?}", layout.strides()))
        .hint("a live map can write them by value"))
}

/// Shape and strides as ndarray wants them to start with: the strides of axes that run backwards
/// made positive, and the byte by which that moves the first element.
fn forwards<D: Dimension>(layout: &Layout) -> Result<(D, D, isize)> {
    let dim: D = dimension(layout.shape())?;
    let mut strides = dim.clone();
    let mut moved = 0;
    if layout.itemsize() == 0 {
        // Elements of no bytes lie anywhere. ndarray asks that they lie apart where they can be
        // written, so they do as in C order.
        let mut stride = 1;
        for axis in (0..layout.ndim()).rev() {
            strides[axis] = stride;
            stride *= layout.shape()[axis];
        }
        return Ok((dim, strides, moved));
    }
    let itemsize = layout.itemsize() as isize;
    for (axis, &stride) in layout.strides().iter().enumerate() {
        let n = layout.shape()[axis];
        // ndarray never steps along an axis of one element.
        strides[axis] = if n > 1 { (stride / itemsize).unsigned_abs() } else { 0 };
        if stride < 0 && n > 1 {
            moved += (n as isize - 1) * stride;
        }
    }
    Ok((dim, strides, moved))
}

/// The axes that run backwards.
fn backwards(layout: &Layout) -> impl Iterator<Item = Axis> {
    let axes = layout.shape().iter().zip(layout.strides()).enumerate();
    axes.filter(|&(_, (&n, &stride))| n > 1 && stride < 0).map(|(axis, _)| Axis(axis))
}

/// The elements at `first` as an array.
///
/// # Safety
///
/// For all of `'a` the elements of the layout, the first of which lies at `first`, must stay
/// readable and must not change.
pub(crate) unsafe fn view<'a, T: Element, D: Dimension>(
    layout: &Layout,
    first: *const u8,
) -> Result<ArrayView<'a, T, D>> {
    require_viewable::<T>(layout, first)?;
    let (dim, strides, moved) = forwards::<D>(layout)?;
    if layout.is_empty() {
        let empty = ArrayView::from_shape(dim, &[]);
        return Ok(empty.expect("a shape with a zero needs no elements"));
    }
    let lowest = first.wrapping_offset(moved).cast::<T>();
    // SAFETY: `require_viewable` checked alignment, byte order and strides; a layout's elements lie
    // within an isize of each other; the caller vouches for the memory.
    let mut view = unsafe { ArrayView::from_shape_ptr(dim.strides(strides), lowest) };
    backwards(layout).for_each(|axis| view.invert_axis(axis));
    Ok(view)
}

/// The elements at `first` as an array that can be written.
///
/// # Safety
///
/// For all of `'a` the elements of the layout, the first of which lies at `first`, must stay
/// readable and writable, and nobody else may touch them.
pub(crate) unsafe fn view_mut<'a, T: Element, D: Dimension>(
    layout: &Layout,
    first: *mut u8,
) -> Result<ArrayViewMut<'a, T, D>> {
    require_viewable::<T>(layout, first)?;
    require_apart(layout)?;
    let (dim, strides, moved) = forwards::<D>(layout)?;
    if layout.is_empty() {
        let empty = ArrayViewMut::from_shape(dim, &mut []);
        return Ok(empty.expect("a shape with a zero needs no elements"));
    }
    let lowest = first.wrapping_offset(moved).cast::<T>();
    // SAFETY: as in `view`; no two elements overlap, and the caller vouches for the memory.
    let mut view = unsafe { ArrayViewMut::from_shape_ptr(dim.strides(strides), lowest) };
    backwards(layout).for_each(|axis| view.invert_axis(axis));
    Ok(view)
}

/// Where the elements of an array in memory lie: relative to its lowest element, which is returned
/// too.
pub(crate) fn layout_of<T: Element, D: Dimension>(
    array: &ndarray::ArrayRef<T, D>,
) -> Result<(*const u8, Layout)> {
    let itemsize = size_of::<T>() as isize;
    // Along axes of one element, and in empty arrays, any stride goes and none is ever used.
    let axes = array.shape().iter().zip(array.strides());
    let strides: Vec<isize> = axes
        .map(|(&n, &stride)| if n > 1 && !array.is_empty() { stride * itemsize } else { itemsize })
        .collect();
    let back = array.shape().iter().zip(&strides).filter(|&(&n, &stride)| n > 1 && stride < 0);
    let offset: u64 = back.map(|(&n, &stride)| (n as u64 - 1) * stride.unsigned_abs() as u64).sum();
    let layout = Layout::strided(T::dtype(), array.shape(), &strides, offset)?;
    Ok((array.as_ptr().cast::<u8>().wrapping_sub(offset as usize), layout))
}
