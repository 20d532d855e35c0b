//! What there is to say of an array at a glance, in one pass.

use super::axes::Axes;
use super::columns::NoColumns;
use super::dispatch::{for_type, unsupported};
use super::extreme::Extreme;
use super::finish;
use super::fold::Accumulator;
use super::moments::Moments;
use super::results::finished;
use super::scalar::Scalar;
use super::sum::{Sum, Summand};
use super::value::{Real, Value};
use super::values::Values;
use crate::array::AnyArray;
use crate::error::Result;

/// What [`summary`] says of an array.
///
/// NaN and NaT are counted, and left out of the last four; those are `None` where nothing is left.
/// Infinities are not: the mean is then infinite or NaN, the standard deviation NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// How many elements there are.
    pub count: u64,
    /// How many of them are NaN or NaT.
    pub nan: u64,
    /// How many of them are infinite, of either sign.
    pub inf: u64,
    /// The least one, exactly; of times, their count of the dtype's unit.
    pub min: Option<Scalar>,
    /// The greatest one, exactly.
    pub max: Option<Scalar>,
    /// The arithmetic mean; of times, in the dtype's unit.
    pub mean: Option<f64>,
    /// The standard deviation, with `ddof` 0.
    pub std: Option<f64>,
}

#[derive(Clone)]
struct Summarizer<T: Summand> {
    count: u64,
    nan: u64,
    inf: u64,
    min: Extreme<T, false>,
    max: Extreme<T, true>,
    sum: Sum<T>,
    moments: Moments<T>,
}

impl<T: Summand + Real> Summarizer<T> {
    fn finish(&self) -> Summary {
        let real = |scalar: Scalar| match scalar {
            Scalar::Float(value) if self.sum.count > 0 => Some(value),
            _ => None,
        };
        Summary {
            count: self.count,
            nan: self.nan,
            inf: self.inf,
            min: self.min.best.map(Value::scalar),
            max: self.max.best.map(Value::scalar),
            mean: real(finish::mean(self.sum.summed(), self.sum.count)),
            std: real(finish::deviation(&self.moments, 0.0, true, true)),
        }
    }
}

impl<T: Summand + Real> Accumulator for Summarizer<T> {
    type Item = T;
    type Columns = NoColumns;

    fn push(&mut self, value: T, position: usize) {
        self.count += 1;
        if value.is_nan() {
            self.nan += 1;
            return;
        }
        self.inf += u64::from(value.is_infinite());
        self.min.push(value, position);
        self.max.push(value, position);
        self.sum.push(value, position);
        self.moments.push(value, position);
    }

    #[inline(always)]
    fn fold(&mut self, values: Values<'_, T>, position: usize, step: usize) {
        if T::HAS_NAN && values.iter().any(|value| value.is_nan()) {
            return values.iter().for_each(|&value| self.push(value, position));
        }
        self.count += values.len() as u64;
        self.inf += values.iter().map(|value| u64::from(value.is_infinite())).sum::<u64>();
        self.min.fold(values, position, step);
        self.max.fold(values, position, step);
        self.sum.fold(values, position, step);
        self.moments.fold(values, position, step);
    }

    fn merge(&mut self, later: &Self) {
        self.count += later.count;
        self.nan += later.nan;
        self.inf += later.inf;
        self.min.merge(&later.min);
        self.max.merge(&later.max);
        self.sum.merge(&later.sum);
        self.moments.merge(&later.moments);
    }
}

/// Counts the elements of an array, its NaN and infinities, and finds extremes, mean and standard
/// deviation, in one pass; of booleans, integers, floating-point numbers, dates and spans of time.
///
/// ```
/// use mapray::{DynView, Scalar, summary};
///
/// let array = ndarray::arr1(&[3.0, f64::NAN, 1.0, 2.0]);
/// let summary = summary(&DynView::from_array(&array)?)?;
/// assert_eq!((summary.count, summary.nan, summary.inf), (4, 1, 0));
/// assert_eq!((summary.min, summary.max), (Some(Scalar::Float(1.0)), Some(Scalar::Float(3.0))));
/// assert_eq!((summary.mean, summary.std), (Some(2.0), Some((2.0_f64 / 3.0).sqrt())));
/// # Ok::<(), mapray::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Dtype`](crate::ErrorKind::Dtype) for dtypes without an order, or with one that is
/// no number's: complex numbers, text, raw bytes, records, and `long double`;
/// [`ErrorKind::Truncated`](crate::ErrorKind::Truncated) where the file was cut short, and other
/// errors of reading it.
pub fn summary(array: &impl AnyArray) -> Result<Summary> {
    let found = summaries_of(array, None)?;
    let [summary] = found.values[..] else { unreachable!("all axes are reduced") };
    Ok(summary)
}

/// What [`summaries`] says of an array: one summary for each group of elements.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Summaries {
    /// The lengths of the axes that are left.
    pub shape: Vec<usize>,
    /// The summaries, in C order.
    pub values: Vec<Summary>,
}

/// As [`summary`], along these axes only; negative ones count from the end. No axes at all leave
/// every element to itself.
///
/// One pass over the array, whichever axes they are; what is kept of each group are some 200 bytes.
///
/// ```
/// use mapray::{DynView, Scalar, summaries};
///
/// let array = ndarray::arr2(&[[3, 1], [5, 1]]);
/// let found = summaries(&DynView::from_array(&array)?, &[0])?;
/// assert_eq!(found.shape, [2]);
/// assert_eq!(found.values[0].max, Some(Scalar::Int(5)));
/// assert_eq!((found.values[1].count, found.values[1].std), (2, Some(0.0)));
/// # Ok::<(), mapray::Error>(())
/// ```
///
/// # Errors
///
/// As [`summary`]; [`ErrorKind::Index`](crate::ErrorKind::Index) where the array has no such axis;
/// [`ErrorKind::Io`](crate::ErrorKind::Io) where there is no memory for so many groups.
pub fn summaries(array: &impl AnyArray, axes: &[isize]) -> Result<Summaries> {
    summaries_of(array, Some(axes))
}

fn summaries_of(array: &dyn AnyArray, axes: Option<&[isize]>) -> Result<Summaries> {
    let axes = Axes::new(array.layout().shape(), axes)?;
    let dtype = array.layout().dtype();
    for_type!(dtype.kind(), T => summarize::<T>(array, &axes), {
        Kind::DateTime(_) => DateTime64,
        Kind::TimeDelta(_) => TimeDelta64,
    } else {
        let supported = "booleans, integers, floating-point numbers, dates or spans of time";
        Err(unsupported("summary", dtype, supported))
    })
}

fn summarize<T: Summand + Real>(array: &dyn AnyArray, axes: &Axes<'_>) -> Result<Summaries> {
    let initial = Summarizer::<T> {
        count: 0,
        nan: 0,
        inf: 0,
        min: Extreme::default(),
        max: Extreme::default(),
        sum: Sum::default(),
        moments: Moments::default(),
    };
    let (blank, finish) = (initial.finish(), |slot: &Summarizer<T>| Ok(slot.finish()));
    let values = finished(array, axes, false, &initial, None, blank, &finish)?;
    Ok(Summaries { shape: axes.result_shape(false), values })
}
