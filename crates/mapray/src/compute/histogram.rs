//! How often values lie in which range.

use std::cmp::Ordering;

use super::axes::Axes;
use super::columns::NoColumns;
use super::dispatch::{for_type, unsupported};
use super::fold::Accumulator;
use super::results::accumulate;
use super::value::{Float, Value};
use crate::array::AnyArray;
use crate::cast::nearest_f16;
use crate::element::Bool8;
use crate::error::{Error, ErrorKind, Result};

/// Starts a histogram of an array, wherever it lies: of booleans, integers, floating-point numbers,
/// and the counts of dates and spans of time.
///
/// Edges and counts are those of `numpy.histogram`: bins of equal width between the least and the
/// greatest value, or of the range that is asked for; a value on an edge is in the bin above it, but
/// for the last edge, which belongs to the last bin. Edges of `f2` and `f4` arrays are numbers of
/// these types. Integers are compared with the edges exactly, where NumPy rounds those beyond 2⁵³.
///
/// What NumPy refuses or leaves out is counted apart: NaN and NaT, and what is below or above the
/// range, infinities among them.
///
/// The array is read twice, once to find the range unless it is given, block by block.
///
/// ```
/// use mapray::{DynView, histogram};
///
/// let array = ndarray::arr1(&[1.0, 2.0, 2.5, f64::NAN, 5.0]);
/// let found = histogram(&DynView::from_array(&array)?).bins(4).count()?;
/// assert_eq!(found.edges, [1.0, 2.0, 3.0, 4.0, 5.0]);
/// assert_eq!(found.counts, [1, 2, 0, 1]);
/// assert_eq!((found.below, found.above, found.nan), (0, 0, 1));
/// # Ok::<(), mapray::Error>(())
/// ```
pub fn histogram(array: &impl AnyArray) -> Histogram<'_> {
    Histogram { array, bins: 10, range: None }
}

/// A histogram about to be made. Made by [`histogram`].
#[derive(Clone)]
#[must_use = "nothing is read before `count` is called"]
pub struct Histogram<'a> {
    array: &'a dyn AnyArray,
    bins: usize,
    range: Option<(f64, f64)>,
}

/// What [`Histogram::count`] found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// The edges of the bins, one more than there are bins.
    pub edges: Vec<f64>,
    /// How many values are in each bin.
    pub counts: Vec<u64>,
    /// How many are below the first edge.
    pub below: u64,
    /// How many are above the last edge.
    pub above: u64,
    /// How many are NaN or NaT.
    pub nan: u64,
}

impl Histogram<'_> {
    /// How many bins, 10 by default.
    pub fn bins(self, bins: usize) -> Self {
        Histogram { bins, ..self }
    }

    /// The first and the last edge; by default the least and the greatest value that is finite, and
    /// 0 and 1 where there is none. Where both are the same, half a unit is added on either side.
    pub fn range(self, first: f64, last: f64) -> Self {
        Histogram { range: Some((first, last)), ..self }
    }

    /// Reads the array and counts.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] for no bins at all, more than memory holds or more than there are
    /// numbers between the edges, and for a range that is not finite or runs backwards;
    /// [`ErrorKind::Dtype`] for complex numbers, text, raw bytes, records and `long double`;
    /// [`ErrorKind::Truncated`] where the file was cut short, and other errors of reading it.
    pub fn count(&self) -> Result<Counts> {
        let dtype = self.array.layout().dtype();
        for_type!(dtype.kind(), T => self.count_as::<T>(), {
            Kind::DateTime(_) => DateTime64,
            Kind::TimeDelta(_) => TimeDelta64,
        } else {
            let supported = "booleans, integers, floating-point numbers, dates or spans of time";
            Err(unsupported("histogram", dtype, supported))
        })
    }

    fn count_as<T: Binned>(&self) -> Result<Counts> {
        if self.bins == 0 {
            return Err(Error::new(ErrorKind::Shape, "a histogram needs a bin")
                .expected("1 or more")
                .found(0));
        }
        let bins = self.bins;
        let mut counts = reserved::<u64>(bins)?;
        counts.resize(bins, 0);
        let edges = self.edges::<T>()?;
        if let Some(at) =
            (0..bins).find(|&at| edges[at].partial_cmp(&edges[at + 1]) != Some(Ordering::Less))
        {
            return Err(Error::new(ErrorKind::Shape, "there are too many bins for the range")
                .expected(format!(
                    "numbers between {} and {} to tell them apart",
                    edges[0], edges[bins]
                ))
                .found(format!("{bins} bins, two edges of which are {}", edges[at])));
        }
        let counter = Counter::<T> {
            counts: Counts { edges, counts, below: 0, above: 0, nan: 0 },
            values: Default::default(),
        };
        let axes = Axes::new(self.array.layout().shape(), None)?;
        let mut slots = accumulate(self.array, &axes, false, counter)?;
        let counter = slots.pop().expect("all axes are reduced to one");
        Ok(counter.counts)
    }

    fn edges<T: Binned>(&self) -> Result<Vec<f64>> {
        let (first, last) = match self.range {
            Some((first, last)) => {
                if !first.is_finite() || !last.is_finite() || first > last {
                    return Err(Error::new(ErrorKind::Shape, "the range of a histogram is wrong")
                        .expected("two finite numbers, the lower one first")
                        .found(format!("{first} to {last}")));
                }
                let (first, last) = widened(first, last);
                let edge = |at: f64| T::round(first + at * ((last - first) / self.bins as f64));
                return self.spread(edge, T::round(last));
            }
            None => {
                let axes = Axes::new(self.array.layout().shape(), None)?;
                let slots = accumulate(self.array, &axes, false, Finite::<T>(None))?;
                slots[0].0.map_or((0.0, 1.0), |(least, greatest)| (least.wide(), greatest.wide()))
            }
        };
        let (first, last) = if first == last {
            (T::round(first - 0.5), T::round(last + 0.5))
        } else {
            (first, last)
        };
        let step = T::round(T::round(last - first) / T::round(self.bins as f64));
        self.spread(|at| T::round(T::round(T::round(at) * step) + first), last)
    }

    fn spread(&self, edge: impl Fn(f64) -> f64, last: f64) -> Result<Vec<f64>> {
        let mut edges = reserved(self.bins.saturating_add(1))?;
        edges.extend((0..self.bins).map(|at| edge(at as f64)));
        edges.push(last);
        Ok(edges)
    }
}

