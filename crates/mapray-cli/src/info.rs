//! `mapray info`: what the header says.

mod listing;

use std::ffi::OsString;

use mapray::dtype::{Endian, Kind, Literal};
use mapray::format::{Codec, Content, Entry};
use mapray::{Archive, DType, Layout, inspect};
use serde_json::{Map, Value, json};

use crate::address::Address;
use crate::failure::Failure;
use crate::raw::RawArgs;

/// Print what an array is and where it lies, or what is in an archive
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray info data.npy
  mapray info data.npy --json
  mapray info 'data.npy[10:20]'
  mapray info archive.npz
  mapray info archive.npz::weights
  mapray info camera.raw --dtype '>i2' --shape 480,640 --offset 512")]
pub struct Args {
    /// The array: FILE, 'FILE[SLICE]' or 'ARCHIVE::MEMBER[SLICE]'; or ARCHIVE, for all in it
    #[arg(value_name = "FILE")]
    address: OsString,
    /// Print one JSON object on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    raw: RawArgs,
}

/// What the array is, for people or for programs.
pub fn run(args: &Args) -> Result<String, Failure> {
    let address = Address::new(&args.address, &args.raw)?;
    let archive = address.archive()?;
    let Some(archive) = archive else {
        let entry = entry(&address)?;
        return Ok(if args.json { json_text(&entry) } else { human_text(&address, &entry) });
    };
    if address.member.is_none() && address.slice.is_none() {
        return Ok(listing::text(&archive, args.json));
    }
    let entry = member(&address, &archive)?;
    Ok(if args.json { json_text(&entry) } else { human_text(&address, &entry) })
}

/// The one array of a file.
fn entry(address: &Address) -> Result<Entry, Failure> {
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

/// One array of an archive. Nothing is decoded.
fn member(address: &Address, archive: &Archive) -> Result<Entry, Failure> {
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

fn json_text(entry: &Entry) -> String {
    Value::Object(json_keys(entry)).to_string()
}

/// The interface that scripts rely on.
fn json_keys(entry: &Entry) -> Map<String, Value> {
    let mut keys = Map::new();
    if let Some(name) = &entry.name {
        keys.insert("name".into(), name.as_str().into());
    }
    keys.insert("format".into(), entry.format.into());
    if let Some((major, minor)) = entry.version {
        keys.insert("version".into(), format!("{major}.{minor}").into());
    }
    keys.insert("dtype".into(), json_value(&entry.dtype().descr_literal()));
    keys.insert("shape".into(), entry.shape().into());
    keys.insert("order".into(), entry.order.to_string().into());
    keys.insert("offset".into(), entry.offset().into());
    keys.insert("nbytes".into(), entry.nbytes().into());
    keys.insert("aligned".into(), entry.is_aligned().into());
    keys.insert("mappable".into(), entry.is_mappable().into());
    insert_attributes(&mut keys, &entry.attributes);
    keys
}

fn insert_attributes(keys: &mut Map<String, Value>, attributes: &[(String, String)]) {
    if !attributes.is_empty() {
        let attributes = attributes.iter().map(|(key, value)| (key.clone(), json!(value)));
        keys.insert("attributes".into(), Value::Object(attributes.collect()));
    }
}

/// A descr in JSON: tuples are lists.
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

fn human_text(address: &Address, entry: &Entry) -> String {
    let version = entry.version.map(|(major, minor)| format!(" {major}.{minor}"));
    let yes_or_no = |yes: bool| if yes { "yes" } else { "no" };
    let dtype = entry.dtype();
    let mut lines = vec![
        ("path", address.path.display().to_string()),
        ("format", entry.format.to_owned() + &version.unwrap_or_default()),
        ("dtype", format!("{dtype} ({})", meaning(entry))),
        ("shape", shape_text(entry.shape())),
        ("order", entry.order.to_string()),
        ("offset", entry.offset().to_string()),
        ("size", size_text(entry.nbytes())),
        ("aligned", yes_or_no(entry.is_aligned()).to_owned()),
        ("mappable", yes_or_no(entry.is_mappable()).to_owned() + encoding(entry)),
    ];
    if let Some(slice) = &address.slice {
        lines.insert(1, ("slice", slice.to_string()));
        if let Content::Stored(layout) = &entry.content {
            lines.push(("strides", strides_text(layout)));
        }
    }
    if let Some(name) = &entry.name {
        lines.insert(1, ("member", name.escape_debug().to_string()));
    }
    let lines = lines.iter().map(|(key, value)| format!("{key:<9} {value}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Why an array that is not Python objects, which its dtype tells, is not mapped.
fn encoding(entry: &Entry) -> &'static str {
    match entry.content {
        Content::Encoded { codec: Codec::Deflate { .. }, .. } => " (compressed)",
        Content::Encoded { codec: Codec::Bits(_), .. } => " (packed)",
        _ => "",
    }
}

/// What the elements are, in words: for numbers that NumPy does not know, what the file says.
fn meaning(entry: &Entry) -> String {
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

fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A shape as Python prints it.
pub fn shape_text(shape: &[usize]) -> String {
    tuple_text(shape.iter().map(usize::to_string))
}

fn strides_text(layout: &Layout) -> String {
    tuple_text(layout.strides().iter().map(isize::to_string))
}

/// As Python prints a tuple.
fn tuple_text(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    let comma = if items.len() == 1 { "," } else { "" };
    format!("({}{comma})", items.join(", "))
}

fn size_text(bytes: u64) -> String {
    let exact = count(bytes, "byte");
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let power = (bytes.max(1).ilog2() / 10) as usize;
    match power.checked_sub(1) {
        None => exact,
        Some(unit) => {
            let value = bytes as f64 / 1024_f64.powi(power as i32);
            format!("{exact} ({value:.1} {})", units[unit])
        }
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
