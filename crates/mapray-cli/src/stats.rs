//! `mapray stats`: what the elements are like.

use std::ffi::OsString;

use mapray::dtype::{Endian, Kind};
use mapray::{DType, Scalar, Summary, f16};
use serde_json::{Map, Value, json};

use crate::address::Address;
use crate::failure::Failure;
use crate::raw::RawArgs;
use crate::render::{Elements, scalar_str};

/// Print extremes, mean and standard deviation of an array, and count its NaN and infinities
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray stats data.npy
  mapray stats 'data.npy[:, 3]' --json
  mapray stats archive.npz::weights

In JSON: count (of all elements), nan, inf, min, max, mean, std (with ddof 0). NaN is left out of
the last four, which are null where nothing is left. Numbers that are not finite are the strings
\"inf\", \"-inf\" and \"nan\"; times are counts of their unit, and NaT is counted with NaN.")]
pub struct Args {
    /// The array: FILE, 'FILE[SLICE]' or 'ARCHIVE::MEMBER[SLICE]'
    #[arg(value_name = "ADDRESS")]
    address: OsString,
    /// Print one JSON object on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    raw: RawArgs,
}

/// The statistics, for people or for programs.
pub fn run(args: &Args) -> Result<String, Failure> {
    let array = Address::new(&args.address, &args.raw)?.open()?;
    let summary = array.summary()?;
    Ok(if args.json { json_text(&summary) } else { human_text(&summary, array.dtype()) })
}

/// The interface that scripts rely on.
fn json_text(summary: &Summary) -> String {
    let mut keys = Map::new();
    keys.insert("count".into(), summary.count.into());
    keys.insert("nan".into(), summary.nan.into());
    keys.insert("inf".into(), summary.inf.into());
    let values = [
        ("min", summary.min),
        ("max", summary.max),
        ("mean", summary.mean.map(Scalar::Float)),
        ("std", summary.std.map(Scalar::Float)),
    ];
    for (key, value) in values {
        keys.insert(key.into(), value.map_or(Value::Null, json_value));
    }
    Value::Object(keys).to_string()
}

fn json_value(value: Scalar) -> Value {
    match value {
        Scalar::Bool(value) => json!(value),
        Scalar::Int(value) => json!(value),
        Scalar::UInt(value) => json!(value),
        Scalar::Float(value) if value.is_nan() => json!("nan"),
        Scalar::Float(f64::INFINITY) => json!("inf"),
        Scalar::Float(f64::NEG_INFINITY) => json!("-inf"),
        Scalar::Float(value) => json!(value),
        Scalar::Complex(value) => json!([value.re, value.im]),
    }
}

fn human_text(summary: &Summary, dtype: &DType) -> String {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
    let element = |value: Option<Scalar>| or_none(value.map(|value| element_text(value, dtype)));
    let is_time = matches!(dtype.kind(), Kind::DateTime(_) | Kind::TimeDelta(_));
    let unit = if is_time { format!(" (as a count of {})", dtype.name()) } else { String::new() };
    let real = |value: Option<f64>| or_none(value.map(|value| float_text(value) + &unit));
    [
        ("count", summary.count.to_string()),
        ("nan", summary.nan.to_string()),
        ("inf", summary.inf.to_string()),
        ("min", element(summary.min)),
        ("max", element(summary.max)),
        ("mean", real(summary.mean)),
        ("std", real(summary.std)),
    ]
    .map(|(key, value)| format!("{key:<6} {value}"))
    .join("\n")
}

fn float_text(value: f64) -> String {
    scalar_str(&DType::from(Kind::Float64), &value.to_ne_bytes())
}

/// An element as NumPy prints it.
fn element_text(value: Scalar, dtype: &DType) -> String {
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
