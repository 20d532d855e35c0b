//! The `mapray` command.
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

use std::process::ExitCode;

use clap::FromArgMatches;

fn main() -> ExitCode {
    // Where there is no such thing, a file that is cut under a map ends the process as ever.
    let _ = mapray::guard::install();
    interrupt::tidy_up_at_signals();
    let command = args::definition().color(style::When::for_help(std::env::args_os()));
    let parsed = command.try_get_matches();
    let done = match parsed.and_then(|matches| args::Args::from_arg_matches(&matches)) {
        Ok(args) => args.run(),
        Err(error) => output::print_usage(&error),
    };
    done.unwrap_or_else(|failure| failure.report())
}
