//! `mapray npz add`: arrays into an archive.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use mapray::{Compression, NpzEditOptions, SavezOptions};
use serde_json::json;

use crate::address::Address;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output;
use crate::raw::RawArgs;

/// Add arrays to a .npz archive, which is made where there is none
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray npz add archive.npz data.npy
  mapray npz add archive.npz scale=points.npy bias2=compressed.npz::bias
  mapray npz add archive.npz 'weights=data.npy[:64, :32]' --replace
  mapray npz add new.npz data.npy points.npy --deflate 6

Without NAME= an array is called as in its archive, or as its file without the extension. New members
are stored, aligned to 64 bytes, so that they can be mapped. What is replaced keeps its place among
the names; its bytes stay in the file, dead, until `mapray npz rm --compact`.

In JSON: path, added and replaced, each a list of names.")]
pub struct Args {
    /// The archive
    #[arg(value_name = "ARCHIVE")]
    archive: PathBuf,
    /// The arrays: [NAME=]FILE, '[NAME=]FILE[SLICE]' or '[NAME=]ARCHIVE::MEMBER[SLICE]'
    #[arg(value_name = "[NAME=]ADDRESS", required = true)]
    arrays: Vec<OsString>,
    /// Put arrays in the place of those that are called the same, which is an error otherwise
    #[arg(long)]
    replace: bool,
    /// Compress the new members: 0 (not at all) to 9; they can be read then, but not mapped
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(0..=9))]
    deflate: Option<u8>,
    /// Print one JSON object on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    raw: RawArgs,
}

/// Opens everything, then adds.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let open = |text: &OsString| named(text, &args.raw);
    let arrays = args.arrays.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let options = match args.deflate {
        None => SavezOptions::new(),
        Some(level) => SavezOptions::new().compression(Compression::Deflate(level)),
    };
    let (mut added, mut replaced) = (Vec::new(), Vec::new());
    if args.archive.symlink_metadata().is_ok() {
        let mut archive = NpzEditOptions::new().members(options).open(&args.archive)?;
        for (name, array) in &arrays {
            let is_there = args.replace && archive.names().contains(name);
            array.with(|array| match is_there {
                true => archive.replace(name, array),
                false => archive.add(name, array),
            })?;
            if is_there { &mut replaced } else { &mut added }.push(name);
        }
        archive.finish()?;
    } else {
        let mut archive = options.create(&args.archive)?;
        for (name, array) in &arrays {
            array.with(|array| archive.add(name, array))?;
            added.push(name);
        }
        archive.finish()?;
    }
    if !args.json {
        return Ok(ExitCode::SUCCESS);
    }
    let path = args.archive.to_string_lossy();
    output::print(&json!({ "path": path, "added": added, "replaced": replaced }).to_string())
}

/// An array, and what it is to be called.
fn named(text: &OsStr, raw: &RawArgs) -> Result<(String, Opened), Failure> {
    let split = text.to_str().and_then(|text| text.split_once('='));
    let (name, address) = match split {
        // A path that exists wins whole.
        Some((name, address)) if !Path::new(text).exists() && !name.is_empty() => {
            (Some(name.to_owned()), Address::new(OsStr::new(address), raw)?)
        }
        _ => (None, Address::new(text, raw)?),
    };
    let name = match (name, address.archive()?) {
        (Some(name), _) => name,
        (None, Some(archive)) => address.name_in(&archive)?,
        (None, None) => address.path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
    };
    Ok((name, address.open()?))
}
