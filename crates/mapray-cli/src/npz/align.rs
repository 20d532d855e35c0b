//! `mapray npz align`: arrays where they can be mapped aligned.

use std::path::PathBuf;
use std::process::ExitCode;

use mapray::{NpzEditOptions, SavezOptions};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::{output, progress};

/// Move the stored arrays of a .npz archive so that each starts at a multiple of 64 bytes
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray npz align archive.npz
  mapray npz align archive.npz --to 4096 --json

NumPy's archives are not aligned, which costs time wherever they are mapped. Where nothing is to be
moved, nothing is written. Says of each array that was moved where it is now.

In JSON: path, and aligned, a list of objects with member, from and to, in bytes of the file.")]
pub struct Args {
    /// The archive
    #[arg(value_name = "ARCHIVE")]
    archive: PathBuf,
    /// The number of bytes, a power of two
    #[arg(long, value_name = "BYTES", default_value_t = 64)]
    to: usize,
    /// Print one JSON object on one line
    #[arg(long)]
    json: bool,
}

/// Moves what is not aligned.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let options = NpzEditOptions::new().members(SavezOptions::new().align(args.to));
    let aligned = options.align(&args.archive)?;
    if args.json {
        let moved = aligned
            .iter()
            .map(|moved| json!({ "member": moved.member, "from": moved.from, "to": moved.to }));
        let (path, moved) = (args.archive.to_string_lossy(), moved.collect::<Vec<Value>>());
        return output::print(&json!({ "path": path, "aligned": moved }).to_string());
    }
    if aligned.is_empty() || progress::is_quiet() {
        return Ok(ExitCode::SUCCESS);
    }
    let lines = aligned.iter().map(|moved| moved.to_string());
    output::print(&lines.collect::<Vec<_>>().join("\n"))
}
