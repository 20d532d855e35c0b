//! Elements by value into a live map: only their own bytes are written, never the gaps between.

use std::ops::Range;

use crate::array::copy::{Place, copy_strided};
use crate::array::read::BLOCK;
use crate::error::Result;
use crate::layout::{Layout, Order};
use crate::map::Region;

/// Elements in memory that are to be written: the first one, and how far apart they are.
pub(crate) type Values = Place<*const u8>;

/// Stores the elements of `values`, an array of the layout's shape, where `layout` says.
///
/// # Safety
///
/// All of `values` must be readable, and nobody may write to them meanwhile.
pub(crate) unsafe fn write_values(region: &Region, layout: &Layout, values: &Values) -> Result<()> {
    write_with(region, layout, |block, start, axes, buffer| {
        let mut first = values.first;
        for (&index, &stride) in start.iter().zip(&values.strides) {
            first = first.wrapping_offset(index as isize * stride);
        }
        let mut strides = Vec::new();
        for &(axis, backwards) in axes {
            let stride = values.strides[axis];
            let last = block.shape()[strides.len()] as isize - 1;
            first = first.wrapping_offset(if backwards { last * stride } else { 0 });
            strides.push(if backwards { -stride } else { stride });
        }
        let target = Layout::contiguous(block.dtype().clone(), block.shape(), Order::C, 0)?;
        let to = Place { first: buffer.as_mut_ptr(), strides: target.strides().to_vec() };
        // SAFETY: `first` and `strides` walk the block's part of `values`, in another order, and
        // `buffer` has room for as many elements.
        unsafe {
            copy_strided(Place { first, strides }, to, block.shape(), block.itemsize());
        }
        Ok(())
    })
}

/// Stores what `gather` puts into a buffer: for each block the bytes of its elements, in C order of
/// the block that it is given. With that come the index of the block's first element in the array,
/// and for each axis of the block which one of the array's it is and whether it runs backwards.
pub(crate) fn write_with(
    region: &Region,
    layout: &Layout,
    mut gather: impl FnMut(&Layout, &[usize], &[(usize, bool)], &mut [u8]) -> Result<()>,
) -> Result<()> {
    region.mode().require_writable().map_err(|error| region.name(error))?;
    let mut buffer = Vec::new();
    for_each_block(layout, &mut |block, start| {
        let (block, axes) = forwards(block);
        buffer.resize(block.nbytes(), 0);
        gather(&block, start, &axes, &mut buffer)?;
        region.write_runs(&runs(&block)?, &buffer)
    })
}

/// Stores the bytes of one element everywhere.
pub(crate) fn fill(region: &Region, layout: &Layout, element: &[u8]) -> Result<()> {
    region.mode().require_writable().map_err(|error| region.name(error))?;
    let mut buffer: Vec<u8> = Vec::new();
    for_each_block(layout, &mut |block, _| {
        let (block, _) = forwards(block);
        while buffer.len() < block.nbytes() {
            buffer.extend_from_slice(element);
        }
        region.write_runs(&runs(&block)?, &buffer[..block.nbytes()])
    })
}

/// Blocks whose elements can be told apart by their places: where elements share bytes, each is a
/// block of its own, so that the last one in C order wins.
fn for_each_block(
    layout: &Layout,
    work: &mut impl FnMut(&Layout, &[usize]) -> Result<()>,
) -> Result<()> {
    if layout.may_overlap() {
        return for_each_element(layout, &mut vec![0; layout.ndim()], 0, work);
    }
    layout.for_each_block(BLOCK, &mut |block| work(&block.layout, &block.start))
}

/// The elements one by one in C order, `axis` and those behind it being left to walk.
fn for_each_element(
    layout: &Layout,
    start: &mut [usize],
    axis: usize,
    work: &mut impl FnMut(&Layout, &[usize]) -> Result<()>,
) -> Result<()> {
    let Some(&n) = layout.shape().get(axis) else { return work(layout, start) };
    (0..n).try_for_each(|i| {
        start[axis] = i;
        for_each_element(&layout.narrowed(axis, i..i + 1), start, axis + 1, work)
    })
}

/// The same block with its axes from the widest stride to the narrowest, all running forwards: the
/// order of its bytes. With it, for each axis, which one it was and whether it ran backwards.
fn forwards(block: &Layout) -> (Layout, Vec<(usize, bool)>) {
    let mut axes: Vec<usize> = (0..block.ndim()).collect();
    axes.sort_by_key(|&axis| std::cmp::Reverse(block.strides()[axis].unsigned_abs()));
    let shape: Vec<usize> = axes.iter().map(|&axis| block.shape()[axis]).collect();
    // An axis of one element may have any stride, one without an absolute value included.
    let stride = |axis: usize| if block.shape()[axis] > 1 { block.strides()[axis] } else { 0 };
    let strides: Vec<isize> = axes.iter().map(|&axis| stride(axis).abs()).collect();
    let layout = Layout::strided(block.dtype().clone(), &shape, &strides, block.span().start)
        .expect("the same bytes in another order");
    let axes = axes.into_iter().map(|axis| (axis, stride(axis) < 0)).collect();
    (layout, axes)
}

fn runs(block: &Layout) -> Result<Vec<Range<u64>>> {
    let mut runs = Vec::new();
    block.for_each_range(0, &mut |range| {
        runs.push(range);
        Ok(())
    })?;
    Ok(runs)
}
