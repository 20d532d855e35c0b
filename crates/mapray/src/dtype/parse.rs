//! From a spelling to a dtype: the texts that `numpy.dtype` takes, with the sizes of x86-64 Linux.

use std::str::FromStr;

use super::size::MAX_ITEMSIZE;
use super::{DType, Endian, Kind, TimeUnit, comma, time};
use crate::error::shown;
use crate::literal::Literal;
use crate::{Error, ErrorKind, Result};

const SPELLINGS: &str = "one of NumPy's, such as '<f4', '>i2', 'float64', '|b1', 'u1', 'c16', 'S5', 'U3', 'V8', \
                         'M8[ns]', or several with commas between them";

impl FromStr for DType {
    type Err = Error;

    /// Reads every text that NumPy 2.4's `numpy.dtype` takes (type codes, names, `M8[25us]`, comma-separated
    /// records such as `'f4, (2,3)i4'`), as NumPy reads it on x86-64 Linux: `'l'` has 8 bytes, `'g'` has 16.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] with the text and the character that could not be read.
    fn from_str(text: &str) -> Result<DType> {
        if comma::is_comma_separated(text) { comma::parse(text) } else { single(text) }
    }
}

fn single(text: &str) -> Result<DType> {
    let (order, rest) = match text.as_bytes().first() {
        Some(b'<') => (Endian::Little, &text[1..]),
        Some(b'>') => (Endian::Big, &text[1..]),
        Some(b'=' | b'|') => (Endian::NATIVE, &text[1..]),
        _ => (Endian::NATIVE, text),
    };
    if let Some((kind_of, unit)) = time_parts(rest) {
        let unit_at = text.len() - unit.len();
        let unit = time::parse(unit).map_err(|bad| {
            let character = text.get(..unit_at + bad.at).unwrap_or(text).chars().count();
            let message = format!("cannot read the unit of time in \"{}\"", shown(text));
            Error::new(ErrorKind::Dtype, message)
                .expected(bad.expected)
                .at_character(text, character)
        })?;
        return Ok(DType::new(kind_of(unit), order));
    }
    let mut characters = rest.chars();
    let code = characters.next();
    let kind = match (code, characters.as_str()) {
        (Some(code), "") => type_code(code),
        (Some(code), size) => c_integer(size).and_then(|size| code_and_size(code, size)),
        (None, _) => None,
    };
    // NumPy knows its names without a byte order only: '>float32' is no dtype.
    let kind = kind.or_else(|| type_name(text));
    kind.map(|kind| DType::new(kind, order)).ok_or_else(|| unknown(text, rest))
}

fn unknown(text: &str, rest: &str) -> Error {
    let message = format!("unknown dtype \"{}\"", shown(text));
    let error = Error::new(ErrorKind::Dtype, message).expected(SPELLINGS);
    if rest == "T" || text.starts_with("StringDType") {
        return error
            .hint("a StringDType keeps its text outside of the array, where no map reaches it");
    }
    if rest == "f1" {
        return error.hint(
            "ml_dtypes writes '<f1' for float8_e5m2, which no one can read back; view the data as '|u1' instead",
        );
    }
    match type_name(rest) {
        Some(kind) if rest != text => {
            let order = if text.starts_with('>') { Endian::Big } else { Endian::NATIVE };
            error.hint(format!("a name takes no byte order; write '{}'", DType::new(kind, order)))
        }
        _ => error,
    }
}

type KindOf = fn(TimeUnit) -> Kind;

/// The kind of date or duration and what follows it, where NumPy decides by the first letters alone.
fn time_parts(text: &str) -> Option<(KindOf, &str)> {
    let date = text.strip_prefix("M8").or_else(|| text.strip_prefix("datetime64"));
    let duration = || text.strip_prefix("m8").or_else(|| text.strip_prefix("timedelta64"));
    match date {
        Some(unit) => Some((Kind::DateTime, unit)),
        None => duration().map(|unit| (Kind::TimeDelta as KindOf, unit)),
    }
}

