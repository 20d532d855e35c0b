//! A value on the command line as the bytes of an element.

mod date;

use std::str::FromStr;

use mapray::dtype::{Endian, Kind};
use mapray::{Complex, DType, f16};

/// The bytes of an element of this dtype with this value, in its byte order.
///
/// # Errors
///
/// What is wrong with the value, and what was expected.
pub fn element(text: &str, dtype: &DType) -> Result<Vec<u8>, String> {
    let text = text.trim();
    let is_big = dtype.endian() == Some(Endian::Big);
    let ordered = |mut little: Vec<u8>| {
        if is_big {
            little.reverse();
        }
        little
    };
    macro_rules! integer {
        ($number:ty) => {
            integer::<$number>(text, dtype).map(|value| ordered(value.to_le_bytes().to_vec()))
        };
    }
    match dtype.kind() {
        Kind::Bool => match text {
            "true" | "True" | "1" => Ok(vec![1]),
            "false" | "False" | "0" => Ok(vec![0]),
            _ => Err(format!("'{text}' is no boolean: expected true or false")),
        },
        Kind::Int8 => integer!(i8),
        Kind::Int16 => integer!(i16),
        Kind::Int32 => integer!(i32),
        Kind::Int64 => integer!(i64),
        Kind::UInt8 => integer!(u8),
        Kind::UInt16 => integer!(u16),
        Kind::UInt32 => integer!(u32),
        Kind::UInt64 => integer!(u64),
        Kind::Float16 => {
            let half = f16::from_f64(real(text)?);
            fits(half.to_f64(), text, dtype)?;
            Ok(ordered(half.to_le_bytes().to_vec()))
        }
        Kind::Float32 => Ok(ordered(single(text, dtype)?.to_le_bytes().to_vec())),
        Kind::Float64 => {
            let value = real(text)?;
            fits(value, text, dtype)?;
            Ok(ordered(value.to_le_bytes().to_vec()))
        }
        Kind::Complex64 | Kind::Complex128 => {
            let Complex { re, im } = complex(text)?;
            let parts = match dtype.kind() {
                Kind::Complex64 => {
                    let parts = [re as f32, im as f32];
                    fits(f64::from(parts[0]), text, dtype)?;
                    fits(f64::from(parts[1]), text, dtype)?;
                    parts.map(|part| part.to_le_bytes().to_vec())
                }
                _ => [re, im].map(|part| part.to_le_bytes().to_vec()),
            };
            Ok(parts.map(ordered).concat())
        }
        Kind::Bytes(len) => {
            let room = format!("at most {len} bytes for dtype '{dtype}'");
            padded(text.as_bytes().to_vec(), *len, text, &room)
        }
        Kind::Str(len) => {
            let units = text.chars().flat_map(|character| {
                let unit = u32::from(character);
                if is_big { unit.to_be_bytes() } else { unit.to_le_bytes() }
            });
            let room = format!("at most {len} characters for dtype '{dtype}'");
            padded(units.collect(), 4 * len, text, &room)
        }
        Kind::Void(len) => {
            let digits = text.strip_prefix("0x").unwrap_or(text);
            let wrong = || {
                format!(
                    "'{text}' is not {len} bytes in hexadecimal, as in {}",
                    "0f".repeat(2.min(*len))
                )
            };
            if digits.len() != 2 * len || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(wrong());
            }
            let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| wrong());
            (0..digits.len()).step_by(2).map(byte).collect()
        }
        Kind::DateTime(unit) => {
            date::count(text, *unit).map(|count| ordered(count.to_le_bytes().to_vec()))
        }
        Kind::TimeDelta(_) => match text {
            "NaT" => Ok(ordered(i64::MIN.to_le_bytes().to_vec())),
            _ => integer!(i64),
        },
        Kind::Record(_) => {
            let hint = "name one with --field, or bring records with --from";
            Err(format!("a record has several values; {hint}"))
        }
        _ => Err(format!("no value of dtype '{dtype}' can be written down; bring one with --from")),
    }
}

