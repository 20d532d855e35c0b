//! Real numbers of any dtype, each in the widest form of its kind.

use std::cmp::Ordering;
use std::marker::PhantomData;

use half::f16;

use super::swap::reversed;
use crate::dtype::{DType, Kind};
use crate::element::{Bool8, Element, for_type};
use crate::halves::widen;
use crate::simd::{self, Kernel};

/// How many values are loaded at once: they stay in the first cache.
pub(crate) const CHUNK: usize = 512;

/// Some real numbers, or the counts of times.
#[derive(Clone, Debug)]
pub(crate) enum Reals {
    /// Booleans, signed integers, unsigned ones of less than 64 bits, and counts.
    Int(Vec<i64>),
    /// Unsigned integers of 64 bits.
    UInt(Vec<u64>),
    /// Floating-point numbers.
    Float(Vec<f64>),
}

impl Reals {
    /// Room for the numbers of this dtype.
    pub(crate) fn of(dtype: &DType) -> Reals {
        match dtype.kind() {
            Kind::UInt64 => Reals::UInt(Vec::new()),
            Kind::Float16 | Kind::Float32 | Kind::Float64 => Reals::Float(Vec::new()),
            _ => Reals::Int(Vec::new()),
        }
    }

    pub(crate) fn get(&self, index: usize) -> Real {
        match self {
            Reals::Int(values) => Real::Int(values[index]),
            Reals::UInt(values) => Real::UInt(values[index]),
            Reals::Float(values) => Real::Float(values[index]),
        }
    }
}

/// One real number.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Real {
    Int(i64),
    UInt(u64),
    Float(f64),
}

impl Real {
    pub(crate) fn is_nan(self) -> bool {
        matches!(self, Real::Float(value) if value.is_nan())
    }

    /// The nearest `f64`.
    pub(crate) fn wide(self) -> f64 {
        match self {
            Real::Int(value) => value as f64,
            Real::UInt(value) => value as f64,
            Real::Float(value) => value,
        }
    }

    fn integer(self) -> Option<i128> {
        match self {
            Real::Int(value) => Some(value.into()),
            Real::UInt(value) => Some(value.into()),
            Real::Float(_) => None,
        }
    }

    /// How the numbers compare, exactly; `None` where one is NaN.
    pub(crate) fn compare(self, other: Real) -> Option<Ordering> {
        match (self.integer(), other.integer()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            (Some(a), None) => compare_with_float(a, other.wide()),
            (None, Some(b)) => compare_with_float(b, self.wide()).map(Ordering::reverse),
            (None, None) => self.wide().partial_cmp(&other.wide()),
        }
    }

    /// How far apart they are: exactly, then rounded to an `f64`. Zero for equal infinities.
    pub(crate) fn distance(self, other: Real) -> f64 {
        if self.compare(other) == Some(Ordering::Equal) {
            return 0.0;
        }
        let exact = match (self.exact(), other.exact()) {
            (Some(a), Some(b)) => a.checked_sub(b),
            _ => None,
        };
        exact.map_or((self.wide() - other.wide()).abs(), |exact| exact.unsigned_abs() as f64)
    }

    /// Its value, where it is an integer of at most 126 bits.
    fn exact(self) -> Option<i128> {
        self.integer().or_else(|| {
            let value = self.wide();
            (value.fract() == 0.0 && value.abs() < 2.0_f64.powi(126)).then_some(value as i128)
        })
    }
}

impl std::fmt::Display for Real {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Real::Int(value) => write!(f, "{value}"),
            Real::UInt(value) => write!(f, "{value}"),
            Real::Float(value) if value.is_nan() => f.write_str("nan"),
            Real::Float(value) => write!(f, "{value:?}"),
        }
    }
}

/// An integer of at most 65 bits beside a floating-point number.
fn compare_with_float(integer: i128, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    // Saturates far outside of what the integer can be.
    let whole = float.floor() as i128;
    Some(match integer.cmp(&whole) {
        Ordering::Equal if float.fract() != 0.0 => Ordering::Less,
        ordering => ordering,
    })
}

/// A type whose values are real numbers.
pub(super) trait Widen: Element {
    fn widen(self) -> Real;
}

macro_rules! widen {
    ($($number:ty => $variant:ident: $widen:expr),*) => {$(
        impl Widen for $number {
            #[inline]
            fn widen(self) -> Real {
                let widen: fn(Self) -> _ = $widen;
                Real::$variant(widen(self))
            }
        }
    )*};
}

widen!(
    Bool8 => Int: |value| i64::from(value.get()),
    i8 => Int: i64::from, i16 => Int: i64::from, i32 => Int: i64::from, i64 => Int: |value| value,
    u8 => Int: i64::from, u16 => Int: i64::from, u32 => Int: i64::from, u64 => UInt: |value| value,
    f16 => Float: f16::to_f64, f32 => Float: f64::from, f64 => Float: |value| value
);

