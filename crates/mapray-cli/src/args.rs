//! The arguments, and what they start.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::{checksum, convert, diff, head, hist, info, output, slice, stats, tour, verify};

/// Inspect, slice and convert array files of any size, where they lie.
#[derive(Debug, Parser)]
#[command(name = "mapray", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  mapray info data.npy
  mapray slice 'data.npy[0:10, ::2]'
  mapray slice 'data.npy[-1]' -o last.npy
  mapray head camera.raw --dtype '>i2' --shape 480,640 --offset 512
  mapray stats 'archive.npz::weights[0]'
  mapray convert data.npy data.raw

A file is named by its path. For an array of an archive, '::' and its name follow, unless it holds
one only. A slice, as between NumPy's brackets, may come last; put all into quotes, so that the
shell leaves the brackets alone. A path that exists is taken whole, brackets and all.

Data goes to stdout, messages to stderr. The exit code is 0 when done, 1 where verify finds faults,
diff a difference or checksum --check another checksum, and 2 for wrong arguments and for files that cannot be read or written.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Walk through the main job on files in a temporary folder, checking each step
    Tour,
    Info(info::Args),
    Head(head::Args),
    Slice(slice::Args),
    Stats(stats::Args),
    Hist(hist::Args),
    Diff(diff::Args),
    Checksum(checksum::Args),
    Verify(verify::Args),
    Convert(convert::Args),
}

impl Command {
    /// Does what was asked. Whatever is printed is printed at the end, when nothing can fail.
    pub fn run(&self) -> Result<ExitCode, Failure> {
        match self {
            Command::Tour => {
                let as_expected = tour::run(&mut std::io::stdout().lock());
                let as_expected = as_expected.map_err(Failure::Output)?;
                Ok(if as_expected { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
            Command::Info(args) => output::print(&info::run(args)?),
            Command::Head(args) => output::print(&head::run(args)?),
            Command::Slice(args) => match slice::run(args)? {
                Some(text) => output::print(&text),
                None => Ok(ExitCode::SUCCESS),
            },
            Command::Stats(args) => output::print(&stats::run(args)?),
            Command::Hist(args) => output::print(&hist::run(args)?),
            Command::Diff(args) => diff::run(args),
            Command::Checksum(args) => checksum::run(args),
            Command::Verify(args) => verify::run(args),
            Command::Convert(args) => convert::run(args).map(|()| ExitCode::SUCCESS),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        super::Args::command().debug_assert();
    }
}
