//! `cargo xtask crash`: processes killed and power cut, more often than each test run does it.

use std::process::Command;

use crate::setup;
use crate::workspace::{Workspace, succeeds};

/// How many processes are killed at each kind of work unless something else is asked for.
const KILLS: u64 = 1000;

/// What `[--kills N]` asks for.
pub fn parse(arguments: &[String]) -> Result<u64, String> {
    match arguments {
        [] => Ok(KILLS),
        [option, kills] if option == "--kills" => match kills.parse() {
            Ok(kills) if kills > 0 => Ok(kills),
            _ => Err("'--kills' needs a number of 1 or more".to_owned()),
        },
        [option] if option == "--kills" => Err("'--kills' needs a number".to_owned()),
        [extra, ..] => Err(format!("'crash' cannot use the argument '{extra}'")),
    }
}

/// Kills so many processes at each kind of work, then cuts the power. Whether all that was left
/// behind was whole.
pub fn run(workspace: &Workspace, kills: u64) -> Result<bool, String> {
    let python = setup::virtual_environment(workspace, &setup::ORACLE, false)?;
    let mut killed = tests(workspace, &["--test", "kills"]);
    killed.env("MAPRAY_PYTHON", python).env("MAPRAY_NO_SKIP", "1");
    killed.env("MAPRAY_KILLS", kills.to_string()).args(["--", "--nocapture"]);
    let mut cut = tests(workspace, &["--lib", "power_cuts"]);
    Ok(succeeds(&mut killed) & succeeds(&mut cut))
}

fn tests(workspace: &Workspace, which: &[&str]) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--package", "mapray"]).args(which);
    cargo
}
