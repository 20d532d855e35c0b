//! `mapray npz rm`: arrays out of an archive.

use std::path::PathBuf;
use std::process::ExitCode;

use mapray::NpzEditOptions;
use serde_json::json;

use crate::failure::Failure;
use crate::output;

/// Remove arrays from a .npz archive
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray npz rm archive.npz bias
  mapray npz rm archive.npz weights --compact
  mapray npz rm archive.npz --compact

Their bytes stay in the file, dead, so that nothing has to be moved; --compact writes the archive anew
without them, and without those of earlier edits.

In JSON: path, removed (a list of names), and size, the bytes of the file now.")]
pub struct Args {
    /// The archive
    #[arg(value_name = "ARCHIVE")]
    archive: PathBuf,
    /// The arrays
    #[arg(value_name = "NAME", required_unless_present = "compact")]
    names: Vec<String>,
    /// Write the archive anew, without the bytes that belong to no array
    #[arg(long)]
    compact: bool,
    /// Print one JSON object on one line
    #[arg(long)]
    json: bool,
}

/// Removes all of them, or none.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let mut archive = NpzEditOptions::new().rewrite(args.compact).open(&args.archive)?;
    for name in &args.names {
        archive.remove(name)?;
    }
    archive.finish()?;
    if !args.json {
        return Ok(ExitCode::SUCCESS);
    }
    let size = args.archive.metadata().ok().map(|metadata| metadata.len());
    let path = args.archive.to_string_lossy();
    output::print(&json!({ "path": path, "removed": args.names, "size": size }).to_string())
}
