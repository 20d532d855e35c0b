//! Dates and spans of time: counts whose unit stands in the dtype.

use std::cmp::Ordering;
use std::fmt;

use bytemuck::{Pod, Zeroable};

use super::Element;
use super::traits::without_padding;
use crate::DType;
use crate::dtype::{Endian, Kind, TimeUnit};

/// A date and time, dtype `M8`: a count of the dtype's unit since 1970-01-01T00:00 UTC.
///
/// It views every unit; which one it is, only the dtype says. As in NumPy, [`NaT`](Self::NAT) is
/// not equal to itself, and neither less nor greater than anything.
///
/// ```
/// use mapray::dtype::{DType, Kind, TimeUnit, Unit};
/// use mapray::element::{DateTime64, Element};
///
/// let days = DType::native(Kind::DateTime(TimeUnit::Every(1, Unit::Day)));
/// assert!(DateTime64::views(&days));
/// assert!(DateTime64(18_262) < DateTime64(18_263));
/// assert_ne!(DateTime64::NAT, DateTime64::NAT);
/// ```
#[derive(Clone, Copy, Default, Pod, Zeroable)]
#[repr(transparent)]
pub struct DateTime64(
    /// So many units since the start of 1970.
    pub i64,
);

/// A span of time, dtype `m8`: a count of the dtype's unit.
///
/// It views every unit; which one it is, only the dtype says. As in NumPy, [`NaT`](Self::NAT) is
/// not equal to itself, and neither less nor greater than anything.
///
/// ```
/// use mapray::element::TimeDelta64;
///
/// assert!(TimeDelta64(-1) < TimeDelta64(0));
/// assert!(TimeDelta64::NAT.is_nat());
/// assert_eq!(TimeDelta64::NAT.to_string(), "NaT");
/// ```
#[derive(Clone, Copy, Default, Pod, Zeroable)]
#[repr(transparent)]
pub struct TimeDelta64(
    /// So many units.
    pub i64,
);

macro_rules! time {
    ($($time:ident => $kind:ident),*) => {$(
        impl $time {
            /// "Not a time": the value that stands for a missing one.
            pub const NAT: $time = $time(i64::MIN);

            /// Whether this is [`NAT`](Self::NAT).
            pub fn is_nat(self) -> bool {
                self.0 == i64::MIN
            }
        }

        without_padding!([] $time);

        impl Element for $time {
            fn dtype() -> DType {
                DType::native(Kind::$kind(TimeUnit::Generic))
            }

            fn views(dtype: &DType) -> bool {
                matches!(dtype.kind(), Kind::$kind(_)) && dtype.endian() == Some(Endian::NATIVE)
            }

            #[inline]
            fn swap_bytes(self) -> Self {
                $time(self.0.swap_bytes())
            }
        }

        impl PartialEq for $time {
            fn eq(&self, other: &$time) -> bool {
                self.partial_cmp(other) == Some(Ordering::Equal)
            }
        }

        impl PartialOrd for $time {
            fn partial_cmp(&self, other: &$time) -> Option<Ordering> {
                (!self.is_nat() && !other.is_nat()).then(|| self.0.cmp(&other.0))
            }
        }

        impl fmt::Display for $time {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if self.is_nat() { f.pad("NaT") } else { self.0.fmt(f) }
            }
        }

        impl fmt::Debug for $time {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($time), "({})"), self)
            }
        }
    )*};
}

time!(DateTime64 => DateTime, TimeDelta64 => TimeDelta);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::Unit;

    #[test]
    fn every_unit_of_the_own_kind_is_viewed_and_no_other() {
        let nanoseconds = TimeUnit::Every(25, Unit::Nanosecond);
        assert!(DateTime64::views(&DType::native(Kind::DateTime(nanoseconds))));
        assert!(DateTime64::views(&DateTime64::dtype()));
        assert!(!DateTime64::views(&DType::native(Kind::TimeDelta(nanoseconds))));
        assert!(!DateTime64::views(&DType::native(Kind::Int64)));
        let foreign = DType::new(Kind::DateTime(nanoseconds), Endian::NATIVE.swapped());
        assert!(!DateTime64::views(&foreign));
    }

    #[test]
    fn nat_compares_as_nan_does() {
        let nat = TimeDelta64::NAT;
        assert!(nat != nat);
        assert_eq!(nat.partial_cmp(&nat), None);
        assert_eq!(nat.partial_cmp(&TimeDelta64(0)), None);
        assert_eq!(TimeDelta64(0).partial_cmp(&nat), None);
        assert_eq!(TimeDelta64(3), TimeDelta64(3));
        assert!(TimeDelta64(-3) < TimeDelta64(3));
    }
}
