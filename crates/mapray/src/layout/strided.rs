//! Where the elements of one array lie.

use std::ops::Range;

use crate::dtype::{DType, Kind};
use crate::error::{Error, ErrorKind, Result, shown};
use crate::layout::{Order, Slice};

/// NumPy's limit on the number of axes.
pub const MAX_NDIM: usize = 64;

/// Where the elements of one array lie in a run of bytes: what each is, how many there are along
/// each axis, how far apart, and where the first one starts.
///
/// A slice, a transposed view or one field of a record array is a layout too: strides and offset
/// move, bytes do not. Every layout that exists keeps its promises: all its elements lie between
/// byte 0 and byte `i64::MAX`, and all its sizes fit in an `isize`.
///
/// ```
/// use mapray::layout::{Layout, Order};
///
/// let layout = Layout::contiguous("<f4".parse()?, &[3, 4], Order::C, 128)?;
/// assert_eq!(layout.strides(), [16, 4]);
/// assert_eq!(layout.span(), 128..176);
///
/// let column = layout.slice(&"[:, 1]".parse()?)?;
/// assert_eq!((column.shape(), column.strides(), column.offset()), (&[3][..], &[16][..], 132));
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    dtype: DType,
    shape: Vec<usize>,
    strides: Vec<isize>,
    offset: u64,
}

impl Layout {
    /// Elements side by side, from byte `offset` on. A sub-array dtype adds its axes at the end,
    /// as in NumPy.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] for more than 64 axes, or more bytes than can be addressed; axes of
    /// length 0 do not excuse the others.
    pub fn contiguous(dtype: DType, shape: &[usize], order: Order, offset: u64) -> Result<Layout> {
        let (dtype, shape) = with_sub_array_axes(dtype, shape);
        let strides = contiguous_strides(dtype.itemsize(), &shape, order)?;
        Layout { dtype, shape, strides, offset }.checked()
    }

    /// Elements `strides` bytes apart along each axis, the first one at byte `offset`. A sub-array
    /// dtype adds its axes at the end, side by side.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] where the numbers of axes differ, or an element would lie before byte 0
    /// or beyond what can be addressed.
    pub fn strided(
        dtype: DType,
        shape: &[usize],
        strides: &[isize],
        offset: u64,
    ) -> Result<Layout> {
        if strides.len() != shape.len() {
            return Err(Error::new(ErrorKind::Shape, "strides must be as many as the axes")
                .expected(format!("{} for shape {}", shape.len(), display_shape(shape)))
                .found(strides.len()));
        }
        let axes = shape.len();
        let (dtype, shape) = with_sub_array_axes(dtype, shape);
        let mut all = strides.to_vec();
        all.extend(contiguous_strides(dtype.itemsize(), &shape[axes..], Order::C)?);
        Layout { dtype, shape, strides: all, offset }.checked()
    }

    /// Checks what every layout promises.
    fn checked(self) -> Result<Layout> {
        let too_big = || {
            Error::new(ErrorKind::Shape, "the array is too big to be addressed")
                .expected(format!("at most {} bytes", isize::MAX))
                .found(format!("shape {} of {} bytes each", display_shape(&self.shape), {
                    self.dtype.itemsize()
                }))
        };
        if self.shape.len() > MAX_NDIM {
            return Err(Error::new(ErrorKind::Shape, "the array has too many axes")
                .expected(format!("at most {MAX_NDIM}"))
                .found(self.shape.len()));
        }
        // Zeros are passed over, as NumPy does: a slice or a view of an empty array must not
        // reach sizes that overflow.
        let nonzero = self.shape.iter().filter(|&&n| n != 0);
        nonzero
            .clone()
            .try_fold(self.dtype.itemsize().max(1), |size, &n| size.checked_mul(n))
            .filter(|&size| isize::try_from(size).is_ok())
            .ok_or_else(too_big)?;
        let mut low: i128 = i128::from(self.offset);
        let mut high: i128 = low;
        if self.shape.iter().all(|&n| n != 0) {
            for (&n, &stride) in self.shape.iter().zip(&self.strides) {
                let reach = (n as i128 - 1) * stride as i128;
                if reach < 0 { low += reach } else { high += reach }
            }
            high += self.dtype.itemsize() as i128;
        }
        if low < 0 {
            return Err(Error::new(ErrorKind::Shape, "the strides reach before the first byte")
                .expected("every element at or behind byte 0")
                .found(format!("one at byte {low}")));
        }
        if high > i128::from(i64::MAX) || high - low > isize::MAX as i128 {
            return Err(too_big());
        }
        Ok(self)
    }

