//! `mapray info`: what the header says.

mod listing;

use std::ffi::OsString;
use std::process::ExitCode;

use mapray::Residency;
use mapray::format::{Codec, Content, Entry};
use serde_json::{Map, Value};

use crate::address::Address;
use crate::cache::{bytes_of, residency_text};
use crate::describe::{
    self, dtype_json, insert_attributes, meaning, shape_text, size_text, strides_text,
};
use crate::failure::Failure;
use crate::output;
use crate::raw::RawArgs;
use crate::style::FAINT;

/// More runs of bytes than can be asked about at once.
const MOST_RUNS: usize = 10_000;

/// Print what an array is and where it lies, or what is in an archive
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray info data.npy
  mapray info data.npy --json
  mapray info 'data.npy[10:20]'
  mapray info archive.npz
  mapray info archive.npz::weights
  mapray info camera.raw --dtype '>i2' --shape 480,640 --offset 512

In JSON: name (of a member), format, version, dtype (a descr of NumPy, tuples as lists), shape, order,
offset, nbytes, aligned, mappable, attributes (where there are any), resident (bytes of whole pages
in the page cache; null where the system does not tell, and for a slice of very many pieces). Of an
archive: format, members (the same for each but resident, or name and error), attributes, resident.")]
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
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let address = Address::new(&args.address, &args.raw)?;
    let residency = || residency(&address);
    let entry = match address.archive()? {
        Some(archive) if address.member.is_none() && address.slice.is_none() => {
            return if args.json {
                output::print(&listing::json_text(&archive, residency()))
            } else {
                output::print_styled(&listing::human_text(&archive, residency()))
            };
        }
        Some(archive) => describe::member(&address, &archive)?,
        None => describe::single(&address)?,
    };
    if args.json {
        let mut keys = json_keys(&entry);
        insert_residency(&mut keys, residency());
        output::print(&Value::Object(keys).to_string())
    } else {
        output::print_styled(&human_text(&address, &entry, residency()))
    }
}

/// How much of it is in memory, where that can be told at once.
fn residency(address: &Address) -> Option<Residency> {
    let file = bytes_of(address).ok()?;
    let axes = file.layout().shape().iter().zip(file.layout().strides());
    let apart = axes.filter(|&(&n, &stride)| n > 1 && stride.unsigned_abs() > 4096);
    let runs = apart.fold(1_usize, |runs, (&n, _)| runs.saturating_mul(n));
    let is_whole = file.layout().save_order();
    (runs <= MOST_RUNS || file.layout().is_contiguous(is_whole))
        .then(|| file.residency().ok())
        .flatten()
}

fn insert_residency(keys: &mut Map<String, Value>, residency: Option<Residency>) {
    let resident = residency.map(|residency| residency.resident);
    keys.insert("resident".into(), resident.into());
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
    keys.insert("dtype".into(), dtype_json(entry.dtype()));
    keys.insert("shape".into(), entry.shape().into());
    keys.insert("order".into(), entry.order.to_string().into());
    keys.insert("offset".into(), entry.offset().into());
    keys.insert("nbytes".into(), entry.nbytes().into());
    keys.insert("aligned".into(), entry.is_aligned().into());
    keys.insert("mappable".into(), entry.is_mappable().into());
    insert_attributes(&mut keys, &entry.attributes);
    keys
}

fn human_text(address: &Address, entry: &Entry, residency: Option<Residency>) -> String {
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
    if let Some(residency) = residency {
        lines.push(("cache", residency_text(residency)));
    }
    let lines = lines.iter().map(|(key, value)| line(key, value));
    lines.collect::<Vec<_>>().join("\n")
}

fn line(key: &str, value: &str) -> String {
    format!("{FAINT}{key:<9}{FAINT:#} {value}")
}

/// Why an array that is not Python objects, which its dtype tells, is not mapped.
fn encoding(entry: &Entry) -> &'static str {
    match entry.content {
        Content::Encoded { codec: Codec::Deflate { .. }, .. } => " (compressed)",
        Content::Encoded { codec: Codec::Bits(_), .. } => " (packed)",
        _ => "",
    }
}
