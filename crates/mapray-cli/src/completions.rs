//! `mapray completions`: what a shell needs to complete arguments.

use std::process::ExitCode;

use clap_complete::Shell;

use crate::failure::Failure;
use crate::output;

/// Print what a shell needs to complete the arguments of mapray
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray completions bash > ~/.local/share/bash-completion/completions/mapray
  mapray completions zsh > ~/.zfunc/_mapray
  mapray completions fish > ~/.config/fish/completions/mapray.fish")]
pub struct Args {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Prints the script.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::args::definition(), "mapray", &mut script);
    output::stream(|out| out.write_all(&script).map_err(Failure::Output))
}
