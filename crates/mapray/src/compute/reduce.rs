//! Reductions of arrays of any dtype: the builder.

use super::axes::Axes;
use super::dispatch::{for_type, unsupported};
use super::extreme::{ArgExtreme, Extreme};
use super::finish;
use super::fold::Accumulator;
use super::moments::{ComplexMoments, Deviations, Moments};
use super::reduced::Reduced;
use super::results::{filled, finished};
use super::scalar::Scalar;
use super::sum::Sum;
use super::truth::{Count, Quantifier, has_long_double, load_truth};
use super::value::Value;
use crate::array::AnyArray;
use crate::dtype::Kind;
use crate::element::Bool8;
use crate::error::{Error, ErrorKind, Result};

/// What stands for a value that is still to be made.
const BLANK: Scalar = Scalar::Bool(false);

const NUMBERS: &str = "booleans, integers, floating-point or complex numbers";
const SUMMANDS: &str = "booleans, integers, floating-point or complex numbers, or spans of time";
const ORDERED: &str =
    "booleans, integers, floating-point or complex numbers, dates or spans of time";

/// Starts a reduction of an array of any dtype, wherever it lies: of the whole array, or along the
/// axes that are named then.
///
/// The array is read once, block by block in the order in which it lies; memory is read in place.
/// A file, a live map and memory of the same layout give the same result, bit for bit.
///
/// ```
/// use mapray::{ArrayFile, reduce};
/// use ndarray::{Ix1, arr2};
///
/// # let folder = std::env::temp_dir().join(format!("mapray-reduce-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("a.npy");
/// mapray::save(&path, &arr2(&[[1.0, f64::NAN, 3.0], [5.0, 7.0, 9.0]]))?;
/// let file = ArrayFile::open(&path)?;
/// assert!(reduce(&file).sum()?.value::<f64>()?.is_nan());
/// assert_eq!(reduce(&file).skip_nan(true).sum()?.value::<f64>()?, 25.0);
/// let means = reduce(&file).axis(0).skip_nan(true).mean()?;
/// assert_eq!(means.to_array::<f64, Ix1>()?.to_vec(), [3.0, 7.0, 6.0]);
/// assert_eq!(reduce(&file).axis(-1).argmax()?.to_array::<i64, Ix1>()?.to_vec(), [1, 2]);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
pub fn reduce(array: &impl AnyArray) -> Reduction<'_> {
    Reduction { array, axes: None, keepdims: false, skip_nan: false, ddof: 0.0, wrapping: false }
}

/// A reduction about to be made: which axes, and how. Made by [`reduce`].
///
/// | | of | dtype of the result, as NumPy's | of no elements |
/// |---|---|---|---|
/// | [`sum`](Self::sum) | booleans, numbers, `m8` | `b1 i1 … i8`: `i8`; `u1 … u8`: `u8`; else the same | 0 |
/// | [`mean`](Self::mean) | booleans, numbers, `m8` | booleans and integers: `f8`; else the same | NaN, NaT |
/// | [`var`](Self::var), [`std`](Self::std) | booleans, numbers | booleans and integers: `f8`; `c8`: `f4`, `c16`: `f8`; else the same | NaN |
/// | [`min`](Self::min), [`max`](Self::max) | booleans, numbers, `M8`, `m8` | the same | an error |
/// | [`argmin`](Self::argmin), [`argmax`](Self::argmax) | booleans, numbers, `M8`, `m8` | `i8` | an error |
/// | [`count_nonzero`](Self::count_nonzero) | all but `long double` | `i8` | 0 |
/// | [`any`](Self::any), [`all`](Self::all) | all but `long double` and records | `b1` | false, true |
///
/// Sums and means of floating-point numbers, and all variances, are computed in double-double
/// arithmetic, with 106 bits, and rounded at the end. The error of a sum of n elements is half a
/// unit in the last place of the result, and at most n · 2⁻¹⁰⁰ of the sum of their absolute values
/// (in practice far less), whatever their order and however large the numbers that cancel. Sums and
/// means of integers are exact until they are rounded to the result's type. Where numbers are so
/// large that a sum leaves the range of `f64` on the way, the result is infinite, as in NumPy.
#[derive(Clone)]
#[must_use = "nothing is read before `sum`, `mean`, … is called"]
pub struct Reduction<'a> {
    array: &'a dyn AnyArray,
    axes: Option<Vec<isize>>,
    keepdims: bool,
    skip_nan: bool,
    ddof: f64,
    wrapping: bool,
}

