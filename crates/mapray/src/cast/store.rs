//! Numbers in the widest form of their kind, fitted to a dtype.

use half::f16;

use super::kernel::Casting;
use super::real::{Real, Reals};
use crate::element::{Bool8, Element, WritableElement};

/// A type that numbers can be fitted to.
pub(super) trait Fit: Element + WritableElement {
    fn of_integer(value: i128, casting: Casting) -> Option<Self>;

    fn of_float(value: f64, casting: Casting) -> Option<Self>;
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
}

macro_rules! floats {
    ($($number:ty: $of_integer:expr, $of_float:expr, $to_float:expr),*) => {$(
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

floats!(
    f16: |value| nearest_f16(value as f64), nearest_f16, f16::to_f64,
    f32: |value| value as f32, |value| value as f32, f64::from,
    f64: |value| value as f64, |value| value, f64::from
);

/// The nearest `f16`. Going by way of the nearest `f32` would round twice, so what `f32` cannot
/// hold is left in its last bit.
pub(crate) fn nearest_f16(value: f64) -> f16 {
    let near = value as f32;
    if near.is_nan() || f64::from(near) == value || near.to_bits() & 1 == 1 {
        return f16::from_f32(near);
    }
    let toward = if f64::from(near) < value { near.next_up() } else { near.next_down() };
    f16::from_f32(toward)
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
}
