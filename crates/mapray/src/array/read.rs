//! Elements by value: copied out of anything that bytes can be read from.

use std::mem::MaybeUninit;

use bytemuck::Zeroable;
use ndarray::{Array, ArrayD, ArrayView, Dimension, ShapeBuilder};

use crate::array::copy::{Place, copy_strided};
use crate::dtype::DType;
use crate::element::{Conversion, Element, conversion};
use crate::error::{Error, ErrorKind, Result};
use crate::interop::ndarray::dimension;
use crate::layout::{Layout, Order, display_shape};
use crate::map::require_whole;
use crate::source::ReadAt;

/// How much is read at once where elements do not lie side by side.
pub(crate) const BLOCK: usize = 1 << 20;

/// A gap that takes about as long to read as another call.
const GAP: u64 = 8 << 10;

/// Copies the elements of `layout`, as they lie, into `out` in C order.
pub(crate) fn read_bytes(
    from: &(impl ReadAt + ?Sized),
    layout: &Layout,
    out: &mut [u8],
) -> Result<()> {
    assert_eq!(out.len(), layout.nbytes());
    let target = Layout::contiguous(layout.dtype().clone(), layout.shape(), Order::C, 0)?;
    let first = out.as_mut_ptr();
    if let Some(base) = from.in_memory(layout) {
        let at = base.wrapping_add(layout.offset() as usize);
        let from = Place { first: at, strides: layout.strides().to_vec() };
        let to = Place { first, strides: target.strides().to_vec() };
        // SAFETY: the elements of the layout are lent to be read; `out` has room for as many, and
        // is this call's own.
        unsafe { copy_strided(from, to, layout.shape(), layout.itemsize()) };
        return require_whole(base, layout.span());
    }
    if layout.is_contiguous(Order::C) {
        return if out.is_empty() { Ok(()) } else { from.read_at(layout.offset(), out) };
    }
    let mut buffer = Vec::new();
    let (near, _) = layout.near(GAP);
    layout.for_each_block(BLOCK.min(near as usize), &mut |block| {
        let span = block.layout.span();
        buffer.resize((span.end - span.start) as usize, 0);
        from.read_at(span.start, &mut buffer)?;
        let at = (block.layout.offset() - span.start) as usize;
        let place = target.element(&block.start).expect("blocks lie inside their array") as usize;
        let from = Place { first: &raw const buffer[at], strides: block.layout.strides().to_vec() };
        let to = Place { first: first.wrapping_add(place), strides: target.strides().to_vec() };
        // SAFETY: `buffer` holds the whole span of the block; `out` holds all of `target`, and
        // both are this call's own, apart from each other.
        unsafe { copy_strided(from, to, block.layout.shape(), layout.itemsize()) };
        Ok(())
    })
}

/// The elements as an array in main memory, in the byte order of this machine. It keeps Fortran's
/// order where the elements lie in it.
pub(crate) fn read_array<T: Element, D: Dimension>(
    from: &impl ReadAt,
    layout: &Layout,
) -> Result<Array<T, D>> {
    let order = layout.save_order();
    new_array(layout.dtype(), layout.shape(), order, |bytes| match order {
        Order::C => read_bytes(from, layout, bytes),
        Order::F => read_bytes(from, &layout.transposed(), bytes),
    })
}

/// A new array in the byte order of this machine, of elements of `dtype` that `fill` stores side by
/// side in this order.
pub(super) fn new_array<T: Element, D: Dimension>(
    dtype: &DType,
    shape: &[usize],
    order: Order,
    fill: impl FnOnce(&mut [u8]) -> Result<()>,
) -> Result<Array<T, D>> {
    let conversion = conversion::<T>(dtype)?;
    let dim: D = dimension(shape)?;
    let mut values = zeroed::<T>(shape.iter().product())?;
    fill(as_bytes_mut(&mut values))?;
    // Of elements of no bytes there can be more than a loop comes to the end of.
    if conversion == Conversion::Swapped && size_of::<T>() > 0 {
        values.iter_mut().for_each(|value| *value = value.swap_bytes());
    }
    Ok(Array::from_shape_vec(dim.set_f(order == Order::F), values)
        .expect("as many values as the shape asks for"))
}

