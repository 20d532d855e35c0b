//! What the integration tests of the command share.

#![allow(dead_code, reason = "each test binary uses its own part of this module")]

#[cfg(unix)]
pub mod examples;
#[cfg(unix)]
pub mod large;
#[cfg(unix)]
pub mod terminal;

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

/// The command, to be run in this folder.
pub fn mapray(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapray"));
    // They change widths and colours; CI is a colour terminal even where TERM says "dumb".
    for name in ["CI", "COLUMNS", "CLICOLOR", "CLICOLOR_FORCE", "NO_COLOR"] {
        command.env_remove(name);
    }
    command.current_dir(folder);
    command
}

/// Runs the command in this folder.
pub fn run<S: AsRef<OsStr>>(folder: &Path, args: impl IntoIterator<Item = S>) -> Output {
    mapray(folder).args(args).output().unwrap()
}

/// What the command prints where it does what was asked.
#[track_caller]
pub fn printed<S: AsRef<OsStr>>(folder: &Path, args: impl IntoIterator<Item = S>) -> String {
    let output = run(folder, args);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), errors.as_str()), (Some(0), ""));
    String::from_utf8(output.stdout).unwrap()
}

/// What the command says where it cannot do what was asked.
#[track_caller]
pub fn refused<S: AsRef<OsStr>>(folder: &Path, args: impl IntoIterator<Item = S>) -> String {
    let output = run(folder, args);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!((output.status.code(), printed.as_str()), (Some(2), ""));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.starts_with("mapray: ") && !message.contains("\n\n"), "{message}");
    message
}

/// A text of `info`, without what depends on the memory of the machine.
pub fn without_cache(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("cache "));
    lines.map(|line| format!("{line}\n")).collect()
}

/// What `info --json` prints, without what depends on the memory of the machine, which must be there.
#[track_caller]
pub fn info(folder: &Path, args: &[&str]) -> serde_json::Value {
    let text = printed(folder, ["info", "--json"].iter().chain(args));
    assert_eq!(text.lines().count(), 1, "one object on one line");
    let mut found: serde_json::Value = serde_json::from_str(&text).unwrap();
    let resident = found.as_object_mut().unwrap().shift_remove("resident").unwrap();
    assert!(resident.is_null() || resident.as_u64().is_some_and(|n| n.is_multiple_of(4096)));
    found
}

/// Notes that a test did not run: a line `test<TAB>reason` in the file that `MAPRAY_SKIP_LOG` names.
///
/// # Panics
///
/// If `MAPRAY_NO_SKIP=1`.
pub fn skip(test: &str, reason: &str) {
    eprintln!("skipped {test}: {reason}");
    if let Some(log) = std::env::var_os("MAPRAY_SKIP_LOG").filter(|log| !log.is_empty()) {
        let mut log = std::fs::File::options().create(true).append(true).open(log).unwrap();
        log.write_all(format!("{test}\t{reason}\n").as_bytes()).unwrap();
    }
    let forbidden = std::env::var_os("MAPRAY_NO_SKIP").is_some_and(|no| no == "1");
    assert!(!forbidden, "{test} may not be skipped: {reason}");
}
