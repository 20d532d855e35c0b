//! Neighbours taken together: what is needed to draw an array of any size.

use super::axes::Steps;
use super::dispatch::{for_type, unsupported};
use super::fold::CHUNK;
use super::run::Run;
use super::scalar::Scalar;
use super::value::Value;
use super::walk::{Place, Sink, for_each_run};
use crate::array::AnyArray;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::{Layout, display_shape};

/// How much is read at once of elements that lie far apart.
const FAR_APART: usize = 16 << 10;

/// What the elements of one bin are like.
///
/// Each number is the nearest `f64`; of a complex one it is the magnitude, of a time the count of its
/// unit.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Bin {
    /// How many elements are finite.
    pub finite: u64,
    /// How many are NaN or NaT.
    pub nan: u64,
    /// How many are plus infinity, or complex and infinite.
    pub above: u64,
    /// How many are minus infinity.
    pub below: u64,
    /// The least of the finite ones; infinity where there is none.
    pub min: f64,
    /// The greatest of the finite ones; minus infinity where there is none.
    pub max: f64,
    /// The mean of the finite ones, to within a few roundings; 0 where there is none.
    pub mean: f64,
}

/// Divides the one axis of an array, or its two, into bins of equal width, and tells of each what its
/// elements are like: in C order, `bins[0]` of them, or `bins[0] * bins[1]`.
///
/// Element `i` of an axis of length `n` is in bin `i * bins / n`, rounded down. So bins differ by one
/// element at most, and where there are more bins than elements, some are empty.
///
/// The array is read once, block by block; the holes of a sparse file are passed over.
///
/// ```
/// use mapray::{DynView, binned};
///
/// let array = ndarray::arr1(&[1.0, 5.0, f64::NAN, 2.0, 4.0]);
/// let found = binned(&DynView::from_array(&array)?, &[2])?;
/// assert_eq!((found[0].min, found[0].max, found[0].mean), (1.0, 5.0, 3.0));
/// assert_eq!((found[1].finite, found[1].min, found[1].max), (2, 2.0, 4.0));
/// assert_eq!((found[0].nan, found[1].nan), (1, 0));
/// # Ok::<(), mapray::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Shape`] where the array has not one or two axes, or `bins` not a number above zero for
/// each, or more than memory holds; [`ErrorKind::Dtype`] for text, raw bytes, records and
/// `long double`; [`ErrorKind::Truncated`] where the file was cut short, and other errors of reading it.
pub fn binned(array: &impl AnyArray, bins: &[usize]) -> Result<Vec<Bin>> {
    let layout = array.layout();
    let steps = match layout.ndim() {
        1 => Steps { slot: vec![0], position: vec![1] },
        2 => Steps { slot: vec![1, 0], position: vec![0, 1] },
        _ => {
            let shape = display_shape(layout.shape());
            return Err(Error::new(ErrorKind::Shape, "bins divide one axis or two")
                .expected("an array of one or two axes")
                .found(format!("the shape {shape}"))
                .hint("take a slice"));
        }
    };
    if bins.len() != layout.ndim() || bins.contains(&0) {
        return Err(Error::new(ErrorKind::Shape, "there must be bins along each axis")
            .expected(format!("{} numbers above zero", layout.ndim()))
            .found(format!("{bins:?}")));
    }
    let dtype = layout.dtype();
    for_type!(dtype.kind(), T => binned_as::<T>(array, bins, &steps), {
        Kind::Complex64 => Complex<f32>,
        Kind::Complex128 => Complex<f64>,
        Kind::DateTime(_) => DateTime64,
        Kind::TimeDelta(_) => TimeDelta64,
    } else {
        let supported = "booleans, numbers, dates or spans of time";
        Err(unsupported("division into bins", dtype, supported))
    })
}

fn binned_as<T: Value>(array: &dyn AnyArray, bins: &[usize], steps: &Steps) -> Result<Vec<Bin>> {
    let layout = array.layout();
    let (rows, columns) = match (layout.shape(), bins) {
        (&[rows, columns], &[row_bins, column_bins]) => {
            (Edges::new(rows, row_bins)?, Edges::new(columns, column_bins)?)
        }
        (shape, bins) => (Edges::new(1, 1)?, Edges::new(shape[0], bins[0])?),
    };
    let count = rows.bins().saturating_mul(columns.bins());
    let mut found = reserved(count)?;
    found.resize(count, Bin::EMPTY);
    let mut sink = Bins::<T> {
        found,
        rows,
        columns,
        values: vec![bytemuck::Zeroable::zeroed(); CHUNK],
        swapped: !layout.dtype().is_native(),
        at_once: at_once(layout),
    };
    for_each_run(array, steps, &mut sink)?;
    Ok(sink.found)
}

fn reserved<T>(len: usize) -> Result<Vec<T>> {
    let mut values = Vec::new();
    values.try_reserve_exact(len).map_err(|_| {
        Error::new(ErrorKind::Shape, "there is not enough memory for so many bins").found(len)
    })?;
    Ok(values)
}

