//! Squares of elements, rows to columns, in memory.

/// Transposes as many squares of `SIDE` by `SIDE` elements, a cache line each way, as `columns` and
/// `rows`, multiples of `SIDE`, hold. Elements lie side by side along a row of the one place, whose rows
/// are `strides.0` bytes apart, and along a column in the other, whose columns are `strides.1` bytes apart.
///
/// Each line is read once as a whole and written once as a whole: where rows are a power of two apart,
/// all of them fall into a few places of the cache, which would lose them before their next use.
///
/// # Safety
///
/// All elements must be readable in the one place and writable in the other, apart from each other.
/// Nobody may write to the one or touch the other meanwhile.
pub(super) unsafe fn transpose_squares<T: Copy + Default, const SIDE: usize, const PART: usize>(
    from: *const u8,
    to: *mut u8,
    (columns, rows): (usize, usize),
    strides: (isize, isize),
) {
    let mut square = [[T::default(); SIDE]; SIDE];
    for row in (0..rows).step_by(SIDE) {
        for column in (0..columns).step_by(SIDE) {
            let first = from.wrapping_offset(row as isize * strides.0);
            let first = first.wrapping_add(column * size_of::<T>());
            for (i, line) in square.iter_mut().enumerate() {
                let at = first.wrapping_offset(i as isize * strides.0);
                // SAFETY: `SIDE` elements of one row, wherever they lie.
                *line = unsafe { at.cast::<[T; SIDE]>().read_unaligned() };
            }
            let turned = turned::<T, SIDE, PART>(&square);
            let first = to.wrapping_offset(column as isize * strides.1);
            let first = first.wrapping_add(row * size_of::<T>());
            for (i, line) in turned.iter().enumerate() {
                let at = first.wrapping_offset(i as isize * strides.1);
                // SAFETY: `SIDE` elements of one column, wherever they lie.
                unsafe { at.cast::<[T; SIDE]>().write_unaligned(*line) };
            }
        }
    }
}

/// The square with its rows as columns, in parts that fit the registers.
#[inline(always)]
fn turned<T: Copy + Default, const SIDE: usize, const PART: usize>(
    square: &[[T; SIDE]; SIDE],
) -> [[T; SIDE]; SIDE] {
    let mut turned = [[T::default(); SIDE]; SIDE];
    for row in (0..SIDE).step_by(PART) {
        for column in (0..SIDE).step_by(PART) {
            for i in 0..PART {
                for j in 0..PART {
                    turned[column + j][row + i] = square[row + i][column + j];
                }
            }
        }
    }
    turned
}
