//! Moving elements between two strided places in memory.

use super::transpose::transpose_squares;

/// One place of a strided copy: where the first element lies, and how far apart they are.
pub(crate) struct Place<P> {
    pub first: P,
    pub strides: Vec<isize>,
}

#[derive(Clone, Copy)]
struct Axis {
    n: usize,
    from: isize,
    to: isize,
}

/// How many bytes a side of a block has that is transposed at once: few enough lines of the first
/// cache, and each used to its end.
const SIDE: usize = 128;

/// Copies an array of `shape`, elements of `itemsize` bytes, from one place to the other.
///
/// # Safety
///
/// All elements of `from` must be readable, all of `to` writable, and no byte may be in both.
/// Nobody may write to `from`, or touch `to`, meanwhile.
pub(crate) unsafe fn copy_strided(
    from: Place<*const u8>,
    to: Place<*mut u8>,
    shape: &[usize],
    itemsize: usize,
) {
    if shape.contains(&0) || itemsize == 0 {
        return;
    }
    let mut axes: Vec<Axis> = (shape.iter().zip(&from.strides).zip(&to.strides))
        .filter(|&((&n, _), _)| n > 1)
        .map(|((&n, &from), &to)| Axis { n, from, to })
        .collect();
    // Whole cache lines are written at once where the innermost axis is the target's.
    axes.sort_by_key(|axis| std::cmp::Reverse(axis.to.unsigned_abs()));
    axes.dedup_by(|inner, outer| {
        let n = inner.n as isize;
        let joins = outer.from == n * inner.from && outer.to == n * inner.to;
        if joins {
            *outer = Axis { n: outer.n * inner.n, ..*inner };
        }
        joins
    });
    let mut run = itemsize;
    if let Some(last) = axes.last()
        && (last.from, last.to) == (itemsize as isize, itemsize as isize)
    {
        run *= last.n;
        axes.pop();
    }
    let plane = plane(&mut axes);
    let walk = match run {
        1 => walk::<1>,
        2 => walk::<2>,
        4 => walk::<4>,
        8 => walk::<8>,
        16 => walk::<16>,
        _ => walk::<0>,
    };
    // SAFETY: the axes, with those of the plane, still reach the same elements, `run` bytes of
    // which lie side by side.
    unsafe { walk(from.first, to.first, &axes, plane, run) }
}

/// Takes the two axes out that are the fastest ones of either place: elements are moved along both
/// block by block, so that neither jumps from line to line.
fn plane(axes: &mut Vec<Axis>) -> [Axis; 2] {
    const NONE: Axis = Axis { n: 1, from: 0, to: 0 };
    let Some(inner) = axes.pop() else { return [NONE; 2] };
    let other = (0..axes.len()).min_by_key(|&at| axes[at].from.unsigned_abs());
    match other {
        Some(at) if axes[at].from.unsigned_abs() < inner.from.unsigned_abs() => {
            [axes.remove(at), inner]
        }
        _ => [NONE, inner],
    }
}

/// Copies `run` bytes for each step along the axes and in the plane. `RUN` is the same number,
/// known to the compiler, or 0.
///
/// # Safety
///
/// Wherever the axes and the plane lead, `run` bytes must be readable in the one place and writable
/// in the other, apart from each other; `RUN` must be `run` or 0.
unsafe fn walk<const RUN: usize>(
    from: *const u8,
    to: *mut u8,
    axes: &[Axis],
    plane: [Axis; 2],
    run: usize,
) {
    let Some((axis, inner)) = axes.split_first() else {
        // SAFETY: the caller's.
        return unsafe { copy_plane::<RUN>(from, to, plane, run) };
    };
    for i in 0..axis.n as isize {
        let (from, to) = (from.wrapping_offset(i * axis.from), to.wrapping_offset(i * axis.to));
        // SAFETY: one step along an axis that the caller vouches for.
        unsafe { walk::<RUN>(from, to, inner, plane, run) };
    }
}

/// As [`walk`], without further axes.
///
/// # Safety
///
/// As [`walk`].
unsafe fn copy_plane<const RUN: usize>(
    from: *const u8,
    to: *mut u8,
    [outer, inner]: [Axis; 2],
    run: usize,
) {
    let run = if RUN == 0 { run } else { RUN };
    if (outer.from, inner.to) == (run as isize, run as isize) {
        // SAFETY: the caller's; elements lie side by side along the one axis in the one place, and
        // along the other in the other.
        return unsafe { transpose(from, to, [outer, inner], run) };
    }
    // SAFETY: the caller's.
    unsafe { copy_blocks::<RUN>(from, to, [outer, inner], run) };
}

