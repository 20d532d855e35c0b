//! NumPy's basic indexing: a slice moves offset and strides, never an element.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};
use std::str::FromStr;

use super::index::Index;
use super::parse;
use crate::{Error, ErrorKind, Result};

/// NumPy's limit; an array of more axes could be written, but not read by NumPy.
const MAX_NDIM: usize = 64;

/// NumPy's basic indexing, parsed: what stands between the brackets of `a[...]`.
///
/// From text, or from Rust's ranges and integers in a tuple or an array. Fewer items than axes leave
/// the last axes whole. Equality is that of the items; where the text had spaces does not count.
///
/// ```
/// use mapray::layout::{Index, Slice};
///
/// let slice: Slice = "[0:10, ::2, -1, ..., None]".parse()?;
/// assert_eq!(slice, Slice::from((0..10, Index::step_by(2), -1, Index::Ellipsis, Index::NewAxis)));
/// assert_eq!(slice.to_string(), "[0:10, ::2, -1, ..., None]");
///
/// // A 20 × 6 × 4 array of f64 in C order: 10 × 3 × 1 elements remain, the first 24 bytes on.
/// let sliced = slice.apply(&[20, 6, 4], &[192, 32, 8])?;
/// assert_eq!(sliced.shape, [10, 3, 1]);
/// assert_eq!(sliced.strides, [192, 64, 0]);
/// assert_eq!(sliced.offset, 24);
///
/// let error = "[0:10, 1.5]".parse::<Slice>().unwrap_err();
/// assert_eq!(error.character(), Some(7));
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone)]
pub struct Slice {
    indices: Vec<Index>,
    source: Option<Source>,
}

/// The text that a slice was parsed from, for errors that show only when an array is known.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) text: String,
    /// One for each item.
    pub(super) places: Vec<Place>,
}

/// Where an item stands in the text, in characters from 0.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) item: usize,
    /// Where its step stands; meaningless in an item without one.
    pub(super) step: usize,
    /// An index beyond `i64`, in full: the item holds the nearest `i64`, and out of bounds is out of
    /// bounds, but the error must not name another number.
    pub(super) beyond: Option<String>,
}

/// Where the elements of a sliced array lie, from [`Slice::apply`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sliced {
    /// Elements along each axis.
    pub shape: Vec<usize>,
    /// Bytes from one element to the next along each axis; 0 on new axes.
    pub strides: Vec<isize>,
    /// Bytes from the first element of the array to the first element of the slice. 0 when the slice
    /// has no elements, so that it never points outside the array.
    pub offset: isize,
}

impl Slice {
    /// These items, in this order; none at all is Python's `a[()]`, the whole array.
    pub fn new(indices: impl IntoIterator<Item = Index>) -> Slice {
        Slice { indices: indices.into_iter().collect(), source: None }
    }

    /// The whole array, `[...]`.
    pub fn all() -> Slice {
        Slice::new([Index::Ellipsis])
    }

    pub(super) fn parsed(indices: Vec<Index>, source: Source) -> Slice {
        Slice { indices, source: Some(source) }
    }

    /// The items between the commas.
    pub fn indices(&self) -> &[Index] {
        &self.indices
    }

    /// Where the elements of the sliced array lie, in an array of this shape and these strides in bytes.
    ///
    /// Takes time in the number of axes alone. A range of one element whose step times stride does
    /// not fit keeps the stride of its axis, which nothing multiplies.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`], in NumPy's words, for an index out of bounds, more items than axes, a
    /// second ellipsis, a step of zero, a result of more than 64 axes; it points at the item if the
    /// slice came from text. [`ErrorKind::Shape`] if shape and strides belong to no array that could
    /// exist.
    pub fn apply(&self, shape: &[usize], strides: &[isize]) -> Result<Sliced> {
        if shape.len() != strides.len() {
            return Err(Error::new(ErrorKind::Shape, "shape and strides differ in length")
                .expected(format_args!("{} strides", shape.len()))
                .found(strides.len()));
        }
        let left_whole = self.axes_left_whole(shape.len())?;

        let mut cut = Cut::default();
        let mut axes = shape.iter().copied().zip(strides.iter().copied()).enumerate();
        for (item, index) in self.indices.iter().enumerate() {
            match *index {
                Index::Ellipsis => {
                    axes.by_ref().take(left_whole).for_each(|(_, axis)| cut.keep(axis));
                }
                Index::NewAxis => cut.keep((1, 0)),
                Index::At(at) => {
                    let Some((axis, (size, stride))) = axes.next() else { break };
                    let place = wrap(at, size);
                    if !(0..size as i128).contains(&place) {
                        return Err(self.out_of_bounds(item, at, axis, size));
                    }
                    cut.advance(place, stride);
                }
                Index::Range { start, stop, step } => {
                    let Some((_, axis)) = axes.next() else { break };
                    let step = step.unwrap_or(1);
                    if step == 0 {
                        let error = Error::new(ErrorKind::Index, "slice step cannot be zero")
                            .hint("leave the step out to take every element");
                        return Err(self.point(error, item, |place| place.step));
                    }
                    cut.take(axis, start, stop, step);
                }
            }
        }
        axes.for_each(|(_, axis)| cut.keep(axis));
        cut.finish()
    }

