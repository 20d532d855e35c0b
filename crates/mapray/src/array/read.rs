//! Elements by value: copied out of anything that bytes can be read from.

use std::mem::MaybeUninit;

use bytemuck::{AnyBitPattern, Zeroable};
use ndarray::{Array, ArrayD, ArrayView, Dimension, ShapeBuilder};

use crate::array::copy::{Place, copy_strided};
use crate::dtype::DType;
use crate::element::{Conversion, Element, conversion};
use crate::error::{Error, ErrorKind, Result};
use crate::interop::ndarray::dimension;
use crate::layout::{Layout, Order, display_shape, for_each_slab};
use crate::map::require_whole;
use crate::simd::{self, Kernel};
use crate::source::{Ahead, ReadAt};
use crate::{sys, threads};

/// How much is read at once where elements do not lie side by side.
pub(crate) const BLOCK: usize = 1 << 20;

/// What a thread takes at once: a huge page.
const PIECE: usize = 2 << 20;

/// How much a thread reads before it goes over it again.
const CACHED: usize = 128 << 10;

/// The same where elements are brought into another order: enough for the runs that are read to be
/// long.
const SLAB: usize = 4 << 20;

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

/// As [`read_bytes`], on several threads where that is worth it.
pub(crate) fn read_shared(from: &dyn ReadAt, layout: &Layout, out: &mut [u8]) -> Result<()> {
    // Any bytes are bytes.
    read_pieces::<u8>(from, layout, out, None)
}

/// Copies elements of `size_of::<T>()` bytes, or of several `T`s, as they lie, into `out` in C order, on
/// several threads, and lets `finish` work on each piece while it is in the cache.
fn read_pieces<T: AnyBitPattern + Send>(
    from: &dyn ReadAt,
    layout: &Layout,
    out: &mut [T],
    finish: Option<Finish<'_, T>>,
) -> Result<()> {
    let finished = |piece: &mut [T]| {
        if let Some(finish) = finish {
            finish(piece);
        }
    };
    if size_of_val(out) <= threads::WORTHWHILE {
        read_bytes(from, layout, as_bytes_mut(out))?;
        finished(out);
        return Ok(());
    }
    if layout.is_contiguous(Order::C) {
        let lying = layout.dtype().itemsize().max(1);
        let pieces = pieces(out, lying);
        let ahead = Ahead::new(from, layout.span());
        let waits = from.waits();
        let at_once = if finish.is_some() && !waits { CACHED } else { PIECE } / size_of::<T>();
        return threads::for_each_read(
            waits,
            usize::MAX,
            pieces,
            || (),
            |(), (at, piece)| {
                let mut at = layout.offset() + at as u64;
                ahead.pass(at..at + size_of_val(piece) as u64);
                for part in piece.chunks_mut(at_once.max(1)) {
                    read_lying(from, layout, at, as_bytes_mut(part))?;
                    finished(part);
                    at += size_of_val(part) as u64;
                }
                Ok(())
            },
        );
    }
    if from.in_memory(layout).is_none() {
        // Blocks of the file are read in its own order.
        read_bytes(from, layout, as_bytes_mut(out))?;
        let pieces = pieces(out, 1);
        return threads::for_each(
            usize::MAX,
            pieces,
            || (),
            |(), (_, piece)| {
                finished(piece);
                Ok(())
            },
        );
    }
    let mut slabs = Vec::new();
    let (itemsize, mut rest) = (layout.itemsize(), out);
    for_each_slab(layout.shape(), SLAB / itemsize.max(1), &mut |tile| {
        let part = layout.tile(tile);
        let (now, later) = std::mem::take(&mut rest).split_at_mut(part.nbytes() / size_of::<T>());
        rest = later;
        slabs.push((part, now));
        Ok(())
    })?;
    threads::for_each(
        usize::MAX,
        slabs.into_iter(),
        || (),
        |(), (part, out)| {
            read_bytes(from, &part, as_bytes_mut(out))?;
            finished(out);
            Ok(())
        },
    )
}