    /// What each element is; never a sub-array.
    pub fn dtype(&self) -> &DType {
        &self.dtype
    }

    /// The number of elements along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How many bytes apart neighbours along each axis lie; negative where an axis runs backwards.
    pub fn strides(&self) -> &[isize] {
        &self.strides
    }

    /// The byte at which the first element starts.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The number of axes.
    pub fn ndim(&self) -> usize {
        self.shape.len()
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// The bytes of one element.
    pub fn itemsize(&self) -> usize {
        self.dtype.itemsize()
    }

    /// The bytes of all elements, gaps between them left out.
    pub fn nbytes(&self) -> usize {
        self.len() * self.itemsize()
    }

    /// The bytes from the first to the last that belong to an element, gaps included.
    pub fn span(&self) -> Range<u64> {
        if self.is_empty() {
            return self.offset..self.offset;
        }
        let (mut low, mut high) = (self.offset, self.offset + self.itemsize() as u64);
        for (&n, &stride) in self.shape.iter().zip(&self.strides) {
            let reach = (n as u64 - 1) * stride.unsigned_abs() as u64;
            if stride < 0 { low -= reach } else { high += reach }
        }
        low..high
    }

    /// Whether the elements lie side by side in this order. As in NumPy, axes of length 1 do not
    /// count and an empty array is contiguous in both orders.
    pub fn is_contiguous(&self, order: Order) -> bool {
        if self.is_empty() {
            return true;
        }
        let mut expected = self.itemsize() as isize;
        let mut follows = |(&n, &stride): (&usize, &isize)| {
            let fits = n == 1 || stride == expected;
            expected *= n as isize;
            fits
        };
        let mut axes = self.shape.iter().zip(&self.strides);
        match order {
            Order::C => axes.rev().all(follows),
            Order::F => axes.all(&mut follows),
        }
    }

    /// The order that `np.save` would write this array in: Fortran's only where the elements lie
    /// side by side in that order and not in C's.
    pub fn save_order(&self) -> Order {
        if !self.is_contiguous(Order::C) && self.is_contiguous(Order::F) {
            Order::F
        } else {
            Order::C
        }
    }

    /// Whether two elements may share a byte. May say yes for exotic strides that interleave
    /// without touching; never says no wrongly.
    pub fn may_overlap(&self) -> bool {
        if self.is_empty() || self.itemsize() == 0 {
            return false;
        }
        let mut axes: Vec<(usize, usize)> = self
            .shape
            .iter()
            .zip(&self.strides)
            .filter(|&(&n, _)| n > 1)
            .map(|(&n, &stride)| (stride.unsigned_abs(), n))
            .collect();
        axes.sort_unstable();
        let mut extent = self.itemsize();
        for (stride, n) in axes {
            if stride < extent {
                return true;
            }
            extent += (n - 1) * stride;
        }
        false
    }

    /// The byte at which the element at `index` starts; `None` outside the shape.
    pub fn element(&self, index: &[usize]) -> Option<u64> {
        if index.len() != self.ndim() {
            return None;
        }
        let mut at = self.offset as i64;
        for ((&i, &n), &stride) in index.iter().zip(&self.shape).zip(&self.strides) {
            if i >= n {
                return None;
            }
            at += i as i64 * stride as i64;
        }
        Some(at as u64)
    }

    /// [`Layout::element`], or an error that names the index and the shape.
    pub(crate) fn require(&self, index: &[usize]) -> Result<u64> {
        self.element(index).ok_or_else(|| {
            Error::new(ErrorKind::Index, "the index is out of bounds")
                .expected(format!("one below {}", display_shape(&self.shape)))
                .found(display_shape(index))
        })
    }

    /// The layout of a slice of this array.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`], as NumPy's `IndexError`.
    pub fn slice(&self, slice: &Slice) -> Result<Layout> {
        let sliced = slice.apply(&self.shape, &self.strides)?;
        let offset = self.offset.checked_add_signed(sliced.offset as i64);
        let offset = offset.expect("a slice stays inside its array");
        let Layout { dtype, .. } = self.clone();
        Layout { dtype, shape: sliced.shape, strides: sliced.strides, offset }.checked()
    }

    /// The layout of one field of an array of records, by name or title.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] where the elements are no records or have no such field.
    pub fn field(&self, name: &str) -> Result<Layout> {
        let Kind::Record(record) = self.dtype.kind() else {
            return Err(Error::new(
                ErrorKind::Dtype,
                format!("there is no field '{}'", shown(name)),
            )
            .expected("a record dtype")
            .found(&self.dtype));
        };
        let field = record.field(name).ok_or_else(|| {
            let names: Vec<_> = record.fields().iter().map(|field| shown(&field.name)).collect();
            Error::new(ErrorKind::Dtype, format!("the records have no field '{}'", shown(name)))
                .hint(format!("the fields are {}", names.join(", ")))
        })?;
        let offset = self.offset + field.offset as u64;
        Layout::strided(field.dtype.clone(), &self.shape, &self.strides, offset)
    }

    /// The same elements, with the axes in reverse order.
    pub fn transposed(&self) -> Layout {
        let mut transposed = self.clone();
        transposed.shape.reverse();
        transposed.strides.reverse();
        transposed
    }

    /// The same elements at another place: the first one at byte `offset`, which must leave all of them
    /// where a layout's elements may lie.
    pub(crate) fn moved_to(&self, offset: u64) -> Layout {
        Layout { offset, ..self.clone() }
    }

    /// The part `range` along `axis`, which must lie inside it.
    pub(crate) fn narrowed(&self, axis: usize, range: Range<usize>) -> Layout {
        let mut narrowed = self.clone();
        narrowed.shape[axis] = range.len();
        let moved = range.start as i64 * self.strides[axis] as i64;
        narrowed.offset = narrowed.offset.wrapping_add_signed(moved);
        narrowed
    }
}

/// A shape as Python prints a tuple.
pub(crate) fn display_shape(shape: &[usize]) -> String {
    match shape {
        [n] => format!("({n},)"),
        _ => {
            let axes: Vec<_> = shape.iter().map(usize::to_string).collect();
            format!("({})", axes.join(", "))
        }
    }
}

/// The axes of a sub-array become the last ones of the array.
fn with_sub_array_axes(dtype: DType, shape: &[usize]) -> (DType, Vec<usize>) {
    let (dtype, axes) = dtype.split_axes();
    (dtype, [shape, &axes].concat())
}

fn contiguous_strides(itemsize: usize, shape: &[usize], order: Order) -> Result<Vec<isize>> {
    let mut strides = vec![0; shape.len()];
    let mut stride = itemsize;
    let mut place = |axis: usize| {
        strides[axis] = stride as isize;
        // An axis of length 0 counts as 1: no element is ever reached through these strides, and
        // NumPy gives the same ones.
        stride = stride.checked_mul(shape[axis].max(1)).filter(|&s| s <= isize::MAX as usize)?;
        Some(())
    };
    let fits = match order {
        Order::C => (0..shape.len()).rev().try_for_each(&mut place),
        Order::F => (0..shape.len()).try_for_each(&mut place),
    };
    match fits {
        Some(()) => Ok(strides),
        None => Err(Error::new(ErrorKind::Shape, "the array is too big to be addressed")
            .expected(format!("at most {} bytes", isize::MAX))
            .found(format!("shape {} of {itemsize} bytes each", display_shape(shape)))),
    }
}
