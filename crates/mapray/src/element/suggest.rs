//! Which Rust type a dtype asks for, and how elements of it become another.

use super::Element;
use super::differ::difference;
use crate::dtype::{Endian, Kind};
use crate::{DType, Error, ErrorKind, Result};

/// What elements need to become values of a Rust type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conversion {
    /// Nothing: they lie in memory as it does.
    Native,
    /// [`Element::swap_bytes`].
    Swapped,
}

/// How elements of `dtype` are loaded as `T`. Where it is not an error they have the size of `T`.
pub(crate) fn conversion<T: Element>(dtype: &DType) -> Result<Conversion> {
    if dtype.itemsize() != size_of::<T>() {
        Err(mismatch::<T>(dtype))
    } else if T::views(dtype) {
        Ok(Conversion::Native)
    } else if T::views(&dtype.swapped()) {
        Ok(Conversion::Swapped)
    } else {
        Err(mismatch::<T>(dtype))
    }
}

/// Elements of `dtype` are not `T`; says of what type they are.
fn mismatch<T: Element>(dtype: &DType) -> Error {
    if let Some(error) = difference(&T::dtype(), dtype) {
        return error;
    }
    Error::new(ErrorKind::Dtype, "the elements are not of the type asked for")
        .expected(format_args!("dtype '{}'", T::dtype()))
        .found(format_args!("'{dtype}'"))
        .hint(format_args!("use {}", rust_type(dtype)))
}

/// The Rust type that views aligned elements of `dtype` in place, to follow "use".
pub(crate) fn rust_type(dtype: &DType) -> String {
    match dtype.endian() {
        Some(endian) if endian != Endian::NATIVE => packed_type(dtype),
        _ => plain_type(dtype).map_or_else(|advice| advice, |name| format!("`{name}`")),
    }
}

/// The Rust type that views elements of `dtype` in place at any address, to follow "use".
pub(crate) fn packed_type(dtype: &DType) -> String {
    match (plain_type(dtype), dtype.endian()) {
        (Err(advice), _) => advice,
        (Ok(name), Some(endian)) => format!("`Packed<{name}, {endian:?}>`"),
        (Ok(name), None) => format!("`{name}`"),
    }
}

/// The type's name, its byte order aside; where no type fits, what to do instead.
fn plain_type(dtype: &DType) -> Result<String, String> {
    let name = match dtype.kind() {
        Kind::Bool => "Bool8",
        Kind::Int8 => "i8",
        Kind::Int16 => "i16",
        Kind::Int32 => "i32",
        Kind::Int64 => "i64",
        Kind::UInt8 => "u8",
        Kind::UInt16 => "u16",
        Kind::UInt32 => "u32",
        Kind::UInt64 => "u64",
        Kind::Float16 => "f16",
        Kind::Float32 => "f32",
        Kind::Float64 => "f64",
        Kind::LongDouble => "LongDouble",
        Kind::Complex64 => "Complex<f32>",
        Kind::Complex128 => "Complex<f64>",
        Kind::ComplexLongDouble => "ComplexLongDouble",
        Kind::DateTime(_) => "DateTime64",
        Kind::TimeDelta(_) => "TimeDelta64",
        Kind::Bytes(len) => return Ok(format!("Bytes<{len}>")),
        Kind::Str(len) => return Ok(format!("Text<{len}>")),
        Kind::Void(len) => return Ok(format!("Void<{len}>")),
        Kind::Record(_) => {
            return Err(format!(
                "a packed struct that derives `Record`, a field of the record, or `Void<{}>`",
                dtype.itemsize()
            ));
        }
        Kind::SubArray(array) => {
            return Err(format!("{} with the sub-array's axes added", packed_type(array.dtype())));
        }
        Kind::Object => {
            return Err("another dtype in the file: reading Python objects runs code".into());
        }
    };
    Ok(name.into())
}

#[cfg(test)]
mod tests {
    use half::f16;
    use num_complex::Complex;

