//! An array without axes prints as the scalar in it, which NumPy prints by other rules.

use mapray::DType;
use mapray::dtype::{Endian, Kind};

use super::float::{scalar_complex, scalar_float};
use super::format::{
    Format, bool_text, complex_width, count_of_units, float_width, halves, little,
};
use super::items::Items;
use super::{text, time};

/// The text of one element on its own.
pub fn scalar_str(dtype: &DType, bytes: &[u8]) -> String {
    let endian = dtype.endian().unwrap_or(Endian::NATIVE);
    if let Some(width) = float_width(dtype.kind()) {
        return scalar_float(width, &little(bytes, endian), false, true);
    }
    if let Some(width) = complex_width(dtype.kind()) {
        let (real, imaginary) = halves(bytes, width);
        return scalar_complex(width, &little(real, endian), &little(imaginary, endian));
    }
    match dtype.kind() {
        Kind::Bool => bool_text(bytes, false).to_owned(),
        Kind::Bytes(_) => format!("np.bytes_({})", text::bytes_repr(bytes)),
        Kind::Str(_) => text::str_plain(bytes, endian),
        Kind::DateTime(unit) => time::date(count_of_units(bytes, endian), *unit),
        Kind::TimeDelta(unit) => time::difference(count_of_units(bytes, endian), *unit),
        _ => Format::new(dtype, &Items::one(bytes), true).format(bytes),
    }
}
