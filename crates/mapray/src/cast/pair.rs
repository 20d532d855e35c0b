//! Two dtypes side by side: which part of the one element belongs to which of the other.

use crate::dtype::{DType, Kind};

/// Parts of two elements that belong together, none of them a record or a sub-array.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    /// The field that it is, `outer.inner`; empty outside of records.
    pub field: String,
    pub a: Part,
    pub b: Part,
    /// How often it is repeated in an element, and at which distances: the axes of sub-arrays.
    pub levels: Vec<Level>,
    /// Whether the fields have the same names.
    pub same_names: bool,
}

/// A part of an element.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub offset: usize,
    pub dtype: DType,
}

/// `n` steps, each of so many bytes in the one and in the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Level {
    pub n: usize,
    pub a: usize,
    pub b: usize,
}

/// The parts of two dtypes, fields by their places; `None` where one has other fields or sub-arrays
/// than the other.
pub(crate) fn pair_up(a: &DType, b: &DType) -> Option<Vec<Pair>> {
    let mut pairs = Vec::new();
    let part = |dtype: &DType| Part { offset: 0, dtype: dtype.clone() };
    let whole =
        Pair { field: String::new(), a: part(a), b: part(b), levels: Vec::new(), same_names: true };
    split(whole, &mut pairs)?;
    Some(pairs)
}

fn split(pair: Pair, pairs: &mut Vec<Pair>) -> Option<()> {
    match (pair.a.dtype.kind(), pair.b.dtype.kind()) {
        (Kind::Record(a), Kind::Record(b)) => {
            if a.fields().len() != b.fields().len() {
                return None;
            }
            for (x, y) in a.fields().iter().zip(b.fields()) {
                let dot = if pair.field.is_empty() { "" } else { "." };
                let a = Part { offset: pair.a.offset + x.offset, dtype: x.dtype.clone() };
                let b = Part { offset: pair.b.offset + y.offset, dtype: y.dtype.clone() };
                let field = format!("{}{dot}{}", pair.field, x.name);
                let same_names = pair.same_names && x.name == y.name;
                split(Pair { field, a, b, levels: pair.levels.clone(), same_names }, pairs)?;
            }
            Some(())
        }
        (Kind::SubArray(a), Kind::SubArray(b)) => {
            if a.shape() != b.shape() {
                return None;
            }
            let (inner_a, inner_b) = (a.dtype().clone(), b.dtype().clone());
            let n = a.shape().iter().product();
            let level = Level { n, a: inner_a.itemsize(), b: inner_b.itemsize() };
            let levels = [&pair.levels[..], &[level]].concat();
            let a = Part { dtype: inner_a, ..pair.a };
            let b = Part { dtype: inner_b, ..pair.b };
            split(Pair { a, b, levels, ..pair }, pairs)
        }
        (Kind::Record(_) | Kind::SubArray(_), _) | (_, Kind::Record(_) | Kind::SubArray(_)) => None,
        _ => {
            pairs.push(pair);
            Some(())
        }
    }
}

/// Parts at equal distances in both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// Where the first one starts.
    pub a: usize,
    pub b: usize,
    pub level: Level,
    /// Which element the first one is in, and how many elements on the next one is.
    pub element: usize,
    pub element_step: usize,
}

/// Hands out all parts of this pair in `n` elements that lie `size_a` and `size_b` bytes apart, in
/// runs of at most `most`.
pub(crate) fn for_each_run<E>(
    pair: &Pair,
    n: usize,
    (size_a, size_b): (usize, usize),
    most: usize,
    work: &mut impl FnMut(Run) -> Result<(), E>,
) -> Result<(), E> {
    let elements = (Level { n, a: size_a, b: size_b }, 1);
    let mut levels: Vec<(Level, usize)> = pair.levels.iter().map(|&level| (level, 0)).collect();
    levels.insert(0, elements);
    let inner = (0..levels.len()).max_by_key(|&at| levels[at].0.n).unwrap_or(0);
    let (inner, element_step) = levels.remove(inner);
    let first = Run { a: pair.a.offset, b: pair.b.offset, level: inner, element: 0, element_step };
    walk(first, &levels, most, work)
}

fn walk<E>(
    run: Run,
    levels: &[(Level, usize)],
    most: usize,
    work: &mut impl FnMut(Run) -> Result<(), E>,
) -> Result<(), E> {
    let at = |i: usize, level: Level, step: usize| Run {
        a: run.a + i * level.a,
        b: run.b + i * level.b,
        element: run.element + i * step,
        ..run
    };
    let Some((&(level, step), rest)) = levels.split_first() else {
        return (0..run.level.n).step_by(most).try_for_each(|i| {
            let n = most.min(run.level.n - i);
            let run = at(i, run.level, run.element_step);
            work(Run { level: Level { n, ..run.level }, ..run })
        });
    };
    (0..level.n).try_for_each(|i| walk(at(i, level, step), rest, most, work))
}
