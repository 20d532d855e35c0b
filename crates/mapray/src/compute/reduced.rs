//! The result of a reduction.

use ndarray::{Array, Dimension};

use super::scalar::Scalar;
use crate::dtype::{DType, Kind};
use crate::element::{Conversion, Element, conversion};
use crate::error::{Error, ErrorKind, Result};
use crate::interop::ndarray::dimension;
use crate::layout::{Layout, Order, display_shape};

/// The result of a reduction, in main memory: one value for each group of elements.
///
/// Its dtype and shape are NumPy's. The values are kept in the widest form of their kind, so
/// whoever asks for more than the dtype holds gets it: the sum of an `f4` array has dtype `f4`, and
/// as `f64` it comes unrounded.
///
/// ```
/// use mapray::{DynView, reduce};
/// use ndarray::{Ix1, arr2};
///
/// let array = arr2(&[[0.1_f32, 0.2], [0.3, 0.4]]);
/// let view = DynView::from_array(&array)?;
/// let sums = reduce(&view).axis(0).sum()?;
/// assert_eq!((sums.dtype().to_string(), sums.shape()), ("<f4".to_owned(), &[2][..]));
/// assert_eq!(sums.to_array::<f32, Ix1>()?.to_vec(), [0.4, 0.6]);
/// assert_eq!(sums.get::<f64>(&[0])?, f64::from(0.1_f32) + f64::from(0.3_f32));
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Reduced {
    dtype: DType,
    shape: Vec<usize>,
    values: Vec<Scalar>,
}

impl Reduced {
    pub(super) fn new(kind: Kind, shape: Vec<usize>, values: Vec<Scalar>) -> Reduced {
        Reduced { dtype: DType::native(kind), shape, values }
    }

    /// NumPy's dtype for the result, in the byte order of this machine.
    pub fn dtype(&self) -> &DType {
        &self.dtype
    }

    /// The number of values along each axis; no axis where the whole array was reduced.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The values in C order, each in the widest form of its kind.
    pub fn scalars(&self) -> &[Scalar] {
        &self.values
    }

    /// The only value: that of a reduction of the whole array.
    ///
    /// As in NumPy's `same_kind` casts, a number can be had as any number that is not of a simpler
    /// kind: an integer as any integer that can hold it, as `f64` (the nearest one) or as a complex
    /// number; a floating-point number as any other or as a complex number. A date or span of time
    /// can be had as itself or as `i64`, a boolean as [`Bool8`](crate::Bool8) or as a number.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] where there is not just one value; [`ErrorKind::Dtype`] where `T` is of
    /// a simpler kind or an integer that cannot hold the value.
    pub fn value<T: Element>(&self) -> Result<T> {
        let [value] = self.values[..] else {
            return Err(Error::new(ErrorKind::Shape, "the result is not one value")
                .expected("a result of one element")
                .found(format!("shape {}", display_shape(&self.shape)))
                .hint("`get` gives the value at an index, `to_array` all of them"));
        };
        Ok(self.cast::<T>(&[value])?[0])
    }

    /// The value at `index`; the types are as for [`value`](Reduced::value).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`] outside the shape; else as [`value`](Reduced::value).
    pub fn get<T: Element>(&self, index: &[usize]) -> Result<T> {
        let layout = Layout::contiguous(Kind::UInt8.into(), &self.shape, Order::C, 0)?;
        let value = self.values[layout.require(index)? as usize];
        Ok(self.cast::<T>(&[value])?[0])
    }

    /// All values; the types are as for [`value`](Reduced::value).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] where `D` has another number of axes; else as
    /// [`value`](Reduced::value).
    pub fn to_array<T: Element, D: Dimension>(&self) -> Result<Array<T, D>> {
        let dim: D = dimension(&self.shape)?;
        let values = self.cast::<T>(&self.values)?;
        Ok(Array::from_shape_vec(dim, values).expect("as many values as the shape asks for"))
    }

    /// The elements as NumPy would hold them: of [`dtype`](Reduced::dtype), side by side in C
    /// order; what a [`DynView`](crate::DynView) can be made of.
    ///
    /// ```
    /// # use mapray::{DynView, Layout, Order, reduce};
    /// let array = ndarray::arr1(&[3_i16, -7, 5]);
    /// let least = reduce(&DynView::from_array(&array)?).min()?;
    /// let bytes = least.to_bytes();
    /// assert_eq!(bytes, (-7_i16).to_ne_bytes());
    /// let layout = Layout::contiguous(least.dtype().clone(), least.shape(), Order::C, 0)?;
    /// assert_eq!(DynView::new(&bytes, layout)?.get::<i16>(&[])?, -7);
    /// # Ok::<(), mapray::Error>(())
    /// ```
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for value in &self.values {
            value.write(&self.dtype, &mut bytes).expect("a value of the result's own dtype");
        }
        bytes
    }

    fn cast<T: Element>(&self, values: &[Scalar]) -> Result<Vec<T>> {
        // A type may view several dtypes, as those of times do, whatever their unit.
        let own = conversion::<T>(&self.dtype).ok();
        let dtype = if own.is_some() { self.dtype.clone() } else { T::dtype() };
        let is_time =
            |dtype: &DType| matches!(dtype.kind(), Kind::DateTime(_) | Kind::TimeDelta(_));
        if own.is_none() {
            let counts = !is_time(&self.dtype) || *dtype.kind() == Kind::Int64;
            if !counts || is_time(&dtype) || dtype.itemsize() != size_of::<T>() {
                return Err(Error::new(ErrorKind::Dtype, "the value is of another kind")
                    .expected(format!("a type for dtype '{}'", self.dtype))
                    .found(format!("one for '{dtype}'")));
            }
        }
        let mut bytes = Vec::new();
        let read = |&value: &Scalar| {
            bytes.clear();
            value.write(&dtype, &mut bytes)?;
            let value: T = bytemuck::pod_read_unaligned(&bytes);
            Ok(if own == Some(Conversion::Swapped) { value.swap_bytes() } else { value })
        };
        values.iter().map(read).collect()
    }
}
