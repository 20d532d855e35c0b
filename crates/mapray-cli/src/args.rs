//! The arguments, and what they start.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::failure::Failure;
use crate::style::When;
use crate::{
    append, checksum, completions, convert, create, diff, evict, head, hist, info, ls, man, npz,
    output, plot, progress, residency, set, slice, stats, tail, tour, verify, warm,
};

/// Inspect, slice and convert array files of any size, where they lie.
#[derive(Debug, Parser)]
#[command(name = "mapray", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    /// When to use colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    #[arg(
        hide_possible_values = true,
        help = "Colours: auto (on terminals, unless NO_COLOR is set), always or never"
    )]
    #[arg(hide_default_value = true, help_heading = "Everywhere")]
    color: When,
    /// No progress bar, no word on what was done; only results and errors
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  mapray info data.npy
  mapray ls
  mapray slice 'data.npy[0:10, ::2]'
  mapray slice 'data.npy[-1]' -o last.npy
  mapray head camera.raw --dtype '>i2' --shape 480,640 --offset 512
  mapray stats 'archive.npz::weights[0]'
  mapray convert data.npy data.raw

A file is named by its path. For an array of an archive, '::' and its name follow, unless it holds
one only. A slice, as between NumPy's brackets, may come last; put all into quotes, so that the
shell leaves the brackets alone. A path that exists is taken whole, brackets and all.

Data goes to stdout, messages to stderr. The exit code is 0 when done, 1 where verify finds faults,
diff a difference or checksum --check another checksum, and 2 for wrong arguments and for files that
cannot be read or written. A run of more than half a second shows on a terminal how far it is. Ctrl-C
leaves the files as they were, or done.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Walk through the main job on files in a temporary folder, checking each step
    #[command(after_help = "Examples:\n  mapray tour")]
    Tour,
    Info(info::Args),
    Ls(ls::Args),
    Head(head::Args),
    Tail(tail::Args),
    Slice(slice::Args),
    Stats(stats::Args),
    Hist(hist::Args),
    Plot(plot::Args),
    Diff(diff::Args),
    Checksum(checksum::Args),
    Verify(verify::Args),
    Convert(convert::Args),
    Create(create::Args),
    Append(append::Args),
    Set(set::Args),
    Npz(npz::Args),
    Warm(warm::Args),
    Evict(evict::Args),
    Residency(residency::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// The definition that help, completions and manual pages are made from.
pub fn definition() -> clap::Command {
    with_paragraphs(Args::command())
}

/// Paragraphs as one line each, to be wrapped to the width of the terminal; examples stay as they are.
fn with_paragraphs(command: clap::Command) -> clap::Command {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let mut out = String::new();
    let mut before = "";
    for line in text.lines() {
        let goes_on = |line: &str| !line.is_empty() && !line.starts_with(' ');
        if !out.is_empty() {
            let is_prose = goes_on(before) && goes_on(line) && before != "Examples:";
            out.push(if is_prose { ' ' } else { '\n' });
        }
        out.push_str(line);
        before = line;
    }
    let command = if out.is_empty() { command } else { command.after_help(out) };
    command.mut_subcommands(with_paragraphs)
}

impl Args {
    /// Does what was asked. What is short is printed at the end, when nothing can fail.
    pub fn run(&self) -> Result<ExitCode, Failure> {
        self.color.apply();
        if self.quiet {
            progress::be_quiet();
        }
        match &self.command {
            Command::Tour => {
                let as_expected = tour::run(&mut std::io::stdout().lock());
                let as_expected = as_expected.map_err(Failure::Output)?;
                Ok(if as_expected { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
            Command::Info(args) => info::run(args),
            Command::Ls(args) => ls::run(args),
            Command::Head(args) => head::run(args),
            Command::Tail(args) => tail::run(args),
            Command::Slice(args) => slice::run(args),
            Command::Stats(args) => output::print(&stats::run(args)?),
            Command::Hist(args) => output::print(&hist::run(args)?),
            Command::Plot(args) => plot::run(args),
            Command::Diff(args) => diff::run(args),
            Command::Checksum(args) => checksum::run(args),
            Command::Verify(args) => verify::run(args),
            Command::Convert(args) => convert::run(args),
            Command::Create(args) => create::run(args),
            Command::Append(args) => append::run(args),
            Command::Set(args) => set::run(args),
            Command::Npz(args) => npz::run(args),
            Command::Warm(args) => warm::run(args),
            Command::Evict(args) => evict::run(args),
            Command::Residency(args) => residency::run(args),
            Command::Completions(args) => completions::run(args),
            Command::Man(args) => man::run(args),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        definition().debug_assert();
    }

    #[test]
    fn paragraphs_are_wrapped_and_examples_are_not() {
        let text = "Examples:\n  a 1\n  a 2\n\nOne line\nand another.\n\nA second\nparagraph.";
        let found = with_paragraphs(clap::Command::new("a").after_help(text));
        let expected = "Examples:\n  a 1\n  a 2\n\nOne line and another.\n\nA second paragraph.";
        assert_eq!(found.get_after_help().unwrap().to_string(), expected);
    }
}