    /// How many axes an ellipsis stands for; the checks and their order are NumPy's.
    fn axes_left_whole(&self, ndim: usize) -> Result<usize> {
        let (mut used, mut added, mut ellipses, mut surplus) = (0, 0, 0, None);
        for (item, index) in self.indices.iter().enumerate() {
            match index {
                Index::At(_) | Index::Range { .. } => {
                    if used == ndim {
                        surplus = Some(item);
                    }
                    used += 1;
                    added += usize::from(matches!(index, Index::Range { .. }));
                }
                Index::NewAxis => added += 1,
                Index::Ellipsis if ellipses == 1 => {
                    return Err(self.point(second_ellipsis(), item, |place| place.item));
                }
                Index::Ellipsis => ellipses += 1,
            }
        }
        if let Some(item) = surplus {
            let message = format!(
                "too many indices for array: array is {ndim}-dimensional, but {used} were indexed"
            );
            let error = Error::new(ErrorKind::Index, message);
            return Err(self.point(error, item, |place| place.item));
        }
        let left = ndim - used;
        if left + added > MAX_NDIM {
            return Err(Error::new(
                ErrorKind::Index,
                format!(
                    "number of dimensions must be within [0, {MAX_NDIM}], indexing result would have {}",
                    left + added
                ),
            ));
        }
        Ok(left)
    }

    fn out_of_bounds(&self, item: usize, at: i64, axis: usize, size: usize) -> Error {
        let full = self.source.as_ref().and_then(|source| source.places[item].beyond.clone());
        let at = full.unwrap_or_else(|| at.to_string());
        let message = format!("index {at} is out of bounds for axis {axis} with size {size}");
        let error = Error::new(ErrorKind::Index, message);
        let error = match size.checked_sub(1) {
            None => error.hint("an empty axis has no element to take"),
            Some(last) => error.hint(format_args!("the axis takes -{size} to {last}")),
        };
        self.point(error, item, |place| place.item)
    }

    fn point(&self, error: Error, item: usize, at: impl Fn(&Place) -> usize) -> Error {
        match &self.source {
            None => error,
            Some(source) => error.at_character(&source.text, at(&source.places[item])),
        }
    }
}

pub(super) fn second_ellipsis() -> Error {
    Error::new(ErrorKind::Index, "an index can only have a single ellipsis ('...')")
        .hint("write ':' for one whole axis")
}

/// The index counted from the start of the axis, where it may lie outside.
///
/// Sizes, starts and steps are all of at most 64 bits, and products of two of them fit in 128: in
/// `i128` nothing here can overflow but the sum over many axes.
fn wrap(index: i64, size: usize) -> i128 {
    let index = i128::from(index);
    if index < 0 { index + size as i128 } else { index }
}

/// A [`Sliced`] in the making.
#[derive(Default)]
struct Cut {
    shape: Vec<usize>,
    strides: Vec<isize>,
    offset: i128,
    /// Some offset or stride fits no `isize`, which only counts if there is an element to reach.
    unreachable: bool,
}

impl Cut {
    fn keep(&mut self, (size, stride): (usize, isize)) {
        self.shape.push(size);
        self.strides.push(stride);
    }

    fn advance(&mut self, elements: i128, stride: isize) {
        match self.offset.checked_add(elements * stride as i128) {
            Some(offset) => self.offset = offset,
            None => self.unreachable = true,
        }
    }

