//! Where two arrays differ.

use super::rule::{Outcome, Rule, Tolerance, rules};
use crate::array::{AnyArray, TileReader};
use crate::cast::{Pair, for_each_run};
use crate::dtype::{DType, Endian};
use crate::error::{Error, ErrorKind, Result};
use crate::layout::{Order, Tile, for_each_tile, index_in};

/// How many bytes of each array are looked at in one go.
const TILE: usize = 4 << 20;

/// How many parts are compared at once.
const RUN: usize = 512;

/// Compares two arrays element by element, wherever they lie: in files, maps or memory, in
/// whatever order and byte order.
///
/// Numbers are compared by their values across all dtypes, exactly: an integer of 64 bits is not
/// rounded to be compared with a floating-point number. Dates are compared with dates and spans of
/// time with spans by the time that they stand for, text with text without the NULs at its end, raw
/// bytes and `long double` byte by byte (of the same dtype, in whatever byte order), records field
/// by field, where the names are the same and whatever lies between the fields. NaN is not equal to
/// itself, and NaT is not; zeros are equal whatever their sign.
///
/// The arrays are read once, in tiles that are compact in both, in some 20 MiB of memory.
///
/// ```
/// use mapray::{DynView, compare};
/// use ndarray::arr2;
///
/// let (a, b) = (arr2(&[[1, 2], [3, 4]]), arr2(&[[1.0, 2.5], [3.0, 7.0]]));
/// let (a, b) = (DynView::from_array(&a)?, DynView::from_array(&b)?);
/// let found = compare(&a, &b).difference()?;
/// assert!(!found.is_same() && found.dtypes.is_some());
/// assert_eq!(found.differing, 2);
/// assert_eq!(found.first.unwrap().index, [0, 1]);
/// assert_eq!(found.largest.unwrap().distance, Some(3.0));
///
/// assert!(compare(&a, &b).rtol(0.5).difference()?.is_same_in_value());
/// # Ok::<(), mapray::Error>(())
/// ```
pub fn compare<'a>(a: &'a impl AnyArray, b: &'a impl AnyArray) -> Comparison<'a> {
    Comparison { a, b, tolerance: Tolerance { rtol: 0.0, atol: 0.0, equal_nan: false } }
}

/// A comparison about to be made. Made by [`compare`].
#[derive(Clone)]
#[must_use = "nothing is read before `difference` is called"]
pub struct Comparison<'a> {
    a: &'a dyn AnyArray,
    b: &'a dyn AnyArray,
    tolerance: Tolerance,
}

/// What [`Comparison::difference`] found.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// Both dtypes, where they differ in more than the byte order.
    pub dtypes: Option<(DType, DType)>,
    /// Both shapes, where they differ. No element was compared then.
    pub shapes: Option<(Vec<usize>, Vec<usize>)>,
    /// Whether elements of these dtypes can be compared: otherwise no element was.
    pub comparable: bool,
    /// How many pairs of elements were compared.
    pub compared: u64,
    /// How many of them differ.
    pub differing: u64,
    /// The first ones in C order that differ.
    pub first: Option<Differing>,
    /// Those that are furthest apart, the first in C order of several. NaN, text and raw bytes have
    /// no distance.
    pub largest: Option<Differing>,
}

/// Two elements that differ.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Differing {
    /// Where they are.
    pub index: Vec<usize>,
    /// In which field of records.
    pub field: Option<String>,
    /// The bytes of the element in the first array, as they lie.
    pub a: Vec<u8>,
    /// The bytes of the element in the second array, as they lie.
    pub b: Vec<u8>,
    /// How far apart they are: of numbers, of complex numbers as the absolute value, of times in the
    /// second array's unit (of dates by the day, where that is of months).
    pub distance: Option<f64>,
}

impl Difference {
    /// Whether the arrays are the same in shape, dtype (but for the byte order) and values.
    pub fn is_same(&self) -> bool {
        self.dtypes.is_none() && self.is_same_in_value()
    }

    /// Whether the arrays are the same in shape and values.
    pub fn is_same_in_value(&self) -> bool {
        self.shapes.is_none() && self.comparable && self.differing == 0
    }
}

