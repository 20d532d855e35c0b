//! Integers that can be read, changed and written as one step.

use std::sync::atomic;
use std::sync::atomic::Ordering;

use bytemuck::NoUninit;

use super::WritableElement;

/// An integer that processes can share as an atomic: `i8` to `i64`, `u8` to `u64`, aligned to its
/// size and in the byte order of this machine.
///
/// ```
/// fn count<T: mapray::AtomicInteger>(map: &mapray::LiveMap<T, ndarray::Ix1>) -> mapray::Result<T> {
///     map.atomic(0)?.load(std::sync::atomic::Ordering::Acquire)
/// }
/// assert_eq!(count(&mapray::LiveMap::<u32, _>::zeros(1)?)?, 0);
/// # Ok::<(), mapray::Error>(())
/// ```
pub trait AtomicInteger: WritableElement + NoUninit + Cell {}

/// What std's atomic of this size and sign can do. Orderings that std would panic at must be kept
/// away.
///
/// It is public in name only, so that [`AtomicInteger`] can be implemented here alone.
#[doc(hidden)]
pub trait Cell: Sized {
    type Atomic: Sync;
    fn load_cell(cell: &Self::Atomic, order: Ordering) -> Self;
    fn store_cell(cell: &Self::Atomic, value: Self, order: Ordering);
    fn swap(cell: &Self::Atomic, value: Self, order: Ordering) -> Self;
    fn compare_exchange(
        cell: &Self::Atomic,
        current: Self,
        new: Self,
        success: Ordering,
        failure: Ordering,
    ) -> Result<Self, Self>;
    fn fetch_add(cell: &Self::Atomic, value: Self, order: Ordering) -> Self;
    fn fetch_sub(cell: &Self::Atomic, value: Self, order: Ordering) -> Self;
    fn fetch_and(cell: &Self::Atomic, value: Self, order: Ordering) -> Self;
    fn fetch_or(cell: &Self::Atomic, value: Self, order: Ordering) -> Self;
    fn fetch_xor(cell: &Self::Atomic, value: Self, order: Ordering) -> Self;
    fn fetch_min(cell: &Self::Atomic, value: Self, order: Ordering) -> Self;
    fn fetch_max(cell: &Self::Atomic, value: Self, order: Ordering) -> Self;
}

macro_rules! atomic_integers {
    ($($width:literal: $($integer:ty => $atomic:ident),*;)*) => {$($(
        #[cfg(target_has_atomic = $width)]
        impl AtomicInteger for $integer {}

        #[cfg(target_has_atomic = $width)]
        impl Cell for $integer {
            type Atomic = atomic::$atomic;

            #[inline]
            fn load_cell(cell: &Self::Atomic, order: Ordering) -> Self {
                cell.load(order)
            }

            #[inline]
            fn store_cell(cell: &Self::Atomic, value: Self, order: Ordering) {
                cell.store(value, order)
            }

            #[inline]
            fn compare_exchange(
                cell: &Self::Atomic,
                current: Self,
                new: Self,
                success: Ordering,
                failure: Ordering,
            ) -> Result<Self, Self> {
                cell.compare_exchange(current, new, success, failure)
            }

            atomic_integers!(
                @ swap, fetch_add, fetch_sub, fetch_and, fetch_or, fetch_xor, fetch_min, fetch_max
            );
        }
    )*)*};
    (@ $($change:ident),*) => {$(
        #[inline]
        fn $change(cell: &Self::Atomic, value: Self, order: Ordering) -> Self {
            cell.$change(value, order)
        }
    )*};
}

atomic_integers! {
    "8": i8 => AtomicI8, u8 => AtomicU8;
    "16": i16 => AtomicI16, u16 => AtomicU16;
    "32": i32 => AtomicI32, u32 => AtomicU32;
    "64": i64 => AtomicI64, u64 => AtomicU64;
}
