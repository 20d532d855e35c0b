//! `mapray slice`: a part of an array, as text or as a file.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use mapray::Slice;
use mapray::layout::Index;

use crate::address::Address;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::raw::RawArgs;
use crate::render;

/// Print a part of an array as NumPy prints it, or write it to a .npy file
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray slice 'data.npy[0:10, ::2]'
  mapray slice 'data.npy[..., -1]' -o last.npy
  mapray slice 'archive.npz::weights[0]'
  mapray slice 'camera.raw[0]' --dtype '>i2' --shape 100,480,640 --offset 512")]
pub struct Args {
    /// The part: 'FILE[SLICE]' or 'ARCHIVE::MEMBER[SLICE]', with NumPy's basic indexing between the brackets
    #[arg(value_name = "ADDRESS")]
    address: OsString,
    /// Write a .npy file, as np.save would, and print nothing
    #[arg(short, long, value_name = "OUT.npy")]
    output: Option<PathBuf>,
    #[command(flatten)]
    raw: RawArgs,
}

/// The part as NumPy's `str`; nothing if it was written to a file.
pub fn run(args: &Args) -> Result<Option<String>, Failure> {
    let address = Address::new(&args.address, &args.raw)?;
    let file = address.open()?;
    match &args.output {
        Some(output) => {
            refuse_archive(output)?;
            file.save_npy(output)?;
            Ok(None)
        }
        None => text(&file, address.slice.as_ref()).map(Some),
    }
}

/// What NumPy's `str` gives for the result of this slice.
pub fn text(file: &Opened, slice: Option<&Slice>) -> Result<String, Failure> {
    // An index for every axis takes an element out of the array, unless an ellipsis keeps it one.
    let is_element = file.layout().shape().is_empty()
        && slice.is_some_and(|slice| !slice.indices().contains(&Index::Ellipsis));
    if is_element { render::element_str(file) } else { render::file_str(file) }
}

/// A file named so that everyone takes it for an archive must not be anything else.
pub fn refuse_archive(output: &Path) -> Result<(), Failure> {
    let is_archive = |extension: &std::ffi::OsStr| extension.eq_ignore_ascii_case("npz");
    if output.extension().is_some_and(is_archive) {
        let name = output.display();
        return Err(
            format!("{name}: slice writes .npy files; `mapray convert` writes archives").into()
        );
    }
    Ok(())
}
