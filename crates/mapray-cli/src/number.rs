//! Numbers that a result is made of, as text and in JSON.

use mapray::dtype::{Endian, Kind};
use mapray::{DType, DynView, Layout, Order, Scalar, f16, reduce};
use serde_json::{Value, json};

use crate::render::scalar_str;

/// A number in JSON; one that is not finite is a text.
pub fn json_value(value: Scalar) -> Value {
    match value {
        Scalar::Bool(value) => json!(value),
        Scalar::Int(value) => json!(value),
        Scalar::UInt(value) => json!(value),
        Scalar::Float(value) if value.is_nan() => json!("nan"),
        Scalar::Float(f64::INFINITY) => json!("inf"),
        Scalar::Float(f64::NEG_INFINITY) => json!("-inf"),
        Scalar::Float(value) => json!(value),
        Scalar::Complex(value) => {
            json!([json_value(Scalar::Float(value.re)), json_value(Scalar::Float(value.im))])
        }
    }
}

/// An element in JSON: a number, or the text that NumPy prints.
pub fn json_element(dtype: &DType, bytes: &[u8]) -> Value {
    let number = || {
        let layout = Layout::contiguous(dtype.clone(), &[], Order::C, 0)?;
        let view = DynView::new(bytes, layout)?;
        reduce(&view).max().map(|found| found.scalars()[0])
    };
    match dtype.kind() {
        Kind::DateTime(_) | Kind::TimeDelta(_) => json!(scalar_str(dtype, bytes)),
        _ => number().map_or_else(|_| json!(scalar_str(dtype, bytes)), json_value),
    }
}

/// A number as NumPy prints it.
pub fn float_text(value: f64) -> String {
    scalar_str(&DType::from(Kind::Float64), &value.to_ne_bytes())
}

/// An element as NumPy prints it.
pub fn element_text(value: Scalar, dtype: &DType) -> String {
    let mut bytes = match (value, dtype.kind()) {
        (Scalar::Int(value), Kind::DateTime(_) | Kind::TimeDelta(_)) => {
            value.to_le_bytes().to_vec()
        }
        (Scalar::Int(value), _) => return value.to_string(),
        (Scalar::UInt(value), _) => return value.to_string(),
        (Scalar::Float(value), Kind::Float16) => f16::from_f64(value).to_le_bytes().to_vec(),
        (Scalar::Float(value), Kind::Float32) => (value as f32).to_le_bytes().to_vec(),
        (Scalar::Float(value), _) => return float_text(value),
        (Scalar::Bool(value), _) => vec![u8::from(value)],
        (Scalar::Complex(value), _) => return value.to_string(),
    };
    if dtype.endian() == Some(Endian::Big) {
        bytes.reverse();
    }
    scalar_str(dtype, &bytes)
}

/// An index as it stands in brackets.
pub fn index_text(index: &[usize]) -> String {
    let places: Vec<_> = index.iter().map(usize::to_string).collect();
    format!("[{}]", places.join(", "))
}
