//! Numbers in the widest form of their kind, fitted to a dtype.

use std::marker::PhantomData;

use half::f16;
use half::slice::HalfFloatSliceExt;

use super::kernel::Casting;
use super::real::{Real, Reals};
use super::swap::reverse_units;
use crate::element::{Bool8, Element, WritableElement};
use crate::simd::{self, Kernel};

/// A type that numbers can be fitted to.
pub(super) trait Fit: Element + WritableElement {
    fn of_integer(value: i128, casting: Casting) -> Option<Self>;

    fn of_float(value: f64, casting: Casting) -> Option<Self>;

    // The quick ways: what the value becomes, and whether that is known to be what the functions above
    // make of it in every way of casting, or, where `exact` is false, in every one but `Checked`. They
    // have no branches, so that many are done at once.

    fn of_i64(value: i64, exact: bool) -> (Self, bool);

    fn of_u64(value: u64, exact: bool) -> (Self, bool);

    fn of_f64(value: f64, exact: bool) -> (Self, bool);
}

macro_rules! integers {
    ($($number:ty),*) => {$(
        impl Fit for $number {
            #[inline]
            fn of_integer(value: i128, casting: Casting) -> Option<Self> {
                match casting {
                    Casting::Checked | Casting::Truncate => value.try_into().ok(),
                    Casting::Clip => {
                        Some(value.clamp(<$number>::MIN.into(), <$number>::MAX.into()) as $number)
                    }
                    Casting::Wrap => Some(value as $number),
                }
            }

            #[inline]
            fn of_float(value: f64, casting: Casting) -> Option<Self> {
                let whole = value.trunc();
                let end = (<$number>::MAX as u128 + 1) as f64;
                let fits = whole >= <$number>::MIN as f64 && whole < end;
                match casting {
                    Casting::Checked => (fits && whole == value).then_some(whole as $number),
                    Casting::Truncate => fits.then_some(whole as $number),
                    Casting::Clip => (!value.is_nan()).then_some(whole as $number),
                    // What is larger is a multiple of 2^64.
                    Casting::Wrap if whole.abs() < 2.0_f64.powi(117) => {
                        Some((whole as i128) as $number)
                    }
                    Casting::Wrap => Some(0),
                }
            }

            #[inline(always)]
            fn of_i64(value: i64, _: bool) -> (Self, bool) {
                const LEAST: i64 = if <$number>::MIN == 0 { 0 } else { <$number>::MIN as i64 };
                const GREATEST: i64 = if size_of::<$number>() == 8 { i64::MAX } else { <$number>::MAX as i64 };
                (value as $number, (LEAST..=GREATEST).contains(&value))
            }

            #[inline(always)]
            fn of_u64(value: u64, _: bool) -> (Self, bool) {
                (value as $number, value <= <$number>::MAX as u64)
            }

            #[inline(always)]
            fn of_f64(value: f64, exact: bool) -> (Self, bool) {
                let whole = value.trunc();
                let end = (<$number>::MAX as u128 + 1) as f64;
                let fits = whole >= <$number>::MIN as f64 && whole < end;
                (whole as $number, fits && (!exact || whole == value))
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, u8, u16, u32, u64);

impl Fit for Bool8 {
    #[inline]
    fn of_integer(value: i128, casting: Casting) -> Option<Bool8> {
        match casting {
            Casting::Checked | Casting::Truncate => {
                matches!(value, 0 | 1).then(|| Bool8::from(value == 1))
            }
            Casting::Clip => Some(Bool8::from(value > 0)),
            Casting::Wrap => Some(Bool8::from(value != 0)),
        }
    }

    #[inline]
    fn of_float(value: f64, casting: Casting) -> Option<Bool8> {
        match casting {
            Casting::Wrap => Some(Bool8::from(value != 0.0)),
            _ => Bool8::of_integer(i64::of_float(value, casting)?.into(), casting),
        }
    }

    #[inline(always)]
    fn of_i64(value: i64, _: bool) -> (Bool8, bool) {
        (Bool8::from(value != 0), value == 0 || value == 1)
    }

    #[inline(always)]
    fn of_u64(value: u64, _: bool) -> (Bool8, bool) {
        (Bool8::from(value != 0), value <= 1)
    }

    #[inline(always)]
    fn of_f64(value: f64, _: bool) -> (Bool8, bool) {
        (Bool8::from(value != 0.0), value == 0.0 || value == 1.0)
    }
}

macro_rules! floats {
    ($($number:ty: $digits:expr, $greatest:expr, $of_integer:expr, $of_float:expr, $to_float:expr),*) => {$(
        impl Fit for $number {
            #[inline]
            fn of_integer(value: i128, casting: Casting) -> Option<Self> {
                let near: $number = $of_integer(value);
                let back = $to_float(near);
                match casting {
                    Casting::Wrap => Some(near),
                    Casting::Checked => (back.is_finite() && back as i128 == value).then_some(near),
                    _ => limited(near, back, casting),
                }
            }

            #[inline]
            fn of_float(value: f64, casting: Casting) -> Option<Self> {
                let near: $number = $of_float(value);
                if !value.is_finite() || casting == Casting::Wrap {
                    return Some(near);
                }
                limited(near, $to_float(near), casting)
            }

            #[inline(always)]
            fn of_i64(value: i64, exact: bool) -> (Self, bool) {
                let most = if exact { 1 << $digits } else { $greatest };
                ($of_float(value as f64), (-most..=most).contains(&value))
            }

            #[inline(always)]
            fn of_u64(value: u64, exact: bool) -> (Self, bool) {
                let most: i64 = if exact { 1 << $digits } else { $greatest };
                ($of_float(value as f64), value <= most as u64)
            }

            #[inline(always)]
            fn of_f64(value: f64, _: bool) -> (Self, bool) {
                let near: $number = $of_float(value);
                (near, $to_float(near).is_finite() || !value.is_finite())
            }
        }

        impl Limits for $number {
            const LIMITS: (Self, Self) = (<$number>::MIN, <$number>::MAX);
        }
    )*};
}

trait Limits: Sized {
    const LIMITS: (Self, Self);
}

/// A finite number, rounded to `near`, which is infinite where it was too large.
#[inline]
fn limited<T: Limits>(near: T, back: f64, casting: Casting) -> Option<T> {
    let (least, greatest) = T::LIMITS;
    match casting {
        _ if back.is_finite() => Some(near),
        Casting::Clip => Some(if back < 0.0 { least } else { greatest }),
        _ => None,
    }
}

// The last numbers up to which every integer is a number of the type, and up to which an integer becomes
// the nearest one by way of an `f64`, which holds integers of 53 bits.
floats!(
    f16: 11, 65504, |value| nearest_f16(value as f64), nearest_f16, f16::to_f64,
    f32: 24, 1 << 53, |value| value as f32, |value| value as f32, f64::from,
    f64: 53, i64::MAX, |value| value as f64, |value| value, f64::from
);

/// The nearest `f16`.
pub(crate) fn nearest_f16(value: f64) -> f16 {
    f16::from_f32(before_f16(value))
}

/// An `f32` whose nearest `f16` is that of the value. To take the nearest `f32` would be to round twice,
/// so what it cannot hold is left in its last bit.
#[inline(always)]
fn before_f16(value: f64) -> f32 {
    let near = value as f32;
    let (bits, back) = (near.to_bits(), f64::from(near));
    // Of one sign, numbers rise with their bits.
    let toward = if back.abs() < value.abs() { bits.wrapping_add(1) } else { bits.wrapping_sub(1) };
    let keeps = back == value || near.is_nan() || bits & 1 == 1;
    f32::from_bits(if keeps { bits } else { toward })
}

/// Stores numbers, the first one at byte `at`, each `stride` bytes behind the one before it.
/// Which one did not fit, if one did not.
pub(super) fn store<T: Fit>(
    values: &Reals,
    casting: Casting,
    swapped: bool,
    out: &mut [u8],
    at: usize,
    stride: usize,
) -> Result<(), usize> {
    if stride == size_of::<T>() && at < out.len() {
        let (mut fits, exact) = (false, casting == Casting::Checked);
        let (out, fit) = (&mut out[at..], &mut fits);
        simd::dispatch(Store { values, exact, swapped, out, fits: fit, of: PhantomData::<T> });
        if fits {
            return Ok(());
        }
    }
    store_each::<T>(values, casting, swapped, out, at, stride)
}

/// Stores numbers side by side, and tells whether all of them are known to be right.
struct Store<'a, T> {
    values: &'a Reals,
    exact: bool,
    swapped: bool,
    out: &'a mut [u8],
    fits: &'a mut bool,
    of: PhantomData<T>,
}

impl<T: Fit> Kernel for Store<'_, T> {
    #[inline(always)]
    fn run(self) {
        let (exact, swapped, out) = (self.exact, self.swapped, self.out);
        *self.fits = match self.values {
            Reals::Int(values) => each(values, swapped, out, |value| T::of_i64(value, exact)),
            Reals::UInt(values) => each(values, swapped, out, |value| T::of_u64(value, exact)),
            Reals::Float(values) => each(values, swapped, out, |value| T::of_f64(value, exact)),
        };
    }
}

#[inline(always)]
fn each<V: Copy, T: Fit>(
    values: &[V],
    swapped: bool,
    out: &mut [u8],
    fit: impl Fn(V) -> (T, bool),
) -> bool {
    // As wide as the values, so that the vectors are alike.
    let mut misfits = 0_u64;
    let size = size_of::<T>();
    let places = out[..values.len() * size].chunks_exact_mut(size);
    // Two loops, neither of which asks for each value.
    if swapped {
        for (place, &value) in places.zip(values) {
            let (number, fits) = fit(value);
            misfits |= u64::from(!fits);
            number.swap_bytes().store(place);
        }
    } else {
        for (place, &value) in places.zip(values) {
            let (number, fits) = fit(value);
            misfits |= u64::from(!fits);
            number.store(place);
        }
    }
    misfits == 0
}

/// As [`store`], one by one.
fn store_each<T: Fit>(
    values: &Reals,
    casting: Casting,
    swapped: bool,
    out: &mut [u8],
    at: usize,
    stride: usize,
) -> Result<(), usize> {
    let size = size_of::<T>();
    let mut fill = |index: usize, value: Option<T>| {
        let value = value.ok_or(index)?;
        let value = if swapped { value.swap_bytes() } else { value };
        value.store(&mut out[at + index * stride..][..size]);
        Ok(())
    };
    let mut indexed = |index: usize, value: Real| {
        fill(
            index,
            match value {
                Real::Int(value) => T::of_integer(value.into(), casting),
                Real::UInt(value) => T::of_integer(value.into(), casting),
                Real::Float(value) => T::of_float(value, casting),
            },
        )
    };
    match values {
        Reals::Int(values) => {
            values.iter().enumerate().try_for_each(|(i, &value)| indexed(i, Real::Int(value)))
        }
        Reals::UInt(values) => {
            values.iter().enumerate().try_for_each(|(i, &value)| indexed(i, Real::UInt(value)))
        }
        Reals::Float(values) => {
            values.iter().enumerate().try_for_each(|(i, &value)| indexed(i, Real::Float(value)))
        }
    }
}

/// Stores floating-point numbers as halves side by side, many at a time where the processor can.
/// Whether all of them fit.
pub(super) fn store_halves(values: &[f64], swapped: bool, out: &mut [u8]) -> bool {
    let (mut narrow, mut halves) = ([0.0; 64], [f16::ZERO; 64]);
    let mut fits = true;
    for (values, out) in values.chunks(64).zip(out.chunks_mut(128)) {
        let (narrow, halves) = (&mut narrow[..values.len()], &mut halves[..values.len()]);
        let fit = &mut fits;
        simd::dispatch(Narrow { values, narrow, fits: fit });
        halves.convert_from_f32_slice(narrow);
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(halves);
        if swapped {
            reverse_units(bytes, 2);
        }
        out[..bytes.len()].copy_from_slice(bytes);
    }
    fits
}

struct Narrow<'a> {
    values: &'a [f64],
    narrow: &'a mut [f32],
    fits: &'a mut bool,
}

impl Kernel for Narrow<'_> {
    #[inline(always)]
    fn run(self) {
        /// From here on the nearest half is infinite.
        const END: f64 = 65520.0;
        let mut misfits = 0_u64;
        for (narrow, &value) in self.narrow.iter_mut().zip(self.values) {
            *narrow = before_f16(value);
            misfits |= u64::from(value.abs() >= END && value.is_finite());
        }
        *self.fits &= misfits == 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Casting; 4] = [Casting::Checked, Casting::Truncate, Casting::Clip, Casting::Wrap];

    #[test]
    fn integers_take_what_fits_and_else_what_was_asked_for() {
        let fit = |value: f64| ALL.map(|casting| i8::of_float(value, casting));
        assert_eq!(fit(-128.0), [Some(-128); 4]);
        assert_eq!(fit(-128.5), [None, Some(-128), Some(-128), Some(-128)]);
        assert_eq!(fit(128.0), [None, None, Some(127), Some(-128)]);
        assert_eq!(fit(-1e300), [None, None, Some(-128), Some(0)]);
        assert_eq!(fit(f64::NAN), [None, None, None, Some(0)]);
        assert_eq!(fit(f64::INFINITY), [None, None, Some(127), Some(0)]);
        let fit = |value: f64| ALL.map(|casting| u64::of_float(value, casting));
        assert_eq!(fit(2.0_f64.powi(64)), [None, None, Some(u64::MAX), Some(0)]);
        assert_eq!(fit(-1.0), [None, None, Some(0), Some(u64::MAX)]);
        assert_eq!(fit(-0.5), [None, Some(0), Some(0), Some(0)]);
        assert_eq!(
            ALL.map(|casting| u8::of_integer(-1, casting)),
            [None, None, Some(0), Some(255)]
        );
    }

    #[test]
    fn floating_point_numbers_round_but_keep_integers() {
        let odd = (1_i128 << 53) + 1;
        let near = Some(2.0_f64.powi(53));
        assert_eq!(ALL.map(|casting| f64::of_integer(odd, casting)), [None, near, near, near]);
        let fit = |value: f64| ALL.map(|casting| f32::of_float(value, casting));
        assert_eq!(fit(0.1), [Some(0.1); 4]);
        assert_eq!(fit(-1e300), [None, None, Some(f32::MIN), Some(f32::NEG_INFINITY)]);
        assert_eq!(fit(f64::INFINITY), [Some(f32::INFINITY); 4]);
        let half = ALL.map(|casting| f16::of_integer(65520, casting));
        assert_eq!(half, [None, None, Some(f16::MAX), Some(f16::INFINITY)]);
    }

    #[test]
    fn a_half_is_rounded_once() {
        // Between 1 and the next half, just above the middle; the nearest f32 is the middle.
        let middle = 1.0 + 2.0_f64.powi(-11);
        assert_eq!(nearest_f16(middle), f16::ONE);
        assert_eq!(nearest_f16(middle + 2.0_f64.powi(-40)), f16::from_bits(f16::ONE.to_bits() + 1));
        assert_eq!(nearest_f16(middle - 2.0_f64.powi(-40)), f16::ONE);
        assert_eq!(nearest_f16(65519.999), f16::MAX);
        assert_eq!(nearest_f16(65520.0), f16::INFINITY);
        assert_eq!(nearest_f16(-1e300), f16::NEG_INFINITY);
        assert_eq!(nearest_f16(-0.0).to_bits(), 0x8000);
        assert_eq!(nearest_f16(2.0_f64.powi(-25)), f16::ZERO);
        assert_eq!(nearest_f16(2.0_f64.powi(-25) * 1.000_000_000_1).to_bits(), 1);
        assert!(nearest_f16(f64::NAN).is_nan());
    }

    /// Numbers at the ends of all types, between them, and none.
    fn numbers() -> Vec<f64> {
        let mut found = vec![f64::NAN, f64::INFINITY, f64::MAX, f64::MIN_POSITIVE, 0.1, 1.5, 5e-8];
        for power in [0, 7, 8, 11, 15, 16, 24, 31, 32, 53, 63, 64, 117, 127, 128] {
            let power = 2.0_f64.powi(power);
            found.extend([power.next_down(), power - 1.0, power, power + 1.0, power.next_up()]);
        }
        found.extend([65503.0, 65504.0, 65519.9, 65520.0, 3.5e38, 0.0]);
        found.iter().flat_map(|&value| [value, -value]).collect()
    }

    fn quick_and_slow_agree<T: Fit>() {
        let bytes = |value: T| {
            let mut bytes = vec![0; size_of::<T>()];
            value.store(&mut bytes);
            bytes
        };
        for casting in ALL {
            let agree = |(quick, fits): (T, bool), slow: Option<T>| {
                assert!(!fits || slow.map(bytes) == Some(bytes(quick)), "{casting:?}");
            };
            let exact = casting == Casting::Checked;
            for value in numbers() {
                agree(T::of_f64(value, exact), T::of_float(value, casting));
                for value in [value as i64, (value as i64).wrapping_neg()] {
                    agree(T::of_i64(value, exact), T::of_integer(value.into(), casting));
                }
                let value = value as u64;
                agree(T::of_u64(value, exact), T::of_integer(value.into(), casting));
            }
        }
    }

    #[test]
    fn the_quick_way_makes_of_a_number_what_the_slow_one_does() {
        quick_and_slow_agree::<Bool8>();
        quick_and_slow_agree::<i8>();
        quick_and_slow_agree::<i16>();
        quick_and_slow_agree::<i32>();
        quick_and_slow_agree::<i64>();
        quick_and_slow_agree::<u8>();
        quick_and_slow_agree::<u16>();
        quick_and_slow_agree::<u32>();
        quick_and_slow_agree::<u64>();
        quick_and_slow_agree::<f16>();
        quick_and_slow_agree::<f32>();
        quick_and_slow_agree::<f64>();
    }

    #[test]
    fn many_halves_are_those_that_are_made_one_by_one() {
        let numbers = numbers();
        for len in 0..numbers.len() {
            for swapped in [false, true] {
                let mut found = vec![0; 2 * len];
                let fits = store_halves(&numbers[..len], swapped, &mut found);
                let slow =
                    numbers[..len].iter().map(|&value| f16::of_float(value, Casting::Checked));
                assert_eq!(fits, slow.clone().all(|half| half.is_some()));
                for (slow, bytes) in slow.zip(found.chunks(2)) {
                    let half = f16::from_ne_bytes(bytes.try_into().unwrap());
                    let half = if swapped { half.swap_bytes() } else { half };
                    assert!(slow.is_none_or(|slow| slow.to_bits() == half.to_bits()));
                }
            }
        }
    }
}
