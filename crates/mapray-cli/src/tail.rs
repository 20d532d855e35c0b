//! `mapray tail`: the last rows.

use std::ffi::OsString;
use std::process::ExitCode;

use mapray::Slice;
use mapray::layout::Index;

use crate::address::Address;
use crate::failure::Failure;
use crate::raw::{RawArgs, count};
use crate::render::Elements;
use crate::show::{self, How, Part};

/// Print the last rows of an array: records as a table, all else as NumPy prints it
#[derive(clap::Args, Debug)]
#[command(after_help = format!("Examples:
  mapray tail data.npy
  mapray tail 'data.npy[:, 3]' -n 5
  mapray tail archive.npz::weights --table
  mapray tail points.npy -n 1000 --csv
  mapray tail samples.bin --dtype '<f4' --offset 64

A table shows as many rows as were asked for, and numbers them as they stand in the array.

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

/// Prints the last rows.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let address = Address::new(&args.address, &args.raw)?;
    let array = address.open()?;
    let Some(&all) = array.shape().first() else {
        let slice = address.slice.as_ref();
        let part = Part { array: &array, slice, first_row: 0, all_rows: true };
        return show::show(&part, &args.how, true);
    };
    let first_row = all.saturating_sub(usize::try_from(args.rows).unwrap_or(usize::MAX));
    let array = array.slice(&Slice::new([Index::range(first_row as i64, None, None)]))?;
    let part = Part { array: &array, slice: None, first_row, all_rows: true };
    show::show(&part, &args.how, true)
}
