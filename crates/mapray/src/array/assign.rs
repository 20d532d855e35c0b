//! Storing what is known by its dtype only: an element's bytes, or another array.

use crate::array::read::read_bytes;
use crate::array::write;
use crate::array::{AnyArray, DynLiveMap};
use crate::dtype::{DType, Kind};
use crate::error::{Error, ErrorKind, Result};
use crate::layout::{Layout, display_shape};

impl DynLiveMap {
    /// Stores one element, given as its bytes lie in the file, everywhere.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] where there are more or fewer bytes than an element has,
    /// [`ErrorKind::Mode`] in mode `r`; [`ErrorKind::Truncated`] where the file was cut short.
    pub fn fill_element(&self, element: &[u8]) -> Result<()> {
        if element.len() != self.layout.itemsize() {
            let error = Error::new(ErrorKind::Dtype, "these are not the bytes of one element");
            let expected = format!("{} bytes of dtype '{}'", self.layout.itemsize(), self.dtype());
            let error = error.expected(expected).found(element.len());
            return Err(self.region.name(error));
        }
        write::fill(&self.region, &self.layout, element)
    }

    /// As [`assign`](DynLiveMap::assign), from an array of any kind and the same dtype, in either byte
    /// order; it is not loaded as a whole. An array of fewer axes, or of one element along some, is
    /// repeated along them, by NumPy's rules of broadcasting.
    ///
    /// Where the array shares bytes with this map, what is stored depends on the order of the work.
    ///
    /// ```
    /// use mapray::{CreateOptions, DynView};
    ///
    /// # let folder = std::env::temp_dir().join(format!("mapray-assign-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let path = folder.join("a.npy");
    /// let map = CreateOptions::new((2, 3)).live_dyn(&path, ">i2".parse()?)?;
    /// map.assign_dyn(&DynView::from_array(&ndarray::arr1(&[1_i16, 2, 3]))?)?;
    /// map.close()?;
    /// assert_eq!(mapray::load::<i16, _>(&path)?, ndarray::arr2(&[[1, 2, 3], [1, 2, 3]]));
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] where the dtypes differ in more than the byte order of plain elements,
    /// [`ErrorKind::Shape`] where the array cannot be broadcast to this shape, [`ErrorKind::Mode`] in
    /// mode `r`; those of reading the array: what was stored before them stays.
    pub fn assign_dyn(&self, array: &(impl AnyArray + ?Sized)) -> Result<()> {
        let unit = swap_unit(self.layout.dtype(), array.layout().dtype());
        let unit = unit.map_err(|error| self.region.name(error))?;
        let from = broadcast(array.layout(), self.layout.shape());
        let from = from.map_err(|error| self.region.name(error))?;
        write::write_with(&self.region, &self.layout, |block, start, axes, buffer| {
            read_bytes(array, &part(&from, block, start, axes)?, buffer)?;
            if let Some(unit) = unit {
                buffer.chunks_exact_mut(unit).for_each(<[u8]>::reverse);
            }
            Ok(())
        })
    }
}

/// The part of `from` that becomes this block, its axes in the block's order and direction.
fn part(from: &Layout, block: &Layout, start: &[usize], axes: &[(usize, bool)]) -> Result<Layout> {
    let mut first = from.offset() as i64;
    for (&index, &stride) in start.iter().zip(from.strides()) {
        first += (index as isize * stride) as i64;
    }
    let mut strides = Vec::new();
    for (&(axis, backwards), &n) in axes.iter().zip(block.shape()) {
        let stride = from.strides()[axis];
        if backwards {
            first += ((n as isize - 1) * stride) as i64;
        }
        strides.push(if backwards { -stride } else { stride });
    }
    Layout::strided(from.dtype().clone(), block.shape(), &strides, first as u64)
}

/// The elements of an array repeated to fill a shape.
fn broadcast(layout: &Layout, shape: &[usize]) -> Result<Layout> {
    let own = layout.shape();
    let extra = shape.len().checked_sub(own.len());
    let fits = |extra: usize| own.iter().zip(&shape[extra..]).all(|(&n, &to)| n == to || n == 1);
    let Some(extra) = extra.filter(|&extra| fits(extra)) else {
        return Err(Error::new(ErrorKind::Shape, "the array cannot be broadcast to this shape")
            .expected(display_shape(shape))
            .found(display_shape(own)));
    };
    let kept = own.iter().zip(layout.strides());
    let kept = kept.map(|(&n, &stride)| if n == 1 { 0 } else { stride });
    let strides: Vec<isize> = std::iter::repeat_n(0, extra).chain(kept).collect();
    Layout::strided(layout.dtype().clone(), shape, &strides, layout.offset())
}

/// How many bytes are to be reversed, again and again, to make elements of the one dtype those of
/// the other; `None` where they are the same.
fn swap_unit(to: &DType, from: &DType) -> Result<Option<usize>> {
    if to == from {
        return Ok(None);
    }
    let unit = match to.kind() {
        Kind::Str(_) => Some(4),
        Kind::Complex64 | Kind::Complex128 | Kind::ComplexLongDouble => Some(to.itemsize() / 2),
        Kind::Record(_) | Kind::SubArray(_) => None,
        _ => Some(to.itemsize()),
    };
    match unit {
        Some(unit) if *to == from.swapped() => Ok(Some(unit)),
        _ => Err(Error::new(ErrorKind::Dtype, "the array has another dtype")
            .expected(format!("'{to}'"))
            .found(format!("'{from}'"))),
    }
}
