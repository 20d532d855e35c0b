//! How this program starts processes like itself.

use std::ffi::OsString;
use std::process::Command;
use std::sync::OnceLock;

static AGAIN: OnceLock<Vec<OsString>> = OnceLock::new();

/// Says how: the program, and the arguments that come before the command's own. What was said first stays.
pub fn set(again: Vec<OsString>) {
    let _ = AGAIN.set(again);
}

/// This program once more; `None` where nobody knows how to start it.
pub fn command() -> Option<Command> {
    let (program, arguments) = AGAIN.get()?.split_first()?;
    let mut command = Command::new(program);
    command.args(arguments);
    Some(command)
}
