//! From an accumulator to the value of the result.

use num_complex::Complex;

use super::double::Double;
use super::moments::Deviations;
use super::scalar::Scalar;
use super::sum::Summed;
use crate::dtype::Kind;
use crate::error::{Error, ErrorKind, Result};

/// A sum as a value of NumPy's dtype for it.
pub(super) fn sum(summed: Summed, dtype: &Kind, wrapping: bool) -> Result<Scalar> {
    let exact = match summed {
        Summed::Real(sum) => return Ok(Scalar::Float(sum.value())),
        Summed::Complex(re, im) => {
            return Ok(Scalar::Complex(Complex::new(re.value(), im.value())));
        }
        Summed::NotATime => return Ok(Scalar::Int(i64::MIN)),
        Summed::Exact(exact) => exact,
    };
    let unsigned = *dtype == Kind::UInt64;
    // The least i64 is NaT, which no sum of times is.
    let nat = matches!(dtype, Kind::TimeDelta(_)) && exact == i128::from(i64::MIN);
    let fitting = match unsigned {
        true => u64::try_from(exact).map(Scalar::UInt),
        false => i64::try_from(exact).map(Scalar::Int),
    };
    match fitting {
        Ok(fitting) if !nat || wrapping => Ok(fitting),
        _ if wrapping && unsigned => Ok(Scalar::UInt(exact as u64)),
        _ if wrapping => Ok(Scalar::Int(exact as i64)),
        _ => {
            let (least, greatest) = match unsigned {
                true => (0, i128::from(u64::MAX)),
                false => (i128::from(i64::MIN), i128::from(i64::MAX)),
            };
            Err(Error::new(ErrorKind::Dtype, "the sum does not fit in 64 bits")
                .expected(format!("{} to {greatest}", least + i128::from(nat)))
                .found(exact)
                .hint(
                    "`wrapping(true)` gives its lowest 64 bits, as NumPy does; the mean is exact",
                ))
        }
    }
}

/// The mean as `f64`, or a complex number.
pub(super) fn mean(summed: Summed, count: u64) -> Scalar {
    if count == 0 {
        return match summed {
            Summed::Complex(..) => Scalar::Complex(Complex::new(f64::NAN, f64::NAN)),
            _ => Scalar::Float(f64::NAN),
        };
    }
    let divide = |sum: Double| sum.divided_by(count as f64).value();
    match summed {
        Summed::Exact(sum) => Scalar::Float(ratio(sum, count)),
        Summed::NotATime => Scalar::Float(f64::NAN),
        Summed::Real(sum) => Scalar::Float(divide(sum)),
        Summed::Complex(re, im) => Scalar::Complex(Complex::new(divide(re), divide(im))),
    }
}

/// The mean of spans of time, in whole units: as NumPy, toward zero.
pub(super) fn time_mean(summed: Summed, count: u64) -> Scalar {
    Scalar::Int(match summed {
        // The mean of numbers of 64 bits fits in 64 bits.
        Summed::Exact(sum) if count > 0 => (sum / i128::from(count)) as i64,
        _ => i64::MIN,
    })
}

/// The `f64` nearest to `sum / count`; the sum is below 2^126, as that of any array is.
fn ratio(sum: i128, count: u64) -> f64 {
    let magnitude = sum.unsigned_abs();
    if magnitude == 0 {
        return 0.0;
    }
    // With the sum shifted up to 127 bits the quotient has at least 63, ten more than an f64 holds;
    // whatever remains is left in the last one.
    let shift = magnitude.leading_zeros() - 1;
    let shifted = magnitude << shift;
    let (quotient, rest) = (shifted / u128::from(count), shifted % u128::from(count));
    let nearest = (quotient | u128::from(rest != 0)) as f64 * 2.0_f64.powi(-(shift as i32));
    if sum < 0 { -nearest } else { nearest }
}

/// The variance, or its square root.
pub(super) fn deviation(
    moments: &impl Deviations,
    ddof: f64,
    skip_nan: bool,
    root: bool,
) -> Scalar {
    let freedom = moments.count() as f64 - ddof;
    // NumPy's `var` divides by zero, its `nanvar` says NaN.
    if moments.count() == 0 || freedom.is_nan() || skip_nan && freedom <= 0.0 {
        return Scalar::Float(f64::NAN);
    }
    let squares = moments.squares();
    let variance = if freedom <= 0.0 {
        Double::new(squares.value() / 0.0, 0.0)
    } else if squares.is_finite() {
        squares.divided_by(freedom)
    } else {
        squares
    };
    Scalar::Float(if root { variance.sqrt().value() } else { variance.value() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_the_nearest_f64() {
        assert_eq!(ratio(0, 7), 0.0);
        assert_eq!(ratio(-1, 3), -1.0 / 3.0);
        assert_eq!(ratio(1, u64::MAX), 2.0_f64.powi(-64));
        assert_eq!(ratio(i128::from(u64::MAX) * 3, 3), 2.0_f64.powi(64));
        // Halfway between two numbers of 53 bits, and just above it.
        let half = (1_i128 << 54) + 2;
        assert_eq!(ratio(half, 1), 2.0_f64.powi(54));
        assert_eq!(ratio(half * 1_000_003 + 1, 1_000_003), 2.0_f64.powi(54) + 4.0);
        assert_eq!(ratio((1 << 126) - 1, 1), 2.0_f64.powi(126));
    }
}