fn widened(first: f64, last: f64) -> (f64, f64) {
    if first == last { (first - 0.5, last + 0.5) } else { (first, last) }
}

fn reserved<T>(len: usize) -> Result<Vec<T>> {
    let mut values = Vec::new();
    values.try_reserve_exact(len).map_err(|_| {
        Error::new(ErrorKind::Shape, "there is not enough memory for so many bins").found(len)
    })?;
    Ok(values)
}

/// A value that belongs into a bin.
trait Binned: Value {
    /// The nearest `f64`.
    fn wide(self) -> f64;

    /// Whether it is less than this edge, exactly.
    fn is_below(self, edge: f64) -> bool;

    /// Whether it is greater than this edge, exactly.
    fn is_above(self, edge: f64) -> bool;

    /// The number of the type that edges have which is nearest to this one.
    fn round(edge: f64) -> f64 {
        edge
    }
}

macro_rules! integers {
    ($($number:ty: $value:expr),*) => {$(
        impl Binned for $number {
            #[inline]
            fn wide(self) -> f64 {
                $value(self) as f64
            }

            #[inline]
            fn is_below(self, edge: f64) -> bool {
                if size_of::<Self>() < 8 {
                    return self.wide() < edge;
                }
                // Saturates far outside of what the integer can be.
                i128::from($value(self)) < edge.ceil() as i128
            }

            #[inline]
            fn is_above(self, edge: f64) -> bool {
                if size_of::<Self>() < 8 {
                    return self.wide() > edge;
                }
                i128::from($value(self)) > edge.floor() as i128
            }
        }
    )*};
}

integers!(
    Bool8: |value: Bool8| u8::from(value.get()),
    i8: |value| value, i16: |value| value, i32: |value| value, i64: |value| value,
    u8: |value| value, u16: |value| value, u32: |value| value, u64: |value| value,
    crate::DateTime64: |value: crate::DateTime64| value.0,
    crate::TimeDelta64: |value: crate::TimeDelta64| value.0
);

macro_rules! floats {
    ($($number:ty: $round:expr),*) => {$(
        impl Binned for $number {
            #[inline]
            fn wide(self) -> f64 {
                Float::wide(self)
            }

            #[inline]
            fn is_below(self, edge: f64) -> bool {
                Float::wide(self) < edge
            }

            #[inline]
            fn is_above(self, edge: f64) -> bool {
                Float::wide(self) > edge
            }

            fn round(edge: f64) -> f64 {
                $round(edge)
            }
        }
    )*};
}

floats!(
    half::f16: |edge| nearest_f16(edge).to_f64(),
    f32: |edge| f64::from(edge as f32),
    f64: |edge| edge
);

/// The least and the greatest value that is finite.
#[derive(Clone)]
struct Finite<T>(Option<(T, T)>);

impl<T: Binned> Accumulator for Finite<T> {
    type Item = T;
    type Columns = NoColumns;

    #[inline]
    fn push(&mut self, value: T, _: usize) {
        if value.is_nan() || value.is_infinite() {
            return;
        }
        let (mut least, mut greatest) = self.0.unwrap_or((value, value));
        if value.is_less(least) {
            least = value;
        }
        if greatest.is_less(value) {
            greatest = value;
        }
        self.0 = Some((least, greatest));
    }

    fn merge(&mut self, later: &Self) {
        if let Some((least, greatest)) = later.0 {
            self.push(least, 0);
            self.push(greatest, 0);
        }
    }
}

#[derive(Clone)]
struct Counter<T> {
    counts: Counts,
    values: std::marker::PhantomData<T>,
}

impl<T: Binned> Accumulator for Counter<T> {
    type Item = T;
    type Columns = NoColumns;

    #[inline]
    fn push(&mut self, value: T, _: usize) {
        let Counts { edges, counts, below, above, nan } = &mut self.counts;
        if value.is_nan() {
            *nan += 1;
            return;
        }
        let bins = counts.len();
        let (first, last) = (edges[0], edges[bins]);
        if value.is_below(first) {
            *below += 1;
            return;
        }
        if value.is_above(last) {
            *above += 1;
            return;
        }
        // Nearly right; the edges themselves decide.
        let guess = (value.wide() - first) / (last - first) * bins as f64;
        let mut bin = (guess as usize).min(bins - 1);
        while value.is_below(edges[bin]) {
            bin -= 1;
        }
        while bin + 1 < bins && !value.is_below(edges[bin + 1]) {
            bin += 1;
        }
        counts[bin] += 1;
    }

    fn merge(&mut self, later: &Self) {
        let (all, more) = (&mut self.counts, &later.counts);
        all.counts.iter_mut().zip(&more.counts).for_each(|(count, more)| *count += more);
        all.below += more.below;
        all.above += more.above;
        all.nan += more.nan;
    }

    fn nbytes(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.counts.edges) + size_of_val(&*self.counts.counts)
    }
}
