//! `mapray head`: the first rows, as text.

use std::ffi::OsString;

use mapray::Slice;
use mapray::layout::Index;

use crate::address::Address;
use crate::failure::Failure;
use crate::raw::{RawArgs, count};
use crate::slice::text;

/// Print the first rows of an array, as NumPy prints them
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray head data.npy
  mapray head 'data.npy[:, 3]' -n 5
  mapray head archive.npz::weights
  mapray head samples.bin --dtype '<f4' --offset 64")]
pub struct Args {
    /// The array: FILE, 'FILE[SLICE]' or 'ARCHIVE::MEMBER[SLICE]'
    #[arg(value_name = "ADDRESS")]
    address: OsString,
    /// How many rows: elements along the first axis
    #[arg(short = 'n', long = "rows", default_value_t = 10, value_name = "N")]
    #[arg(value_parser = count, allow_negative_numbers = true)]
    rows: u64,
    #[command(flatten)]
    raw: RawArgs,
}

/// The first rows, as NumPy's `str`.
pub fn run(args: &Args) -> Result<String, Failure> {
    let address = Address::new(&args.address, &args.raw)?;
    let file = address.open()?;
    if file.layout().shape().is_empty() {
        return text(&file, address.slice.as_ref());
    }
    let rows = i64::try_from(args.rows).unwrap_or(i64::MAX);
    let first = file.slice(&Slice::new([Index::range(0, rows, None)]))?;
    text(&first, None)
}