/// Loads `n` numbers or counts of this dtype, the first one at byte `at`, each `stride` bytes behind the one before it.
///
/// # Panics
///
/// If the dtype is none of numbers on a line or of times, or a number lies outside of the bytes.
pub(crate) fn load_reals(
    dtype: &DType,
    bytes: &[u8],
    at: usize,
    stride: usize,
    n: usize,
    out: &mut Reals,
) {
    let swapped = !dtype.is_native();
    let lying = stride == dtype.itemsize();
    if let (Kind::Float16, true, Reals::Float(values)) = (dtype.kind(), lying, &mut *out) {
        return load_halves(&bytes[at..at + n * stride], swapped, values);
    }
    for_type!(dtype.kind(), T => {
        if lying {
            simd::dispatch(Load::<T> { bytes: &bytes[at..at + n * stride], swapped, out, of: PhantomData });
        } else {
            load_strided::<T>(&|i| &bytes[at + i * stride..][..size_of::<T>()], n, swapped, out);
        }
    }, {
        Kind::DateTime(_) | Kind::TimeDelta(_) => i64,
    } else panic!("{dtype} has no numbers on a line"));
}

/// Loads values that lie side by side.
struct Load<'a, T> {
    bytes: &'a [u8],
    swapped: bool,
    out: &'a mut Reals,
    of: PhantomData<T>,
}

/// Puts the values, all of one kind, in place of those in the room for them.
macro_rules! fill {
    ($out:expr, $values:expr) => {{
        let values = $values;
        macro_rules! variant {
            ($room:expr, $variant:ident) => {{
                $room.clear();
                $room.extend(values.map(|value| match value {
                    Real::$variant(value) => value,
                    _ => unreachable!("the room was made for this dtype"),
                }));
            }};
        }
        match $out {
            Reals::Int(room) => variant!(room, Int),
            Reals::UInt(room) => variant!(room, UInt),
            Reals::Float(room) => variant!(room, Float),
        }
    }};
}

impl<T: Widen> Kernel for Load<'_, T> {
    #[inline(always)]
    fn run(self) {
        let values = self.bytes.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned::<T>);
        // Two loops, neither of which asks for each value.
        if self.swapped {
            fill!(self.out, values.map(|value| value.swap_bytes().widen()));
        } else {
            fill!(self.out, values.map(T::widen));
        }
    }
}

fn load_strided<'a, T: Widen>(
    bytes_of: &dyn Fn(usize) -> &'a [u8],
    n: usize,
    swapped: bool,
    out: &mut Reals,
) {
    let value = |i| bytemuck::pod_read_unaligned::<T>(bytes_of(i));
    let native = |value: T| if swapped { value.swap_bytes() } else { value };
    fill!(out, (0..n).map(|i| native(value(i)).widen()));
}

/// Halves are widened many at a time, where the processor can.
fn load_halves(bytes: &[u8], swapped: bool, out: &mut Vec<f64>) {
    const N: usize = 64;
    let (mut turned, mut wide) = ([0_u8; 2 * N], [[0; 4]; N]);
    out.resize(bytes.len() / 2, 0.0);
    for (bytes, out) in bytes.chunks(2 * N).zip(out.chunks_mut(N)) {
        let bytes = if swapped { reversed(bytes, 2, &mut turned) } else { bytes };
        widen(bytes.as_chunks().0, &mut wide);
        out.iter_mut().zip(wide).for_each(|(out, value)| *out = f32::from_ne_bytes(value).into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_floating_point_numbers_compare_exactly() {
        let big = (1_i64 << 53) + 1;
        assert_eq!(Real::Int(big).compare(Real::Float(big as f64)), Some(Ordering::Greater));
        assert_eq!(Real::Float(-0.5).compare(Real::Int(0)), Some(Ordering::Less));
        assert_eq!(Real::Int(0).compare(Real::Float(-0.5)), Some(Ordering::Greater));
        assert_eq!(Real::Int(0).compare(Real::Float(-0.0)), Some(Ordering::Equal));
        let two_64 = Real::Float(2.0_f64.powi(64));
        assert_eq!(Real::UInt(u64::MAX).compare(two_64), Some(Ordering::Less));
        assert_eq!(Real::UInt(u64::MAX).compare(Real::Int(-1)), Some(Ordering::Greater));
        assert_eq!(Real::Int(1).compare(Real::Float(f64::NEG_INFINITY)), Some(Ordering::Greater));
        assert_eq!(Real::Int(1).compare(Real::Float(f64::NAN)), None);
    }

    #[test]
    fn distances_are_exact_before_they_are_rounded() {
        let big = (1_i64 << 53) + 1;
        assert_eq!(Real::Int(big).distance(Real::Float(2.0_f64.powi(53))), 1.0);
        assert_eq!(Real::UInt(u64::MAX).distance(Real::UInt(u64::MAX - 3)), 3.0);
        assert_eq!(Real::Int(i64::MIN).distance(Real::UInt(u64::MAX)), 1.5 * 2.0_f64.powi(64));
        assert_eq!(Real::Float(0.25).distance(Real::Int(1)), 0.75);
        let infinite = Real::Float(f64::INFINITY);
        assert_eq!(infinite.distance(infinite), 0.0);
        assert_eq!(infinite.distance(Real::Int(1)), f64::INFINITY);
    }
}