impl Comparison<'_> {
    /// The relative tolerance: numbers are taken for equal where `|a - b| <= atol + rtol * |b|` and
    /// `b` is finite, as in `numpy.isclose`, in double precision. 0 by default.
    pub fn rtol(mut self, rtol: f64) -> Self {
        self.tolerance.rtol = rtol;
        self
    }

    /// The absolute tolerance: see [`rtol`](Comparison::rtol). 0 by default.
    pub fn atol(mut self, atol: f64) -> Self {
        self.tolerance.atol = atol;
        self
    }

    /// Whether NaN is equal to NaN, and NaT to NaT.
    pub fn equal_nan(mut self, equal_nan: bool) -> Self {
        self.tolerance.equal_nan = equal_nan;
        self
    }

    /// Compares the arrays.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] for tolerances that are negative or no numbers; those of reading the
    /// arrays. That they differ is none.
    pub fn difference(&self) -> Result<Difference> {
        for tolerance in [self.tolerance.rtol, self.tolerance.atol] {
            if tolerance.is_nan() || tolerance < 0.0 {
                return Err(Error::new(ErrorKind::Dtype, "a tolerance must be a number")
                    .expected("0 or more")
                    .found(tolerance));
            }
        }
        let (a, b) = (self.a.layout(), self.b.layout());
        let native = |dtype: &DType| dtype.with_endian(Endian::NATIVE);
        let rules = rules(a.dtype(), b.dtype());
        let mut found = Difference { comparable: rules.is_some(), ..Difference::default() };
        if native(a.dtype()) != native(b.dtype()) {
            found.dtypes = Some((a.dtype().clone(), b.dtype().clone()));
        }
        if a.shape() != b.shape() {
            found.shapes = Some((a.shape().to_vec(), b.shape().to_vec()));
            return Ok(found);
        }
        let Some(rules) = rules else { return Ok(found) };
        if a.itemsize() == 0 && b.itemsize() == 0 {
            // There can be more of them than a loop comes to the end of, and all are alike.
            found.compared = a.len() as u64;
            return Ok(found);
        }
        let equal_bytes_suffice = a.dtype() == b.dtype()
            && (self.tolerance.equal_nan || !rules.iter().any(|(_, rule)| rule.has_nan()));
        let axes = a.axes_in(Order::C);
        let most = (TILE / a.itemsize().max(b.itemsize()).max(1)).max(1);
        let (mut read_a, mut read_b) = (TileReader::default(), TileReader::default());
        for_each_tile([a, b], most, &mut |tile| {
            let bytes_a = read_a.read(self.a, tile, &axes)?;
            let bytes_b = read_b.read(self.b, tile, &axes)?;
            let n: usize = tile.iter().map(|range| range.len()).product();
            found.compared += n as u64;
            if !(equal_bytes_suffice && bytes_a == bytes_b) {
                let sizes = (a.itemsize(), b.itemsize());
                Part { tile, n, sizes, bytes_a, bytes_b }.compare(
                    &rules,
                    self.tolerance,
                    &mut found,
                );
            }
            Ok(())
        })?;
        Ok(found)
    }
}

/// The same part of both arrays, in C order.
struct Part<'a> {
    tile: &'a Tile,
    n: usize,
    sizes: (usize, usize),
    bytes_a: &'a [u8],
    bytes_b: &'a [u8],
}

impl Part<'_> {
    fn compare(&self, rules: &[(Pair, Rule)], tolerance: Tolerance, found: &mut Difference) {
        let mut differs = vec![false; self.n];
        // The first element, and the one with the largest distance, each with its field.
        let mut first: Option<(usize, &str, Option<f64>)> = None;
        let mut largest: Option<(usize, &str, f64)> = None;
        for (pair, rule) in rules {
            let mut rule = rule.start(pair, tolerance);
            let compared = for_each_run::<()>(pair, self.n, self.sizes, RUN, &mut |run| {
                rule.compare(self.bytes_a, self.bytes_b, &run, &mut |index, outcome| {
                    let element = run.element + index * run.element_step;
                    differs[element] = true;
                    let Outcome { distance } = outcome;
                    if first.is_none_or(|(other, ..)| element < other) {
                        first = Some((element, &pair.field, distance));
                    }
                    if let Some(distance) = distance
                        && largest.is_none_or(|(other, _, most)| {
                            distance > most || distance == most && element < other
                        })
                    {
                        largest = Some((element, &pair.field, distance));
                    }
                });
                Ok(())
            });
            debug_assert!(compared.is_ok());
        }
        found.differing += differs.iter().filter(|&&differs| differs).count() as u64;
        if let Some((element, field, distance)) = first {
            let here = self.differing(element, field, distance);
            if found.first.as_ref().is_none_or(|other| here.index < other.index) {
                found.first = Some(here);
            }
        }
        if let Some((element, field, distance)) = largest {
            let here = self.differing(element, field, Some(distance));
            let wins = |other: &Differing| {
                let most = other.distance.unwrap_or(0.0);
                distance > most || distance == most && here.index < other.index
            };
            if found.largest.as_ref().is_none_or(wins) {
                found.largest = Some(here);
            }
        }
    }

    fn differing(&self, element: usize, field: &str, distance: Option<f64>) -> Differing {
        let bytes = |all: &[u8], size: usize| all[element * size..(element + 1) * size].to_vec();
        Differing {
            index: index_in(self.tile, element),
            field: (!field.is_empty()).then(|| field.to_owned()),
            a: bytes(self.bytes_a, self.sizes.0),
            b: bytes(self.bytes_b, self.sizes.1),
            distance,
        }
    }
}
