//! `mapray head`: the first rows.

use std::ffi::OsString;
use std::process::ExitCode;

use mapray::Slice;
use mapray::layout::Index;

use crate::address::Address;
use crate::failure::Failure;
use crate::raw::{RawArgs, count};
use crate::render::Elements;
use crate::show::{self, How, Part};

/// Print the first rows of an array: records as a table, all else as NumPy prints it
#[derive(clap::Args, Debug)]
#[command(after_help = format!("Examples:
  mapray head data.npy
  mapray head 'data.npy[:, 3]' -n 5
  mapray head archive.npz::weights --table
  mapray head points.npy -n 1000 --csv
  mapray head points.npy --json
  mapray head samples.bin --dtype '<f4' --offset 64

A table shows as many rows as were asked for. `mapray slice` prints records as NumPy does.

{}", show::JSON))]
pub struct Args {
    /// The array: FILE, 'FILE[SLICE]' or 'ARCHIVE::MEMBER[SLICE]'
    #[arg(value_name = "ADDRESS")]
    address: OsString,
    /// How many rows: elements along the first axis
    #[arg(short = 'n', long = "rows", default_value_t = 10, value_name = "N")]
    #[arg(value_parser = count, allow_negative_numbers = true)]
    rows: u64,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    raw: RawArgs,
}

/// Prints the first rows.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let address = Address::new(&args.address, &args.raw)?;
    let array = address.open()?;
    if array.shape().is_empty() {
        let slice = address.slice.as_ref();
        let part = Part { array: &array, slice, first_row: 0, all_rows: true };
        return show::show(&part, &args.how, true);
    }
    let rows = i64::try_from(args.rows).unwrap_or(i64::MAX);
    let array = array.slice(&Slice::new([Index::range(0, rows, None)]))?;
    let part = Part { array: &array, slice: None, first_row: 0, all_rows: true };
    show::show(&part, &args.how, true)
}