fn integer<N: FromStr + Bounded>(text: &str, dtype: &DType) -> Result<N, String> {
    text.parse().map_err(|_| match text.parse::<i128>() {
        Ok(_) => {
            let (least, most) = N::BOUNDS;
            format!("{text} does not fit dtype '{dtype}': expected {least} to {most}")
        }
        Err(_) => format!("'{text}' is no integer, as dtype '{dtype}' asks for"),
    })
}

trait Bounded {
    const BOUNDS: (i128, i128);
}

macro_rules! bounded {
    ($($number:ty),*) => {$(
        impl Bounded for $number {
            const BOUNDS: (i128, i128) = (<$number>::MIN as i128, <$number>::MAX as i128);
        }
    )*};
}

bounded!(i8, i16, i32, i64, u8, u16, u32, u64);

fn real(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| format!("'{text}' is no number"))
}

/// Rounded once, from the text.
fn single(text: &str, dtype: &DType) -> Result<f32, String> {
    let value: f32 = text.parse().map_err(|_| format!("'{text}' is no number"))?;
    fits(f64::from(value), text, dtype)?;
    Ok(value)
}

/// Infinity must have been meant.
fn fits(value: f64, text: &str, dtype: &DType) -> Result<(), String> {
    if value.is_infinite() && text.contains(|c: char| c.is_ascii_digit()) {
        return Err(format!("{text} is too large for dtype '{dtype}'"));
    }
    Ok(())
}

fn complex(text: &str) -> Result<Complex<f64>, String> {
    let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(text);
    inner.parse().map_err(|_| format!("'{text}' is no complex number: expected one such as 1.5-2j"))
}

fn padded(mut bytes: Vec<u8>, len: usize, text: &str, room: &str) -> Result<Vec<u8>, String> {
    if bytes.len() > len {
        return Err(format!("'{text}' is too long: expected {room}"));
    }
    bytes.resize(len, 0);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Plain;

    /// The element as data, which must be the value again.
    fn there_and_back(text: &str, dtype: &str) -> Result<String, String> {
        let dtype: DType = dtype.parse().unwrap();
        let bytes = element(text, &dtype)?;
        assert_eq!(bytes.len(), dtype.itemsize());
        Ok(Plain::new(&dtype, &bytes).text())
    }

    #[test]
    fn values_come_back_in_either_byte_order() {
        for (text, kinds) in [
            ("-100", "i1 i2 i4 i8 f2 f4 f8"),
            ("200", "u1 u2 u4 u8"),
            ("0.1", "f4 f8"),
            ("nan", "f2 f4 f8"),
            ("-inf", "f2 f4 f8"),
            ("1.5-2.0j", "c8 c16"),
            ("True", "b1"),
            ("é€", "U2 U5 S5 S9"),
            ("0f1e", "V2"),
            ("NaT", "M8[s] m8[D]"),
            ("-7", "m8[s]"),
            ("2024-02-29", "M8[D]"),
            ("1969-12-31T23:59:59.123456", "M8[us]"),
        ] {
            for kind in kinds.split(' ') {
                for order in ["<", ">"] {
                    let found = there_and_back(text, &format!("{order}{kind}")).unwrap();
                    let is_float = kind.starts_with('f') && text == "-100";
                    assert_eq!(found, if is_float { "-100.0" } else { text }, "{order}{kind}");
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (text, dtype, part) in [
            ("300", "u1", "expected 0 to 255"),
            ("-1", "u8", "expected 0 to 18446744073709551615"),
            ("1.5", "i4", "is no integer"),
            ("x", "f8", "is no number"),
            ("1e39", "f4", "too large"),
            ("1e6", "f2", "too large"),
            ("2", "b1", "expected true or false"),
            ("abcd", "S3", "at most 3 bytes"),
            ("abcd", "U3", "at most 3 characters"),
            ("0f", "V2", "hexadecimal"),
            ("2024-02-30", "M8[D]", "no such day"),
            ("1", "i4,i4", "--field"),
        ] {
            let error = there_and_back(text, dtype).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
