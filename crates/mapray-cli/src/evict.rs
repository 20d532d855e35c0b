//! `mapray evict`: out of the page cache.

use std::process::ExitCode;

use crate::cache::Subjects;
use crate::failure::Failure;

/// Let the page cache drop arrays, so that the next use waits for the disk
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray evict data.npy
  mapray evict 'data.npy[1000:]'
  mapray evict archive.npz::weights

What was changed is written to the disk first. Says how much is in the page cache then: pages that
some program has mapped stay, and so does everything where memory is the disk (tmpfs). An ARCHIVE
without '::MEMBER' goes as a whole.

In JSON, one object on a line for each ADDRESS: address, resident and total, in bytes of whole pages
(null where the system does not tell).")]
pub struct Args {
    #[command(flatten)]
    subjects: Subjects,
}

/// Drops them one after the other.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    args.subjects.each(true, |file| Ok(file.evict()?))
}
