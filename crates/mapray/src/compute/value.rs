//! What reductions ask of the type that elements are loaded as.

use half::f16;
use num_complex::Complex;

use super::double::{Double, square};
use super::exact::{Spread, exact_sum};
use super::halves;
use super::scalar::Scalar;
use super::values::Values;
use crate::element::{Bool8, DateTime64, Element, TimeDelta64};
use crate::halves::to_f32;

/// A value with an order, a truth and, for some types, a NaN.
pub(super) trait Value: Element {
    /// Whether a value can be NaN or NaT.
    const HAS_NAN: bool = false;

    /// What stands for the extreme of no value at all, where NaN is left out.
    const MISSING: Scalar = Scalar::Float(f64::NAN);

    /// Whether it is NaN or NaT; a complex number, whether a part is.
    fn is_nan(self) -> bool {
        false
    }

    fn is_infinite(self) -> bool {
        false
    }

    /// Whether it is less than another, neither of them NaN.
    fn is_less(self, other: Self) -> bool;

    /// The lesser one, or the greater one, neither of them NaN.
    #[inline(always)]
    fn extreme<const MAX: bool>(self, other: Self) -> Self {
        let is_other = if MAX { self.is_less(other) } else { other.is_less(self) };
        if is_other { other } else { self }
    }

    /// Whether one is NaN. Looks at all of them, in a loop without a branch.
    #[inline(always)]
    fn has_nan(values: &[Self]) -> bool {
        Self::HAS_NAN && values.iter().fold(false, |has_nan, value| has_nan | value.is_nan())
    }

    /// NumPy's truth: whether it is not zero. NaN and NaT are true.
    fn is_true(self) -> bool;

    fn scalar(self) -> Scalar;
}

/// A value on a line, with distances.
pub(super) trait Real: Value {
    /// Whether squares are exact in `f64`, so that they need not be those of distances from an origin
    /// other than zero: a variance that is as small as its values allow is still found.
    const SQUARES_ARE_EXACT: bool = false;

    /// The exact distance from `origin` as the sum of two numbers, the second one small.
    fn minus(self, origin: Self) -> (f64, f64);

    /// What distances are counted from, where this is the first value.
    #[inline(always)]
    fn origin(self) -> Self {
        if Self::SQUARES_ARE_EXACT { bytemuck::Zeroable::zeroed() } else { self }
    }

    /// The distance from an [origin](Real::origin) as two parts, and its square as two parts.
    #[inline(always)]
    fn powers(self, origin: Self) -> [f64; 4] {
        if Self::SQUARES_ARE_EXACT {
            // The origin is zero.
            let (value, _) = self.minus(bytemuck::Zeroable::zeroed());
            return [value, 0.0, value * value, 0.0];
        }
        let (high, low) = self.minus(origin);
        let (squared, error) = square(high);
        [high, low, squared, error + 2.0 * high * low]
    }

    /// The sums of at most 4,096 values and of their squares, where both are exact in `f64`.
    #[inline(always)]
    fn exact_powers(_values: &[Self]) -> Option<(f64, f64)> {
        None
    }

    fn is_finite(self) -> bool {
        true
    }
}

/// A floating-point number.
pub(super) trait Float: Real {
    /// Whether it is worth asking whether sums in plain `f64` are exact.
    const MAY_SUM_EXACTLY: bool;

    /// What tells whether they are, of the values of some rows.
    fn spread<const N: usize>(rows: [&[Self]; N]) -> Spread;

    /// The sum of at most [`CHUNK`](super::fold::CHUNK) of them in plain `f64`, if it is exact.
    fn exact_sum(values: Values<'_, Self>) -> Option<Double>;

    fn wide(self) -> f64;
}

impl Value for Bool8 {
    #[inline(always)]
    fn is_less(self, other: Self) -> bool {
        !self.get() & other.get()
    }

    #[inline(always)]
    fn is_true(self) -> bool {
        self.get()
    }

    fn scalar(self) -> Scalar {
        Scalar::Bool(self.get())
    }
}

impl Real for Bool8 {
    const SQUARES_ARE_EXACT: bool = true;

    #[inline(always)]
    fn exact_powers(values: &[Self]) -> Option<(f64, f64)> {
        let count: u32 = values.iter().map(|value| u32::from(value.get())).sum();
        Some((count.into(), count.into()))
    }

