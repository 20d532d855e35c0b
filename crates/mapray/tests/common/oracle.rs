//! The oracle's scripts, run, and what they wrote, read.

use std::fs;
use std::path::Path;
use std::process::Command;

use mapray::DType;
use mapray::dtype::Literal;
use serde_json::{Value, json};

/// Runs a script of the oracle with one argument, and returns what it printed.
///
/// # Panics
///
/// If it fails, with what it said on stderr.
pub fn run(python: &Path, script: &str, folder: &Path) -> String {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle");
    let output = Command::new(python)
        .arg(scripts.join(script))
        .arg(folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap_or_else(|error| panic!("{} does not run: {error}", python.display()));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} fails: {said}");
    String::from_utf8(output.stdout).unwrap()
}

pub fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The bytes that a hexadecimal text tells.
pub fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect()
}

/// A list of lengths, or `None` where one of them is no length.
pub fn lengths(list: &Value) -> Option<Vec<usize>> {
    let lengths = list.as_array().unwrap().iter();
    lengths.map(|n| n.as_u64().and_then(|n| n.try_into().ok())).collect()
}

/// A descr with its tuples as lists, as it is in JSON.
pub fn as_json(descr: &Literal) -> Value {
    match descr {
        Literal::None => Value::Null,
        Literal::Bool(value) => json!(value),
        Literal::Int(value) => json!(value),
        Literal::Str(text) => json!(text),
        Literal::Tuple(items) | Literal::List(items) => items.iter().map(as_json).collect(),
        Literal::Dict(_) => panic!("no descr is a dictionary"),
    }
}

/// The dtype of a descr that went through JSON: text, a record of such, or a sub-array of text.
pub fn dtype(descr: &Value) -> DType {
    fn tuple(list: &Value) -> Literal {
        Literal::Tuple(list.as_array().unwrap().iter().map(literal).collect())
    }
    fn literal(value: &Value) -> Literal {
        match value {
            Value::String(text) => Literal::Str(text.clone()),
            Value::Number(number) => Literal::Int(number.as_i64().unwrap()),
            Value::Array(items) if items.first().is_some_and(Value::is_array) => {
                Literal::List(items.iter().map(tuple).collect())
            }
            list => tuple(list),
        }
    }
    DType::from_descr(&literal(descr)).unwrap()
}

/// Every index of an array of this shape, in C order.
pub fn indices(shape: &[usize]) -> Vec<Vec<usize>> {
    shape.iter().fold(vec![vec![]], |indices, &n| {
        let with_each = |index: Vec<usize>| (0..n).map(move |i| [&index[..], &[i]].concat());
        indices.into_iter().flat_map(with_each).collect()
    })
}
