//! What reductions ask of the type that elements are loaded as.

use half::f16;
use num_complex::Complex;

use super::scalar::Scalar;
use crate::element::{Bool8, DateTime64, Element, TimeDelta64};

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

    /// NumPy's truth: whether it is not zero. NaN and NaT are true.
    fn is_true(self) -> bool;

    fn scalar(self) -> Scalar;
}

/// A value on a line, with distances.
pub(super) trait Real: Value {
    /// The exact distance from `origin` as the sum of two numbers, the second one small.
    fn minus(self, origin: Self) -> (f64, f64);

    fn is_finite(self) -> bool {
        true
    }
}

/// A floating-point number.
pub(super) trait Float: Real {
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
            #[inline(always)]
            fn minus(self, origin: Self) -> (f64, f64) {
                if size_of::<Self>() < 8 {
                    ((self as i64 - origin as i64) as f64, 0.0)
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
    ($($number:ty: $to_f64:expr),*) => {$(
        impl Value for $number {
            const HAS_NAN: bool = true;

            #[inline(always)]
            fn is_nan(self) -> bool {
                <$number>::is_nan(self)
            }

            #[inline(always)]
            fn is_infinite(self) -> bool {
                <$number>::is_infinite(self)
            }

            #[inline(always)]
            fn is_less(self, other: Self) -> bool {
                self < other
            }

            #[inline(always)]
            fn is_true(self) -> bool {
                self.to_bits() << 1 != 0
            }

            fn scalar(self) -> Scalar {
                Scalar::Float(self.wide())
            }
        }

        impl Float for $number {
            #[inline(always)]
            fn wide(self) -> f64 {
                $to_f64(self)
            }
        }

        impl Real for $number {
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

floats!(f16: f16::to_f64, f32: f64::from, f64: f64::from);

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