    fn take(
        &mut self,
        (size, stride): (usize, isize),
        start: Option<i64>,
        stop: Option<i64>,
        step: i64,
    ) {
        let (first, end) = if step > 0 { (0, size as i128) } else { (size as i128 - 1, -1) };
        let (lowest, highest) = (first.min(end), first.max(end));
        let bound = |bound: Option<i64>, left_out: i128| {
            bound.map_or(left_out, |bound| wrap(bound, size).clamp(lowest, highest))
        };
        let (start, stop) = (bound(start, first), bound(stop, end));
        let step = i128::from(step);

        let span = if step > 0 { stop - start } else { start - stop };
        if span <= 0 {
            return self.keep((0, stride));
        }
        let taken = (span - 1) / step.abs() + 1;
        let stride_taken = match isize::try_from(step * stride as i128) {
            Ok(product) => product,
            Err(_) => {
                self.unreachable |= taken > 1;
                stride
            }
        };
        self.advance(start, stride);
        // At most `size` elements, so the count fits.
        self.keep((taken as usize, stride_taken));
    }

    fn finish(self) -> Result<Sliced> {
        let Cut { shape, strides, offset, unreachable } = self;
        // An integer into an array without elements moves NumPy's pointer past the end of the array.
        // Nothing is read there, but an offset is also checked against files and kept in headers.
        // Where there is an element, each axis adds a place that exists in the array.
        if shape.contains(&0) {
            return Ok(Sliced { shape, strides, offset: 0 });
        }
        match isize::try_from(offset) {
            Ok(offset) if !unreachable => Ok(Sliced { shape, strides, offset }),
            _ => Err(Error::new(
                ErrorKind::Shape,
                "the strides of the array reach further than memory does",
            )),
        }
    }
}

impl PartialEq for Slice {
    fn eq(&self, other: &Slice) -> bool {
        self.indices == other.indices
    }
}

impl Eq for Slice {}

impl Hash for Slice {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.indices.hash(state);
    }
}

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Empty brackets are no Python.
        if self.indices.is_empty() {
            return f.write_str("[()]");
        }
        for (item, index) in self.indices.iter().enumerate() {
            write!(f, "{}{index}", if item == 0 { "[" } else { ", " })?;
        }
        f.write_str("]")
    }
}

impl fmt::Debug for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slice({self})")
    }
}

/// What stands between the brackets of `a[...]` in Python, with or without the brackets.
///
/// Integers are Python's (`-1`, `+5`, `1_000`, `0x10`); one too large for 64 bits is cut to the axis
/// in a range and out of bounds as an index. `None`, `newaxis`, `np.newaxis`, `numpy.newaxis`,
/// `Ellipsis` and `()` mean what they mean there. Errors point at the character.
impl FromStr for Slice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Slice> {
        parse::slice(text)
    }
}

impl<I: Into<Index>, const N: usize> From<[I; N]> for Slice {
    fn from(indices: [I; N]) -> Slice {
        Slice::new(indices.map(Into::into))
    }
}

/// Python's `a[()]`: the whole array.
impl From<()> for Slice {
    fn from((): ()) -> Slice {
        Slice::new([])
    }
}

macro_rules! from_one {
    ($($one:ty),*) => {$(
        impl From<$one> for Slice {
            fn from(index: $one) -> Slice {
                Slice::new([index.into()])
            }
        }
    )*};
}

from_one!(Index, i64, Range<i64>, RangeFrom<i64>, RangeTo<i64>, RangeFull);
from_one!(RangeInclusive<i64>, RangeToInclusive<i64>);

macro_rules! from_tuple {
    ($($index:ident)*) => {
        impl<$($index: Into<Index>),*> From<($($index,)*)> for Slice {
            #[expect(non_snake_case, reason = "the types and the values share their names")]
            fn from(($($index,)*): ($($index,)*)) -> Slice {
                Slice::new([$($index.into()),*])
            }
        }
    };
}

from_tuple!(A);
from_tuple!(A B);
from_tuple!(A B C);
from_tuple!(A B C D);
from_tuple!(A B C D E);
from_tuple!(A B C D E F);

#[cfg(test)]
mod tests {
    use super::*;