    #[inline(always)]
    fn minus(self, origin: Self) -> (f64, f64) {
        (f64::from(i8::from(self.get()) - i8::from(origin.get())), 0.0)
    }
}

macro_rules! integers {
    ($($number:ty => $scalar:ident($wide:ty)),*) => {$(
        impl Value for $number {
            #[inline(always)]
            fn is_less(self, other: Self) -> bool {
                self < other
            }

            #[inline(always)]
            fn is_true(self) -> bool {
                self != 0
            }

            fn scalar(self) -> Scalar {
                Scalar::$scalar(<$wide>::from(self))
            }
        }

        impl Real for $number {
            const SQUARES_ARE_EXACT: bool = size_of::<Self>() <= 2;

            #[inline(always)]
            fn exact_powers(values: &[Self]) -> Option<(f64, f64)> {
                if size_of::<Self>() > 2 {
                    return None;
                }
                let sum: i32 = values.iter().map(|&value| value as i32).sum();
                let square = |&value: &Self| {
                    let distance = (value as i32).unsigned_abs();
                    distance.wrapping_mul(distance)
                };
                let squares = if size_of::<Self>() == 1 {
                    f64::from(values.iter().map(square).sum::<u32>())
                } else {
                    values.iter().map(|value| u64::from(square(value))).sum::<u64>() as f64
                };
                Some((sum.into(), squares))
            }

            #[inline(always)]
            fn minus(self, origin: Self) -> (f64, f64) {
                if size_of::<Self>() < 8 {
                    (self as f64 - origin as f64, 0.0)
                } else {
                    two_parts(self as i128 - origin as i128)
                }
            }
        }
    )*};
}

integers!(i8 => Int(i64), i16 => Int(i64), i32 => Int(i64), i64 => Int(i64));
integers!(u8 => UInt(u64), u16 => UInt(u64), u32 => UInt(u64), u64 => UInt(u64));

/// An integer of at most 65 bits as the sum of two numbers, exactly.
#[inline(always)]
fn two_parts(value: i128) -> (f64, f64) {
    let high = value as f64;
    (high, (value - high as i128) as f64)
}

macro_rules! floats {
    ($($number:ty: $to_f64:expr, $is_less:expr, $is_nan:expr, $spread:expr, $sum:expr, $squares:literal, $bits:ty, $extreme:expr;)*) => {$(
        impl Value for $number {
            const HAS_NAN: bool = true;

            #[inline(always)]
            fn is_nan(self) -> bool {
                $is_nan(self)
            }

            #[inline(always)]
            fn is_infinite(self) -> bool {
                <$number>::is_infinite(self)
            }

            #[inline(always)]
            fn is_less(self, other: Self) -> bool {
                $is_less(self, other)
            }

            #[inline(always)]
            fn is_true(self) -> bool {
                self.to_bits() << 1 != 0
            }

            #[inline(always)]
            fn extreme<const MAX: bool>(self, other: Self) -> Self {
                let [min, max] = $extreme;
                if MAX { max(self, other) } else { min(self, other) }
            }

            #[inline(always)]
            fn has_nan(values: &[Self]) -> bool {
                // As wide as the values are, so that no vector has to be narrowed.
                let has_nan = |found, value: &Self| found | <$bits>::from(value.is_nan());
                values.iter().fold(0, has_nan) != 0
            }

            fn scalar(self) -> Scalar {
                Scalar::Float(self.wide())
            }
        }

        impl Float for $number {
            const MAY_SUM_EXACTLY: bool = size_of::<Self>() < size_of::<f64>();

            #[inline(always)]
            fn spread<const N: usize>(rows: [&[Self]; N]) -> Spread {
                $spread(rows)
            }

            #[inline(always)]
            fn exact_sum(values: Values<'_, Self>) -> Option<Double> {
                $sum(values)
            }

            #[inline(always)]
            fn wide(self) -> f64 {
                $to_f64(self)
            }
        }

        impl Real for $number {
            const SQUARES_ARE_EXACT: bool = $squares;

            #[inline(always)]
            fn minus(self, origin: Self) -> (f64, f64) {
                super::double::two_sum(self.wide(), -origin.wide())
            }

            #[inline(always)]
            fn is_finite(self) -> bool {
                <$number>::is_finite(self)
            }
        }
    )*};
}

// The extreme of two is not written as a choice between them: that would be made a store under a
// mask.
floats! {
    f16: |value| f64::from(to_f32(value)), |a, b| halves::key(a) < halves::key(b), halves::is_nan,
        |_| Spread::NARROW, |values| Some(halves::exact_sum(values)), true, u16, [halves::min, halves::max];
    f32: f64::from, |a, b| a < b, f32::is_nan,
        Spread::of, exact_sum, true, u32, [f32::min, f32::max];
    f64: f64::from, |a, b| a < b, f64::is_nan,
        |_| Spread::ANY, |_| None, false, u64, [f64::min, f64::max];
}

macro_rules! complex {
    ($($part:ty),*) => {$(
        impl Value for Complex<$part> {
            const HAS_NAN: bool = true;
            const MISSING: Scalar = Scalar::Complex(Complex::new(f64::NAN, f64::NAN));

            #[inline(always)]
            fn is_nan(self) -> bool {
                self.re.is_nan() || self.im.is_nan()
            }

            /// NumPy's order: by the real part, then by the imaginary part.
            #[inline(always)]
            fn is_less(self, other: Self) -> bool {
                self.re < other.re || self.re == other.re && self.im < other.im
            }

            #[inline(always)]
            fn is_true(self) -> bool {
                self.re.is_true() || self.im.is_true()
            }

            fn scalar(self) -> Scalar {
                Scalar::Complex(Complex::new(self.re.wide(), self.im.wide()))
            }
        }
    )*};
}

complex!(f32, f64);

macro_rules! times {
    ($($time:ident),*) => {$(
        impl Value for $time {
            const HAS_NAN: bool = true;
            const MISSING: Scalar = Scalar::Int(i64::MIN);

            #[inline(always)]
            fn is_nan(self) -> bool {
                self.is_nat()
            }

            #[inline(always)]
            fn is_less(self, other: Self) -> bool {
                self.0 < other.0
            }

            #[inline(always)]
            fn is_true(self) -> bool {
                self.0 != 0
            }

            fn scalar(self) -> Scalar {
                Scalar::Int(self.0)
            }
        }

        impl Real for $time {
            #[inline(always)]
            fn minus(self, origin: Self) -> (f64, f64) {
                self.0.minus(origin.0)
            }
        }
    )*};
}

times!(DateTime64, TimeDelta64);
