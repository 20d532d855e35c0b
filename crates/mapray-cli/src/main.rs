//! The `mapray` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    let again = std::env::current_exe().map(Into::into).into_iter().collect();
    mapray_cli::run(std::env::args_os().collect(), again)
}