impl Reduction<'_> {
    /// Reduces along this axis only; a negative one counts from the end.
    pub fn axis(self, axis: isize) -> Self {
        self.axes(&[axis])
    }

    /// Reduces along these axes only. No axes at all leave the shape as it is.
    pub fn axes(self, axes: &[isize]) -> Self {
        Reduction { axes: Some(axes.to_vec()), ..self }
    }

    /// Whether the axes that are reduced stay, with length 1.
    pub fn keepdims(self, keepdims: bool) -> Self {
        Reduction { keepdims, ..self }
    }

    /// Whether NaN is left out as if it were not there, and NaT too: NumPy's `nansum`, `nanmean`, …
    /// (NumPy itself leaves NaT out of `nanmin` and `nanmax` only.)
    pub fn skip_nan(self, skip_nan: bool) -> Self {
        Reduction { skip_nan, ..self }
    }

    /// The delta degrees of freedom of [`var`](Self::var) and [`std`](Self::std): the squares are
    /// divided by the number of elements less this. 0 by default.
    pub fn ddof(self, ddof: impl Into<f64>) -> Self {
        Reduction { ddof: ddof.into(), ..self }
    }

    /// Whether an integer sum that does not fit in 64 bits wraps around, as NumPy's does, instead
    /// of being an error.
    pub fn wrapping(self, wrapping: bool) -> Self {
        Reduction { wrapping, ..self }
    }

    fn kind(&self) -> &Kind {
        self.array.layout().dtype().kind()
    }

    fn axes_of(&self) -> Result<Axes<'_>> {
        Axes::new(self.array.layout().shape(), self.axes.as_deref())
    }

    fn unsupported(&self, name: &str, supported: &str) -> Error {
        unsupported(name, self.array.layout().dtype(), supported)
    }

    /// Takes all elements in and makes the values of the result.
    fn finish<A: Accumulator>(
        &self,
        kind: Kind,
        initial: A,
        finish: impl Fn(&A) -> Result<Scalar> + Sync,
    ) -> Result<Reduced> {
        let axes = self.axes_of()?;
        let (array, skip_nan) = (self.array, self.skip_nan);
        let values = finished(array, &axes, skip_nan, &initial, None, BLANK, &finish)?;
        Ok(Reduced::new(kind, axes.result_shape(self.keepdims), values))
    }

    /// The sum.
    ///
    /// ```
    /// # use mapray::{DynView, reduce};
    /// let array = ndarray::arr1(&[1e16, 1.0, -1e16]);
    /// assert_eq!(reduce(&DynView::from_array(&array)?).sum()?.value::<f64>()?, 1.0);
    ///
    /// let array = ndarray::arr1(&[i64::MAX, 1]);
    /// let view = DynView::from_array(&array)?;
    /// assert!(reduce(&view).sum().is_err());
    /// assert_eq!(reduce(&view).wrapping(true).sum()?.value::<i64>()?, i64::MIN);
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] for text, raw bytes, records, dates and `long double`, and where a sum
    /// of integers or spans of time does not fit in 64 bits; [`ErrorKind::Index`] where the array
    /// has no such axis; [`ErrorKind::Truncated`] where the file was cut short, and other errors of
    /// reading it.
    pub fn sum(&self) -> Result<Reduced> {
        let result = match self.kind() {
            Kind::Bool | Kind::Int8 | Kind::Int16 | Kind::Int32 => Kind::Int64,
            Kind::UInt8 | Kind::UInt16 | Kind::UInt32 => Kind::UInt64,
            kind => kind.clone(),
        };
        for_type!(self.kind(), T => {
            self.finish(result.clone(), Sum::<T>::default(), |slot| {
                finish::sum(slot.summed(), &result, self.wrapping)
            })
        }, {
            Kind::Complex64 => Complex<f32>,
            Kind::Complex128 => Complex<f64>,
            Kind::TimeDelta(_) => TimeDelta64,
        } else Err(self.unsupported("sum", SUMMANDS)))
    }

    /// The arithmetic mean. Of spans of time, in whole units, toward zero.
    ///
    /// ```
    /// # use mapray::{DynView, reduce};
    /// let array = ndarray::arr1(&[i64::MAX, i64::MAX]);
    /// let mean = reduce(&DynView::from_array(&array)?).mean()?;
    /// assert_eq!(mean.value::<f64>()?, i64::MAX as f64);
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`sum`](Self::sum), but that nothing overflows.
    pub fn mean(&self) -> Result<Reduced> {
        let result = real_result(self.kind());
        if let Kind::TimeDelta(_) = self.kind() {
            let initial = Sum::<crate::TimeDelta64>::default();
            return self
                .finish(result, initial, |slot| Ok(finish::time_mean(slot.summed(), slot.count)));
        }
        for_type!(self.kind(), T => {
            self.finish(result, Sum::<T>::default(), |slot| {
                Ok(finish::mean(slot.summed(), slot.count))
            })
        }, {
            Kind::Complex64 => Complex<f32>,
            Kind::Complex128 => Complex<f64>,
        } else Err(self.unsupported("mean", SUMMANDS)))
    }

    /// The variance: the mean of the squares of the distances from the mean, see
    /// [`ddof`](Self::ddof). One pass over the array.
    ///
    /// ```
    /// # use mapray::{DynView, reduce};
    /// let array = ndarray::arr1(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0]);
    /// let view = DynView::from_array(&array)?;
    /// assert_eq!(reduce(&view).ddof(1).var()?.value::<f64>()?, 1.0);
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] for text, raw bytes, records, times and `long double`; else as for
    /// [`sum`](Self::sum).
    pub fn var(&self) -> Result<Reduced> {
        self.deviation("variance", false)
    }

    /// The standard deviation: the square root of the [variance](Self::var).
    ///
    /// ```
    /// # use mapray::{DynView, reduce};
    /// let array = ndarray::arr1(&[1_u8, 3]);
    /// assert_eq!(reduce(&DynView::from_array(&array)?).std()?.value::<f64>()?, 1.0);
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`var`](Self::var).
    pub fn std(&self) -> Result<Reduced> {
        self.deviation("standard deviation", true)
    }

    fn deviation(&self, name: &str, root: bool) -> Result<Reduced> {
        match self.kind() {
            Kind::Complex64 => self.squares(Kind::Float32, ComplexMoments::<f32>::default(), root),
            Kind::Complex128 => self.squares(Kind::Float64, ComplexMoments::<f64>::default(), root),
            kind => for_type!(kind, T => {
                self.squares(real_result(kind), Moments::<T>::default(), root)
            }, {} else Err(self.unsupported(name, NUMBERS))),
        }
    }

    fn squares<A: Deviations>(&self, result: Kind, initial: A, root: bool) -> Result<Reduced> {
        self.finish(result, initial, |slot| {
            Ok(finish::deviation(slot, self.ddof, self.skip_nan, root))
        })
    }

    /// The least value; NaN where there is one, and NaT. With [`skip_nan`](Self::skip_nan), NaN
    /// only where there is nothing else. Complex numbers are compared by their real parts, then by
    /// their imaginary parts. Which zero is given where both signs are there is left open.
    ///
    /// ```
    /// # use mapray::{DynView, reduce};
    /// let array = ndarray::arr1(&[2.0, f64::NAN, 1.0]);
    /// let view = DynView::from_array(&array)?;
    /// assert!(reduce(&view).min()?.value::<f64>()?.is_nan());
    /// assert_eq!(reduce(&view).skip_nan(true).min()?.value::<f64>()?, 1.0);
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] for the least of no elements; [`ErrorKind::Dtype`] for text, raw bytes,
    /// records and `long double`; else as for [`sum`](Self::sum).
    pub fn min(&self) -> Result<Reduced> {
        self.extreme::<false>("minimum")
    }

    /// The greatest value: as [`min`](Self::min).
    ///
    /// # Errors
    ///
    /// As for [`min`](Self::min).
    pub fn max(&self) -> Result<Reduced> {
        self.extreme::<true>("maximum")
    }

    fn extreme<const MAX: bool>(&self, name: &str) -> Result<Reduced> {
        let require_some = || {
            if self.axes_of()?.reduced_len() > 0 {
                return Ok(());
            }
            let message =
                format!("zero-size array to reduction operation {name} which has no identity");
            Err(Error::new(ErrorKind::Shape, message))
        };
        let result = self.kind().clone();
        for_type!(self.kind(), T => {
            require_some()?;
            self.finish(result, Extreme::<T, MAX>::default(), |slot| {
                Ok(slot.best.map_or(T::MISSING, |best| best.scalar()))
            })
        }, {
            Kind::Complex64 => Complex<f32>,
            Kind::Complex128 => Complex<f64>,
            Kind::DateTime(_) => DateTime64,
            Kind::TimeDelta(_) => TimeDelta64,
        } else Err(self.unsupported(name, ORDERED)))
    }

    /// Where the least value is: the first of them, or the first NaN where there is one. The index
    /// counts in C order through the axes that are reduced, so through the whole array unless axes
    /// are named. (NumPy takes one axis or none; several are ours.)
    ///
    /// ```
    /// # use mapray::{DynView, reduce};
    /// let array = ndarray::arr2(&[[3, 1], [2, 1]]);
    /// let view = DynView::from_array(&array)?;
    /// assert_eq!(reduce(&view).argmin()?.value::<i64>()?, 1);
    /// assert_eq!(reduce(&view).axis(0).argmin()?.scalars(), [1, 0].map(mapray::Scalar::Int));
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] where there are no elements, or, with [`skip_nan`](Self::skip_nan),
    /// none but NaN; else as for [`min`](Self::min).
    pub fn argmin(&self) -> Result<Reduced> {
        self.arg_extreme::<false>("argmin")
    }

    /// Where the greatest value is: as [`argmin`](Self::argmin).
    ///
    /// # Errors
    ///
    /// As for [`argmin`](Self::argmin).
    pub fn argmax(&self) -> Result<Reduced> {
        self.arg_extreme::<true>("argmax")
    }

    fn arg_extreme<const MAX: bool>(&self, name: &str) -> Result<Reduced> {
        let require_some = || {
            if self.axes_of()?.reduced_len() > 0 {
                return Ok(());
            }
            let message = format!("attempt to get {name} of an empty sequence");
            Err(Error::new(ErrorKind::Shape, message))
        };
        for_type!(self.kind(), T => {
            require_some()?;
            self.finish(Kind::Int64, ArgExtreme::<T, MAX>::default(), |slot| {
                let (_, position) = slot.best.ok_or_else(|| {
                    Error::new(ErrorKind::Shape, "all-NaN slice encountered")
                        .hint(format!("without leaving NaN out, {name} gives the first one"))
                })?;
                Ok(Scalar::Int(position as i64))
            })
        }, {
            Kind::Complex64 => Complex<f32>,
            Kind::Complex128 => Complex<f64>,
            Kind::DateTime(_) => DateTime64,
            Kind::TimeDelta(_) => TimeDelta64,
        } else Err(self.unsupported(name, ORDERED)))
    }

    /// How many elements are not zero. NaN and NaT are not zero, but for
    /// [`skip_nan`](Self::skip_nan); text and raw bytes are not where one byte is not; a record is
    /// not where a field is not.
    ///
    /// ```
    /// # use mapray::{DynView, reduce};
    /// let array = ndarray::arr2(&[[0.0, 1.0], [-0.0, f64::NAN]]);
    /// let view = DynView::from_array(&array)?;
    /// assert_eq!(reduce(&view).count_nonzero()?.value::<i64>()?, 2);
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] for `long double`, also in records; else as for [`sum`](Self::sum).
    pub fn count_nonzero(&self) -> Result<Reduced> {
        let finish = |count: u64| Ok(Scalar::Int(count as i64));
        for_type!(self.kind(), T => {
            self.finish(Kind::Int64, Count::<T>::default(), |slot| finish(slot.count))
        }, {
            Kind::Complex64 => Complex<f32>,
            Kind::Complex128 => Complex<f64>,
            Kind::DateTime(_) => DateTime64,
            Kind::TimeDelta(_) => TimeDelta64,
        } else {
            self.truth("count", Kind::Int64, Count::default(), |slot| Scalar::Int(slot.count as i64))
        })
    }

    /// Whether an element is not zero; see [`count_nonzero`](Self::count_nonzero). Reading ends
    /// with the first block that decides it.
    ///
    /// ```
    /// # use mapray::{DynView, reduce};
    /// let array = ndarray::arr2(&[[0, 0], [0, 3]]);
    /// let view = DynView::from_array(&array)?;
    /// assert_eq!(reduce(&view).axis(1).any()?.scalars(), [false, true].map(mapray::Scalar::Bool));
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`count_nonzero`](Self::count_nonzero), and [`ErrorKind::Dtype`] for records.
    pub fn any(&self) -> Result<Reduced> {
        self.quantify::<false>()
    }

    /// Whether no element is zero: as [`any`](Self::any).
    ///
    /// # Errors
    ///
    /// As for [`any`](Self::any).
    pub fn all(&self) -> Result<Reduced> {
        self.quantify::<true>()
    }

    fn quantify<const ALL: bool>(&self) -> Result<Reduced> {
        if let Kind::Record(_) = self.kind() {
            return Err(self
                .unsupported("truth", "numbers, times, text or raw bytes")
                .hint("`count_nonzero` counts the records that have a field that is not zero"));
        }
        for_type!(self.kind(), T => {
            self.finish(Kind::Bool, Quantifier::<T, ALL>::default(), |slot| {
                Ok(Scalar::Bool(slot.holds))
            })
        }, {
            Kind::Complex64 => Complex<f32>,
            Kind::Complex128 => Complex<f64>,
            Kind::DateTime(_) => DateTime64,
            Kind::TimeDelta(_) => TimeDelta64,
        } else {
            self.truth("truth", Kind::Bool, Quantifier::<_, ALL>::default(), |slot| {
                Scalar::Bool(slot.holds)
            })
        })
    }

    /// Reduces the truth of elements that are no numbers.
    fn truth<A: Accumulator<Item = Bool8>>(
        &self,
        name: &str,
        result: Kind,
        initial: A,
        finish: impl Fn(&A) -> Scalar + Sync,
    ) -> Result<Reduced> {
        let dtype = self.array.layout().dtype();
        if has_long_double(dtype) {
            return Err(self.unsupported(name, "anything but long double"));
        }
        let axes = self.axes_of()?;
        let values = if dtype.itemsize() == 0 {
            // There can be more of them than a loop comes to the end of, and all are false.
            let mut slot = initial;
            if axes.reduced_len() > 0 {
                slot.push(Bool8::from(false), 0);
            }
            filled(axes.slots(), finish(&slot))?
        } else {
            let load = |run: super::run::Run<'_>, start: usize, values: &mut [Bool8]| {
                load_truth(dtype, run, start, values);
            };
            let finish = |slot: &A| Ok(finish(slot));
            let (array, skip_nan) = (self.array, self.skip_nan);
            finished(array, &axes, skip_nan, &initial, Some(&load), BLANK, &finish)?
        };
        Ok(Reduced::new(result, axes.result_shape(self.keepdims), values))
    }
}

/// The kind of a mean: integers and booleans get fractions.
fn real_result(kind: &Kind) -> Kind {
    match kind {
        Kind::Float16 | Kind::Float32 | Kind::Complex64 | Kind::Complex128 | Kind::TimeDelta(_) => {
            kind.clone()
        }
        _ => Kind::Float64,
    }
}