/// Hands out the array in blocks of at most `max_bytes` bytes, with the index of the first element
/// of each, in the order of the file.
pub(crate) fn for_each_block<T: Element>(
    from: &impl ReadAt,
    layout: &Layout,
    max_bytes: usize,
    mut work: impl FnMut(&[usize], ArrayD<T>) -> Result<()>,
) -> Result<()> {
    conversion::<T>(layout.dtype())?;
    layout.for_each_block(max_bytes.max(1), &mut |block| {
        work(&block.start, read_array(from, &block.layout)?)
    })
}

/// The element at `index`, by value.
pub(crate) fn get<T: Element>(from: &impl ReadAt, layout: &Layout, index: &[usize]) -> Result<T> {
    get_with(layout, index, |at, bytes| from.read_at(at, bytes))
}

/// As [`get`], of bytes that `read` fetches from a place.
pub(super) fn get_with<T: Element>(
    layout: &Layout,
    index: &[usize],
    read: impl FnOnce(u64, &mut [u8]) -> Result<()>,
) -> Result<T> {
    let conversion = conversion::<T>(layout.dtype())?;
    let at = layout.require(index)?;
    let mut value = MaybeUninit::<T>::uninit();
    let first = value.as_mut_ptr().cast::<u8>();
    // SAFETY: the pointer leads to a `T` of our own.
    unsafe { first.write_bytes(0, size_of::<T>()) };
    // SAFETY: as above; all its bytes have just been set, padding included.
    let bytes = unsafe { std::slice::from_raw_parts_mut(first, size_of::<T>()) };
    read(at, bytes)?;
    // SAFETY: all its bytes are set, and any bytes are a `T`, which is `AnyBitPattern`.
    let value = unsafe { value.assume_init() };
    Ok(if conversion == Conversion::Swapped { value.swap_bytes() } else { value })
}

/// Fills `target`, an array of the same shape, by value.
pub(crate) fn read_into<T: Element, D: Dimension>(
    from: &impl ReadAt,
    layout: &Layout,
    target: &mut ndarray::ArrayRef<T, D>,
) -> Result<()> {
    require_shape(layout.shape(), target.shape())?;
    let mut target = target.view_mut().into_dyn();
    for_each_block(from, layout, BLOCK, |start, block: ArrayD<T>| {
        let mut part = target.view_mut();
        for (axis, (&first, &n)) in start.iter().zip(block.shape()).enumerate() {
            let range = ndarray::Slice::from(first..first + n);
            part.slice_axis_inplace(ndarray::Axis(axis), range);
        }
        let block: ArrayView<T, _> = block.view();
        part.assign(&block);
        Ok(())
    })
}

pub(crate) fn require_shape(expected: &[usize], found: &[usize]) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Shape, "the shapes differ")
        .expected(display_shape(expected))
        .found(display_shape(found)))
}

/// Memory for `len` elements, all bytes zero. An error where there is not that much.
pub(super) fn zeroed<T: Zeroable>(len: usize) -> Result<Vec<T>> {
    bytemuck::allocation::try_zeroed_vec(len).map_err(|()| {
        Error::new(ErrorKind::Io, "there is not enough memory for a copy of the array")
            .expected(format!("{} bytes", len.saturating_mul(size_of::<T>())))
            .hint("map it, or read it in blocks")
    })
}

/// The bytes of values that were made from zeroed memory and not moved since, padding included.
fn as_bytes_mut<T: Element>(values: &mut [T]) -> &mut [u8] {
    let len = size_of_val(values);
    // SAFETY: the range is that of `values`, borrowed for as long; every byte of it is initialised,
    // since it was zeroed as a whole; any bytes stored are a `T`, which is `AnyBitPattern`.
    unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), len) }
}
