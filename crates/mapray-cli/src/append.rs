//! `mapray append`: rows behind the last one.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use mapray::AppendOptions;
use serde_json::json;

use crate::address::Address;
use crate::failure::Failure;
use crate::output;
use crate::raw::RawArgs;
use crate::render::Elements;

/// Put rows behind the last one of the array in a .npy file, where it lies
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray append data.npy other.npy
  mapray append data.npy 'other.npy[0]' 'other.npy[5:]'
  mapray append samples.npy samples.bin --dtype '<f4' --offset 64
  mapray append data.npy other.npy --json

Of an array in Fortran order the last axis grows. The rows must have the same dtype, in either byte
order. All of them count when they are on the disk, or none does: whoever reads the file meanwhile
finds it as long as it was. If the run is stopped, the next one clears up.

In JSON: path, rows (the number that were appended) and shape, that of the array now.")]
pub struct Args {
    /// The .npy file that grows
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// What comes behind, in this order, each one row or several: FILE, 'FILE[SLICE]' or
    /// 'ARCHIVE::MEMBER[SLICE]'
    #[arg(value_name = "ADDRESS", required = true)]
    rows: Vec<OsString>,
    /// Cut off what follows the array in the file, which is an error otherwise
    #[arg(long)]
    cut_trailing: bool,
    /// Print one JSON object on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    raw: RawArgs,
}

/// Opens everything, then appends.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let open = |text: &OsString| Address::new(text, &args.raw)?.open();
    let sources = args.rows.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let options = AppendOptions::new().cut_trailing(args.cut_trailing);
    let mut file = options.open(&args.path)?;
    let before = file.len();
    for rows in &sources {
        let is_one = rows.shape().len() == file.row_shape().len();
        rows.with(|rows| if is_one { file.push_dyn(rows) } else { file.extend_dyn(rows) })?;
    }
    let appended = file.len() - before;
    file.close()?;
    if !args.json {
        return Ok(ExitCode::SUCCESS);
    }
    let shape = mapray::inspect(&args.path)?.shape().to_vec();
    let path = args.path.to_string_lossy();
    output::print(&json!({ "path": path, "rows": appended, "shape": shape }).to_string())
}
