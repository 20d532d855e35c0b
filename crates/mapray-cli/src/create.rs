//! `mapray create`: a new file of one value.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use mapray::{CreateOptions, DType, Order};
use serde_json::json;

use crate::describe::dtype_json;
use crate::failure::Failure;
use crate::raw::{self, Axes};
use crate::{output, progress, value};

/// Make a .npy or raw file whose elements are all the same
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray create zeros.npy --shape 480,640
  mapray create ones.npy --shape 1000,3 --dtype '<f4' --fill 1 --order F
  mapray create masks.raw --shape 100 --dtype b1 --fill true
  mapray create log.npy --shape 0 --dtype \"[('t', '<M8[ns]'), ('x', '<f8')]\"
  mapray create huge.npy --shape 1073741824,128 --sparse

The file is made beside its place and put there when it is complete. Its blocks are reserved, so that
a full disk shows at once, unless it is to be sparse.

In JSON: path, format, dtype, shape, order, offset, nbytes, as info prints them.")]
pub struct Args {
    /// The file: a .npy file if its name says so, else the elements alone
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// Length of each axis, such as 3,4; 7 is one axis of 7, '' is none
    #[arg(long, value_parser = raw::axes, allow_hyphen_values = true, value_name = "N,...")]
    shape: Axes<usize>,
    /// What each element is, in any of NumPy's spellings
    #[arg(long, value_parser = raw::dtype, default_value = "<f8")]
    dtype: DType,
    /// Whether the last axis (C) or the first (F) runs fastest
    #[arg(long, value_name = "C|F", default_value = "C")]
    order: Order,
    /// The value of every element [default: all bytes zero]
    #[arg(long, allow_hyphen_values = true, value_name = "VALUE")]
    fill: Option<String>,
    /// Do not reserve the blocks of the file: quick at any size, all of it holes
    #[arg(long)]
    sparse: bool,
    /// Replace a file that is there
    #[arg(short, long)]
    force: bool,
    /// Print one JSON object on one line
    #[arg(long)]
    json: bool,
}

/// Makes the file.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let path = args.path.display();
    let fail =
        |message: String| -> Result<ExitCode, Failure> { Err(format!("{path}: {message}").into()) };
    let extension = args.path.extension().unwrap_or_default();
    if ["npz", "safetensors"].iter().any(|archive| extension.eq_ignore_ascii_case(archive)) {
        return fail(
            "create makes files of one array: expected a name that ends with .npy, or a raw file"
                .to_owned(),
        );
    }
    if !args.force && args.path.symlink_metadata().is_ok() {
        return fail("the file is there already; --force replaces it".to_owned());
    }
    let mut options = CreateOptions::new(args.shape.0.clone())
        .order(args.order)
        .sparse(args.sparse)
        .count_writes(progress::counter());
    if extension != "npy" {
        options = options.without_header();
    }
    let mut written = 0;
    if let Some(fill) = &args.fill {
        let element = value::element(fill, &args.dtype);
        let element = element.map_err(|error| format!("{path}: {error}"))?;
        if element.iter().any(|&byte| byte != 0) {
            written = args.shape.0.iter().fold(element.len(), |size, &n| size.saturating_mul(n));
            options = options.element(element);
        }
    }
    let file = {
        let _progress = progress::start("writing", written);
        options.file(&args.path, args.dtype.clone())?
    };
    if !args.json {
        return Ok(ExitCode::SUCCESS);
    }
    let entry = file.entry();
    output::print(&json_text(&args.path, entry))
}

/// The interface that scripts rely on.
fn json_text(path: &Path, entry: &mapray::format::Entry) -> String {
    json!({
        "path": path.to_string_lossy(), "format": entry.format, "dtype": dtype_json(entry.dtype()),
        "shape": entry.shape(), "order": entry.order.to_string(), "offset": entry.offset(),
        "nbytes": entry.nbytes(),
    })
    .to_string()
}