/// NumPy's type codes of one character.
fn type_code(code: char) -> Option<Kind> {
    Some(match code {
        '?' => Kind::Bool,
        'b' => Kind::Int8,
        'B' => Kind::UInt8,
        'h' => Kind::Int16,
        'H' => Kind::UInt16,
        'i' => Kind::Int32,
        'I' => Kind::UInt32,
        'l' | 'q' | 'p' | 'n' => Kind::Int64,
        'L' | 'Q' | 'P' | 'N' => Kind::UInt64,
        'e' => Kind::Float16,
        'f' => Kind::Float32,
        'd' => Kind::Float64,
        'g' => Kind::LongDouble,
        'F' => Kind::Complex64,
        'D' => Kind::Complex128,
        'G' => Kind::ComplexLongDouble,
        'S' => Kind::Bytes(0),
        'c' => Kind::Bytes(1),
        'U' => Kind::Str(0),
        'V' => Kind::Void(0),
        'O' => Kind::Object,
        'M' => Kind::DateTime(TimeUnit::Generic),
        'm' => Kind::TimeDelta(TimeUnit::Generic),
        _ => return None,
    })
}

/// A kind and its size: bytes, or for `U` characters.
fn code_and_size(code: char, size: usize) -> Option<Kind> {
    Some(match (code, size) {
        ('b', 1) => Kind::Bool,
        ('i', 1) => Kind::Int8,
        ('i', 2) => Kind::Int16,
        ('i', 4) => Kind::Int32,
        ('i', 8) => Kind::Int64,
        ('u', 1) => Kind::UInt8,
        ('u', 2) => Kind::UInt16,
        ('u', 4) => Kind::UInt32,
        ('u', 8) => Kind::UInt64,
        ('f', 2) => Kind::Float16,
        ('f', 4) => Kind::Float32,
        ('f', 8) => Kind::Float64,
        ('f', 16) => Kind::LongDouble,
        ('c', 8) => Kind::Complex64,
        ('c', 16) => Kind::Complex128,
        ('c', 32) => Kind::ComplexLongDouble,
        ('S' | 'a', bytes) => Kind::Bytes(bytes),
        ('U', characters) if characters <= MAX_ITEMSIZE / 4 => Kind::Str(characters),
        ('V', bytes) => Kind::Void(bytes),
        ('O', 4 | 8) => Kind::Object,
        ('M', 8) => Kind::DateTime(TimeUnit::Generic),
        ('m', 8) => Kind::TimeDelta(TimeUnit::Generic),
        _ => return None,
    })
}

/// The names in NumPy's table of types.
fn type_name(name: &str) -> Option<Kind> {
    Some(match name {
        "bool" | "bool_" => Kind::Bool,
        "int8" | "byte" => Kind::Int8,
        "int16" | "short" => Kind::Int16,
        "int32" | "intc" => Kind::Int32,
        "int64" | "int" | "int_" | "intp" | "long" | "longlong" => Kind::Int64,
        "uint8" | "ubyte" => Kind::UInt8,
        "uint16" | "ushort" => Kind::UInt16,
        "uint32" | "uintc" => Kind::UInt32,
        "uint64" | "uint" | "uintp" | "ulong" | "ulonglong" => Kind::UInt64,
        "float16" | "half" => Kind::Float16,
        "float32" | "single" => Kind::Float32,
        "float64" | "float" | "double" => Kind::Float64,
        "float128" | "longdouble" => Kind::LongDouble,
        "complex64" | "csingle" => Kind::Complex64,
        "complex128" | "complex" | "cdouble" => Kind::Complex128,
        "complex256" | "clongdouble" => Kind::ComplexLongDouble,
        "bytes" | "bytes_" | "a" => Kind::Bytes(0),
        "str" | "str_" | "unicode" => Kind::Str(0),
        "void" => Kind::Void(0),
        "object" | "object_" => Kind::Object,
        _ => return None,
    })
}

/// A size as C's `strtol` reads it: blanks and a sign may stand before it.
fn c_integer(text: &str) -> Option<usize> {
    let digits = text.trim_start_matches(time::C_BLANKS);
    let value: i32 = digits.parse().ok()?;
    usize::try_from(value).ok()
}