/// Copies bytes from `at` on, all of which are elements'.
fn read_lying(from: &dyn ReadAt, layout: &Layout, at: u64, out: &mut [u8]) -> Result<()> {
    let Some(base) = from.in_memory(layout) else { return from.read_at(at, out) };
    let bytes = at..at + out.len() as u64;
    // SAFETY: elements that lie side by side, which are lent to be read; `out` is this call's own.
    unsafe { out.as_mut_ptr().copy_from_nonoverlapping(base.wrapping_add(at as usize), out.len()) };
    require_whole(base, bytes)
}

/// Parts of `out` that end where a huge page does, as nearly as whole elements of `lying` bytes
/// allow, so that no two threads ask for the same one; with each the byte that it starts at.
fn pieces<T: Send>(out: &mut [T], lying: usize) -> impl Iterator<Item = (usize, &mut [T])> + Send {
    let size = size_of::<T>();
    let step = lying.max(size) / size.max(1);
    let (mut rest, mut at) = (out, 0);
    std::iter::from_fn(move || {
        let left = PIECE - rest.as_ptr().addr() % PIECE;
        let n = (left / size).next_multiple_of(step.max(1)).min(rest.len());
        let (now, later) = std::mem::take(&mut rest).split_at_mut(n);
        rest = later;
        let start = at;
        at += n * size;
        (n > 0).then_some((start, now))
    })
}

/// The elements as an array in main memory, in the byte order of this machine. It keeps Fortran's
/// order where the elements lie in it.
pub(crate) fn read_array<T: Element, D: Dimension>(
    from: &impl ReadAt,
    layout: &Layout,
) -> Result<Array<T, D>> {
    let order = layout.save_order();
    new_array(layout.dtype(), layout.shape(), order, 0, |values, finish| match order {
        Order::C => read_pieces(from, layout, values, finish),
        Order::F => read_pieces(from, &layout.transposed(), values, finish),
    })
}

/// A new array in the byte order of this machine, of elements of `dtype` that `fill` stores side by
/// side in this order; where it is given a function, it calls that on each of them, once. So many values
/// in front of them are left out again.
fn new_array<T: Element, D: Dimension>(
    dtype: &DType,
    shape: &[usize],
    order: Order,
    lead: usize,
    fill: impl FnOnce(&mut [T], Option<Finish<'_, T>>) -> Result<()>,
) -> Result<Array<T, D>> {
    let conversion = conversion::<T>(dtype)?;
    let dim: D = dimension(shape)?;
    let mut values = zeroed::<T>(lead + shape.iter().product::<usize>())?;
    // Of elements of no bytes there can be more than a loop comes to the end of.
    let swaps = conversion == Conversion::Swapped && size_of::<T>() > 0;
    fill(&mut values, if swaps { Some(&swap) } else { None })?;
    values.drain(..lead);
    Ok(Array::from_shape_vec(dim.set_f(order == Order::F), values)
        .expect("as many values as the shape asks for"))
}

/// As [`new_array`], of elements whose bytes `fill` stores in one go, behind so many bytes that are as long
/// as some values.
pub(super) fn new_array_of_bytes<T: Element, D: Dimension>(
    dtype: &DType,
    shape: &[usize],
    order: Order,
    lead: usize,
    fill: impl FnOnce(&mut [u8]) -> Result<()>,
) -> Result<Array<T, D>> {
    let lead = lead.checked_div(size_of::<T>()).unwrap_or(0);
    new_array(dtype, shape, order, lead, |values, finish| {
        fill(as_bytes_mut(values))?;
        if let Some(finish) = finish {
            finish(values);
        }
        Ok(())
    })
}

/// What is done to values once their bytes are there.
type Finish<'a, T> = &'a (dyn Fn(&mut [T]) + Sync);

/// Reverses the byte order of all values.
pub(crate) fn swap<T: Element>(values: &mut [T]) {
    struct Swap<'a, T>(&'a mut [T]);
    impl<T: Element> Kernel for Swap<'_, T> {
        #[inline(always)]
        fn run(self) {
            self.0.iter_mut().for_each(|value| *value = value.swap_bytes());
        }
    }
    simd::dispatch(Swap(values));
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
    let mut values: Vec<T> = bytemuck::allocation::try_zeroed_vec(len).map_err(|()| {
        Error::new(ErrorKind::Io, "there is not enough memory for a copy of the array")
            .expected(format!("{} bytes", len.saturating_mul(size_of::<T>())))
            .hint("map it, or read it in blocks")
    })?;
    sys::prefer_huge_pages(values.as_mut_ptr().cast(), size_of_val(&*values));
    Ok(values)
}

