//! `mapray convert`: the same elements in another format.

use std::ffi::OsString;
use std::path::PathBuf;

use mapray::{save_dyn, save_raw};

use crate::address::Address;
use crate::failure::Failure;
use crate::raw::RawArgs;
use crate::slice::refuse_archive;

/// Copy an array between .npy and raw files
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray convert data.npy data.raw
  mapray convert camera.raw camera.npy --dtype '>i2' --shape 480,640 --offset 512
  mapray convert 'data.npy[:, 0]' column.npy")]
pub struct Args {
    /// The array: FILE or 'FILE[SLICE]'
    #[arg(value_name = "IN")]
    input: OsString,
    /// The file to write or replace: a .npy file if its name says so, else the elements alone in C
    /// order, as NumPy's tofile writes them
    #[arg(value_name = "OUT")]
    output: PathBuf,
    #[command(flatten)]
    raw: RawArgs,
}

/// Writes the copy.
pub fn run(args: &Args) -> Result<(), Failure> {
    refuse_archive(&args.output)?;
    let file = Address::new(&args.input, &args.raw)?.open()?;
    if args.output.extension().is_some_and(|extension| extension == "npy") {
        save_dyn(&args.output, &file)?;
    } else {
        save_raw(&args.output, &file)?;
    }
    Ok(())
}