/// A sample of elements is read one by one where that is much less than all that lies in between.
fn at_once(layout: &Layout) -> usize {
    let span = layout.span();
    let is_sparse = (span.end - span.start) / 8 > layout.nbytes() as u64;
    if is_sparse { FAR_APART } else { 1 << 20 }
}

/// Where the bins of an axis begin and end.
struct Edges {
    at: Vec<usize>,
    /// The bin that was found last: the next one is mostly the same.
    last: usize,
}

impl Edges {
    fn new(n: usize, bins: usize) -> Result<Edges> {
        let mut at = reserved(bins.saturating_add(1))?;
        let edge = |bin: usize| (bin as u128 * n as u128).div_ceil(bins as u128) as usize;
        at.extend((0..=bins).map(edge));
        Ok(Edges { at, last: 0 })
    }

    fn bins(&self) -> usize {
        self.at.len() - 1
    }

    fn bin_of(&mut self, index: usize) -> usize {
        let is_in = |bin: usize| (self.at[bin]..self.at[bin + 1]).contains(&index);
        if !is_in(self.last) {
            self.last = self.at.partition_point(|&edge| edge <= index) - 1;
        }
        self.last
    }
}

struct Bins<T> {
    found: Vec<Bin>,
    rows: Edges,
    columns: Edges,
    values: Vec<T>,
    swapped: bool,
    at_once: usize,
}

impl<T: Value> Sink for Bins<T> {
    /// The slot of a place is its row, the position its column; a run goes along one of them.
    fn run(&mut self, run: Run<'_>, place: Place) {
        let (row, column) = (self.rows.bin_of(place.slot), self.columns.bin_of(place.position));
        let width = self.columns.bins();
        let (mut bin, step, first, is_column) = match place.slot_step {
            0 => (column, 1, place.position, false),
            _ => (row, width, place.slot, true),
        };
        let mut slot = row * width + column;
        let mut start = 0;
        while start < run.len() {
            let edges = if is_column { &self.rows } else { &self.columns };
            let end = (edges.at[bin + 1] - first).min(run.len());
            self.take(slot, run, start, end);
            start = end;
            bin += 1;
            slot += step;
        }
    }

    fn at_once(&self) -> usize {
        self.at_once
    }

    fn asks_for_holes(&self) -> bool {
        true
    }
}

impl<T: Value> Bins<T> {
    fn take(&mut self, slot: usize, run: Run<'_>, start: usize, end: usize) {
        let mut numbers = [0.0; CHUNK];
        let mut at = start;
        while at < end {
            let n = if run.is_constant() { 1 } else { CHUNK.min(end - at) };
            let values = &mut self.values[..n];
            run.load(at, values);
            for (number, &value) in numbers.iter_mut().zip(&*values) {
                *number = nearest(if self.swapped { value.swap_bytes() } else { value });
            }
            let mut some = Bin::of(&numbers[..n]);
            if run.is_constant() {
                let all = (end - at) as u64;
                some.count(|count| *count *= all);
                at = end;
            }
            self.found[slot].add(&some);
            at += n;
        }
    }
}

#[inline]
fn nearest<T: Value>(value: T) -> f64 {
    if value.is_nan() {
        return f64::NAN;
    }
    match value.scalar() {
        Scalar::Bool(value) => f64::from(u8::from(value)),
        Scalar::Int(value) => value as f64,
        Scalar::UInt(value) => value as f64,
        Scalar::Float(value) => value,
        Scalar::Complex(value) => value.norm(),
    }
}

impl Bin {
    const EMPTY: Bin = Bin {
        finite: 0,
        nan: 0,
        above: 0,
        below: 0,
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
        mean: 0.0,
    };

    fn of(numbers: &[f64]) -> Bin {
        let (mut bin, mut sum) = (Bin::EMPTY, 0.0);
        for &number in numbers {
            if number.is_finite() {
                bin.finite += 1;
                bin.min = bin.min.min(number);
                bin.max = bin.max.max(number);
                sum += number;
            } else if number.is_nan() {
                bin.nan += 1;
            } else if number > 0.0 {
                bin.above += 1;
            } else {
                bin.below += 1;
            }
        }
        if bin.finite > 0 {
            let n = bin.finite as f64;
            let finite = numbers.iter().filter(|number| number.is_finite());
            // The sum of huge numbers is none.
            let mean = if f64::is_finite(sum) { sum / n } else { finite.map(|it| it / n).sum() };
            bin.mean = mean.clamp(bin.min, bin.max);
        }
        bin
    }

    fn count(&mut self, change: impl Fn(&mut u64)) {
        for count in [&mut self.finite, &mut self.nan, &mut self.above, &mut self.below] {
            change(count);
        }
    }

    fn add(&mut self, other: &Bin) {
        self.finite += other.finite;
        self.nan += other.nan;
        self.above += other.above;
        self.below += other.below;
        if other.finite > 0 {
            self.min = self.min.min(other.min);
            self.max = self.max.max(other.max);
            let share = other.finite as f64 / self.finite as f64;
            // A weighted mean, which no number is too large for.
            let mean = self.mean * (1.0 - share) + other.mean * share;
            self.mean = mean.clamp(self.min, self.max);
        }
    }
}
