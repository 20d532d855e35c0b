//! Arrays in memory as files are to hold them: padding is zero.

use std::ops::Range;

use ndarray::{ArrayRef, ArrayViewD, Axis, Dimension, Slice};

use crate::array::DynView;
use crate::array::write::{self, Values};
use crate::element::WritableElement;
use crate::error::Result;
use crate::interop::ndarray::layout_of;
use crate::layout::{Layout, Order};
use crate::map::{Region, require_whole};
use crate::source::ReadAt;

/// Runs `work` on the bytes that stand for a value.
pub(crate) fn with_bytes<T: WritableElement, R>(value: &T, work: impl FnOnce(&[u8]) -> R) -> R {
    match T::NO_PADDING {
        Some(proof) => work(proof.bytes_of(value)),
        None => {
            let mut bytes = vec![0; size_of::<T>()];
            value.store(&mut bytes);
            work(&bytes)
        }
    }
}

/// Stores the elements of `array`, which has the layout's shape, where `layout` says.
pub(crate) fn assign<T: WritableElement, D: Dimension>(
    region: &Region,
    layout: &Layout,
    array: &ArrayRef<T, D>,
) -> Result<()> {
    if T::NO_PADDING.is_some() {
        let (lowest, from) = layout_of(array)?;
        let first = lowest.wrapping_add(from.offset() as usize);
        let values = Values { first, strides: from.strides().to_vec() };
        // SAFETY: `from` is the layout of `array`, which is borrowed meanwhile; no byte of a `T` is
        // padding, so all of them can be read.
        return unsafe { write::write_values(region, layout, &values) };
    }
    let array = array.view().into_dyn();
    write::write_with(region, layout, |block, start, axes, buffer| {
        let shape = axes.iter().zip(block.shape());
        let mut part = array.view();
        for (&(axis, backwards), &n) in shape {
            let range = start[axis]..start[axis] + n;
            part.slice_axis_inplace(Axis(axis), Slice::from(range));
            if backwards {
                part.invert_axis(Axis(axis));
            }
        }
        let order: Vec<usize> = axes.iter().map(|&(axis, _)| axis).collect();
        let part = part.permuted_axes(order);
        buffer.fill(0);
        store_all(part.iter(), buffer);
        Ok(())
    })
}

/// Stores values side by side in zeros.
fn store_all<'a, T: WritableElement>(values: impl Iterator<Item = &'a T>, bytes: &mut [u8]) {
    let size = size_of::<T>();
    if size > 0 {
        values.zip(bytes.chunks_exact_mut(size)).for_each(|(value, bytes)| value.store(bytes));
    }
}

/// An `ndarray` array, to be read as the bytes that stand for its elements.
pub(crate) enum Stored<'a, T> {
    /// The bytes are those in memory.
    AsItLies(DynView<'a>),
    /// Each element stores itself, as if they lay side by side in this order.
    ByElement { array: ArrayViewD<'a, T>, layout: Layout },
}

impl<'a, T: WritableElement> Stored<'a, T> {
    pub(crate) fn new<D: Dimension>(array: &'a ArrayRef<T, D>) -> Result<Stored<'a, T>> {
        let (lowest, layout) = layout_of(array)?;
        if T::NO_PADDING.is_some() {
            // SAFETY: the layout is that of `array`, borrowed for `'a`; no byte of a `T` is padding,
            // so all of them can be read.
            return Ok(Stored::AsItLies(unsafe { DynView::from_raw(lowest, layout) }));
        }
        let order = layout.save_order();
        let layout = Layout::contiguous(T::dtype(), array.shape(), order, 0)?;
        Ok(Stored::ByElement { array: array.view().into_dyn(), layout })
    }

    pub(crate) fn layout(&self) -> &Layout {
        match self {
            Stored::AsItLies(view) => view.layout(),
            Stored::ByElement { layout, .. } => layout,
        }
    }
}

impl<T: WritableElement> ReadAt for Stored<'_, T> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let (array, layout) = match self {
            Stored::AsItLies(view) => return view.read_at(offset, buffer),
            Stored::ByElement { array, layout } => (array, layout),
        };
        let array = match layout.is_contiguous(Order::C) {
            true => array.view(),
            false => array.view().reversed_axes(),
        };
        let size = size_of::<T>();
        let elements = offset as usize / size..(offset as usize + buffer.len()).div_ceil(size);
        let wanted = offset as usize - elements.start * size;
        let mut bytes = vec![0; elements.len() * size];
        store_range(array.view(), elements, &mut bytes);
        buffer.copy_from_slice(&bytes[wanted..wanted + buffer.len()]);
        let (lowest, lent) = layout_of(&array)?;
        require_whole(lowest, lent.span())
    }

    fn in_memory(&self, layout: &Layout) -> Option<*const u8> {
        match self {
            Stored::AsItLies(view) => view.in_memory(layout),
            Stored::ByElement { .. } => None,
        }
    }
}

/// Stores the elements of this range, counted in C order, side by side in zeros.
fn store_range<T: WritableElement>(
    array: ArrayViewD<'_, T>,
    elements: Range<usize>,
    bytes: &mut [u8],
) {
    if elements.is_empty() {
        return;
    }
    if array.ndim() == 0 {
        return store_all(array.iter(), bytes);
    }
    let row = array.len() / array.len_of(Axis(0));
    if elements == (0..array.len()) || row == 1 {
        let mut part = array;
        if row == 1 {
            part.slice_axis_inplace(Axis(0), Slice::from(elements));
        }
        return store_all(part.iter(), bytes);
    }
    let mut rest = bytes;
    for i in elements.start / row..elements.end.div_ceil(row) {
        let within =
            elements.start.max(i * row) - i * row..elements.end.min((i + 1) * row) - i * row;
        let (now, later) = rest.split_at_mut(within.len() * size_of::<T>());
        rest = later;
        store_range(array.index_axis(Axis(0), i), within, now);
    }
}
