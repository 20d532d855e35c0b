//! The `mapray` command.
#![allow(rustdoc::broken_intra_doc_links, reason = "what stands on arguments is their help text")]

mod address;
mod args;
mod checksum;
mod convert;
mod diff;
mod failure;
mod head;
mod hist;
mod info;
mod number;
mod opened;
mod output;
mod raw;
mod render;
mod slice;
mod sniff;
mod stats;
mod tour;
mod verify;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let done = match args::Args::try_parse() {
        Ok(args) => args.command.run(),
        Err(error) => output::print_usage(&error),
    };
    done.unwrap_or_else(|failure| failure.report())
}
