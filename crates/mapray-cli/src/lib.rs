//! The `mapray` command as a library, for whatever starts it: its own binary, or Python.
#![allow(rustdoc::broken_intra_doc_links, reason = "what stands on arguments is their help text")]

mod address;
mod append;
mod args;
mod cache;
mod checksum;
mod completions;
mod convert;
mod create;
mod describe;
mod diff;
mod evict;
mod failure;
mod head;
mod hist;
mod info;
mod interrupt;
mod itself;
mod ls;
mod man;
mod npz;
mod number;
mod opened;
mod output;
mod plot;
mod progress;
mod raw;
mod render;
mod residency;
mod set;
mod show;
mod slice;
mod sniff;
mod stats;
mod style;
mod tail;
mod tour;
mod value;
mod verify;
mod warm;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches;

/// Does what the arguments ask for; the first of them is the name of the program.
///
/// `again` is the program, with the arguments that come before the command's own, by which it starts
/// processes like itself.
pub fn run(arguments: Vec<OsString>, again: Vec<OsString>) -> ExitCode {
    // Where there is no such thing, a file that is cut under a map ends the process as ever.
    let _ = mapray::guard::install();
    interrupt::tidy_up_at_signals();
    itself::set(again);
    let command = args::definition().color(style::When::for_help(arguments.iter().cloned()));
    let parsed = command.try_get_matches_from(arguments);
    let done = match parsed.and_then(|matches| args::Args::from_arg_matches(&matches)) {
        Ok(args) => args.run(),
        Err(error) => output::print_usage(&error),
    };
    done.unwrap_or_else(|failure| failure.report())
}
