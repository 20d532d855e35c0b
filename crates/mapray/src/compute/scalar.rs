//! One value of a dtype known at run time.

use num_complex::Complex;

use crate::cast::nearest_f16;
use crate::dtype::{DType, Endian, Kind};
use crate::error::{Error, ErrorKind, Result};

/// One value, in the widest form of its kind.
///
/// ```
/// use mapray::{Scalar, reduce, DynView};
///
/// let array = ndarray::arr1(&[3_u8, 200, 100]);
/// let view = DynView::from_array(&array)?;
/// assert_eq!(reduce(&view).sum()?.scalars(), [Scalar::UInt(303)]);
/// assert_eq!(reduce(&view).mean()?.scalars(), [Scalar::Float(101.0)]);
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// A boolean.
    Bool(bool),
    /// A signed integer, or the count of a date or span of time.
    Int(i64),
    /// An unsigned integer.
    UInt(u64),
    /// A floating-point number.
    Float(f64),
    /// A complex number.
    Complex(Complex<f64>),
}

impl Scalar {
    /// Its integer value; `None` where it is no integer or boolean.
    fn integer(self) -> Option<i128> {
        match self {
            Scalar::Bool(value) => Some(value.into()),
            Scalar::Int(value) => Some(value.into()),
            Scalar::UInt(value) => Some(value.into()),
            Scalar::Float(_) | Scalar::Complex(_) => None,
        }
    }

    /// The nearest `f64`; `None` for complex numbers.
    fn real(self) -> Option<f64> {
        match self {
            Scalar::Bool(value) => Some(f64::from(u8::from(value))),
            Scalar::Int(value) => Some(value as f64),
            Scalar::UInt(value) => Some(value as f64),
            Scalar::Float(value) => Some(value),
            Scalar::Complex(_) => None,
        }
    }

    /// Appends the bytes of an element of `dtype` with this value.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] where that would be another kind of number (NumPy's `same_kind`), or an
    /// integer too small for the value.
    pub(super) fn write(self, dtype: &DType, bytes: &mut Vec<u8>) -> Result<()> {
        let mut out = Out { bytes, swapped: dtype.endian() == Some(Endian::NATIVE.swapped()) };
        let integer = self.integer();
        let real = self.real();
        let complex = match self {
            Scalar::Complex(value) => Some(value),
            _ => real.map(Complex::from),
        };
        macro_rules! integer {
            ($number:ty) => {
                integer.and_then(|value| {
                    <$number>::try_from(value).ok().map(|value| out.put(value.to_ne_bytes()))
                })
            };
        }
        let written = match (dtype.kind(), self) {
            (Kind::Bool, Scalar::Bool(value)) => {
                out.put([u8::from(value)]);
                Some(())
            }
            (Kind::Int8, _) => integer!(i8),
            (Kind::Int16, _) => integer!(i16),
            (Kind::Int32, _) => integer!(i32),
            (Kind::Int64 | Kind::DateTime(_) | Kind::TimeDelta(_), _) => integer!(i64),
            (Kind::UInt8, _) => integer!(u8),
            (Kind::UInt16, _) => integer!(u16),
            (Kind::UInt32, _) => integer!(u32),
            (Kind::UInt64, _) => integer!(u64),
            (Kind::Float16, _) => real.map(|value| out.put(nearest_f16(value).to_ne_bytes())),
            (Kind::Float32, _) => real.map(|value| out.put((value as f32).to_ne_bytes())),
            (Kind::Float64, _) => real.map(|value| out.put(value.to_ne_bytes())),
            (Kind::Complex64, _) => complex.map(|value| {
                out.put((value.re as f32).to_ne_bytes());
                out.put((value.im as f32).to_ne_bytes());
            }),
            (Kind::Complex128, _) => complex.map(|value| {
                out.put(value.re.to_ne_bytes());
                out.put(value.im.to_ne_bytes());
            }),
            _ => None,
        };
        written.ok_or_else(|| {
            Error::new(ErrorKind::Dtype, "the value cannot be given as this type")
                .expected("a type of the same kind that is wide enough")
                .found(format!("{self:?} for dtype '{dtype}'"))
        })
    }
}

struct Out<'a> {
    bytes: &'a mut Vec<u8>,
    swapped: bool,
}

impl Out<'_> {
    fn put<const N: usize>(&mut self, mut native: [u8; N]) {
        if self.swapped {
            native.reverse();
        }
        self.bytes.extend_from_slice(&native);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_kind() {
        let write = |scalar: Scalar, dtype: &str| {
            let mut bytes = Vec::new();
            scalar.write(&dtype.parse().unwrap(), &mut bytes).map(|()| bytes)
        };
        assert_eq!(write(Scalar::Int(-2), ">i2").unwrap(), [0xff, 0xfe]);
        assert_eq!(write(Scalar::UInt(300), "u1").unwrap_err().kind(), ErrorKind::Dtype);
        assert_eq!(write(Scalar::Float(1.0), "i8").unwrap_err().kind(), ErrorKind::Dtype);
        assert_eq!(write(Scalar::Int(1), "b1").unwrap_err().kind(), ErrorKind::Dtype);
        assert_eq!(write(Scalar::Int(1), ">f4").unwrap(), 1.0_f32.to_be_bytes());
        assert_eq!(write(Scalar::Bool(true), "<c8").unwrap(), [0, 0, 0x80, 0x3f, 0, 0, 0, 0]);
    }
}
