//! What the header says of what an address names, in words and in JSON.

use mapray::dtype::{Endian, Kind, Literal};
use mapray::format::{Codec, Content, Entry};
use mapray::{Archive, DType, Layout, inspect};
use serde_json::{Map, Value, json};

use crate::address::Address;
use crate::failure::Failure;

/// The one array of a file.
pub fn single(address: &Address) -> Result<Entry, Failure> {
    if !address.is_raw() && address.slice.is_none() {
        let entry = inspect(&address.path)?;
        // Python objects cannot be opened, but their header can be read.
        if !entry.is_mappable() {
            return Ok(entry);
        }
    }
    // Opened, so that a file that is cut short is not called mappable.
    sliced(address.open_file()?.entry().clone(), address)
}

/// One array of an archive.
pub fn member(address: &Address, archive: &Archive) -> Result<Entry, Failure> {
    sliced(archive.entry(&address.name_in(archive)?)?, address)
}

/// What the part of the array is that the address names.
fn sliced(mut entry: Entry, address: &Address) -> Result<Entry, Failure> {
    let Some(slice) = &address.slice else { return Ok(entry) };
    let named = |error: mapray::Error| -> Failure {
        let member = entry.name.as_ref().map(|name| format!("::{name}")).unwrap_or_default();
        format!("{}{member}: {error}", address.path.display()).into()
    };
    match &mut entry.content {
        Content::Stored(layout) => *layout = layout.slice(slice).map_err(named)?,
        Content::Encoded { dtype, shape, .. } => {
            let whole = Layout::contiguous(dtype.clone(), shape, entry.order, 0);
            let part = whole.and_then(|whole| whole.slice(slice)).map_err(named)?;
            *shape = part.shape().to_vec();
        }
        _ => {}
    }
    Ok(entry)
}

/// How the elements lie in the file.
pub fn encoding(entry: &Entry) -> &'static str {
    match entry.content {
        Content::Stored(_) => "stored",
        Content::Encoded { codec: Codec::Deflate { .. }, .. } => "deflated",
        Content::Encoded { codec: Codec::Bits(_), .. } => "packed",
        Content::Encoded { codec: Codec::Pickle, .. } => "pickled",
        _ => "encoded",
    }
}

/// A descr in JSON: tuples are lists.
pub fn dtype_json(dtype: &DType) -> Value {
    json_value(&dtype.descr_literal())
}

fn json_value(descr: &Literal) -> Value {
    match descr {
        Literal::None => Value::Null,
        Literal::Bool(value) => json!(value),
        Literal::Int(value) => json!(value),
        Literal::Str(text) => json!(text),
        Literal::Tuple(items) | Literal::List(items) => items.iter().map(json_value).collect(),
        Literal::Dict(entries) => {
            let entry = |(key, value): &(Literal, Literal)| match key {
                Literal::Str(key) => (key.clone(), json_value(value)),
                key => (key.to_string(), json_value(value)),
            };
            Value::Object(entries.iter().map(entry).collect())
        }
    }
}

/// Adds what else the file says, if it says something.
pub fn insert_attributes(keys: &mut Map<String, Value>, attributes: &[(String, String)]) {
    if !attributes.is_empty() {
        let attributes = attributes.iter().map(|(key, value)| (key.clone(), json!(value)));
        keys.insert("attributes".into(), Value::Object(attributes.collect()));
    }
}

/// What the elements are, in words: for numbers that NumPy does not know, what the file says.
pub fn meaning(entry: &Entry) -> String {
    let logical = entry.attributes.iter().find(|(key, _)| key == "logical_type");
    logical.map_or_else(|| readable(entry.dtype()), |(_, name)| name.clone())
}

/// What a dtype is, in words.
fn readable(dtype: &DType) -> String {
    let name = match dtype.kind() {
        Kind::Record(record) => {
            let fields = count(record.fields().len() as u64, "field");
            return format!("record of {fields} in {}", count(dtype.itemsize() as u64, "byte"));
        }
        Kind::Bytes(bytes) => format!("text of {}", count(*bytes as u64, "byte")),
        Kind::Str(characters) => format!("text of {}", count(*characters as u64, "character")),
        Kind::Void(bytes) => format!("{} without a meaning", count(*bytes as u64, "byte")),
        Kind::Object => "Python objects".to_owned(),
        _ => dtype.name(),
    };
    match dtype.endian() {
        Some(Endian::Little) => name + ", little-endian",
        Some(Endian::Big) => name + ", big-endian",
        None => name,
    }
}

/// A number of things.
pub fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// As Python prints a tuple of lengths.
pub fn shape_text(shape: &[usize]) -> String {
    tuple_text(shape.iter().map(usize::to_string))
}

/// As Python prints a tuple of strides.
pub fn strides_text(layout: &Layout) -> String {
    tuple_text(layout.strides().iter().map(isize::to_string))
}

fn tuple_text(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    let comma = if items.len() == 1 { "," } else { "" };
    format!("({}{comma})", items.join(", "))
}

/// A number of bytes, exact and readable.
pub fn size_text(bytes: u64) -> String {
    let exact = count(bytes, "byte");
    if bytes < 1024 { exact } else { format!("{exact} ({})", bytes_text(bytes)) }
}

/// A number of bytes, readable.
pub fn bytes_text(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let power = (bytes.max(1).ilog2() / 10) as usize;
    match power.checked_sub(1) {
        None => count(bytes, "byte"),
        Some(unit) => format!("{:.1} {}", bytes as f64 / 1024_f64.powi(power as i32), units[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_exact_and_readable() {
        assert_eq!(size_text(0), "0 bytes");
        assert_eq!(size_text(1), "1 byte");
        assert_eq!(size_text(1023), "1023 bytes");
        assert_eq!(size_text(1024), "1024 bytes (1.0 KiB)");
        assert_eq!(size_text(3 << 39), "1649267441664 bytes (1.5 TiB)");
        assert_eq!(size_text(u64::MAX), "18446744073709551615 bytes (16.0 EiB)");
    }
}
