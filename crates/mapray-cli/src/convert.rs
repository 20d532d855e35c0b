//! `mapray convert`: the same elements in another format.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use mapray::SavezOptions;

use crate::address::Address;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::raw::RawArgs;

/// What NumPy calls an array that is saved without a name.
const UNNAMED: &str = "arr_0";

/// Copy arrays between .npy, .npz and raw files
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray convert data.npy data.raw
  mapray convert camera.raw camera.npy --dtype '>i2' --shape 480,640 --offset 512
  mapray convert 'data.npy[:, 0]' column.npy
  mapray convert compressed.npz stored.npz
  mapray convert archive.npz::weights weights.npy

An archive becomes an archive of all its arrays, stored uncompressed and aligned to 64 bytes, so
that they can be mapped; it must be sound. For another format, say which array with '::MEMBER',
unless it holds one only. An array without a name becomes the member arr_0 of an archive, as
np.savez would call it.")]
pub struct Args {
    /// The array: FILE, 'FILE[SLICE]' or 'ARCHIVE::MEMBER[SLICE]'; or ARCHIVE, for all in it
    #[arg(value_name = "IN")]
    input: OsString,
    /// The file to write or replace: a .npy file or .npz archive if its name says so, else the
    /// elements alone in C order, as NumPy's tofile writes them
    #[arg(value_name = "OUT")]
    output: PathBuf,
    #[command(flatten)]
    raw: RawArgs,
}

/// Writes the copy.
pub fn run(args: &Args) -> Result<(), Failure> {
    let address = Address::new(&args.input, &args.raw)?;
    let extension = args.output.extension().unwrap_or_default();
    if extension.eq_ignore_ascii_case("npz") {
        archive(&address, &args.output)
    } else if extension == "npy" {
        address.open()?.save_npy(&args.output)
    } else {
        address.open()?.save_raw(&args.output)
    }
}

/// Writes an archive of what the address names.
fn archive(address: &Address, output: &Path) -> Result<(), Failure> {
    let options = SavezOptions::new();
    let Some(input) = address.archive()? else {
        let array = address.open()?;
        let mut archive = options.create(output)?;
        array.add_to(&mut archive, UNNAMED)?;
        return Ok(archive.finish()?);
    };
    if address.member.is_none() && address.slice.is_none() {
        // The copy gets checksums of its own, which would vouch for damaged bytes.
        if let Some(fault) = input.verify()?.into_iter().next() {
            return Err(fault.error.into());
        }
        let mut archive = options.create(output)?;
        for name in input.names() {
            Opened::member(&input, &name)?.add_to(&mut archive, &name)?;
        }
        return Ok(archive.finish()?);
    }
    let array = address.open()?;
    let name = input.entry(&address.name_in(&input)?)?.name;
    let mut archive = options.create(output)?;
    array.add_to(&mut archive, name.as_deref().unwrap_or(UNNAMED))?;
    Ok(archive.finish()?)
}
