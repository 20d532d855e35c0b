//! `mapray npz`: archives edited where they lie.

mod add;
mod align;
mod rm;

use std::process::ExitCode;

use clap::Subcommand;

use crate::failure::Failure;

/// Edit a .npz archive where it lies: add or replace arrays, remove them, align them
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mapray npz add archive.npz data.npy
  mapray npz rm archive.npz bias
  mapray npz align archive.npz

All edits of a run take effect at once, when they are on the disk. If the run is stopped, the archive
stays as it was.")]
pub struct Args {
    #[command(subcommand)]
    edit: Edit,
}

#[derive(Debug, Subcommand)]
enum Edit {
    Add(add::Args),
    Rm(rm::Args),
    Align(align::Args),
}

/// Does the edit.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.edit {
        Edit::Add(args) => add::run(args),
        Edit::Rm(args) => rm::run(args),
        Edit::Align(args) => align::run(args),
    }
}
