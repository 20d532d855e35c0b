//! Where brackets, line breaks and dots go.

use mapray::DType;

use super::format::Format;
use super::items::{Items, count};
use super::scalar::scalar_str;

/// NumPy's `threshold`: arrays of more elements are shortened.
pub const THRESHOLD: usize = 1000;
/// NumPy's `edgeitems`: so many at each end of a shortened axis.
pub const EDGE_ITEMS: usize = 3;
/// NumPy's `linewidth`.
const LINE_WIDTH: usize = 75;
/// Elements without bytes cost a file nothing, so a few bytes could ask for endless text.
const MOST_EMPTY_ELEMENTS: usize = 1 << 20;

/// An array that hands out its elements one by one, so that only those shown are read.
pub trait Elements {
    /// Length of each axis.
    fn shape(&self) -> &[usize];

    /// What each element is.
    fn dtype(&self) -> &DType;

    /// Appends the bytes of the element at `index` to the empty `out`: as they lie in the file, and
    /// as many as the dtype says. `index` is within the shape.
    ///
    /// # Errors
    ///
    /// Those of reading; [`array_str`] hands them on.
    fn element(&self, index: &[usize], out: &mut Vec<u8>) -> mapray::Result<()>;
}

/// The array as NumPy's `str` prints it: more than 1000 elements shortened to 3 at each end of
/// each axis, lines of 75 characters, 8 digits after the point.
///
/// Only the elements that are shown are asked for. Where NumPy refuses to print (a datetime
/// without unit, a character that Unicode does not have) a number or an escape stands instead.
pub fn array_str(array: &impl Elements) -> mapray::Result<String> {
    let (shape, dtype) = (array.shape(), array.dtype());
    let size = dtype.itemsize();
    if shape.is_empty() {
        let mut bytes = Vec::new();
        array.element(&[], &mut bytes)?;
        bytes.resize(size, 0);
        return Ok(scalar_str(dtype, &bytes));
    }
    if count(shape) == 0 {
        return Ok("[]".to_owned());
    }
    let axes = axes(shape);
    let shown = shown(shape);
    if size == 0 && shown > MOST_EMPTY_ELEMENTS {
        return Ok("[...]".to_owned());
    }

    let bytes = fetch(array, &axes, size)?;
    let items = Items::many(&bytes, shown, size);
    let format = Format::new(dtype, &items, false);
    let mut words = items.iter().map(|item| format.format(item));
    let mut out = String::new();
    write_axes(&mut out, &axes, 0, &mut words);
    Ok(out)
}

/// How many elements are shown of an array of this shape.
pub fn shown(shape: &[usize]) -> usize {
    axes(shape).iter().fold(1, |count, axis| count.saturating_mul(axis.shown()))
}

fn axes(shape: &[usize]) -> Vec<Axis> {
    let shortened = count(shape) > THRESHOLD;
    shape.iter().map(|length| Axis::new(*length, shortened)).collect()
}

/// What is shown of an axis.
#[derive(Clone, Copy)]
struct Axis {
    length: usize,
    shortened: bool,
}

impl Axis {
    fn new(length: usize, shortened: bool) -> Axis {
        Axis { length, shortened: shortened && length > 2 * EDGE_ITEMS }
    }

    fn shown(self) -> usize {
        if self.shortened { 2 * EDGE_ITEMS } else { self.length }
    }

    /// The index in the array of what is shown at `position`.
    fn index(self, position: usize) -> usize {
        if self.shortened && position >= EDGE_ITEMS {
            self.length - 2 * EDGE_ITEMS + position
        } else {
            position
        }
    }

    /// Whether the dots stand before what is shown at `position`.
    fn has_dots_before(self, position: usize) -> bool {
        self.shortened && position == EDGE_ITEMS
    }
}

/// The bytes of the elements shown, in C order.
fn fetch(array: &impl Elements, axes: &[Axis], size: usize) -> mapray::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut element = Vec::new();
    let mut position = vec![0; axes.len()];
    let mut index = vec![0; axes.len()];
    loop {
        for (axis, (index, position)) in axes.iter().zip(index.iter_mut().zip(&position)) {
            *index = axis.index(*position);
        }
        element.clear();
        array.element(&index, &mut element)?;
        element.resize(size, 0);
        bytes.extend_from_slice(&element);
        let step = |(axis, position): (&Axis, &mut usize)| {
            *position += 1;
            let carries = *position == axis.shown();
            if carries {
                *position = 0;
            }
            !carries
        };
        if !axes.iter().zip(&mut position).rev().any(step) {
            return Ok(bytes);
        }
    }
}

/// Writes the array from its axis number `depth` on, brackets included.
fn write_axes(
    out: &mut String,
    axes: &[Axis],
    depth: usize,
    words: &mut impl Iterator<Item = String>,
) {
    let Some((axis, inner)) = axes.split_first() else { return };
    out.push('[');
    if inner.is_empty() {
        write_row(out, *axis, depth, words);
    } else {
        for position in 0..axis.shown() {
            if position > 0 {
                new_rows(out, inner.len(), depth);
            }
            if axis.has_dots_before(position) {
                out.push_str("...");
                new_rows(out, inner.len(), depth);
            }
            write_axes(out, inner, depth + 1, words);
        }
    }
    out.push(']');
}

/// Ends a row of an axis with `inner` axes within: the more of them, the more empty lines.
fn new_rows(out: &mut String, inner: usize, depth: usize) {
    out.extend(std::iter::repeat_n('\n', inner));
    out.extend(std::iter::repeat_n(' ', depth + 1));
}

/// Writes the last axis, wrapped.
fn write_row(out: &mut String, axis: Axis, depth: usize, words: &mut impl Iterator<Item = String>) {
    let indent = depth + 1;
    // Every axis keeps a place for its closing bracket.
    let mut line = Line { out, indent, end: LINE_WIDTH.saturating_sub(depth + 1), column: indent };
    for (position, word) in words.take(axis.shown()).enumerate() {
        if axis.has_dots_before(position) {
            line.push("...", position);
        }
        line.push(&word, position);
    }
}

/// The line being written.
struct Line<'o> {
    out: &'o mut String,
    indent: usize,
    end: usize,
    column: usize,
}

impl Line<'_> {
    /// Writes a word, which is the first of its row if its position is 0.
    fn push(&mut self, word: &str, position: usize) {
        if position > 0 {
            self.out.push(' ');
            self.column += 1;
        }
        let width = word.chars().count();
        // A word that fits no line stays where it is if that is the start of one.
        if self.column > self.indent && self.column + width > self.end {
            self.out.truncate(self.out.trim_end_matches(' ').len());
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(' ', self.indent));
            self.column = self.indent;
        }
        self.out.push_str(word);
        self.column += width;
    }
}
