//! `mapray residency`: what is in the page cache.

use std::process::ExitCode;

use crate::cache::Subjects;
use crate::failure::Failure;

/// Print how much of arrays is in the page cache
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray residency data.npy
  mapray residency 'data.npy[:, 0]'
  mapray residency archive.npz::weights --json

Of a strided slice only the pages count that hold one of its elements. An ARCHIVE without
'::MEMBER' is looked at as a whole.

In JSON, one object on a line for each ADDRESS: address, resident and total, in bytes of whole pages.")]
pub struct Args {
    #[command(flatten)]
    subjects: Subjects,
}

/// Looks at them one after the other.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    args.subjects.each(false, |file| Ok(file.residency().map(drop)?))
}
