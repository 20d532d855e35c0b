//! `mapray warm`: into the page cache.

use std::process::ExitCode;

use crate::cache::Subjects;
use crate::failure::Failure;
use crate::progress;

/// Read arrays in, so that whoever uses them next need not wait for the disk
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray warm data.npy
  mapray warm 'data.npy[:1000]'
  mapray warm archive.npz::weights
  mapray warm archive.npz --json

Says how much is in the page cache then. An ARCHIVE without '::MEMBER' is read in whole, and so is
what is compressed. Holes of sparse files are passed over.

In JSON, one object on a line for each ADDRESS: address, resident and total, in bytes of whole pages
(null where the system does not tell).")]
pub struct Args {
    #[command(flatten)]
    subjects: Subjects,
}

/// Reads them in one after the other.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    args.subjects.each(true, |file| {
        let _progress = progress::start("reading", file.layout().nbytes());
        Ok(file.warm()?)
    })
}
