//! How the elements of an array are printed, found from all that are shown.

use mapray::DType;
use mapray::dtype::{Endian, Kind};

use super::float::{FloatFormat, scalar_float};
use super::items::Items;
use super::real::{Width, prefix};
use super::record::{RecordFormat, SubArrayFormat};
use super::text;
use super::time::TimeFormat;

/// How one kind of element is printed.
pub enum Format {
    Bool {
        /// Whether true is padded to the width of false.
        padded: bool,
    },
    Integer {
        integer: Integer,
        width: usize,
    },
    Float {
        endian: Endian,
        format: FloatFormat,
    },
    /// A float of a record that is not in an array.
    ScalarFloat {
        endian: Endian,
        width: Width,
    },
    Complex {
        endian: Endian,
        width: Width,
        real: FloatFormat,
        imaginary: FloatFormat,
    },
    Bytes,
    Str(Endian),
    Void,
    Time {
        endian: Endian,
        format: TimeFormat,
    },
    Record(RecordFormat),
    SubArray(Box<SubArrayFormat>),
    Object,
}

impl Format {
    /// Finds the format from the items of this dtype. `scalar` is whether they all are part of
    /// one record that is printed on its own.
    pub fn new(dtype: &DType, items: &Items, scalar: bool) -> Format {
        let endian = dtype.endian().unwrap_or(Endian::NATIVE);
        if let Some(integer) = Integer::of(dtype) {
            return Format::Integer { integer, width: integer.width(items) };
        }
        if let Some(width) = float_width(dtype.kind()) {
            if scalar {
                return Format::ScalarFloat { endian, width };
            }
            let values = items.iter().map(|bytes| little(bytes, endian));
            return Format::Float { endian, format: FloatFormat::new(width, false, values) };
        }
        if let Some(width) = complex_width(dtype.kind()) {
            let part = |offset| items.field(offset, width.itemsize());
            let (real, imaginary) = (part(0), part(width.itemsize()));
            let real = real.iter().map(|bytes| little(bytes, endian));
            let imaginary = imaginary.iter().map(|bytes| little(bytes, endian));
            let real = FloatFormat::new(width, false, real);
            let imaginary = FloatFormat::new(width, true, imaginary);
            return Format::Complex { endian, width, real, imaginary };
        }
        match dtype.kind() {
            Kind::Bool => Format::Bool { padded: items.is_array() },
            Kind::Bytes(_) => Format::Bytes,
            Kind::Str(_) => Format::Str(endian),
            Kind::Void(_) => Format::Void,
            Kind::DateTime(unit) => {
                let values = items.iter().map(|bytes| count_of_units(bytes, endian));
                Format::Time { endian, format: TimeFormat::dates(*unit, values) }
            }
            Kind::TimeDelta(_) => {
                let values = items.iter().map(|bytes| count_of_units(bytes, endian));
                Format::Time { endian, format: TimeFormat::differences(values) }
            }
            Kind::Record(record) => Format::Record(RecordFormat::new(record, items, scalar)),
            Kind::SubArray(sub) => {
                Format::SubArray(Box::new(SubArrayFormat::new(sub, items, scalar)))
            }
            _ => Format::Object,
        }
    }

    /// The text of one item.
    pub fn format(&self, bytes: &[u8]) -> String {
        match self {
            Format::Bool { padded } => bool_text(bytes, *padded).to_owned(),
            Format::Integer { integer, width } => format!("{:>width$}", integer.decode(bytes)),
            Format::Float { endian, format } => format.format(&little(bytes, *endian)),
            Format::ScalarFloat { endian, width } => {
                scalar_float(*width, &little(bytes, *endian), false, true)
            }
            Format::Complex { endian, width, real, imaginary } => {
                let (first, second) = halves(bytes, *width);
                let imaginary = imaginary.format(&little(second, *endian));
                let end = imaginary.trim_end().len();
                let (digits, padding) = imaginary.split_at(end);
                format!("{}{digits}j{padding}", real.format(&little(first, *endian)))
            }
            Format::Bytes => text::bytes_repr(bytes),
            Format::Str(endian) => text::str_repr(bytes, *endian),
            Format::Void => text::void_repr(bytes),
            Format::Time { endian, format } => format.format(count_of_units(bytes, *endian)),
            Format::Record(format) => format.format(bytes),
            Format::SubArray(format) => format.format(bytes),
            Format::Object => "<object>".to_owned(),
        }
    }
}

/// `True` or `False`.
pub fn bool_text(bytes: &[u8], padded: bool) -> &'static str {
    match (bytes.first().is_some_and(|byte| *byte != 0), padded) {
        (true, true) => " True",
        (true, false) => "True",
        (false, _) => "False",
    }
}

/// The width of the float that this kind is.
pub fn float_width(kind: &Kind) -> Option<Width> {
    match kind {
        Kind::Float16 => Some(Width::Half),
        Kind::Float32 => Some(Width::Single),
        Kind::Float64 => Some(Width::Double),
        Kind::LongDouble => Some(Width::Long),
        _ => None,
    }
}

/// The width of each of the two floats that this kind is.
pub fn complex_width(kind: &Kind) -> Option<Width> {
    match kind {
        Kind::Complex64 => Some(Width::Single),
        Kind::Complex128 => Some(Width::Double),
        Kind::ComplexLongDouble => Some(Width::Long),
        _ => None,
    }
}

/// The bytes of the real and the imaginary part.
pub fn halves(bytes: &[u8], width: Width) -> (&[u8], &[u8]) {
    bytes.split_at(width.itemsize().min(bytes.len()))
}

/// The bytes of a number of at most 16, least significant first, padded with zeros.
pub fn little(bytes: &[u8], endian: Endian) -> [u8; 16] {
    let mut out = prefix(bytes);
    if endian == Endian::Big {
        out[..bytes.len().min(16)].reverse();
    }
    out
}

/// The `i64` of a datetime or timedelta.
pub fn count_of_units(bytes: &[u8], endian: Endian) -> i64 {
    i64::from_le_bytes(prefix(&little(bytes, endian)))
}

/// An integer type.
#[derive(Clone, Copy)]
pub struct Integer {
    size: usize,
    signed: bool,
    endian: Endian,
}

impl Integer {
    /// The integer type that the dtype is, if it is one.
    pub fn of(dtype: &DType) -> Option<Integer> {
        let (size, signed) = match dtype.kind() {
            Kind::Int8 => (1, true),
            Kind::Int16 => (2, true),
            Kind::Int32 => (4, true),
            Kind::Int64 => (8, true),
            Kind::UInt8 => (1, false),
            Kind::UInt16 => (2, false),
            Kind::UInt32 => (4, false),
            Kind::UInt64 => (8, false),
            _ => return None,
        };
        Some(Integer { size, signed, endian: dtype.endian().unwrap_or(Endian::NATIVE) })
    }

    /// The number in these bytes.
    pub fn decode(self, bytes: &[u8]) -> i128 {
        let bytes = &bytes[..self.size.min(bytes.len())];
        let unsigned = i128::from_le_bytes(little(bytes, self.endian));
        let unused = 128 - 8 * self.size as u32;
        if self.signed { unsigned << unused >> unused } else { unsigned }
    }

    fn width(self, items: &Items) -> usize {
        let values = items.iter().map(|bytes| self.decode(bytes));
        let width = |value: Option<i128>| value.map_or(0, |value| value.to_string().len());
        width(values.clone().max()).max(width(values.min()))
    }
}