/// The bytes of values that were made from zeroed memory and not moved since, padding included.
fn as_bytes_mut<T: AnyBitPattern>(values: &mut [T]) -> &mut [u8] {
    let len = size_of_val(values);
    // SAFETY: the range is that of `values`, borrowed for as long; every byte of it is initialised,
    // since it was zeroed as a whole; any bytes stored are a `T`, which is `AnyBitPattern`.
    unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), len) }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Ix2, s};

    use super::*;
    use crate::array::{ArrayFile, DynView};
    use crate::map::Mode;

    /// More than one thread takes on.
    fn large() -> Array2<u32> {
        Array2::from_shape_fn((1111, 703), |(i, j)| (i * 65_537 + j) as u32)
    }

    #[test]
    fn what_several_threads_load_is_what_was_saved() {
        let folder = tempfile::tempdir().unwrap();
        let array = large();
        let swapped = array.mapv(u32::swap_bytes);
        for (name, stored, dtype) in [("native", &array, "<u4"), ("swapped", &swapped, ">u4")] {
            let path = folder.path().join(name);
            // Two bytes in front of the elements, so that none is aligned.
            let bytes = stored.iter().flat_map(|value| value.to_le_bytes());
            std::fs::write(&path, [0; 2].into_iter().chain(bytes).collect::<Vec<u8>>()).unwrap();
            let options = crate::MapOptions::new().dtype(dtype.parse().unwrap());
            let file = options.offset(2).shape([1111, 703]).file(&path).unwrap();
            assert_eq!(file.to_array::<u32, Ix2>().unwrap(), array);
            if cfg!(all(target_os = "linux", not(mapray_portable))) {
                let live = file.map_live::<u32, Ix2>(Mode::Read).unwrap();
                assert_eq!(live.to_array().unwrap(), array);
            }
            let bytes = std::fs::read(&path).unwrap();
            let view = DynView::new(&bytes, file.layout().clone()).unwrap();
            assert_eq!(view.to_array::<u32, Ix2>().unwrap(), array);
            for part in ["[:, ::-1]", "[::2, 1:]", "[::-1]"] {
                let part: crate::Slice = part.parse().unwrap();
                let expected = DynView::from_array(&array).unwrap().slice(&part).unwrap();
                let expected = expected.typed::<u32, Ix2>().unwrap();
                assert_eq!(view.slice(&part).unwrap().to_array::<u32, Ix2>().unwrap(), expected);
                assert_eq!(file.slice(&part).unwrap().to_array::<u32, Ix2>().unwrap(), expected);
            }
        }
    }

    #[test]
    fn the_first_byte_that_is_missing_is_named_whoever_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        crate::save(&path, &large()).unwrap();
        let file = ArrayFile::open(&path).unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_len(1000).unwrap();
        let error = file.to_array::<u32, Ix2>().unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Truncated, Some(128)));
    }

    #[test]
    fn every_length_is_swapped_whole() {
        let array = large();
        for len in 0..257_usize {
            let part = array.slice(s![3, ..len]);
            let mut found = part.to_vec();
            swap(&mut found);
            assert!(found.iter().zip(part).all(|(found, value)| *found == value.swap_bytes()));
            let mut halves: Vec<u16> = part.iter().map(|&value| value as u16).collect();
            swap(&mut halves);
            let expected = part.iter().map(|&value| (value as u16).swap_bytes());
            assert!(halves.into_iter().eq(expected));
        }
    }
}