/// What `(dtype, size)` means: the size of an `S`, `U` or `V` that has none, else the shape of a sub-array.
pub(super) fn with_size(dtype: DType, size: &Literal) -> Result<DType> {
    let refuse = |message: &str| Error::new(ErrorKind::Dtype, message);
    if dtype.is_unsized() {
        let kind = match (dtype.kind(), size) {
            (Kind::Bytes(_), Literal::Int(_)) => 'S',
            (Kind::Str(_), Literal::Int(_)) => 'U',
            (Kind::Void(_), Literal::Int(_)) => 'V',
            (Kind::SubArray(_), _) => {
                return Err(refuse("a sub-array of no elements cannot be repeated"));
            }
            _ => {
                let error = refuse("a dtype without a size can only be given a size");
                return Err(error.expected("an integer").found(size.describe()));
            }
        };
        let sized = match size {
            Literal::Int(size) => {
                i32::try_from(*size).ok().and_then(|size| usize::try_from(size).ok())
            }
            _ => None,
        };
        let kind = sized.and_then(|size| code_and_size(kind, size)).ok_or_else(|| {
            let error = refuse("the size of the dtype is out of range");
            error.expected(format!("at most {MAX_ITEMSIZE} bytes")).found(size.describe())
        })?;
        return Ok(DType::new(kind, dtype.endian().unwrap_or(Endian::NATIVE)));
    }
    let axis = |axis: &Literal| match axis {
        Literal::Int(length) => usize::try_from(*length).map_err(|_| {
            refuse("an axis of a sub-array cannot be negative").expected("0 or more").found(length)
        }),
        other => Err(refuse("an axis of a sub-array must be an integer").found(other.describe())),
    };
    let shape = match size {
        Literal::Int(_) => vec![axis(size)?],
        Literal::Tuple(axes) | Literal::List(axes) => {
            axes.iter().map(axis).collect::<Result<_>>()?
        }
        other => {
            return Err(refuse(
                "the shape of a sub-array must be an integer or a tuple of integers",
            )
            .found(other.describe()));
        }
    };
    if shape.is_empty() {
        return Ok(dtype);
    }
    super::SubArray::new(dtype, &shape).map(DType::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_mean_what_they_mean_to_numpy() {
        for (text, wanted) in [
            ("<f4", "<f4"),
            ("=f4", "<f4"),
            ("|f4", "<f4"),
            (">f4", ">f4"),
            ("f 4", "<f4"),
            ("f+04", "<f4"),
            (">b1", "|b1"),
            ("|b1", "|b1"),
            ("c", "|S1"),
            ("a5", "|S5"),
            ("l", "<i8"),
            ("longlong", "<i8"),
            ("longdouble", "<f16"),
            ("complex", "<c16"),
            ("O4", "|O"),
            (">U3", ">U3"),
            (">M8[25us]", ">M8[25us]"),
            ("timedelta64[s]", "<m8[s]"),
            (">datetime64[2D/24]", ">M8[2h]"),
            ("V2147483647", "|V2147483647"),
        ] {
            assert_eq!(text.parse::<DType>().unwrap().to_string(), wanted, "{text}");
        }
    }

    #[test]
    fn what_numpy_refuses_is_refused() {
        for text in [
            "",
            "<",
            "<f1",
            "f3",
            "b4",
            "f4 ",
            "f-4",
            "i4a",
            ">float32",
            "Float32",
            "T",
            "T4",
            "j",
            "M4",
            "M8s",
            "U536870912",
            "S2147483648",
            "é",
            "f4é",
            "f4\0",
        ] {
            let error = text.parse::<DType>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Dtype, "{text:?}");
        }
    }

    #[test]
    fn an_error_says_what_would_work() {
        let message = |text: &str| text.parse::<DType>().unwrap_err().to_string();
        assert!(message("<f1").contains("'|u1'"));
        assert!(message(">float32").contains("write '>f4'"));
        assert!(message("T").contains("StringDType"));
        assert!(message("M8[xs]").ends_with("\n  M8[xs]\n     ^"));
    }
}