    /// In an array of this shape, C order, 8 bytes each.
    fn apply(slice: impl Into<Slice>, shape: &[usize]) -> Result<Sliced> {
        let mut strides = vec![8; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis] * shape[axis].max(1) as isize;
        }
        slice.into().apply(shape, &strides)
    }

    fn sliced(shape: &[usize], strides: &[isize], offset: isize) -> Sliced {
        Sliced { shape: shape.into(), strides: strides.into(), offset }
    }

    #[test]
    fn an_integer_removes_its_axis_and_counts_from_either_end() {
        assert_eq!(apply(1, &[3, 5]).unwrap(), sliced(&[5], &[8], 40));
        assert_eq!(apply((-3, -1), &[3, 5]).unwrap(), sliced(&[], &[], 32));
    }

    #[test]
    fn a_range_is_cut_to_the_axis() {
        assert_eq!(apply(1..3, &[5]).unwrap(), sliced(&[2], &[8], 8));
        assert_eq!(apply(-2..99, &[5]).unwrap(), sliced(&[2], &[8], 24));
        assert_eq!(apply(i64::MIN..i64::MAX, &[5]).unwrap(), sliced(&[5], &[8], 0));
        assert_eq!(apply(..=-2, &[5]).unwrap(), sliced(&[4], &[8], 0));
        assert_eq!(apply(-4..=-1, &[5]).unwrap(), sliced(&[4], &[8], 8));
        assert_eq!(apply(..=i64::MAX, &[5]).unwrap(), sliced(&[5], &[8], 0));
    }

    #[test]
    fn a_step_multiplies_the_stride_and_a_negative_one_turns_the_axis_round() {
        assert_eq!(apply(Index::step_by(2), &[5]).unwrap(), sliced(&[3], &[16], 0));
        assert_eq!(apply(Index::step_by(-1), &[5]).unwrap(), sliced(&[5], &[-8], 32));
        assert_eq!(apply(Index::step_by(-2), &[6]).unwrap(), sliced(&[3], &[-16], 40));
        assert_eq!(apply(Index::range(3, None, -2), &[5]).unwrap(), sliced(&[2], &[-16], 24));
        assert_eq!(apply(Index::range(99, -99, -1), &[5]).unwrap(), sliced(&[5], &[-8], 32));
    }

    #[test]
    fn a_step_past_every_element_takes_one() {
        for step in [i64::MAX, i64::MAX - 1, 1 << 62] {
            assert_eq!(apply(Index::step_by(step), &[5]).unwrap(), sliced(&[1], &[8], 0));
        }
        for step in [i64::MIN, -i64::MAX] {
            assert_eq!(apply(Index::step_by(step), &[5]).unwrap(), sliced(&[1], &[8], 32));
        }
    }

    #[test]
    fn an_ellipsis_or_the_end_leaves_axes_whole_and_a_new_axis_has_stride_0() {
        let whole = sliced(&[2, 3, 5], &[120, 40, 8], 0);
        assert_eq!(apply(Slice::all(), &[2, 3, 5]).unwrap(), whole);
        assert_eq!(apply((), &[2, 3, 5]).unwrap(), whole);
        assert_eq!(apply((0..2, .., .., Index::Ellipsis), &[2, 3, 5]).unwrap(), whole);
        let last = apply((Index::Ellipsis, 1), &[2, 3, 5]).unwrap();
        assert_eq!(last, sliced(&[2, 3], &[120, 40], 8));
        let new = apply((Index::NewAxis, 1, Index::Ellipsis, Index::NewAxis), &[2, 3]).unwrap();
        assert_eq!(new, sliced(&[1, 3, 1], &[0, 8, 0], 24));
        assert_eq!(apply(Slice::all(), &[]).unwrap(), sliced(&[], &[], 0));
    }

    #[test]
    fn a_slice_without_elements_stays_at_the_start_of_the_array() {
        assert_eq!(apply((3.., 4), &[3, 5]).unwrap(), sliced(&[0], &[40], 0));
        assert_eq!(apply((.., 4), &[0, 5]).unwrap(), sliced(&[0], &[40], 0));
        assert_eq!(apply((2, 5..), &[3, 5]).unwrap(), sliced(&[0], &[8], 0));
        assert_eq!(apply(Index::range(1, 3, -1), &[5]).unwrap(), sliced(&[0], &[8], 0));
        assert_eq!(apply(Index::step_by(-1), &[0]).unwrap(), sliced(&[0], &[8], 0));
    }

    /// The slice, the shape, NumPy's message, and the character that the caret is under.
    #[rustfmt::skip]
    const REFUSED: &[(&str, &[usize], &str, usize)] = &[
        ("[5]", &[5], "index 5 is out of bounds for axis 0 with size 5; the axis takes -5 to 4", 1),
        ("[:, -6]", &[3, 5], "index -6 is out of bounds for axis 1 with size 5", 4),
        ("[None, ..., 3]", &[2, 3], "index 3 is out of bounds for axis 1 with size 3", 12),
        ("0", &[0], "index 0 is out of bounds for axis 0 with size 0; an empty axis", 0),
        ("-99_999_999_999_999_999_999", &[5], "index -99999999999999999999 is out of bounds for axis 0 with size 5", 0),
        ("-0x_ffff_ffff_ffff_ffff", &[5], "index -18446744073709551615 is out of bounds for axis 0 with size 5", 0),
        ("0b1_0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000", &[5], "index 0b1000", 0),
        ("[1, 1, 1]", &[3, 4], "too many indices for array: array is 2-dimensional, but 3 were indexed", 7),
        ("[..., None, 0]", &[], "too many indices for array: array is 0-dimensional, but 1 were indexed", 12),
        ("[1:2: 0]", &[5], "slice step cannot be zero", 6),
        ("[9, ::0]", &[5, 5], "index 9 is out of bounds for axis 0 with size 5", 1),
        ("[::0, 9]", &[5, 5], "slice step cannot be zero", 3),
    ];

    #[test]
    fn what_does_not_fit_the_array_is_refused_in_numpys_words_at_its_character() {
        for &(text, shape, message, character) in REFUSED {
            let slice: Slice = text.parse().unwrap();
            let error = apply(slice, shape).expect_err(text);
            assert!(error.to_string().starts_with(message), "{text}: {error}");
            assert_eq!(error.character(), Some(character), "{text}: {error}");
            assert_eq!(error.kind(), ErrorKind::Index);
        }
    }

    #[test]
    fn a_slice_that_had_no_text_is_refused_all_the_same() {
        let error = apply([Index::Ellipsis, Index::Ellipsis], &[5]).unwrap_err();
        assert!(error.to_string().starts_with("an index can only have a single ellipsis ('...')"));
        let error = apply(5, &[5]).unwrap_err();
        assert!(error.to_string().starts_with("index 5 is out of bounds for axis 0 with size 5"));
        assert_eq!(error.character(), None);
    }

    #[test]
    fn a_result_of_more_than_64_axes_is_refused() {
        assert_eq!(apply([Index::NewAxis; 63], &[3]).unwrap().shape.len(), 64);
        let error = apply([Index::NewAxis; 64], &[3]).unwrap_err();
        let message = "number of dimensions must be within [0, 64], indexing result would have 65";
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn strides_of_no_possible_array_are_an_error_not_a_panic() {
        let error = Slice::all().apply(&[2, 3], &[8]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Shape);
        let reversed = Slice::from(Index::step_by(-1));
        assert_eq!(reversed.apply(&[2], &[isize::MIN]).unwrap_err().kind(), ErrorKind::Shape);
        let last = Slice::from([-1; 3]).apply(&[usize::MAX; 3], &[isize::MIN; 3]).unwrap_err();
        assert_eq!(last.kind(), ErrorKind::Shape);
        // Nothing lies there, so nothing is out of reach.
        let nothing = Slice::from((.., -1)).apply(&[0, usize::MAX], &[8, isize::MAX]).unwrap();
        assert_eq!(nothing, sliced(&[0], &[8], 0));
    }

    #[test]
    fn equality_and_hash_are_those_of_the_items() {
        let hash = |slice: &Slice| {
            let mut hasher = std::hash::DefaultHasher::new();
            slice.hash(&mut hasher);
            hasher.finish()
        };
        let (spaced, plain): (Slice, Slice) =
            (" [ 0:10 ,-1,]".parse().unwrap(), "0:10, -1".parse().unwrap());
        assert_eq!(spaced, plain);
        assert_eq!(hash(&spaced), hash(&plain));
        assert_eq!(spaced, Slice::from((0..10, -1)));
        assert_ne!(spaced, Slice::from((0..10, 1)));
    }

    #[test]
    fn a_slice_is_printed_as_python_reads_it() {
        for text in ["[()]", "[...]", "[0:10, ::2, -1, ..., None]", "[:, 1:, :-2, 1:2:3, ::-1]"] {
            assert_eq!(text.parse::<Slice>().unwrap().to_string(), text);
        }
        assert_eq!(format!("{:?}", Slice::from((1.., 2))), "Slice([1:, 2])");
    }
}
