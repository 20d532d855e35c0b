//! `mapray slice`: a part of an array, as text or as a file.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::address::Address;
use crate::failure::Failure;
use crate::raw::RawArgs;
use crate::show::{self, How, Part};

/// Print a part of an array as NumPy prints it, or write it to a .npy file
#[derive(clap::Args, Debug)]
#[command(after_help = format!("Examples:
  mapray slice 'data.npy[0:10, ::2]'
  mapray slice 'data.npy[..., -1]' -o last.npy
  mapray slice 'data.npy[:, :4]' --table
  mapray slice 'points.npy[::10]' --csv
  mapray slice 'archive.npz::weights[0]' --json
  mapray slice 'camera.raw[0]' --dtype '>i2' --shape 100,480,640 --offset 512

Of more than 1000 elements NumPy's text and tables show the ends only; CSV and JSON hold all of them.

{}", show::JSON))]
pub struct Args {
    /// The part: 'FILE[SLICE]' or 'ARCHIVE::MEMBER[SLICE]', with NumPy's basic indexing between the brackets
    #[arg(value_name = "ADDRESS")]
    address: OsString,
    /// Write a .npy file, as np.save would, and print nothing
    #[arg(short, long, value_name = "OUT.npy", conflicts_with_all = ["table", "csv", "json"])]
    output: Option<PathBuf>,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    raw: RawArgs,
}

/// Prints the part, or writes it.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let address = Address::new(&args.address, &args.raw)?;
    let array = address.open()?;
    if let Some(output) = &args.output {
        refuse_archive(output)?;
        array.save_npy(output)?;
        return Ok(ExitCode::SUCCESS);
    }
    let slice = address.slice.as_ref();
    let part = Part { array: &array, slice, first_row: 0, all_rows: false };
    show::show(&part, &args.how, false)
}

/// A file named so that everyone takes it for an archive must not be anything else.
fn refuse_archive(output: &Path) -> Result<(), Failure> {
    let is_archive = |extension: &std::ffi::OsStr| extension.eq_ignore_ascii_case("npz");
    if output.extension().is_some_and(is_archive) {
        let name = output.display();
        return Err(
            format!("{name}: slice writes .npy files; `mapray convert` writes archives").into()
        );
    }
    Ok(())
}
