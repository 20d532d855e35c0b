//! The `mapray` command.
#![allow(rustdoc::broken_intra_doc_links, reason = "what stands on arguments is their help text")]

mod address;
mod args;
mod convert;
mod failure;
mod head;
mod info;
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
