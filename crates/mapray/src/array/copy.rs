//! Moving elements between two strided places in memory.

/// One place of a strided copy: where the first element lies, and how far apart they are.
pub(crate) struct Place<P> {
    pub first: P,
    pub strides: Vec<isize>,
}

struct Axis {
    n: usize,
    from: isize,
    to: isize,
}

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
    // SAFETY: the axes still reach the same elements, `run` bytes of which lie side by side.
    unsafe {
        match run {
            1 => walk(from.first, to.first, &axes, &|from, to| copy::<1>(from, to)),
            2 => walk(from.first, to.first, &axes, &|from, to| copy::<2>(from, to)),
            4 => walk(from.first, to.first, &axes, &|from, to| copy::<4>(from, to)),
            8 => walk(from.first, to.first, &axes, &|from, to| copy::<8>(from, to)),
            16 => walk(from.first, to.first, &axes, &|from, to| copy::<16>(from, to)),
            _ => walk(from.first, to.first, &axes, &|from, to| {
                std::ptr::copy_nonoverlapping(from, to, run)
            }),
        }
    }
}

/// Calls `copy` on each pair of elements.
///
/// # Safety
///
/// The axes must reach only elements that `copy` may be called on.
unsafe fn walk(
    from: *const u8,
    to: *mut u8,
    axes: &[Axis],
    copy: &impl Fn(*const u8, *mut u8),
) {
    match axes {
        [] => copy(from, to),
        [axis, inner @ ..] => {
            for i in 0..axis.n as isize {
                let (from, to) = (from.wrapping_offset(i * axis.from), to.wrapping_offset(i * axis.to));
                // SAFETY: one step along an axis that the caller vouches for.
                unsafe { walk(from, to, inner, copy) };
            }
        }
    }
}

/// # Safety
///
/// `N` bytes must be readable at `from` and writable at `to`, apart from each other.
#[inline(always)]
unsafe fn copy<const N: usize>(from: *const u8, to: *mut u8) {
    // SAFETY: the caller's.
    unsafe { std::ptr::copy_nonoverlapping(from, to, N) }
}
