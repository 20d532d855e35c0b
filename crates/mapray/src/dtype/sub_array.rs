//! Arrays in the place of one value.

use super::size::{MAX_DEPTH, MAX_DIMS, MAX_ITEMSIZE};
use super::{DType, Kind};
use crate::{Error, ErrorKind, Result};

/// An array of fixed shape in the place of one value.
///
/// ```
/// use mapray::dtype::{DType, Kind, SubArray};
///
/// let rotation = DType::from(SubArray::new(Kind::Float32.into(), &[3, 3])?);
/// assert_eq!(rotation.descr(), "('<f4', (3, 3))");
/// assert_eq!(rotation.itemsize(), 36);
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SubArray {
    dtype: Box<DType>,
    shape: Vec<usize>,
    /// How many axes come from each level where sub-arrays were nested, the outermost first. The elements lie
    /// the same way whatever the nesting, but NumPy compares it and writes it to the header.
    levels: Vec<usize>,
}

impl SubArray {
    /// An array of at least one axis. Where `dtype` is a sub-array itself, its axes follow those of `shape`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] where `shape` is empty, the axes are more than 64 in all, an axis or the size in
    /// bytes is above 2147483647, or `dtype` has no size yet (`S`, `U`, `V`), in which NumPy sees a lack of size.
    pub fn new(dtype: DType, shape: &[usize]) -> Result<SubArray> {
        let refuse = |message: &str| Error::new(ErrorKind::Dtype, message);
        if shape.is_empty() {
            return Err(refuse("a sub-array needs at least one axis").hint("use its dtype alone"));
        }
        if dtype.is_unsized() {
            return Err(refuse("a sub-array needs elements that have a size")
                .expected("a size, as in 'S5'")
                .found(&dtype));
        }
        if dtype.depth() + 2 > MAX_DEPTH {
            return Err(refuse("the dtype is nested deeper than the header of a file can say"));
        }
        let itemsize = dtype.itemsize();
        let bytes = shape
            .iter()
            .try_fold(1usize, |n, &axis| n.checked_mul(axis).filter(|_| axis <= MAX_ITEMSIZE));
        let bytes = bytes.and_then(|count| count.checked_mul(itemsize));
        if bytes.is_none_or(|bytes| bytes > MAX_ITEMSIZE) {
            return Err(refuse("the sub-array is too large")
                .expected(format!("at most {MAX_ITEMSIZE} bytes"))
                .found(format!("shape {shape:?} of elements of {itemsize} bytes")));
        }
        let mut levels = vec![shape.len()];
        let mut shape = shape.to_vec();
        let dtype = match dtype.into_kind_if_sub_array() {
            Ok(inner) => {
                shape.extend_from_slice(&inner.shape);
                levels.extend_from_slice(&inner.levels);
                inner.dtype
            }
            Err(dtype) => Box::new(dtype),
        };
        if shape.len() > MAX_DIMS {
            return Err(refuse("the sub-array has too many axes")
                .expected(format!("at most {MAX_DIMS}"))
                .found(shape.len()));
        }
        Ok(SubArray { dtype, shape, levels })
    }

    /// What each of its elements is; never a sub-array itself.
    pub fn dtype(&self) -> &DType {
        &self.dtype
    }

    /// Its shape, in C order; where sub-arrays were nested, the outermost axes come first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The shapes of the sub-arrays that were nested, the outermost first; mostly one.
    pub(super) fn levels(&self) -> impl DoubleEndedIterator<Item = &[usize]> {
        let mut start = 0;
        let ranges: Vec<_> = self
            .levels
            .iter()
            .map(|axes| {
                let range = start..start + axes;
                start = range.end;
                range
            })
            .collect();
        ranges.into_iter().map(|range| self.shape.get(range).unwrap_or_default())
    }

    /// The same with another dtype of the same size.
    pub(super) fn map_dtype(&self, change: impl Fn(&DType) -> DType) -> SubArray {
        SubArray { dtype: Box::new(change(&self.dtype)), ..self.clone() }
    }
}

impl DType {
    /// The dtype of one element and the axes that it brings along: an array of sub-arrays is, to NumPy, an array
    /// of their elements whose last axes are theirs. Any other dtype comes back as it is, with no axes.
    ///
    /// ```
    /// let (dtype, axes) = "(2,3)f4".parse::<mapray::DType>()?.split_axes();
    /// assert_eq!((dtype.to_string().as_str(), axes.as_slice()), ("<f4", &[2, 3][..]));
    /// # Ok::<(), mapray::Error>(())
    /// ```
    pub fn split_axes(self) -> (DType, Vec<usize>) {
        match self.into_kind_if_sub_array() {
            Ok(array) => (*array.dtype, array.shape),
            Err(dtype) => (dtype, Vec::new()),
        }
    }

    fn into_kind_if_sub_array(self) -> Result<SubArray, DType> {
        match self.kind() {
            Kind::SubArray(_) => match self.into_kind() {
                Kind::SubArray(array) => Ok(array),
                other => Err(DType::native(other)),
            },
            _ => Err(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(dtype: impl Into<DType>, shape: &[usize]) -> Result<SubArray> {
        SubArray::new(dtype.into(), shape)
    }

    #[test]
    fn nested_sub_arrays_become_one_that_remembers_its_levels() {
        let nested = of(of(Kind::Int16, &[2]).unwrap(), &[3, 4]).unwrap();
        assert_eq!(nested.shape(), [3, 4, 2]);
        assert_eq!(*nested.dtype(), DType::from(Kind::Int16));
        assert_eq!(DType::from(nested).descr(), "(('<i2', (2,)), (3, 4))");
    }

    #[test]
    fn sizes_and_axes_end_where_numpys_do() {
        assert!(of(Kind::Float32, &[(1 << 29) - 1]).is_ok());
        assert!(of(Kind::Float32, &[1 << 29]).is_err());
        assert!(of(Kind::Float32, &[usize::MAX, usize::MAX]).is_err());
        assert!(of(Kind::Float32, &[1 << 40, 0]).is_err(), "an axis of its own is too long");
        assert!(of(Kind::Int8, &[1; 64]).is_ok());
        assert!(of(Kind::Int8, &[1; 65]).is_err());
        assert!(of(of(Kind::Int8, &[1; 64]).unwrap(), &[1]).is_err());
        assert!(of(Kind::Int8, &[]).is_err());
        assert!(of(Kind::Bytes(0), &[2]).is_err());
    }
}
