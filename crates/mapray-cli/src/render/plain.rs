//! Single elements as data for other programs.

use mapray::DType;
use mapray::dtype::{Endian, Kind};

use super::format::{complex_width, count_of_units, halves, little};
use super::scalar::scalar_str;
use super::{float, text, time};

/// An element that is neither a record nor an array.
pub enum Plain {
    Bool(bool),
    /// The shortest digits that give it back; `nan`, `inf` or `-inf`.
    Number(String),
    Complex(String, String),
    Text(String),
}

impl Plain {
    /// The element in these bytes.
    pub fn new(dtype: &DType, bytes: &[u8]) -> Plain {
        let endian = dtype.endian().unwrap_or(Endian::NATIVE);
        if let Some(width) = complex_width(dtype.kind()) {
            let (real, imaginary) = halves(bytes, width);
            let part = |half| float::scalar_float(width, &little(half, endian), false, true);
            return Plain::Complex(part(real), part(imaginary));
        }
        match dtype.kind() {
            Kind::Bool => Plain::Bool(bytes.iter().any(|&byte| byte != 0)),
            Kind::Bytes(_) => Plain::Text(text::bytes_plain(bytes)),
            Kind::Str(_) => Plain::Text(text::str_plain(bytes, endian)),
            Kind::Void(_) => Plain::Text(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
            Kind::DateTime(unit) => Plain::Text(time::date(count_of_units(bytes, endian), *unit)),
            Kind::TimeDelta(_) => match count_of_units(bytes, endian) {
                i64::MIN => Plain::Text("NaT".to_owned()),
                count => Plain::Number(count.to_string()),
            },
            _ => Plain::Number(scalar_str(dtype, bytes)),
        }
    }

    /// As text without quotes, a complex number as Python's `complex` reads it.
    pub fn text(self) -> String {
        match self {
            Plain::Bool(value) => if value { "True" } else { "False" }.to_owned(),
            Plain::Number(text) | Plain::Text(text) => text,
            Plain::Complex(real, imaginary) => {
                let plus = if imaginary.starts_with('-') { "" } else { "+" };
                format!("{real}{plus}{imaginary}j")
            }
        }
    }

    /// As JSON; a complex number as the list of its parts, what JSON has no number for as text.
    pub fn json(self) -> String {
        match self {
            Plain::Bool(value) => value.to_string(),
            Plain::Number(text) => number(text),
            Plain::Text(text) => serde_json::Value::from(text).to_string(),
            Plain::Complex(real, imaginary) => {
                format!("[{},{}]", number(real), number(imaginary))
            }
        }
    }
}

fn number(text: String) -> String {
    let is_finite = text.ends_with(|last: char| last.is_ascii_digit());
    if is_finite { text } else { format!("\"{text}\"") }
}
