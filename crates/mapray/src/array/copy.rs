//! Moving elements between two strided places in memory.

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