    use super::*;
    use crate::dtype::{TimeUnit, Unit};
    use crate::element::{
        Be, Bool8, Bytes, ComplexLongDouble, DateTime64, Le, LongDouble, Packable, Text,
        TimeDelta64, Void,
    };

    /// The dtype that `T` views is answered with the name of `T`.
    fn named<T: Element>(name: &str) {
        assert_eq!(rust_type(&T::dtype()), format!("`{name}`"));
    }

    fn named_in_every_order<T: Packable>(name: &str) {
        named::<T>(name);
        let dtypes = [Be::<T>::dtype(), Le::<T>::dtype()];
        assert_eq!(packed_type(&dtypes[0]), format!("`Packed<{name}, Big>`"));
        assert_eq!(packed_type(&dtypes[1]), format!("`Packed<{name}, Little>`"));
        for dtype in dtypes {
            let foreign = dtype.endian() != Some(Endian::NATIVE);
            assert_eq!(rust_type(&dtype) == packed_type(&dtype), foreign);
        }
    }

    #[test]
    fn the_type_named_for_a_dtype_views_it() {
        named::<Bool8>("Bool8");
        named::<i8>("i8");
        named::<u8>("u8");
        named::<Bytes<5>>("Bytes<5>");
        named::<Void<7>>("Void<7>");
        named_in_every_order::<i16>("i16");
        named_in_every_order::<i32>("i32");
        named_in_every_order::<i64>("i64");
        named_in_every_order::<u16>("u16");
        named_in_every_order::<u32>("u32");
        named_in_every_order::<u64>("u64");
        named_in_every_order::<f16>("f16");
        named_in_every_order::<f32>("f32");
        named_in_every_order::<f64>("f64");
        named_in_every_order::<Complex<f32>>("Complex<f32>");
        named_in_every_order::<Complex<f64>>("Complex<f64>");
        named_in_every_order::<LongDouble>("LongDouble");
        named_in_every_order::<ComplexLongDouble>("ComplexLongDouble");
        named_in_every_order::<DateTime64>("DateTime64");
        named_in_every_order::<TimeDelta64>("TimeDelta64");
        named_in_every_order::<Text<3>>("Text<3>");
    }

    #[test]
    fn python_objects_have_no_type_and_the_advice_says_why() {
        assert!(rust_type(&DType::native(Kind::Object)).contains("runs code"));
    }

    #[test]
    fn the_other_byte_order_is_swapped_and_another_kind_refused() {
        let foreign = DType::new(Kind::Float64, Endian::NATIVE.swapped());
        assert_eq!(conversion::<f64>(&f64::dtype()).unwrap(), Conversion::Native);
        assert_eq!(conversion::<f64>(&foreign).unwrap(), Conversion::Swapped);
        assert_eq!(conversion::<Be<f64>>(&Le::<f64>::dtype()).unwrap(), Conversion::Swapped);
        let hours = Kind::TimeDelta(TimeUnit::Every(1, Unit::Hour));
        let foreign_hours = DType::new(hours, Endian::NATIVE.swapped());
        assert_eq!(conversion::<TimeDelta64>(&foreign_hours).unwrap(), Conversion::Swapped);
        for dtype in [i64::dtype(), DType::native(Kind::Bool), DType::native(Kind::Object)] {
            assert_eq!(conversion::<f64>(&dtype).unwrap_err().kind(), ErrorKind::Dtype);
        }
    }

    #[test]
    fn a_refusal_says_both_sides_and_the_type_to_use() {
        let error = conversion::<Le<f32>>(&Be::<i16>::dtype()).unwrap_err();
        assert_eq!(error.expected_value(), Some("dtype '<f4'"));
        assert_eq!(error.found_value(), Some("'>i2'"));
        let expected = if cfg!(target_endian = "little") { "`Packed<i16, Big>`" } else { "`i16`" };
        assert!(error.to_string().ends_with(&format!("use {expected}")), "{error}");
    }
}
