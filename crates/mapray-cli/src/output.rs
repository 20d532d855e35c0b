//! Text on stdout.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::args::definition;
use crate::failure::Failure;

const HELP: &str = "'mapray --help' says what they do";

/// Prints a text and a line break.
pub fn print(text: &str) -> Result<ExitCode, Failure> {
    stream(|out| {
        out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(Failure::Output)
    })
}

/// Prints a text with styles, where they are wanted, and a line break.
pub fn print_styled(text: &str) -> Result<ExitCode, Failure> {
    let mut out = anstream::AutoStream::auto(io::stdout().lock());
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(Failure::Output)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints what `work` writes, of whatever length, as it goes.
pub fn stream(
    work: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<ExitCode, Failure> {
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    work(&mut out)?;
    out.flush().map_err(Failure::Output)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the help that was asked for, or fails with what is wrong with the arguments.
pub fn print_usage(error: &clap::Error) -> Result<ExitCode, Failure> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            error.print().map_err(Failure::Output)?;
            Ok(ExitCode::SUCCESS)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let command = definition();
            let names: Vec<&str> = command.get_subcommands().map(|one| one.get_name()).collect();
            let names = names.join(", ");
            Err(format!("a subcommand is missing: expected one of {names}; {HELP}").into())
        }
        _ => Err(one_paragraph(&error.render().to_string()).into()),
    }
}

/// What clap says, without the empty lines and without its own first word.
fn one_paragraph(message: &str) -> String {
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let lines = message.lines().filter(|line| !line.trim().is_empty());
    lines.collect::<Vec<_>>().join("\n")
}