/// As [`copy_plane`], element by element.
///
/// # Safety
///
/// As [`walk`].
unsafe fn copy_blocks<const RUN: usize>(
    from: *const u8,
    to: *mut u8,
    [outer, inner]: [Axis; 2],
    run: usize,
) {
    let run = if RUN == 0 { run } else { RUN };
    // Without a second axis there is nothing to go back to.
    let side = if outer.n == 1 { inner.n } else { (SIDE / run).max(1) };
    for first in (0..inner.n).step_by(side) {
        let block = first..inner.n.min(first + side);
        for rows in (0..outer.n).step_by(side) {
            for row in rows..outer.n.min(rows + side) {
                let from = from.wrapping_offset(row as isize * outer.from);
                let to = to.wrapping_offset(row as isize * outer.to);
                for i in block.clone() {
                    let from = from.wrapping_offset(i as isize * inner.from);
                    let to = to.wrapping_offset(i as isize * inner.to);
                    // SAFETY: the caller's.
                    unsafe { std::ptr::copy_nonoverlapping(from, to, run) };
                }
            }
        }
    }
}

/// As [`copy_blocks`], where elements lie side by side along the outer axis in the one place, and along
/// the inner one in the other: squares as wide as a cache line, and one by one what is left at the ends.
///
/// # Safety
///
/// As [`walk`].
unsafe fn transpose(from: *const u8, to: *mut u8, [outer, inner]: [Axis; 2], run: usize) {
    type Squares = unsafe fn(*const u8, *mut u8, (usize, usize), (isize, isize));
    type Copy = unsafe fn(*const u8, *mut u8, [Axis; 2], usize);
    let (squares, side, copy): (Squares, usize, Copy) = match run {
        1 => (transpose_squares::<u8, 64, 16>, 64, copy_blocks::<1>),
        2 => (transpose_squares::<u16, 32, 8>, 32, copy_blocks::<2>),
        4 => (transpose_squares::<u32, 16, 4>, 16, copy_blocks::<4>),
        8 => (transpose_squares::<u64, 8, 2>, 8, copy_blocks::<8>),
        16 => (transpose_squares::<u128, 4, 1>, 4, copy_blocks::<16>),
        // SAFETY: the caller's.
        _ => return unsafe { copy_blocks::<0>(from, to, [outer, inner], run) },
    };
    let (columns, rows) = (outer.n / side * side, inner.n / side * side);
    // SAFETY: the caller's; the squares lie inside of both axes.
    unsafe { squares(from, to, (columns, rows), (inner.from, outer.to)) };
    let rest = |first: usize, axis: Axis| {
        let at = first as isize;
        (at * axis.from, at * axis.to, Axis { n: axis.n - first, ..axis })
    };
    let (from_rest, to_rest, right) = rest(columns, outer);
    let (right_from, right_to) = (from.wrapping_offset(from_rest), to.wrapping_offset(to_rest));
    // SAFETY: what lies behind the squares along the outer axis.
    unsafe { copy(right_from, right_to, [right, inner], run) };
    let (from_rest, to_rest, below) = rest(rows, inner);
    let (below_from, below_to) = (from.wrapping_offset(from_rest), to.wrapping_offset(to_rest));
    let left = Axis { n: columns, ..outer };
    // SAFETY: what lies behind them along the inner one.
    unsafe { copy(below_from, below_to, [left, below], run) };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Copies an array of two axes in C order to its transposed one, which starts at byte `at`.
    fn transposed(
        bytes: &[u8],
        [rows, columns]: [usize; 2],
        itemsize: usize,
        at: usize,
    ) -> Vec<u8> {
        let mut found = vec![0; at + bytes.len()];
        let strides = |strides: [usize; 2]| strides.map(|n| (n * itemsize) as isize).to_vec();
        let from = Place { first: bytes.as_ptr(), strides: strides([columns, 1]) };
        let to = Place { first: found[at..].as_mut_ptr(), strides: strides([1, rows]) };
        // SAFETY: both places hold `rows` by `columns` elements, and are apart.
        unsafe { copy_strided(from, to, &[rows, columns], itemsize) };
        found.split_off(at)
    }

    #[test]
    fn every_element_is_transposed_whatever_its_size_and_place() {
        let bytes: Vec<u8> = (0..257_u32 * 70 * 16).map(|i| (i * 7 + i / 256) as u8).collect();
        for itemsize in [1, 2, 3, 4, 8, 12, 16] {
            for (rows, columns) in
                [(1, 1), (16, 16), (65, 70), (70, 65), (257, 3), (33, 128), (64, 64)]
            {
                for start in [0, 1, 4] {
                    let bytes = &bytes[start..][..rows * columns * itemsize];
                    let found = transposed(bytes, [rows, columns], itemsize, 3);
                    for (i, element) in found.chunks(itemsize).enumerate() {
                        let place = (i % rows * columns + i / rows) * itemsize;
                        assert_eq!(element, &bytes[place..][..itemsize]);
                    }
                }
            }
        }
    }
}
